//! How relations are loaded: once for all parents of a level.

use std::{collections::HashMap, hash::Hash};

use async_graphql::dataloader::Loader;
use futures::future::{BoxFuture, FutureExt};

use super::{
    access::check_arguments,
    argument::{Args, Argument, argument},
    context::Context,
    object::Described,
    run::{Children, Joined, Level, Run, lay_out},
    selection::{PageSelection, Selected, Sub, What},
    types::{Kind, child},
};
use crate::domain::{
    Error, Result,
    event::EntityKind,
    page::{List, Listed, Page, Take, Wants},
};

/// How many rows a page has if nobody says.
const DEFAULT_PAGE: u32 = 20;

/// What rows are found by. The default is a key that nothing has, but where there is only one.
pub trait Key: Copy + Default + Eq + Hash + Send + Sync + 'static {}
impl<K: Copy + Default + Eq + Hash + Send + Sync + 'static> Key for K {}

/// What a loader is made for: the arguments, and what is selected on its objects.
pub struct Wanted<'a> {
    pub args: &'a Args,
    sub: &'a Sub,
    /// At most that many objects may be asked for at once.
    pub page_size: u32,
}

impl<'a> Wanted<'a> {
    pub(super) fn new(args: &'a Args, sub: &'a Sub, page_size: u32) -> Self {
        Self { args, sub, page_size }
    }

    /// Which members of the loaded objects anybody looks at.
    pub fn wants(&self) -> Wants {
        self.sub.wants()
    }
}

/// A relation of rows of type `T`.
pub(super) trait Relation<T>: Send + Sync {
    fn kind(&self) -> Kind;

    /// Loads the children of all `parents`, and everything that is selected below them.
    fn load<'a>(&'a self, parents: &'a [T], selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined>;
}

pub(super) struct ToOne<T, K, L> {
    pub(super) key: fn(&T) -> Option<K>,
    pub(super) loader: fn(&Context, &Wanted) -> Result<L>,
    pub(super) nullable: bool,
}

impl<T: Described, K: Key, V: Described, L: Loader<K, Value = V, Error = Error>> Relation<T> for ToOne<T, K, L> {
    fn kind(&self) -> Kind {
        Kind::One { child: child::<V>(), nullable: self.nullable }
    }

    fn load<'a>(&'a self, parents: &'a [T], selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined> {
        async move {
            let (sub, args) = asked(selected, run);
            let Sub::One(selection) = sub else { unreachable!("planned as one") };
            let loader = (self.loader)(run.context, &Wanted::new(&args, sub, run.page_size))?;
            let keys: Vec<Option<K>> = parents.iter().map(self.key).collect();
            let mut found = load_distinct(&loader, keys.iter().flatten().copied(), run).await?;
            // Parents that share a child share its row, and so everything below it.
            let mut rows = Vec::with_capacity(found.len());
            let mut places = HashMap::with_capacity(found.len());
            let mut of = Vec::with_capacity(keys.len());
            for key in keys {
                let Some(key) = key else {
                    of.push(None);
                    continue;
                };
                if let Some(row) = found.remove(&key) {
                    places.insert(key, rows.len());
                    rows.push(row);
                }
                of.push(places.get(&key).copied());
            }
            Ok(Children::One { level: Level::load(rows, &[selection], run).await, of })
        }
        .boxed()
    }
}

/// An object that each row may hold itself.
pub(super) struct ToGiven<T, V>(pub(super) fn(&T) -> Option<&V>);

impl<T: Described, V: Described> Relation<T> for ToGiven<T, V> {
    fn kind(&self) -> Kind {
        Kind::One { child: child::<V>(), nullable: true }
    }

    fn load<'a>(&'a self, parents: &'a [T], selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined> {
        async move {
            let (sub, _) = asked(selected, run);
            let Sub::One(selection) = sub else { unreachable!("planned as one") };
            let mut rows: Vec<V> = Vec::with_capacity(parents.len());
            let mut of = Vec::with_capacity(parents.len());
            for given in parents.iter().map(self.0) {
                of.push(given.map(|_| rows.len()));
                rows.extend(given.cloned());
            }
            Ok(Children::One { level: Level::load(rows, &[selection], run).await, of })
        }
        .boxed()
    }
}

pub(super) struct ToMany<T, K, L> {
    pub(super) key: fn(&T) -> Option<K>,
    pub(super) loader: fn(&Context, &Wanted) -> Result<L>,
}

impl<T: Described, K: Key, V: Described, L: Loader<K, Value = Vec<V>, Error = Error>> Relation<T> for ToMany<T, K, L> {
    fn kind(&self) -> Kind {
        Kind::Many(child::<V>())
    }

    fn load<'a>(&'a self, parents: &'a [T], selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined> {
        async move {
            let (sub, args) = asked(selected, run);
            let Sub::Many(selection) = sub else { unreachable!("planned as many") };
            let loader = (self.loader)(run.context, &Wanted::new(&args, sub, run.page_size))?;
            let keys: Vec<Option<K>> = parents.iter().map(self.key).collect();
            let found = load_distinct(&loader, keys.iter().flatten().copied(), run).await?;
            let mut rows = Vec::new();
            let mut places = HashMap::with_capacity(found.len());
            for (key, children) in found {
                let start = rows.len();
                rows.extend(children);
                places.insert(key, start..rows.len());
            }
            let of =
                keys.iter().map(|key| key.as_ref().and_then(|key| places.get(key)).cloned().unwrap_or(0..0)).collect();
            Ok(Children::Many { level: Level::load(rows, &[selection], run).await, of })
        }
        .boxed()
    }
}

pub(super) struct ToPage<T, K, V: Listed, L> {
    pub(super) key: fn(&T) -> K,
    pub(super) loader: fn(&Context, List<V>) -> L,
}

impl<T: Described, K: Key, V: Paged, L: Loader<K, Value = Page<V>, Error = Error>> Relation<T> for ToPage<T, K, V, L> {
    fn kind(&self) -> Kind {
        Kind::Page { child: child::<V>(), filter_reads: V::FILTER_READS }
    }

    fn load<'a>(&'a self, parents: &'a [T], selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined> {
        async move {
            let (sub, args) = asked(selected, run);
            let Sub::Page(page) = sub else { unreachable!("planned as a page") };
            check_arguments(run.types, V::NAME, &args, run.context.permissions)?;
            let list = wanted_list::<V>(&args, sub, page, run)?;
            let name = list_name(&list);
            let loader = (self.loader)(run.context, list.clone());
            let keys: Vec<K> = parents.iter().map(self.key).collect();
            let found = load_distinct(&loader, keys.iter().copied(), run).await?;
            let (rows, of) = lay_out(&keys, found);
            let selections: Vec<_> = page.nodes.iter().collect();
            let level = Level::load(rows, &selections, run).await;
            let (cursors, scope) = (run.cursors.clone(), run.context.scope);
            let cursor = move |rows: &super::run::Rows, index: usize| {
                let rows: &Vec<V> = rows.downcast_ref().expect("rows of the page's type");
                cursors.seal(scope, &name, &list.position(&rows[index]))
            };
            Ok(Children::Pages { level, of, cursor: Box::new(cursor) })
        }
        .boxed()
    }
}

/// What a relation was asked for: its sub-selection, and its arguments with variables in place.
pub(super) fn asked<'a>(selected: &'a Selected, run: &Run<'_>) -> (&'a Sub, Args) {
    match &selected.what {
        What::Relation { sub, .. } => (sub, Args::new(&selected.arguments, run.variables)),
        _ => unreachable!("planned as a relation"),
    }
}

async fn load_distinct<K: Key, L: Loader<K, Error = Error>>(
    loader: &L,
    keys: impl Iterator<Item = K>,
    run: &Run<'_>,
) -> Result<HashMap<K, L::Value>> {
    let mut seen = ahash::AHashSet::new();
    let mut keys: Vec<K> = keys.filter(|key| seen.insert(*key)).collect();
    if run.is_rehearsal {
        keys.push(K::default());
    }
    if keys.is_empty() {
        return Ok(HashMap::new());
    }
    loader.load(&keys).await
}

/// A type that stands in connections.
pub trait Paged: Described + Listed {
    /// What [`Paged::restrict`] understands besides the arguments of every connection.
    fn arguments() -> Vec<Argument> {
        Vec::new()
    }

    /// What its filter may look at besides its own rows.
    const FILTER_READS: &'static [EntityKind] = &[];

    /// Puts filter and order into `list`.
    fn restrict(_: &Args, _: &mut List<Self>) -> Result<()> {
        Ok(())
    }
}

/// The arguments of every connection, then those of the type.
pub(super) fn page_arguments<V: Paged>() -> Vec<Argument> {
    let mut arguments = V::arguments();
    let after = match arguments.iter().any(|argument| argument.name == "orderBy") {
        true => "Begin after this cursor. Take it from an earlier page with the same `orderBy`.",
        false => "Begin after this cursor. Take it from an earlier page of the same list.",
    };
    arguments.extend([
        argument::<Option<i32>>(
            "first",
            "How many from the start, or after `after`. 20 if neither `first` nor `last` is given.",
        ),
        argument::<Option<String>>("after", after),
        argument::<Option<i32>>("last", "How many from the end, or before `before`; not together with `first`."),
        argument::<Option<String>>("before", "End before this cursor."),
    ]);
    arguments
}

fn wanted_list<V: Paged>(args: &Args, sub: &Sub, page: &PageSelection, run: &Run<'_>) -> Result<List<V>> {
    let mut list = List::first(DEFAULT_PAGE);
    V::restrict(args, &mut list)?;
    list.take = take(args, run.page_size)?;
    let name = list_name(&list);
    let position = |argument: &'static str| match args.get::<Option<String>>(argument)? {
        Some(cursor) => run.cursors.open(run.context.scope, &name, argument, &cursor).map(Some),
        None => Ok(None),
    };
    list.after = position("after")?;
    list.before = position("before")?;
    list.wants_items = page.wants_items();
    list.wants_ends = page.wants_ends();
    list.wants_total = page.wants_total();
    list.wants = sub.wants();
    Ok(list)
}

/// What seals cursors of a list: a cursor is good for one type in one order.
fn list_name<V: Paged>(list: &List<V>) -> String {
    format!("{} {:?}", V::NAME, list.order)
}

/// How many rows are asked for, and from which end.
pub(super) fn take(args: &Args, page_size: u32) -> Result<Take> {
    let count = |argument: &'static str| -> Result<Option<u32>> {
        let Some(count) = args.get::<Option<i32>>(argument)? else { return Ok(None) };
        match u32::try_from(count) {
            Ok(count) if count <= page_size => Ok(Some(count)),
            Ok(_) => {
                let reason = format!(
                    "{count} is more than a page may hold; ask for at most {page_size}, then go on with `after: endCursor`"
                );
                Err(Error::invalid(argument, reason))
            }
            Err(_) => Err(Error::invalid(argument, "a number of rows cannot be negative")),
        }
    };
    match (count("first")?, count("last")?) {
        (Some(_), Some(_)) => Err(Error::invalid("last", "give either `first` or `last`, not both")),
        (Some(first), None) => Ok(Take::First(first)),
        (None, Some(last)) => Ok(Take::Last(last)),
        (None, None) => Ok(Take::First(DEFAULT_PAGE.min(page_size))),
    }
}
