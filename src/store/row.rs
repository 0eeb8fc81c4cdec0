//! Reading one row by position, and lists inside a column.

use std::str::FromStr;

use sea_orm::{
    QueryResult,
    sqlx::{Decode, Postgres, Row as _, Sqlite, postgres::PgRow, sqlite::SqliteRow},
};

use crate::domain::{Error, Result};

/// A row whose columns are taken in the order of the table's row type. By position and straight from the driver's row,
/// since a look-up by name and a check of each value's type cost more than the decoding of most values.
pub(super) struct Row<'a> {
    row: Driver<'a>,
    /// Where the next column that was read stands.
    next: usize,
    columns: Columns,
}

#[derive(Clone, Copy)]
enum Driver<'a> {
    Postgres(&'a PgRow),
    Sqlite(&'a SqliteRow),
}

/// What a column of either database may hold.
pub(super) trait Held<'a>: Decode<'a, Postgres> + Decode<'a, Sqlite> {}
impl<'a, T: Decode<'a, Postgres> + Decode<'a, Sqlite>> Held<'a> for T {}

/// Which columns of a row type were read, from the first on, in the lowest bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns(pub(super) u64);

impl Columns {
    pub(super) const ALL: Self = Self(u64::MAX);
}

impl<'a> Row<'a> {
    pub(super) fn new(row: &'a QueryResult) -> Self {
        let row = match (row.try_as_pg_row(), row.try_as_sqlite_row()) {
            (Some(row), _) => Driver::Postgres(row),
            (_, Some(row)) => Driver::Sqlite(row),
            (None, None) => unreachable!("there are drivers for two databases"),
        };
        Self { row, next: 0, columns: Columns::ALL }
    }

    /// The rest of the row is one of which only `columns` were read.
    pub(super) fn only(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// The next column; its type's default if it was not read.
    pub(super) fn take<T: Held<'a> + Default>(&mut self) -> Result<T> {
        if !self.is_next_read() {
            return Ok(T::default());
        }
        let value = match self.row {
            Driver::Postgres(row) => row.try_get_unchecked(self.next),
            Driver::Sqlite(row) => row.try_get_unchecked(self.next),
        };
        self.next += 1;
        value.map_err(Error::internal)
    }

    /// Moves on by one column of the row type.
    fn is_next_read(&mut self) -> bool {
        let read = self.columns.0 & 1 == 1;
        // Columns that follow the row type's own, if any, were read.
        self.columns.0 = self.columns.0 >> 1 | 1 << 63;
        read
    }

    /// The next column, one of the fixed words of an enum.
    pub(super) fn word<T: FromStr<Err = strum::ParseError> + Default>(&mut self) -> Result<T> {
        let text: &'a str = self.take()?;
        if text.is_empty() {
            return Ok(T::default());
        }
        text.parse().map_err(|error| Error::internal(format!("{text:?} in the database: {error}")))
    }

    /// The next column, a list of texts that [`join`] wrote.
    pub(super) fn list(&mut self) -> Result<Vec<String>> {
        split(self.take()?)
    }

    /// The next column, a list of words that [`join`] wrote.
    pub(super) fn words<T: FromStr<Err = strum::ParseError>>(&mut self) -> Result<Vec<T>> {
        let texts = self.list()?;
        texts.iter().map(|text| text.parse().map_err(Error::internal)).collect()
    }
}

/// A list of texts as one column: JSON, or nothing at all for the frequent empty list.
pub(super) fn join<T: AsRef<str>>(texts: &[T]) -> String {
    if texts.is_empty() {
        return String::new();
    }
    serde_json::Value::from_iter(texts.iter().map(AsRef::as_ref)).to_string()
}

/// A list of fixed words as one column.
pub(super) fn join_words<W: Copy + Into<&'static str>>(words: &[W]) -> String {
    join(&words.iter().map(|word| (*word).into()).collect::<Vec<&str>>())
}

/// A fixed word as a column.
pub(super) fn word(word: impl Into<&'static str>) -> String {
    word.into().to_owned()
}

fn split(text: &str) -> Result<Vec<String>> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map_err(Error::internal)
}
