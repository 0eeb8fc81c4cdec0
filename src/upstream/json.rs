//! Reads one item of an answer, bearing what Microsoft's answers contain.
//!
//! Member names in any letter case; null and blank text as absent; numbers and booleans as text, and text as numbers.
//! What cannot be read is reported with its place, e.g. `companyProfile.address: …`.

use std::fmt;

use serde::{
    Deserializer,
    de::{
        self, DeserializeOwned, DeserializeSeed, MapAccess, SeqAccess, Unexpected, Visitor,
        value::BorrowedStrDeserializer,
    },
    forward_to_deserialize_any,
};
use serde_json::{Map, Value};

/// Reads an item as `T`, whose members should all have defaults.
pub fn read_item<T: DeserializeOwned>(item: &Value) -> Result<T, Unreadable> {
    T::deserialize(Lenient(item))
}

/// The member of an object by its name in any letter case; null counts as absent.
pub fn member<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let members = value.as_object()?;
    let (_, found) = members.iter().find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.is_null())?;
    Some(found)
}

/// The text below a path of members, unless blank.
pub fn text<'a>(value: &'a Value, path: &[&str]) -> Option<&'a str> {
    let found = path.iter().try_fold(value, |value, name| member(value, name))?;
    found.as_str().map(str::trim).filter(|text| !text.is_empty())
}

/// A copy of an item without passwords and tokens, fit to be kept and shown.
pub fn without_secrets(item: &Value) -> Value {
    match item {
        Value::Object(members) => {
            let kept = members.iter().filter(|(name, _)| !is_secret(name));
            Value::Object(kept.map(|(name, value)| (name.clone(), without_secrets(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(without_secrets).collect()),
        plain => plain.clone(),
    }
}

fn is_secret(name: &str) -> bool {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    ["credentials", "password", "secret", "accesstoken", "refreshtoken", "idtoken"]
        .iter()
        .any(|end| name.ends_with(end))
}

/// What could not be read, and where in the item it stands.
#[derive(Debug, Default, PartialEq)]
pub struct Unreadable {
    place: String,
    reason: String,
}

impl Unreadable {
    fn below(mut self, place: &str) -> Self {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{place}{dot}{}", self.place);
        self
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place.as_str() {
            "" => f.write_str(&self.reason),
            place => write!(f, "{place}: {}", self.reason),
        }
    }
}

impl std::error::Error for Unreadable {}

impl de::Error for Unreadable {
    fn custom<T: fmt::Display>(reason: T) -> Self {
        Self { place: String::new(), reason: reason.to_string() }
    }
}

/// A value, read leniently.
struct Lenient<'de>(&'de Value);

impl<'de> Lenient<'de> {
    fn is_absent(&self) -> bool {
        match self.0 {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    fn unexpected(&self) -> Unexpected<'de> {
        match self.0 {
            Value::Null => Unexpected::Unit,
            Value::Bool(value) => Unexpected::Bool(*value),
            Value::Number(_) => Unexpected::Other("a number"),
            Value::String(text) => Unexpected::Str(text),
            Value::Array(_) => Unexpected::Seq,
            Value::Object(_) => Unexpected::Map,
        }
    }

    fn integer<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let whole = |number: f64| (number.fract() == 0.0 && number.abs() < 9e15).then_some(number as i64);
        let read = match self.0 {
            Value::Number(number) => number.as_i64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => {
                let text = text.trim();
                text.parse().ok().or_else(|| text.parse().ok().and_then(whole))
            }
            _ => None,
        };
        match read {
            Some(number) => visitor.visit_i64(number),
            None => Err(de::Error::invalid_type(self.unexpected(), &"a whole number")),
        }
    }
}

/// All integers are read the same way.
macro_rules! integers {
    ($($method:ident)+) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
            self.integer(visitor)
        }
    )+};
}

impl<'de> Deserializer<'de> for Lenient<'de> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(_) => self.0.deserialize_any(visitor).map_err(de::Error::custom),
            Value::String(text) => visitor.visit_borrowed_str(text.trim()),
            Value::Array(_) => self.deserialize_seq(visitor),
            Value::Object(_) => self.0.deserialize_any(visitor).map_err(de::Error::custom),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.is_absent() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        let read = match self.0 {
            Value::Bool(value) => Some(*value),
            Value::String(text) => match text.trim().to_ascii_lowercase().as_str() {
                "true" | "1" | "yes" => Some(true),
                "false" | "0" | "no" => Some(false),
                _ => None,
            },
            Value::Number(number) => {
                number.as_i64().filter(|number| (0..=1).contains(number)).map(|number| number == 1)
            }
            _ => None,
        };
        match read {
            Some(value) => visitor.visit_bool(value),
            None => Err(de::Error::invalid_type(self.unexpected(), &"true or false")),
        }
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Null => visitor.visit_borrowed_str(""),
            Value::String(text) => visitor.visit_borrowed_str(text.trim()),
            Value::Number(number) => visitor.visit_string(number.to_string()),
            Value::Bool(value) => visitor.visit_str(if *value { "true" } else { "false" }),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"text")),
        }
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        self.deserialize_string(visitor)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Array(items) => visitor.visit_seq(Items { items, next: 0 }),
            _ if self.is_absent() => visitor.visit_seq(Items { items: &[], next: 0 }),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"a list")),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match self.0 {
            Value::Object(members) => visitor.visit_map(Members::new(members, fields)),
            _ if self.is_absent() => visitor.visit_map(Members { left: Vec::new(), value: None }),
            _ => Err(de::Error::invalid_type(self.unexpected(), &"an object")),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct map enum identifier ignored_any
    }
}

/// The items of a list; an error names its place.
struct Items<'de> {
    items: &'de [Value],
    next: usize,
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Unreadable;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Unreadable> {
        let index = self.next;
        self.next += 1;
        let Some(item) = self.items.get(index) else { return Ok(None) };
        seed.deserialize(Lenient(item)).map(Some).map_err(|error| error.below(&format!("[{index}]")))
    }
}

/// The members of an object that the reader asks for, under the names it asks by. Nulls are left out; of names that
/// differ in letter case only, the first counts.
struct Members<'de> {
    left: Vec<(&'static str, &'de Value)>,
    value: Option<(&'static str, &'de Value)>,
}

impl<'de> Members<'de> {
    fn new(members: &'de Map<String, Value>, fields: &'static [&'static str]) -> Self {
        let mut left: Vec<(&'static str, &'de Value)> = Vec::with_capacity(fields.len());
        for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
            let field = fields.iter().find(|field| field.eq_ignore_ascii_case(name));
            if let Some(field) = field.filter(|field| left.iter().all(|(seen, _)| seen != *field)) {
                left.push((field, value));
            }
        }
        Self { left, value: None }
    }
}

impl<'de> MapAccess<'de> for Members<'de> {
    type Error = Unreadable;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Unreadable> {
        self.value = self.left.pop();
        match self.value {
            Some((name, _)) => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Unreadable> {
        let Some((name, value)) = self.value.take() else { return Err(de::Error::custom("a value without a name")) };
        seed.deserialize(Lenient(value)).map_err(|error| error.below(name))
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default, rename_all = "camelCase")]
    struct Thing {
        hit_count: Option<i64>,
        is_test: Option<bool>,
        offer_id: Option<String>,
        tags: Vec<String>,
        inner: Inner,
    }

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(default)]
    struct Inner {
        country: Option<String>,
    }

    #[test]
    fn members_are_read_in_any_letter_case() {
        let thing: Thing = read_item(&json!({ "HITCOUNT": 1, "Inner": { "Country": "US" }, "offerid": "a" })).unwrap();
        assert_eq!(thing.hit_count, Some(1));
        assert_eq!(thing.inner.country.as_deref(), Some("US"));
        assert_eq!(thing.offer_id.as_deref(), Some("a"));
    }

    #[test]
    fn counts_booleans_and_ids_may_be_text_or_numbers() {
        let thing: Thing = read_item(&json!({ "hitCount": "10", "isTest": "False", "offerId": 32444667 })).unwrap();
        assert_eq!(thing.hit_count, Some(10));
        assert_eq!(thing.is_test, Some(false));
        assert_eq!(thing.offer_id.as_deref(), Some("32444667"));
        assert_eq!(read_item::<Thing>(&json!({ "hitCount": 25.0 })).unwrap().hit_count, Some(25));
    }

    #[test]
    fn null_and_blank_text_are_absent() {
        let item = json!({ "hitCount": "", "isTest": null, "offerId": " ", "tags": null, "inner": null });
        assert_eq!(read_item::<Thing>(&item).unwrap(), Thing::default());
    }

    #[test]
    fn what_cannot_be_read_is_named_with_its_place() {
        let error = read_item::<Thing>(&json!({ "inner": { "country": ["US"] } })).unwrap_err();
        assert_eq!(error.to_string(), "inner.country: invalid type: sequence, expected text");
        let error = read_item::<Thing>(&json!({ "tags": ["a", {}] })).unwrap_err();
        assert_eq!(error.to_string(), "tags[1]: invalid type: map, expected text");
    }

    #[test]
    fn secrets_are_removed_at_any_depth() {
        let item =
            json!({ "id": 1, "userCredentials": { "password": "p" }, "list": [{ "Password": "p", "name": "n" }] });
        assert_eq!(without_secrets(&item), json!({ "id": 1, "list": [{ "name": "n" }] }));
    }
}
