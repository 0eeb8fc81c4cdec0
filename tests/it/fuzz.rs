//! Whatever is sent as a document, a cursor or a filter: it is answered or refused in words, never a failure of ours.
//!
//! `PROPTEST_CASES=100000 cargo test --test it fuzz` looks longer.

use std::sync::LazyLock;

use proptest::{
    collection::vec,
    prelude::*,
    sample::{Index, select},
    test_runner::{Config, TestRunner},
};
use serde_json::{Value, json};
use supportgraph::{
    domain::access::{Role, Scope, Viewer},
    engine::{Allowed, Engine, Opened, Request},
};
use tokio::runtime::Runtime;

use crate::support::{
    TestApp,
    given::{CONTOSO, Given},
};

/// One server for all cases of one test.
struct Target {
    runtime: Runtime,
    app: TestApp,
    engine: Engine,
    viewer: Viewer,
}

impl Target {
    fn start() -> Self {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
        let (app, given) = runtime.block_on(async {
            let app = TestApp::start().await;
            let given = Given::put(&app, CONTOSO, "contoso").await;
            (app, given)
        });
        let viewer = Viewer::new("local", "local", [Role::GlobalAdmin], Scope::partner(given.id));
        Self { engine: app.engine().clone(), runtime, app, viewer }
    }

    /// The response to a request, which is JSON with data or errors, none of which is a failure of ours.
    fn ask(&self, query: &str, variables: Value) -> Value {
        let variables = variables.as_object().cloned();
        let request = Request { query: Some(query.to_owned()), variables, ..Request::default() };
        let opening = self.engine.open(request, Allowed::Live, self.app.context(self.viewer.clone()));
        let body = match self.runtime.block_on(opening) {
            Opened::Answered(response) => response.body,
            Opened::Live(_) => return json!({ "data": null }),
        };
        let answer: Value = serde_json::from_slice(&body).expect("JSON");
        assert!(
            answer.get("data").is_some() || answer["errors"].as_array().is_some_and(|errors| !errors.is_empty()),
            "{answer}"
        );
        for error in answer["errors"].as_array().into_iter().flatten() {
            let code = error["extensions"]["code"].as_str().expect("a code");
            assert!(!["INTERNAL", "UNAVAILABLE"].contains(&code), "{query} with {:?} gave {error}", self.viewer.name);
            assert!(error["message"].as_str().is_some_and(|message| !message.is_empty()), "{answer}");
        }
        answer
    }
}

/// As many cases as asked for, or enough to find what is found easily.
fn run<S: Strategy>(strategy: S, test: impl Fn(&Target, S::Value)) {
    let config = Config { failure_persistence: None, ..Config::default() };
    let target = Target::start();
    let result = TestRunner::new(config).run(&strategy, |value| {
        test(&target, value);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

/// Documents that people use.
static DOCUMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let folder = std::fs::read_dir("playground/examples").expect("examples");
    let files = folder
        .map(|entry| entry.expect("a file").path())
        .filter(|path| path.extension().is_some_and(|ext| ext == "graphql"));
    let mut documents: Vec<String> = files.map(|path| std::fs::read_to_string(path).expect("text")).collect();
    documents.sort();
    assert!(!documents.is_empty());
    documents
});

/// What stands in documents, in any order.
fn soup() -> impl Strategy<Value = String> {
    let word = select(vec![
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "!",
        "$",
        ":",
        "=",
        "@",
        "|",
        "&",
        "...",
        "\"",
        "\"\"\"",
        "#",
        "\\u{1F600}",
        "query",
        "mutation",
        "subscription",
        "fragment",
        "on",
        "null",
        "true",
        "1",
        "-0.5e3",
        "customers",
        "nodes",
        "name",
        "id",
        "incidents",
        "first",
        "filter",
        "orderBy",
        "node",
        "search",
        "text",
        "viewer",
        "__typename",
        "__schema",
        "types",
        "include",
        "skip",
        "if",
        "$v",
        "Int",
        "String",
        "Customer",
        "serviceRequestOpen",
        "input",
        "incidentChanged",
    ]);
    vec(word, 0..60).prop_map(|words| words.join(" "))
}

/// A document that people use, with pieces of it cut out, doubled or put elsewhere.
fn broken() -> impl Strategy<Value = String> {
    let edits = vec((any::<Index>(), any::<Index>(), 1..20_usize, 0..3_u8), 1..6);
    (select(&**DOCUMENTS), edits).prop_map(|(document, edits)| {
        let mut letters: Vec<char> = document.chars().collect();
        for (from, to, length, edit) in edits {
            let start = from.index(letters.len());
            let piece: Vec<char> = letters[start..(start + length).min(letters.len())].to_vec();
            if edit != 0 {
                letters.drain(start..start + piece.len());
            }
            let place = to.index(letters.len() + 1);
            if edit != 1 {
                letters.splice(place..place, piece);
            }
            if letters.is_empty() {
                break;
            }
        }
        letters.into_iter().collect()
    })
}

#[test]
fn any_document_is_answered_or_refused() {
    run(prop_oneof![soup(), broken(), any::<String>()], |target, document| {
        target.ask(&document, json!({}));
    });
}

#[test]
fn any_cursor_is_answered_or_refused() {
    const PAGE: &str = "query($c: String) { customers(first: 1, after: $c) { pageInfo { endCursor } } }";
    let edits = vec((any::<Index>(), any::<char>()), 0..4);
    run((any::<Option<String>>(), edits), |target, (text, edits)| {
        let good = target.ask(PAGE, json!({}))["data"]["customers"]["pageInfo"]["endCursor"].take();
        let good = good.as_str().expect("a cursor").to_owned();
        let mut letters: Vec<char> = text.unwrap_or_else(|| good.clone()).chars().collect();
        for (place, letter) in edits {
            if !letters.is_empty() {
                let place = place.index(letters.len());
                letters[place] = letter;
            }
        }
        let cursor: String = letters.into_iter().collect();
        let answer = target.ask(PAGE, json!({ "c": cursor }));
        assert_eq!(answer["errors"].is_null(), cursor == good, "{cursor:?} is no cursor: {answer}");
        target.ask("subscription($c: String) { incidentChanged(after: $c) { cursor } }", json!({ "c": cursor }));
    });
}

/// JSON that looks like a filter, or nearly so.
fn filter() -> impl Strategy<Value = Value> {
    let member = select(vec![
        "and",
        "or",
        "not",
        "ids",
        "tenantIds",
        "name",
        "domain",
        "country",
        "relationship",
        "isEnded",
        "subscriptions",
        "incidents",
        "serviceHealth",
        "serviceRequests",
        "contains",
        "eq",
        "in",
        "startsWith",
        "status",
        "from",
        "to",
        "since",
        "productFamily",
        "classification",
        "nothing",
    ]);
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        select(vec![
            "ACTIVE",
            "RESELLER",
            "AZURE",
            "INCIDENT",
            "2026-11-22",
            "2026-11-22T12:00:00Z",
            "",
            "%",
            "cus_AAAA"
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 40, 4, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((member.clone(), inner), 0..4).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

#[test]
fn any_filter_is_answered_or_refused() {
    let lists = vec![
        ("customers", "CustomerFilter"),
        ("subscriptions", "CustomerSubscriptionFilter"),
        ("incidents", "IncidentFilter"),
        ("serviceRequests", "ServiceRequestFilter"),
        ("messages", "MessageFilter"),
        ("supportPlans", "SupportPlanFilter"),
    ];
    run((select(lists), filter()), |target, ((list, ty), filter)| {
        let query = format!("query($f: {ty}) {{ {list}(filter: $f) {{ totalCount }} }}");
        let answer = target.ask(&query, json!({ "f": filter }));
        assert_ne!(answer["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{query} {answer}");
    });
}
