//! Documents that are named instead of sent: registered ones, automatic ones, and callers that may run no others.

use std::fs;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use supportgraph::domain::document::DocumentId;

use crate::{
    api_keys::{issue, key_of},
    cli::{run, supportgraph, text},
    support::{
        Answer, Socket, Streamed, TestApp,
        given::{FABRIKAM, Given},
    },
    tokens::bearing,
};

const VIEWER: &str = "query Who { viewer { name } }";
const FEED: &str = "subscription Feed { incidentChanged { kind } }";

async fn with_documents(change: impl FnOnce(&mut supportgraph::config::Config)) -> TestApp {
    let app = TestApp::to_listen_to(change).await;
    register(&app, &[(VIEWER, "Who"), (FEED, "Feed")]).await;
    app
}

async fn register(app: &TestApp, documents: &[(&str, &str)]) {
    let documents: Vec<_> =
        documents.iter().map(|(text, name)| ((*text).to_owned(), vec![(*name).to_owned()])).collect();
    app.store().register_documents(&documents, app.clock.now()).await.expect("they are registered");
}

fn by_hash(text: &str) -> Value {
    json!(format!("sha256:{}", DocumentId::hash_of(text)))
}

fn automatic(text: &str) -> Value {
    json!({ "persistedQuery": { "version": 1, "sha256Hash": DocumentId::hash_of(text) } })
}

#[tokio::test]
async fn a_registered_document_is_named_on_every_transport() {
    let app = with_documents(|_| ()).await;
    let name = json!({ "viewer": { "name": "local" } });
    for id in [json!("Who"), by_hash(VIEWER), json!(DocumentId::hash_of(VIEWER))] {
        assert_eq!(app.post(&json!({ "documentId": id })).await.data(), name, "{id} by POST");
        let get = format!("/graphql?documentId={}", id.as_str().expect("a text"));
        assert_eq!(app.get(&get).await.data(), name, "{id} by GET");
    }
    assert_eq!(app.post(&json!({ "extensions": automatic(VIEWER) })).await.data(), name, "as Apollo's clients do");
    let batch = app.post(&json!([{ "documentId": "Who" }, { "documentId": "Who", "operationName": "Who" }])).await;
    assert_eq!(batch.json(), json!([{ "data": name }, { "data": name }]));

    let mut socket = Socket::start(&app).await;
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": { "documentId": "Who" } })).await;
    assert_eq!(socket.next().await["payload"]["data"], name);
    socket.send(json!({ "id": "2", "type": "subscribe", "payload": { "documentId": by_hash(FEED) } })).await;
    let event = socket.next_where(|message| message["id"] == "2").await;
    assert_eq!(event["payload"]["data"]["incidentChanged"]["kind"], "SNAPSHOT_COMPLETE");

    for (accept, sign) in [("text/event-stream", "event: next"), ("multipart/mixed; subscriptionSpec=1.0", "payload")] {
        let request = app.request(Method::POST, "/graphql").header("accept", accept);
        let mut stream = Streamed::of(request.json(&json!({ "documentId": "Feed" }))).await;
        assert_eq!(stream.status(), 200);
        stream.until(sign).await;
        stream.until("SNAPSHOT_COMPLETE").await;
    }
}

#[tokio::test]
async fn a_document_that_is_named_wrongly_is_refused_with_what_would_be_right() {
    let app = with_documents(|_| ()).await;
    for (body, code) in [
        (json!({ "documentId": "Nobody" }), "PERSISTED_QUERY_NOT_IN_LIST"),
        (json!({ "documentId": by_hash("{ viewer { subject } }") }), "PERSISTED_QUERY_NOT_IN_LIST"),
        (json!({ "documentId": "md5:0123" }), "BAD_REQUEST"),
        (json!({ "documentId": "Who", "query": VIEWER }), "BAD_REQUEST"),
        (json!({ "documentId": "Who", "extensions": automatic(VIEWER) }), "BAD_REQUEST"),
        (json!({ "extensions": { "persistedQuery": 7 } }), "BAD_REQUEST"),
        (json!({ "extensions": { "persistedQuery": { "version": 2, "sha256Hash": "0" } } }), "BAD_REQUEST"),
        (json!({ "extensions": { "persistedQuery": { "version": 1, "sha256Hash": "0" } } }), "BAD_REQUEST"),
        (json!({ "query": VIEWER, "extensions": automatic(FEED) }), "BAD_REQUEST"),
    ] {
        let answer = app.post(&body).await;
        assert_eq!((answer.code().as_str(), answer.status.as_u16()), (code, 400), "{body}");
    }
    let mismatch = app.post(&json!({ "query": VIEWER, "extensions": automatic(FEED) })).await.json();
    assert_eq!(mismatch["errors"][0]["message"], "provided sha does not match query");
    assert_eq!(app.post(&json!({ "documentId": 7 })).await.code(), "BAD_REQUEST");

    let blind = app.request(Method::GET, "/graphql?documentId=Who").header("accept", "image/webp,*/*;q=0.8");
    assert_eq!(Answer::of(blind).await.code(), "CSRF_REFUSED");
    register(
        &app,
        &[("mutation Close($i: ServiceRequestCloseInput!) { serviceRequestClose(input: $i) { __typename } }", "Close")],
    )
    .await;
    assert_eq!(app.get("/graphql?documentId=Close").await.status, 405);
}

#[tokio::test]
async fn an_automatic_document_is_sent_once_and_then_named() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let query = "{ viewer { name } }";
    let named = json!({ "extensions": automatic(query) });

    let unknown = app.post(&named).await;
    assert_eq!(unknown.code(), "PERSISTED_QUERY_NOT_FOUND");
    assert_eq!(unknown.json()["errors"][0]["message"], "PersistedQueryNotFound");
    let sent = app.post(&json!({ "query": query, "extensions": automatic(query) })).await;
    assert_eq!(app.post(&named).await.data(), sent.data());

    let encoded: String = automatic(query).to_string().bytes().map(|byte| format!("%{byte:02X}")).collect();
    assert_eq!(app.get(&format!("/graphql?extensions={encoded}")).await.data(), sent.data());

    app.partner("0b9c6f6c-8a7d-4d57-9d3a-000000000002", "Another").await;
    let elsewhere = app.as_partner("0b9c6f6c-8a7d-4d57-9d3a-000000000002");
    assert_eq!(
        elsewhere.post(&named).await.code(),
        "PERSISTED_QUERY_NOT_FOUND",
        "another partner's callers learn nothing"
    );
}

#[tokio::test]
async fn what_cannot_be_run_or_is_too_large_is_not_kept() {
    let app = TestApp::to_listen_to(|config| config.documents.automatic_bytes = 4096).await;
    for query in ["{ viewer { ", "{ nothing }"] {
        assert!(
            app.post(&json!({ "query": query, "extensions": automatic(query) })).await.json().get("data").is_none()
        );
        assert_eq!(app.post(&json!({ "extensions": automatic(query) })).await.code(), "PERSISTED_QUERY_NOT_FOUND");
    }
    let large = format!("{{ viewer {{ name }} }} #{}", "x".repeat(8000));
    app.post(&json!({ "query": large, "extensions": automatic(&large) })).await.data();
    assert_eq!(app.post(&json!({ "extensions": automatic(&large) })).await.code(), "PERSISTED_QUERY_NOT_FOUND");

    let many: Vec<String> = (0..100).map(|number| format!("{{ viewer {{ name }} }} #{number}")).collect();
    for query in &many {
        app.post(&json!({ "query": query, "extensions": automatic(query) })).await.data();
    }
    let mut kept = 0;
    for query in &many {
        kept += usize::from(app.post(&json!({ "extensions": automatic(query) })).await.json().get("data").is_some());
    }
    assert!((1..=20).contains(&kept), "{kept} of 280 bytes each are kept in 4096 bytes");
}

#[tokio::test]
async fn without_automatic_documents_a_client_hears_that_it_must_send_them() {
    let app = with_documents(|config| config.documents.automatic_bytes = 0).await;
    let query = "{ viewer { name } }";
    let refused = app.post(&json!({ "extensions": automatic(query) })).await;
    assert_eq!(refused.code(), "PERSISTED_QUERY_NOT_SUPPORTED");
    assert_eq!(refused.json()["errors"][0]["message"], "PersistedQueryNotSupported");
    app.post(&json!({ "query": query, "extensions": automatic(query) })).await.data();
    app.post(&json!({ "extensions": automatic(VIEWER) })).await.data();
}

#[tokio::test]
async fn who_may_run_registered_documents_only_runs_no_others() {
    let app = with_documents(|config| config.documents.only = vec!["screen".to_owned()]).await;
    app.post(&json!({ "documentId": "Who" })).await.data();
    app.query(VIEWER).await.data();
    app.post(&json!({ "query": VIEWER, "extensions": automatic(VIEWER) })).await.data();

    for query in ["{ viewer { name } }", "query Who { viewer { name } } ", "{ __schema { types { name } } }", "{"] {
        let sent = app.query(query).await;
        assert_eq!(sent.code(), "QUERY_NOT_IN_SAFELIST", "{query}");
        assert!(sent.text.contains("supportgraph documents add"), "{}", sent.text);
        let with_hash = app.post(&json!({ "query": query, "extensions": automatic(query) })).await;
        assert_eq!(with_hash.code(), "QUERY_NOT_IN_SAFELIST", "{query}");
        let named = app.post(&json!({ "extensions": automatic(query) })).await;
        assert_eq!(named.code(), "PERSISTED_QUERY_NOT_IN_LIST", "{query}");
    }

    let batch = app.post(&json!([{ "documentId": "Who" }, { "query": "{ viewer { name } }" }])).await.json();
    assert_eq!(batch[0]["data"]["viewer"]["name"], "local");
    assert_eq!(batch[1]["errors"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST");
    let mut socket = Socket::start(&app).await;
    socket.subscribe("1", "subscription { incidentChanged { kind } }").await;
    assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST");
}

#[tokio::test]
async fn who_is_in_another_lane_or_role_is_not_held_to_registered_documents() {
    let others = ["bi", "playground", "CUSTOMER_USER"].map(str::to_owned);
    let app = with_documents(|config| config.documents.only = others.to_vec()).await;
    app.query("{ viewer { name } }").await.data();
    let app = with_documents(|config| config.documents.only = vec!["global_admin".to_owned()]).await;
    assert_eq!(app.query("{ viewer { name } }").await.code(), "QUERY_NOT_IN_SAFELIST");
}

#[tokio::test]
async fn to_ask_for_another_lane_makes_nobody_free() {
    let named =
        async |app: &TestApp, lane| app.with_header("x-supportgraph-lane", lane).query("{ viewer { name } }").await;
    let app = with_documents(|config| config.documents.only = vec!["screen".to_owned()]).await;
    for lane in ["screen", "bi", "playground"] {
        assert_eq!(named(&app, lane).await.code(), "QUERY_NOT_IN_SAFELIST", "{lane}");
    }
    app.with_header("x-supportgraph-lane", "bi").query(VIEWER).await.data();

    let app = with_documents(|config| config.documents.only = vec!["bi".to_owned()]).await;
    let given = Given::new(FABRIKAM, "fabrikam", app.clock.now());
    let (_, key) = issue(&app, &given, key_of("Power BI")).await;
    assert_eq!(named(&app, "bi").await.code(), "QUERY_NOT_IN_SAFELIST", "nor free of the lane that it asks for");
    named(&app, "playground").await.data();
    for lane in ["screen", "bi", "playground"] {
        let client = bearing(&app, &key).with_header("x-supportgraph-lane", lane);
        assert_eq!(client.query("{ viewer { name } }").await.code(), "QUERY_NOT_IN_SAFELIST", "a key, {lane}");
        client.post(&json!({ "documentId": "Who" })).await.data();
        let mut socket = Socket::open(&app).await;
        let payload = json!({ "authorization": format!("Bearer {key}"), "x-supportgraph-lane": lane });
        socket.send(json!({ "type": "connection_init", "payload": payload })).await;
        assert_eq!(socket.next().await["type"], "connection_ack");
        socket.subscribe("1", "{ viewer { name } }").await;
        assert_eq!(socket.next().await["payload"][0]["extensions"]["code"], "QUERY_NOT_IN_SAFELIST", "{lane}");
    }
}

#[tokio::test]
async fn what_was_registered_is_known_at_once_and_forgotten_within_seconds() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let node = app.another_node().await;
    let named = json!({ "documentId": "Who" });
    assert_eq!(node.post(&named).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
    register(&app, &[(VIEWER, "Who")]).await;
    let (_, first) = node.statements(node.post(&named)).await;
    let (answer, second) = node.statements(node.post(&named)).await;
    answer.data();
    assert!(second < first, "what is known costs no statement: {second} instead of {first}");

    let newer = "query Who { viewer { who: name } }";
    register(&app, &[(newer, "Who")]).await;
    app.clock.advance(TimeDelta::seconds(4));
    assert_eq!(node.post(&named).await.data(), json!({ "viewer": { "who": "local" } }));
    node.post(&json!({ "documentId": by_hash(VIEWER) })).await.data();

    assert!(app.store().forget_document(&DocumentId::Name("Who".to_owned())).await.expect("it is removed"));
    app.clock.advance(TimeDelta::seconds(4));
    assert_eq!(node.post(&named).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
    assert_eq!(node.post(&json!({ "documentId": by_hash(newer) })).await.code(), "PERSISTED_QUERY_NOT_IN_LIST");
}

#[test]
fn documents_are_registered_from_files_folders_and_manifests() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).expect("a file");
    fs::create_dir_all(folder.path().join("queries/deep")).expect("folders");
    write("queries/who.graphql", VIEWER);
    write("queries/deep/both.gql", "query A { viewer { name } } query B { viewer { name } }");
    write("queries/who.json", r#"{ "first": 7 }"#);
    let (apollo, relay) = ("query Apollo { viewer { name } }", "query Relay { viewer { name } }");
    let operation = json!({ "id": DocumentId::hash_of(apollo), "name": "Apollo", "type": "query", "body": apollo });
    let manifest = json!({ "format": "apollo-persisted-query-manifest", "version": 1, "operations": [operation] });
    write("apollo.json", &manifest.to_string());
    write("relay.json", &json!({ "5d41402abc4b2a76b9719d911017c592": relay }).to_string());

    let added = run(folder.path(), &["documents", "add", "queries", "apollo.json", "relay.json"]);
    assert!(added.status.success(), "{}", text(&added.stderr));
    assert!(text(&added.stdout).contains("registered 4 documents, 4 of them new"), "{}", text(&added.stdout));
    let again = run(folder.path(), &["documents", "add", "queries"]);
    assert!(text(&again.stdout).contains("registered 2 documents, 0 of them new"), "{}", text(&again.stdout));

    let listed = text(&run(folder.path(), &["documents", "list"]).stdout);
    let names: Vec<&str> = listed.lines().map(|line| line.split_once("  ").expect("two columns").1).collect();
    assert_eq!(names, ["5d41402abc4b2a76b9719d911017c592 Relay", "Apollo", "Who", "both"]);
    assert!(listed.contains(&DocumentId::hash_of(VIEWER)), "{listed}");

    assert!(run(folder.path(), &["documents", "check"]).status.success());
    assert!(run(folder.path(), &["documents", "remove", "both", &DocumentId::hash_of(apollo)]).status.success());
    let left = text(&run(folder.path(), &["documents", "list"]).stdout);
    assert_eq!(left.lines().count(), 2, "{left}");
    let unknown = run(folder.path(), &["documents", "remove", "both"]);
    assert!(text(&unknown.stderr).contains("no document is registered as both"), "{}", text(&unknown.stderr));
}

#[test]
fn a_document_that_cannot_be_run_is_not_registered_and_says_why() {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content, reason) in [
        ("parse.graphql", "{ viewer {", "syntax error"),
        ("schema.graphql", "{ nothing }", "(line 1, column 3)"),
        ("deep.graphql", &format!("{{ __schema {}name{} }}", "{ types { fields ".repeat(30), "}".repeat(60)), "depth"),
        ("two words.graphql", "{ viewer { name } }", "is no name"),
        ("fragment.graphql", "fragment F on Viewer { name }", "cannot be used"),
        ("hash.json", &json!({ DocumentId::hash_of("a"): "{ viewer { name } }" }).to_string(), "is not the SHA-256"),
        ("other.json", "{ \"scripts\": {} }", "is no manifest"),
    ] {
        fs::write(folder.path().join(name), content).expect("a file");
        let refused = run(folder.path(), &["documents", "add", name]);
        assert_eq!(refused.status.code(), Some(1), "{name}");
        assert!(text(&refused.stderr).contains(reason), "{name}: {}", text(&refused.stderr));
        assert_eq!(run(folder.path(), &["documents", "check", name]).status.code(), Some(1), "{name}");
    }
    fs::create_dir(folder.path().join("twice")).expect("a folder");
    fs::write(folder.path().join("twice/a.graphql"), VIEWER).expect("a file");
    fs::write(folder.path().join("twice/b.graphql"), "query Who { viewer { who: name } }").expect("a file");
    let twice = run(folder.path(), &["documents", "add", "twice"]);
    assert!(text(&twice.stderr).contains("another document of the name Who"), "{}", text(&twice.stderr));
    assert_eq!(text(&run(folder.path(), &["documents", "list"]).stdout), "");
}

#[tokio::test]
async fn a_document_that_the_schema_of_today_refuses_is_told_at_the_start_and_by_check() {
    let app = TestApp::start().await;
    register(&app, &[("{ gone }", "Gone"), (VIEWER, "Who")]).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut check = supportgraph(folder.path(), &["documents", "check"]);
    let checked = check.env("SUPPORTGRAPH_DATABASE__URL", app.database_url()).output().expect("the program runs");
    assert_eq!(checked.status.code(), Some(1));
    let told = text(&checked.stderr);
    assert!(told.contains("1 document cannot be used") && told.contains("Gone") && !told.contains("Who"), "{told}");

    app.another_node().await.post(&json!({ "documentId": "Who" })).await.data();
    let gone = app.post(&json!({ "documentId": "Gone" })).await;
    assert_eq!(gone.code(), "GRAPHQL_VALIDATION_FAILED");
}
