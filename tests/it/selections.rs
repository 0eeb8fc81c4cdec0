//! What a field says does not depend on what else is selected: columns that nobody looks at are not read.

use apollo_compiler::{Schema, schema::ExtendedType};
use serde_json::Value;

use crate::support::TestApp;

/// A list of each type whose rows are read in part, at the root or below an object that is there.
const LISTS: &[(&str, &str)] = &[
    ("Customer", "customers(first: 5) { nodes {"),
    ("CustomerSubscription", "subscriptions(first: 5, filter: { isAddOn: true }) { nodes {"),
    ("Incident", "incidents(first: 5) { nodes {"),
    ("Message", "messages(first: 5) { nodes {"),
    ("ServiceRequest", "serviceRequests(first: 5, filter: { incident: { isOpen: true } }) { nodes {"),
    ("Service", "services(first: 5) { nodes {"),
    ("SupportPlan", "supportPlans(first: 5) { nodes {"),
    ("IncidentPost", "incidents(first: 5) { nodes { posts(first: 1) { nodes {"),
    ("IncidentPost", "incidents(first: 5) { nodes { latestPost {"),
    ("ServiceHealth", "customers(first: 5) { nodes { serviceHealth(first: 3) { nodes {"),
    ("ServiceRequestNote", "serviceRequests(first: 5) { nodes { notes(first: 2) { nodes {"),
    ("CustomerSubscription", "customers(first: 5) { nodes { subscriptions(first: 3) { nodes {"),
    ("Customer", "subscriptions(first: 5) { nodes { customer {"),
];

#[tokio::test]
async fn a_field_alone_says_what_it_says_among_all_others() {
    let app = TestApp::with_customers(60).await;
    let sdl = app.get("/schema.graphql").await.text;
    let schema = Schema::parse_and_validate(sdl, "schema.graphql").expect("a schema");

    for (name, list) in LISTS {
        let fields = selections(&schema, name);
        assert!(fields.len() > 2, "{name} has fields");
        let close = "}".repeat(list.matches('{').count() - list.matches('}').count());
        let ask = |selection: String| {
            let (app, query) = (&app, format!("{{ {list} {selection} {close} }}"));
            async move { app.query(&query).await.data() }
        };
        let all = ask(fields.iter().map(|(field, below)| format!("the_{field}: {field}{below} ")).collect()).await;
        for (field, below) in &fields {
            let alone = ask(format!("the_{field}: {field}{below}")).await;
            // Aliased, since the lists around it may have fields of the same name.
            let key = format!("the_{field}");
            assert!(!values(&all, &key).is_empty(), "{name}.{field} in {list}");
            assert_eq!(values(&alone, &key), values(&all, &key), "{name}.{field} in {list}");
        }
    }
}

/// The fields of a type that need no argument, each with what to select below it.
fn selections(schema: &Schema, name: &str) -> Vec<(String, String)> {
    let Some(ExtendedType::Object(object)) = schema.types.get(name) else { panic!("{name} is an object") };
    let below = |field: &apollo_compiler::ast::FieldDefinition| match schema.types.get(field.ty.inner_named_type()) {
        Some(ExtendedType::Object(inner)) => match inner.fields.keys().find(|key| key.as_str() == "totalCount") {
            Some(_) => " { totalCount }".to_owned(),
            None => {
                let leaf = |name: &str| schema.types[name].is_scalar() || schema.types[name].is_enum();
                let name = inner.fields.values().find(|inner| leaf(inner.ty.inner_named_type()));
                format!(" {{ {} }}", name.expect("a leaf").name)
            }
        },
        _ => String::new(),
    };
    object.fields.values().map(|field| (field.name.to_string(), below(field))).collect()
}

/// Every value of `field` in an answer, from left to right.
fn values<'a>(answer: &'a Value, field: &str) -> Vec<&'a Value> {
    match answer {
        Value::Array(items) => items.iter().flat_map(|item| values(item, field)).collect(),
        Value::Object(members) => match members.get(field) {
            Some(value) => vec![value],
            None => members.values().flat_map(|member| values(member, field)).collect(),
        },
        _ => Vec::new(),
    }
}
