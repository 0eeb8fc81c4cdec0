//! How HTTP requests are answered, whatever they ask.

use std::time::Duration;

use reqwest::Method;
use serde_json::json;
use supportgraph::config::ResponseStatus;

use crate::support::{Answer, TestApp, raw::Raw};

const GRAPHQL: &str = "application/graphql-response+json";
const TYPENAME: &str = "/graphql?query=%7B__typename%7D";

/// A request whose last byte is missing.
fn unfinished(addr: std::net::SocketAddr) -> (String, &'static str) {
    let body = r#"{"query":"{__typename}"}"#;
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: {addr}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    (head + &body[..body.len() - 1], "}")
}

#[tokio::test]
async fn a_request_id_comes_back_as_correlation_id() {
    let app = TestApp::start().await;
    let request = app.request(Method::GET, "/nowhere").header("x-request-id", "case-7");
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, 404);
    assert_eq!(answer.header("x-request-id"), Some("case-7"));
    assert_eq!(answer.json()["errors"][0]["extensions"], json!({ "code": "NOT_FOUND", "correlationId": "case-7" }));

    let made = app.query("{ __typename }").await;
    assert_eq!(made.header("x-request-id").map(str::len), Some(32), "one is made where none came");
}

#[tokio::test]
async fn the_media_type_is_negotiated() {
    let app = TestApp::start().await;
    for (accept, status, content_type) in [
        (GRAPHQL, 200, "application/graphql-response+json; charset=utf-8"),
        ("application/json", 200, "application/json; charset=utf-8"),
        ("*/*", 200, "application/json; charset=utf-8"),
        ("text/html", 406, "application/json; charset=utf-8"),
    ] {
        let request = app.request(Method::POST, "/graphql").header("accept", accept);
        let answer = Answer::of(request.json(&json!({ "query": "{ __typename }" }))).await;
        assert_eq!(answer.status, status, "accept: {accept}");
        assert_eq!(answer.header("content-type"), Some(content_type), "accept: {accept}");
    }
}

#[tokio::test]
async fn what_a_form_could_send_is_refused() {
    let app = TestApp::start().await;
    for content_type in ["application/x-www-form-urlencoded", "multipart/form-data; boundary=b", "text/plain"] {
        let request = app.request(Method::POST, "/graphql").header("content-type", content_type);
        let answer = Answer::of(request.body(r#"{"query":"{__typename}"}"#)).await;
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (415, "UNSUPPORTED_MEDIA_TYPE"), "{content_type}");
    }
    let picture = app.request(Method::GET, TYPENAME).header("accept", "image/avif,image/webp,*/*;q=0.8");
    let answer = Answer::of(picture).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (403, "CSRF_REFUSED"));
}

#[tokio::test]
async fn a_name_that_is_not_this_machines_is_refused() {
    let app = TestApp::with(|config| config.server.hosts = vec!["gateway.example".to_owned()]).await;
    for (host, status) in [("rebound.example", 421), ("gateway.example", 200), ("localhost:1", 200)] {
        let answer = Answer::of(app.request(Method::GET, "/livez").header("host", host)).await;
        assert_eq!(answer.status, status, "host: {host}");
    }
}

#[tokio::test]
async fn a_get_may_only_read() {
    let app = TestApp::start().await;
    let read = Answer::of(app.request(Method::GET, TYPENAME).header("accept", GRAPHQL)).await;
    assert_eq!(read.data()["__typename"], "Query");

    let change = app.request(Method::GET, "/graphql?query=mutation%7B__typename%7D").header("accept", GRAPHQL);
    let answer = Answer::of(change).await;
    assert_eq!(answer.status, 405);
    assert_eq!(answer.header("allow"), Some("POST"));

    let patch = Answer::of(app.request(Method::PATCH, "/graphql")).await;
    assert_eq!((patch.status.as_u16(), patch.header("allow")), (405, Some("GET, HEAD, POST, PUT, DELETE")));
}

#[tokio::test]
async fn a_request_that_cannot_be_read_is_a_clear_400() {
    let app = TestApp::start().await;
    let deep = format!("{}1{}", "[".repeat(1000), "]".repeat(1000));
    let bodies: [&[u8]; 6] =
        [b"", b"{", b"\xff\xfe", br#"{"query":1}"#, br#"{"query":"{a}","variables":"x"}"#, deep.as_bytes()];
    for body in bodies {
        let request = app.request(Method::POST, "/graphql").header("content-type", "application/json");
        let answer = Answer::of(request.body(body.to_vec())).await;
        let shown = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
        assert_eq!((answer.status.as_u16(), answer.code().as_str()), (400, "BAD_REQUEST"), "{shown}");
        assert!(answer.json().get("data").is_none(), "{shown}");
    }
}

#[tokio::test]
async fn a_batch_is_answered_in_order() {
    let app = TestApp::with(|config| config.limits.batch = 3).await;
    let answer =
        app.post(&json!([{ "query": "{ a: __typename }" }, { "query": "{" }, { "query": "{ c: __typename }" }])).await;
    assert_eq!(answer.status, 200);
    let answers = answer.json();
    assert_eq!(answers[0], json!({ "data": { "a": "Query" } }));
    assert!(answers[1]["errors"].is_array() && answers[1].get("data").is_none(), "{answers}");
    assert_eq!(answers[2], json!({ "data": { "c": "Query" } }));
    assert_eq!(answers.as_array().map(Vec::len), Some(3));

    for wrong in [json!([]), json!(vec![json!({ "query": "{ __typename }" }); 4])] {
        assert_eq!(app.post(&wrong).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn status_codes_follow_the_draft_where_it_is_asked_for() {
    let suite = TestApp::start().await;
    let draft = TestApp::with(|config| config.server.response_status = ResponseStatus::Draft).await;
    for (body, by_suite, by_draft) in [
        (json!({ "query": "{ __typename }" }), 200, 200),
        (json!({ "query": "{" }), 400, 400),
        (json!({ "query": "{ noSuchField }" }), 400, 422),
        (json!({ "query": 7 }), 400, 422),
    ] {
        assert_eq!(suite.post(&body).await.status, by_suite, "{body}");
        assert_eq!(draft.post(&body).await.status, by_draft, "{body}");
    }
}

const FABRIKAM: &str = "11111111-aaaa-4111-8111-111111111111";
const CONTOSO: &str = "22222222-bbbb-4222-8222-222222222222";

/// What a caller is told that names this partner, or none.
async fn as_partner(app: &TestApp, tenant: Option<&str>) -> Answer {
    let mut request = app.request(Method::POST, "/graphql");
    if let Some(tenant) = tenant {
        request = request.header("x-supportgraph-partner", tenant);
    }
    Answer::of(request.json(&json!({ "query": "{ __typename }" }))).await
}

#[tokio::test]
async fn the_only_partner_need_not_be_named() {
    let app = TestApp::start().await;
    assert_eq!(as_partner(&app, None).await.status, 200, "the schema can be read before anything is imported");
    assert_eq!(as_partner(&app, Some(FABRIKAM)).await.code(), "PARTNER_REQUIRED");

    app.partner(FABRIKAM, "Fabrikam").await;
    assert_eq!(as_partner(&app, None).await.status, 200);
    assert_eq!(as_partner(&app, Some(&FABRIKAM.to_uppercase())).await.status, 200);
}

#[tokio::test]
async fn one_of_several_partners_has_to_be_named() {
    let app = TestApp::start().await;
    app.partner(FABRIKAM, "Fabrikam").await;
    app.partner(CONTOSO, "Contoso").await;

    let unnamed = as_partner(&app, None).await;
    assert_eq!((unnamed.status.as_u16(), unnamed.code().as_str()), (400, "PARTNER_REQUIRED"));
    let unknown = as_partner(&app, Some("33333333-cccc-4333-8333-333333333333")).await;
    assert_eq!(unknown.json()["errors"][0]["message"], unnamed.json()["errors"][0]["message"]);
    assert!(!unnamed.text.contains("Fabrikam") && !unnamed.text.contains(FABRIKAM), "{}", unnamed.text);
    assert_eq!(as_partner(&app, Some(CONTOSO)).await.status, 200);
}

#[tokio::test]
async fn the_configured_partner_is_the_one_unless_another_is_named() {
    let app = TestApp::with(|config| config.server.partner = Some(CONTOSO.to_owned())).await;
    app.partner(FABRIKAM, "Fabrikam").await;
    assert_eq!(as_partner(&app, None).await.code(), "PARTNER_REQUIRED", "it is not there yet");
    app.partner(CONTOSO, "Contoso").await;
    assert_eq!(as_partner(&app, None).await.status, 200);
    assert_eq!(as_partner(&app, Some(FABRIKAM)).await.status, 200);
}

#[tokio::test]
async fn a_body_over_the_limit_is_refused() {
    let app = TestApp::with(|config| config.server.body_limit_bytes = 1024).await;
    let fitting = format!(r#"{{"query":"{{__typename}}{}"}}"#, " ".repeat(1024 - 24));
    assert_eq!(fitting.len(), 1024);
    for (body, status) in [(fitting.clone(), 200), (fitting.replace("__typename", "x: __typename"), 413)] {
        let request = app.request(Method::POST, "/graphql").header("content-type", "application/json");
        assert_eq!(Answer::of(request.body(body)).await.status, status);
    }
}

#[tokio::test]
async fn a_client_that_never_ends_its_headers_is_let_go() {
    let app = TestApp::with(|config| config.server.header_timeout_seconds = 1).await;
    let mut client = Raw::connect(app.addr).await;
    client.send("POST /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
    // Ends only because the server closes.
    assert!(!client.read_to_end().await.contains(" 200 "));
}

#[tokio::test]
async fn a_client_that_never_ends_its_body_is_told() {
    let app = TestApp::with(|config| config.server.request_timeout_seconds = 1).await;
    let mut client = Raw::connect(app.addr).await;
    client.send(&unfinished(app.addr).0).await;
    let answer = client.read_until("REQUEST_TIMEOUT").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[tokio::test]
async fn connections_over_the_limit_wait() {
    let app = TestApp::with(|config| config.server.connections = 1).await;
    let (head, last) = unfinished(app.addr);
    let mut first = Raw::connect(app.addr).await;
    first.send(&head).await;
    let mut second = Raw::connect(app.addr).await;
    second.send("GET /livez HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n").await;

    assert!(second.is_silent_for(Duration::from_millis(200)).await, "the only place is taken");
    first.send(last).await;
    first.read_until("__typename").await;
    drop(first);
    assert!(second.read_to_end().await.starts_with("HTTP/1.1 200 "), "served once the first has left");
}

#[tokio::test]
async fn stopping_answers_what_is_in_flight() {
    let app = TestApp::start().await;
    let addr = app.addr;
    let (head, last) = unfinished(addr);
    let mut client = Raw::connect(addr).await;
    // `expect` makes the server say that it has begun to read the request.
    client.send(&head.replacen("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n", 1)).await;
    client.read_until("100 Continue").await;

    let stopping = tokio::spawn(app.stop());
    while tokio::net::TcpStream::connect(addr).await.is_ok() {
        tokio::task::yield_now().await;
    }
    client.send(last).await;
    let answer = client.read_to_end().await;
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.contains("__typename"), "{answer}");
    assert_eq!(stopping.await.expect("a task"), 0, "nothing is cut off");
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let app = TestApp::with(|config| config.server.drain_timeout_seconds = 1).await;
    let mut client = Raw::connect(app.addr).await;
    client.send(&unfinished(app.addr).0.replacen("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n", 1)).await;
    client.read_until("100 Continue").await;
    let cut_off = tokio::time::timeout(Duration::from_secs(5), app.stop()).await.expect("it stops");
    assert_eq!(cut_off, 1);
}

#[tokio::test]
async fn answers_are_packed_as_the_client_likes() {
    let app = TestApp::start().await;
    for coding in ["gzip", "br", "zstd"] {
        let mut client = Raw::connect(app.addr).await;
        let head = "GET /schema.graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close";
        client.send(&format!("{head}\r\naccept-encoding: {coding}\r\n\r\n")).await;
        let answer = client.read_to_end().await;
        assert!(answer.contains(&format!("content-encoding: {coding}\r\n")), "{answer}");
        assert!(!answer.contains("type Query"), "{answer}");
    }
    assert!(app.get("/schema.graphql").await.text.contains("type Query"));
}

#[tokio::test]
async fn other_origins_are_let_in_by_configuration_alone() {
    let origin = "https://portal.example";
    let preflight = |app: &TestApp| {
        let request = app.request(Method::OPTIONS, "/graphql").header("origin", origin);
        request.header("access-control-request-method", "POST").header("access-control-request-headers", "content-type")
    };
    let closed = TestApp::start().await;
    assert_eq!(Answer::of(preflight(&closed)).await.header("access-control-allow-origin"), None);

    let open = TestApp::with(|config| config.server.cors_origins = vec![origin.to_owned()]).await;
    assert_eq!(Answer::of(preflight(&open)).await.header("access-control-allow-origin"), Some(origin));
    let foreign = Answer::of(open.request(Method::GET, TYPENAME).header("origin", "https://other.example")).await;
    assert_eq!(foreign.header("access-control-allow-origin"), None);
    assert_eq!((foreign.status.as_u16(), foreign.code().as_str()), (403, "ORIGIN_REFUSED"), "nothing is run for it");
    let named = Answer::of(open.request(Method::GET, TYPENAME).header("origin", origin)).await;
    assert_eq!(named.status, 200);
}

#[tokio::test]
async fn the_playground_is_served_packed_and_unpacked() {
    let app = TestApp::start().await;
    let home = app.get("/").await;
    assert_eq!((home.status.as_u16(), home.header("location")), (307, Some("/playground")));

    let page = app.get("/playground").await;
    assert!(page.text.contains("<title>supportgraph playground</title>"), "{}", page.text);
    let policy = page.header("content-security-policy").unwrap_or_default();
    assert!(policy.contains("default-src 'none'") && policy.contains("frame-ancestors 'none'"), "{policy}");
    let plain = Answer::of(app.request(Method::GET, "/playground/").header("accept-encoding", "identity")).await;
    assert_eq!((plain.header("content-encoding"), &plain.text), (None, &page.text));

    let again =
        app.request(Method::GET, "/playground").header("if-none-match", page.header("etag").unwrap_or_default());
    assert_eq!(Answer::of(again).await.status, 304);
    let script = page.text.split('"').find(|part| part.ends_with(".js")).expect("a script");
    let script = app.get(script).await;
    assert_eq!(script.header("content-type"), Some("text/javascript; charset=utf-8"));
    assert_eq!(script.header("cache-control"), Some("public, max-age=31536000, immutable"));
    assert_eq!(app.get("/playground/assets/..%2findex.html").await.status, 404);

    let without = TestApp::with(|config| config.server.playground = false).await;
    assert_eq!(without.get("/playground").await.status, 404);
}

#[tokio::test]
async fn probes_tell_that_the_server_is_ready() {
    let app = TestApp::start().await;
    assert_eq!(app.get("/livez").await.status, 200);
    assert_eq!(app.get("/readyz").await.status, 200);
}

#[tokio::test]
async fn every_answer_carries_the_headers_that_protect_browsers() {
    let app = TestApp::start().await;
    for path in ["/livez", "/nowhere", "/playground", "/schema.graphql", TYPENAME] {
        let answer = app.get(path).await;
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"), "{path}");
        assert!(answer.headers.contains_key("content-security-policy"), "{path}");
        assert!(answer.headers.contains_key("x-request-id"), "{path}");
    }
}
