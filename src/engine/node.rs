//! Objects of several types by their ids: `node`, `nodes`, and whatever gives references.

use std::marker::PhantomData;

use async_graphql::dataloader::Loader;
use futures::future::{BoxFuture, FutureExt, join_all};
use uuid::Uuid;

use super::{
    context::Context,
    object::Described,
    relation::{Key, Relation, Wanted, asked},
    run::{Children, Joined, Level, Ref, Rows, Run},
    selection::{Selected, Sub},
    types::Kind,
};
use crate::domain::{Error, Result};

/// How objects of one type are refetched by their ids.
pub trait NodeSource: Send + Sync {
    /// What their global ids start with.
    fn prefix(&self) -> &'static str;
    /// The rows that exist and may be seen, and the id of each.
    fn load<'a>(&'a self, context: &'a Context, ids: &'a [Uuid]) -> BoxFuture<'a, Result<(Box<Rows>, Vec<Uuid>)>>;
}

pub(super) struct NodeBy<K, L> {
    prefix: &'static str,
    loader: fn(&Context) -> L,
    key: PhantomData<fn() -> K>,
}

impl<K, L> NodeBy<K, L> {
    pub(super) fn new(prefix: &'static str, loader: fn(&Context) -> L) -> Self {
        Self { prefix, loader, key: PhantomData }
    }
}

impl<K: Key + From<Uuid> + Into<Uuid>, V: Described, L: Loader<K, Value = V, Error = Error>> NodeSource
    for NodeBy<K, L>
{
    fn prefix(&self) -> &'static str {
        self.prefix
    }

    fn load<'a>(&'a self, context: &'a Context, ids: &'a [Uuid]) -> BoxFuture<'a, Result<(Box<Rows>, Vec<Uuid>)>> {
        async move {
            let keys: Vec<K> = ids.iter().map(|id| K::from(*id)).collect();
            let found = (self.loader)(context).load(&keys).await?;
            let (ids, rows): (Vec<Uuid>, Vec<V>) = found.into_iter().map(|(key, row)| (key.into(), row)).unzip();
            Ok((Box::new(rows) as Box<Rows>, ids))
        }
        .boxed()
    }
}

/// An object of any type that has global ids: its prefix and its UUID.
pub type NodeRef = (String, Uuid);

/// Finds references to objects; none stands for what cannot be found.
pub type FindRefs = for<'a> fn(&'a Context, &'a Wanted<'a>) -> BoxFuture<'a, Result<Vec<Option<NodeRef>>>>;

/// Where references come from.
pub(super) enum Find<T> {
    /// From what was asked, the same for every row.
    Asked(FindRefs),
    /// From each row itself.
    InRow(fn(&T) -> Option<NodeRef>),
}

/// A field that gives objects of several types.
pub(super) struct ToRefs<T> {
    pub(super) find: Find<T>,
    pub(super) type_name: &'static str,
    /// A list, or a single object that may be null.
    pub(super) is_list: bool,
    /// Whether a list shows what cannot be found as null, or leaves it out.
    pub(super) nullable_items: bool,
}

impl<T: Described> Relation<T> for ToRefs<T> {
    fn kind(&self) -> Kind {
        Kind::Refs { type_name: self.type_name, is_list: self.is_list, nullable_items: self.nullable_items }
    }

    fn load<'a>(&'a self, parents: &'a [T], selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined> {
        async move {
            let (sub, args) = asked(selected, run);
            let Sub::Refs { selections, .. } = sub else { unreachable!("planned as references") };
            let wanted = Wanted::new(&args, sub, run.page_size);
            let refs = match self.find {
                Find::Asked(find) => find(run.context, &wanted).await?,
                Find::InRow(of) => parents.iter().map(of).collect(),
            };
            let load = |selection: &'a super::selection::Selection| {
                let is_open = run.context.permissions.missing(selection.object.needs()).is_none();
                let source = selection.object.node().filter(|_| is_open);
                let ids: Vec<Uuid> = match source {
                    Some(source) => refs
                        .iter()
                        .flatten()
                        .filter(|(prefix, _)| *prefix == source.prefix())
                        .map(|(_, id)| *id)
                        .collect(),
                    None => Vec::new(),
                };
                let ids = if ids.is_empty() && run.is_rehearsal { vec![Uuid::nil()] } else { ids };
                async move {
                    let (rows, ids) = match source {
                        Some(source) if !ids.is_empty() => source.load(run.context, &ids).await?,
                        _ => return Ok(None),
                    };
                    Ok(Some((Level::load_any(rows, &[selection], run).await, ids)))
                }
            };
            let loaded: Vec<Option<(Level, Vec<Uuid>)>> =
                join_all(selections.iter().map(load)).await.into_iter().collect::<Result<_>>()?;
            let place = |wanted: &Option<NodeRef>| {
                let (prefix, id) = wanted.as_ref()?;
                let level = selections
                    .iter()
                    .position(|selection| selection.object.node().is_some_and(|source| source.prefix() == *prefix))?;
                if let Some(permission) = run.context.permissions.missing(selections[level].object.needs()) {
                    return Some(Ref::Forbidden(permission));
                }
                let row = loaded[level].as_ref()?.1.iter().position(|known| known == id)?;
                Some(Ref::Row { level, row })
            };
            let mut of: Vec<Option<Ref>> = refs.iter().map(place).collect();
            if self.is_list && !self.nullable_items {
                of.retain(|found| matches!(found, Some(Ref::Row { .. })));
            }
            let of = match self.find {
                Find::Asked(_) => vec![of; parents.len()],
                Find::InRow(_) => of.into_iter().map(|own| vec![own]).collect(),
            };
            let empty = || Level { rows: Box::new(()), joined: Vec::new() };
            let levels = loaded.into_iter().map(|loaded| loaded.map_or_else(empty, |(level, _)| level)).collect();
            Ok(Children::Refs { levels, of })
        }
        .boxed()
    }
}
