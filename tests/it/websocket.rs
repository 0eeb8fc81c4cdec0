//! `graphql-transport-ws` by the book.

use std::{collections::BTreeSet, time::Duration};

use chrono::TimeDelta;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Bytes, Message};

use crate::support::{
    Answer, Client, Socket, Streamed, TestApp,
    given::{CONTOSO, FABRIKAM, Given},
    raw::Raw,
};

const TYPENAME: &str = "{ __typename }";
const FEED: &str = "subscription { incidentChanged { kind cursor } }";

fn code_of(message: &Value) -> &str {
    message["payload"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("a code in {message}"))
}

#[tokio::test]
async fn a_query_is_answered_and_completed() {
    let app = TestApp::start().await;
    let mut socket = Socket::start(&app).await;
    socket.subscribe("one", TYPENAME).await;
    let answer = socket.next().await;
    assert_eq!(answer, json!({ "id": "one", "type": "next", "payload": { "data": { "__typename": "Query" } } }));
    assert_eq!(socket.next().await, json!({ "id": "one", "type": "complete" }));

    socket.subscribe("one", TYPENAME).await;
    assert_eq!(socket.next().await["type"], "next", "an id that was completed can be used again");
}

#[tokio::test]
async fn what_is_refused_is_an_error_and_nothing_after_it() {
    let app = TestApp::start().await;
    let mut socket = Socket::start(&app).await;
    for (query, code) in [
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        socket.subscribe("bad", query).await;
        let error = socket.next().await;
        assert_eq!((error["type"].as_str(), error["id"].as_str()), (Some("error"), Some("bad")), "{query}");
        assert_eq!(code_of(&error), code, "{query}");
    }
    socket.subscribe("good", TYPENAME).await;
    assert_eq!(socket.next().await["id"], "good", "no `complete` came after an error");
}

#[tokio::test]
async fn a_live_operation_says_what_happens_until_it_is_completed() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut socket = Socket::start(&app).await;
    socket.subscribe("feed", FEED).await;
    let first = socket.next().await;
    assert_eq!((first["id"].as_str(), first["type"].as_str()), (Some("feed"), Some("next")));
    assert_eq!(first["payload"]["data"]["incidentChanged"]["kind"], "SNAPSHOT_COMPLETE");

    app.disturb().await;
    let event = socket.next().await;
    assert_eq!(event["payload"]["data"]["incidentChanged"]["kind"], "LIVE");

    socket.send(json!({ "id": "feed", "type": "complete" })).await;
    app.listeners("websocket", 0).await;
    socket.subscribe("feed", TYPENAME).await;
    socket.next_where(|message| message["payload"]["data"]["__typename"] == "Query").await;
}

#[tokio::test]
async fn a_socket_writes_reads_and_listens() {
    let app = TestApp::start().await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    let mut socket = Socket::start(&app).await;
    socket.subscribe("feed", "subscription { serviceRequestChanged { kind happening cursor } }").await;
    let end = |message: &Value| message["payload"]["data"]["serviceRequestChanged"]["kind"] == "SNAPSHOT_COMPLETE";
    socket.next_where(end).await;

    socket.subscribe("read", "{ serviceRequests(first: 1) { nodes { id } } }").await;
    let read = socket.next_where(|message| message["id"] == "read").await;
    let id = &read["payload"]["data"]["serviceRequests"]["nodes"][0]["id"];
    let input = format!("{{ idempotencyKey: \"number-1\", id: {id}, text: \"one\" }}");
    let write = format!("mutation {{ serviceRequestAddNote(input: {input}) {{ userErrors {{ code }} }} }}");
    socket.subscribe("write", &write).await;
    let mut heard = BTreeSet::new();
    while heard.len() < 2 {
        let message = socket.next_where(|message| message["type"] == "next").await;
        if message["id"] == "write" {
            assert_eq!(message["payload"]["data"]["serviceRequestAddNote"]["userErrors"], json!([]), "{message}");
        } else {
            assert_eq!(message["payload"]["data"]["serviceRequestChanged"]["kind"], "LIVE", "{message}");
        }
        heard.insert(message["id"].to_string());
    }
}

#[tokio::test]
async fn a_cursor_that_cannot_be_used_ends_the_operation_alone() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut socket = Socket::start(&app).await;
    socket.subscribe("feed", "subscription { incidentChanged(after: \"forged\") { cursor } }").await;
    let error = socket.next().await;
    assert_eq!(error["type"], "error", "{error}");
    socket.subscribe("good", TYPENAME).await;
    assert_eq!(socket.next().await["id"], "good");
}

#[tokio::test]
async fn both_sides_may_ask_whether_the_other_is_there() {
    let app = TestApp::start().await;
    let mut socket = Socket::start(&app).await;
    socket.send(json!({ "type": "ping", "payload": { "any": 1 } })).await;
    assert_eq!(socket.next().await, json!({ "type": "pong" }));
    socket.send(json!({ "type": "pong" })).await;
    app.clock.advance(TimeDelta::seconds(12));
    socket.pinged().await;
    socket.settle().await;
    app.clock.advance(TimeDelta::seconds(12));
    socket.pinged().await;
    socket.subscribe("alive", TYPENAME).await;
    assert_eq!(socket.next().await["id"], "alive");
}

#[tokio::test]
async fn a_client_that_gives_no_sign_of_life_is_closed() {
    let app = TestApp::start().await;
    let mut socket = Socket::start(&app).await;
    app.clock.advance(TimeDelta::seconds(12));
    socket.hang_until_pinged().await;
    app.clock.advance(TimeDelta::seconds(12));
    app.closed("websocket", "dead", 1).await;
}

#[tokio::test]
async fn messages_outside_of_the_protocol_close_with_4400() {
    let app = TestApp::start().await;
    for text in ["", "not JSON", "[]", "{}", r#"{"type":"start","id":"1"}"#, r#"{"type":"subscribe","id":"1"}"#] {
        let mut socket = Socket::start(&app).await;
        socket.send_text(text).await;
        let (code, reason) = socket.closed().await;
        assert_eq!(code, 4400, "{text:?}: {reason}");
        assert!(!reason.is_empty() && reason.len() <= 123, "{text:?}: {reason}");
    }
    let mut socket = Socket::start(&app).await;
    socket.send_message(Message::binary(Bytes::from_static(b"{\"type\":\"ping\"}"))).await;
    assert_eq!(socket.closed().await.0, 4400);
}

#[tokio::test]
async fn who_asks_before_the_acknowledgement_is_closed_with_4401() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(&app).await;
    socket.subscribe("early", TYPENAME).await;
    assert_eq!(socket.closed().await.0, 4401);
}

#[tokio::test]
async fn a_partner_that_is_not_there_is_closed_with_4403() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(&app).await;
    let stranger = "00000000-0000-4000-8000-000000000000";
    socket.send(json!({ "type": "connection_init", "payload": { "x-supportgraph-partner": stranger } })).await;
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.contains("partner"), "{reason}");
}

#[tokio::test]
async fn the_payload_of_the_first_message_may_name_the_partner() {
    let app = TestApp::start().await;
    let (fabrikam, contoso) = ("3f2504e0-4f89-11d3-9a0c-0305e82c3301", "3f2504e0-4f89-11d3-9a0c-0305e82c3302");
    app.partner(fabrikam, "Fabrikam").await;
    app.partner(contoso, "Contoso").await;
    for (tenant, name) in [(fabrikam, "Fabrikam"), (contoso, "Contoso")] {
        let mut socket = Socket::open(&app).await;
        socket.send(json!({ "type": "connection_init", "payload": { "x-supportgraph-partner": tenant } })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribe("who", "{ viewer { partner { name } } }").await;
        assert_eq!(socket.next().await["payload"]["data"]["viewer"]["partner"]["name"], name);
    }
}

#[tokio::test]
async fn another_subprotocol_is_closed_with_4406() {
    let app = TestApp::start().await;
    let mut socket = Socket::open_with(&app, &[]).await.expect("the protocols are switched");
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4406);
    assert!(reason.contains("graphql-transport-ws"), "{reason}");
}

#[tokio::test]
async fn who_does_not_introduce_himself_is_closed_with_4408() {
    let app = TestApp::start().await;
    let mut socket = Socket::open(&app).await;
    socket.settle().await;
    app.clock.advance(TimeDelta::seconds(4));
    socket.settle().await;
    app.clock.advance(TimeDelta::seconds(1));
    assert_eq!(socket.closed().await.0, 4408);
}

#[tokio::test]
async fn an_id_that_is_in_use_is_closed_with_4409() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut socket = Socket::start(&app).await;
    socket.subscribe("twin", FEED).await;
    socket.subscribe("twin", FEED).await;
    assert_eq!(socket.closed().await, (4409, "Subscriber for twin already exists".to_owned()));
}

#[tokio::test]
async fn a_second_introduction_is_closed_with_4429() {
    let app = TestApp::start().await;
    let mut socket = Socket::start(&app).await;
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.closed().await.0, 4429);
}

#[tokio::test]
async fn frames_that_cannot_be_read_close_by_the_rules_of_websockets() {
    let app = TestApp::with(|config| config.server.body_limit_bytes = 2000).await;
    let mut socket = Socket::start(&app).await;
    socket.send_text(&"x".repeat(3000)).await;
    assert_eq!(socket.closed().await.0, 1009);
    let mut socket = Socket::start(&app).await;
    // A frame of text with bytes that are no UTF-8.
    socket.send_message(invalid_text()).await;
    assert_eq!(socket.closed().await.0, 1007);
}

/// A text message whose bytes are no text.
fn invalid_text() -> Message {
    use tokio_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    Message::Frame(Frame::message(Bytes::from_static(b"\xff\xfe"), OpCode::Data(Data::Text), true))
}

#[tokio::test]
async fn the_page_of_another_origin_cannot_connect() {
    let app = TestApp::with(|config| config.server.cors_origins = vec!["https://portal.example".to_owned()]).await;
    let own = format!("http://{}", app.addr);
    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (origin, allowed) in [(own.as_str(), true), ("https://portal.example", true), ("https://evil.example", false)] {
        let opened = Socket::open_with(&app, &[protocol, ("origin", origin)]).await;
        assert_eq!(opened.err(), (!allowed).then_some(403), "{origin}");
    }
}

#[tokio::test]
async fn a_handshake_that_is_none_is_refused() {
    let app = TestApp::start().await;
    let answer = Answer::of(app.request(reqwest::Method::GET, "/graphql").header("upgrade", "websocket")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BAD_REQUEST"));
}

#[tokio::test]
async fn a_socket_runs_so_many_operations_and_no_more() {
    let app = TestApp::to_listen_to(|config| config.live.operations_per_socket = 2).await;
    let mut socket = Socket::start(&app).await;
    for id in ["1", "2", "3"] {
        socket.subscribe(id, FEED).await;
    }
    let error = socket.next_where(|message| message["type"] == "error").await;
    assert_eq!((error["id"].as_str(), code_of(&error)), (Some("3"), "LIMIT_EXCEEDED"));
    assert_eq!(error["payload"][0]["extensions"]["retryAfterSeconds"], 5);
    socket.send(json!({ "id": "1", "type": "complete" })).await;
    socket.subscribe("3", TYPENAME).await;
    socket.next_where(|message| message["id"] == "3").await;
}

#[tokio::test]
async fn all_together_have_so_many_live_operations_and_no_more() {
    let app = TestApp::to_listen_to(|config| config.live.operations = 1).await;
    let (mut first, mut second) = (Socket::start(&app).await, Socket::start(&app).await);
    first.subscribe("1", FEED).await;
    app.listeners("websocket", 1).await;
    second.subscribe("2", FEED).await;
    let error = second.next().await;
    assert_eq!(code_of(&error), "LIMIT_EXCEEDED");
    assert_eq!(error["payload"][0]["extensions"]["retryAfterSeconds"], 5);
    drop(first);
    app.listeners("websocket", 0).await;
    second.subscribe("2", FEED).await;
    assert_eq!(second.next().await["type"], "next");
}

#[tokio::test]
async fn a_caller_has_so_many_live_operations_on_whatever_transport_and_leaves_room_for_others() {
    let app = TestApp::to_listen_to(|config| {
        config.live.operations_per_caller = 2;
        config.live.operations = 3;
    })
    .await;
    app.partner(CONTOSO, "Contoso").await;
    let (fabrikam, contoso) = (app.as_partner(FABRIKAM), app.as_partner(CONTOSO));
    let socket = async |client: &Client, tenant: &str| {
        let mut socket = Socket::open(client).await;
        socket.send(json!({ "type": "connection_init", "payload": { "x-supportgraph-partner": tenant } })).await;
        socket.next().await;
        socket
    };
    let stream = || {
        let request = fabrikam.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
        Streamed::of(request.json(&json!({ "query": FEED })))
    };
    let (mut first, mut second) = (socket(&fabrikam, FABRIKAM).await, socket(&fabrikam, FABRIKAM).await);
    first.subscribe("1", FEED).await;
    app.listeners("websocket", 1).await;
    let mut third = stream().await;
    third.until("SNAPSHOT_COMPLETE").await;

    second.subscribe("2", FEED).await;
    let error = second.next().await;
    assert_eq!(code_of(&error), "LIMIT_EXCEEDED");
    assert!(error.to_string().contains("live.operations_per_caller"), "{error}");
    let refused = stream().await.rest().await;
    assert!(refused.contains("live.operations_per_caller"), "{refused}");

    let mut other = socket(&contoso, CONTOSO).await;
    other.subscribe("1", FEED).await;
    assert_eq!(other.next().await["type"], "next", "another caller finds room");

    drop(third);
    app.listeners("event_stream", 0).await;
    second.subscribe("2", FEED).await;
    assert_eq!(second.next().await["type"], "next");
}

#[tokio::test]
async fn a_caller_has_so_many_sockets_and_no_more() {
    let app = TestApp::with(|config| config.live.sockets_per_caller = 1).await;
    let first = Socket::start(&app).await;
    let mut second = Socket::open(&app).await;
    second.send(json!({ "type": "connection_init" })).await;
    let (code, reason) = second.closed().await;
    assert_eq!(code, 4429);
    assert!(reason.contains("close one") && reason.ends_with("try again in 5 s"), "{reason}");
    drop(first);
    app.closed("websocket", "client_left", 1).await;
    Socket::start(&app).await;
}

#[tokio::test]
async fn sockets_count_as_connections() {
    let app = TestApp::with(|config| config.server.connections = 1).await;
    let socket = Socket::start(&app).await;
    let mut second = Raw::connect(app.addr).await;
    second.send("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;
    assert!(second.is_silent_for(Duration::from_millis(200)).await, "the only place is taken");
    drop(socket);
    assert!(second.read_to_end().await.starts_with("HTTP/1.1 200 "), "served once the socket has left");
}

#[tokio::test]
async fn a_token_that_ends_closes_with_4403() {
    let app = TestApp::with(|config| config.live.session_seconds = 10).await;
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init" })).await;
    let ack = socket.next().await;
    assert_eq!(ack["payload"]["expiresAt"], "2026-11-22T12:00:10Z");
    app.clock.advance(TimeDelta::seconds(9));
    socket.subscribe("one", TYPENAME).await;
    assert_eq!(socket.next().await["type"], "next");
    app.clock.advance(TimeDelta::seconds(1));
    let (code, reason) = socket.closed().await;
    assert_eq!(code, 4403);
    assert!(reason.starts_with("token expired"), "{reason}");
}

#[tokio::test]
async fn a_token_can_be_renewed_by_a_ping() {
    let app = TestApp::with(|config| config.live.session_seconds = 10).await;
    let mut socket = Socket::start(&app).await;
    for _ in 0..3 {
        app.clock.advance(TimeDelta::seconds(9));
        socket.send(json!({ "type": "ping", "payload": { "authorization": "Bearer a-new-one" } })).await;
        let pong = socket.next().await;
        assert_eq!(pong["type"], "pong");
        assert_eq!(pong["payload"]["expiresAt"], json!(app.clock.now() + TimeDelta::seconds(10)));
    }
    socket.subscribe("one", TYPENAME).await;
    assert_eq!(socket.next().await["type"], "next");
    app.clock.advance(TimeDelta::seconds(10));
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn who_resumes_at_another_node_after_a_stop_misses_nothing() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let other = app.another_node().await;
    let mut socket = Socket::start(&app).await;
    socket.subscribe("feed", FEED).await;
    socket.next().await;
    app.disturb().await;
    let seen = socket.next_where(|message| message["payload"]["data"]["incidentChanged"]["kind"] == "LIVE").await;
    let cursor = seen["payload"]["data"]["incidentChanged"]["cursor"].as_str().expect("a cursor");

    let (cut_off, (code, reason)) = tokio::join!(app.stop(), socket.closed());
    assert_eq!((cut_off, code), (0, 1001));
    assert!(reason.contains("resume"), "{reason}");
    other.disturb().await;

    let resumed = FEED.replace("incidentChanged", &format!("incidentChanged(after: {cursor:?})"));
    let after = async || {
        let mut socket = Socket::start(&other).await;
        socket.subscribe("feed", &resumed).await;
        socket.next().await["payload"]["data"]["incidentChanged"].clone()
    };
    let missed = after().await;
    assert_eq!(missed["kind"], "LIVE");
    assert_eq!(after().await, missed, "the same event follows the same cursor");
}
