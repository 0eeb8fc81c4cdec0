//! Every path over HTTP, and every way to ask at `/graphql`.

use std::fs;

use reqwest::Method;
use serde_json::{Value, json};

use super::World;
use crate::support::{
    Answer, Client, Socket, Streamed,
    given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM},
};

const NAMES: &str = "{ customers { nodes { id name } } }";
const FEED: &str = "subscription { incidentChanged { kind incident { id title } } }";

/// Paths that say the same to everybody.
const PUBLIC: [&str; 7] = ["/schema.graphql", "/livez", "/readyz", "/metrics", "/", "/playground", "/playground/"];

/// Every path of the router, as its source has it.
fn paths() -> Vec<String> {
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/src/http/mod.rs");
    let source = fs::read_to_string(source).expect("the router");
    source.split(".route(\"").skip(1).map(|rest| rest.split('"').next().unwrap_or_default().to_owned()).collect()
}

#[test]
fn every_path_has_a_case() {
    for path in paths() {
        let has_case = PUBLIC.contains(&path.as_str()) || ["/graphql", "/playground/{*path}"].contains(&path.as_str());
        assert!(has_case, "nothing here asks whom {path} tells of: add it to tests/it/isolation/paths.rs");
    }
}

#[tokio::test]
async fn no_public_path_names_anybody() {
    let world = World::of_all().await;
    for tenant in [FABRIKAM, CONTOSO] {
        world.app.as_partner(tenant).query(NAMES).await.data();
    }
    for path in PUBLIC.into_iter().chain(["/playground/index.html", "/nothing"]) {
        let text = world.app.as_partner(CONTOSO).get(path).await.text.to_lowercase();
        for named in ["fabrikam", "contoso partner", "adatum", "bellows", FABRIKAM, CONTOSO, ADATUM, BELLOWS] {
            assert!(!text.contains(named), "{path} names {named}");
        }
    }
}

/// What the body has to tell the one, and must not tell of the other.
#[track_caller]
fn tells_contoso_alone(way: &str, text: &str) {
    assert!(text.contains("contoso") && text.contains("bellows"), "{way}: {text}");
    assert!(!text.contains("fabrikam"), "{way}: {text}");
}

#[tokio::test]
async fn every_way_to_ask_tells_ones_own() {
    let world = World::of_all().await;
    let (fabrikam, contoso) = (world.app.as_partner(FABRIKAM), world.app.as_partner(CONTOSO));
    let ask = |client: &Client, accept: &'static str, body: Value| {
        client.request(Method::POST, "/graphql").header("accept", accept).json(&body)
    };
    // The other has asked the same before, so that there is something to mix up.
    for (way, accept, body) in [
        ("POST", "application/graphql-response+json", json!({ "query": NAMES })),
        ("batch", "application/json", json!([{ "query": NAMES }, { "query": NAMES }])),
        ("events", "text/event-stream", json!({ "query": NAMES })),
    ] {
        Answer::of(ask(&fabrikam, accept, body.clone())).await;
        tells_contoso_alone(way, &Answer::of(ask(&contoso, accept, body)).await.text);
    }
    let link = "/graphql?query=%7Bcustomers%7Bnodes%7Bid%20name%7D%7D%7D";
    fabrikam.get(link).await;
    tells_contoso_alone("GET", &contoso.get(link).await.text);
    for (way, accept) in [
        ("live events", "text/event-stream"),
        ("multipart", "multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json"),
    ] {
        Streamed::of(ask(&fabrikam, accept, json!({ "query": FEED }))).await.until("SNAPSHOT_COMPLETE").await;
        let mut stream = Streamed::of(ask(&contoso, accept, json!({ "query": FEED }))).await;
        tells_contoso_alone(way, &stream.until("SNAPSHOT_COMPLETE").await);
    }
    let mut told = String::new();
    for tenant in [FABRIKAM, CONTOSO] {
        let mut socket = Socket::open(&world.app).await;
        let partner = json!({ "x-supportgraph-partner": tenant });
        socket.send(json!({ "type": "connection_init", "payload": partner })).await;
        socket.next().await;
        socket.subscribe("names", NAMES).await;
        told = socket.next().await.to_string();
        socket.subscribe("feed", FEED).await;
        let mut told_live = String::new();
        while !told_live.contains("SNAPSHOT_COMPLETE") {
            told_live.push_str(&socket.next().await.to_string());
        }
        told.push_str(&told_live);
    }
    tells_contoso_alone("WebSocket", &told);
}

#[tokio::test]
async fn a_stream_that_another_has_reserved_answers_like_one_that_nobody_has() {
    let world = World::of_all().await;
    let (fabrikam, contoso) = (world.app.as_partner(FABRIKAM), world.app.as_partner(CONTOSO));
    let contoso = contoso.with_header("x-request-id", "same");
    let token = Answer::of(fabrikam.request(Method::PUT, "/graphql")).await.text;
    let nobodys = "0".repeat(token.len());
    for method in [Method::GET, Method::POST, Method::DELETE] {
        let answer = async |token: &str| {
            let request =
                contoso.request(method.clone(), "/graphql?operationId=one").header("accept", "text/event-stream");
            let request = request.header("x-graphql-event-stream-token", token);
            let answer =
                Answer::of(request.json(&json!({ "query": NAMES, "extensions": { "operationId": "one" } }))).await;
            (answer.status, answer.text)
        };
        let foreign = answer(&token).await;
        assert_eq!(foreign, answer(&nobodys).await, "{method}");
        assert!(foreign.0.is_client_error(), "{method}: {foreign:?}");
    }
}

#[tokio::test]
async fn a_partner_that_nobody_knows_is_not_told_who_is_known() {
    let world = World::of_all().await;
    let nobody = world.app.as_partner("99999999-9999-4999-8999-999999999999").query(NAMES).await.text.to_lowercase();
    assert!(!nobody.contains("fabrikam") && !nobody.contains("contoso"), "{nobody}");
}
