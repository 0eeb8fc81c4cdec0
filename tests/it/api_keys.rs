//! Keys of programs: issued, shown once, good as Bearer and as Basic, revoked.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use chrono::TimeDelta;
use reqwest::StatusCode;
use serde_json::json;
use supportgraph::{
    actions::Actions,
    domain::{
        access::{Lane, Role, Scope, Viewer},
        api_key::NewKey,
    },
};

use crate::{
    cli::{run, text},
    support::{
        Client, Socket, Streamed, TestApp, execute,
        given::{ADATUM, BELLOWS, CONTOSO, FABRIKAM, Given},
    },
    tokens::bearing,
};

const WHO: &str =
    "{ viewer { name isRestricted: isRestrictedToCustomers } customers(first: 10) { nodes { tenantId } } }";

/// Fabrikam and Contoso, where everybody has to show a key.
async fn locked() -> (TestApp, Given) {
    let app = TestApp::with(|config| config.auth.required = true).await;
    let fabrikam = Given::put(&app, FABRIKAM, "fabrikam").await;
    Given::put(&app, CONTOSO, "contoso").await;
    (app, fabrikam)
}

fn admin(given: &Given) -> Viewer {
    Viewer::new("ada", "ada", [Role::GlobalAdmin], Scope::partner(given.id))
}

pub fn key_of(name: &str) -> NewKey {
    let roles = vec![Role::SalesAgent];
    NewKey { name: name.to_owned(), roles, customers: None, lane: Lane::Bi, expires_at: None }
}

pub async fn issue(app: &TestApp, given: &Given, new: NewKey) -> (String, String) {
    let actions = Actions::new(app.store(), &app.clock, "a test");
    let (key, text) = actions.issue_api_key(&admin(given), new).await.expect("a key");
    (key.prefix, text.reveal().to_owned())
}

async fn revoke(app: &TestApp, given: &Given, prefix: &str) {
    Actions::new(app.store(), &app.clock, "a test").revoke_api_key(&admin(given), prefix).await.expect("it is revoked");
}

fn basic(app: &TestApp, pair: &str) -> Client {
    app.client.with_header("authorization", &format!("Basic {}", BASE64_STANDARD.encode(pair)))
}

#[tokio::test]
async fn a_key_is_good_as_bearer_and_as_basic_for_its_own_partner() {
    let (app, fabrikam) = locked().await;
    let (_, key) = issue(&app, &fabrikam, key_of("Power BI")).await;
    for client in [bearing(&app, &key), basic(&app, &format!("anybody:{key}")), basic(&app, &format!("{key}:"))] {
        let data = client.query(WHO).await.data();
        assert_eq!(data["viewer"], json!({ "name": "Power BI", "isRestricted": false }));
    }
    let elsewhere = bearing(&app, &key).as_partner(CONTOSO).query(WHO).await;
    assert_eq!((elsewhere.status.as_u16(), elsewhere.code().as_str()), (400, "PARTNER_REQUIRED"));
}

#[tokio::test]
async fn a_key_of_some_customers_reaches_these_alone() {
    let (app, fabrikam) = locked().await;
    let new = NewKey {
        roles: vec![Role::CustomerUser],
        customers: Some([fabrikam.customer_id(BELLOWS)].into()),
        ..key_of("portal")
    };
    let (_, key) = issue(&app, &fabrikam, new).await;
    let data = bearing(&app, &key).query(WHO).await.data();
    assert_eq!(data["customers"]["nodes"], json!([{ "tenantId": BELLOWS }]));
    assert_eq!(data["viewer"]["isRestricted"], true);

    let unknown = NewKey { customers: Some([fabrikam.customer_id("nobody")].into()), ..key_of("portal") };
    let actions = Actions::new(app.store(), &app.clock, "a test");
    let refused = actions.issue_api_key(&admin(&fabrikam), unknown).await.expect_err("no such customer");
    assert_eq!(refused.code(), "NOT_FOUND");
    let helpdesk = Viewer::new("bob", "bob", [Role::HelpdeskAgent], Scope::partner(fabrikam.id));
    let refused = actions.issue_api_key(&helpdesk, key_of("own")).await.expect_err("not allowed");
    assert_eq!(refused.code(), "FORBIDDEN");
}

#[tokio::test]
async fn keys_are_a_whole_partners() {
    let (app, fabrikam) = locked().await;
    let (prefix, key) = issue(&app, &fabrikam, key_of("one")).await;
    let of_some = Scope::customers(fabrikam.id, [fabrikam.customer_id(BELLOWS)]);
    let admin_of_some = Viewer::new("bob", "bob", [Role::GlobalAdmin], of_some);
    let actions = Actions::new(app.store(), &app.clock, "a test");
    let own = NewKey { customers: Some([fabrikam.customer_id(BELLOWS)].into()), ..key_of("own") };
    let issued = actions.issue_api_key(&admin_of_some, own).await.expect_err("not of some customers");
    let revoked = actions.revoke_api_key(&admin_of_some, &prefix).await.expect_err("not of some customers");
    assert_eq!((issued.code(), revoked.code()), ("CONFLICT", "CONFLICT"));
    assert_eq!(bearing(&app, &key).query(WHO).await.status, StatusCode::OK);
}

#[tokio::test]
async fn keys_that_are_guessed_revoked_or_expired_are_told_the_same() {
    let (app, fabrikam) = locked().await;
    let (prefix, key) = issue(&app, &fabrikam, key_of("one")).await;
    let (_, other) = issue(&app, &fabrikam, key_of("two")).await;
    let ends = Some(app.clock.now() + TimeDelta::seconds(60));
    let (_, ending) = issue(&app, &fabrikam, NewKey { expires_at: ends, ..key_of("three") }).await;
    for good in [&key, &other, &ending] {
        assert_eq!(bearing(&app, good).query(WHO).await.status, StatusCode::OK);
    }

    revoke(&app, &fabrikam, &prefix).await;
    app.clock.advance(TimeDelta::seconds(60));

    let guessed = format!("sg_{prefix}_{}", "A".repeat(43));
    let swapped = format!("sg_{prefix}_{}", &other[12..]);
    let unknown = format!("sg_22222222_{}", "A".repeat(43));
    let injected = format!("sg_' or '1_{}", "A".repeat(43));
    let mut told = Vec::new();
    for bad in [&key, &ending, &guessed, &swapped, &unknown, &injected] {
        let same = bearing(&app, bad).with_header("x-request-id", "same");
        let answer = same.query(WHO).await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED, "{bad}");
        told.push((answer.text.clone(), answer.header("www-authenticate").map(str::to_owned)));
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(bearing(&app, &other).query(WHO).await.status, StatusCode::OK);
}

#[tokio::test]
async fn a_revoked_key_stops_on_every_node_within_five_seconds() {
    let (app, fabrikam) = locked().await;
    let (prefix, key) = issue(&app, &fabrikam, key_of("one")).await;
    let node = app.another_node().await;
    for app in [&app, &node] {
        assert_eq!(bearing(app, &key).query(WHO).await.status, StatusCode::OK);
    }
    revoke(&app, &fabrikam, &prefix).await;
    app.clock.advance(TimeDelta::seconds(5));
    for app in [&app, &node] {
        assert_eq!(bearing(app, &key).query(WHO).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn what_a_revoked_key_listens_to_ends() {
    let (app, fabrikam) = locked().await;
    let (prefix, key) = issue(&app, &fabrikam, key_of("one")).await;
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {key}") } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    revoke(&app, &fabrikam, &prefix).await;
    app.clock.advance(TimeDelta::seconds(12));
    // At the next sign of life.
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.as_str()), (4403, "Forbidden; the API key is no longer good"));
}

#[tokio::test]
async fn a_revoked_key_writes_nothing_over_a_socket_that_is_open() {
    let (app, fabrikam) = locked().await;
    let roles = vec![Role::HelpdeskAgent];
    let (prefix, key) = issue(&app, &fabrikam, NewKey { roles, ..key_of("one") }).await;
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {key}") } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    let open = |id: &str| {
        let query = "mutation($input: ServiceRequestOpenInput!) { serviceRequestOpen(input: $input) {
            userErrors { code } } }";
        let input = json!({ "idempotencyKey": format!("number-{id}"), "title": format!("written {id}"),
            "description": "x", "severity": "MODERATE" });
        json!({ "id": id, "type": "subscribe", "payload": { "query": query, "variables": { "input": input } } })
    };
    app.clock.advance(TimeDelta::seconds(5));
    socket.send(open("1")).await;
    let done = socket.next().await;
    assert_eq!(done["payload"]["data"]["serviceRequestOpen"]["userErrors"], json!([]), "{done}");

    revoke(&app, &fabrikam, &prefix).await;
    app.clock.advance(TimeDelta::seconds(5));
    socket.send(open("2")).await;
    let (code, reason) = socket.closed().await;
    assert_eq!((code, reason.as_str()), (4403, "Forbidden; the API key is no longer good"));

    let query = "{ serviceRequests(first: 50) { nodes { title } } }";
    let read = app.ask_as(&admin(&fabrikam), query, json!({})).await.to_string();
    assert!(read.contains("written 1") && !read.contains("written 2"), "{read}");
}

#[tokio::test]
async fn while_the_database_is_away_a_key_is_taken_for_what_it_was() {
    let (app, fabrikam) = locked().await;
    let (_, key) = issue(&app, &fabrikam, key_of("one")).await;
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {key}") } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    // Whoever looks for a key now, fails.
    app.execute("alter table api_key rename to elsewhere").await;
    app.clock.advance(TimeDelta::seconds(12));
    socket.pinged().await;
    socket.subscribe("1", "{ __typename }").await;
    assert_eq!(socket.next().await["type"], "next");
    app.execute("alter table elsewhere rename to api_key").await;
}

#[tokio::test]
async fn the_streams_of_a_revoked_key_end() {
    let (app, fabrikam) = locked().await;
    let (prefix, key) = issue(&app, &fabrikam, key_of("one")).await;
    let streams = Streamed::of_each_kind(&bearing(&app, &key), "subscription { incidentChanged { kind } }").await;
    revoke(&app, &fabrikam, &prefix).await;
    // At the next sign of life.
    app.clock.advance(TimeDelta::seconds(12));
    for mut stream in streams {
        let rest = stream.rest().await;
        assert!(rest.contains("the API key is no longer good"), "{rest}");
    }
}

#[tokio::test]
async fn the_last_use_is_written_at_most_once_a_minute() {
    let (app, fabrikam) = locked().await;
    let (_, key) = issue(&app, &fabrikam, key_of("one")).await;
    let last_used = async || {
        let keys = Actions::new(app.store(), &app.clock, "a test").api_keys(&admin(&fabrikam)).await.expect("keys");
        keys[0].last_used_at
    };
    let written = async |at| {
        let waiting = async { while last_used().await != Some(at) {} };
        tokio::time::timeout(Duration::from_secs(20), waiting).await.expect("it is written");
    };
    let client = bearing(&app, &key);
    assert_eq!(last_used().await, None);
    let first = app.clock.now();
    client.query(WHO).await.data();
    written(first).await;
    for _ in 0..5 {
        app.clock.advance(TimeDelta::seconds(10));
        client.query(WHO).await.data();
        assert_eq!(last_used().await, Some(first));
    }
    app.clock.advance(TimeDelta::seconds(10));
    client.query(WHO).await.data();
    written(app.clock.now()).await;
}

#[tokio::test]
async fn keys_can_be_switched_off() {
    let (app, fabrikam) = locked().await;
    let (_, key) = issue(&app, &fabrikam, key_of("one")).await;
    let node = app.another_node_with(|config| config.auth.api_keys = false).await;
    let answer = bearing(&node, &key).query(WHO).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    let challenges = answer.headers.get_all("www-authenticate").iter().count();
    assert_eq!(challenges, 1, "nobody is asked for a password that cannot be good");
}

#[tokio::test]
async fn where_nobody_has_to_show_a_key_one_that_is_shown_is_checked() {
    let app = TestApp::start().await;
    let fabrikam = Given::put(&app, FABRIKAM, "fabrikam").await;
    let (_, key) = issue(&app, &fabrikam, key_of("Power BI")).await;
    assert_eq!(app.query(WHO).await.data()["viewer"]["name"], "local");
    assert_eq!(bearing(&app, &key).query(WHO).await.data()["viewer"]["name"], "Power BI");
    let guessed = format!("{}A", &key[..key.len() - 1]);
    let wrong = if guessed == key { format!("{}B", &key[..key.len() - 1]) } else { guessed };
    assert_eq!(bearing(&app, &wrong).query(WHO).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test]
async fn the_command_line_issues_lists_and_revokes() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("partner.toml");
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/partner.example.toml");
    std::fs::copy(example, &file).expect("a copy");
    let customers = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/partner-center/customers-3.json");
    let imported = run(folder.path(), &["import", "partner.toml", customers]);
    assert!(imported.status.success(), "{}", text(&imported.stderr));

    let issued =
        run(folder.path(), &["key", "issue", "--name", "Power BI", "--role", "sales-agent", "--expires-days", "30"]);
    assert!(issued.status.success(), "{}", text(&issued.stderr));
    let key = text(&issued.stdout).trim().to_owned();
    assert!(key.starts_with("sg_") && key.len() == 55, "{key}");
    assert!(text(&issued.stderr).contains("only time"), "{}", text(&issued.stderr));

    let listed = text(&run(folder.path(), &["key", "list"]).stdout);
    let prefix = &key[3..11];
    let line = listed.lines().find(|line| line.starts_with(prefix)).unwrap_or_else(|| panic!("{prefix} in {listed}"));
    for part in ["good", "never", "Power BI", "SALES_AGENT", "all customers", "bi"] {
        assert!(line.contains(part), "{part} in {line}");
    }
    assert!(!listed.contains(&key[12..]), "{listed}");

    let url = format!("sqlite://{}", folder.path().join("supportgraph.db").display());
    execute(&url, "update api_key set last_used_at = '2026-11-23 04:18:59+00:00'").await;
    let used = text(&run(folder.path(), &["key", "list"]).stdout);
    assert!(used.contains("  2026-11-23 04:18  Power BI"), "to the minute: {used}");

    assert!(run(folder.path(), &["key", "revoke", prefix]).status.success());
    assert!(text(&run(folder.path(), &["key", "list"]).stdout).contains("revoked"));
    for wrong in [
        &["key", "revoke", "aaaaaaaa"][..],
        &["key", "issue", "--name", "x", "--role", "CUSTOMER_USER"],
        &["key", "issue", "--name", "x", "--role", "SALES_AGENT", "--customer", ADATUM],
        &["key", "list", "--partner", CONTOSO],
    ] {
        let output = run(folder.path(), wrong);
        assert_eq!(output.status.code(), Some(1), "{wrong:?}: {}", text(&output.stderr));
    }
    let of_customers = |tenants: &[&str]| {
        let mut arguments = vec!["key", "issue", "--name", "x", "--role", "SALES_AGENT"];
        arguments.extend(tenants.iter().flat_map(|tenant| ["--customer", tenant]));
        text(&run(folder.path(), &arguments).stderr)
    };
    let known = "c5757d70-06f3-4f23-8367-5a9e55019f94";
    let one = of_customers(&[known, ADATUM]);
    assert_eq!(one, format!("supportgraph: {ADATUM} is no customer of this partner; import it first\n"));
    let several = of_customers(&[BELLOWS, known, ADATUM]);
    assert!(several.contains(&format!(": {BELLOWS}, {ADATUM} are no customers of this partner; import")), "{several}");
    let output = run(folder.path(), &["key", "issue", "--name", "x", "--role", "EMPEROR"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output.stderr).contains("HELPDESK_AGENT"), "{}", text(&output.stderr));
}
