//! GraphQL over server-sent events: a stream for each operation, or one that carries several.

use chrono::TimeDelta;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::support::{
    Answer, Streamed, TestApp,
    given::{CONTOSO, FABRIKAM},
};

const TYPENAME: &str = "{ __typename }";
const FEED: &str = "subscription { incidentChanged { kind cursor } }";
const FEED_IN_A_LINK: &str = "/graphql?query=subscription%7BincidentChanged%7Bkind%20cursor%7D%7D";
const TOKEN: &str = "x-graphql-event-stream-token";

fn ask(app: &TestApp, query: &str) -> RequestBuilder {
    app.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&json!({ "query": query }))
}

/// The data of the next event of this kind, and its id.
async fn event(stream: &mut Streamed, kind: &str) -> (Value, String) {
    stream.until(&format!("event: {kind}\n")).await;
    let fields = stream.until("\n\n").await;
    let field = |name: &str| fields.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default().to_owned();
    let data = field("data: ");
    (serde_json::from_str(&data).unwrap_or(Value::Null), field("id: "))
}

#[tokio::test]
async fn a_query_is_one_event_and_then_complete() {
    let app = TestApp::start().await;
    let mut stream = Streamed::of(ask(&app, TYPENAME)).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(stream.header("content-type"), "text/event-stream; charset=utf-8");
    assert_eq!(stream.header("cache-control"), "no-store");
    let body = ":\n\nevent: next\ndata: {\"data\":{\"__typename\":\"Query\"}}\n\nevent: complete\ndata:\n\n";
    assert_eq!(stream.rest().await, body);
}

#[tokio::test]
async fn what_is_refused_is_told_in_the_stream() {
    let app = TestApp::start().await;
    for query in ["{ nothing }", "{", "subscription { nothing }"] {
        let mut stream = Streamed::of(ask(&app, query)).await;
        assert_eq!(stream.status(), 200, "{query}");
        let (answer, _) = event(&mut stream, "next").await;
        assert!(answer["errors"][0]["message"].is_string() && answer.get("data").is_none(), "{query}: {answer}");
        assert_eq!(stream.rest().await, "event: complete\ndata:\n\n", "{query}");
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_by_status() {
    let app = TestApp::start().await;
    let request = app.request(Method::POST, "/graphql").header("accept", "text/event-stream").json(&json!({}));
    let answer = Answer::of(request).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BAD_REQUEST"));
}

#[tokio::test]
async fn a_live_operation_can_be_asked_by_post_and_by_get() {
    let app = TestApp::to_listen_to(|_| ()).await;
    for request in [ask(&app, FEED), app.request(Method::GET, FEED_IN_A_LINK).header("accept", "text/event-stream")] {
        let mut stream = Streamed::of(request).await;
        let (mut first, mut cursor) = event(&mut stream, "next").await;
        while first["data"]["incidentChanged"]["kind"] == "SNAPSHOT" {
            (first, cursor) = event(&mut stream, "next").await;
        }
        assert_eq!(first["data"]["incidentChanged"]["kind"], "SNAPSHOT_COMPLETE");
        assert_eq!(first["data"]["incidentChanged"]["cursor"], cursor, "the id of an event is its cursor");
        app.disturb().await;
        assert_eq!(event(&mut stream, "next").await.0["data"]["incidentChanged"]["kind"], "LIVE");
    }
    app.listeners("event_stream", 0).await;
    app.closed("event_stream", "client_left", 2).await;
}

#[tokio::test]
async fn last_event_id_goes_on_after_that_event() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    event(&mut stream, "next").await;
    app.disturb().await;
    let (_, seen) = event(&mut stream, "next").await;
    app.disturb().await;
    let (missed, _) = event(&mut stream, "next").await;
    drop(stream);

    let mut stream = Streamed::of(ask(&app, FEED).header("last-event-id", seen)).await;
    assert_eq!(event(&mut stream, "next").await.0, missed);
}

#[tokio::test]
async fn a_get_may_watch_and_may_not_write() {
    let app = TestApp::start().await;
    let request = app.request(Method::GET, "/graphql?query=mutation%7B__typename%7D");
    let mut stream = Streamed::of(request.header("accept", "text/event-stream")).await;
    let (answer, _) = event(&mut stream, "next").await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "METHOD_NOT_ALLOWED");
}

#[tokio::test]
async fn the_page_of_another_origin_cannot_listen() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let own = format!("http://{}", app.addr);
    for (origin, status) in [(own.as_str(), 200), ("https://evil.example", 403)] {
        let request = app.request(Method::GET, FEED_IN_A_LINK).header("accept", "text/event-stream");
        assert_eq!(Streamed::of(request.header("origin", origin)).await.status(), status, "{origin}");
    }
}

#[tokio::test]
async fn a_page_that_may_not_read_makes_nobody_listen() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let query = "/graphql?query=%7B__typename%7D";
    for (mode, site, status) in [
        ("no-cors", "cross-site", 403),
        ("no-cors", "same-site", 403),
        ("navigate", "cross-site", 403),
        ("cors", "same-origin", 200),
        ("cors", "cross-site", 200),
        ("no-cors", "same-origin", 200),
    ] {
        for path in [FEED_IN_A_LINK, query] {
            let request = app.request(Method::GET, path).header("accept", "text/event-stream");
            let stream = Streamed::of(request.header("sec-fetch-mode", mode).header("sec-fetch-site", site)).await;
            assert_eq!(stream.status(), status, "{mode} {site} {path}");
        }
    }
    app.listeners("event_stream", 0).await;
    let blind = app.request(Method::GET, FEED_IN_A_LINK).header("accept", "text/event-stream");
    assert_eq!(Answer::of(blind.header("sec-fetch-mode", "no-cors")).await.code(), "CSRF_REFUSED");
}

#[tokio::test]
async fn a_quiet_stream_shows_that_it_lives() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    event(&mut stream, "next").await;
    app.clock.advance(TimeDelta::seconds(12));
    stream.until(":\n\n").await;
    app.clock.advance(TimeDelta::seconds(12));
    stream.until(":\n\n").await;
}

#[tokio::test]
async fn a_token_that_ends_ends_the_stream() {
    let app = TestApp::to_listen_to(|config| config.live.session_seconds = 5).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    event(&mut stream, "next").await;
    app.clock.advance(TimeDelta::seconds(5));
    let rest = stream.rest().await;
    assert!(rest.ends_with("retry: 1000\n: the token expired; subscribe again with a new one\n\n"), "{rest}");
    assert!(!rest.contains("complete"), "a client that sees no end comes back");
    app.closed("event_stream", "expired", 1).await;
}

#[tokio::test]
async fn a_stopping_server_says_farewell() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut stream = Streamed::of(ask(&app, FEED)).await;
    event(&mut stream, "next").await;
    let (cut_off, rest) = tokio::join!(app.stop(), stream.rest());
    assert_eq!(cut_off, 0);
    assert!(rest.contains("retry: 1000\n: the server is going away"), "{rest}");
}

#[tokio::test]
async fn a_caller_has_so_many_streams_and_no_more() {
    let app = TestApp::to_listen_to(|config| config.live.sockets_per_caller = 1).await;
    let first = Streamed::of(ask(&app, FEED)).await;
    let answer = Answer::of(ask(&app, FEED)).await;
    assert_no_room(&answer);
    drop(first);
    app.closed("event_stream", "client_left", 1).await;
    assert_eq!(Streamed::of(ask(&app, FEED)).await.status(), 200);
}

/// Reserves a stream; the token comes back.
async fn reserve(app: &TestApp) -> String {
    let answer = Answer::of(app.request(Method::PUT, "/graphql")).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (201, Some("text/plain; charset=utf-8")));
    answer.text
}

fn open(app: &TestApp, token: &str) -> RequestBuilder {
    app.request(Method::GET, "/graphql").header("accept", "text/event-stream").header(TOKEN, token)
}

async fn start(app: &TestApp, token: &str, id: &str, query: &str) -> u16 {
    started(app, token, id, query).await.status.as_u16()
}

async fn started(app: &TestApp, token: &str, id: &str, query: &str) -> Answer {
    let body = json!({ "query": query, "extensions": { "operationId": id } });
    Answer::of(app.request(Method::POST, "/graphql").header(TOKEN, token).json(&body)).await
}

/// That the answer tells to wait until somebody leaves, in whole seconds.
#[track_caller]
fn assert_no_room(answer: &Answer) {
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (429, "LIMIT_EXCEEDED"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(answer.json()["errors"][0]["extensions"]["retryAfterSeconds"], 5);
}

async fn stop(app: &TestApp, token: &str, id: &str) -> u16 {
    let request = app.request(Method::DELETE, &format!("/graphql?operationId={id}"));
    Answer::of(request.header(TOKEN, token)).await.status.as_u16()
}

#[tokio::test]
async fn one_stream_carries_several_operations() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let token = reserve(&app).await;
    let mut stream = Streamed::of(open(&app, &token)).await;
    assert_eq!(stream.status(), 200);

    assert_eq!(start(&app, &token, "feed", FEED).await, 202);
    let (first, _) = event(&mut stream, "next").await;
    assert_eq!(first["id"], "feed");
    assert_eq!(first["payload"]["data"]["incidentChanged"]["kind"], "SNAPSHOT_COMPLETE");
    assert_eq!(start(&app, &token, "feed", FEED).await, 409, "the id is in use");
    assert_eq!(stop(&app, &token, "feed").await, 200);
    assert_eq!(stop(&app, &token, "feed").await, 200, "it may have ended by itself");

    assert_eq!(start(&app, &token, "query", TYPENAME).await, 202);
    let (answer, _) = event(&mut stream, "next").await;
    assert_eq!(answer, json!({ "id": "query", "payload": { "data": { "__typename": "Query" } } }));
    assert_eq!(event(&mut stream, "complete").await.0, json!({ "id": "query" }));

    assert_eq!(start(&app, &token, "query", "{ nothing }").await, 400);
    assert_eq!(start(&app, &token, "query", TYPENAME).await, 202, "what was refused keeps no id");
}

#[tokio::test]
async fn a_token_is_good_for_one_stream_and_for_a_while() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let unknown = "00000000000040008000000000000000";
    assert_eq!(Streamed::of(open(&app, unknown)).await.status(), 404);
    assert_eq!(start(&app, unknown, "1", TYPENAME).await, 404);
    assert_eq!(stop(&app, unknown, "1").await, 404);

    let token = reserve(&app).await;
    let by_parameter =
        app.request(Method::GET, &format!("/graphql?token={token}")).header("accept", "text/event-stream");
    let stream = Streamed::of(by_parameter).await;
    assert_eq!(stream.status(), 200);
    assert_eq!(Streamed::of(open(&app, &token)).await.status(), 409, "it is open");
    drop(stream);
    app.closed("event_stream", "client_left", 1).await;
    assert_eq!(Streamed::of(open(&app, &token)).await.status(), 404, "it has been used");

    let late = reserve(&app).await;
    app.clock.advance(TimeDelta::seconds(5));
    assert_eq!(Streamed::of(open(&app, &late)).await.status(), 404, "it has expired");
}

#[tokio::test]
async fn a_stream_that_is_reserved_counts_until_it_expires() {
    let app = TestApp::to_listen_to(|config| config.live.sockets_per_caller = 1).await;
    reserve(&app).await;
    assert_no_room(&Answer::of(app.request(Method::PUT, "/graphql")).await);
    app.clock.advance(TimeDelta::seconds(5));
    reserve(&app).await;
}

#[tokio::test]
async fn a_stream_belongs_to_its_viewer() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let (fabrikam, contoso) = (FABRIKAM, CONTOSO);
    app.partner(contoso, "Contoso").await;
    let reserved = Answer::of(app.as_partner(fabrikam).request(Method::PUT, "/graphql")).await;
    assert_eq!(reserved.status, 201);
    let open = |tenant| {
        let request = app.as_partner(tenant).request(Method::GET, "/graphql").header("accept", "text/event-stream");
        Streamed::of(request.header(TOKEN, &reserved.text))
    };
    assert_eq!(open(contoso).await.status(), 404);
    assert_eq!(open(fabrikam).await.status(), 200);
}

#[tokio::test]
async fn an_operation_needs_an_id_and_room() {
    let app = TestApp::to_listen_to(|config| config.live.operations_per_socket = 1).await;
    let token = reserve(&app).await;
    let request = app.request(Method::POST, "/graphql").header(TOKEN, &token).json(&json!({ "query": TYPENAME }));
    assert_eq!(Answer::of(request).await.status, 400);
    assert_eq!(Answer::of(app.request(Method::DELETE, "/graphql").header(TOKEN, &token)).await.status, 400);
    assert_eq!(start(&app, &token, "1", FEED).await, 202);
    assert_no_room(&started(&app, &token, "2", FEED).await);
}
