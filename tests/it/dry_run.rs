//! What a request would cost and do, told without doing it.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Socket, TestApp,
    given::{CONTOSO, Given},
    walk::Walk,
};

fn dry(query: &str) -> Value {
    json!({ "query": query, "extensions": { "dryRun": true } })
}

/// Takes the texts of its statements off a line of the plan.
fn sql_of(step: &mut Value) -> Vec<String> {
    let sql = step.as_object_mut().expect("a line").remove("sql");
    serde_json::from_value(sql.expect("its statements")).expect("texts")
}

#[tokio::test]
async fn it_tells_which_page_multiplies_and_how_many_statements_run() {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    let query = "{ list: customers(first: 50) { totalCount nodes { name
        incidents(first: 4) { nodes { latestPost { content } } } } } }";
    app.query("{ __typename }").await.data();
    let (answer, statements) = app.statements(app.post(&dry(query))).await;
    assert_eq!((answer.status.as_u16(), statements), (200, 0), "nothing runs");
    let step = |path: &str, field: &str, parents: u64, each: u64, statements: u64| {
        let objects = parents * each;
        json!({ "path": path, "field": field, "parents": parents, "each": each, "objects": objects, "statements": statements })
    };
    let mut told = answer.json();
    let sql = told["extensions"]["plan"].as_array_mut().expect("a plan").iter_mut().map(sql_of);
    let sql: Vec<Vec<String>> = sql.collect();
    let [list, incidents, posts] = &sql[..] else { panic!("three fields: {sql:?}") };
    assert!(list[0].contains("COUNT(*) FROM \"customer\"") && list[1].contains("LIMIT"), "{list:?}");
    assert!(incidents[0].contains("\"incident_visibility\"") && incidents.len() == 1, "{incidents:?}");
    assert!(posts[0].contains("\"incident_post\"") && posts.len() == 1, "{posts:?}");
    let plan = [
        step("list", "Query.customers", 1, 50, 2),
        step("list.incidents", "Customer.incidents", 50, 4, 1),
        step("list.incidents.latestPost", "Incident.latestPost", 200, 1, 1),
    ];
    let extensions = json!({ "cost": { "estimated": 450, "limit": 200_000 }, "statements": 4, "plan": plan });
    assert_eq!(told, json!({ "data": null, "extensions": extensions }));
    assert_eq!(answer.header("x-supportgraph-cost-estimated"), Some("450"));
    assert_eq!(answer.header("x-supportgraph-cost-actual"), Some("4"), "one, and one for each line of the plan");
}

#[tokio::test]
async fn as_many_statements_run_as_it_tells() {
    let app = TestApp::with(|config| config.cache.enabled = false).await;
    app.invent(300, 1).await;
    app.query("{ __typename }").await.data();
    let mut queries = vec![
        "{ viewer { name } }".to_owned(),
        "{ partner { name } supportPlanKinds { name responseTargets { clock } } }".to_owned(),
        "{ customers { totalCount } }".to_owned(),
        "{ search(text: \"Contoso\") { __typename } }".to_owned(),
    ];
    let relations = Walk::of(&app).await.relations();
    queries.extend(
        relations.iter().map(|(list, relation)| format!("{{ {list}(first: 300) {{ nodes {{ {relation} }} }} }}")),
    );
    let mut differ = Vec::new();
    for query in queries {
        let mut answer = app.post(&dry(&query)).await.json();
        let told = answer["extensions"]["statements"].as_u64().expect("a number");
        for step in answer["extensions"]["plan"].as_array_mut().expect("a plan") {
            // What asks for what an earlier statement of the same field found is not known beforehand.
            let (sql, statements) = (sql_of(step).len() as u64, step["statements"].as_u64().expect("a number"));
            assert!((statements.min(1)..=statements).contains(&sql), "{query}: {sql} of {statements}");
        }
        let (answer, run) = app.statements(app.query(&query)).await;
        answer.data();
        // Where there is nothing of a type, or no parent, nothing is asked about it.
        let may_be_less = ["search", "on Node", "parent"].iter().any(|part| query.contains(part));
        if run > told || (run < told && !may_be_less) {
            differ.push(format!("{query}: {run} of {told}"));
        }
    }
    assert_eq!(differ, Vec::<String>::new());
}

#[tokio::test]
async fn nothing_is_done_and_only_the_plan_is_charged() {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    let before = app.rows().await;
    let mutation = "mutation { serviceRequestOpen(input: { idempotencyKey: \"dry\", title: \"a\", description: \"b\",
        severity: MODERATE }) { serviceRequest { id notes(first: 3) { nodes { text } } } } }";
    let spent = app.metric("supportgraph_cost_total{lane=\"screen\"}").await;
    let answer = app.post(&dry(mutation)).await.json();
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["extensions"]["plan"][0]["field"], "Mutation.serviceRequestOpen");
    assert_eq!(answer["extensions"]["plan"][0]["statements"], Value::Null);
    assert_eq!(app.rows().await, before);
    assert_eq!(app.metric("supportgraph_cost_total{lane=\"screen\"}").await, spent + 4);
}

#[tokio::test]
async fn a_wish_that_is_neither_true_nor_false_is_refused_before_anything_is_done() {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    let act = "mutation { serviceRequestOpen(input: { idempotencyKey: \"wish\", title: \"a\", description: \"b\",
        severity: MODERATE }) { serviceRequest { id } } }";
    let before = app.rows().await;
    for (wish, value) in [("dryRun", json!("true")), ("dryRun", json!(1)), ("dryRun", json!({})), ("cost", json!([]))] {
        let extensions = json!({ wish: value });
        let refused = app.post(&json!({ "query": act, "extensions": extensions })).await;
        assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "BAD_REQUEST"), "{extensions}");
        assert!(refused.text.contains(&format!("`extensions.{wish}` must be true or false")), "{}", refused.text);
        let mut socket = Socket::start(&app).await;
        let payload = json!({ "query": act, "extensions": extensions });
        socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "BAD_REQUEST");
    }
    assert_eq!(app.rows().await, before);
    let unset = json!({ "query": "{ viewer { name } }", "extensions": { "dryRun": null, "cost": null, "other": 1 } });
    assert!(app.post(&unset).await.data()["viewer"]["name"].is_string());
}

#[tokio::test]
async fn who_may_not_look_at_the_schema_is_told_no_sql() {
    let app = TestApp::with(|config| config.limits.introspection = Vec::new()).await;
    let told = app.post(&dry("{ customers { totalCount } }")).await.json();
    let line = &told["extensions"]["plan"][0];
    assert_eq!((line["statements"].as_u64(), line.get("sql")), (Some(1), None), "{told}");
}

#[tokio::test]
async fn what_is_too_dear_is_told_and_what_is_wrong_is_refused() {
    let app = TestApp::start().await;
    let dear = "{ customers(first: 500) { nodes { incidents(first: 500) { nodes { id } } } } }";
    assert_eq!(app.post(&dry(dear)).await.json()["extensions"]["cost"]["estimated"], 250_500);
    assert_eq!(app.post(&dry("{ no }")).await.code(), "GRAPHQL_VALIDATION_FAILED");
    assert_eq!(app.post(&dry(&format!("{{ {} }}", "a: __typename ".repeat(600)))).await.code(), "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn it_works_on_every_transport() {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    let feed = dry("subscription { incidentChanged { incident { customers(first: 9) { nodes { id } } } } }");
    let mut socket = Socket::start(&app).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": feed })).await;
    let told = socket.next().await["payload"]["extensions"].clone();
    assert_eq!(told["cost"]["estimated"], 11);
    assert_eq!(socket.next().await["type"], "complete");
    assert_eq!(app.post(&feed).await.json()["extensions"], told);
    let events = app.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&feed);
    assert!(Answer::of(events).await.text.contains("\"estimated\":11"));
    let link = "/graphql?query=%7Bcustomers(first:3)%7Bnodes%7Bid%7D%7D%7D&extensions=%7B%22dryRun%22%3Atrue%7D";
    assert_eq!(app.get(link).await.json()["extensions"]["cost"]["estimated"], 3);
}
