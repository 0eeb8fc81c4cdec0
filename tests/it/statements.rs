//! The number of statements depends on the document, and never on how many rows it meets.

use serde_json::json;

use crate::support::{TestApp, walk::Walk};

#[tokio::test]
async fn every_relation_costs_the_same_for_one_parent_and_for_a_thousand() {
    let app = TestApp::with(|config| {
        config.cache.enabled = false;
        config.limits.page_size = 1_000;
    })
    .await;
    app.invent(1_000, 1).await;
    app.query("{ __typename }").await.data(); // Which partners there are is read once.
    let relations = Walk::of(&app).await.relations();
    assert!(relations.len() > 20, "{relations:?}");
    for (list, relation) in relations {
        let query = format!("query($first: Int!) {{ {list}(first: $first) {{ nodes {{ {relation} }} }} }}");
        let mut counts = Vec::new();
        for first in [1, 50, 1_000] {
            let (answer, statements) = app.statements(app.query_with(&query, json!({ "first": first }))).await;
            answer.data();
            counts.push(statements);
        }
        // One row may have nothing to look up.
        assert!(counts[0] <= counts[1], "{query}: {counts:?}");
        assert_eq!(counts[1], counts[2], "{query}");
        assert!(counts[2] <= 6, "{query}: {counts:?}");
    }
}

#[tokio::test]
async fn levels_of_pages_cost_the_same_for_any_number_of_rows() {
    let app = TestApp::with(|config| {
        config.cache.enabled = false;
        config.limits.cost = 100_000_000;
        config.limits.page_size = 1_000;
    })
    .await;
    app.invent(1_000, 1).await;
    app.query("{ __typename }").await.data(); // Which partners there are is read once.
    let query = "query($first: Int!) { customers(first: $first) { totalCount nodes { name
        subscriptions(first: 10, filter: { isAddOn: false }, orderBy: { field: QUANTITY, direction: DESC }) {
            totalCount nodes { addOns(first: 5) { nodes { name } } coveredBy { kind { responseTargets { clock } } } } }
        incidents(last: 5) { totalCount edges { cursor node { latestPost { content } posts(first: 2) { totalCount }
            reach { seatCount } customers(first: 3) { totalCount nodes { serviceHealth(first: 2) { nodes {
                service { name incidents(first: 1) { totalCount } } } } } } } } }
        serviceRequests(first: 3) { nodes { incident { title } notes(first: 1) { nodes { text } } } } } } }";
    let mut counts = Vec::new();
    for first in [50, 200, 1_000] {
        let (answer, statements) = app.statements(app.query_with(query, json!({ "first": first }))).await;
        assert_eq!(answer.data()["customers"]["nodes"].as_array().map(Vec::len), Some(first));
        counts.push(statements);
    }
    assert_eq!(counts, [counts[0]; 3]);
}
