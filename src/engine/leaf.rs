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

impl<T> Leaf<T> {
    /// Writes the field of `row`; gives the instant at which it would be another.
    pub(super) fn write(&self, row: &T, now: DateTime<Utc>, json: &mut Json) -> Option<DateTime<Utc>> {
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
            Self::Int(int) => json.int(int(row)),
            Self::NullableInt(int) => or_null(json, int(row), Json::int),
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
                return Some(changes_at(row));
            }
            Self::NullableWordNow(word, changes_at) => {
                or_null(json, word(row, now), Json::word);
                return Some(changes_at(row));
            }
            Self::FlagToday(flag) => {
                json.flag(flag(row, now.date_naive()));
                return next_midnight(now);
            }
            Self::NullableIntToday(int) => {
                or_null(json, int(row, now.date_naive()), Json::int);
                return next_midnight(now);
            }
        }
        None
    }
}

/// When the day of `now` ends.
pub fn next_midnight(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.date_naive().succ_opt()?.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc())
}
