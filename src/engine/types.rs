//! All described types by name, without their Rust types.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use futures::{
    future::{BoxFuture, FutureExt, join_all},
    stream::{self, StreamExt},
};

use super::{
    argument::Args,
    live::{Begun, Payloads},
    node::NodeSource,
    object::{Described, FieldKind, Object},
    run::{Joined, Rows, Run},
    selection::{Selected, Selection, What},
    write::{Nulled, Writer},
};
use crate::domain::{Result, event::EntityKind};

/// A description whose Rust type is not known where it is used.
pub trait AnyObject: Send + Sync {
    fn name(&self) -> &'static str;
    fn made_from(&self) -> &'static [EntityKind];
    /// A field's index and what it leads to.
    fn field(&self, name: &str) -> Option<(usize, Kind)>;
    fn field_name(&self, index: usize) -> &'static str;
    /// What the field at that index looks at besides the objects it gives.
    fn reads(&self, field: usize) -> &'static [EntityKind];
    fn node(&self) -> Option<&dyn NodeSource>;
    fn as_any(&self) -> &dyn Any;
    /// Begins the live field at that index.
    fn listen(&self, field: usize, args: Args, key: [u8; 32], begun: Begun) -> BoxFuture<'static, Result<Payloads>>;
    /// Loads all relations of a selection for all rows of a level, and what is selected below them.
    fn join<'a>(&'a self, rows: &'a Rows, selection: &'a Selection, run: &'a Run<'a>) -> BoxFuture<'a, Vec<Joined>>;
    /// Writes one row.
    fn write<'a>(
        &self,
        rows: &Rows,
        index: usize,
        selection: &'a Selection,
        joined: &[Joined],
        writer: &mut Writer<'a>,
    ) -> Result<(), Nulled>;
}

/// What a field leads to.
#[derive(Clone, Copy)]
pub enum Kind {
    Leaf,
    Part(Child),
    /// A field of the live root, by what its events are.
    Live(Child),
    One {
        child: Child,
        nullable: bool,
    },
    Many(Child),
    /// A connection; `filter_reads` is what its filter may look at besides its own rows.
    Page {
        child: Child,
        filter_reads: &'static [EntityKind],
    },
    /// Objects of the abstract type of that name.
    Refs {
        type_name: &'static str,
        is_list: bool,
        nullable_items: bool,
    },
}

/// A described type by name.
#[derive(Clone, Copy)]
pub struct Child {
    pub(super) name: &'static str,
    pub(super) add: fn(&mut Types),
}

/// `T` as the child of a field.
pub(super) fn child<T: Described>() -> Child {
    Child { name: T::NAME, add: Types::add::<T> }
}

/// The types that can be reached from the root.
#[derive(Default)]
pub struct Types(BTreeMap<&'static str, Arc<dyn AnyObject>>);

impl Types {
    /// Adds `T` and all that its fields lead to.
    pub(super) fn add<T: Described>(&mut self) {
        if self.0.contains_key(T::NAME) {
            return;
        }
        let object = Arc::new(Object::<T>::new());
        self.0.insert(T::NAME, object.clone());
        for field in &object.fields {
            match field.kind.kind() {
                Kind::Part(child)
                | Kind::Live(child)
                | Kind::One { child, .. }
                | Kind::Many(child)
                | Kind::Page { child, .. } => (child.add)(self),
                Kind::Leaf | Kind::Refs { .. } => {}
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<dyn AnyObject>> {
        self.0.get(name)
    }

    /// The types whose objects have a global id.
    pub(super) fn nodes(&self) -> impl Iterator<Item = (&Arc<dyn AnyObject>, &dyn NodeSource)> {
        self.0.values().filter_map(|object| Some((object, object.node()?)))
    }
}

impl<T> FieldKind<T> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Leaf(_) => Kind::Leaf,
            Self::Part(part) => Kind::Part(part.child()),
            Self::Live(live) => Kind::Live(live.child()),
            Self::Relation(relation) => relation.kind(),
        }
    }
}

impl<T: Described> AnyObject for Object<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn made_from(&self) -> &'static [EntityKind] {
        T::MADE_FROM
    }

    fn field(&self, name: &str) -> Option<(usize, Kind)> {
        let index = self.fields.iter().position(|field| field.name == name)?;
        Some((index, self.fields[index].kind.kind()))
    }

    fn field_name(&self, index: usize) -> &'static str {
        self.fields[index].name
    }

    fn reads(&self, field: usize) -> &'static [EntityKind] {
        self.fields[field].reads
    }

    fn node(&self) -> Option<&dyn NodeSource> {
        self.node.as_deref()
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn listen(&self, field: usize, args: Args, key: [u8; 32], begun: Begun) -> BoxFuture<'static, Result<Payloads>> {
        match &self.fields[field].kind {
            FieldKind::Live(live) => live.listen(args, key, begun),
            _ => unreachable!("planned as a live field"),
        }
    }

    fn join<'a>(&'a self, rows: &'a Rows, selection: &'a Selection, run: &'a Run<'a>) -> BoxFuture<'a, Vec<Joined>> {
        let rows: &Vec<T> = rows.downcast_ref().expect("rows of the type that the selection is on");
        let load = move |(selected, field, _): (&'a Selected, usize, _)| match &self.fields[field].kind {
            FieldKind::Relation(relation) => relation.load(rows, selected, run),
            FieldKind::Leaf(_) | FieldKind::Part(_) | FieldKind::Live(_) => unreachable!("planned as a relation"),
        };
        let loads = selection.relations().map(load);
        match T::ONE_BY_ONE {
            true => stream::iter(loads).then(|load| load).collect().boxed(),
            false => join_all(loads).boxed(),
        }
    }

    fn write<'a>(
        &self,
        rows: &Rows,
        index: usize,
        selection: &'a Selection,
        joined: &[Joined],
        writer: &mut Writer<'a>,
    ) -> Result<(), Nulled> {
        let rows: &Vec<T> = rows.downcast_ref().expect("rows of the type that the selection is on");
        self.write_row(&rows[index], index, selection, joined, writer)
    }
}

impl<T: Described> Object<T> {
    /// Writes `row`, which is the one at `index` among those that the relations were `joined` for.
    pub(super) fn write_row<'a>(
        &self,
        row: &T,
        index: usize,
        selection: &'a Selection,
        joined: &[Joined],
        writer: &mut Writer<'a>,
    ) -> Result<(), Nulled> {
        writer.json.raw(b"{");
        for (position, selected) in selection.fields.iter().enumerate() {
            if position > 0 {
                writer.json.raw(b",");
            }
            writer.json.raw(&selected.key.json);
            match &selected.what {
                What::Typename => writer.json.word(T::NAME),
                What::Leaf(field) => match &self.fields[*field].kind {
                    FieldKind::Leaf(leaf) => writer.leaf(selected, leaf, row)?,
                    _ => unreachable!("planned as a leaf"),
                },
                What::Part(field, selection) => match &self.fields[*field].kind {
                    FieldKind::Part(part) => {
                        writer.below(&selected.key, |writer| part.write(row, selection, writer))?;
                    }
                    _ => unreachable!("planned as a part"),
                },
                What::Relation { number, nullable, sub, .. } => {
                    writer.relation(selected, *nullable, sub, &joined[*number], index)?;
                }
                What::Live(..) => unreachable!("begun, not executed"),
                What::Introspection => writer.introspection(&selected.key.name),
            }
        }
        writer.json.raw(b"}");
        Ok(())
    }
}
