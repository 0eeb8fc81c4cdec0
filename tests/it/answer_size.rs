//! How long an answer may become: values cost nothing, and aliases multiply them.

use serde_json::{Value, json};
use supportgraph::domain::access::{Role, Scope, Viewer};

use crate::{
    live::{CHANGES, present, report_all},
    support::{
        Answer, TestApp,
        attacks::many,
        given::{ADATUM, CONTOSO, Given},
    },
};

const MOST: usize = 40_000;

async fn given() -> (TestApp, Given) {
    let app = TestApp::with(|config| config.limits.answer_bytes = MOST as u64).await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    (app, given)
}

/// So many times the same value.
fn aliases(field: &str, count: usize) -> String {
    many(count, |n| format!("a{n}: {field} "))
}

/// That it says no more than that it would be too long.
fn assert_too_long(answer: &Answer, path: &[&str]) {
    let told = answer.json();
    assert_eq!((answer.status.as_u16(), &told["data"]), (200, &Value::Null), "{}", answer.text);
    let [error] = told["errors"].as_array().expect("errors").as_slice() else { panic!("one error: {told}") };
    assert_eq!(error["extensions"]["code"], "LIMIT_EXCEEDED");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("at most 40000 is allowed; ask for shorter pages"), "{message}");
    let begins = error["path"].as_array().expect("a path").iter().zip(path).all(|(step, wanted)| step == wanted);
    assert!(begins, "{error}");
}

#[tokio::test]
async fn an_answer_ends_where_it_becomes_too_long() {
    let (app, _) = given().await;
    let ask = async |count| {
        app.query(&format!("{{ partner {{ name }} customers {{ nodes {{ {} }} }} }}", aliases("name", count))).await
    };
    assert!(ask(400).await.data()["customers"]["nodes"][1]["a399"].is_string());
    let app = TestApp::with(|config| config.limits.answer_bytes = MOST as u64).await;
    app.invent(30, 1).await;
    let places = format!("{{ customers(first: 30) {{ nodes {{ {} }} }} }}", aliases("name", 400));
    assert_too_long(&app.query(&places).await, &["customers", "nodes"]);
    // Nothing takes it as null and goes on: neither what may be null, nor objects without values.
    let id = app.query("{ customers(first: 1) { nodes { id } } }").await.data()["customers"]["nodes"][0]["id"].clone();
    let below = format!(
        "query($id: ID!) {{ first: node(id: $id) {{ ...C }} second: node(id: $id) {{ ...C }} }}
         fragment C on Customer {{ subscriptions(first: 50) {{ nodes {{ {} }} }} }}",
        aliases("customer { name country tenantId }", 120)
    );
    assert_too_long(&app.query_with(&below, json!({ "id": id })).await, &["first"]);
    let typenames = format!("{{ customers(first: 30) {{ nodes {{ {} }} }} }}", aliases("__typename", 300));
    assert_too_long(&app.query(&typenames).await, &["customers", "nodes"]);
    assert!(app.query(&typenames).await.header("x-supportgraph-cost-actual") > Some("0"), "what was written is paid");
}

#[tokio::test]
async fn refusals_of_fields_make_an_answer_long_too() {
    let (app, given) = given().await;
    let sales = Viewer::new("sal", "sal", [Role::SalesAgent], Scope::partner(given.id));
    let ask = async |count| {
        let query = format!("{{ serviceRequests {{ nodes {{ {} }} }} }}", aliases("description", count));
        app.ask_as(&sales, &query, json!({})).await
    };
    let some = ask(10).await;
    assert_eq!(some["errors"][0]["extensions"]["code"], "FORBIDDEN", "{some}");
    let many = ask(400).await;
    assert_eq!((&many["data"], many["errors"].as_array().map(Vec::len)), (&Value::Null, Some(1)), "{many}");
    assert_eq!(many["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED");
}

#[tokio::test]
async fn an_act_is_done_though_its_answer_is_too_long() {
    let (app, _) = given().await;
    let act = format!(
        "mutation {{ serviceRequestOpen(input: {{ idempotencyKey: \"too-long-an-answer\", title: \"a\", description: \"{}\",
             severity: MODERATE }}) {{ serviceRequest {{ {} }} }} }}",
        "d".repeat(200),
        aliases("description", 400)
    );
    let before = app.query("{ serviceRequests { totalCount } }").await.data()["serviceRequests"]["totalCount"].as_u64();
    let answer = app.query(&act).await;
    assert_too_long(&answer, &["serviceRequestOpen"]);
    assert!(answer.text.contains("what a mutation did is done"), "{}", answer.text);
    let after = app.query("{ serviceRequests { totalCount } }").await.data()["serviceRequests"]["totalCount"].as_u64();
    assert_eq!(after, before.map(|count| count + 1));
}

#[tokio::test]
async fn an_event_that_is_too_long_is_followed_by_others() {
    let app = TestApp::to_listen_to(|config| config.limits.answer_bytes = MOST as u64).await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    let after = present(&app, given.id).await;
    let long = CHANGES.replace(
        "node { __typename id }",
        &format!("node {{ ... on ServiceHealth {{ {} }} }}", { aliases("customer { name tenantId country }", 450) }),
    );
    let mut listener = app.listen(given.id, &long, json!({ "after": after, "kinds": ["SERVICE_HEALTH"] })).await;
    report_all(&app, &given, ADATUM, [crate::live::DOWN, crate::live::FINE]).await;
    for _ in 0..2 {
        let payload: Value = serde_json::from_slice(&listener.payload().await.body).expect("JSON");
        assert_eq!(payload["errors"][0]["extensions"]["code"], "LIMIT_EXCEEDED", "{payload}");
        assert_eq!(payload["data"], Value::Null);
    }
}
