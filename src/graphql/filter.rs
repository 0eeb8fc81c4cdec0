//! Inputs that filters and orders of all entities share, and how they become the domain's.

use std::collections::BTreeSet;

use async_graphql::{Enum, ID, InputObject, Value};
use chrono::{NaiveDate, Utc};
use uuid::Uuid;

use crate::{
    domain::{
        Error, Result,
        filter::{Filter, Range, TextMatch},
        page::{self, List, Listed},
    },
    engine::{Args, Date, DateTime, parse_id},
};

/// Conditions of one filter, those of its alternatives and on relations included. PostgreSQL plans half a second for so many
/// relations side by side, and ten times as long for twice as many.
const MOST_CONDITIONS: usize = 50;

/// Objects within objects of one filter. SQLite refuses expressions of more than 1,000 levels; so deep a filter becomes one
/// of about half as many, even if it is as wide as it may be, too.
const MOST_LEVELS: usize = 10;

/// Values of one filter, in all of its lists. A statement may have a limited number of parameters.
const MOST_VALUES: usize = 1_000;

/// Characters of one text.
const MOST_CHARACTERS: usize = 1_000;

/// Keys of one order.
const MOST_KEYS: usize = 5;

/// What a text must be like. Letter case never matters. Several members must hold together.
#[derive(Clone, Debug, InputObject)]
pub struct TextFilter {
    /// The whole text.
    eq: Option<String>,
    /// The whole text, one of these.
    r#in: Option<Vec<String>>,
    /// How the text begins.
    starts_with: Option<String>,
    /// What stands somewhere in the text.
    contains: Option<String>,
}

impl TextFilter {
    fn filter<P>(self, predicate: impl Fn(TextMatch) -> P) -> Filter<P> {
        let wanted = [
            self.eq.map(TextMatch::Equals),
            self.r#in.map(TextMatch::In),
            self.starts_with.map(TextMatch::StartsWith),
            self.contains.map(TextMatch::Contains),
        ];
        Filter::All(wanted.into_iter().flatten().map(|wanted| Filter::Is(predicate(wanted))).collect())
    }
}

/// A span of time, half open: `from` is included, `until` is not.
#[derive(Clone, Debug, InputObject)]
pub struct DateTimeRange {
    /// The first moment that counts. Without it there is no start.
    from: Option<DateTime>,
    /// The first moment that no longer counts. Without it there is no end.
    until: Option<DateTime>,
}

impl From<DateTimeRange> for Range<chrono::DateTime<Utc>> {
    fn from(range: DateTimeRange) -> Self {
        Self { from: range.from.map(|at| at.0), until: range.until.map(|at| at.0) }
    }
}

/// A span of days, half open: `from` is included, `until` is not.
#[derive(Clone, Debug, InputObject)]
pub struct DateRange {
    /// The first day that counts. Without it there is no start.
    from: Option<Date>,
    /// The first day that no longer counts. Without it there is no end.
    until: Option<Date>,
}

impl From<DateRange> for Range<NaiveDate> {
    fn from(range: DateRange) -> Self {
        Self { from: range.from.map(|day| day.0), until: range.until.map(|day| day.0) }
    }
}

/// A span of whole numbers, half open: `from` is included, `until` is not.
#[derive(Clone, Debug, InputObject)]
pub struct IntRange {
    /// The first number that counts. Without it there is no start.
    from: Option<i32>,
    /// The first number that no longer counts. Without it there is no end.
    until: Option<i32>,
}

impl From<IntRange> for Range<i64> {
    fn from(range: IntRange) -> Self {
        Self { from: range.from.map(i64::from), until: range.until.map(i64::from) }
    }
}

/// Which way a list runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum OrderDirection {
    /// From small to large, from A to Z, from early to late. Nulls come last.
    Asc,
    /// From large to small, from Z to A, from late to early. Nulls come first.
    Desc,
}

impl From<OrderDirection> for page::Direction {
    fn from(direction: OrderDirection) -> Self {
        match direction {
            OrderDirection::Asc => Self::Ascending,
            OrderDirection::Desc => Self::Descending,
        }
    }
}

/// A filter input of the schema.
pub trait FilterInput: Sized {
    type Predicate;

    /// The filter in domain terms: all members together, then `and`, `or` and `not`.
    fn filter(self) -> Result<Filter<Self::Predicate>>;
}

/// What a filter input gathers while it is read.
pub struct Terms<P>(Vec<Filter<P>>);

impl<P> Terms<P> {
    /// Starts with the parts that every filter input has.
    pub fn new<I: FilterInput<Predicate = P>>(
        and: Option<Vec<I>>,
        or: Option<Vec<I>>,
        not: Option<Box<I>>,
    ) -> Result<Self> {
        let all = |parts: Vec<I>| parts.into_iter().map(I::filter).collect::<Result<Vec<_>>>();
        let parts = [
            and.map(all).transpose()?.map(Filter::All),
            or.map(all).transpose()?.map(Filter::Any),
            not.map(|part| part.filter()).transpose()?.map(|part| Filter::Not(Box::new(part))),
        ];
        Ok(Self(parts.into_iter().flatten().collect()))
    }

    /// A predicate on a member, if it was given.
    pub fn is<V: Into<U>, U>(mut self, given: Option<V>, predicate: impl FnOnce(U) -> P) -> Self {
        self.0.extend(given.map(|value| Filter::Is(predicate(value.into()))));
        self
    }

    /// A predicate on one of several values, if any were given.
    pub fn one_of<V: Into<U>, U: Ord>(
        mut self,
        given: Option<Vec<V>>,
        predicate: impl FnOnce(BTreeSet<U>) -> P,
    ) -> Self {
        self.0.extend(given.map(|values| Filter::Is(predicate(values.into_iter().map(Into::into).collect()))));
        self
    }

    /// A predicate on a text, if it was given.
    pub fn text(mut self, given: Option<TextFilter>, predicate: impl Fn(TextMatch) -> P) -> Self {
        self.0.extend(given.map(|wanted| wanted.filter(predicate)));
        self
    }

    /// A predicate on ids of one type, if they were given.
    pub fn ids<K: Ord + From<Uuid>>(
        mut self,
        given: Option<Vec<ID>>,
        prefix: &str,
        predicate: impl FnOnce(BTreeSet<K>) -> P,
    ) -> Result<Self> {
        if let Some(ids) = given {
            let ids = ids.iter().map(|id| read_id("id", id, prefix)).collect::<Result<_>>()?;
            self.0.push(Filter::Is(predicate(ids)));
        }
        Ok(self)
    }

    /// A predicate over a relation, if it was given.
    pub fn some<I: FilterInput>(
        mut self,
        given: Option<Box<I>>,
        predicate: impl FnOnce(Box<Filter<I::Predicate>>) -> P,
    ) -> Result<Self> {
        if let Some(filter) = given {
            self.0.push(Filter::Is(predicate(Box::new(filter.filter()?))));
        }
        Ok(self)
    }

    pub fn all(self) -> Filter<P> {
        Filter::All(self.0)
    }
}

/// The id behind a global one that was given as `input`, and whose type must suit.
pub fn read_id<K: From<Uuid>>(input: &str, id: &ID, prefix: &str) -> Result<K> {
    match parse_id(id) {
        Some((known, id)) if known == prefix => Ok(K::from(id)),
        _ => {
            let reason = format!("{:?} is no id that begins with {prefix}_; take ids from the field `id`", id.as_str());
            Err(Error::invalid(input, reason))
        }
    }
}

/// The ids behind global ones of one type, if any were given.
pub fn read_ids<K: Ord + From<Uuid>>(given: Option<Vec<ID>>, prefix: &str) -> Result<Option<BTreeSet<K>>> {
    given.map(|ids| ids.iter().map(|id| read_id("filter", id, prefix)).collect()).transpose()
}

/// Values without repetition and in the domain's terms, if any were given.
pub fn set<V: Into<U>, U: Ord>(given: Option<Vec<V>>) -> Option<BTreeSet<U>> {
    given.map(|values| values.into_iter().map(Into::into).collect())
}

/// Puts the arguments `filter` and `orderBy` into a list.
pub fn restrict<T, F, O>(args: &Args, list: &mut List<T>) -> Result<()>
where
    T: Listed,
    F: FilterInput<Predicate = T::Predicate> + async_graphql::InputType,
    O: Into<page::Order<T::Key>> + async_graphql::InputType,
{
    check_filter(args)?;
    if let Some(filter) = args.get::<Option<F>>("filter")? {
        list.filter = filter.filter()?;
    }
    match args.get::<Option<Vec<O>>>("orderBy")? {
        Some(keys) if keys.len() > MOST_KEYS => {
            let reason = format!("{} keys are too many, at most {MOST_KEYS} are allowed", keys.len());
            return Err(Error::invalid("orderBy", reason));
        }
        Some(keys) if !keys.is_empty() => list.order = keys.into_iter().map(Into::into).collect(),
        _ => {}
    }
    Ok(())
}

/// Refuses an argument `filter` that is larger than what a person would write and a database takes.
pub fn check_filter(args: &Args) -> Result<()> {
    let mut size = FilterSize::default();
    args.raw("filter").map_or(Ok(()), |filter| size.add(filter, 1))?;
    let FilterSize { conditions, values } = size;
    if conditions > MOST_CONDITIONS {
        let reason = format!(
            "{conditions} conditions are too many, at most {MOST_CONDITIONS} are allowed; give one condition a list of \
             values, or ask in several requests"
        );
        return Err(Error::invalid("filter", reason));
    }
    if values > MOST_VALUES {
        let reason =
            format!("{values} values are too many, at most {MOST_VALUES} are allowed; ask for some of them at a time");
        return Err(Error::invalid("filter", reason));
    }
    Ok(())
}

/// How much a filter asks for, with everything that stands in it.
#[derive(Default)]
struct FilterSize {
    /// Members with values of their own, and objects without any: those select everything.
    conditions: usize,
    values: usize,
}

impl FilterSize {
    /// Adds what stands in `value`, the outermost object of which is at `level`.
    fn add(&mut self, value: &Value, level: usize) -> Result<()> {
        match value {
            Value::Null => {}
            Value::List(items) => items.iter().try_for_each(|item| self.add(item, level))?,
            Value::Object(_) if level > MOST_LEVELS => {
                let reason = format!(
                    "more than {MOST_LEVELS} levels of objects within objects are too deep; put conditions side by side, \
                     or ask for ids first and then by `ids`"
                );
                return Err(Error::invalid("filter", reason));
            }
            Value::Object(members) => {
                let before = self.conditions;
                for member in members.values().filter(|member| **member != Value::Null) {
                    let before = self.conditions;
                    self.add(member, level + 1)?;
                    self.conditions = self.conditions.max(before + 1);
                }
                self.conditions = self.conditions.max(before + 1);
            }
            value => {
                self.values += 1;
                if let Value::String(text) = value {
                    check_text("filter", text)?;
                }
            }
        }
        Ok(())
    }
}

/// Refuses a text that is not to be looked for in a database.
pub fn check_text(argument: &str, text: &str) -> Result<()> {
    let characters = text.chars().count();
    if characters > MOST_CHARACTERS {
        let reason = format!("a text of {characters} characters is too long, at most {MOST_CHARACTERS} are allowed");
        return Err(Error::invalid(argument, reason));
    }
    if text.contains('\0') {
        return Err(Error::invalid(argument, "a text with a null byte is in no row; leave that byte out"));
    }
    Ok(())
}
