//! Cursors: nobody can read or forge one, and each is good only for the list and order that gave it, and only for those
//! who reach the same rows.
//!
//! What a place tells may be more than its holder may know: the position in a log counts what others see happen, and a
//! place in a list is a row that others may not see.

use aes_siv::{KeyInit, siv::Aes128Siv};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use crate::domain::{Error, Result, page::Position};

/// What is sealed is filled up to a multiple of this, so that its length does not tell how large a number is.
const BLOCK: usize = 16;

/// Seals cursors with a key that all nodes of an installation share. The same place gives the same cursor.
#[derive(Clone)]
pub struct CursorKey([u8; 32]);

impl CursorKey {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// A cursor for `position` in `list`, which names the type and order, as those see it whose
    /// scope has this name.
    pub(super) fn seal(&self, scope: Uuid, list: &str, position: &Position) -> String {
        // A position is plain data, which always is JSON.
        let mut content = serde_json::to_vec(&(&position.keys, position.id)).unwrap_or_default();
        content.resize(content.len().next_multiple_of(BLOCK), b' ');
        // It fails for a hundred headers and more.
        let sealed = self.cipher().encrypt([scope.as_bytes(), list.as_bytes()], &content).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// The position that [`CursorKey::seal`] put into `cursor`.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything else than a cursor of this very list, order and scope.
    pub(super) fn open(&self, scope: Uuid, list: &str, argument: &'static str, cursor: &str) -> Result<Position> {
        let refused = || {
            let reason = "this is not a cursor of this list in this order, or was given for other customers than you \
                          reach now; take `cursor` or `endCursor` of an earlier page with the same `orderBy`, or leave it \
                          out to begin at the start";
            Error::invalid(argument, reason)
        };
        let sealed = URL_SAFE_NO_PAD.decode(cursor).map_err(|_| refused())?;
        let content = self.cipher().decrypt([scope.as_bytes(), list.as_bytes()], &sealed).map_err(|_| refused())?;
        let (keys, id) = serde_json::from_slice(&content).map_err(|_| refused())?;
        Ok(Position { keys, id })
    }

    fn cipher(&self) -> Aes128Siv {
        Aes128Siv::new(&self.0.into())
    }
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
    fn nothing_of_a_place_can_be_read_in_its_cursor() {
        let key = CursorKey::new([7; 32]);
        let cursor = |number, text: &str| {
            let keys = vec![KeyValue::Int(number), KeyValue::Text(text.to_owned())];
            key.seal(Uuid::nil(), "list", &Position { keys, id: Uuid::nil() })
        };
        let (one, other) = (cursor(7, "Adatum"), cursor(777, "Adatum"));
        assert_eq!(one.len(), other.len());
        assert!(one.bytes().zip(other.bytes()).filter(|(one, other)| one == other).count() < one.len() / 4);
        let bytes = URL_SAFE_NO_PAD.decode(&one).unwrap();
        assert!(!String::from_utf8_lossy(&bytes).contains("Adatum"));
        assert_eq!(one, cursor(7, "Adatum"), "the same place, the same cursor");
    }

    #[test]
    fn a_cursor_is_good_for_its_own_list_and_scope_only() {
        let key = CursorKey::new([7; 32]);
        let position = Position { keys: Vec::new(), id: Uuid::nil() };
        let cursor = key.seal(Uuid::nil(), "list", &position);
        assert!(key.open(Uuid::nil(), "other list", "after", &cursor).is_err());
        assert!(key.open(Uuid::max(), "list", "after", &cursor).is_err());
        assert!(CursorKey::new([8; 32]).open(Uuid::nil(), "list", "after", &cursor).is_err());
    }
}
