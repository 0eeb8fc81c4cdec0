//! A filter through HTTP selects, and an order sorts, exactly as the same filter and order in memory.

use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use serde_json::json;
use supportgraph::domain::{customer::Customer, incident::Incident, subscription::Subscription};
use tokio::runtime::Runtime;

use crate::support::{
    TestApp,
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
