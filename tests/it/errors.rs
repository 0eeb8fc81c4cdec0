//! What goes wrong is told with a code, a place and a way out; what is ours to know stays with us.

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp, admin_url, execute,
    given::{CONTOSO, Given},
};

async fn given() -> TestApp {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    app
}

/// That nothing of the cause shows.
fn assert_masked(answer: &Answer) {
    let json = answer.json();
    for error in json["errors"].as_array().expect("errors") {
        assert_eq!(error["message"], "internal error", "{json}");
        assert_eq!(error["extensions"]["code"], "INTERNAL", "{json}");
        assert_eq!(error["extensions"]["correlationId"], answer.header("x-request-id").expect("an id"), "{json}");
        assert_eq!(error["extensions"].as_object().map(serde_json::Map::len), Some(2), "{json}");
        assert!(error["locations"][0]["line"].is_u64() && error["path"].is_array(), "{json}");
    }
    for word in ["table", "relation ", "select", "sqlx", "elsewhere", "query("] {
        assert!(!json["errors"].to_string().to_lowercase().contains(word), "{word} in {json}");
    }
}

#[tokio::test]
async fn a_nullable_relation_that_fails_leaves_its_siblings() {
    let app = given().await;
    app.execute("alter table partner_relation rename to elsewhere").await;
    let query = "{ customers { nodes { name again: reseller { name } subscriptions { totalCount } } } }";
    let answer = app.query(query).await;
    assert_eq!(answer.status, 200);
    assert_masked(&answer);
    let json = answer.json();
    let customer = |name: &str| json!({ "name": name, "again": null, "subscriptions": { "totalCount": 2 } });
    assert_eq!(json["data"]["customers"]["nodes"], json!([customer("contoso adatum"), customer("contoso bellows")]));
    let paths: Vec<&Value> = json["errors"].as_array().expect("errors").iter().map(|error| &error["path"]).collect();
    assert_eq!(paths, [&json!(["customers", "nodes", 0, "again"]), &json!(["customers", "nodes", 1, "again"])]);
    assert_eq!(json["errors"][0]["locations"], json!([{ "line": 1, "column": 28 }]));
}

#[tokio::test]
async fn a_connection_that_fails_takes_along_what_may_not_be_without_it() {
    let app = given().await;
    app.execute("alter table subscription rename to elsewhere").await;
    let answer = app.query("{ viewer { name } customers { nodes { name subscriptions { totalCount } } } }").await;
    assert_masked(&answer);
    let json = answer.json();
    assert_eq!(
        json["data"],
        json!({ "viewer": { "name": "local" }, "customers": null }),
        "not every role has customers"
    );

    let partner = json!({ "name": "contoso partner", "customers": null });
    let query = "{ viewer { name } partner { name customers { edges { node { subscriptions { totalCount } } } } } }";
    let answer = app.query(query).await;
    assert_masked(&answer);
    let json = answer.json();
    assert_eq!(
        json["data"],
        json!({ "viewer": { "name": "local" }, "partner": partner }),
        "the nearest that may be null"
    );
    let place = json!(["partner", "customers", "edges", 0, "node", "subscriptions"]);
    assert_eq!((json["errors"].as_array().map(Vec::len), &json["errors"][0]["path"]), (Some(1), &place));

    let ids = app.query("{ customers { nodes { id } } serviceRequests { nodes { id } } }").await.data();
    let ids = [&ids["customers"]["nodes"][0]["id"], &ids["serviceRequests"]["nodes"][0]["id"]];
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) {
        ... on Customer { subscriptions { totalCount } } ... on ServiceRequest { subscription { name } title } } }";
    let answer = app.query_with(query, json!({ "ids": ids })).await;
    assert_masked(&answer);
    let rest = json!([null, { "subscription": null, "title": "contoso adatum mail is slow" }]);
    assert_eq!(answer.json()["data"]["nodes"], rest);
}

#[tokio::test]
async fn a_request_that_does_not_fit_the_schema_hears_what_would() {
    let app = given().await;
    let named = "query A { __typename } query B { __typename }";
    let list =
        "query($first: Int!, $filter: CustomerFilter) { customers(first: $first, filter: $filter) { totalCount } }";
    let mut wrong = Vec::new();
    let (invalid, input) = ("GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT");
    for (body, code, part) in [
        (json!({ "query": "{ custommers { totalCount } }" }), invalid, "custommers"),
        (json!({ "query": "{ customers }" }), invalid, "subselection"),
        (json!({ "query": "{ viewer { name { x } } }" }), invalid, "must not have subselections"),
        (json!({ "query": "{ customers(fist: 3) { totalCount } }" }), invalid, "fist"),
        (json!({ "query": "{ customers(first: \"3\") { totalCount } }" }), invalid, "Int"),
        (json!({ "query": "{ customers(first: 3.5) { totalCount } }" }), invalid, "Int"),
        (json!({ "query": "{ customers(first: 99999999999) { totalCount } }" }), invalid, "32-bit"),
        (json!({ "query": "{ customers(orderBy: { field: SIZE }) { totalCount } }" }), invalid, "SIZE"),
        (json!({ "query": "{ customers(filter: { nam: {} }) { totalCount } }" }), invalid, "nam"),
        (json!({ "query": "{ node { id } }" }), invalid, "id"),
        (json!({ "query": "{ search(text: \"a\") { name } }" }), invalid, "name"),
        (json!({ "query": "{ ...F } fragment F on Nothing { a }" }), invalid, "F"),
        (json!({ "query": "query($a: Int) { __typename }" }), invalid, "$a"),
        (json!({ "query": "query { customers(first: $a) { totalCount } }" }), invalid, "$a"),
        (json!({ "query": "{ customers { totalCount } customers(first: 1) { totalCount } }" }), invalid, "customers"),
        (json!({ "query": "mutation { a }" }), invalid, "`Mutation` does not have a field `a`"),
        (json!({ "query": "subscription { a }" }), invalid, "`Subscription`"),
        (json!({ "query": "subscription { changes { cursor } }" }), "LIVE_TRANSPORT_REQUIRED", "text/event-stream"),
        (json!({ "query": "{ customers { " }), "GRAPHQL_PARSE_FAILED", ""),
        (json!({ "query": named }), "OPERATION_RESOLUTION_FAILURE", "name one with `operationName`"),
        (json!({ "query": named, "operationName": "C" }), "OPERATION_RESOLUTION_FAILURE", "named"),
        (json!({ "query": list }), input, "first"),
        (json!({ "query": list, "variables": { "first": null } }), input, "first"),
        (json!({ "query": list, "variables": { "first": "3" } }), input, "first"),
        (json!({ "query": list, "variables": { "first": 3.5 } }), input, "first"),
        (json!({ "query": list, "variables": { "first": 3_000_000_000_u64 } }), input, "first"),
        (json!({ "query": list, "variables": { "first": 1, "filter": { "nam": {} } } }), input, "nam"),
        (json!({ "query": list, "variables": { "first": 1, "filter": { "relationship": ["Friend"] } } }), input, ""),
        (json!({ "query": list, "variables": { "first": 1, "filter": [] } }), input, "filter"),
        (json!({ "query": "{ customer { id } }" }), input, "give exactly one of `id`, `tenantId` and `domain`"),
        (json!({ "query": "{ customer(id: \"a\", domain: \"b\") { id } }" }), input, "give exactly one of"),
        (json!({ "query": "{ search(text: \"a\", first: 51) { __typename } }" }), input, "51 is not between 0 and 50"),
    ] {
        let answer = app.post(&body).await;
        let json = answer.json();
        let error = &json["errors"][0];
        let messages = json["errors"].as_array().expect("errors").iter().map(|error| error["message"].to_string());
        let message = messages.collect::<Vec<_>>().join(", ");
        if error["extensions"]["code"] != code || !message.contains(part) {
            wrong.push(format!("{body}: {} {message}", error["extensions"]["code"]));
        }
        assert!(error["extensions"]["correlationId"].is_string(), "{body}: {json}");
        assert!(answer.status == 400 || error["path"].is_array(), "{body}: {} {json}", answer.status);
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert_eq!(app.query("{ customers { totalCount } }").await.data()["customers"]["totalCount"], 2);
}

/// Asks until `wanted`, for some seconds.
async fn until<F: Future<Output = bool>>(what: &str, wanted: impl Fn() -> F) {
    let waiting = async {
        while !wanted().await {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), waiting).await.unwrap_or_else(|_| panic!("{what} in time"));
}

#[tokio::test]
async fn a_database_that_went_away_and_came_back_is_noticed_by_nobody() {
    let Some(admin) = admin_url() else { return };
    let app = TestApp::with(|config| config.cache.enabled = false).await;
    Given::put(&app, CONTOSO, "contoso").await;
    let name = app.database_url().rsplit('/').next().expect("a name").split('?').next().expect("a name").to_owned();
    let terminate = format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{name}'");
    let query = "{ customers { nodes { name subscriptions { totalCount } incidents { nodes { title } } } } }";
    let before = app.query(query).await;
    before.data();

    execute(&admin, &terminate).await;
    assert_eq!(app.query(query).await.text, before.text, "the very next request");
    execute(&admin, &terminate).await;
    assert_eq!(app.get("/readyz").await.status, 200);
    for key in ["the-first-act-of-two", "the-second-act-of-two"] {
        execute(&admin, &terminate).await;
        let input = json!({ "idempotencyKey": key, "title": key, "description": "Slow.", "severity": "MODERATE" });
        let act = "mutation($input: ServiceRequestOpenInput!) { serviceRequestOpen(input: $input) {
            serviceRequest { title } userErrors { message } } }";
        let opened = app.query_with(act, json!({ "input": input })).await.data();
        assert_eq!(opened["serviceRequestOpen"]["serviceRequest"]["title"], key, "{opened}");
    }

    execute(&admin, &format!("alter database {name} allow_connections false")).await;
    execute(&admin, &terminate).await;
    let away = tokio::time::timeout(Duration::from_secs(60), app.query(query)).await.expect("an answer");
    assert!(away.text.contains("UNAVAILABLE") && away.text.contains("try again in a few seconds"), "{}", away.text);
    assert!(!away.text.contains(&name), "{}", away.text);
    assert_eq!(app.get("/readyz").await.status, 503);
    assert_eq!(app.get("/livez").await.status, 200);

    execute(&admin, &format!("alter database {name} allow_connections true")).await;
    until("it is ready again", async || app.get("/readyz").await.status == 200).await;
    assert_eq!(app.query(query).await.text, before.text);
}
