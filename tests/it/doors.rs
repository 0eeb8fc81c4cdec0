//! Where a credential is asked for, how, and what happens at its end.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    api_keys::{issue, key_of},
    support::{
        Answer, Client, Socket, Streamed, TestApp,
        given::{ADATUM, FABRIKAM, Given},
        issuer::{FakeIssuer, SigningKey, with},
    },
    tokens::{bearing, guarded, guarded_by},
};

const TYPENAME: &str = "{ __typename }";

fn challenges(answer: &Answer) -> Vec<&str> {
    answer.headers.get_all("www-authenticate").iter().map(|value| value.to_str().expect("text")).collect()
}

#[tokio::test]
async fn who_shows_nothing_is_told_what_to_send() {
    let (app, _issuer) = guarded().await;
    let answer = app.query(TYPENAME).await;
    assert_eq!((answer.status, answer.code().as_str()), (StatusCode::UNAUTHORIZED, "UNAUTHENTICATED"));
    assert!(
        answer.text.contains("authorization: Bearer") && answer.text.contains("connection_init"),
        "{}",
        answer.text
    );
    let expected = [r#"Bearer realm="supportgraph""#, r#"Basic realm="supportgraph", charset="UTF-8""#];
    assert_eq!(challenges(&answer), expected);
    for (method, path) in [(Method::GET, "/graphql?query={__typename}"), (Method::PUT, "/graphql")] {
        let request = app.request(method.clone(), path).header("apollo-require-preflight", "1");
        assert_eq!(Answer::of(request).await.status, StatusCode::UNAUTHORIZED, "{method}");
    }
}

#[tokio::test]
async fn a_page_that_fetches_does_not_make_the_browser_ask_for_a_password() {
    let (app, _issuer) = guarded().await;
    let own = format!("http://{}", app.addr);
    for (header, value, may_ask) in [
        ("sec-fetch-mode", "navigate", true),
        ("sec-fetch-mode", "cors", false),
        ("sec-fetch-mode", "same-origin", false),
        ("origin", own.as_str(), false),
        ("user-agent", "Microsoft.Data.Mashup", true),
    ] {
        let answer = app.client.with_header(header, value).query(TYPENAME).await;
        let asks = challenges(&answer).iter().any(|challenge| challenge.starts_with("Basic"));
        assert_eq!((answer.status, asks), (StatusCode::UNAUTHORIZED, may_ask), "{header}: {value}");
    }
}

#[tokio::test]
async fn pages_and_probes_are_open_and_metrics_are_not() {
    let (app, issuer) = guarded_by(|issuer| issuer.customers_claim = Some("customers".to_owned())).await;
    for path in ["/livez", "/readyz", "/playground"] {
        assert_eq!(app.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/metrics", "/schema.graphql"] {
        assert_eq!(app.get(path).await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    for customers in [json!("*"), json!([ADATUM])] {
        let claims = json!({ "customers": customers, "roles": ["GLOBAL_ADMIN"] });
        let refused = bearing(&app, &SigningKey::ec().sign(&with(&issuer.claims(&app), claims))).get("/metrics").await;
        assert_eq!((refused.status, refused.code().as_str()), (StatusCode::FORBIDDEN, "FORBIDDEN"));
        assert!(refused.text.contains("server.metrics_listen"), "{}", refused.text);
        assert!(!refused.text.contains("supportgraph_"), "{}", refused.text);
    }
}

#[tokio::test]
async fn the_operator_has_the_metrics_at_an_address_of_its_own() {
    let issuer = FakeIssuer::start().await;
    let app = TestApp::with(|config| {
        config.auth.issuers = vec![issuer.config()];
        config.server.metrics_listen = Some(([127, 0, 0, 1], 0).into());
    })
    .await;
    let operator = Client::new(app.operators_addr().expect("an address"));
    let metrics = operator.get("/metrics").await;
    assert_eq!(metrics.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    assert!(metrics.text.contains("supportgraph_credentials_failed_total 0"), "{}", metrics.text);
    for path in ["/livez", "/readyz"] {
        assert_eq!(operator.get(path).await.status, StatusCode::OK, "{path}");
    }
    for path in ["/graphql?query={__typename}", "/schema.graphql", "/playground", "/"] {
        assert_eq!(operator.get(path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    for (host, status) in [("10.0.0.7:9464", 200), ("[2001:db8::7]", 200), ("localhost", 200), ("rebound.example", 421)]
    {
        let answer = operator.with_header("host", host).get("/metrics").await;
        assert_eq!(answer.status, status, "{host}");
    }
    assert_eq!(app.stop().await, 0);
    assert!(tokio::net::TcpStream::connect(operator.addr).await.is_err(), "it stops with the server");
}

/// A browser adds the password that was typed for this server to whatever any page asks.
#[tokio::test]
async fn a_page_of_another_origin_borrows_no_password() {
    let app = TestApp::with(|config| {
        config.auth.required = true;
        config.server.cors_origins = vec!["*".to_owned()];
    })
    .await;
    let given = Given::put(&app, FABRIKAM, "fabrikam").await;
    let (_, key) = issue(&app, &given, key_of("a person's")).await;
    let basic = format!("Basic {}", BASE64_STANDARD.encode(format!("ada:{key}")));
    let (own, bearer) = (format!("http://{}", app.addr), format!("Bearer {key}"));
    let evil = "https://evil.example";
    for (origin, shown, status) in [(evil, &basic, 401), (evil, &bearer, 200), (&*own, &basic, 200)] {
        let page = app.with_header("origin", origin).with_header("authorization", shown);
        let get = |accept: &str| page.request(Method::GET, "/graphql?query={__typename}").header("accept", accept);
        assert_eq!(page.query(TYPENAME).await.status, status, "POST of {origin}");
        for accept in ["application/json", "text/event-stream"] {
            let answer = Answer::of(get(accept)).await;
            assert_eq!(answer.status, status, "{accept} of {origin}");
            assert_eq!(answer.header("access-control-allow-credentials"), None, "no page reads what was lent to it");
        }
    }

    let protocol = ("sec-websocket-protocol", "graphql-transport-ws");
    for (origin, shown) in [(evil, &basic), (evil, &bearer), (&*own, &basic)] {
        let headers = [protocol, ("origin", origin), ("authorization", shown.as_str())];
        let mut socket = Socket::open_with(&app, &headers).await.expect("an open socket");
        socket.send(json!({ "type": "connection_init" })).await;
        assert_eq!(socket.closed().await.0, 4401, "{origin}");
    }
    let mut socket = Socket::open_with(&app, &[protocol, ("origin", evil)]).await.expect("an open socket");
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": bearer } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack", "what a page says itself counts");
}

#[tokio::test]
async fn a_socket_tells_who_it_is_by_connection_init() {
    let (app, issuer) = guarded().await;
    let bearer = format!("Bearer {}", issuer.token(&app));
    for payload in [
        json!({ "authorization": bearer }),
        json!({ "Authorization": bearer }),
        json!({ "headers": { "Authorization": bearer } }),
    ] {
        let mut socket = Socket::open(&app).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        let ack = socket.next().await;
        assert_eq!(
            (&ack["type"], &ack["payload"]["expiresAt"]),
            (&json!("connection_ack"), &json!("2026-11-22T13:00:00Z"))
        );
        socket.subscribe("who", "{ viewer { name } }").await;
        assert_eq!(socket.next().await["payload"]["data"]["viewer"]["name"], "ada@fabrikam.example");
    }
    let headers = [("sec-websocket-protocol", "graphql-transport-ws"), ("authorization", bearer.as_str())];
    let mut socket = Socket::open_with(&app, &headers).await.expect("an open socket");
    socket.send(json!({ "type": "connection_init" })).await;
    assert_eq!(socket.next().await["type"], "connection_ack", "programs may send a header");
}

#[tokio::test]
async fn a_socket_without_a_credential_is_closed_with_4401_and_with_a_bad_one_with_4403() {
    let (app, issuer) = guarded().await;
    let expired = SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "exp": 1 })));
    let forged = SigningKey::rsa_two().sign(&issuer.claims(&app));
    for (payload, code) in [
        (json!({}), 4401),
        (json!({ "authorization": format!("Bearer {forged}") }), 4403),
        (json!({ "authorization": format!("Bearer {expired}") }), 4403),
        (json!({ "authorization": "" }), 4403),
        (json!({ "authorization": null }), 4403),
    ] {
        let mut socket = Socket::open(&app).await;
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        let (closed, reason) = socket.closed().await;
        assert_eq!(closed, code, "{payload}: {reason}");
    }
}

#[tokio::test]
async fn a_socket_ends_with_its_token_unless_that_is_renewed_by_the_same_person() {
    let (app, issuer) = guarded().await;
    let until = |minutes: i64, who: &str| {
        let end = app.clock.now().timestamp() + minutes * 60;
        let token = SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "exp": end, "oid": who })));
        json!({ "authorization": format!("Bearer {token}") })
    };
    let (first, second, others) = (until(60, "ada"), until(120, "ada"), until(120, "bob"));
    let mut sockets = Vec::new();
    for _ in 0..2 {
        let mut socket = Socket::open(&app).await;
        socket.send(json!({ "type": "connection_init", "payload": first })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        sockets.push(socket);
    }
    let [renewed, other] = &mut sockets[..] else { unreachable!("two sockets") };
    renewed.send(json!({ "type": "ping", "payload": second })).await;
    assert_eq!(renewed.next().await["payload"]["expiresAt"], "2026-11-22T14:00:00Z");
    other.send(json!({ "type": "ping", "payload": others })).await;
    assert_eq!(other.closed().await.0, 4403, "another person");

    app.clock.advance(TimeDelta::minutes(61));
    renewed.subscribe("who", TYPENAME).await;
    assert_eq!(renewed.next_where(|message| message["type"] == "next").await["payload"]["data"]["__typename"], "Query");
    app.clock.advance(TimeDelta::minutes(59));
    let (code, reason) = renewed.closed().await;
    assert!(code == 4403 && reason.starts_with("token expired"), "{code} {reason}");
}

#[tokio::test]
async fn a_socket_that_is_renewed_with_a_bad_token_is_closed() {
    let (app, issuer) = guarded().await;
    let mut socket = Socket::open(&app).await;
    let good = format!("Bearer {}", issuer.token(&app));
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": good } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    socket.send(json!({ "type": "ping", "payload": { "authorization": "Bearer forged" } })).await;
    assert_eq!(socket.closed().await.0, 4403);
}

#[tokio::test]
async fn streams_end_with_their_token_and_tell_nothing_after() {
    let (app, issuer) = guarded().await;
    let client = bearing(&app, &issuer.token(&app));
    let streams = Streamed::of_each_kind(&client, "subscription { incidentChanged { kind } }").await;
    app.clock.advance(TimeDelta::hours(1));
    let given = Given::new(FABRIKAM, "fabrikam", app.clock.now());
    app.apply(given.id, [given.incident("late", &[ADATUM])]).await;
    for mut stream in streams {
        let rest = stream.rest().await;
        assert!(rest.contains("the token expired") && !rest.contains("LIVE"), "{rest}");
    }
}

/// The same person, whose token names fewer customers than the one before.
#[tokio::test]
async fn who_reaches_less_by_now_does_not_go_on_where_it_was() {
    let (app, issuer) = guarded_by(|issuer| issuer.customers_claim = Some("customers".to_owned())).await;
    let of = |customers: Value| {
        let token = SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "customers": customers })));
        bearing(&app, &token)
    };
    let (before, now) = (of(json!("*")), of(json!([ADATUM])));
    let list = "query($after: String) { customers(first: 1, after: $after) { pageInfo { endCursor } } }";
    let end = before.query(list).await.data()["customers"]["pageInfo"]["endCursor"].clone();
    before.query_with(list, json!({ "after": end })).await.data();
    assert_eq!(now.query_with(list, json!({ "after": end })).await.code(), "BAD_USER_INPUT");

    let listen = |client: &Client| {
        let request = client.request(Method::POST, "/graphql").header("accept", "text/event-stream");
        request.json(&json!({ "query": "subscription { incidentChanged { kind } }" }))
    };
    let told = Streamed::of(listen(&before)).await.until("SNAPSHOT_COMPLETE").await;
    let cursor = told.lines().rev().find_map(|line| line.strip_prefix("id: ")).expect("a cursor");
    let refused = Answer::of(listen(&now).header("last-event-id", cursor)).await.text;
    assert!(refused.contains("BAD_USER_INPUT") && refused.contains("event: complete"), "{refused}");
}

#[tokio::test]
async fn a_preflight_allows_the_header_and_needs_no_credential() {
    let issuer = FakeIssuer::start().await;
    let app = TestApp::with(|config| {
        config.auth.issuers = vec![issuer.config()];
        config.server.cors_origins = vec!["https://portal.example".to_owned()];
    })
    .await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    let request = app
        .request(Method::OPTIONS, "/graphql")
        .header("origin", "https://portal.example")
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "authorization,content-type");
    let answer = Answer::of(request).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert!(answer.header("access-control-allow-headers").is_some_and(|allowed| allowed.contains("authorization")));
    let client = bearing(&app, &issuer.token(&app)).with_header("origin", "https://portal.example");
    assert_eq!(client.query(TYPENAME).await.status, StatusCode::OK);
}
