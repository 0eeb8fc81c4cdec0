//! What unwelcome callers cost: how often somebody may fail to prove who it is, and how much of the audit log that takes.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use supportgraph::{
    actions::Actions,
    config::Config,
    domain::{
        access::{Lane, Role, Scope, Viewer},
        api_key::NewKey,
    },
};

use crate::{
    audit::{exported, only},
    support::{Answer, Client, Socket, TestApp, given::CONTOSO},
};

const WHO: &str = "{ viewer { name } }";

/// A server where everybody has to show a key and three a minute may be wrong, with two good ones.
async fn guarded() -> (TestApp, [String; 2]) {
    locked([Role::HelpdeskAgent; 2], |config| {
        config.auth.failures_per_minute = 3;
        config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()];
    })
    .await
}

/// A server where everybody has to show a key, with one for each of these roles.
async fn locked<const N: usize>(roles: [Role; N], change: impl FnOnce(&mut Config)) -> (TestApp, [String; N]) {
    let app = TestApp::with(|config| {
        config.auth.required = true;
        change(config);
    })
    .await;
    let partner = app.partner(CONTOSO, "Contoso").await;
    let admin = Viewer::new("ada", "ada", [Role::GlobalAdmin], Scope::partner(partner));
    let actions = Actions::new(app.store(), &app.clock, "issuing");
    let mut texts = Vec::new();
    for role in roles {
        let name = <&str>::from(role).to_owned();
        let new = NewKey { name, roles: vec![role], customers: None, lane: Lane::Bi, expires_at: None };
        texts.push(actions.issue_api_key(&admin, new).await.expect("a key").1.reveal().to_owned());
    }
    (app, texts.try_into().expect("as many"))
}

fn bearing(app: &TestApp, key: &str) -> Client {
    app.with_header("authorization", &format!("Bearer {key}"))
}

/// A key that nobody has.
fn guess(number: u32) -> String {
    format!("sg_guess{number:03}_{}", "A".repeat(43))
}

fn basic(key: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("excel:{key}")))
}

#[track_caller]
fn assert_held_off(answer: &Answer, seconds: &str) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "RATE_LIMITED"), "{}", answer.text);
    assert_eq!(answer.header("retry-after"), Some(seconds));
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryAfterSeconds"].to_string(), seconds);
}

#[tokio::test]
async fn who_fails_too_often_is_held_off_and_who_is_known_is_not() {
    let (app, [known, unknown]) = guarded().await;
    bearing(&app, &known).query(WHO).await.data();
    for number in 0..3 {
        assert_eq!(bearing(&app, &guess(number)).query(WHO).await.status, 401);
    }
    // Whoever looks for a key now, fails.
    app.execute("alter table api_key rename to elsewhere").await;
    assert_held_off(&bearing(&app, &guess(3)).query(WHO).await, "20");
    assert_held_off(&app.with_header("authorization", &basic(&guess(3))).query(WHO).await, "20");
    assert_held_off(&bearing(&app, "a.b.c").query(WHO).await, "20");
    assert_held_off(&bearing(&app, &unknown).query(WHO).await, "20");
    assert_held_off(&bearing(&app, &guess(3)).get("/metrics").await, "20");
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": basic(&guess(3)) } })).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4429);
    assert!(reason.ends_with("try again in 20 s"), "{reason}");
    app.execute("alter table elsewhere rename to api_key").await;

    bearing(&app, &known).query(WHO).await.data();
    assert_eq!(app.query(WHO).await.status, 401, "to show nothing costs nothing");
    let elsewhere = bearing(&app, &unknown).with_header("x-forwarded-for", "203.0.113.9");
    elsewhere.query(WHO).await.data();
    app.clock.advance(TimeDelta::seconds(20));
    assert_eq!(bearing(&app, &guess(4)).query(WHO).await.status, 401);
    assert_held_off(&bearing(&app, &guess(5)).query(WHO).await, "20");

    let metrics = app.metrics().text();
    for line in ["supportgraph_credentials_failed_total 4", "supportgraph_credentials_held_off_total 7"] {
        assert!(metrics.contains(line), "{line}");
    }
}

#[tokio::test]
async fn a_key_that_was_known_and_is_revoked_is_no_longer_good() {
    let (app, [known, _]) = guarded().await;
    bearing(&app, &known).query(WHO).await.data();
    for number in 0..3 {
        bearing(&app, &guess(number)).query(WHO).await;
    }
    let partner = app.store().partners().await.expect("partners")[0].0;
    let admin = Viewer::new("ada", "ada", [Role::GlobalAdmin], Scope::partner(partner));
    let actions = Actions::new(app.store(), &app.clock, "revoking");
    actions.revoke_api_key(&admin, &known["sg_".len()..][..8]).await.expect("it is revoked");
    app.clock.advance(TimeDelta::seconds(6));
    assert_eq!(bearing(&app, &known).query(WHO).await.status, 401);
    assert_held_off(&bearing(&app, &known).query(WHO).await, "34");
}

/// What stands for several: where from, why, and how many.
fn repeated(records: &[Value]) -> Vec<[&Value; 3]> {
    only(records, "ACCESS_REPEATED").iter().map(|one| [&one["address"], &one["code"], &one["target"]]).collect()
}

#[tokio::test]
async fn refusals_of_one_caller_are_recorded_one_by_one_and_then_counted() {
    let (app, _) = guarded().await;
    let anonymous = app.with_header("x-forwarded-for", "2001:db8::7");
    let guessing = app.with_header("authorization", "Bearer a.b.c").with_header("x-forwarded-for", "203.0.113.9");
    for _ in 0..70 {
        assert_eq!(anonymous.query(WHO).await.status, 401);
    }
    for number in 0..20 {
        assert_eq!(guessing.query(WHO).await.status, if number < 3 { 401 } else { 429 });
    }
    app.clock.advance(TimeDelta::seconds(60));

    let kept = exported(&app, |lines| repeated(lines).len() >= 2).await;
    let mut counted = repeated(&kept);
    counted.sort_by_key(|one| one[0].to_string());
    let [ten, sixteen] = [json!("10"), json!("16")];
    assert_eq!(counted[0], [&json!("2001:db8::7"), &json!("UNAUTHENTICATED"), &ten]);
    assert_eq!(counted[1], [&json!("203.0.113.9"), &json!("RATE_LIMITED"), &sixteen]);
    assert_eq!(only(&kept, "ACCESS").len(), 60 + 3 + 1);
}

#[tokio::test]
async fn what_was_counted_is_written_before_the_server_stops() {
    let app = TestApp::start().await;
    let node = app.another_node().await;
    for _ in 0..65 {
        let picture =
            app.request(Method::GET, "/graphql?query=%7B__typename%7D").header("accept", "image/webp,*/*;q=0.8");
        assert_eq!(Answer::of(picture).await.status, 403);
    }
    app.stop().await;
    let kept = exported(&node, |_| true).await;
    assert_eq!((only(&kept, "ACCESS").len(), repeated(&kept)[0][2]), (60, &json!("5")));
}

/// Who was refused what, without what was counted: the code, the path and the name, sorted.
fn refused(records: &[Value]) -> Vec<[&str; 3]> {
    let mut refused: Vec<[&str; 3]> = only(records, "ACCESS")
        .into_iter()
        .map(|one| ["code", "target", "name"].map(|member| one[member].as_str().unwrap_or("nobody")))
        .collect();
    refused.sort_unstable();
    refused
}

#[tokio::test]
async fn documents_and_introspection_that_are_refused_are_recorded_with_who_asked() {
    let (app, [key]) = locked([Role::HelpdeskAgent], |config| {
        config.limits.introspection = Vec::new();
        config.documents.only = vec!["playground".to_owned()];
    })
    .await;
    let client = bearing(&app, &key);
    let bound = client.with_header("x-supportgraph-lane", "playground");
    assert_eq!(client.query("{ __schema { queryType { name } } }").await.code(), "FORBIDDEN");
    assert_eq!(client.get("/schema.graphql").await.status, 403);
    assert_eq!(bound.query(WHO).await.code(), "QUERY_NOT_IN_SAFELIST");
    assert_eq!(bound.post(&json!({ "documentId": "unknown" })).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
    assert_eq!(client.post(&json!({ "documentId": "unknown" })).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {key}") } })).await;
    socket.next().await;
    socket.subscribe("1", "{ __type(name: \"Query\") { name } }").await;
    assert_eq!(socket.next().await["type"], "error");

    let kept = exported(&app, |lines| only(lines, "ACCESS").len() >= 5).await;
    let by = |code: &'static str, path: &'static str| [code, path, "HELPDESK_AGENT"];
    let expected = [
        by("FORBIDDEN", "/graphql"),
        by("FORBIDDEN", "/graphql"),
        by("FORBIDDEN", "/schema.graphql"),
        by("PERSISTED_QUERY_NOT_IN_LIST", "/graphql"),
        by("QUERY_NOT_IN_SAFELIST", "/graphql"),
    ];
    assert_eq!(refused(&kept), expected);
}

#[tokio::test]
async fn pages_of_other_origins_are_recorded() {
    let app = TestApp::start().await;
    let evil = app.with_header("origin", "https://evil.example");
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    assert_eq!(Socket::open_with(&app, &[protocol, ("origin", "https://evil.example")]).await.err(), Some(403));
    let stream = evil.request(Method::GET, "/graphql?query=%7B__typename%7D").header("accept", "text/event-stream");
    assert_eq!(Answer::of(stream).await.status, 403);
    let kept = exported(&app, |lines| only(lines, "ACCESS").len() >= 2).await;
    assert_eq!(refused(&kept), [["ORIGIN_REFUSED", "/graphql", "nobody"]; 2]);
}

#[tokio::test]
async fn a_budget_that_is_used_up_is_recorded_once_and_then_counted() {
    let app = TestApp::with(|config| {
        config.limits.screen_cost_per_minute = 60;
        config.limits.burst_seconds = 1;
    })
    .await;
    app.partner(CONTOSO, "Contoso").await;
    app.query(WHO).await.data();
    for _ in 0..4 {
        assert_eq!(app.query(WHO).await.status, 429);
    }
    app.clock.advance(TimeDelta::seconds(60));
    let kept = exported(&app, |lines| !repeated(lines).is_empty()).await;
    assert_eq!(refused(&kept), [["RATE_LIMITED", "/graphql", "local"]]);
    assert_eq!(repeated(&kept)[0][2], &json!("3"));
}

#[tokio::test]
async fn who_may_hear_nothing_pays_for_being_told_so() {
    let (app, [key]) = locked([Role::BillingAdmin], |config| {
        config.limits.bi_cost_per_minute = 600;
        config.limits.burst_seconds = 10;
    })
    .await;
    let feed = "subscription { incidentChanged { incident { posts(first: 5) { nodes { content } } } } }";
    let ask = || {
        let request = bearing(&app, &key).request(Method::POST, "/graphql");
        let request =
            request.header("accept", "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json");
        Answer::of(request.json(&json!({ "query": feed, "extensions": { "cost": true } })))
    };
    for left in [99, 98] {
        let answer = ask().await;
        assert_eq!(answer.json()["errors"][0]["extensions"]["code"], "FORBIDDEN", "{}", answer.text);
        assert_eq!(answer.header("x-supportgraph-cost-actual"), Some("1"));
        assert!(
            answer.header("ratelimit").is_some_and(|left_is| left_is.contains(&format!("r={left};"))),
            "{answer:?}"
        );
        assert_eq!(answer.json()["extensions"]["cost"]["actual"], 1);
    }
}
