//! Opening service requests, writing on them, closing them.

use chrono::TimeDelta;
use futures::future::join_all;
use serde_json::{Value, json};
use supportgraph::domain::{
    change::Change,
    service_request::{ServiceRequest, ServiceRequestStatus},
};

use crate::support::{
    Answer, Client, TestApp,
    given::{ADATUM, CONTOSO, FABRIKAM, Given},
};

pub const OPEN: &str = "mutation($input: ServiceRequestOpenInput!) { done: serviceRequestOpen(input: $input) {
    serviceRequest { id version } userErrors { path code message } } }";
pub const ADD_NOTE: &str =
    "mutation($input: ServiceRequestAddNoteInput!) { done: serviceRequestAddNote(input: $input) {
    serviceRequest { id version } userErrors { path code message } } }";
pub const CLOSE: &str = "mutation($input: ServiceRequestCloseInput!) { done: serviceRequestClose(input: $input) {
    serviceRequest { id version } userErrors { path code message } } }";

async fn given() -> (TestApp, Given) {
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    (app, given)
}

/// What is filed, beside what a test changes.
pub fn filing(changes: Value) -> Value {
    let filing = json!({
        "idempotencyKey": "the-first-filing",
        "title": "Mail is slow",
        "description": "Since this morning.",
        "severity": "MODERATE",
    });
    with(filing, changes)
}

pub fn with(mut input: Value, changes: Value) -> Value {
    let (members, changes) = (input.as_object_mut().expect("members"), changes.as_object().expect("changes").clone());
    members.extend(changes);
    input
}

pub async fn act(client: &Client, act: &str, input: Value) -> Value {
    client.query_with(act, json!({ "input": input })).await.data()["done"].take()
}

/// The request of an act that was done.
#[track_caller]
pub fn done(payload: &Value) -> (String, i64) {
    assert_eq!(payload["userErrors"], json!([]), "nothing to mend");
    let request = &payload["serviceRequest"];
    (request["id"].as_str().expect("an id").to_owned(), request["version"].as_i64().expect("a version"))
}

/// Path and code of the only mistake of an act that was not done.
#[track_caller]
pub fn mistake(payload: &Value) -> (String, String) {
    assert_eq!(payload["serviceRequest"], Value::Null, "nothing was done");
    let errors = payload["userErrors"].as_array().expect("errors");
    assert_eq!(errors.len(), 1, "one mistake in {payload}");
    assert!(errors[0]["message"].as_str().is_some_and(|message| message.len() > 10), "words in {payload}");
    let path: Vec<&str> = errors[0]["path"].as_array().expect("a path").iter().filter_map(Value::as_str).collect();
    (path.join("."), errors[0]["code"].as_str().expect("a code").to_owned())
}

pub fn mistake_in(input: &str, code: &str) -> (String, String) {
    (format!("input.{input}"), code.to_owned())
}

async fn open(client: &Client, changes: Value) -> String {
    done(&act(client, OPEN, filing(changes)).await).0
}

/// Adatum's request that the given partner has from Partner Center.
pub async fn filed_with_microsoft(client: &Client) -> Value {
    let query =
        "{ serviceRequests(filter: { title: { contains: \"adatum\" } }) { nodes { id version status modifiedAt } } }";
    client.query(query).await.data()["serviceRequests"]["nodes"][0].take()
}

async fn ids(client: &Client) -> Value {
    let query =
        "{ customers { nodes { id tenantId subscriptions { nodes { id } } } } incidents { nodes { id title } } }";
    client.query(query).await.data()
}

/// `kind.happening` and difference of what happened after `position`.
async fn events(app: &TestApp, position: i64) -> Vec<(String, Value)> {
    let rows = app.rows().await.remove("event").expect("the log");
    let mut rows: Vec<Value> = rows.iter().map(|row| serde_json::from_str(row).expect("a row")).collect();
    rows.retain(|row| row["position"].as_i64() > Some(position));
    rows.sort_by_key(|row| row["position"].as_i64());
    let word = |value: &Value| value.as_str().expect("a word").to_owned();
    let event = |row: &Value| {
        let name = format!("{}.{}", word(&row["kind"]), word(&row["happening"]));
        (name, serde_json::from_str(&word(&row["difference"])).expect("a difference"))
    };
    rows.iter().map(event).collect()
}

async fn last_position(app: &TestApp) -> i64 {
    events(app, 0).await.len() as i64
}

#[tokio::test]
async fn a_request_is_opened_written_on_and_closed() {
    let (app, _) = given().await;
    let ids = ids(&app).await;
    let customer = &ids["customers"]["nodes"][0];
    let before = last_position(&app).await;
    let shown =
        "id source externalId title description severity severityText status statusText isOpen productName contactEmail
                 createdAt modifiedAt closedAt observedAt version customer { id } subscription { id } incident { id }
                 notes { totalCount nodes { text author createdAt } }";

    let query = OPEN.replace("id version", shown);
    let input = filing(json!({
        "customerId": customer["id"],
        "subscriptionId": customer["subscriptions"]["nodes"][0]["id"],
        "incidentId": ids["incidents"]["nodes"][0]["id"],
        "title": "  Mail is slow ",
        "productName": "Exchange Online",
        "contactEmail": "ada@contoso.example",
        "contactPhone": " ",
    }));
    let opened = act(&app, &query, input).await["serviceRequest"].take();
    let expected = json!({
        "id": opened["id"],
        "source": "ENTERED",
        "externalId": null,
        "title": "Mail is slow",
        "description": "Since this morning.",
        "severity": "MODERATE",
        "severityText": "moderate",
        "status": "NONE",
        "statusText": "none",
        "isOpen": true,
        "productName": "Exchange Online",
        "contactEmail": "ada@contoso.example",
        "createdAt": TestApp::NOW,
        "modifiedAt": null,
        "closedAt": null,
        "observedAt": TestApp::NOW,
        "version": 1,
        "customer": { "id": customer["id"] },
        "subscription": { "id": customer["subscriptions"]["nodes"][0]["id"] },
        "incident": { "id": ids["incidents"]["nodes"][0]["id"] },
        "notes": { "totalCount": 0, "nodes": [] },
    });
    assert_eq!(opened, expected);

    app.clock.advance(TimeDelta::hours(1));
    let input = json!({ "idempotencyKey": "a-first-note", "id": opened["id"], "text": "It is getting worse." });
    let noted = act(&app, &ADD_NOTE.replace("id version", shown), input).await["serviceRequest"].take();
    let note = json!({ "text": "It is getting worse.", "author": "local", "createdAt": "2026-11-22T13:00:00Z" });
    let notes = json!({ "totalCount": 1, "nodes": [note] });
    assert_eq!(noted, with(expected.clone(), json!({ "version": 2, "notes": notes })));

    app.clock.advance(TimeDelta::hours(1));
    let input = json!({ "idempotencyKey": "and-the-end", "id": opened["id"] });
    let closed = act(&app, &CLOSE.replace("id version", shown), input).await["serviceRequest"].take();
    let at = "2026-11-22T14:00:00Z";
    let end = json!({ "status": "CLOSED", "statusText": "closed", "isOpen": false, "closedAt": at, "modifiedAt": at, "observedAt": at });
    assert_eq!(closed, with(with(expected, json!({ "version": 3, "notes": notes })), end));
    let found = app
        .query_with(
            "query($id: ID!) { node(id: $id) { ...R } } fragment R on ServiceRequest { FIELDS }"
                .replace("FIELDS", shown)
                .as_str(),
            json!({ "id": opened["id"] }),
        )
        .await;
    assert_eq!(found.data()["node"], closed);

    let told = events(&app, before).await;
    let names: Vec<&str> = told.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["service_request.added", "service_request.noted", "service_request.changed"]);
    let difference = json!({ "status": ["NONE", "CLOSED"], "status_text": ["none", "closed"], "closed_at": [null, at], "modified_at": [null, at] });
    assert_eq!(told[2].1, difference);
}

#[tokio::test]
async fn a_mistake_is_named_with_its_place_and_nothing_is_done() {
    let (app, _) = given().await;
    let ids = ids(&app).await;
    let customer = |index: usize| ids["customers"]["nodes"][index]["id"].clone();
    let subscription = ids["customers"]["nodes"][0]["subscriptions"]["nodes"][0]["id"].clone();
    let request = filed_with_microsoft(&app).await["id"].take();
    let closed = open(&app, json!({ "idempotencyKey": "to-be-closed" })).await;
    act(&app, CLOSE, json!({ "idempotencyKey": "the-closing", "id": closed })).await;
    let missing = |prefix: &str| format!("{prefix}_AAAAAAAAAAAAAAAAAAAAAA");
    let (bad, none, conflict) = ("BAD_USER_INPUT", "NOT_FOUND", "CONFLICT");
    let before = app.rows().await;

    for (changes, input, code) in [
        (json!({ "idempotencyKey": "short" }), "idempotencyKey", bad),
        (json!({ "idempotencyKey": "k".repeat(129) }), "idempotencyKey", bad),
        (json!({ "idempotencyKey": "with blanks in it" }), "idempotencyKey", bad),
        (json!({ "idempotencyKey": "the-closing" }), "idempotencyKey", conflict),
        (json!({ "title": " \n " }), "title", bad),
        (json!({ "title": "t".repeat(251) }), "title", bad),
        (json!({ "title": "null\u{0}byte" }), "title", bad),
        (json!({ "description": "" }), "description", bad),
        (json!({ "description": "d".repeat(10_001) }), "description", bad),
        (json!({ "severity": "UNKNOWN" }), "severity", bad),
        (json!({ "productName": "p".repeat(251) }), "productName", bad),
        (json!({ "contactEmail": "nobody" }), "contactEmail", bad),
        (json!({ "customerId": "nonsense" }), "customerId", bad),
        (json!({ "customerId": subscription }), "customerId", bad),
        (json!({ "customerId": missing("cus") }), "customerId", none),
        (json!({ "customerId": customer(0), "subscriptionId": missing("sub") }), "subscriptionId", none),
        (json!({ "customerId": customer(1), "subscriptionId": subscription }), "subscriptionId", bad),
        (json!({ "subscriptionId": subscription }), "subscriptionId", bad),
        (json!({ "incidentId": missing("inc") }), "incidentId", none),
    ] {
        let payload = act(&app, OPEN, filing(changes.clone())).await;
        assert_eq!(mistake(&payload), mistake_in(input, code), "{changes}");
    }
    let key = "a-key-of-its-own";
    for (mutation, given, input, code) in [
        (ADD_NOTE, json!({ "id": request, "text": " " }), "text", bad),
        (ADD_NOTE, json!({ "id": request, "text": "n".repeat(10_001) }), "text", bad),
        (ADD_NOTE, json!({ "id": missing("srq"), "text": "Hello." }), "id", none),
        (ADD_NOTE, json!({ "id": customer(0), "text": "Hello." }), "id", bad),
        (ADD_NOTE, json!({ "id": request, "text": "Hello.", "expectedVersion": 7 }), "expectedVersion", conflict),
        (CLOSE, json!({ "id": missing("srq") }), "id", none),
        (CLOSE, json!({ "id": closed }), "id", conflict),
        (CLOSE, json!({ "id": request, "expectedVersion": 0 }), "expectedVersion", conflict),
    ] {
        let payload = act(&app, mutation, with(given.clone(), json!({ "idempotencyKey": key }))).await;
        assert_eq!(mistake(&payload), mistake_in(input, code), "{given}");
    }
    assert_eq!(app.rows().await, before, "nothing was written");
}

#[tokio::test]
async fn what_the_sender_cannot_mend_is_an_error_of_the_field() {
    let app = TestApp::start().await;
    let answer = app.query_with(OPEN, json!({ "input": filing(json!({})) })).await;
    assert_eq!(answer.code(), "CONFLICT", "there is no partner yet");
    assert_eq!(answer.json()["data"], json!({ "done": null }));

    let answer = app.query_with(OPEN, json!({ "input": { "title": "no key" } })).await;
    assert_eq!(answer.code(), "BAD_USER_INPUT");
    assert_eq!(answer.json().get("data"), None, "not executed");
}

#[tokio::test]
async fn of_two_who_saw_the_same_version_the_second_is_told_of_the_present_one() {
    let (app, given) = given().await;
    let seen = filed_with_microsoft(&app).await;
    let note = |key: &str| json!({ "idempotencyKey": key, "id": seen["id"], "text": "On it.", "expectedVersion": seen["version"] });

    let both = [note("of-the-first-one"), note("of-the-second-one")].map(|input| act(&app, ADD_NOTE, input));
    let both = join_all(both).await;
    let (done, refused): (Vec<&Value>, Vec<&Value>) = both.iter().partition(|one| one["userErrors"] == json!([]));
    assert_eq!((done.len(), done[0]["serviceRequest"]["version"].clone()), (1, json!(2)));
    assert_eq!(mistake(refused[0]), mistake_in("expectedVersion", "CONFLICT"));
    assert!(refused[0]["userErrors"][0]["message"].as_str().is_some_and(|text| text.contains("at version 2")));

    app.clock.advance(TimeDelta::hours(1));
    let Change::ServiceRequest { request, notes } = given.request(ADATUM, "adatum") else { unreachable!() };
    let told = |request| Change::ServiceRequest { request, notes: notes.clone() };
    let later = app.clock.now();
    let changed = ServiceRequest {
        title: "contoso adatum mail is lost".to_owned(),
        modified_at: Some(later),
        observed_at: later,
        ..request
    };
    app.apply(given.id, [told(changed.clone())]).await;
    let version = filed_with_microsoft(&app).await["version"].take();
    assert_eq!(version, 3, "an import counts, too");
    app.apply(given.id, [told(ServiceRequest { observed_at: later + TimeDelta::hours(1), ..changed })]).await;
    assert_eq!(filed_with_microsoft(&app).await["version"], 3, "an answer that says nothing new does not");
    let close = json!({ "idempotencyKey": "the-closing", "id": seen["id"], "expectedVersion": 3 });
    assert_eq!(act(&app, CLOSE, close).await["serviceRequest"]["version"], 4);
}

#[tokio::test]
async fn an_act_that_is_sent_again_is_not_done_again() {
    let (app, _) = given().await;
    let (id, version) = done(&act(&app, OPEN, filing(json!({}))).await);
    let note = json!({ "idempotencyKey": "a-first-note", "id": id, "text": "Hello.", "expectedVersion": version });
    let noted = done(&act(&app, ADD_NOTE, note.clone()).await);
    let close = json!({ "idempotencyKey": "the-closing", "id": id, "expectedVersion": noted.1 });
    let closed = done(&act(&app, CLOSE, close.clone()).await);
    let rows = app.rows().await;

    app.clock.advance(TimeDelta::hours(24) - TimeDelta::microseconds(1));
    for (mutation, input) in [(OPEN, filing(json!({}))), (ADD_NOTE, note.clone()), (CLOSE, close)] {
        assert_eq!(done(&act(&app, mutation, input).await), closed, "the same request, as it is now");
    }
    let other = act(&app, OPEN, filing(json!({ "title": "Something else" }))).await;
    assert_eq!(mistake(&other), mistake_in("idempotencyKey", "CONFLICT"));
    let other = act(&app, ADD_NOTE, with(note, json!({ "idempotencyKey": "the-first-filing" }))).await;
    assert_eq!(mistake(&other), mistake_in("idempotencyKey", "CONFLICT"));
    assert_eq!(app.rows().await, rows, "nothing was written");

    app.clock.advance(TimeDelta::microseconds(1));
    assert_ne!(open(&app, json!({})).await, id, "a key is forgotten after a day");
    assert_eq!(app.rows().await["idempotency"].len(), 1, "so are the others");
}

#[tokio::test]
async fn a_key_whose_act_was_refused_is_free_for_the_mended_one() {
    let (app, _) = given().await;
    let refused = act(&app, OPEN, filing(json!({ "title": "" }))).await;
    assert_eq!(mistake(&refused), mistake_in("title", "BAD_USER_INPUT"));
    open(&app, json!({})).await;
}

#[tokio::test]
async fn an_act_that_is_sent_many_times_at_once_is_done_once() {
    let (app, _) = given().await;
    let before = last_position(&app).await;
    let ids = join_all((0..8).map(|_| open(&app, json!({})))).await;
    assert!(ids.iter().all(|id| *id == ids[0]), "{ids:?}");
    let notes = (0..8).map(|_| json!({ "idempotencyKey": "a-first-note", "id": ids[0], "text": "Hello." }));
    let noted = join_all(notes.map(|input| act(&app, ADD_NOTE, input))).await;
    assert!(noted.iter().all(|payload| done(payload).1 == 2), "{noted:?}");
    assert_eq!(events(&app, before).await.len(), 2, "one request, one note");
}

#[tokio::test]
async fn what_is_another_partners_answers_like_what_is_missing() {
    let app = TestApp::start().await;
    Given::put(&app, FABRIKAM, "fabrikam").await;
    Given::put(&app, CONTOSO, "contoso").await;
    let same = app.client.with_header("x-request-id", "same");
    let (fabrikam, contoso) = (same.as_partner(FABRIKAM), same.as_partner(CONTOSO));
    let (theirs, ours) = (ids(&fabrikam).await, ids(&contoso).await);
    let request = filed_with_microsoft(&fabrikam).await["id"].take();
    let (customer, own) = (&theirs["customers"]["nodes"][0], &ours["customers"]["nodes"][0]["id"]);
    let before = app.rows().await;

    let note = json!({ "text": "Hello." });
    for (mutation, member, foreign, input) in [
        (OPEN, "customerId", &customer["id"], filing(json!({}))),
        (OPEN, "subscriptionId", &customer["subscriptions"]["nodes"][0]["id"], filing(json!({ "customerId": own }))),
        (OPEN, "incidentId", &theirs["incidents"]["nodes"][0]["id"], filing(json!({}))),
        (ADD_NOTE, "id", &request, note.clone()),
        (ADD_NOTE, "id", &request, with(note, json!({ "expectedVersion": 9 }))),
        (CLOSE, "id", &request, json!({})),
        (CLOSE, "id", &request, json!({ "expectedVersion": 9 })),
    ] {
        let prefix = &foreign.as_str().expect("an id")[..3];
        let with_id = |id: Value| with(input.clone(), json!({ "idempotencyKey": "the-same-key", member: id }));
        let ask = async |id: Value| contoso.query_with(mutation, json!({ "input": with_id(id) })).await;
        let foreign = ask(foreign.clone()).await;
        let missing = ask(json!(format!("{prefix}_AAAAAAAAAAAAAAAAAAAAAA"))).await;
        assert_eq!(mistake(&foreign.data()["done"]), mistake_in(member, "NOT_FOUND"));
        assert_eq!(foreign.text, missing.text, "{member}");
    }
    assert_eq!(app.rows().await, before, "nothing was written");

    let (one, other) = (open(&fabrikam, json!({})).await, open(&contoso, json!({ "title": "Another" })).await);
    assert_ne!(one, other, "a key is good inside one partner");
    assert!(!contoso.query("{ serviceRequests { nodes { id } } }").await.text.contains(&one));
}

#[tokio::test]
async fn fields_of_one_request_act_in_their_order() {
    let (app, _) = given().await;
    let id = open(&app, json!({})).await;
    let (note, close) = ("serviceRequestAddNote", "serviceRequestClose");
    let shown = "{ serviceRequest { version isOpen notes { nodes { text } } } userErrors { code } }";
    let query = format!(
        "mutation($id: ID!) {{
            a: {note}(input: {{ idempotencyKey: \"number-1\", id: $id, text: \"one\", expectedVersion: 1 }}) {shown}
            b: {close}(input: {{ idempotencyKey: \"number-2\", id: $id, expectedVersion: 2 }}) {shown}
            c: {close}(input: {{ idempotencyKey: \"number-3\", id: $id }}) {shown}
            d: {note}(input: {{ idempotencyKey: \"number-4\", id: $id, text: \"two\", expectedVersion: 3 }}) {shown}
        }}"
    );

    let data = app.query_with(&query, json!({ "id": id })).await.data();

    let payload = |version: i64, is_open: bool, notes: &[&str]| {
        let notes: Vec<Value> = notes.iter().map(|text| json!({ "text": text })).collect();
        json!({ "serviceRequest": { "version": version, "isOpen": is_open, "notes": { "nodes": notes } }, "userErrors": [] })
    };
    assert_eq!(data["a"], payload(2, true, &["one"]));
    assert_eq!(data["b"], payload(3, false, &["one"]));
    assert_eq!(data["c"], json!({ "serviceRequest": null, "userErrors": [{ "code": "CONFLICT" }] }));
    let texts = |index: usize| data["d"]["serviceRequest"]["notes"]["nodes"][index]["text"].clone();
    assert_eq!(data["d"]["serviceRequest"]["version"], 4);
    assert_eq!(std::collections::BTreeSet::from([texts(0).to_string(), texts(1).to_string()]).len(), 2);
}

#[tokio::test]
async fn requests_of_one_batch_see_what_those_before_them_did() {
    let (app, _) = given().await;
    let count = json!({ "query": "{ serviceRequests { totalCount } }" });
    let open = json!({ "query": OPEN, "variables": { "input": filing(json!({})) } });
    let answers = app.post(&json!([count, open, count])).await.json();
    let total = |index: usize| answers[index]["data"]["serviceRequests"]["totalCount"].as_i64().expect("a total");
    assert_eq!(total(2), total(0) + 1);
}

#[tokio::test]
async fn a_get_does_nothing() {
    let (app, _) = given().await;
    let before = app.rows().await;
    let query =
        "mutation { serviceRequestOpen(input: { idempotencyKey: \"by-a-get-1\", title: \"a\", description: \"b\",
        severity: CRITICAL }) { serviceRequest { id } } }";
    let encoded: String = query.bytes().map(|byte| format!("%{byte:02x}")).collect();
    let get = app.request(reqwest::Method::GET, &format!("/graphql?query={encoded}"));
    let answer = Answer::of(get.header("accept", "application/graphql-response+json")).await;
    assert_eq!((answer.status.as_u16(), answer.code().as_str()), (405, "METHOD_NOT_ALLOWED"));
    assert_eq!(app.rows().await, before, "nothing was written");
    app.query(query).await.data();
    assert_ne!(app.rows().await, before, "by POST it is done");
}

#[tokio::test]
async fn kept_answers_follow_at_once_and_acts_are_never_kept() {
    let (app, _) = given().await;
    let board = "{ serviceRequests { totalCount nodes { title notes { totalCount } } } }";
    let asked = async || {
        app.query(board).await.data();
        app.query(board).await.data()["serviceRequests"].take()
    };
    let before = asked().await;
    let first = open(&app, json!({})).await;
    let opened = asked().await;
    assert_eq!(opened["totalCount"].as_i64(), before["totalCount"].as_i64().map(|count| count + 1));
    act(&app, ADD_NOTE, json!({ "idempotencyKey": "a-first-note", "id": first, "text": "Hello." })).await;
    assert_ne!(asked().await, opened);

    // An answer that shows no request is made from nothing that could change.
    let blind = OPEN.replace("serviceRequest { id version }", "");
    let before = asked().await["totalCount"].as_i64().expect("a total");
    for days in [2, 4] {
        app.clock.advance(TimeDelta::days(2));
        act(&app, &blind, filing(json!({}))).await;
        assert_eq!(asked().await["totalCount"], before + days / 2, "the same text is an act each time");
    }
}

#[tokio::test]
async fn what_microsoft_tells_leaves_what_was_entered_and_counts_when_it_is_later() {
    let (app, given) = given().await;
    let entered = open(&app, json!({})).await;
    let theirs = filed_with_microsoft(&app).await;
    app.clock.advance(TimeDelta::hours(1));
    for id in [&json!(entered), &theirs["id"]] {
        let key = format!("closing-{}", id.as_str().expect("an id"));
        done(&act(&app, CLOSE, json!({ "idempotencyKey": key, "id": id })).await);
    }
    let board = "{ serviceRequests { totalCount nodes { id status closedAt source } } }";
    let closed = app.query(board).await.data();

    let Change::ServiceRequest { request, notes } = given.request(ADATUM, "adatum") else { unreachable!() };
    app.clock.advance(TimeDelta::hours(1));
    let seen = ServiceRequest { observed_at: app.clock.now(), ..request };
    app.apply(given.id, [Change::ServiceRequest { request: seen.clone(), notes: notes.clone() }]).await;
    assert_eq!(app.query(board).await.data(), closed, "what Microsoft said before does not open it again");

    let at = app.clock.now();
    let reopened = ServiceRequest { modified_at: Some(at), status: ServiceRequestStatus::AttentionNeeded, ..seen };
    app.apply(given.id, [Change::ServiceRequest { request: reopened, notes }]).await;
    assert_eq!(filed_with_microsoft(&app).await["status"], "ATTENTION_NEEDED");
    let rest = app.query(board).await.data();
    assert_eq!(rest["serviceRequests"]["totalCount"], closed["serviceRequests"]["totalCount"]);
    let is_entered = |one: &&Value| one["id"] == json!(entered);
    let of = |data: &Value| data["serviceRequests"]["nodes"].as_array().expect("rows").iter().find(is_entered).cloned();
    assert_eq!(of(&rest), of(&closed));
}

#[tokio::test]
async fn an_act_costs_the_same_statements_for_any_number_of_rows() {
    let mut counts = Vec::new();
    for customers in [1, 200] {
        let app = TestApp::with_customers(customers).await;
        let customer =
            app.query("{ customers(first: 1) { nodes { id } } }").await.data()["customers"]["nodes"][0]["id"].take();
        let input = filing(json!({ "customerId": customer }));
        let (payload, opening) = app.statements(act(&app, OPEN, input)).await;
        let (id, _) = done(&payload);
        let mut noting = Vec::new();
        for number in 0..customers.min(30) {
            let input = json!({ "idempotencyKey": format!("note-number-{number}"), "id": id, "text": "Again." });
            noting.push(app.statements(act(&app, ADD_NOTE, input)).await.1);
        }
        noting.dedup();
        let input = json!({ "idempotencyKey": "the-closing", "id": id });
        let (_, closing) = app.statements(act(&app, CLOSE, input)).await;
        counts.push((opening, noting, closing));
    }
    assert_eq!(counts[0], counts[1]);
    assert!(counts[0].0 <= 13 && counts[0].1[0] <= 16 && counts[0].2 <= 13, "{counts:?}");
}
