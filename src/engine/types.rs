//! All described types by name, without their Rust types.

use std::{any::Any, collections::BTreeMap, sync::Arc};

use futures::{
    future::{BoxFuture, FutureExt, join_all, ready},
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
use crate::domain::{Error, Result, access::Permissions, event::EntityKind};

/// A description whose Rust type is not known where it is used.
pub trait AnyObject: Send + Sync {
    fn name(&self) -> &'static str;
    fn made_from(&self) -> &'static [EntityKind];
    /// What somebody needs to see such objects.
    fn needs(&self) -> Permissions;
    fn fields(&self) -> usize;
    /// A field's index and what it leads to.
    fn field(&self, name: &str) -> Option<(usize, Kind)>;
    fn field_name(&self, index: usize) -> &'static str;
    /// How many statements load the field at that index, if not as many as is usual for its kind.
    fn statements(&self, field: usize) -> Option<u64>;
    /// See [`Described::ONE_BY_ONE`].
    fn one_by_one(&self) -> bool;
    /// What the field at that index looks at besides the objects it gives.
    fn reads(&self, field: usize) -> &'static [EntityKind];
    /// What the field at that index needs, and whether somebody may see the object and not this field.
    fn access(&self, field: usize) -> (Permissions, bool);
    fn node(&self) -> Option<&dyn NodeSource>;
    fn as_any(&self) -> &dyn Any;
    /// Begins the live field at that index.
    fn listen(&self, field: usize, args: Args, key: [u8; 32], begun: Begun) -> BoxFuture<'static, Result<Payloads>>;
    /// Asks the loader of the relation at that index once, for nothing; see [`Run::is_rehearsal`].
    fn rehearse<'a>(&'a self, field: usize, selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined>;
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
    pub(super) needs: Permissions,
    pub(super) add: fn(&mut Types),
}

impl Kind {
    /// The one type whose objects the field gives.
    pub(super) fn child(self) -> Option<Child> {
        match self {
            Self::Part(child)
            | Self::Live(child)
            | Self::One { child, .. }
            | Self::Many(child)
            | Self::Page { child, .. } => Some(child),
            Self::Leaf | Self::Refs { .. } => None,
        }
    }
}

/// `T` as the child of a field.
pub(super) fn child<T: Described>() -> Child {
    Child { name: T::NAME, needs: T::NEEDS.into(), add: Types::add::<T> }
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
        for child in object.fields.iter().filter_map(|field| field.kind.kind().child()) {
            (child.add)(self);
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<dyn AnyObject>> {
        self.0.values()
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

    fn needs(&self) -> Permissions {
        T::NEEDS.into()
    }

    fn fields(&self) -> usize {
        self.fields.len()
    }

    fn field(&self, name: &str) -> Option<(usize, Kind)> {
        let index = self.fields.iter().position(|field| field.name == name)?;
        Some((index, self.fields[index].kind.kind()))
    }

    fn field_name(&self, index: usize) -> &'static str {
        self.fields[index].name
    }

    fn statements(&self, field: usize) -> Option<u64> {
        self.fields[field].statements
    }

    fn one_by_one(&self) -> bool {
        T::ONE_BY_ONE
    }

    fn reads(&self, field: usize) -> &'static [EntityKind] {
        self.fields[field].reads
    }

    fn access(&self, field: usize) -> (Permissions, bool) {
        (self.fields[field].all_needs(), self.fields[field].is_border())
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

    fn rehearse<'a>(&'a self, field: usize, selected: &'a Selected, run: &'a Run<'a>) -> BoxFuture<'a, Joined> {
        self.load(&[], field, selected, run)
    }

    fn join<'a>(&'a self, rows: &'a Rows, selection: &'a Selection, run: &'a Run<'a>) -> BoxFuture<'a, Vec<Joined>> {
        let rows: &Vec<T> = rows.downcast_ref().expect("rows of the type that the selection is on");
        let loads = selection.relations().map(move |(selected, field, _)| self.load(rows, field, selected, run));
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
    /// What the relation at that index gives for `rows`.
    fn load<'a>(
        &'a self,
        rows: &'a [T],
        field: usize,
        selected: &'a Selected,
        run: &'a Run<'a>,
    ) -> BoxFuture<'a, Joined> {
        let FieldKind::Relation(relation) = &self.fields[field].kind else { unreachable!("planned as a relation") };
        match run.context.permissions.missing(selected.needs) {
            None => relation.load(rows, selected, run),
            Some(permission) => ready(Err(Error::Forbidden(permission))).boxed(),
        }
    }

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
            if let Some(permission) = writer.permissions.missing(selected.needs) {
                writer.below(&selected.key, |writer| writer.forbidden(selected, permission))?;
                continue;
            }
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
