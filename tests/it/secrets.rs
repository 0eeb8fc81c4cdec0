//! Nothing secret, and nothing that people wrote, in what the program says of itself.

use std::{
    fs::{self, File},
    net::SocketAddr,
    process::Command,
};

use reqwest::Method;
use serde_json::json;

use crate::{
    cli::{Serving, run, supportgraph},
    support::{Answer, Client, Database, Socket},
};

const DATABASE: &str = "database-password-d1";
const BUS: &str = "bus-password-b2";
const TOKEN: &str = "eyJhbGciOiJub25lIn0.eyJzdWIiOiJzZWNyZXQtdG9rZW4ifQ.t3";
const KEY: &str = "sg_abcdefgh_4kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
const BASIC: &str = "c2cifa2V5OmJhc2ljLXBhc3N3b3Jk";
const COOKIE: &str = "cookie-session-c5";
const EMAIL: &str = "ada.lovelace@contoso.example";
const PHONE: &str = "+44 20 7946 0018";
const WORDS: &str = "her mailbox is full of letters to Babbage";

/// What must never be seen.
const SECRETS: [&str; 9] = [DATABASE, BUS, TOKEN, KEY, BASIC, COOKIE, EMAIL, PHONE, WORDS];

fn settings<'a>(command: &'a mut Command, database: &str) -> &'a mut Command {
    command
        .env("SUPPORTGRAPH_SERVER__LISTEN", "127.0.0.1:0")
        .env("SUPPORTGRAPH_DATABASE__URL", database)
        .env("SUPPORTGRAPH_DATABASE__MIGRATE_AT_START", "true")
        .env("SUPPORTGRAPH_BUS__URL", format!("nats://bus:{BUS}@127.0.0.1:1"))
        .env("SUPPORTGRAPH_TELEMETRY__FILTER", "trace")
}

/// Everything that a caller could send by mistake or on purpose; gives all that was answered where nothing of it belongs.
async fn call(addr: SocketAddr) -> String {
    let client = Client::new(addr);
    let mut heard = String::new();
    for authorization in [format!("Bearer {TOKEN}"), format!("Bearer {KEY}"), format!("Basic {BASIC}")] {
        let client = client.with_header("authorization", &authorization).with_header("cookie", COOKIE);
        heard += &client.query("{ viewer { name } }").await.text;
        heard += &client.get("/metrics").await.text;
        heard += &client.get("/nothing-here").await.text;
    }
    let open = "mutation($input: ServiceRequestOpenInput!) { serviceRequestOpen(input: $input) {
        serviceRequest { id } userErrors { message } } }";
    let input = json!({ "idempotencyKey": "secrets-1", "title": WORDS, "description": WORDS, "severity": "UNKNOWN",
        "contactEmail": EMAIL, "contactPhone": PHONE, "contactName": WORDS });
    heard += &client.query_with(open, json!({ "input": input })).await.text;
    let valid = json!({ "idempotencyKey": "secrets-2", "title": "Mail", "description": WORDS, "severity": "CRITICAL",
        "contactEmail": EMAIL, "contactPhone": PHONE });
    heard += &client.query_with(open, json!({ "input": valid })).await.text;
    let search = "query($text: String!) { search(text: $text) { __typename } }";
    heard += &client.query_with(search, json!({ "text": EMAIL })).await.text;
    heard += &client.query_with(search, json!({ "text": { "of": "another type", "than": "a text" } })).await.text;
    let literal = format!("{{ search(text: \"{WORDS}\") {{ __typename }} }}");
    heard += &client.query(&literal).await.text;
    let get = format!("/graphql?query={}&token={TOKEN}", literal.replace(' ', "%20").replace('"', "%22"));
    heard += &client.get(&get).await.text;
    let broken = client.request(Method::POST, "/graphql").header("content-type", "application/json");
    heard += &Answer::of(broken.body(format!("{{\"query\": {EMAIL}"))).await.text;
    client
        .post(&json!({ "query": literal, "extensions": { "persistedQuery": { "version": 1, "sha256Hash": TOKEN } } }))
        .await;

    let mut socket = Socket::open(&client).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {TOKEN}") } })).await;
    socket.next().await;
    let payload = json!({ "query": search, "variables": { "text": WORDS } });
    socket.send(json!({ "id": "1", "type": "subscribe", "payload": payload })).await;
    socket.next_where(|message| message["type"] == "complete").await;
    heard + &client.get("/metrics").await.text
}

#[tokio::test]
async fn a_run_that_logs_everything_tells_no_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::create().await;
    let url = match &database {
        // The server of the tests trusts everybody, so any password will do.
        Some(database) => {
            let mut url = reqwest::Url::parse(&database.url()).expect("a URL");
            url.set_password(Some(DATABASE)).expect("a URL with a user");
            url.to_string()
        }
        None => format!("sqlite://{}", folder.path().join("a.db").display()),
    };

    let log = folder.path().join("log");
    let mut command = supportgraph(folder.path(), &["serve"]);
    settings(&mut command, &url).stderr(File::create(&log).expect("a file"));
    let (serving, addr) = Serving::start_with(command);
    let heard = call(addr).await;
    let logged = serving.stop() + &fs::read_to_string(&log).expect("a file");
    assert!(logged.contains("DEBUG") && logged.contains("answered"), "everything is logged: {logged}");
    for secret in SECRETS {
        let line = logged.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} in the log");
        assert!(!heard.contains(secret), "{secret} in an answer: {heard}");
    }
}

#[test]
fn a_start_that_fails_tells_no_password() {
    let folder = tempfile::tempdir().expect("a folder");
    for url in [
        format!("postgres://user:{DATABASE}@127.0.0.1:1/database"),
        format!("postgres://user:{DATABASE}@no such host/database"),
        format!("mysql://user:{DATABASE}@127.0.0.1/database"),
        format!("postgres://user:{DATABASE}@127.0.0.1:nonsense/database"),
    ] {
        let failed = settings(&mut supportgraph(folder.path(), &["serve"]), &url).output().expect("the program runs");
        assert!(!failed.status.success(), "{url}");
        let told = [failed.stdout, failed.stderr].concat();
        let told = String::from_utf8_lossy(&told);
        assert!(!told.contains(DATABASE), "{told}");
        assert!(!told.contains(BUS), "{told}");
    }
    let mut check = supportgraph(folder.path(), &["check-config"]);
    let url = format!("postgres://user:{DATABASE}@127.0.0.1:1/database");
    let shown = settings(&mut check, &url).output().expect("the program runs");
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    assert!(shown.contains("(secret)") && !shown.contains(DATABASE) && !shown.contains(BUS), "{shown}");
    assert!(run(folder.path(), &["check-config"]).status.success());
}
