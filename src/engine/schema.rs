//! The descriptions as async-graphql's types: what the SDL is printed from.

use std::{borrow::Cow, marker::PhantomData};

use async_graphql::{
    ContainerType, Context, ContextSelectionSet, ObjectType, OutputType, Positioned, Response, SDLExportOptions,
    Schema, ServerError, ServerResult, SubscriptionType, Value,
    indexmap::IndexMap,
    parser::types::Field,
    registry::{MetaField, MetaInputValue, MetaType, MetaTypeId, Registry},
};

use futures::stream::BoxStream;

use super::{
    argument::Argument,
    object::{Described, Object},
    relation::Paged,
};

/// `T` as async-graphql knows it: a type, never a resolver.
struct Registered<T>(PhantomData<fn() -> T>);

/// The connection of `T`.
struct ConnectionOf<T>(PhantomData<fn() -> T>);

/// An edge of the connection of `T`.
struct EdgeOf<T>(PhantomData<fn() -> T>);

/// `PageInfo`, the same for all connections.
struct PageInfo;

pub(super) fn one<T: Described>(registry: &mut Registry) -> String {
    <Registered<T> as OutputType>::create_type_info(registry)
}

pub(super) fn nullable<T: Described>(registry: &mut Registry) -> String {
    one::<T>(registry).trim_end_matches('!').to_owned()
}

pub(super) fn list_of<T: Described>(registry: &mut Registry) -> String {
    format!("[{}]!", one::<T>(registry))
}

pub(super) fn page_of<T: Paged>(registry: &mut Registry) -> String {
    ConnectionOf::<T>::create_type_info(registry)
}

/// Prints the SDL of everything that can be reached from the roots `Q`, `M` and `L`.
pub(super) fn sdl<Q: Described, M: Described, L: Described>() -> String {
    let (queries, mutations) = (Registered::<Q>(PhantomData), Registered::<M>(PhantomData));
    let schema = Schema::build(queries, mutations, Registered::<L>(PhantomData));
    let options = SDLExportOptions::new()
        .include_specified_by()
        .prefer_single_line_descriptions()
        .use_space_ident()
        .indent_width(2);
    schema.finish().sdl_with_options(options)
}

fn field(name: &str, about: &str, ty: String) -> (String, MetaField) {
    let mut field = MetaField::new(name, ty);
    field.description = Some(about.to_owned());
    (name.to_owned(), field)
}

fn input(argument: &Argument, registry: &mut Registry) -> (String, MetaInputValue) {
    let mut input = MetaInputValue::new(argument.name, (argument.register)(registry));
    input.description = Some(argument.about.to_owned());
    input.default_value = argument.default.map(str::to_owned);
    (argument.name.to_owned(), input)
}

fn object(name: &str, about: &str, fields: IndexMap<String, MetaField>) -> MetaType {
    MetaType::Object {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        fields,
        cache_control: Default::default(),
        extends: false,
        shareable: false,
        resolvable: true,
        keys: None,
        visible: None,
        inaccessible: false,
        interface_object: false,
        tags: Vec::new(),
        is_subscription: false,
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    }
}

impl<T: Described> OutputType for Registered<T> {
    fn type_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let description = Object::<T>::new();
            let fields = description.fields.iter().map(|described| {
                let (about, ty) = described.shown((described.ty)(registry));
                let (name, mut field) = field(described.name, &about, ty);
                field.args = described.arguments.iter().map(|argument| input(argument, registry)).collect();
                (name, field)
            });
            let fields = fields.collect();
            if description.node.is_some() {
                registry.add_implements(T::NAME, "Node");
            }
            object(T::NAME, description.about, fields)
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Err(answered_elsewhere())
    }
}

impl<T: Described> ContainerType for Registered<T> {
    async fn resolve_field(&self, _: &Context<'_>) -> ServerResult<Option<Value>> {
        Err(answered_elsewhere())
    }
}

impl<T: Described> ObjectType for Registered<T> {}

impl<T: Described> SubscriptionType for Registered<T> {
    fn type_name() -> Cow<'static, str> {
        T::NAME.into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        <Self as OutputType>::create_type_info(registry)
    }

    fn create_field_stream<'a>(&'a self, _: &'a Context<'_>) -> Option<BoxStream<'a, Response>> {
        None
    }
}

fn answered_elsewhere() -> ServerError {
    ServerError::new("objects are answered by the engine", None)
}

impl<T: Paged> OutputType for ConnectionOf<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Connection", T::NAME).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let node = one::<T>(registry);
            let edge = EdgeOf::<T>::create_type_info(registry);
            let page_info = PageInfo::create_type_info(registry);
            let fields = [
                field("nodes", "The rows of this page, in order.", format!("[{node}]!")),
                field("edges", "The rows of this page, each with its cursor.", format!("[{edge}]!")),
                field("pageInfo", "Whether and where to go on.", page_info),
                field(
                    "totalCount",
                    "How many rows the list has on all pages, by its filter if it has one. Counted only when selected, which costs a statement.",
                    "Int!".to_owned(),
                ),
            ];
            let about = format!("One page of a list of `{}`, by key: rows that come or go meanwhile shift nothing.", T::NAME);
            object(&Self::type_name(), &about, fields.into_iter().collect())
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Err(answered_elsewhere())
    }
}

impl<T: Paged> OutputType for EdgeOf<T> {
    fn type_name() -> Cow<'static, str> {
        format!("{}Edge", T::NAME).into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |registry| {
            let fields = [
                field("node", "The row.", one::<T>(registry)),
                field(
                    "cursor",
                    "Where the row stands; for `after` and `before` of the same list in the same order.",
                    "String!".to_owned(),
                ),
            ];
            object(&Self::type_name(), "A row and its place in the list.", fields.into_iter().collect())
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Err(answered_elsewhere())
    }
}

impl OutputType for PageInfo {
    fn type_name() -> Cow<'static, str> {
        "PageInfo".into()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        registry.create_output_type::<Self, _>(MetaTypeId::Object, |_| {
            let fields = [
                field(
                    "hasNextPage",
                    "Whether rows follow this page. Reading backward, true whenever the page ended before a cursor.",
                    "Boolean!".to_owned(),
                ),
                field(
                    "hasPreviousPage",
                    "Whether rows come before this page. Reading forward, true whenever the page began after a cursor.",
                    "Boolean!".to_owned(),
                ),
                field("startCursor", "The first row's cursor. Null on an empty page.", "String".to_owned()),
                field(
                    "endCursor",
                    "The last row's cursor: `after` of the next page. Null on an empty page.",
                    "String".to_owned(),
                ),
            ];
            object("PageInfo", "Whether and where a list goes on.", fields.into_iter().collect())
        })
    }

    async fn resolve(&self, _: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        Err(answered_elsewhere())
    }
}

/// Registers the interface `Node` and gives its name.
pub(super) fn node_interface(registry: &mut Registry) -> String {
    let id =
        field("id", "Global id: names this object in `node` and `nodes` for as long as it exists.", "ID!".to_owned());
    let interface = MetaType::Interface {
        name: "Node".to_owned(),
        description: Some("An object with a global id, which `node` and `nodes` refetch.".to_owned()),
        fields: [id].into_iter().collect(),
        possible_types: Default::default(),
        extends: false,
        keys: None,
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        directive_invocations: Vec::new(),
        requires_scopes: Vec::new(),
    };
    registry.types.entry("Node".to_owned()).or_insert(interface);
    "Node".to_owned()
}

/// Registers a union of types that are described elsewhere in the schema, and gives its name.
pub fn union_of(registry: &mut Registry, name: &str, about: &str, members: &[&str]) -> String {
    let union = MetaType::Union {
        name: name.to_owned(),
        description: Some(about.to_owned()),
        possible_types: members.iter().map(|member| (*member).to_owned()).collect(),
        visible: None,
        inaccessible: false,
        tags: Vec::new(),
        rust_typename: None,
        directive_invocations: Vec::new(),
    };
    registry.types.entry(name.to_owned()).or_insert(union);
    name.to_owned()
}
