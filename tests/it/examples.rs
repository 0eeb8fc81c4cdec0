//! The example queries of the playground: each is answered, without errors and with something to see.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn every_example_is_answered() {
    // As many as `supportgraph demo` invents: the examples name one of its customers.
    let app = TestApp::with_customers(300).await;

    for (name, query, variables) in examples() {
        let data = app.query_with(&query, variables).await.data();
        for (field, answer) in data.as_object().expect("an object") {
            let nothing = [json!(null), json!([]), json!({ "totalCount": 0, "nodes": [] })];
            assert!(!nothing.contains(answer), "{name}: {field} is empty");
        }
        for busy in ["incidents", "serviceHealth", "thirdParty"] {
            assert_ne!(data["customer"][busy], json!({ "nodes": [] }), "{name}: the customer has no {busy}");
        }
    }
}

#[tokio::test]
async fn an_example_costs_the_same_statements_for_any_number_of_customers() {
    let mut counts = Vec::new();
    for customers in [1, 50, 1_000] {
        let app = TestApp::with_customers(customers).await;
        let mut each = Vec::new();
        // Those that begin with lists: what one customer has differs from customer to customer.
        for (name, query, variables) in examples().into_iter().filter(|(.., given)| given.get("domain").is_none()) {
            let before = app.store().statements();
            app.query_with(&query, variables).await.data();
            each.push((name, app.store().statements() - before));
        }
        counts.push(each);
    }
    // A level without parents asks nothing, hence at most; with rows on every level the number is the document's own.
    for (few, many) in counts[0].iter().zip(&counts[1]) {
        assert!(few.1 <= many.1, "{}: {} statements for 1 customer, {} for 50", few.0, few.1, many.1);
    }
    assert_eq!(counts[1], counts[2]);
}

/// Name, text and variables of each.
fn examples() -> Vec<(String, String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("playground/examples");
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("examples").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "graphql"));
    files.sort();
    assert!(files.len() >= 10, "the examples are there");
    let read = |path: &Path| {
        let variables = fs::read_to_string(path.with_extension("json"));
        let variables = variables.map_or(json!({}), |text| serde_json::from_str(&text).expect("variables are JSON"));
        (
            path.file_stem().expect("a name").to_string_lossy().into_owned(),
            fs::read_to_string(path).expect("a query"),
            variables,
        )
    };
    files.iter().map(|path| read(path)).collect()
}
