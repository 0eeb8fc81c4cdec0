//! The schema that is served: written down, described, and named by its rules.

use std::{fs, path::Path};

use apollo_compiler::{
    Node, Schema,
    ast::{InputValueDefinition, Type},
    schema::ExtendedType,
    validation::Valid,
};

use crate::support::TestApp;

const REMEDY: &str = "run `cargo run -- schema > schema.graphql` and look at what changed";

async fn served() -> (String, Valid<Schema>) {
    let app = TestApp::start().await;
    let sdl = app.get("/schema.graphql").await.text;
    let schema = Schema::parse_and_validate(&sdl, "schema.graphql").expect("the served schema is valid");
    (sdl, schema)
}

/// `Type.field`, its type, its arguments, its description.
type Field = (String, Type, Vec<Node<InputValueDefinition>>, Option<String>);

/// Each field of each object and interface.
fn fields(schema: &Schema) -> Vec<Field> {
    let mut all = Vec::new();
    for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        let fields = match ty {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            _ => continue,
        };
        all.extend(fields.values().map(|field| {
            let about = field.description.as_ref().map(ToString::to_string);
            (format!("{name}.{}", field.name), field.ty.clone(), field.arguments.clone(), about)
        }));
    }
    all
}

/// Each value that goes in: members of inputs, and arguments.
fn inputs(schema: &Schema) -> Vec<(String, Node<InputValueDefinition>)> {
    let mut all = Vec::new();
    for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        if let ExtendedType::InputObject(input) = ty {
            all.extend(input.fields.values().map(|member| (format!("{name}.{}", member.name), (**member).clone())));
        }
    }
    for (field, _, arguments, _) in fields(schema) {
        all.extend(arguments.iter().map(|argument| (format!("{field}({})", argument.name), argument.clone())));
    }
    all
}

#[tokio::test]
async fn the_served_schema_is_the_one_that_is_written_down() {
    let (sdl, _) = served().await;
    let known = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql")).unwrap_or_default();
    let differs = sdl.lines().zip(known.lines()).position(|(served, known)| served != known);
    let differs = differs.or((sdl.lines().count() != known.lines().count()).then_some(known.lines().count()));
    assert_eq!(differs.map(|line| line + 1), None, "schema.graphql differs from this line on; {REMEDY}");
}

#[tokio::test]
async fn everything_is_described() {
    let (_, schema) = served().await;
    let mut silent = Vec::new();
    let is_said =
        |about: Option<&str>| about.is_some_and(|about| about.trim().len() > 2 && about.trim().ends_with('.'));
    for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        if !is_said(ty.description().map(|about| &**about)) {
            silent.push(name.to_string());
        }
        if let ExtendedType::Enum(words) = ty {
            let unsaid = words.values.values().filter(|word| !is_said(word.description.as_deref()));
            silent.extend(unsaid.map(|word| format!("{name}.{}", word.value)));
        }
    }
    silent.extend(fields(&schema).into_iter().filter(|field| !is_said(field.3.as_deref())).map(|field| field.0));
    silent.extend(inputs(&schema).into_iter().filter(|one| !is_said(one.1.description.as_deref())).map(|one| one.0));
    assert!(silent.is_empty(), "without a full sentence: {silent:#?}");
}

/// What a description writes as code.
fn quoted(about: &str) -> impl Iterator<Item = &str> {
    about.split('`').skip(1).step_by(2)
}

#[tokio::test]
async fn descriptions_speak_of_what_stands_beside_them() {
    let (_, schema) = served().await;
    let mut wrong = Vec::new();
    for (name, ty, arguments, about) in fields(&schema) {
        let is_beside = |word: &str| arguments.iter().any(|argument| argument.name == word);
        for argument in &arguments {
            let about = argument.description.as_deref().unwrap_or_default();
            let absent = quoted(about).filter(|word| !is_beside(word));
            wrong.extend(absent.map(|word| format!("{name}({}) speaks of {word}", argument.name)));
        }
        let is_without_snapshot = about.is_some_and(|about| about.contains("There is no snapshot"));
        let tells_state = |argument: &Node<InputValueDefinition>| {
            argument.description.as_deref().is_some_and(|about| about.contains("the present state"))
        };
        if is_without_snapshot && arguments.iter().any(tells_state) {
            wrong.push(format!("{name} has no snapshot, and an argument that tells of one"));
        }
        let Some(ExtendedType::Enum(words)) = schema.types.get(ty.inner_named_type()) else { continue };
        let (object, _) = name.split_once('.').expect("Type.field");
        for word in words.values.values() {
            let about = word.description.as_deref().unwrap_or_default();
            let seen = about.split("see `").skip(1).filter_map(|rest| rest.split('`').next());
            let absent = seen.filter(|field| schema.type_field(object, field).is_err());
            wrong.extend(absent.map(|field| format!("{name}: {} speaks of {field}", word.value)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[tokio::test]
async fn names_tell_what_they_hold() {
    let (_, schema) = served().await;
    let values = fields(&schema).into_iter().map(|(name, ty, ..)| (name, ty));
    let values = values.chain(inputs(&schema).into_iter().map(|(name, one)| (name, (*one.ty).clone())));
    let mut wrong = Vec::new();
    for (name, ty) in values {
        let last = name.rsplit(['.', '(']).next().unwrap_or_default().trim_end_matches(')').to_owned();
        let starts = |words: &[&str]| words.iter().any(|word| last.starts_with(word));
        let ends = |words: &[&str]| words.iter().any(|word| last.ends_with(word));
        let holds = match ty.inner_named_type().as_str() {
            "DateTime" | "DateTimeRange" => {
                ends(&["At", "Until", "By"]) || ["since", "from", "until"].contains(&&*last)
            }
            "Date" | "DateRange" => ends(&["On", "From", "Until"]) || ["from", "until"].contains(&&*last),
            "Boolean" => starts(&["is", "has", "allows", "covers"]),
            "ID" => ends(&["id", "ids", "Id", "Ids"]),
            _ => !ends(&["At"]) && !last.starts_with("is"),
        };
        let is_camel = last.starts_with(|first: char| first.is_ascii_lowercase()) && !last.contains('_');
        if !holds || !is_camel {
            wrong.push(format!("{name}: {ty}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    for (name, ty) in schema.types.iter().filter(|(_, ty)| !ty.is_built_in()) {
        assert!(name.starts_with(|first: char| first.is_ascii_uppercase()), "{name}");
        if let ExtendedType::Enum(words) = ty {
            let shouts =
                |word: &str| word.chars().all(|one| one.is_ascii_uppercase() || one.is_ascii_digit() || one == '_');
            assert!(words.values.keys().all(|word| shouts(word)), "{name}");
        }
        let is_in = ["Filter", "Order", "Range", "Input"].iter().any(|end| name.ends_with(end));
        assert_eq!(is_in, ty.is_input_object(), "{name}");
    }
}

/// The type of `field` as the schema writes it.
fn type_of(schema: &Schema, ty: &str, field: &str) -> String {
    schema.type_field(ty, field).unwrap_or_else(|_| panic!("{ty}.{field} is there")).ty.to_string()
}

#[tokio::test]
async fn connections_and_nodes_are_as_relay_wants_them() {
    let (_, schema) = served().await;
    assert_eq!(type_of(&schema, "Node", "id"), "ID!");
    assert_eq!(type_of(&schema, "Query", "node"), "Node");
    assert_eq!(type_of(&schema, "Query", "nodes"), "[Node]!");
    let info = [
        ("hasNextPage", "Boolean!"),
        ("hasPreviousPage", "Boolean!"),
        ("startCursor", "String"),
        ("endCursor", "String"),
    ];
    for (field, ty) in info {
        assert_eq!(type_of(&schema, "PageInfo", field), ty);
    }
    let mut connections = 0;
    for name in schema.types.keys().filter_map(|name| name.strip_suffix("Connection")) {
        let (connection, edge) = (format!("{name}Connection"), format!("{name}Edge"));
        for (field, ty) in [
            ("nodes", format!("[{name}!]!")),
            ("edges", format!("[{edge}!]!")),
            ("pageInfo", "PageInfo!".to_owned()),
            ("totalCount", "Int!".to_owned()),
        ] {
            assert_eq!(type_of(&schema, &connection, field), ty, "{connection}.{field}");
        }
        assert_eq!(
            (type_of(&schema, &edge, "node"), type_of(&schema, &edge, "cursor")),
            (format!("{name}!"), "String!".to_owned())
        );
        connections += 1;
    }
    assert!(connections > 8);
    for (name, ty, arguments, about) in fields(&schema) {
        if !ty.inner_named_type().ends_with("Connection") {
            continue;
        }
        let is_for_all = !about.is_some_and(|about| about.ends_with("else null with the error FORBIDDEN."));
        assert!(ty.is_non_null() == is_for_all && !ty.is_list(), "{name}: {ty}");
        for (argument, ty) in [("first", "Int"), ("after", "String"), ("last", "Int"), ("before", "String")] {
            let argument =
                arguments.iter().find(|one| one.name == argument).unwrap_or_else(|| panic!("{name}({argument})"));
            assert_eq!(argument.ty.to_string(), ty, "{name}({})", argument.name);
        }
        let entity = ty.inner_named_type().trim_end_matches("Connection").to_owned();
        for (argument, ty) in [("filter", format!("{entity}Filter")), ("orderBy", format!("[{entity}Order!]"))] {
            let given = arguments.iter().find(|one| one.name == argument);
            assert!(given.is_none_or(|given| given.ty.to_string() == ty), "{name}({argument})");
        }
    }
    for (name, ty) in &schema.types {
        let Some(object) = ty.as_object() else { continue };
        let is_node = object.implements_interfaces.iter().any(|one| one.name == "Node");
        assert_eq!(is_node, object.fields.contains_key("id"), "{name}");
    }
}
