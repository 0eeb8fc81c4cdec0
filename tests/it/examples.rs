//! The example queries of the playground: each is answered, without errors and with something to see.

use std::{fs, path::Path};

use serde_json::{Value, json};

use crate::support::{Socket, TestApp};

#[tokio::test]
async fn every_example_is_answered() {
    // As many as `supportgraph demo` invents: the examples name one of its customers.
    let app = TestApp::with_customers(300).await;

    let (live, asked): (Vec<_>, Vec<_>) = examples().into_iter().partition(|(_, query, _)| is_live(query));
    for (name, query, _) in live {
        let mut socket = Socket::start(&app).await;
        socket.subscribe(&name, &query).await;
        let first = socket.next().await;
        assert!(first["payload"]["data"].is_object() && first["payload"].get("errors").is_none(), "{name}: {first}");
    }
    for (name, query, variables) in asked {
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
async fn the_readme_shows_one_of_them_and_what_the_demo_answers() {
    let app = TestApp::with_customers(300).await;
    let readme = include_str!("../../README.md");
    let shown = |language: &str| {
        let (_, from) = readme.split_once(&format!("```{language}\n")).expect("a block");
        from.split_once("```").expect("its end").0
    };
    let (_, query, variables) =
        examples().into_iter().find(|(name, ..)| name == "2-who-is-calling").expect("the example");

    let answered = app.query_with(&query, variables.clone()).await.json();

    assert_eq!(shown("graphql"), query);
    let named = readme.split('`').find(|text| text.contains("\"domain\"")).expect("variables");
    assert_eq!(serde_json::from_str::<Value>(named).expect("variables are JSON"), variables);
    assert_eq!(serde_json::from_str::<Value>(shown("json")).expect("the answer is JSON"), answered, "{answered:#}");
}

#[test]
fn every_example_fits_the_editor() {
    for (name, query, _) in examples() {
        for line in query.lines() {
            assert!(line.chars().count() <= 57, "{name}: the editor would cut {line:?}");
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
        let lists = |(_, query, given): &(String, String, Value)| given.get("domain").is_none() && !is_live(query);
        for (name, query, variables) in examples().into_iter().filter(lists) {
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

fn is_live(query: &str) -> bool {
    query.lines().any(|line| line.starts_with("subscription"))
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
