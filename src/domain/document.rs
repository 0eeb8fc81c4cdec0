//! Documents that were registered, how a request names one, and who may run no others.

use chrono::{DateTime, Utc};
use sha2::{Digest as _, Sha256};

use super::access::{Lane, Role, Viewer};

/// The longest name.
const LONGEST_NAME: usize = 128;

/// What a document is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DocumentId {
    /// SHA-256 of its text in UTF-8, as 64 lower-case hexadecimal digits. It stands for one text for ever.
    Hash(String),
    /// What people call it. It stands for the text that was registered last under it.
    Name(String),
}

impl DocumentId {
    /// SHA-256 of a text as hexadecimal digits.
    pub fn hash_of(text: &str) -> String {
        Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// An id as people and programs write it: `sha256:` and 64 lower-case hexadecimal digits, those digits alone, or a
    /// name of up to 128 letters, digits and `-._~`. None for anything else.
    pub fn read(id: &str) -> Option<Self> {
        let digits = id.strip_prefix("sha256:").unwrap_or(id);
        if Self::is_hash(digits) {
            return Some(Self::Hash(digits.to_owned()));
        }
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        ((1..=LONGEST_NAME).contains(&id.len()) && id.bytes().all(is_name)).then(|| Self::Name(id.to_owned()))
    }

    /// Whether a text has the form of a hash.
    pub fn is_hash(digits: &str) -> bool {
        digits.len() == 64 && digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    }
}

/// A document that somebody registered. It belongs to the installation: every partner's callers may run it, each within
/// its own rights.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedDocument {
    /// As in [`DocumentId::Hash`].
    pub hash: String,
    /// All that stand for it, sorted.
    pub names: Vec<String>,
    pub text: String,
    /// When this text was registered first.
    pub registered_at: DateTime<Utc>,
}

/// Who may run registered documents only.
#[derive(Clone, Debug, Default)]
pub struct RegisteredOnly {
    lanes: Vec<Lane>,
    roles: Vec<Role>,
}

impl RegisteredOnly {
    /// Everybody in one of these lanes, and everybody who has none but these roles.
    ///
    /// # Errors
    ///
    /// The first name that is neither a lane's nor a role's.
    pub fn of(names: &[String]) -> Result<Self, &str> {
        let mut only = Self::default();
        for name in names {
            match (name.parse(), name.parse()) {
                (Ok(lane), _) => only.lanes.push(lane),
                (_, Ok(role)) => only.roles.push(role),
                _ => return Err(name),
            }
        }
        Ok(only)
    }

    /// Whether it holds for `viewer`: to ask for another lane than one's own makes nobody free.
    pub fn binds(&self, viewer: &Viewer) -> bool {
        let by_roles = !self.roles.is_empty() && viewer.roles.iter().all(|role| self.roles.contains(role));
        self.lanes.contains(&viewer.own_lane) || self.lanes.contains(&viewer.lane) || by_roles
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{PartnerId, access::Scope};

    #[test]
    fn an_id_is_a_hash_or_a_name() {
        let hash = DocumentId::hash_of("{ viewer { name } }");
        assert_eq!(DocumentId::read(&hash), Some(DocumentId::Hash(hash.clone())));
        assert_eq!(DocumentId::read(&format!("sha256:{hash}")), Some(DocumentId::Hash(hash.clone())));
        assert_eq!(DocumentId::read("Board.v2"), Some(DocumentId::Name("Board.v2".to_owned())));
        for wrong in
            ["", "two words", "md5:1", "sha256:12", &format!("sha256:{}", hash.to_uppercase()), &"x".repeat(129)]
        {
            assert_eq!(DocumentId::read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn who_has_another_role_is_not_bound_by_one() {
        let only = |names: &[&str]| {
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            RegisteredOnly::of(&names).unwrap()
        };
        let viewer =
            |roles: &[Role]| Viewer::new("a", "a", roles.iter().copied(), Scope::partner(PartnerId(uuid::Uuid::nil())));
        let customer = only(&["CUSTOMER_USER"]);
        assert!(customer.binds(&viewer(&[Role::CustomerUser])));
        assert!(!customer.binds(&viewer(&[Role::CustomerUser, Role::HelpdeskAgent])));
        assert!(!customer.binds(&viewer(&[Role::HelpdeskAgent])));
        assert!(only(&["screen"]).binds(&viewer(&[Role::HelpdeskAgent])));
        assert!(!only(&["bi"]).binds(&viewer(&[Role::HelpdeskAgent])));
        assert!(!only(&[]).binds(&viewer(&[])));
        assert_eq!(RegisteredOnly::of(&["helpdesk".to_owned()]).unwrap_err(), "helpdesk");
    }
}
