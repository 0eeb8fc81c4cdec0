//! What somebody shows, as it stands in `authorization`.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use secrecy::SecretString;

use crate::domain::api_key::KeyText;

/// Tokens of Entra ID with all their groups stay below 8 KiB; nobody has to hash or parse more.
const LONGEST: usize = 16 * 1024;

/// What somebody shows. It does not print.
#[derive(Clone, Debug)]
pub enum Credential {
    /// A token of an issuer.
    Token(SecretString),
    /// An API key.
    Key(KeyText),
    /// Something that is neither.
    Unusable,
}

impl Credential {
    /// Reads `Bearer TOKEN`, `Bearer KEY`, or `Basic` with the key as the password, whatever the name; a key may stand as
    /// the name alone as well.
    pub fn read(authorization: &str) -> Self {
        if authorization.len() > LONGEST {
            return Self::Unusable;
        }
        let (scheme, rest) = authorization.trim().split_once(' ').unwrap_or_default();
        let rest = rest.trim();
        if scheme.eq_ignore_ascii_case("bearer") {
            return match KeyText::is_like(rest) {
                true => Self::key(rest),
                false if rest.is_empty() => Self::Unusable,
                false => Self::Token(rest.into()),
            };
        }
        if !scheme.eq_ignore_ascii_case("basic") {
            return Self::Unusable;
        }
        let pair = BASE64_STANDARD.decode(rest).ok().and_then(|pair| String::from_utf8(pair).ok());
        match pair.as_deref().and_then(|pair| pair.split_once(':')) {
            Some((key, "")) | Some((_, key)) => Self::key(key.trim()),
            None => Self::Unusable,
        }
    }

    /// Whether this is what browsers send by themselves once a person has typed a name and a password.
    pub fn is_basic(authorization: &str) -> bool {
        authorization.trim().split(' ').next().is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
    }

    fn key(text: &str) -> Self {
        KeyText::read(text).map_or(Self::Unusable, Self::Key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_as_bearer_and_as_basic_and_tokens_as_bearer() {
        let key = KeyText::of([1; 8], [2; 32]).reveal().to_owned();
        let basic = |pair: String| format!("Basic {}", BASE64_STANDARD.encode(pair));
        for text in
            [format!("Bearer {key}"), format!("bearer  {key} "), basic(format!("any:{key}")), basic(format!("{key}:"))]
        {
            assert!(matches!(Credential::read(&text), Credential::Key(_)), "{text}");
        }
        assert!(matches!(Credential::read("Bearer a.b.c"), Credential::Token(_)));
        for text in ["", "Bearer", "Bearer ", "Bearer sg_short", "Basic !", "Basic", "Negotiate a.b.c", &key] {
            assert!(matches!(Credential::read(text), Credential::Unusable), "{text}");
        }
        let huge = format!("Bearer {}", "a".repeat(LONGEST));
        assert!(matches!(Credential::read(&huge), Credential::Unusable));
    }
}
