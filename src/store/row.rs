//! Reading one row by position, and lists inside a column.

use std::str::FromStr;

use sea_orm::{QueryResult, TryGetable};

use crate::domain::{Error, Result};

/// A row whose columns are taken in the order of the table's row type. By position, since a look-up by name costs more
/// than the decoding of most values.
pub(super) struct Row<'a> {
    row: &'a QueryResult,
    /// Where the next column that was read stands.
    next: usize,
    columns: Columns,
}

/// Which columns of a row type were read, from the first on, in the lowest bit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Columns(pub(super) u64);

impl Columns {
    pub(super) const ALL: Self = Self(u64::MAX);
}

impl<'a> Row<'a> {
    pub(super) fn new(row: &'a QueryResult) -> Self {
        Self { row, next: 0, columns: Columns::ALL }
    }

    /// The rest of the row is one of which only `columns` were read.
    pub(super) fn only(self, columns: Columns) -> Self {
        Self { columns, ..self }
    }

    /// The next column; its type's default if it was not read.
    pub(super) fn take<T: TryGetable + Default>(&mut self) -> Result<T> {
        if !self.is_next_read() {
            return Ok(T::default());
        }
        let value = self.row.try_get_by_index(self.next).map_err(Error::internal);
        self.next += 1;
        value
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
        let text: String = self.take()?;
        if text.is_empty() {
            return Ok(T::default());
        }
        text.parse().map_err(|error| Error::internal(format!("{text:?} in the database: {error}")))
    }

    /// The next column, a list of texts that [`join`] wrote.
    pub(super) fn list(&mut self) -> Result<Vec<String>> {
        let text: String = self.take()?;
        split(&text)
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
