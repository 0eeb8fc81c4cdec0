//! What an answer costs, estimated and actual: in headers, and in the answer if asked for.

use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, Socket, Streamed, TestApp,
    attacks::many,
    given::{CONTOSO, Given},
};

/// Estimated and actual cost, as the headers tell them.
fn told(answer: &Answer) -> (u64, u64) {
    let number = |name| answer.header(name).and_then(|text| text.parse().ok()).unwrap_or_else(|| panic!("{name}"));
    (number("x-supportgraph-cost-estimated"), number("x-supportgraph-cost-actual"))
}

async fn given() -> TestApp {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    app
}

/// The objects in an answer, of which each was asked for its type.
fn typed_objects(value: &Value) -> u64 {
    match value {
        Value::Object(members) => {
            u64::from(members.contains_key("__typename")) + members.values().map(typed_objects).sum::<u64>()
        }
        Value::Array(items) => items.iter().map(typed_objects).sum(),
        _ => 0,
    }
}

#[tokio::test]
async fn pages_multiply_in_the_estimate_and_objects_are_counted_in_the_answer() {
    let app = TestApp::with_customers(30).await;
    let answer = app
        .query(
            "{ customers(first: 30) { totalCount pageInfo { endCursor } nodes { __typename
                 incidents(first: 4) { edges { node { __typename latestPost { __typename }
                     again: customers(first: 2) { nodes { __typename } edges { node { __typename } } } } } }
                 supportPlans { __typename } } }
               node(id: \"cus_AAAAAAAAAAAAAAAAAAAAAA\") { __typename } viewer { __typename } }",
        )
        .await;
    let (estimated, actual) = told(&answer);
    assert_eq!(actual, typed_objects(&answer.data()));
    assert!(actual > 30, "{actual}");
    // Customers, their incidents, the posts and twice the customers of these, ten plans each, a node, the viewer.
    assert_eq!(estimated, 30 + 120 + 120 + 2 * 240 + 300 + 1 + 1);
}

#[tokio::test]
async fn an_answer_tells_its_cost_if_asked() {
    let app = given().await;
    let body = json!({ "query": "{ customers(first: 7) { nodes { id } } }", "extensions": { "cost": true } });
    let cost = json!({ "cost": { "estimated": 7, "actual": 2, "limit": 200_000 } });
    assert_eq!(app.post(&body).await.json()["extensions"], cost);
    let kept = json!({ "cost": { "estimated": 1, "actual": 1, "limit": 200_000 } });
    let answer = app.post(&body).await;
    assert_eq!((answer.json()["extensions"].clone(), told(&answer)), (kept.clone(), (1, 1)));
    let silent = app.query("{ customers(first: 7) { nodes { id } } }").await;
    assert_eq!(silent.json().get("extensions"), None);

    let mut socket = Socket::start(&app).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": body })).await;
    assert_eq!(socket.next().await["payload"]["extensions"], kept);

    let events = app.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&body);
    assert!(Streamed::of(events).await.rest().await.contains("\"extensions\":{\"cost\":{"));
    let link = "/graphql?query=%7B__typename%7D&extensions=%7B%22cost%22%3Atrue%7D";
    assert_eq!(app.get(link).await.json()["extensions"]["cost"]["actual"], 1);
}

#[tokio::test]
async fn a_batch_costs_what_its_requests_cost() {
    let app = given().await;
    let ask = |first| json!({ "query": format!("{{ customers(first: {first}) {{ nodes {{ id }} }} }}") });
    let answer = app.post(&json!([ask(1), ask(5), { "query": "{ no }" }])).await;
    assert_eq!((answer.status.as_u16(), told(&answer)), (200, (6, 4)));
}

#[tokio::test]
async fn what_may_cost_one_more_than_the_limit_is_refused() {
    let app = TestApp::with(|config| config.limits.cost = 40).await;
    Given::put(&app, CONTOSO, "contoso").await;
    let ask = async |first: u32| {
        app.query_with(
            "query($n: Int) { customers(first: $n) { nodes { id incidents(first: 3) { nodes { id } } } } }",
            json!({ "n": first }),
        )
        .await
    };
    assert_eq!(told(&ask(10).await).0, 40);
    let refused = ask(11).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "LIMIT_EXCEEDED"));
    assert!(refused.text.contains("is 44, at most 40 is allowed; lower `first`"), "{}", refused.text);
    let refused = app.metric("supportgraph_refused_total{lane=\"screen\",limit=\"document\"}").await;
    assert_eq!(refused, 1);

    let mut socket = Socket::start(&app).await;
    socket.subscribe("1", "{ customers(first: 41) { nodes { id } } }").await;
    assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
    socket
        .subscribe("2", "subscription { incidentChanged { incident { customers(first: 39) { nodes { id } } } } }")
        .await;
    assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn a_look_at_the_schema_costs_what_it_shows() {
    let app = TestApp::start().await;
    let (estimated, actual) = told(&app.query("{ __type(name: \"Customer\") { name fields { name } } }").await);
    assert_eq!(estimated, 1_000);
    assert!((10..100).contains(&actual), "{actual}");
    let lists =
        "{ __schema { types { ...T } } again: __schema { types { ...T } } } fragment T on __Type { fields { name } }";
    let (estimated, actual) = told(&app.query(lists).await);
    assert_eq!(estimated, 4_000, "each list, fragments expanded");
    assert!((1_000..4_000).contains(&actual), "{actual}");
}

#[tokio::test]
async fn what_tools_ask_of_the_schema_is_affordable_and_a_bomb_is_not() {
    let app = TestApp::start().await;
    let (estimated, actual) = told(&app.query(include_str!("support/introspection.graphql")).await);
    assert!(actual < estimated && estimated < 20_000, "{actual} of {estimated}");
    let app = TestApp::with(|config| config.limits.screen_cost_per_minute = 100_000).await;
    let bomb = format!(
        "{{ __schema {{ {} }} }} fragment T on __Type {{ name fields {{ name args {{ name }} }} inputFields {{ name }} }}",
        many(300, |n| format!("a{n}: types {{ ...T }} "))
    );
    let refused = app.query(&bomb).await;
    assert_eq!((refused.status.as_u16(), refused.code().as_str()), (400, "LIMIT_EXCEEDED"), "{}", refused.text);
    let deep = "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
    let refused = app.query(deep).await;
    assert_eq!((refused.code().as_str(), told(&refused).1), ("BAD_USER_INPUT", 1));
    assert_eq!(refused.header("ratelimit"), Some("\"screen\";r=99998;t=1"), "one for each refusal, and no estimate");
}

#[tokio::test]
async fn a_document_that_cannot_be_executed_costs_as_much_as_it_is_long_and_waits_for_its_turn() {
    let app = TestApp::with(|config| {
        config.limits.screen_cost_per_minute = 60;
        config.limits.burst_seconds = 60;
    })
    .await;
    let wrong = |unique: u32| format!("{{ viewer {{ no{unique} {} }} }}", "no ".repeat(797));
    for unique in [1, 2] {
        let refused = app.query(&wrong(unique)).await;
        let code = refused.json()["errors"][0]["extensions"]["code"].clone();
        assert_eq!((code, told(&refused)), (json!("GRAPHQL_VALIDATION_FAILED"), (0, 25)));
    }
    let exhausted = app.query(&wrong(3)).await;
    assert_eq!((exhausted.status.as_u16(), exhausted.code().as_str()), (429, "RATE_LIMITED"), "{}", exhausted.text);
    let dry = json!({ "query": "{ viewer { name } partner { name } }", "extensions": { "dryRun": true } });
    assert_eq!(told(&app.post(&dry).await), (2, 3));
}

#[tokio::test]
async fn a_page_of_another_origin_may_read_the_cost() {
    let app = TestApp::with(|config| {
        config.server.cors_origins = vec!["https://portal.example".to_owned()];
        config.limits.screen_cost_per_minute = 600;
    })
    .await;
    let request = app.request(Method::POST, "/graphql").header("origin", "https://portal.example");
    let answer = Answer::of(request.json(&json!({ "query": "{ __typename }" }))).await;
    let exposed = answer.header("access-control-expose-headers").unwrap_or_default();
    for name in
        ["x-supportgraph-cost-estimated", "x-supportgraph-cost-actual", "ratelimit", "ratelimit-policy", "retry-after"]
    {
        assert!(exposed.split(',').any(|exposed| exposed.trim() == name), "{name} in {exposed}");
        assert!(name == "retry-after" || answer.header(name).is_some(), "{name}");
    }
}
