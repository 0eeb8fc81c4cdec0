//! Fields that are written from a row as it is: no future, no value in between.

use async_graphql::InputType;
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    json::Json,
    object::{Described, Field, FieldKind, Object},
    scalar,
};

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

impl<T: Described> Object<T> {
    pub(super) fn leaf<S: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        leaf: Leaf<T>,
    ) -> &mut Field<T> {
        self.field(name, about, S::create_type_info, FieldKind::Leaf(leaf))
    }

    /// The global id of any object that the row refers to.
    pub fn nullable_id(
        &mut self,
        name: &'static str,
        about: &'static str,
        id: fn(&T) -> Option<(&'static str, Uuid)>,
    ) -> &mut Field<T> {
        self.leaf::<Option<async_graphql::ID>>(name, about, Leaf::NullableId(id))
    }

    pub fn text(&mut self, name: &'static str, about: &'static str, text: fn(&T) -> &str) -> &mut Field<T> {
        self.leaf::<String>(name, about, Leaf::Text(text))
    }

    pub fn nullable_text(
        &mut self,
        name: &'static str,
        about: &'static str,
        text: fn(&T) -> Option<&str>,
    ) -> &mut Field<T> {
        self.leaf::<Option<String>>(name, about, Leaf::NullableText(text))
    }

    /// A text that stands nowhere in the row, but is made of it.
    pub fn nullable_owned_text(
        &mut self,
        name: &'static str,
        about: &'static str,
        text: fn(&T) -> Option<String>,
    ) -> &mut Field<T> {
        self.leaf::<Option<String>>(name, about, Leaf::OwnedText(text))
    }

    /// A span of time that upstream wrote, ISO 8601.
    pub fn nullable_duration(
        &mut self,
        name: &'static str,
        about: &'static str,
        text: fn(&T) -> Option<&str>,
    ) -> &mut Field<T> {
        self.leaf::<Option<scalar::Duration>>(name, about, Leaf::NullableText(text))
    }

    pub fn texts(&mut self, name: &'static str, about: &'static str, texts: fn(&T) -> &[String]) -> &mut Field<T> {
        self.leaf::<Vec<String>>(name, about, Leaf::Texts(texts))
    }

    pub fn int(&mut self, name: &'static str, about: &'static str, int: fn(&T) -> i64) -> &mut Field<T> {
        self.leaf::<i32>(name, about, Leaf::Int(int))
    }

    pub fn nullable_int(
        &mut self,
        name: &'static str,
        about: &'static str,
        int: fn(&T) -> Option<i64>,
    ) -> &mut Field<T> {
        self.leaf::<Option<i32>>(name, about, Leaf::NullableInt(int))
    }

    /// A whole number that may pass the 32 bits of `Int`, hence a `Float` in the schema.
    pub fn large_int(&mut self, name: &'static str, about: &'static str, int: fn(&T) -> i64) -> &mut Field<T> {
        self.leaf::<f64>(name, about, Leaf::LargeInt(int))
    }

    /// A number that depends on what day it is.
    pub fn nullable_int_today(
        &mut self,
        name: &'static str,
        about: &'static str,
        int: fn(&T, NaiveDate) -> Option<i64>,
    ) -> &mut Field<T> {
        self.leaf::<Option<i32>>(name, about, Leaf::NullableIntToday(int))
    }

    /// A yes or no that depends on what day it is.
    pub fn flag_today(
        &mut self,
        name: &'static str,
        about: &'static str,
        flag: fn(&T, NaiveDate) -> bool,
    ) -> &mut Field<T> {
        self.leaf::<bool>(name, about, Leaf::FlagToday(flag))
    }

    pub fn flag(&mut self, name: &'static str, about: &'static str, flag: fn(&T) -> bool) -> &mut Field<T> {
        self.leaf::<bool>(name, about, Leaf::Flag(flag))
    }

    pub fn nullable_flag(
        &mut self,
        name: &'static str,
        about: &'static str,
        flag: fn(&T) -> Option<bool>,
    ) -> &mut Field<T> {
        self.leaf::<Option<bool>>(name, about, Leaf::NullableFlag(flag))
    }

    pub fn time(&mut self, name: &'static str, about: &'static str, time: fn(&T) -> DateTime<Utc>) -> &mut Field<T> {
        self.leaf::<scalar::DateTime>(name, about, Leaf::Time(time))
    }

    pub fn nullable_time(
        &mut self,
        name: &'static str,
        about: &'static str,
        time: fn(&T) -> Option<DateTime<Utc>>,
    ) -> &mut Field<T> {
        self.leaf::<Option<scalar::DateTime>>(name, about, Leaf::NullableTime(time))
    }

    pub fn date(&mut self, name: &'static str, about: &'static str, date: fn(&T) -> NaiveDate) -> &mut Field<T> {
        self.leaf::<scalar::Date>(name, about, Leaf::Date(date))
    }

    pub fn nullable_date(
        &mut self,
        name: &'static str,
        about: &'static str,
        date: fn(&T) -> Option<NaiveDate>,
    ) -> &mut Field<T> {
        self.leaf::<Option<scalar::Date>>(name, about, Leaf::NullableDate(date))
    }

    /// A value of the enum `E`.
    pub fn word<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T) -> &'static str,
    ) -> &mut Field<T> {
        self.leaf::<E>(name, about, Leaf::Word(word))
    }

    pub fn nullable_word<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T) -> Option<&'static str>,
    ) -> &mut Field<T> {
        self.leaf::<Option<E>>(name, about, Leaf::NullableWord(word))
    }

    pub fn words<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        words: fn(&T) -> Vec<&'static str>,
    ) -> &mut Field<T> {
        self.leaf::<Vec<E>>(name, about, Leaf::Words(words))
    }

    /// A value of the enum `E` that depends on the present; `changes_at` tells when it would be another.
    pub fn word_now<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T, DateTime<Utc>) -> &'static str,
        changes_at: fn(&T) -> DateTime<Utc>,
    ) -> &mut Field<T> {
        self.leaf::<E>(name, about, Leaf::WordNow(word, changes_at))
    }

    /// Like [`Object::word_now`], or null.
    pub fn nullable_word_now<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T, DateTime<Utc>) -> Option<&'static str>,
        changes_at: fn(&T) -> DateTime<Utc>,
    ) -> &mut Field<T> {
        self.leaf::<Option<E>>(name, about, Leaf::NullableWordNow(word, changes_at))
    }
}

/// When the day of `now` ends.
pub fn next_midnight(now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    now.date_naive().succ_opt()?.and_hms_opt(0, 0, 0).map(|midnight| midnight.and_utc())
}
