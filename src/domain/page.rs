//! One page of a long list, by key: a reader at page 900 pays what a reader at page 1 pays, and rows that come or go
//! meanwhile shift nothing.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::filter::Filter;

/// Something that stands in lists: it can be filtered and ordered, in the database and in memory alike.
pub trait Listed: Clone + Send + Sync + 'static {
    /// What can be asked of one row.
    type Predicate: Clone + PartialEq + std::fmt::Debug + Send + Sync + 'static;
    /// What a list can be ordered by.
    type Key: Copy + std::fmt::Debug + PartialEq + Send + Sync + 'static;

    /// The order when none is asked for.
    const DEFAULT_ORDER: &'static [Order<Self::Key>];

    /// What breaks ties, and makes every order total.
    fn row_id(&self) -> Uuid;

    /// Where this row stands under `key`.
    fn key(&self, key: Self::Key) -> KeyValue;
}

/// A value that rows are ordered by. `Null` comes last in ascending order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum KeyValue {
    Bool(bool),
    Int(i64),
    Text(String),
    Date(NaiveDate),
    Time(DateTime<Utc>),
    Null,
}

impl<T: Into<KeyValue>> From<Option<T>> for KeyValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Null, Into::into)
    }
}

impl From<bool> for KeyValue {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for KeyValue {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for KeyValue {
    fn from(value: &str) -> Self {
        Self::Text(value.to_owned())
    }
}

impl From<NaiveDate> for KeyValue {
    fn from(value: NaiveDate) -> Self {
        Self::Date(value)
    }
}

impl From<DateTime<Utc>> for KeyValue {
    fn from(value: DateTime<Utc>) -> Self {
        Self::Time(value)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// One key of an order.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Order<K> {
    pub key: K,
    pub direction: Direction,
}

impl<K> Order<K> {
    pub const fn ascending(key: K) -> Self {
        Self { key, direction: Direction::Ascending }
    }

    pub const fn descending(key: K) -> Self {
        Self { key, direction: Direction::Descending }
    }
}

/// A place in an ordered list: the values of the row's keys, then its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Position {
    pub keys: Vec<KeyValue>,
    pub id: Uuid,
}

/// Which members of a row somebody looks at. The others need not be read; they hold their type's default then.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Wants {
    #[default]
    Everything,
    /// The names in snake case. A name stands for what begins with it, too: `status` for `status_text`.
    Only(Arc<[String]>),
}

impl Wants {
    /// Whether somebody looks at `member`.
    pub fn has(&self, member: &str) -> bool {
        let stands_for = |name: &String| {
            member.strip_prefix(name.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
        };
        match self {
            Self::Everything => true,
            Self::Only(names) => names.iter().any(stands_for),
        }
    }
}

/// From which end a page is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Take {
    First(u32),
    Last(u32),
}

/// Which rows of a list are wanted: filtered, ordered, and one window of them.
#[derive(Clone, Debug)]
pub struct List<T: Listed> {
    pub filter: Filter<T::Predicate>,
    pub order: Vec<Order<T::Key>>,
    pub take: Take,
    pub after: Option<Position>,
    pub before: Option<Position>,
    /// Whether anybody asked for the rows of the page; a caller may want only the total.
    pub wants_items: bool,
    /// Whether anybody asked if more rows follow or come before; telling takes one row more.
    pub wants_ends: bool,
    /// Whether anybody asked how many rows there are; counting costs a statement.
    pub wants_total: bool,
    /// Which members of the rows anybody looks at.
    pub wants: Wants,
}

impl<T: Listed> List<T> {
    /// The first `n` rows in the default order.
    pub fn first(n: u32) -> Self {
        Self {
            filter: Filter::default(),
            order: T::DEFAULT_ORDER.to_vec(),
            take: Take::First(n),
            after: None,
            before: None,
            wants_items: true,
            wants_ends: true,
            wants_total: false,
            wants: Wants::Everything,
        }
    }

    /// The same list, restricted.
    pub fn filtered(mut self, filter: Filter<T::Predicate>) -> Self {
        self.filter = filter;
        self
    }

    /// How many rows are wanted.
    pub fn limit(&self) -> u32 {
        match self.take {
            Take::First(n) | Take::Last(n) => n,
        }
    }

    /// How many rows have to be read for a page.
    pub fn rows_to_read(&self) -> u64 {
        u64::from(self.limit()) + u64::from(self.wants_ends)
    }

    /// Where `row` stands in this list.
    pub fn position(&self, row: &T) -> Position {
        Position { keys: self.order.iter().map(|order| row.key(order.key)).collect(), id: row.row_id() }
    }

    /// Makes a page of the [`List::rows_to_read`], in reading order: from the end if the last ones are wanted.
    pub fn page(&self, mut rows: Vec<T>, total: Option<u64>) -> Page<T> {
        let more = rows.len() > self.limit() as usize;
        rows.truncate(self.limit() as usize);
        match self.take {
            Take::First(_) => Page { items: rows, has_next: more, has_previous: self.after.is_some(), total },
            Take::Last(_) => {
                rows.reverse();
                Page { items: rows, has_next: self.before.is_some(), has_previous: more, total }
            }
        }
    }
}

/// One page of a list, in the list's order.
#[derive(Clone, Debug, PartialEq)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Whether rows follow; told only if [`List::wants_ends`].
    pub has_next: bool,
    /// Whether rows come before; true whenever the page began after a cursor.
    pub has_previous: bool,
    /// How many rows the filter selects on all pages; only if it was asked for.
    pub total: Option<u64>,
}
