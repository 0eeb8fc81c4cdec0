//! Fields that are written from a row as it is: no future, no value in between.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::json::Json;

/// How a field is taken from a row.
pub enum Leaf<T> {
    Id(&'static str, fn(&T) -> Uuid),
    NullableId(fn(&T) -> Option<(&'static str, Uuid)>),
    Text(fn(&T) -> &str),
    NullableText(fn(&T) -> Option<&str>),
    OwnedText(fn(&T) -> Option<String>),
    Int(fn(&T) -> i64),
    NullableInt(fn(&T) -> Option<i64>),
    /// A whole number that may be beyond [`Leaf::Int`].
    LargeInt(fn(&T) -> i64),
    Flag(fn(&T) -> bool),
    NullableFlag(fn(&T) -> Option<bool>),
    Time(fn(&T) -> DateTime<Utc>),
    NullableTime(fn(&T) -> Option<DateTime<Utc>>),
    Date(fn(&T) -> NaiveDate),
    NullableDate(fn(&T) -> Option<NaiveDate>),
    Word(fn(&T) -> &'static str),
    NullableWord(fn(&T) -> Option<&'static str>),
    Texts(fn(&T) -> &[String]),
    Words(fn(&T) -> Vec<&'static str>),
    /// What depends on the present: the second function tells when it would change, the day's change at midnight.
    WordNow(fn(&T, DateTime<Utc>) -> &'static str, fn(&T) -> DateTime<Utc>),
    NullableWordNow(fn(&T, DateTime<Utc>) -> Option<&'static str>, fn(&T) -> DateTime<Utc>),
    FlagToday(fn(&T, NaiveDate) -> bool),
    NullableIntToday(fn(&T, NaiveDate) -> Option<i64>),
}

/// The schema's `Int` has 32 bits; this number does not fit.
#[derive(Debug, thiserror::Error)]
#[error("{0} does not fit into the 32 bits of Int")]
pub(super) struct Beyond(i64);

/// A number as the schema's `Int`.
pub(super) fn int(number: i64) -> Result<i32, Beyond> {
    i32::try_from(number).map_err(|_| Beyond(number))
}

impl<T> Leaf<T> {
    /// Writes the field of `row`; gives the instant at which it would be another. Writes nothing if it fails.
    pub(super) fn write(&self, row: &T, now: DateTime<Utc>, json: &mut Json) -> Result<Option<DateTime<Utc>>, Beyond> {
        fn or_null<V>(json: &mut Json, value: Option<V>, write: impl FnOnce(&mut Json, V)) {
            match value {
                Some(value) => write(json, value),
                None => json.null(),
            }
        }
        match self {
            Self::Id(prefix, id) => json.id(prefix, id(row)),
            Self::NullableId(id) => or_null(json, id(row), |json, (prefix, id)| json.id(prefix, id)),
            Self::Text(text) => json.text(text(row)),
            Self::NullableText(text) => or_null(json, text(row), Json::text),
            Self::OwnedText(text) => or_null(json, text(row), |json, text| json.text(&text)),
            Self::Int(number) => json.int(int(number(row))?),
            Self::NullableInt(number) => or_null(json, number(row).map(int).transpose()?, Json::int),
            Self::LargeInt(number) => json.large_int(number(row)),
            Self::Flag(flag) => json.flag(flag(row)),
            Self::NullableFlag(flag) => or_null(json, flag(row), Json::flag),
            Self::Time(time) => json.time(time(row)),
            Self::NullableTime(time) => or_null(json, time(row), Json::time),
            Self::Date(date) => json.date(date(row)),
            Self::NullableDate(date) => or_null(json, date(row), Json::date),
            Self::Word(word) => json.word(word(row)),
            Self::NullableWord(word) => or_null(json, word(row), Json::word),
            Self::Texts(texts) => json.list(texts(row), |json, text| json.text(text)),
            Self::Words(words) => json.list(words(row), Json::word),
            Self::WordNow(word, changes_at) => {
                json.word(word(row, now));
                return Ok(Some(changes_at(row)));
            }
            Self::NullableWordNow(word, changes_at) => {
                or_null(json, word(row, now), Json::word);
                return Ok(Some(changes_at(row)));
            }
            Self::FlagToday(flag) => {
                json.flag(flag(row, now.date_naive()));
                return Ok(next_midnight(now));
            }
            Self::NullableIntToday(number) => {
                or_null(json, number(row, now.date_naive()).map(int).transpose()?, Json::int);
                return Ok(next_midnight(now));
            }
        }
        Ok(None)
    }

    /// Whether null stands for a value that could not be had.
    pub(super) fn is_nullable(&self) -> bool {
        matches!(self, Self::NullableInt(_) | Self::NullableIntToday(_))
    }
}

/// When the day of `now` ends.
pub fn next_midnight(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.date_naive().succ_opt()?.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc())
}
