//! What asks for too much, or is not what it should be: refused at once, with a way out, and the server goes on.

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::{
    Answer, TestApp,
    attacks::{fragments, many, nested},
    given::{CONTOSO, Given},
};

async fn given() -> TestApp {
    let app = TestApp::start().await;
    Given::put(&app, CONTOSO, "contoso").await;
    app
}

/// The answer, which comes soon.
async fn soon(answer: impl Future<Output = Answer>) -> Answer {
    tokio::time::timeout(Duration::from_secs(10), answer).await.expect("an answer within seconds")
}

async fn send(app: &TestApp, body: impl Into<reqwest::Body>) -> Answer {
    let request = app.request(Method::POST, "/graphql").header("content-type", "application/json");
    soon(Answer::of(request.body(body))).await
}

/// That the first error has this code and a message that says `part`, and that the server answers the next request.
async fn assert_refused(app: &TestApp, what: &str, answer: Answer, code: &str, part: &str) {
    assert_eq!(shown(what, &answer).0, code, "{}", shown(what, &answer).1);
    assert!(shown(what, &answer).1.contains(part), "{} does not say {part:?}", shown(what, &answer).1);
    assert!(answer.json()["errors"][0]["extensions"]["correlationId"].is_string(), "{what}");
    assert!(answer.text.len() < 100_000, "{what}: an answer of {} bytes", answer.text.len());
    let alive = soon(app.query("{ customers { totalCount } }")).await;
    assert_eq!(alive.data()["customers"]["totalCount"], 2, "after {what}");
}

/// Code and message of the first error.
fn shown(what: &str, answer: &Answer) -> (String, String) {
    let error = &answer.json()["errors"][0];
    let word = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let text: String = answer.text.chars().take(300).collect();
    (word(&error["extensions"]["code"]), format!("{what}: {} ({text})", word(&error["message"])))
}

#[tokio::test]
async fn a_document_that_asks_for_too_much_is_refused_with_a_way_out() {
    let app = given().await;
    let bomb = fragments(60, 4);
    assert!(bomb.len() < 5_000, "{} bytes", bomb.len());
    let deep_type = format!(
        "{{ __type(name: \"Query\") {{ fields {{ {} name {} }} }} }}",
        "type { fields { ".repeat(30),
        "} }".repeat(30)
    );
    let documents = [
        ("60^5 fragments", bomb, "LIMIT_EXCEEDED", "fragments expanded"),
        ("nesting", nested(60), "LIMIT_EXCEEDED", "the depth of the query is 61, at most 20 is allowed; split"),
        ("deeper nesting", nested(400), "LIMIT_EXCEEDED", "the depth of the document"),
        ("unclosed nesting", "{ customers ".repeat(5_000), "LIMIT_EXCEEDED", "the depth of the document"),
        (
            "aliases",
            format!("{{ viewer {{ {} }} }}", many(2_000, |n| format!("a{n}: name "))),
            "LIMIT_EXCEEDED",
            "the number of aliases is 2000, at most 500",
        ),
        ("more aliases", format!("{{ {} }}", many(10_000, |n| format!("a{n}: __typename "))), "LIMIT_EXCEEDED", "put values into variables"),
        ("roots", format!("{{ {} }}", many(60, |n| format!("a{n}: __typename "))), "LIMIT_EXCEEDED", "root fields"),
        (
            "directives",
            format!("{{ __typename {} }}", "@skip(if: false) ".repeat(200)),
            "LIMIT_EXCEEDED",
            "the number of directives is 200, at most 100",
        ),
        (
            "directives on operations",
            format!("query {} {{ __typename }}", "@a ".repeat(3_000)),
            "LIMIT_EXCEEDED",
            "the number of directives",
        ),
        ("tokens", format!("{{ {} }}", "__typename ".repeat(30_000)), "LIMIT_EXCEEDED", "put values into variables"),
        (
            "cost",
            "{ customers(first: 500) { nodes { incidents(first: 500) { nodes { id } } } } }".to_owned(),
            "LIMIT_EXCEEDED",
            "lower `first` on the inner lists",
        ),
        (
            "cost from the end",
            "{ incidents(last: 500) { edges { node { customers(last: 500) { edges { node { id } } } } } } }".to_owned(),
            "LIMIT_EXCEEDED",
            "lower `first`",
        ),
        (
            "circular fragments",
            "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
            "cannot reference itself",
        ),
        (
            "a fragment of itself",
            "{ customers { nodes { ...A } } } fragment A on Customer { incidents { nodes { customers { nodes { ...A } } } } }"
                .to_owned(),
            "GRAPHQL_VALIDATION_FAILED",
            "cannot reference itself",
        ),
        ("unused cycles", "{ __typename } fragment A on Query { ...A }".to_owned(), "GRAPHQL_VALIDATION_FAILED", ""),
        ("introspection", deep_type, "LIMIT_EXCEEDED", "the depth"),
        (
            "nested lists in introspection",
            "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }".to_owned(),
            "BAD_USER_INPUT",
            "ask for single types",
        ),
        (
            "mistakes",
            format!("{{ {} }}", many(40, |n| format!("no{n} {{ {} }} ", many(80, |n| format!("no{n} "))))),
            "GRAPHQL_VALIDATION_FAILED",
            "no0",
        ),
        (
            "literals inside each other",
            format!("{{ customers(filter: {}{}) {{ totalCount }} }}", "{ not: ".repeat(1_000), "}".repeat(1_000)),
            "LIMIT_EXCEEDED",
            "put deep values into variables",
        ),
        (
            "conditions",
            format!("{{ customers(filter: {{ or: [{}] }}) {{ totalCount }} }}", "{ isEnded: true }, ".repeat(200)),
            "BAD_USER_INPUT",
            "at most 50 are allowed",
        ),
        (
            "keys",
            format!("{{ customers(orderBy: [{}]) {{ totalCount }} }}", "{ field: NAME }, ".repeat(6)),
            "BAD_USER_INPUT",
            "at most 5 are allowed",
        ),
        (
            "one condition inside another",
            format!("{{ customers(filter: {}isEnded: true{}) {{ totalCount }} }}", "{ not: ".repeat(60) + "{ ", " }".repeat(61)),
            "BAD_USER_INPUT",
            "more than 10 levels",
        ),
        ("a directive definition", "directive @a on FIELD { __typename }".to_owned(), "GRAPHQL_VALIDATION_FAILED", ""),
        ("nothing", String::new(), "GRAPHQL_PARSE_FAILED", ""),
        ("a comment", "# nothing".to_owned(), "GRAPHQL_PARSE_FAILED", ""),
    ];
    for (what, document, code, part) in documents {
        let answer = soon(app.query(&document)).await;
        assert!(answer.status.as_u16() == 400 || answer.json().get("data").is_some(), "{what}: {}", answer.status);
        assert_refused(&app, what, answer, code, part).await;
    }
}

fn an_id(prefix: &str, number: u128) -> String {
    format!("{prefix}_{}", URL_SAFE_NO_PAD.encode(number.to_be_bytes()))
}

#[tokio::test]
async fn objects_by_id_count_as_many_as_there_are_ids() {
    let app = given().await;
    let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Customer {
        incidents(first: 20) { nodes { customers(first: 50) { nodes { id } } } } } } }";
    let ids = |count| (0..count).map(|number| an_id("cus", number)).collect::<Vec<_>>();
    soon(app.query_with(query, json!({ "ids": ids(20) }))).await.data();
    let answer = soon(app.query_with(query, json!({ "ids": ids(400) }))).await;
    assert_refused(&app, "400 objects", answer, "LIMIT_EXCEEDED", "the cost of the query").await;
    let plain = "query($ids: [ID!]!) { nodes(ids: $ids) { id } }";
    let answer = soon(app.query_with(plain, json!({ "ids": ids(501) }))).await;
    assert_refused(&app, "501 objects", answer, "BAD_USER_INPUT", "at most 500 are allowed").await;
    let literal = format!(
        "{{ nodes(ids: {:?}) {{ ... on Customer {{ incidents(first: 500) {{ nodes {{ id }} }} }} }} }}",
        ids(450)
    );
    assert_refused(&app, "450 literals", soon(app.query(&literal)).await, "LIMIT_EXCEEDED", "the cost").await;
}

#[tokio::test]
async fn variables_of_any_size_and_depth_are_answered_or_refused() {
    let app = given().await;
    let query = "query($filter: CustomerFilter) { customers(filter: $filter) { totalCount } }";
    let nots = |depth| (0..depth).fold(json!({ "isEnded": false }), |inner, _| json!({ "not": inner }));
    assert_eq!(soon(app.query_with(query, json!({ "filter": nots(8) }))).await.data()["customers"]["totalCount"], 2);
    let answer = soon(app.query_with(query, json!({ "filter": nots(70) }))).await;
    assert_refused(&app, "70 negations", answer, "BAD_USER_INPUT", "more than 10 levels").await;
    let deep = format!(r#"{{"query":"{query}","variables":{}1{}}}"#, r#"{"a":"#.repeat(20_000), "}".repeat(20_000));
    assert_refused(&app, "20,000 levels", send(&app, deep).await, "BAD_REQUEST", "recursion limit").await;

    let ids = |count| (0..count).map(|number| an_id("cus", number)).collect::<Vec<_>>();
    assert_eq!(
        soon(app.query_with(query, json!({ "filter": { "ids": ids(1_000) } }))).await.data()["customers"],
        json!({ "totalCount": 0 })
    );
    let words = |count: usize| (0..count).map(|number| format!("{number:x}")).collect::<Vec<_>>();
    for (what, filter) in [
        ("ids", json!({ "ids": ids(33_000) })),
        ("tenants", json!({ "tenantIds": words(100_000) })),
        ("texts", json!({ "name": { "in": words(100_000) } })),
        ("texts in relations", json!({ "incidents": { "externalIds": words(70_000) } })),
        ("many domains", json!({ "domain": { "in": words(1_001) } })),
        ("lists that only together are large", json!({ "or": vec![json!({ "tenantIds": words(1_000) }); 40] })),
    ] {
        let answer = soon(app.query_with(query, json!({ "filter": filter }))).await;
        assert_refused(&app, what, answer, "BAD_USER_INPUT", "values are too many").await;
    }
    let domains = json!({ "domain": { "in": words(1_000) } });
    assert_eq!(soon(app.query_with(query, json!({ "filter": domains }))).await.data()["customers"]["totalCount"], 0);
    let long = "x".repeat(900_000);
    let answer = soon(app.query_with(query, json!({ "filter": { "name": { "contains": long } } }))).await;
    assert_refused(&app, "a long text", answer, "BAD_USER_INPUT", "too long").await;
    let answer =
        soon(app.query_with("query($text: String!) { search(text: $text) { __typename } }", json!({ "text": long })))
            .await;
    assert_refused(&app, "a long text to search", answer, "BAD_USER_INPUT", "too long").await;
}

#[tokio::test]
async fn null_bytes_are_in_no_text_and_hurt_nothing() {
    let app = given().await;
    for (query, nothing) in [
        ("query($t: String!) { search(text: $t) { __typename } }", json!({ "search": [] })),
        ("query($t: String!) { customer(domain: $t) { id } }", json!({ "customer": null })),
        ("query($t: String!) { customer(tenantId: $t) { id } }", json!({ "customer": null })),
        (
            "query($t: String!) { list: customers(filter: { name: { contains: $t } }) { totalCount } }",
            json!({ "list": { "totalCount": 0 } }),
        ),
        (
            "query($t: String!) { list: incidents(filter: { externalIds: [$t] }) { totalCount } }",
            json!({ "list": { "totalCount": 0 } }),
        ),
        (
            "query($t: String!) { list: customers(filter: { country: [$t] }) { totalCount } }",
            json!({ "list": { "totalCount": 0 } }),
        ),
    ] {
        for text in ["\0", "contoso\0", "a\0b"] {
            let answer = soon(app.query_with(query, json!({ "t": text }))).await;
            let json = answer.json();
            let is_told = json["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT";
            assert!(is_told || json["data"] == nothing, "{query} with {text:?}: {json}");
        }
    }
    let answer = soon(app.query("{ __typename \0 }")).await;
    assert_refused(&app, "a null byte in a document", answer, "GRAPHQL_PARSE_FAILED", "").await;
    for body in
        [&b"\0"[..], b"{\"query\":\"{__typename}\"\0}", b"{\"query\":\"{ __typename # \xff }\"}", b"\xef\xbb\xbf{"]
    {
        assert_refused(&app, "a body", send(&app, body.to_vec()).await, "BAD_REQUEST", "").await;
    }
}

#[tokio::test]
async fn a_batch_of_a_thousand_is_refused_as_a_whole() {
    let app = given().await;
    let answer = soon(app.post(&Value::Array(vec![json!({ "query": "{ __typename }" }); 1_000]))).await;
    assert_eq!(answer.status, 400);
    assert_refused(&app, "a batch", answer, "BAD_REQUEST", "the batch has 1000 requests; send 1 to 10").await;
    let huge = format!(r#"{{"query":"{{ __typename {} }}"}}"#, "# ".repeat(1 << 20));
    let answer = send(&app, huge).await;
    assert_eq!(answer.status, 413);
    assert_refused(&app, "a huge document", answer, "PAYLOAD_TOO_LARGE", "ask in smaller pieces").await;
}

#[tokio::test]
async fn what_tools_and_compilers_send_passes() {
    let app = given().await;
    let introspection = include_str!("support/introspection.graphql");
    let data = soon(app.query(introspection)).await.data();
    let types = data["__schema"]["types"].as_array().expect("types");
    assert!(
        types.iter().any(|ty| ty["name"] == "Customer" && ty["fields"].as_array().is_some_and(|all| all.len() > 20))
    );
    assert_eq!(data["__schema"]["queryType"]["name"], "Query");
    assert_eq!(data["__schema"]["mutationType"]["name"], "Mutation");

    // Relay writes fragments out, asks every object for `__typename` and `id`, and names what fragments ask differently.
    let fragment = |n: usize| {
        format!(
            "__typename id name a{n}: subscriptions(first: {n}) {{ edges {{ node {{ __typename id name customer {{ __typename id }} }}
             cursor }} pageInfo {{ endCursor hasNextPage }} }} ... on Node {{ __isNode: __typename }} "
        )
    };
    let screen = format!(
        "query Screen {{ customers(first: 20) {{ edges {{ node {{ {} }} }} }} }}",
        many(80, |n| fragment(n + 1))
    );
    let data = soon(app.query(&screen)).await.data();
    let node = &data["customers"]["edges"][0]["node"];
    assert_eq!(
        (&node["__isNode"], &node["a80"]["edges"][1]["node"]["customer"]["__typename"]),
        (&json!("Customer"), &json!("Customer"))
    );
}
