//! How much a caller may use in a while, at once, and in which lane.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use supportgraph::{
    config::Config,
    domain::{PartnerId, access::Scope},
};
use tokio::task::JoinHandle;

use crate::support::{
    Answer, Client, Socket, Streamed, TestApp,
    given::{CONTOSO, FABRIKAM, Given},
    raw::Raw,
};

/// 100 objects at once, 10 more each second.
fn small(config: &mut Config) {
    config.limits.screen_cost_per_minute = 600;
    config.limits.bi_cost_per_minute = 6_000;
    config.limits.burst_seconds = 10;
}

async fn given(change: impl FnOnce(&mut Config)) -> TestApp {
    let app = TestApp::with(change).await;
    Given::put(&app, CONTOSO, "contoso").await;
    app
}

fn customers(first: u32) -> String {
    format!("{{ customers(first: {first}) {{ nodes {{ id }} }} }}")
}

/// That the answer is a refusal which tells to wait so many seconds.
#[track_caller]
fn assert_too_soon(answer: &Answer, seconds: u64, part: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "RATE_LIMITED"), "{}", answer.text);
    assert_eq!(answer.header("retry-after"), Some(seconds.to_string().as_str()));
    let error = &answer.json()["errors"][0];
    assert_eq!(error["extensions"]["retryAfterSeconds"], seconds);
    assert!(error["message"].as_str().is_some_and(|message| message.contains(part)), "{error}");
}

/// Asks again until the condition holds.
async fn until<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let asking = async {
        loop {
            if let Some(found) = ask().await {
                return found;
            }
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), asking).await.unwrap_or_else(|_| panic!("{what}"))
}

#[tokio::test]
async fn the_estimate_is_taken_the_rest_given_back_and_one_more_than_is_left_refused() {
    let app = given(small).await;
    let answer = app.query(&customers(100)).await;
    assert_eq!(answer.data()["customers"]["nodes"].as_array().map(Vec::len), Some(2));
    assert_eq!(answer.header("ratelimit-policy"), Some("\"screen\";q=100;w=10"));
    assert_eq!(answer.header("ratelimit"), Some("\"screen\";r=98;t=1"));
    assert_eq!(app.query(&customers(98)).await.header("ratelimit"), Some("\"screen\";r=96;t=1"));
    let refused = app.query(&customers(97)).await;
    assert_too_soon(&refused, 1, "this may cost 97, and 96 are left of 100 in 10 s (limits.screen_cost_per_minute)");
    assert_eq!(refused.header("ratelimit"), Some("\"screen\";r=96;t=1"));
    assert_eq!(refused.header("x-supportgraph-cost-actual"), Some("0"));
    app.clock.advance(TimeDelta::seconds(1));
    app.query(&customers(97)).await.data();
    assert_eq!(app.metric("supportgraph_refused_total{lane=\"screen\",limit=\"budget\"}").await, 1);
    assert_eq!(app.metric("supportgraph_cost_total{lane=\"screen\"}").await, 6);
}

#[tokio::test]
async fn it_is_worth_to_wait_as_long_as_is_told_and_no_less() {
    let app = given(|config| {
        small(config);
        config.cache.enabled = false;
    })
    .await;
    for _ in 0..45 {
        app.query(&customers(10)).await.data();
    }
    let waiting = app.query(&customers(55)).await;
    assert_too_soon(&waiting, 5, "10 are left");
    app.clock.advance(TimeDelta::milliseconds(4_400));
    assert_eq!(app.query(&customers(55)).await.status, 429);
    app.clock.advance(TimeDelta::milliseconds(600));
    app.query(&customers(55)).await.data();
}

#[tokio::test]
async fn kept_answers_and_refusals_cost_one() {
    let app = given(small).await;
    let left = async |answer: Answer| answer.header("ratelimit").unwrap_or_default().to_owned();
    assert_eq!(left(app.query(&customers(5)).await).await, "\"screen\";r=98;t=1");
    assert_eq!(left(app.query(&customers(5)).await).await, "\"screen\";r=97;t=1");
    assert_eq!(left(app.query("{ no }").await).await, "\"screen\";r=96;t=1");
    assert_eq!(left(app.query("{").await).await, "\"screen\";r=95;t=1");
}

#[tokio::test]
async fn lanes_have_budgets_of_their_own_and_a_caller_may_step_down() {
    let app = given(small).await;
    app.query(&customers(100)).await.data();
    assert_eq!(app.query(&customers(99)).await.status, 429);
    let bi = app.with_header("x-supportgraph-lane", "bi");
    assert_eq!(bi.query(&customers(90)).await.header("ratelimit"), Some("\"bi\";r=998;t=1"));
    let playground = app.with_header("x-supportgraph-lane", "playground");
    let answer = playground.query(&customers(101)).await;
    assert!(answer.header("ratelimit-policy").is_some_and(|policy| policy.starts_with("\"playground\";")));
    let unknown = app.with_header("x-supportgraph-lane", "fast").query("{ __typename }").await;
    assert_eq!((unknown.status.as_u16(), unknown.code().as_str()), (400, "BAD_REQUEST"));

    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "x-supportgraph-lane": "bi" } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.subscribe("1", &customers(102)).await;
    assert_eq!(socket.next().await["type"], "next");
    assert_eq!(app.metric("supportgraph_cost_total{lane=\"bi\"}").await, 4);
}

#[tokio::test]
async fn partners_have_budgets_of_their_own() {
    let app = given(small).await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    app.clock.advance(TimeDelta::seconds(1));
    let contoso = app.as_partner(CONTOSO);
    contoso.query(&customers(100)).await.data();
    assert_eq!(contoso.query(&customers(99)).await.status, 429);
    app.as_partner(FABRIKAM).query(&customers(99)).await.data();
}

const LIVE: &str = "subscription { incidentChanged { incident { customers(first: 99) { nodes { id } } } } }";

#[tokio::test]
async fn every_transport_is_refused_alike() {
    let app = given(small).await;
    app.query(&customers(100)).await.data();
    let query = customers(99);
    let mut socket = Socket::start(&app).await;
    for (id, document) in [("1", query.as_str()), ("2", LIVE)] {
        socket.subscribe(id, document).await;
        let refused = socket.next().await;
        assert_eq!(
            (&refused["type"], &refused["payload"][0]["extensions"]["code"]),
            (&json!("error"), &json!("RATE_LIMITED")),
            "{refused}"
        );
        assert!(refused["payload"][0]["extensions"]["retryAfterSeconds"].is_u64());
    }
    let ask =
        |accept: &str| app.request(Method::POST, "/graphql").header("accept", accept).json(&json!({ "query": query }));
    let events = Streamed::of(ask("text/event-stream")).await.rest().await;
    assert!(events.contains("RATE_LIMITED"), "{events}");
    assert_too_soon(&Answer::of(ask("multipart/mixed; subscriptionSpec=1.0, application/json")).await, 1, "99");
    let batch = app.post(&json!([{ "query": query }, { "query": "{ __typename }" }])).await.json();
    assert_eq!(
        (&batch[0]["errors"][0]["extensions"]["code"], &batch[1]["data"]["__typename"]),
        (&json!("RATE_LIMITED"), &json!("Query"))
    );
}

#[tokio::test]
async fn who_listens_pays_for_the_opening_and_for_every_event() {
    let app = TestApp::to_listen_to(|config| config.limits.screen_cost_per_minute = 60_000).await;
    let cost = "supportgraph_cost_total{lane=\"screen\"}";
    let mut socket = Socket::start(&app).await;
    socket.subscribe("1", "subscription { incidentChanged { kind incident { service { name } } } }").await;
    socket.next_where(|message| message["payload"]["data"]["incidentChanged"]["kind"] == "SNAPSHOT_COMPLETE").await;
    // The event, its incident and the service of that, as estimated; then the end of the snapshot.
    let opened = app.metric(cost).await;
    assert_eq!(opened, 3 + 1);
    app.disturb().await;
    socket.next_where(|message| message["payload"]["data"]["incidentChanged"]["incident"] != Value::Null).await;
    assert_eq!(app.metric(cost).await, opened + 3);
}

/// An act that is under way for as long as the writer is held.
const ACT: &str = "mutation { serviceRequestOpen(input: { idempotencyKey: \"one-at-a-time\", title: \"a\",
    description: \"b\", severity: MODERATE }) { serviceRequest { id } } }";

fn spawn_query(client: &Client, query: String) -> JoinHandle<Answer> {
    let client = client.clone();
    tokio::spawn(async move { client.query(&query).await })
}

#[tokio::test]
async fn a_caller_has_so_many_requests_under_way_at_once() {
    let app = given(|config| {
        config.limits.requests_per_caller = 1;
        // Kept answers are nobody's burden.
        config.cache.enabled = false;
    })
    .await;
    const LISTEN: &str = "subscription { incidentChanged { kind } }";
    let mut first = Socket::start(&app).await;
    first.subscribe("1", LISTEN).await;
    assert_eq!(first.next().await["type"], "next", "to read a document takes a place, but not for long");
    let held = app.store().scoped(&Scope::partner(PartnerId::of_tenant(CONTOSO))).begin().await.expect("a writer");
    let act = spawn_query(&app, ACT.to_owned());
    let refused = until("the act is under way", async || {
        Some(app.query("{ viewer { name } }").await).filter(|answer| answer.status == 429)
    })
    .await;
    assert_too_soon(
        &refused,
        1,
        "you have 1 requests under way, which is the most at once (limits.requests_per_caller)",
    );
    let mut socket = Socket::start(&app).await;
    socket.subscribe("1", "{ customers { totalCount } }").await;
    assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "RATE_LIMITED");
    socket.subscribe("2", LISTEN).await;
    assert_eq!(socket.next().await["type"], "next", "who listens takes no place");
    drop(held);
    act.await.expect("an answer").data();
    app.query("{ viewer { subject: name } }").await.data();
}

#[tokio::test]
async fn a_full_lane_lets_some_wait_and_others_pass_in_theirs() {
    let app = given(|config| {
        config.limits.bi_at_once = 1;
        config.limits.queue = 1;
        config.limits.queue_seconds = 7;
        config.cache.enabled = false;
    })
    .await;
    app.query("{ __typename }").await.data();
    let held = app.store().scoped(&Scope::partner(PartnerId::of_tenant(CONTOSO))).begin().await.expect("a writer");
    let bi = app.with_header("x-supportgraph-lane", "bi");
    let act = spawn_query(&bi, ACT.to_owned());
    let waits = || async { app.metric("supportgraph_waiting{lane=\"bi\"}").await == 1 };
    // Whoever comes before the act has taken its place is answered at once.
    let waiting = until("one waits", async || {
        let asking = spawn_query(&bi, customers(3));
        until("it is answered or waits", async || (asking.is_finished() || waits().await).then_some(())).await;
        (!asking.is_finished()).then_some(asking)
    })
    .await;
    let full = bi.query(&customers(4)).await;
    assert_too_soon(&full, 7, "in the lane bi 1 requests run at once, and 1 wait already, which is the most");
    app.query(&customers(5)).await.data();
    app.with_header("x-supportgraph-lane", "playground").query(&customers(6)).await.data();

    app.clock.advance(TimeDelta::seconds(7));
    assert_too_soon(&waiting.await.expect("an answer"), 7, "none of them ended within 7 s");
    assert_eq!(app.metric("supportgraph_waiting{lane=\"bi\"}").await, 0);
    assert_eq!(app.metric("supportgraph_refused_total{lane=\"bi\",limit=\"queue\"}").await, 2);

    let waiting = spawn_query(&bi, customers(7));
    until("one waits", async || waits().await.then_some(())).await;
    drop(held);
    act.await.expect("an answer").data();
    waiting.await.expect("an answer").data();
}

#[tokio::test]
async fn nodes_agree_on_what_was_spent() {
    let app = given(|config| {
        small(config);
        config.cache.enabled = false;
        config.limits.screen_cost_per_minute = 60;
        config.limits.burst_seconds = 100;
    })
    .await;
    if app.database_url().starts_with("sqlite") {
        return; // One node alone.
    }
    let other = app.another_node().await;
    for _ in 0..20 {
        app.query(&customers(10)).await.data();
    }
    other.query(&customers(10)).await.data();
    assert_eq!(other.query(&customers(10)).await.header("ratelimit"), Some("\"screen\";r=96;t=4"));
    // 44 were spent on both, and one is granted again with each second.
    until("both have heard of it", async || {
        app.clock.advance(TimeDelta::seconds(1));
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let answer = other.query("{ no }").await;
        let left: u64 = answer.header("ratelimit")?.split(['=', ';']).nth(2)?.parse().ok()?;
        (left < 80).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_client_that_takes_nothing_is_cut_off() {
    let app = given(|config| {
        config.server.connections = 1;
        config.server.write_timeout_seconds = 1;
        config.server.header_timeout_seconds = 3600;
        config.limits.screen_cost_per_minute = 0;
    })
    .await;
    let types =
        "types { kind name description fields { name description type { name kind } args { name description } } }";
    let query = format!("{{ {} }}", (0..50).map(|n| format!("a{n}: __schema {{ {types} }} ")).collect::<String>());
    let body = json!({ "query": query }).to_string();
    let mut greedy = Raw::connect(app.addr).await;
    greedy
        .send(&format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\naccept-encoding: identity\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        ))
        .await;
    // There is one connection: nobody else is answered until it is given up.
    let answer = tokio::time::timeout(Duration::from_secs(60), app.query("{ __typename }")).await;
    answer.expect("the other is cut off").data();
}
