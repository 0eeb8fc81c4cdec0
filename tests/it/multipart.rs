//! Live operations as multipart answers, as Apollo's clients read them.

use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{Answer, Streamed, TestApp, raw::Raw};

const FEED: &str = "subscription { incidentChanged { kind cursor } }";
const ACCEPT: &str = "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json";
const HEAD: &str = "\r\ncontent-type: application/json\r\n\r\n";

fn ask(app: &TestApp, query: &str) -> RequestBuilder {
    let request = app.request(Method::POST, "/graphql").header("accept", ACCEPT);
    request.json(&json!({ "query": query }))
}

/// The next part, which must be closed by now.
async fn part(stream: &mut Streamed) -> Value {
    let head = stream.until(HEAD).await;
    assert!(head.ends_with(HEAD), "{head:?}");
    let body = stream.until("\r\n--graphql").await;
    serde_json::from_str(body.trim_end_matches("\r\n--graphql")).expect("a part of JSON")
}

#[tokio::test]
async fn each_event_is_a_part_that_is_closed_at_once() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.header("content-type"), "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0");
    let first = part(&mut stream).await;
    assert_eq!(first["payload"]["data"]["incidentChanged"]["kind"], "SNAPSHOT_COMPLETE");
    app.disturb().await;
    assert_eq!(part(&mut stream).await["payload"]["data"]["incidentChanged"]["kind"], "LIVE");
}

#[tokio::test]
async fn events_are_not_packed() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let body = json!({ "query": FEED }).to_string();
    for accept in [ACCEPT, "text/event-stream"] {
        let mut raw = Raw::connect(app.addr).await;
        let head = format!(
            "POST /graphql HTTP/1.1\r\nhost: localhost\r\naccept: {accept}\r\naccept-encoding: gzip, br\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n",
            body.len()
        );
        raw.send(&(head + &body)).await;
        let arrived = raw.read_until("SNAPSHOT_COMPLETE").await;
        assert!(!arrived.contains("content-encoding"), "{arrived}");
    }
}

#[tokio::test]
async fn what_is_answered_once_is_answered_as_json() {
    let app = TestApp::start().await;
    let query = Answer::of(ask(&app, "{ __typename }")).await;
    assert_eq!(query.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(query.data(), json!({ "__typename": "Query" }));
    let refused = Answer::of(ask(&app, "subscription { nothing }")).await;
    assert_eq!(refused.code(), "GRAPHQL_VALIDATION_FAILED");
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    part(&mut stream).await;
    app.clock.advance(TimeDelta::seconds(12));
    stream.until(&format!("{HEAD}{{}}\r\n--graphql")).await;
}

#[tokio::test]
async fn the_end_is_told_as_an_error_that_a_client_retries_after() {
    let app = TestApp::to_listen_to(|config| config.live.session_seconds = 5).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    part(&mut stream).await;
    app.clock.advance(TimeDelta::seconds(5));
    let rest = stream.rest().await;
    assert!(rest.contains(r#""code":"UNAUTHENTICATED""#) && rest.contains(r#""payload":null"#), "{rest}");
    assert!(rest.ends_with("--graphql--\r\n"), "{rest}");

    let mut stream = Streamed::of(ask(&app, FEED)).await;
    part(&mut stream).await;
    let (cut_off, rest) = tokio::join!(app.stop(), stream.rest());
    assert_eq!(cut_off, 0);
    assert!(rest.contains(r#""code":"GOING_AWAY""#) && rest.ends_with("--graphql--\r\n"), "{rest}");
}
