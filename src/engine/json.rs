//! Values to JSON bytes, without trees in between.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, Datelike, NaiveDate, Timelike, Utc};
use uuid::Uuid;

/// JSON that grows as an answer is written.
#[derive(Debug, Default)]
pub struct Json(Vec<u8>);

impl Json {
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }

    /// What was written, without the room that is left: an answer that waits to be read, or is kept, takes what it is long.
    pub(super) fn into_bytes(self) -> Bytes {
        self.0.into_boxed_slice().into()
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Takes back what was written since `len`.
    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// JSON that is ready.
    pub fn raw(&mut self, json: &[u8]) {
        self.0.extend_from_slice(json);
    }

    pub fn null(&mut self) {
        self.raw(b"null");
    }

    pub fn flag(&mut self, value: bool) {
        self.raw(if value { b"true" } else { b"false" });
    }

    pub fn int(&mut self, value: i32) {
        self.large_int(value.into());
    }

    pub fn large_int(&mut self, value: i64) {
        self.raw(itoa::Buffer::new().format(value).as_bytes());
    }

    pub fn text(&mut self, value: &str) {
        // Writing to a vector cannot fail, and a text is always JSON.
        let _ = serde_json::to_writer(&mut self.0, value);
    }

    /// A text that needs no escaping: names, words of an enum.
    pub fn word(&mut self, value: &str) {
        self.0.push(b'"');
        self.raw(value.as_bytes());
        self.0.push(b'"');
    }

    /// The global form of an id: `cus_` and 22 characters.
    pub fn id(&mut self, prefix: &str, id: Uuid) {
        let mut encoded = [0; 22];
        let _ = URL_SAFE_NO_PAD.encode_slice(id.as_bytes(), &mut encoded);
        self.0.push(b'"');
        self.raw(prefix.as_bytes());
        self.0.push(b'_');
        self.raw(&encoded);
        self.0.push(b'"');
    }

    /// RFC 3339 in UTC with `Z`; parts of a second only if there are any.
    pub fn time(&mut self, value: DateTime<Utc>) {
        self.0.push(b'"');
        self.day(value.date_naive());
        self.0.push(b'T');
        self.digits(value.hour(), 2);
        self.0.push(b':');
        self.digits(value.minute(), 2);
        self.0.push(b':');
        self.digits(value.second(), 2);
        let micros = value.timestamp_subsec_micros();
        if micros > 0 {
            self.0.push(b'.');
            self.digits(micros, 6);
        }
        self.raw(b"Z\"");
    }

    /// A day, ISO 8601.
    pub fn date(&mut self, value: NaiveDate) {
        self.0.push(b'"');
        self.day(value);
        self.0.push(b'"');
    }

    fn day(&mut self, value: NaiveDate) {
        self.digits(value.year().unsigned_abs(), 4);
        self.0.push(b'-');
        self.digits(value.month(), 2);
        self.0.push(b'-');
        self.digits(value.day(), 2);
    }

    fn digits(&mut self, mut value: u32, width: usize) {
        let end = self.0.len() + width;
        self.0.resize(end, b'0');
        for digit in self.0[end - width..].iter_mut().rev() {
            *digit = b'0' + (value % 10) as u8;
            value /= 10;
        }
    }

    /// A list, each item written by `write`.
    pub fn list<I: IntoIterator>(&mut self, items: I, mut write: impl FnMut(&mut Self, I::Item)) {
        self.0.push(b'[');
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.0.push(b',');
            }
            write(self, item);
        }
        self.0.push(b']');
    }
}

/// Reads the global form of an id: its prefix and its UUID. None if it is not one.
pub fn parse_id(text: &str) -> Option<(&str, Uuid)> {
    let (prefix, encoded) = text.split_once('_')?;
    let bytes = URL_SAFE_NO_PAD.decode(encoded).ok()?;
    Some((prefix, Uuid::from_slice(&bytes).ok()?))
}

/// The global form of an id: what clients know it by.
pub fn global_id(prefix: &str, id: Uuid) -> String {
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(id.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Json)) -> String {
        let mut json = Json::default();
        write(&mut json);
        String::from_utf8(json.into_bytes().into()).unwrap()
    }

    #[test]
    fn times_are_rfc_3339_in_utc() {
        let at = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        assert_eq!(written(|json| json.time(at)), format!("\"{}\"", at.format("%Y-%m-%dT%H:%M:%SZ")));
        let at = DateTime::from_timestamp_micros(1_790_000_000_000_042).unwrap();
        assert_eq!(written(|json| json.time(at)), format!("\"{}\"", at.format("%Y-%m-%dT%H:%M:%S%.6fZ")));
    }

    #[test]
    fn ids_read_back() {
        let id = Uuid::new_v4();
        let text = written(|json| json.id("cus", id));
        assert_eq!(parse_id(text.trim_matches('"')), Some(("cus", id)));
        assert_eq!(text.trim_matches('"'), global_id("cus", id));
        assert_eq!(parse_id("cus_x"), None);
        assert_eq!(parse_id("nothing"), None);
    }

    #[test]
    fn an_answer_takes_what_it_is_long() {
        let mut json = Json::with_capacity(16 * 1024);
        json.null();
        let bytes: Vec<u8> = json.into_bytes().into();
        assert_eq!((bytes.len(), bytes.capacity()), (4, 4));
    }

    #[test]
    fn texts_are_escaped() {
        assert_eq!(written(|json| json.text("a\"b\u{1}\u{2028}ü")), "\"a\\\"b\\u0001\u{2028}ü\"");
    }
}
