//! Entries of the file with the place of every member, so that all problems can be told with their lines.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use toml::{Spanned, Value};

use super::{Problem, Problems};
use crate::upstream::time::{Time, day_of, read_time};

/// The file's entries, unread.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entries {
    pub partner: Table,
    #[serde(default)]
    pub qualification: Vec<Table>,
    #[serde(default)]
    pub support_plan: Vec<Table>,
    #[serde(default)]
    pub support_offering: Vec<Table>,
    #[serde(default)]
    pub customer_offering: Vec<Table>,
}

/// One entry: its members by name, each with its place.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct Table(BTreeMap<Spanned<String>, Spanned<Value>>);

impl Table {
    /// A member's text, whether or not the entry is sound.
    pub fn text_of(&self, name: &str) -> Option<String> {
        self.0.get(name)?.get_ref().as_str().map(|text| text.trim().to_owned())
    }
}

/// Splits the file into its entries.
pub fn entries(text: &str) -> Result<Entries, Problems> {
    toml::from_str(text).map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        Problems(vec![Problem { line, reason: error.message().trim().to_owned() }])
    })
}

fn line_of(text: &str, at: usize) -> usize {
    text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count() + 1
}

/// Reads entries and collects what is wrong with them.
pub struct Reader<'a> {
    text: &'a str,
    problems: Vec<Problem>,
}

/// A member's text and where it stands.
pub struct Text {
    name: &'static str,
    pub value: String,
    at: usize,
}

impl<'a> Reader<'a> {
    pub fn new(text: &'a str) -> Self {
        Self { text, problems: Vec::new() }
    }

    /// Reads one entry; members that were not asked for are problems.
    pub fn entry<T>(
        &mut self,
        title: &'static str,
        table: &Table,
        read: impl FnOnce(&mut Entry<'_, 'a>) -> Option<T>,
    ) -> Option<T> {
        let before = self.problems.len();
        let start = table.0.keys().map(|name| name.span().start).min().unwrap_or(0);
        let mut entry = Entry { title, start, table, asked: Vec::new(), reader: self };
        let value = read(&mut entry);
        let asked = entry.asked;
        for name in table.0.keys().filter(|name| !asked.contains(&name.get_ref().as_str())) {
            let known = asked.join(", ");
            self.add(name.span().start, format!("{title} has no `{}`; it has {known}", name.get_ref()));
        }
        value.filter(|_| self.problems.len() == before)
    }

    /// All problems, by line.
    pub fn finish(mut self) -> Result<(), Problems> {
        self.problems.sort();
        if self.problems.is_empty() { Ok(()) } else { Err(Problems(self.problems)) }
    }

    fn add(&mut self, at: usize, reason: String) {
        self.problems.push(Problem { line: line_of(self.text, at), reason });
    }
}

/// One entry while it is read.
pub struct Entry<'r, 'a> {
    title: &'static str,
    start: usize,
    table: &'r Table,
    asked: Vec<&'static str>,
    reader: &'r mut Reader<'a>,
}

impl Entry<'_, '_> {
    /// A problem of the entry as a whole.
    pub fn problem(&mut self, reason: &str) {
        let reason = format!("{}: {reason}", self.title);
        self.reader.add(self.start, reason);
    }

    /// A text that has to be there.
    pub fn text(&mut self, name: &'static str) -> Option<Text> {
        let is_there = self.table.0.contains_key(name);
        let text = self.optional_text(name);
        if !is_there {
            self.problem(&format!("`{name}` is missing"));
        }
        text
    }

    pub fn optional_text(&mut self, name: &'static str) -> Option<Text> {
        self.read(name, "a text that is not empty", |value| {
            value.as_str().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
        })
        .map(|(value, at)| Text { name, value, at })
    }

    pub fn texts(&mut self, name: &'static str) -> Vec<String> {
        let texts = |value: &Value| {
            let items = value.as_array()?.iter();
            items.map(|item| item.as_str().map(|text| text.trim().to_owned())).collect::<Option<Vec<_>>>()
        };
        self.read(name, "a list of texts", texts).map(|(texts, _)| texts).unwrap_or_default()
    }

    pub fn boolean(&mut self, name: &'static str) -> Option<bool> {
        self.read(name, "true or false", Value::as_bool).map(|(value, _)| value)
    }

    /// An amount of money, in hundredths.
    pub fn money(&mut self, name: &'static str) -> Option<i64> {
        let hundredths = |value: &Value| {
            let amount = value.as_float().or_else(|| value.as_integer().map(|whole| whole as f64))?;
            (0.0..1e12).contains(&amount).then(|| (amount * 100.0).round() as i64)
        };
        self.read(name, "an amount such as 49 or 49.90", hundredths).map(|(value, _)| value)
    }

    /// A time; a date alone is its first moment, and without a zone it is UTC.
    pub fn moment(&mut self, name: &'static str) -> Option<DateTime<Utc>> {
        let moment = |value: &Value| read_time(&plain(value)?).map(Time).and_then(|time| time.0);
        self.read(name, "a time such as 2024-07-01T09:00:00Z, or a date", moment).map(|(value, _)| value)
    }

    /// `valid_from`, which has to be there, and `valid_until`, the last valid day.
    pub fn period(&mut self) -> (Option<NaiveDate>, Option<NaiveDate>) {
        if !self.table.0.contains_key("valid_from") {
            self.problem("`valid_from` is missing");
        }
        let from = self.day("valid_from");
        let until = self.day("valid_until");
        if let (Some((from, _)), Some((until, at))) = (from, until)
            && until < from
        {
            self.reader.add(at, format!("{}: `valid_until` is before `valid_from`", self.title));
        }
        (from.map(|(day, _)| day), until.map(|(day, _)| day))
    }

    fn day(&mut self, name: &'static str) -> Option<(NaiveDate, usize)> {
        self.read(name, "a date such as 2024-07-01", |value| {
            plain(value).filter(|text| text.len() == 10).and_then(|text| day_of(&text))
        })
    }

    /// The text, turned into something else; what is wrong with it is a problem.
    pub fn checked<T>(&mut self, text: Option<Text>, check: impl FnOnce(&str) -> Result<T, String>) -> Option<T> {
        let text = text?;
        match check(&text.value) {
            Ok(value) => Some(value),
            Err(reason) => {
                self.reader.add(text.at, format!("{}: `{}` \"{}\" {reason}", self.title, text.name, text.value));
                None
            }
        }
    }

    /// One of the given words.
    pub fn one_of<T: Copy>(&mut self, text: Option<Text>, words: &[(&str, T)]) -> Option<T> {
        self.checked(text, |text| word(text, words))
    }

    /// A list of some of the given words, at least one.
    pub fn several_of<T: Copy>(&mut self, name: &'static str, words: &[(&str, T)]) -> Vec<T> {
        if !self.table.0.contains_key(name) {
            self.problem(&format!("`{name}` is missing"));
        }
        let at = self.table.0.get(name).map_or(self.start, |value| value.span().start);
        let texts = self.texts(name);
        if texts.is_empty() && self.table.0.get(name).is_some_and(|value| value.get_ref().is_array()) {
            self.reader.add(at, format!("{}: `{name}` is an empty list", self.title));
        }
        let mut found = Vec::new();
        for text in texts {
            found.extend(self.checked(Some(Text { name, value: text, at }), |text| word(text, words)));
        }
        found
    }

    /// A member as something; if it is there and is not that, this is a problem.
    fn read<T>(
        &mut self,
        name: &'static str,
        what: &str,
        read: impl FnOnce(&Value) -> Option<T>,
    ) -> Option<(T, usize)> {
        self.asked.push(name);
        let value = self.table.0.get(name)?;
        let at = value.span().start;
        let read = read(value.get_ref());
        if read.is_none() {
            self.reader.add(at, format!("{}: `{name}` should be {what}", self.title));
        }
        read.map(|value| (value, at))
    }
}

fn word<T: Copy>(text: &str, words: &[(&str, T)]) -> Result<T, String> {
    let found = words.iter().find(|(known, _)| known.eq_ignore_ascii_case(&text.replace(['_', ' '], "-")));
    found.map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        format!("is not one of {}", known.join(", "))
    })
}

/// A date or time of TOML, or one written as text.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::Datetime(at) => Some(at.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        _ => None,
    }
}
