//! API keys: what programs show instead of a person's token.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use chrono::{DateTime, Utc};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::{
    CustomerId, Error, PartnerId, Result,
    access::{Lane, Role, Scope, Viewer},
};

/// What every key begins with, so that people and scanners of secrets recognise one.
const MARK: &str = "sg_";
/// Letters and digits that nobody mistakes for one another.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
const PREFIX_LENGTH: usize = 8;
/// 256 bits in base64.
const SECRET_LENGTH: usize = 43;
const LONGEST_NAME: usize = 200;

/// A key as it is kept. Its text is known to nobody but its holder.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiKey {
    /// By which it is found and named; no secret.
    pub prefix: String,
    pub partner: PartnerId,
    /// SHA-256 of its text. There is no need of a slow hash: nobody guesses 256 random bits.
    pub hash: Vec<u8>,
    /// For people, such as `Power BI of the sales team`.
    pub name: String,
    pub roles: Vec<Role>,
    /// `None` reaches every customer of the partner.
    pub customers: Option<Arc<[CustomerId]>>,
    pub lane: Lane,
    pub created_at: DateTime<Utc>,
    /// The viewer who issued it.
    pub created_by: String,
    /// `None` for a key that is good until it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// To the minute; `None` if it was never used.
    pub last_used_at: Option<DateTime<Utc>>,
    pub revoked_at: Option<DateTime<Utc>>,
}

/// A key that is to be issued.
#[derive(Clone, Debug)]
pub struct NewKey {
    pub name: String,
    pub roles: Vec<Role>,
    pub customers: Option<Arc<[CustomerId]>>,
    pub lane: Lane,
    pub expires_at: Option<DateTime<Utc>>,
}

impl ApiKey {
    /// # Errors
    ///
    /// `Invalid` if it would have no name, no role or no customer, has ended already, or would show a customer's user
    /// the whole partner.
    pub fn issue(new: NewKey, text: &KeyText, by: &Viewer, now: DateTime<Utc>) -> Result<Self> {
        let NewKey { name, roles, customers, lane, expires_at } = new;
        if name.trim().is_empty() || name.len() > LONGEST_NAME || name.chars().any(char::is_control) {
            let reason = format!("a key needs a name of 1 to {LONGEST_NAME} bytes that says who uses it");
            return Err(Error::invalid("name", reason));
        }
        if roles.is_empty() {
            return Err(Error::invalid("role", "a key needs a role"));
        }
        if customers.as_ref().is_some_and(|customers| customers.is_empty()) {
            return Err(Error::invalid("customer", "a key needs a customer, or none is named to reach all of them"));
        }
        if roles.contains(&Role::CustomerUser) && customers.is_none() {
            return Err(Error::invalid("customer", "a key with the role CUSTOMER_USER needs its customer"));
        }
        if expires_at.is_some_and(|end| end <= now) {
            return Err(Error::invalid("expiresAt", "lies in the past"));
        }
        Ok(Self {
            prefix: text.prefix.clone(),
            partner: by.scope.partner,
            hash: text.hash().to_vec(),
            name: name.trim().to_owned(),
            roles,
            customers,
            lane,
            created_at: now,
            created_by: by.name.clone(),
            expires_at,
            last_used_at: None,
            revoked_at: None,
        })
    }

    /// Neither revoked nor at its end.
    pub fn is_good(&self, now: DateTime<Utc>) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Whether `text` is this key's, told in the same time whatever is wrong with it.
    pub fn is_of(&self, text: &KeyText) -> bool {
        self.hash.ct_eq(&text.hash()).into()
    }

    /// Whoever shows it.
    pub fn viewer(&self) -> Viewer {
        let scope = Scope { partner: self.partner, customers: self.customers.clone() };
        let subject = format!("key:{}", self.prefix);
        Viewer {
            lane: self.lane,
            own_lane: self.lane,
            expires_at: self.expires_at,
            ..Viewer::new(&self.name, &subject, self.roles.iter().copied(), scope)
        }
    }
}

/// The text of a key: `sg_`, the prefix, `_`, and 256 random bits as 43 letters. It does not print.
#[derive(Clone, Debug)]
pub struct KeyText {
    pub prefix: String,
    text: SecretString,
}

impl KeyText {
    /// A new one of random bytes.
    pub fn of(prefix: [u8; PREFIX_LENGTH], secret: [u8; 32]) -> Self {
        let prefix: String = prefix.iter().map(|byte| char::from(ALPHABET[usize::from(byte % 32)])).collect();
        let text = format!("{MARK}{prefix}_{}", BASE64_URL_SAFE_NO_PAD.encode(secret)).into();
        Self { prefix, text }
    }

    /// Whether this looks like a key rather than a token.
    pub fn is_like(text: &str) -> bool {
        text.starts_with(MARK)
    }

    /// `None` for what no key looks like.
    pub fn read(text: &str) -> Option<Self> {
        let (prefix, secret) = text.strip_prefix(MARK)?.split_once('_')?;
        let is_secret = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        let fits = prefix.len() == PREFIX_LENGTH
            && prefix.bytes().all(|byte| ALPHABET.contains(&byte))
            && secret.len() == SECRET_LENGTH
            && secret.bytes().all(is_secret);
        fits.then(|| Self { prefix: prefix.to_owned(), text: text.into() })
    }

    /// To be shown to its holder, once.
    pub fn reveal(&self) -> &str {
        self.text.expose_secret()
    }

    fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.reveal()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_was_shown_and_nothing_like_it_is() {
        let text = KeyText::of([0, 31, 32, 255, 7, 8, 9, 10], [0xA5; 32]);
        assert_eq!(text.prefix, "a7a7hijk");
        let read = KeyText::read(text.reveal()).expect("a key");
        assert_eq!((read.prefix.as_str(), read.hash()), ("a7a7hijk", text.hash()));
        assert!(!format!("{text:?}").contains(text.reveal()));
        let shown = text.reveal();
        for wrong in ["", "sg_", "sg_a7a7hijk", &shown[1..], &shown[..54], &format!("{shown}A"), &shown.to_uppercase()]
        {
            assert!(KeyText::read(wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn a_key_needs_a_name_a_role_and_for_a_customers_user_its_customer() {
        let by = Viewer::new("ada", "ada", [Role::GlobalAdmin], Scope::partner(PartnerId::of_tenant("a")));
        let now = DateTime::UNIX_EPOCH;
        let new = |name: &str, roles: &[Role], expires_at| {
            let name = name.to_owned();
            let new = NewKey { name, roles: roles.to_vec(), customers: None, lane: Lane::Bi, expires_at };
            ApiKey::issue(new, &KeyText::of([1; 8], [2; 32]), &by, now)
        };
        assert!(new("BI", &[Role::SalesAgent], None).is_ok());
        for wrong in [
            new(" ", &[Role::SalesAgent], None),
            new("BI", &[], None),
            new("BI", &[Role::CustomerUser], None),
            new("BI", &[Role::SalesAgent], Some(now)),
        ] {
            assert!(matches!(wrong, Err(Error::Invalid { .. })), "{wrong:?}");
        }
    }
}
