//! A filter through HTTP selects, and an order sorts, exactly as the same filter and order in memory.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use supportgraph::domain::{
    access::{Role, Scope, Viewer},
    customer::Customer,
    incident::Incident,
    subscription::Subscription,
};
use tokio::runtime::Runtime;

use crate::support::{
    TestApp,
    given::{ADATUM, CONTOSO, Given},
    oracle::{Known, Oracle, filter_input, filters, listed, order_input, orders},
};

const CUSTOMERS: usize = 60;
const SEED: u64 = 1;

/// One database for all cases of a test.
pub fn invented() -> (Runtime, TestApp, Oracle) {
    let runtime = Runtime::new().expect("a runtime");
    let app = runtime.block_on(TestApp::with(|config| config.cache.enabled = false));
    runtime.block_on(app.invent(CUSTOMERS, SEED));
    let oracle = Oracle::of(CUSTOMERS, SEED, app.clock.now());
    (runtime, app, oracle)
}

pub fn runner(cases: u32) -> TestRunner {
    TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() })
}

fn check<T: Known>(cases: u32) {
    let (runtime, app, oracle) = invented();
    let query = format!(
        "query($filter: {input}Filter, $order: [{input}Order!]) {{
            list: {list}(first: 500, filter: $filter, orderBy: $order) {{ totalCount nodes {{ id }} }} }}",
        input = T::INPUT,
        list = T::LIST
    );
    let case = (filters::<T>(), orders::<T>());
    let checked = runner(cases).run(&case, |(filter, order)| {
        let variables = json!({ "filter": filter_input::<T>(&filter), "order": order_input::<T>(&order) });
        let answer = runtime.block_on(app.query_with(&query, variables.clone())).json();
        let wanted = listed::<T>(&oracle, T::rows(&oracle), &filter, &order);
        let list = &answer["data"]["list"];
        prop_assert_eq!(&list["totalCount"], wanted.len(), "{} gave {}", variables, answer);
        let ids = list["nodes"].as_array().expect("nodes").iter().map(|row| row["id"].as_str().expect("an id"));
        prop_assert_eq!(ids.collect::<Vec<_>>(), &wanted[..wanted.len().min(500)], "{}", variables);
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn subscriptions_are_selected_and_sorted_as_in_memory() {
    check::<Subscription>(60);
}

#[test]
fn customers_are_selected_through_their_relations_as_in_memory() {
    check::<Customer>(60);
}

#[test]
fn incidents_are_selected_and_sorted_as_in_memory() {
    check::<Incident>(60);
}

#[tokio::test]
async fn a_filter_that_cannot_be_understood_says_why() {
    let app = TestApp::with_customers(3).await;
    for (arguments, part) in [
        ("customers(filter: { ids: [\"nonsense\"] })", "take ids from the field `id`"),
        ("customers(filter: { ids: [\"sub_AAAAAAAAAAAAAAAAAAAAAA\"] })", "no id that begins with cus_"),
        ("incidents(filter: { startedAt: { from: \"yesterday\" } })", "write it like 2026-11-22T14:00:00Z"),
        ("subscriptions(filter: { commitmentEndsOn: { until: \"22.11.2026\" } })", "write it like 2026-11-22"),
        ("subscriptions(filter: { commitmentEndsOn: { until: \"+12345-01-01\" } })", "write it like 2026-11-22"),
        ("subscriptions(filter: { commitmentEndsOn: { until: 7 } })", ""),
    ] {
        let answer = app.query(&format!("{{ {arguments} {{ totalCount }} }}")).await;
        assert_eq!(answer.code(), "BAD_USER_INPUT", "{arguments}");
        let message = answer.json()["errors"][0]["message"].as_str().expect("a message").to_owned();
        assert!(message.contains(part), "{arguments}: {message}");
    }
}

#[tokio::test]
async fn no_condition_selects_all_and_no_alternative_nothing() {
    let app = TestApp::with_customers(3).await;
    for (filter, count) in
        [("{}", 3), ("{ and: [] }", 3), ("{ or: [] }", 0), ("{ not: {} }", 0), ("null", 3), ("{ name: {} }", 3)]
    {
        let query = format!("{{ customers(filter: {filter}) {{ totalCount }} }}");
        assert_eq!(app.query(&query).await.data()["customers"]["totalCount"], count, "{filter}");
    }
    let given = "query($f: CustomerFilter) { customers(filter: $f, orderBy: []) { totalCount } }";
    assert_eq!(app.query_with(given, json!({})).await.data()["customers"]["totalCount"], 3);
}

/// A filter of customers: so many alternatives.
fn wide(count: usize, part: Value) -> Value {
    json!({ "or": vec![part; count] })
}

/// A filter of customers: so many objects within objects, each of which leads to the next by one of `steps`, in turns.
fn deep(levels: usize, steps: &[&str], innermost: Value) -> Value {
    let path: Vec<&str> = steps.iter().copied().cycle().take(levels - 1).collect();
    path.into_iter().rev().fold(innermost, |inner, step| match step {
        "and" | "or" => json!({ step: [inner] }),
        step => json!({ step: inner }),
    })
}

/// A filter of customers that is as deep as one may be, and so wide at each level that it has 41 + `more` conditions.
fn wide_and_deep(more: usize) -> Value {
    (0..9).rev().fold(json!({ "isOpen": true }), |inner, level| {
        let (relation, own) = if level % 2 == 0 { ("incidents", "isEnded") } else { ("customers", "isOpen") };
        let alternatives = if level == 0 { more } else { 5 };
        json!({ relation: inner, "or": vec![json!({ own: true }); alternatives] })
    })
}

#[tokio::test]
async fn the_largest_filters_are_answered_and_one_more_is_refused() {
    type Made = fn(usize) -> Value;
    const CONDITIONS: &str = "conditions are too many, at most 50 are allowed; give one condition a list of values";
    const LEVELS: &str = "more than 10 levels of objects within objects are too deep; put conditions side by side";
    const RELATIONS: &[&str] = &["incidents", "customers"];
    let cases: [(&str, usize, Made, &str); 13] = [
        ("alternatives", 50, |n| wide(n, json!({ "name": { "eq": "a" } })), CONDITIONS),
        ("together", 50, |n| json!({ "and": vec![json!({ "isEnded": false }); n] }), CONDITIONS),
        ("two of one text", 25, |n| wide(n, json!({ "name": { "startsWith": "a", "contains": "b" } })), CONDITIONS),
        ("without any condition", 50, |n| wide(n, json!({})), CONDITIONS),
        ("of a relation", 50, |n| json!({ "incidents": wide(n, json!({ "title": { "contains": "a" } })) }), CONDITIONS),
        ("relations", 50, |n| wide(n, json!({ "incidents": { "isOpen": true } })), CONDITIONS),
        (
            "relations together",
            50,
            |n| json!({ "and": vec![json!({ "incidents": { "isOpen": true } }); n] }),
            CONDITIONS,
        ),
        ("wide at the bottom", 50, |n| deep(9, RELATIONS, wide(n, json!({ "isEnded": true }))), CONDITIONS),
        ("wide and deep", 9, wide_and_deep, CONDITIONS),
        ("negations", 10, |n| deep(n, &["not"], json!({})), LEVELS),
        ("relations of relations", 10, |n| deep(n, RELATIONS, json!({})), LEVELS),
        ("negated relations", 10, |n| deep(n, &["incidents", "not", "customers", "not"], json!({})), LEVELS),
        ("groups in relations", 10, |n| deep(n, &["and", "incidents", "or", "customers"], json!({})), LEVELS),
    ];
    let places = [
        "customers(filter: $f) { totalCount nodes { id } }",
        "partner { customers(filter: $f) { totalCount nodes { id } } }",
        "incidents { nodes { customers(filter: $f) { totalCount nodes { id } } } }",
    ];
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    let scopes = [Scope::partner(given.id), Scope::customers(given.id, [given.customer_id(ADATUM)])];
    for viewer in scopes.map(|scope| Viewer::new("local", "local", [Role::GlobalAdmin], scope)) {
        for ((what, most, made, refusal), place) in cases.iter().flat_map(|case| places.map(|place| (case, place))) {
            let query = format!("query($f: CustomerFilter) {{ {place} }}");
            let answer = app.ask_as(&viewer, &query, json!({ "f": made(*most) })).await;
            assert_eq!(answer["errors"], Value::Null, "{most} {what} in {place}");
            let answer = app.ask_as(&viewer, &query, json!({ "f": made(most + 1) })).await;
            let error = &answer["errors"][0];
            assert_eq!(error["extensions"]["code"], "BAD_USER_INPUT", "{what} in {place}: {answer}");
            assert!(
                error["message"].as_str().is_some_and(|told| told.contains(refusal)),
                "{what} in {place}: {answer}"
            );
        }
    }
}

#[tokio::test]
async fn the_number_of_conditions_is_the_one_that_was_written() {
    let app = TestApp::with_customers(1).await;
    let query = "query($f: CustomerFilter) { customers(filter: $f) { totalCount } }";
    for (filter, count) in [
        (wide(51, json!({ "name": { "eq": "a" }, "country": null })), 51),
        (wide(51, json!({ "tenantIds": ["a", "b"] })), 51),
        (wide(26, json!({ "serviceHealth": { "isHealthy": true, "service": { "name": { "in": ["a"] } } } })), 52),
        (wide(51, json!({ "and": [], "name": null })), 51),
    ] {
        let told = app.query_with(query, json!({ "f": filter })).await.json()["errors"][0]["message"].to_string();
        assert!(told.contains(&format!(" {count} conditions are too many")), "{filter}: {told}");
    }
}

#[tokio::test]
async fn live_fields_take_no_larger_filter_than_lists() {
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    for field in ["serviceHealthChanged", "incidentChanged", "serviceRequestChanged"] {
        let filter = format!("{}{}Filter", field[..1].to_uppercase(), &field[1..]);
        let query = format!("subscription($f: {filter}) {{ {field}(filter: $f) {{ cursor }} }}");
        let variables = json!({ "f": { "customerIds": vec!["cus_AAAAAAAAAAAAAAAAAAAAAA"; 1_001] } });
        let refused = app.try_listen(Scope::partner(given.id), &query, variables).await.err().expect("a refusal");
        let answer: Value = serde_json::from_slice(&refused.body).expect("JSON");
        let told = answer["errors"][0]["message"].to_string();
        assert!(told.contains("1001 values are too many"), "{field}: {answer}");
    }
}
