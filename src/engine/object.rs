//! How a type describes itself: its fields, how each is written, and how its relations are loaded.
//!
//! The schema and the engine both come from one description, so nothing is said twice.

use async_graphql::{InputType, dataloader::Loader, registry::Registry};
use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    argument::Argument,
    context::Context,
    leaf::Leaf,
    live::{Listen, LiveField, LiveOf},
    node::{Find, FindRefs, NodeBy, NodeRef, NodeSource, ToRefs},
    part::{Part, PartOf, PartsOf},
    relation::{Key, Paged, Relation, ToGiven, ToMany, ToOne, ToPage, Wanted, page_arguments},
    scalar,
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
        self.fields.push(Field { name, about, arguments, ty, kind, reads: &[], own_needs });
        self.fields.last_mut().expect("just pushed")
    }

    fn leaf<S: InputType>(&mut self, name: &'static str, about: &'static str, leaf: Leaf<T>) -> &mut Field<T> {
        self.field(name, about, S::create_type_info, FieldKind::Leaf(leaf))
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

    /// The global id of any object that the row refers to.
    pub fn nullable_id(
        &mut self,
        name: &'static str,
        about: &'static str,
        id: fn(&T) -> Option<(&'static str, Uuid)>,
    ) -> &mut Field<T> {
        self.leaf::<Option<async_graphql::ID>>(name, about, Leaf::NullableId(id))
    }

    pub fn text(&mut self, name: &'static str, about: &'static str, text: fn(&T) -> &str) -> &mut Field<T> {
        self.leaf::<String>(name, about, Leaf::Text(text))
    }

    pub fn nullable_text(
        &mut self,
        name: &'static str,
        about: &'static str,
        text: fn(&T) -> Option<&str>,
    ) -> &mut Field<T> {
        self.leaf::<Option<String>>(name, about, Leaf::NullableText(text))
    }

    /// A text that stands nowhere in the row, but is made of it.
    pub fn nullable_owned_text(
        &mut self,
        name: &'static str,
        about: &'static str,
        text: fn(&T) -> Option<String>,
    ) -> &mut Field<T> {
        self.leaf::<Option<String>>(name, about, Leaf::OwnedText(text))
    }

    /// A span of time that upstream wrote, ISO 8601.
    pub fn nullable_duration(
        &mut self,
        name: &'static str,
        about: &'static str,
        text: fn(&T) -> Option<&str>,
    ) -> &mut Field<T> {
        self.leaf::<Option<scalar::Duration>>(name, about, Leaf::NullableText(text))
    }

    pub fn texts(&mut self, name: &'static str, about: &'static str, texts: fn(&T) -> &[String]) -> &mut Field<T> {
        self.leaf::<Vec<String>>(name, about, Leaf::Texts(texts))
    }

    pub fn int(&mut self, name: &'static str, about: &'static str, int: fn(&T) -> i64) -> &mut Field<T> {
        self.leaf::<i32>(name, about, Leaf::Int(int))
    }

    pub fn nullable_int(
        &mut self,
        name: &'static str,
        about: &'static str,
        int: fn(&T) -> Option<i64>,
    ) -> &mut Field<T> {
        self.leaf::<Option<i32>>(name, about, Leaf::NullableInt(int))
    }

    /// A whole number that may pass the 32 bits of `Int`, hence a `Float` in the schema.
    pub fn large_int(&mut self, name: &'static str, about: &'static str, int: fn(&T) -> i64) -> &mut Field<T> {
        self.leaf::<f64>(name, about, Leaf::LargeInt(int))
    }

    /// A number that depends on what day it is.
    pub fn nullable_int_today(
        &mut self,
        name: &'static str,
        about: &'static str,
        int: fn(&T, NaiveDate) -> Option<i64>,
    ) -> &mut Field<T> {
        self.leaf::<Option<i32>>(name, about, Leaf::NullableIntToday(int))
    }

    /// A yes or no that depends on what day it is.
    pub fn flag_today(
        &mut self,
        name: &'static str,
        about: &'static str,
        flag: fn(&T, NaiveDate) -> bool,
    ) -> &mut Field<T> {
        self.leaf::<bool>(name, about, Leaf::FlagToday(flag))
    }

    pub fn flag(&mut self, name: &'static str, about: &'static str, flag: fn(&T) -> bool) -> &mut Field<T> {
        self.leaf::<bool>(name, about, Leaf::Flag(flag))
    }

    pub fn nullable_flag(
        &mut self,
        name: &'static str,
        about: &'static str,
        flag: fn(&T) -> Option<bool>,
    ) -> &mut Field<T> {
        self.leaf::<Option<bool>>(name, about, Leaf::NullableFlag(flag))
    }

    pub fn time(&mut self, name: &'static str, about: &'static str, time: fn(&T) -> DateTime<Utc>) -> &mut Field<T> {
        self.leaf::<scalar::DateTime>(name, about, Leaf::Time(time))
    }

    pub fn nullable_time(
        &mut self,
        name: &'static str,
        about: &'static str,
        time: fn(&T) -> Option<DateTime<Utc>>,
    ) -> &mut Field<T> {
        self.leaf::<Option<scalar::DateTime>>(name, about, Leaf::NullableTime(time))
    }

    pub fn date(&mut self, name: &'static str, about: &'static str, date: fn(&T) -> NaiveDate) -> &mut Field<T> {
        self.leaf::<scalar::Date>(name, about, Leaf::Date(date))
    }

    pub fn nullable_date(
        &mut self,
        name: &'static str,
        about: &'static str,
        date: fn(&T) -> Option<NaiveDate>,
    ) -> &mut Field<T> {
        self.leaf::<Option<scalar::Date>>(name, about, Leaf::NullableDate(date))
    }

    /// A value of the enum `E`.
    pub fn word<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T) -> &'static str,
    ) -> &mut Field<T> {
        self.leaf::<E>(name, about, Leaf::Word(word))
    }

    pub fn nullable_word<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T) -> Option<&'static str>,
    ) -> &mut Field<T> {
        self.leaf::<Option<E>>(name, about, Leaf::NullableWord(word))
    }

    pub fn words<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        words: fn(&T) -> Vec<&'static str>,
    ) -> &mut Field<T> {
        self.leaf::<Vec<E>>(name, about, Leaf::Words(words))
    }

    /// A value of the enum `E` that depends on the present; `changes_at` tells when it would be another.
    pub fn word_now<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T, DateTime<Utc>) -> &'static str,
        changes_at: fn(&T) -> DateTime<Utc>,
    ) -> &mut Field<T> {
        self.leaf::<E>(name, about, Leaf::WordNow(word, changes_at))
    }

    /// Like [`Object::word_now`], or null.
    pub fn nullable_word_now<E: InputType>(
        &mut self,
        name: &'static str,
        about: &'static str,
        word: fn(&T, DateTime<Utc>) -> Option<&'static str>,
        changes_at: fn(&T) -> DateTime<Utc>,
    ) -> &mut Field<T> {
        self.leaf::<Option<E>>(name, about, Leaf::NullableWordNow(word, changes_at))
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
