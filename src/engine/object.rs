//! How a type describes itself: its fields, how each is written, and how its relations are loaded.
//!
//! The schema and the engine both come from one description, so nothing is said twice.

use async_graphql::{dataloader::Loader, registry::Registry};
use uuid::Uuid;

use super::{
    argument::Argument,
    context::Context,
    leaf::Leaf,
    live::{Listen, LiveField, LiveOf},
    node::{Find, FindRefs, NodeBy, NodeRef, NodeSource, ToRefs},
    part::{Part, PartOf, PartsOf},
    relation::{Key, Paged, Relation, ToGiven, ToMany, ToOne, ToPage, Wanted, page_arguments},
    schema::{list_of, node_interface, nullable, one, page_of},
};
use crate::domain::{
    Error, Result,
    access::{Permission, Permissions},
    event::EntityKind,
    page::{List, Page},
};

/// A type of the schema whose objects the engine answers.
pub trait Described: Clone + Send + Sync + 'static {
    /// The type's name in the schema.
    const NAME: &'static str;

    /// What somebody needs to see such objects at all; none where everybody may who may ask.
    const NEEDS: Option<Permission>;

    /// What the objects are made from: an answer that shows one stays true while nothing of these kinds changes.
    const MADE_FROM: &'static [EntityKind];

    /// Whether each field is answered, with all that is selected below it, before the next one begins: those of the
    /// mutation root do something, so their order counts.
    const ONE_BY_ONE: bool = false;

    fn describe(object: &mut Object<Self>);
}

/// The description of one type.
pub struct Object<T> {
    pub(super) about: &'static str,
    pub(super) fields: Vec<Field<T>>,
    pub(super) node: Option<Box<dyn NodeSource>>,
}

/// The description of one field.
pub struct Field<T> {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    pub(super) arguments: Vec<Argument>,
    /// The field's type as the schema prints it; registers what it names.
    pub(super) ty: fn(&mut Registry) -> String,
    pub(super) kind: FieldKind<T>,
    /// What it looks at besides the objects it gives.
    pub(super) reads: &'static [EntityKind],
    /// What it needs besides what its objects need.
    pub(super) own_needs: Permissions,
    /// How many statements load it, if not as many as is usual for its kind.
    pub(super) statements: Option<u64>,
}

pub(super) enum FieldKind<T> {
    Leaf(Leaf<T>),
    Part(Box<dyn Part<T>>),
    Relation(Box<dyn Relation<T>>),
    Live(Box<dyn LiveField>),
}

impl<T> Field<T> {
    /// Declares an argument; [`Wanted::args`] has its value.
    pub fn argument(&mut self, argument: Argument) -> &mut Self {
        self.arguments.push(argument);
        self
    }

    /// Tells that the field needs more than to see the object it stands on and those it gives.
    pub fn needs(&mut self, permission: Permission) -> &mut Self {
        self.own_needs = self.own_needs.and(Permissions::only(permission));
        self
    }

    /// Tells that which objects it gives depends on these kinds, besides those that the objects are made from.
    pub fn depends_on(&mut self, kinds: &'static [EntityKind]) -> &mut Self {
        self.reads = kinds;
        self
    }

    /// Tells how many SQL statements load it at most, where its loader does not run exactly one.
    pub fn takes(&mut self, statements: u64) -> &mut Self {
        self.statements = Some(statements);
        self
    }
}

impl<T: Described> Object<T> {
    /// The description that `T` gives of itself.
    pub(super) fn new() -> Self {
        let mut object = Self { about: "", fields: Vec::new(), node: None };
        T::describe(&mut object);
        object
    }

    /// What the type means, where it comes from and how old it may be.
    pub fn about(&mut self, about: &'static str) {
        self.about = about;
    }

    pub(super) fn field(
        &mut self,
        name: &'static str,
        about: &'static str,
        ty: fn(&mut Registry) -> String,
        kind: FieldKind<T>,
    ) -> &mut Field<T> {
        let (arguments, own_needs) = (Vec::new(), Permissions::NONE);
        self.fields.push(Field { name, about, arguments, ty, kind, reads: &[], own_needs, statements: None });
        self.fields.last_mut().expect("just pushed")
    }

    /// The global id of an object that [`Object::node`] can refetch by it.
    pub fn node<K, L>(&mut self, prefix: &'static str, id: fn(&T) -> Uuid, loader: fn(&Context) -> L)
    where
        K: Key + From<Uuid> + Into<Uuid>,
        L: Loader<K, Value = T, Error = Error>,
    {
        let about = "Global id: names this object in `node` and `nodes` for as long as it exists.";
        self.leaf::<async_graphql::ID>("id", about, Leaf::Id(prefix, id));
        self.node = Some(Box::new(NodeBy::<K, L>::new(prefix, loader)));
    }

    /// An object that is part of the row itself.
    pub fn part<U: Described>(&mut self, name: &'static str, about: &'static str, part: fn(&T) -> &U) -> &mut Field<T> {
        self.field(name, about, one::<U>, FieldKind::Part(Box::new(PartOf(part))))
    }

    /// Objects that are parts of the row itself.
    pub fn parts<U: Described>(
        &mut self,
        name: &'static str,
        about: &'static str,
        parts: fn(&T) -> &[U],
    ) -> &mut Field<T> {
        self.field(name, about, list_of::<U>, FieldKind::Part(Box::new(PartsOf(parts))))
    }

    /// An object that the row holds, with relations of its own; null if it holds none.
    pub fn nullable_given<V: Described>(
        &mut self,
        name: &'static str,
        about: &'static str,
        given: fn(&T) -> Option<&V>,
    ) -> &mut Field<T> {
        self.field(name, about, nullable::<V>, FieldKind::Relation(Box::new(ToGiven(given))))
    }

    /// A field of the live root: `listen` begins its events.
    pub fn live<E: Described>(&mut self, name: &'static str, about: &'static str, listen: Listen<E>) -> &mut Field<T> {
        self.field(name, about, one::<E>, FieldKind::Live(Box::new(LiveOf(listen))))
    }

    /// Another object, by a key in the row. Non-null: use it where the object always exists.
    pub fn one<K: Key, V: Described, L>(
        &mut self,
        name: &'static str,
        about: &'static str,
        key: fn(&T) -> Option<K>,
        loader: fn(&Context, &Wanted) -> Result<L>,
    ) -> &mut Field<T>
    where
        L: Loader<K, Value = V, Error = Error>,
    {
        self.field(name, about, one::<V>, FieldKind::Relation(Box::new(ToOne { key, loader, nullable: false })))
    }

    /// Another object, by a key in the row; null if there is no key or nothing by it, or if loading fails.
    pub fn nullable_one<K: Key, V: Described, L>(
        &mut self,
        name: &'static str,
        about: &'static str,
        key: fn(&T) -> Option<K>,
        loader: fn(&Context, &Wanted) -> Result<L>,
    ) -> &mut Field<T>
    where
        L: Loader<K, Value = V, Error = Error>,
    {
        self.field(name, about, nullable::<V>, FieldKind::Relation(Box::new(ToOne { key, loader, nullable: true })))
    }

    /// A list whose length the domain bounds; empty without a key.
    pub fn many<K: Key, V: Described, L>(
        &mut self,
        name: &'static str,
        about: &'static str,
        key: fn(&T) -> Option<K>,
        loader: fn(&Context, &Wanted) -> Result<L>,
    ) -> &mut Field<T>
    where
        L: Loader<K, Value = Vec<V>, Error = Error>,
    {
        self.field(name, about, list_of::<V>, FieldKind::Relation(Box::new(ToMany { key, loader })))
    }

    /// A connection: one page of a list that can grow, with `filter` and `orderBy` where the type has them.
    pub fn page<K: Key, V: Paged, L>(
        &mut self,
        name: &'static str,
        about: &'static str,
        key: fn(&T) -> K,
        loader: fn(&Context, List<V>) -> L,
    ) -> &mut Field<T>
    where
        L: Loader<K, Value = Page<V>, Error = Error>,
    {
        let field = self.field(name, about, page_of::<V>, FieldKind::Relation(Box::new(ToPage { key, loader })));
        field.arguments = page_arguments::<V>();
        field
    }

    /// Any objects that have global ids, in the order of their references; what is not found is null.
    pub fn refs_or_null(&mut self, name: &'static str, about: &'static str, find: FindRefs) -> &mut Field<T> {
        let refs = ToRefs { find: Find::Asked(find), type_name: "Node", is_list: true, nullable_items: true };
        let ty = |registry: &mut Registry| format!("[{}]!", node_interface(registry));
        self.field(name, about, ty, FieldKind::Relation(Box::new(refs)))
    }

    /// Any one object that has a global id; null if it is not found.
    pub fn nullable_ref(&mut self, name: &'static str, about: &'static str, find: FindRefs) -> &mut Field<T> {
        let refs = ToRefs { find: Find::Asked(find), type_name: "Node", is_list: false, nullable_items: false };
        self.field(name, about, node_interface, FieldKind::Relation(Box::new(refs)))
    }

    /// The object of any type that the row refers to; null if it refers to none, or it is not found.
    pub fn nullable_ref_of(
        &mut self,
        name: &'static str,
        about: &'static str,
        of: fn(&T) -> Option<NodeRef>,
    ) -> &mut Field<T> {
        let refs = ToRefs { find: Find::InRow(of), type_name: "Node", is_list: false, nullable_items: false };
        self.field(name, about, node_interface, FieldKind::Relation(Box::new(refs)))
    }

    /// Objects of the union `type_name`, which `ty` registers; what is not found is left out.
    pub fn refs_of(
        &mut self,
        name: &'static str,
        about: &'static str,
        type_name: &'static str,
        ty: fn(&mut Registry) -> String,
        find: FindRefs,
    ) -> &mut Field<T> {
        let refs = ToRefs { find: Find::Asked(find), type_name, is_list: true, nullable_items: false };
        self.field(name, about, ty, FieldKind::Relation(Box::new(refs)))
    }
}
