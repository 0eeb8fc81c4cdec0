//! The audit log: what is recorded, that it stays, and who may read it.

use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use sea_orm::{ConnectOptions, ConnectionTrait, Database, DatabaseConnection};
use serde_json::{Value, json};
use supportgraph::{
    actions::Actions,
    domain::{
        PartnerId,
        access::{Lane, Role, Scope, Viewer},
        api_key::{ApiKey, NewKey},
        audit::{AuditAction, AuditRecord},
        clock::Clock,
    },
};

use crate::{
    api_keys::{issue, key_of},
    cli::{supportgraph, text},
    support::{
        Answer, Client, Socket, Streamed, TestApp,
        given::{ADATUM, CONTOSO, FABRIKAM, Given},
        issuer::{FakeIssuer, SigningKey, with},
    },
    tokens::{bearing, guarded},
};

const RECORDS: &str =
    "query($filter: AuditRecordFilter) { auditRecords(filter: $filter, orderBy: { field: OCCURRED_AT }) { nodes {
    action outcome subject name roles targetId target address correlationId code inputs refused } } }";

async fn with_a_partner() -> TestApp {
    let app = TestApp::start().await;
    app.partner(CONTOSO, "Contoso").await;
    app
}

pub async fn records(client: &Client, filter: Value) -> Vec<Value> {
    let found = client.query_with(RECORDS, json!({ "filter": filter })).await;
    found.data()["auditRecords"]["nodes"].as_array().expect("records").clone()
}

/// All that was exported, by any partner or none, once `enough`.
pub async fn exported(app: &TestApp, enough: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    let exporting = async {
        loop {
            let folder = tempfile::tempdir().expect("a folder");
            let mut command = supportgraph(folder.path(), &["audit", "export"]);
            command.env("SUPPORTGRAPH_DATABASE__URL", app.database_url());
            // Beside the server, which runs on this thread.
            let done = tokio::task::spawn_blocking(move || command.output()).await.expect("it ends");
            let done = done.expect("the program runs");
            assert!(done.status.success(), "{}", text(&done.stderr));
            let lines: Vec<Value> =
                text(&done.stdout).lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
            if enough(&lines) {
                return lines;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(20), exporting).await.expect("the records are written")
}

fn filing(key: &str, title: &str) -> Value {
    json!({ "input": { "idempotencyKey": key, "title": title, "description": "Nobody may read this.", "severity": "MODERATE" } })
}

const OPEN: &str = "mutation($input: ServiceRequestOpenInput!) { serviceRequestOpen(input: $input) {
    serviceRequest { id } userErrors { code } } }";
const CLOSE: &str = "mutation($input: ServiceRequestCloseInput!) { serviceRequestClose(input: $input) {
    serviceRequest { id } userErrors { code } } }";

#[tokio::test]
async fn every_mutation_is_recorded_with_who_when_from_where_and_what_became_of_it() {
    let app = with_a_partner().await;
    let client = app.with_header("x-request-id", "call-1");
    let act = async |act: &str, variables: Value| {
        app.clock.advance(TimeDelta::seconds(1));
        client.query_with(act, variables).await.data()
    };
    let opened = act(OPEN, filing("audit-key-1", "Mail is slow")).await;
    act(OPEN, filing("audit-key-1", "Mail is slow")).await;
    act(OPEN, filing("audit-key-1", "Something else")).await;
    act(OPEN, filing("audit-key-2", "")).await;
    act(CLOSE, json!({ "input": { "idempotencyKey": "audit-key-3", "id": "no id" } })).await;

    let found = records(&app, json!({})).await;
    let id = &opened["serviceRequestOpen"]["serviceRequest"]["id"];
    assert_eq!(
        found[0],
        json!({
            "action": "SERVICE_REQUEST_OPEN", "outcome": "DONE", "subject": "local", "name": "local",
            "roles": ["GLOBAL_ADMIN"], "targetId": id, "target": null, "address": "127.0.0.1",
            "correlationId": "call-1", "code": null,
            "inputs": ["description", "idempotencyKey", "severity", "title"], "refused": [],
        })
    );
    let ends: Vec<Value> =
        found.iter().map(|one| json!([one["action"], one["outcome"], one["code"], one["targetId"]])).collect();
    let expected = [
        json!(["SERVICE_REQUEST_OPEN", "DONE", null, id]),
        json!(["SERVICE_REQUEST_OPEN", "DONE_BEFORE", null, id]),
        json!(["SERVICE_REQUEST_OPEN", "REFUSED", "CONFLICT", null]),
        json!(["SERVICE_REQUEST_OPEN", "REFUSED", "BAD_USER_INPUT", null]),
        json!(["SERVICE_REQUEST_CLOSE", "REFUSED", "BAD_USER_INPUT", null]),
    ];
    assert_eq!(ends, expected);

    let kept = exported(&app, |lines| lines.len() == 5).await;
    for written in ["Mail is slow", "Something else", "Nobody may read this", "audit-key-1"] {
        assert!(!json!(kept).to_string().contains(written), "{written} in the audit log");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_is_not_done() {
    let app = with_a_partner().await;
    app.execute("alter table audit_record rename to elsewhere").await;
    let refused = app.query_with(OPEN, filing("audit-key-1", "Never opened")).await;
    assert_eq!(refused.code(), "INTERNAL");
    app.execute("alter table elsewhere rename to audit_record").await;

    let query = "{ serviceRequests(filter: { title: { eq: \"Never opened\" } }) { totalCount } }";
    assert_eq!(app.query(query).await.data()["serviceRequests"]["totalCount"], 0);
    app.query_with(OPEN, filing("audit-key-1", "Never opened")).await.data();
    assert_eq!(records(&app, json!({ "outcome": ["DONE"] })).await.len(), 1);
}

/// A connection of the owner of the tables.
pub async fn behind_the_back(app: &TestApp) -> DatabaseConnection {
    let mut options = ConnectOptions::new(app.database_url());
    let database = Database::connect(options.max_connections(1).clone()).await.expect("a connection");
    if !app.database_url().starts_with("sqlite") {
        // PostgreSQL shows nothing to a connection that stands for nobody.
        let everything = "select set_config('supportgraph.everything', 'on', false)";
        database.execute_unprepared(everything).await.expect("a setting");
    }
    database
}

#[tokio::test]
async fn a_record_is_never_changed_nor_deleted_while_it_is_young() {
    let app = with_a_partner().await;
    app.query_with(OPEN, filing("audit-key-1", "Mail is slow")).await.data();
    // The database goes by its own clock, and that of the server stands still.
    let young = Clock::system().now();
    let record = AuditRecord::of_nobody(AuditAction::Access, None, "young", young);
    app.store().record(&[record]).await.expect("a record");
    let before = records(&app, json!({})).await;

    let database = behind_the_back(&app).await;
    for statement in [
        "update audit_record set subject = 'somebody else'",
        "delete from audit_record",
        "insert into audit_record select * from audit_record",
    ] {
        assert!(database.execute_unprepared(statement).await.is_err(), "{statement}");
    }
    if app.database_url().starts_with("sqlite") {
        let replaced = database.execute_unprepared("replace into audit_record select * from audit_record").await;
        assert!(replaced.is_err(), "replaced");
    } else {
        assert!(database.execute_unprepared("truncate audit_record").await.is_err(), "truncated");
    }
    assert_eq!(records(&app, json!({})).await, before);
}

#[tokio::test]
async fn an_answer_from_the_audit_log_is_always_new() {
    let app = with_a_partner().await;
    assert_eq!(records(&app, json!({})).await.len(), 0);
    app.query_with(OPEN, filing("audit-key-1", "Mail is slow")).await.data();
    assert_eq!(records(&app, json!({})).await.len(), 1);
    app.query_with(OPEN, filing("audit-key-1", "Mail is slow")).await.data();
    let all = records(&app, json!({})).await;
    assert_eq!(all.len(), 2);

    let query = "{ auditRecords(first: 1) { nodes { id } } }";
    let id = app.query(query).await.data()["auditRecords"]["nodes"][0]["id"].clone();
    let node =
        app.query_with("query($id: ID!) { node(id: $id) { ... on AuditRecord { id action } } }", json!({ "id": id }));
    assert_eq!(node.await.data()["node"], json!({ "id": id, "action": "SERVICE_REQUEST_OPEN" }));
}

#[tokio::test]
async fn records_are_filtered_and_paged() {
    let app = with_a_partner().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        let client = app.with_header("x-request-id", &format!("call-{number}"));
        let opened = client.query_with(OPEN, filing(&format!("audit-key-{number}"), "Mail is slow")).await.data();
        ids.push(opened["serviceRequestOpen"]["serviceRequest"]["id"].clone());
        app.clock.advance(TimeDelta::minutes(1));
    }
    for (filter, calls) in [
        (json!({ "correlationId": ["call-3", "call-1"] }), vec!["call-1", "call-3"]),
        (json!({ "targetId": [ids[2]] }), vec!["call-2"]),
        (json!({ "occurredAt": { "from": "2026-11-22T12:03:00Z" } }), vec!["call-3", "call-4"]),
        (json!({ "subject": ["local"], "not": { "address": ["127.0.0.1"] } }), vec![]),
        (json!({ "action": ["SERVICE_REQUEST_CLOSE"] }), vec![]),
        (json!({ "target": ["/graphql"] }), vec![]),
    ] {
        let found = records(&app, filter.clone()).await;
        let found: Vec<_> = found.iter().map(|one| one["correlationId"].as_str().expect("an id")).collect();
        assert_eq!(found, calls, "{filter}");
    }
    let page = "query($after: String) { auditRecords(first: 2, after: $after) {
        totalCount nodes { correlationId } pageInfo { endCursor } } }";
    let first = app.query_with(page, json!({})).await.data()["auditRecords"].take();
    assert_eq!(first["nodes"], json!([{ "correlationId": "call-4" }, { "correlationId": "call-3" }]));
    assert_eq!(first["totalCount"], 5);
    let next = app.query_with(page, json!({ "after": first["pageInfo"]["endCursor"] })).await.data();
    assert_eq!(next["auditRecords"]["nodes"], json!([{ "correlationId": "call-2" }, { "correlationId": "call-1" }]));
}

#[tokio::test]
async fn only_a_global_admin_reads_the_audit_log() {
    let app = with_a_partner().await;
    app.query_with(OPEN, filing("audit-key-1", "Mail is slow")).await.data();
    let id = app.query("{ auditRecords { nodes { id } } }").await.data()["auditRecords"]["nodes"][0]["id"].clone();
    let by_node = format!("{{ node(id: {id}) {{ ... on AuditRecord {{ subject }} }} }}");
    for role in [Role::UserManagementAdmin, Role::HelpdeskAgent, Role::AdminAgent, Role::CustomerUser] {
        for query in ["{ auditRecords { totalCount nodes { subject } } }", &by_node] {
            let viewer = Viewer::new("other", "other", [role], Scope::partner(PartnerId::of_tenant(CONTOSO)));
            let answer = app.ask_as(&viewer, query, json!({})).await;
            assert!(!answer.to_string().contains("local"), "{role:?} reads {answer}");
            assert_eq!(answer["errors"][0]["extensions"]["code"], "FORBIDDEN", "{role:?}: {answer}");
        }
    }
}

#[tokio::test]
async fn a_refused_request_is_recorded_with_where_it_came_from() {
    let app = TestApp::with(|config| config.server.trusted_proxies = vec!["127.0.0.0/8".to_owned()]).await;
    let picture = |name: &str, from: &str| {
        let client = app.with_header("x-request-id", name).with_header("x-forwarded-for", from);
        client.request(Method::GET, "/graphql?query=%7B__typename%7D").header("accept", "image/webp,*/*;q=0.8")
    };
    assert_eq!(Answer::of(picture("refused-1", "203.0.113.9, 198.51.100.7")).await.code(), "CSRF_REFUSED");
    assert_eq!(Answer::of(picture("refused-2", "[2001:db8::7]:50214, 127.0.0.9:443")).await.code(), "CSRF_REFUSED");
    app.query("{ __typename }").await.data();

    let mut kept = exported(&app, |lines| lines.len() >= 2).await;
    // The clock stands still, so they come in no order.
    kept.sort_by_key(|one| one["correlationId"].to_string());
    let seen: Vec<_> =
        kept.iter().map(|one| [&one["correlationId"], &one["address"], &one["code"], &one["target"]]).collect();
    assert_eq!(seen.len(), 2, "{kept:?}");
    assert_eq!(seen[0], [&json!("refused-1"), &json!("198.51.100.7"), &json!("CSRF_REFUSED"), &json!("/graphql")]);
    assert_eq!(seen[1][1], &json!("2001:db8::7"));
    assert_eq!(
        (&kept[0]["action"], &kept[0]["outcome"], &kept[0]["partnerId"]),
        (&json!("ACCESS"), &json!("REFUSED"), &Value::Null)
    );
}

/// A server where everybody has to show a key, with a helpdesk agent's: what it is called, and its text.
pub async fn locked() -> (TestApp, Actions, Viewer, ApiKey, String) {
    let app = TestApp::with(|config| config.auth.required = true).await;
    let partner = app.partner(CONTOSO, "Contoso").await;
    let admin = Viewer::new("ada", "ada", [Role::GlobalAdmin], Scope::partner(partner));
    let actions = Actions::new(app.store(), &app.clock, "issuing");
    let new = NewKey {
        name: "the helpdesk's tool".to_owned(),
        roles: vec![Role::HelpdeskAgent],
        customers: None,
        lane: Lane::Bi,
        expires_at: None,
    };
    let (key, text) = actions.issue_api_key(&admin, new).await.expect("a key");
    let text = text.reveal().to_owned();
    (app, actions, admin, key, text)
}

pub fn only<'a>(records: &'a [Value], action: &str) -> Vec<&'a Value> {
    records.iter().filter(|one| one["action"] == action).collect()
}

#[tokio::test]
async fn a_key_is_recorded_from_its_issue_to_its_end_and_at_every_use() {
    let (app, actions, admin, key, text) = locked().await;
    let client = app.with_header("authorization", &format!("Bearer {text}")).with_header("x-request-id", "use-1");
    for _ in 0..3 {
        client.query("{ viewer { name } }").await.data();
    }
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {text}") } })).await;
    assert_eq!(socket.next().await["type"], "connection_ack");
    client.get("/metrics").await;
    actions.revoke_api_key(&admin, &key.prefix).await.expect("it is revoked");
    actions.revoke_api_key(&admin, &key.prefix).await.expect("it is still revoked");
    actions.revoke_api_key(&admin, &text).await.expect_err("a whole key is no prefix");

    let kept = exported(&app, |lines| only(lines, "API_KEY_USE").len() >= 5).await;
    let uses = only(&kept, "API_KEY_USE");
    assert_eq!(uses.len(), 5, "three requests, a WebSocket, the metrics");
    assert_eq!(only(&kept, "API_KEY_USE").iter().filter(|one| one["correlationId"] == "use-1").count(), 4);
    let first = uses[0];
    assert_eq!(first["subject"], format!("key:{}", key.prefix));
    assert_eq!((&first["name"], &first["roles"]), (&json!("the helpdesk's tool"), &json!(["HELPDESK_AGENT"])));
    assert_eq!((&first["address"], &first["outcome"]), (&json!("127.0.0.1"), &json!("DONE")));

    let issued = only(&kept, "API_KEY_ISSUE");
    assert_eq!((&issued[0]["subject"], &issued[0]["target"]), (&json!("ada"), &json!(key.prefix)));
    let ends: Vec<Value> =
        only(&kept, "API_KEY_REVOKE").iter().map(|one| json!([one["outcome"], one["target"], one["code"]])).collect();
    for end in [
        json!(["DONE", key.prefix, null]),
        json!(["DONE_BEFORE", key.prefix, null]),
        json!(["REFUSED", null, "NOT_FOUND"]),
    ] {
        assert!(ends.contains(&end), "{end} in {ends:?}");
    }
    assert!(!json!(kept).to_string().contains(&text[12..]), "no key in the audit log");
}

#[tokio::test]
async fn who_is_not_let_in_is_recorded_on_every_transport() {
    let (app, ..) = locked().await;
    let guessed = format!("Bearer sg_abcdefgh_{}", "A".repeat(43));
    assert_eq!(app.query("{ viewer { name } }").await.status, 401);
    assert_eq!(app.with_header("authorization", &guessed).query("{ viewer { name } }").await.status, 401);
    assert_eq!(app.get("/metrics").await.status, 401);
    let mut socket = Socket::open(&app).await;
    socket.send(json!({ "type": "connection_init", "payload": { "authorization": guessed } })).await;
    assert_eq!(socket.closed().await.0, 4403);

    let kept = exported(&app, |lines| only(lines, "ACCESS").len() >= 4).await;
    let refused = only(&kept, "ACCESS");
    assert_eq!(refused.len(), 4, "{refused:?}");
    for one in &refused {
        assert_eq!((&one["outcome"], &one["code"]), (&json!("REFUSED"), &json!("UNAUTHENTICATED")), "{one}");
        assert_eq!((&one["address"], &one["subject"]), (&json!("127.0.0.1"), &Value::Null), "{one}");
    }
    assert_eq!(refused.iter().filter(|one| one["target"] == "/metrics").count(), 1);
    assert!(!json!(kept).to_string().contains("AAAAAAAA"), "what was guessed is not kept");
}

/// What Global admins of a partner find of those who were not let in: the code and the name.
async fn not_let_in(app: &TestApp, issuer: &FakeIssuer, tenant: &str) -> Vec<String> {
    let claims = with(&issuer.claims(app), json!({ "tid": tenant, "oid": "root", "roles": ["GLOBAL_ADMIN"] }));
    let found = records(&bearing(app, &SigningKey::ec().sign(&claims)), json!({ "action": ["ACCESS"] })).await;
    let mut found: Vec<String> =
        found.iter().map(|one| format!("{} {}", one["code"], one["name"]).replace('"', "")).collect();
    found.sort();
    found
}

#[tokio::test]
async fn who_is_known_and_not_let_in_is_recorded_by_name_for_its_own_partner() {
    let (app, issuer) = guarded().await;
    let given = Given::new(FABRIKAM, "fabrikam", app.clock.now());
    let ends = Some(app.clock.now() + TimeDelta::seconds(60));
    let (_, straying) = issue(&app, &given, key_of("straying")).await;
    let (_, ending) = issue(&app, &given, NewKey { expires_at: ends, ..key_of("ending") }).await;
    let (prefix, revoked) = issue(&app, &given, key_of("revoked")).await;
    app.clock.advance(TimeDelta::seconds(60));
    let admin = Viewer::new("ada", "ada", [Role::GlobalAdmin], Scope::partner(given.id));
    let actions = Actions::new(app.store(), &app.clock, "revoking");
    actions.revoke_api_key(&admin, &prefix).await.expect("it is revoked");

    let token = |name: &str, others: Value| {
        let claims = with(&issuer.claims(&app), json!({ "oid": name, "preferred_username": name }));
        SigningKey::ec().sign(&with(&claims, others))
    };
    let forged = SigningKey::rsa_two().sign(&with(&issuer.claims(&app), json!({ "exp": 1 })));
    let stranger = token("stranger", json!({ "tid": ADATUM }));
    for (shown, partner, status) in [
        (&straying, Some(CONTOSO), 400),
        (&token("stray", json!({})), Some(CONTOSO), 400),
        (&ending, None, 401),
        (&revoked, None, 401),
        (&token("late", json!({ "exp": 1 })), None, 401),
        (&token("early", json!({ "nbf": i64::from(u32::MAX) })), None, 401),
        (&token("roleless", json!({ "roles": null })), None, 403),
        (&stranger, None, 403),
        (&forged, None, 401),
    ] {
        let client = bearing(&app, shown);
        let client = partner.map_or_else(|| client.clone(), |partner| client.as_partner(partner));
        assert_eq!(client.query("{ __typename }").await.status, status, "{shown}");
    }
    let mut socket = Socket::open(&app).await;
    let payload = json!({ "authorization": format!("Bearer {straying}"), "x-supportgraph-partner": CONTOSO });
    socket.send(json!({ "type": "connection_init", "payload": payload })).await;
    assert_eq!(socket.closed().await.0, 4403);

    let kept = exported(&app, |lines| only(lines, "ACCESS").len() >= 10).await;
    let expected = [
        "FORBIDDEN roleless",
        "PARTNER_REQUIRED stray",
        "PARTNER_REQUIRED straying",
        "PARTNER_REQUIRED straying",
        "UNAUTHENTICATED early",
        "UNAUTHENTICATED ending",
        "UNAUTHENTICATED late",
        "UNAUTHENTICATED revoked",
    ];
    assert_eq!(not_let_in(&app, &issuer, FABRIKAM).await, expected);
    assert_eq!(not_let_in(&app, &issuer, CONTOSO).await, [] as [&str; 0]);
    let of_nobody = only(&kept, "ACCESS").into_iter().filter(|one| one["partnerId"].is_null());
    let mut of_nobody: Vec<_> = of_nobody.map(|one| json!([one["code"], one["name"], one["subject"]])).collect();
    of_nobody.sort_by_key(Value::to_string);
    let subject = format!("{}|stranger", issuer.url);
    assert_eq!(
        of_nobody,
        [json!(["FORBIDDEN", "stranger", subject]), json!(["UNAUTHENTICATED", null, null])],
        "a tenant that is no partner's, and what nobody signed"
    );
}

#[tokio::test]
async fn who_forgets_to_name_one_of_its_partners_is_not_recorded() {
    let (app, issuer) = guarded().await;
    let both = SigningKey::ec().sign(&with(&issuer.claims(&app), json!({ "tid": [FABRIKAM, CONTOSO] })));
    assert_eq!(bearing(&app, &both).query("{ __typename }").await.code(), "PARTNER_REQUIRED");
    let third = bearing(&app, &both).as_partner(ADATUM).query("{ __typename }").await;
    assert_eq!(third.code(), "PARTNER_REQUIRED");
    let kept = exported(&app, |lines| !only(lines, "ACCESS").is_empty()).await;
    let refused = only(&kept, "ACCESS");
    assert_eq!((refused.len(), &refused[0]["name"]), (1, &json!("ada@fabrikam.example")));
    assert_eq!(refused[0]["partnerId"], Value::Null, "it is not told for which of the two");
}

#[tokio::test]
async fn a_field_that_may_not_be_seen_is_recorded_once_for_each_request() {
    let (app, _, _, key, text) = locked().await;
    let client = app.with_header("authorization", &format!("Bearer {text}"));
    let query = "{ own: viewer { name } log: auditRecords { totalCount } again: auditRecords { totalCount } }";
    let answer = client.with_header("x-request-id", "peeking").query(query).await.json();
    assert_eq!(answer["data"]["log"], Value::Null);
    let stream = client.request(Method::POST, "/graphql").header("accept", "text/event-stream");
    Streamed::of(stream.json(&json!({ "query": query }))).await.rest().await;

    let kept = exported(&app, |lines| only(lines, "ACCESS").len() >= 2).await;
    let refused = only(&kept, "ACCESS");
    assert_eq!(refused.len(), 2, "{refused:?}");
    let peeking = refused.iter().find(|one| one["correlationId"] == "peeking").expect("its record");
    assert_eq!(peeking["refused"], json!(["READ_AUDIT log", "READ_AUDIT again"]));
    assert_eq!((&peeking["code"], &peeking["subject"]), (&json!("FORBIDDEN"), &json!(format!("key:{}", key.prefix))));
}

#[tokio::test]
async fn what_waits_is_written_before_the_server_stops() {
    let app = TestApp::start().await;
    let node = app.another_node().await;
    for _ in 0..50 {
        let picture =
            app.request(Method::GET, "/graphql?query=%7B__typename%7D").header("accept", "image/webp,*/*;q=0.8");
        assert_eq!(Answer::of(picture).await.status, 403);
    }
    app.stop().await;
    assert_eq!(exported(&node, |_| true).await.len(), 50);
}

#[tokio::test]
async fn the_log_of_one_partner_is_exported_as_a_table() {
    let app = with_a_partner().await;
    app.with_header("x-request-id", "=1+1").query_with(OPEN, filing("audit-key-1", "Mail is slow")).await.data();
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let mut command = supportgraph(folder.path(), arguments);
        command.env("SUPPORTGRAPH_DATABASE__URL", app.database_url()).output().expect("the program runs")
    };
    let export = |arguments: &[&str]| {
        let done = run(&[&["audit", "export", "--format", "csv"], arguments].concat());
        assert!(done.status.success(), "{}", text(&done.stderr));
        text(&done.stdout)
    };
    let table = export(&["--partner", CONTOSO]);
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 2, "{table}");
    assert!(lines[0].starts_with("id,occurredAt,partnerId,action,outcome,subject"), "{table}");
    assert!(lines[1].contains(",SERVICE_REQUEST_OPEN,DONE,local,local,GLOBAL_ADMIN,srq_"), "{table}");
    assert!(lines[1].contains(",'=1+1,"), "no formula: {table}");
    assert_eq!(export(&["--since", "2027-01-01T00:00:00Z"]), format!("{}\n", lines[0]), "the head alone");

    let unknown = ["--partner", "00000000-0000-4000-8000-000000000000"];
    let refused = run(&[&["audit", "export"], &unknown[..]].concat());
    let as_of_keys = run(&[&["key", "list"], &unknown[..]].concat());
    assert_eq!((refused.status.code(), text(&refused.stdout)), (Some(1), String::new()));
    assert!(text(&refused.stderr).contains("there is no partner 00000000-"), "{}", text(&refused.stderr));
    assert_eq!(refused.stderr, as_of_keys.stderr);
    let nonsense = run(&["audit", "export", "--partner", "contoso"]);
    assert_eq!(nonsense.status.code(), Some(2));
    assert!(text(&nonsense.stderr).contains("not a GUID"), "{}", text(&nonsense.stderr));
}
