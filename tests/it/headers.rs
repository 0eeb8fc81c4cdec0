//! What every answer tells a browser, whatever was asked.

use std::collections::BTreeMap;

use reqwest::Method;

use crate::support::{Answer, Streamed, TestApp};

const HEADERS: [&str; 8] = [
    "content-security-policy",
    "x-content-type-options",
    "x-frame-options",
    "referrer-policy",
    "permissions-policy",
    "cross-origin-opener-policy",
    "cross-origin-resource-policy",
    "cache-control",
];

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let app = TestApp::with(|config| config.server.cors_origins = vec!["https://portal.example".to_owned()]).await;
    let page = app.get("/playground").await.text;
    let script = page.split('"').find(|part| part.starts_with("/playground/assets/") && part.ends_with(".js"));
    let script = script.expect("the page has a script").to_owned();
    let paths = [
        "/",
        "/graphql",
        "/graphql?query=%7B__typename%7D",
        "/schema.graphql",
        "/livez",
        "/readyz",
        "/metrics",
        "/playground",
        "/playground/",
        "/playground/nothing.js",
        &script,
        "/nothing",
        "/%00",
        "/graphql/",
    ];
    for path in paths {
        for method in [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::DELETE, Method::OPTIONS] {
            for (name, value) in [("accept", "*/*"), ("host", "rebound.example"), ("origin", "https://portal.example")]
            {
                let answer = Answer::of(app.request(method.clone(), path).header(name, value)).await;
                let case = format!("{method} {path} with {name}: {value}");
                for header in HEADERS {
                    assert!(answer.header(header).is_some_and(|value| !value.is_empty()), "{header} of {case}");
                }
                let policy = answer.header("content-security-policy").expect("a policy");
                for part in ["default-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"] {
                    assert!(policy.contains(part), "{part} in {policy} of {case}");
                }
                assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{policy} of {case}");
                assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{case}");
                assert!(answer.header("server").is_none() && answer.header("x-powered-by").is_none(), "{case}");
            }
        }
    }
}

#[tokio::test]
async fn a_stream_says_it_too() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let request = app.request(Method::POST, "/graphql").header("accept", "text/event-stream");
    let query = BTreeMap::from([("query", "subscription { incidentChanged { kind } }")]);
    let stream = Streamed::of(request.json(&query)).await;
    for header in HEADERS {
        assert!(!stream.header(header).is_empty(), "{header}");
    }
}
