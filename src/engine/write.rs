//! The loaded levels to JSON, with nulls and errors where the specification wants them.

use chrono::{DateTime, Utc};

use super::{
    json::Json,
    leaf::{Beyond, Leaf, int},
    run::{Children, CursorFn, Joined, Level, PageOf, Ref},
    selection::{EdgeItem, InfoItem, PageItem, PageSelection, ResponseKey, Selected, Selection, Sub},
};
use crate::domain::{
    Error,
    access::{Permission, Permissions},
};

/// A value that must not be null could not be had; its error is recorded, and the nearest place above that may be null
/// becomes null.
#[derive(Debug)]
pub struct Nulled;

/// One step of the path to a field.
#[derive(Clone, Copy)]
enum Step<'a> {
    Key(&'a str),
    Index(usize),
}

/// A failed field, as the answer's `errors` tell it.
pub(super) struct Problem {
    pub(super) error: Error,
    pub(super) path: Vec<serde_json::Value>,
    /// Line and column of the field.
    pub(super) location: Option<(usize, usize)>,
}

/// What a failed field takes while the answer is written, about.
const BYTES_OF_AN_ERROR: usize = 1024;

fn shown(path: &[Step<'_>]) -> Vec<serde_json::Value> {
    let step = |step: &Step<'_>| match step {
        Step::Key(key) => (*key).into(),
        Step::Index(index) => (*index).into(),
    };
    path.iter().map(step).collect()
}

/// An answer while it is written.
pub struct Writer<'a> {
    pub(super) json: Json,
    pub(super) now: DateTime<Utc>,
    /// What the caller may see.
    pub(super) permissions: Permissions,
    problems: Vec<Problem>,
    /// Objects written so far, besides the root.
    pub(super) objects: u64,
    path: Vec<Step<'a>>,
    /// Bytes of the answer at most.
    most: usize,
    /// Why nothing more is written.
    too_long: Option<Problem>,
    introspected: &'a serde_json::Map<String, serde_json::Value>,
    changes_at: Option<DateTime<Utc>>,
}

impl<'a> Writer<'a> {
    pub(super) fn new(
        now: DateTime<Utc>,
        permissions: Permissions,
        introspected: &'a serde_json::Map<String, serde_json::Value>,
        most: usize,
    ) -> Self {
        let json = Json::with_capacity(16 * 1024);
        Self {
            json,
            now,
            permissions,
            problems: Vec::new(),
            objects: 0,
            path: Vec::new(),
            most,
            too_long: None,
            introspected,
            changes_at: None,
        }
    }

    /// When something that was written would be another.
    pub(super) fn earliest_change(&self) -> Option<DateTime<Utc>> {
        self.changes_at
    }

    /// What failed, or that the answer would have become too long; the writer is as new then.
    pub(super) fn take_problems(&mut self) -> Vec<Problem> {
        let problems = std::mem::take(&mut self.problems);
        self.too_long.take().map_or(problems, |too_long| vec![too_long])
    }

    /// Ends the answer where it becomes longer than it may; plain values cost nothing, and aliases multiply them.
    fn check_room(&mut self) -> Result<(), Nulled> {
        let length = self.json.len() + self.problems.len() * BYTES_OF_AN_ERROR;
        if length <= self.most {
            return Ok(());
        }
        let error = Error::LimitExceeded {
            which: "the length of the answer so far, in bytes,",
            asked: length as u64,
            limit: self.most as u64,
            remedy: "ask for shorter pages, or for fewer fields at once; what a mutation did is done",
        };
        self.too_long.get_or_insert_with(|| Problem { error, path: shown(&self.path), location: None });
        Err(Nulled)
    }

    fn changes_at(&mut self, instant: Option<DateTime<Utc>>) {
        if let Some(instant) = instant.filter(|instant| *instant > self.now) {
            self.changes_at = Some(self.changes_at.map_or(instant, |known| known.min(instant)));
        }
    }

    pub(super) fn introspection(&mut self, key: &str) {
        let value = self.introspected.get(key).unwrap_or(&serde_json::Value::Null);
        self.json.raw(value.to_string().as_bytes());
    }

    /// Writes the data of an operation that has one field.
    pub(super) fn root(
        &mut self,
        key: &'a ResponseKey,
        write: impl FnOnce(&mut Self) -> Result<(), Nulled>,
    ) -> Result<(), Nulled> {
        self.json.raw(b"{\"data\":{");
        self.json.raw(&key.json);
        let written = self.below(key, write);
        self.json.raw(b"}");
        written
    }

    /// Writes null for what the caller may not see.
    pub(super) fn forbidden(&mut self, selected: &Selected, permission: Permission) -> Result<(), Nulled> {
        let (start, nulled) = (self.json.len(), self.problem(Error::Forbidden(permission), selected));
        self.check_room()?;
        self.or_null(start, selected.is_border, Err(nulled))
    }

    /// Writes a field that is taken from the row.
    pub(super) fn leaf<T>(&mut self, selected: &'a Selected, leaf: &Leaf<T>, row: &T) -> Result<(), Nulled> {
        match leaf.write(row, self.now, &mut self.json) {
            Ok(changes_at) => {
                self.changes_at(changes_at);
                self.check_room()
            }
            Err(beyond) => {
                let start = self.json.len();
                let nulled = self.below(&selected.key, |writer| Err(writer.beyond(beyond, selected)));
                self.or_null(start, leaf.is_nullable(), nulled)
            }
        }
    }

    /// Writes the value of `key`: the path to what fails there leads through it.
    pub(super) fn below<R>(&mut self, key: &'a ResponseKey, write: impl FnOnce(&mut Self) -> R) -> R {
        self.path.push(Step::Key(&key.name));
        let written = write(self);
        self.path.pop();
        written
    }

    /// Writes what a relation gave for the parent at `index`.
    pub(super) fn relation(
        &mut self,
        selected: &'a Selected,
        nullable: bool,
        sub: &'a Sub,
        joined: &Joined,
        index: usize,
    ) -> Result<(), Nulled> {
        let start = self.json.len();
        let written = self.below(&selected.key, |writer| match joined {
            Ok(children) => writer.children(selected, nullable, sub, children, index),
            Err(error) => Err(writer.problem(error.clone(), selected)),
        });
        self.or_null(start, nullable, written)
    }

    /// A place that may be null ends the way of a [`Nulled`], unless the whole answer ends.
    fn or_null(&mut self, start: usize, nullable: bool, written: Result<(), Nulled>) -> Result<(), Nulled> {
        match written {
            Err(Nulled) if nullable && self.too_long.is_none() => {
                self.json.truncate(start);
                self.json.null();
                Ok(())
            }
            written => written,
        }
    }

    fn problem(&mut self, error: Error, selected: &Selected) -> Nulled {
        self.problems.push(Problem { error, path: shown(&self.path), location: selected.location });
        Nulled
    }

    fn beyond(&mut self, beyond: Beyond, selected: &Selected) -> Nulled {
        self.problem(Error::internal(beyond), selected)
    }

    fn children(
        &mut self,
        selected: &'a Selected,
        nullable: bool,
        sub: &'a Sub,
        children: &Children,
        index: usize,
    ) -> Result<(), Nulled> {
        match (sub, children) {
            (Sub::One(selection), Children::One { level, of }) => match of[index] {
                Some(row) => self.object(selection, level, 0, row),
                None if nullable => {
                    self.json.null();
                    Ok(())
                }
                None => {
                    let missing = Error::NotFound { kind: selection.object.name(), id: "behind this field".to_owned() };
                    Err(self.problem(missing, selected))
                }
            },
            (Sub::Many(selection), Children::Many { level, of }) => {
                self.list(of[index].clone(), |writer, row| writer.object(selection, level, 0, row))
            }
            (Sub::Page(page), Children::Pages { level, of, cursor }) => {
                self.page(selected, page, level, &of[index], cursor)
            }
            (Sub::Refs { selections, is_list, nullable_items }, Children::Refs { levels, of }) => {
                let object = |writer: &mut Self, found: &Option<Ref>| match found {
                    Some(Ref::Row { level, row }) => {
                        let start = writer.json.len();
                        let written = writer.object(&selections[*level], &levels[*level], 0, *row);
                        writer.or_null(start, *nullable_items, written)
                    }
                    Some(Ref::Forbidden(permission)) => {
                        let (start, error) = (writer.json.len(), Error::Forbidden(*permission));
                        let nulled = writer.problem(error, selected);
                        writer.or_null(start, *nullable_items, Err(nulled))
                    }
                    None => {
                        writer.json.null();
                        Ok(())
                    }
                };
                match is_list {
                    true => self.list(&of[index], object),
                    false => object(self, of[index].first().unwrap_or(&None)),
                }
            }
            _ => unreachable!("loaded as planned"),
        }
    }

    pub(super) fn list<I: IntoIterator>(
        &mut self,
        items: I,
        mut write: impl FnMut(&mut Self, I::Item) -> Result<(), Nulled>,
    ) -> Result<(), Nulled> {
        self.json.raw(b"[");
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.json.raw(b",");
            }
            self.path.push(Step::Index(index));
            let written = write(self, item);
            self.path.pop();
            written?;
        }
        self.json.raw(b"]");
        Ok(())
    }

    /// One row of a level, under the level's selection with that number.
    fn object(&mut self, selection: &'a Selection, level: &Level, number: usize, row: usize) -> Result<(), Nulled> {
        self.check_room()?;
        self.objects += 1;
        selection.object.write(&*level.rows, row, selection, &level.joined[number], self)
    }

    fn page(
        &mut self,
        selected: &Selected,
        page: &'a PageSelection,
        level: &Level,
        of: &PageOf,
        cursor: &CursorFn,
    ) -> Result<(), Nulled> {
        self.members(&page.items, |writer, item| match item {
            PageItem::Nodes(number) => {
                writer.list(of.rows.clone(), |writer, row| writer.object(&page.nodes[*number], level, *number, row))
            }
            PageItem::Edges(edge) => writer.list(of.rows.clone(), |writer, row| {
                writer.members(edge, |writer, item| match item {
                    EdgeItem::Cursor => writer.word(&cursor(&*level.rows, row)),
                    EdgeItem::Node(number) => writer.object(&page.nodes[*number], level, *number, row),
                    EdgeItem::Typename => writer.word(&page.edge_type_name),
                })
            }),
            PageItem::Info(info) => writer.members(info, |writer, item| {
                let end = |row: Option<usize>| row.map(|row| cursor(&*level.rows, row));
                match item {
                    InfoItem::StartCursor => writer.nullable_word(end(of.rows.clone().next())),
                    InfoItem::EndCursor => writer.nullable_word(end(of.rows.clone().next_back())),
                    InfoItem::HasNextPage => writer.json.flag(of.has_next),
                    InfoItem::HasPreviousPage => writer.json.flag(of.has_previous),
                    InfoItem::Typename => writer.json.word("PageInfo"),
                }
                Ok(())
            }),
            PageItem::Total => {
                // Planned with a total, hence counted.
                let total = int(of.total.unwrap_or(0) as i64).map_err(|beyond| writer.beyond(beyond, selected))?;
                writer.json.int(total);
                Ok(())
            }
            PageItem::Typename => writer.word(&page.type_name),
        })
    }

    fn word(&mut self, word: &str) -> Result<(), Nulled> {
        self.json.word(word);
        Ok(())
    }

    fn nullable_word(&mut self, word: Option<String>) {
        match word {
            Some(word) => self.json.word(&word),
            None => self.json.null(),
        }
    }

    fn members<I: 'a>(
        &mut self,
        items: &'a [(ResponseKey, I)],
        mut write: impl FnMut(&mut Self, &'a I) -> Result<(), Nulled>,
    ) -> Result<(), Nulled> {
        self.json.raw(b"{");
        for (index, (key, item)) in items.iter().enumerate() {
            if index > 0 {
                self.json.raw(b",");
            }
            self.json.raw(&key.json);
            self.below(key, |writer| write(writer, item))?;
        }
        self.json.raw(b"}");
        Ok(())
    }
}
