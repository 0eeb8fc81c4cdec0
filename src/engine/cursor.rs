//! Cursors: opaque, and good only for the list and order that gave them.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use uuid::Uuid;

use crate::domain::{Error, Result, page::Position};

const SEAL: usize = 12;

/// Seals cursors with a key that all nodes of an installation share.
#[derive(Clone)]
pub struct CursorKey(Hmac<Sha256>);

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(Hmac::new_from_slice(&key).expect("any length is a key"))
    }

    /// A cursor for `position` in `list`, which names the type and order, within `realm`.
    pub(super) fn seal(&self, realm: Uuid, list: &str, position: &Position) -> String {
        // A position is plain data, which always is JSON.
        let mut cursor = serde_json::to_vec(&(&position.keys, position.id)).unwrap_or_default();
        let seal = self.mac(realm, list, &cursor);
        cursor.extend_from_slice(&seal[..SEAL]);
        URL_SAFE_NO_PAD.encode(cursor)
    }

    /// The position that [`CursorKey::seal`] put into `cursor`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything else than a cursor of this very list and order.
    pub(super) fn open(&self, realm: Uuid, list: &str, argument: &'static str, cursor: &str) -> Result<Position> {
        let refused = || {
            let reason = "this is not a cursor of this list in this order; take `cursor` or `endCursor` of an earlier \
                          page with the same `orderBy`, or leave it out to begin at the start";
            Error::invalid(argument, reason)
        };
        let bytes = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let split = bytes.len().checked_sub(SEAL).ok_or_else(refused)?;
        let (content, seal) = bytes.split_at(split);
        let mut mac = self.0.clone();
        update(&mut mac, realm, list, content);
        mac.verify_truncated_left(seal).map_err(|_| refused())?;
        let (keys, id) = serde_json::from_slice(content).map_err(|_| refused())?;
        Ok(Position { keys, id })
    }

    fn mac(&self, realm: Uuid, list: &str, content: &[u8]) -> [u8; 32] {
        let mut mac = self.0.clone();
        update(&mut mac, realm, list, content);
        mac.finalize().into_bytes().into()
    }
}

fn update(mac: &mut Hmac<Sha256>, realm: Uuid, list: &str, content: &[u8]) {
    mac.update(realm.as_bytes());
    mac.update(list.as_bytes());
    mac.update(&[0]);
    mac.update(content);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::page::KeyValue;

    proptest! {
        #[test]
        fn a_cursor_opens_to_the_position_it_was_made_of(text in ".*", number: i64, id: u128) {
            let key = CursorKey::new([7; 32]);
            let keys = vec![KeyValue::Text(text), KeyValue::Int(number), KeyValue::Null];
            let position = Position { keys, id: Uuid::from_u128(id) };
            let cursor = key.seal(Uuid::nil(), "Customer by name", &position);
            prop_assert_eq!(key.open(Uuid::nil(), "Customer by name", "after", &cursor).unwrap(), position);
        }

        #[test]
        fn a_changed_cursor_is_refused(at in 0usize..40, to in "[A-Za-z0-9_-]") {
            let key = CursorKey::new([7; 32]);
            let position = Position { keys: vec![KeyValue::Int(1)], id: Uuid::nil() };
            let cursor = key.seal(Uuid::nil(), "list", &position);
            let at = at.min(cursor.len() - 1);
            let mut forged = cursor.clone();
            forged.replace_range(at..=at, &to);
            prop_assume!(forged != cursor);
            prop_assert!(key.open(Uuid::nil(), "list", "after", &forged).is_err());
        }
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_and_realm_only() {
        let key = CursorKey::new([7; 32]);
        let position = Position { keys: Vec::new(), id: Uuid::nil() };
        let cursor = key.seal(Uuid::nil(), "list", &position);
        assert!(key.open(Uuid::nil(), "other list", "after", &cursor).is_err());
        assert!(key.open(Uuid::max(), "list", "after", &cursor).is_err());
        assert!(CursorKey::new([8; 32]).open(Uuid::nil(), "list", "after", &cursor).is_err());
    }
}
