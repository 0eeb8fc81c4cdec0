//! The engine against the specification, on a schema of its own: a library of authors and books, some of which fail.

mod library;

use std::sync::atomic::Ordering;

use futures::StreamExt;
use serde_json::{Value, json};

use super::*;
use library::{Asked, context, engine};

/// The answer's bytes, and how often loaders were asked.
async fn ask_raw(query: &str, variables: Value) -> (String, usize) {
    let asked = Asked::default();
    let variables = variables.as_object().cloned();
    let request = Request { query: Some(query.to_owned()), variables, ..Request::default() };
    let response = engine().execute(request, Allowed::Everything, context(&asked)).await;
    (String::from_utf8(response.body.to_vec()).expect("UTF-8"), asked.load(Ordering::Relaxed))
}

async fn ask(query: &str, variables: Value) -> (Value, usize) {
    let (text, asked) = ask_raw(query, variables).await;
    (serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")), asked)
}

async fn data(query: &str) -> Value {
    let (answer, _) = ask(query, json!({})).await;
    assert_eq!(answer.get("errors"), None, "{answer}");
    answer["data"].clone()
}

#[tokio::test]
async fn keys_come_in_the_order_of_the_query() {
    let query = "{ b: author(number: 2) { name id } a: author(number: 1) { __typename name } }";
    let expected = r#"{"data":{"b":{"name":"Author 2","id":"aut_AAAAAAAAAAAAAAAAAAAAAg"},"a":{"__typename":"Author","name":"Author 1"}}}"#;
    assert_eq!(ask_raw(query, json!({})).await.0, expected);
}

#[tokio::test]
async fn equal_keys_are_merged_with_all_that_is_selected_below_them() {
    let query = "query { author(number: 1) { name } ...More author(number: 1) { books { number } } }
                 fragment More on Query { author(number: 1) { id books { author { name } } } }";
    let expected = json!({ "author": {
        "name": "Author 1",
        "id": "aut_AAAAAAAAAAAAAAAAAAAAAQ",
        "books": [
            { "author": { "name": "Author 1" }, "number": 1 },
            { "author": { "name": "Author 1" }, "number": 4 },
        ],
    }});
    assert_eq!(data(query).await, expected);
}

#[tokio::test]
async fn skip_and_include_decide_with_variables_and_defaults() {
    let query = "query ($yes: Boolean!, $no: Boolean = false) {
        kept: author(number: 1) @include(if: $yes) @skip(if: $no) { name @skip(if: $no) id @include(if: $no) }
        left: author(number: 1) @skip(if: $yes) { name }
        ... on Query @include(if: $no) { gone: author(number: 1) { name } }
        ...F @skip(if: $no)
    } fragment F on Query { spread: author(number: 2) { name } }";
    let (answer, _) = ask(query, json!({ "yes": true })).await;
    assert_eq!(answer, json!({ "data": { "kept": { "name": "Author 1" }, "spread": { "name": "Author 2" } } }));
    let (answer, _) = ask(query, json!({ "yes": true, "no": true })).await;
    assert_eq!(answer["data"], json!({ "gone": { "name": "Author 1" } }));
}

#[tokio::test]
async fn a_loader_is_asked_once_for_all_parents_of_a_level() {
    let (_, asked) = ask("{ authors { books { author { books { number } } } } }", json!({})).await;
    assert_eq!(asked, 4, "authors, books, author, books");
    let (_, asked) =
        ask("{ books(first: 6) { nodes { author { name } } edges { node { author { id } } } } }", json!({})).await;
    assert_eq!(asked, 3, "the page, and the authors of each of its two selections");
}

#[tokio::test]
async fn a_failed_field_that_may_be_null_keeps_its_siblings() {
    let (answer, _) = ask("{ authors { name muse { name } } }", json!({})).await;
    assert_eq!(answer["data"]["authors"][1], json!({ "name": "Author 2", "muse": null }));
    let errors = answer["errors"].as_array().expect("errors");
    assert_eq!(errors.len(), 3, "one for each author");
    assert_eq!(errors[1]["path"], json!(["authors", 1, "muse"]));
    assert_eq!(errors[1]["locations"], json!([{ "line": 1, "column": 18 }]));
    assert_eq!(errors[1]["message"], "internal error");
    assert_eq!(errors[1]["extensions"], json!({ "code": "INTERNAL", "correlationId": "c-1" }));
}

#[tokio::test]
async fn a_failed_field_that_must_not_be_null_takes_the_nearest_place_that_may() {
    let (answer, _) =
        ask("{ one: author(number: 1) { a: agent { name } } two: author(number: 2) { name } }", json!({})).await;
    assert_eq!(answer["data"], json!({ "one": null, "two": { "name": "Author 2" } }));
    assert_eq!(answer["errors"][0]["path"], json!(["one", "a"]));

    let (answer, _) = ask("{ authors { agent { name } } }", json!({})).await;
    assert_eq!(answer["data"], Value::Null, "a list that must not be null, of items that must not be null");
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));

    let id = "aut_AAAAAAAAAAAAAAAAAAAAAQ";
    let (answer, _) =
        ask("query ($ids: [ID!]!) { nodes(ids: $ids) { ... on Author { agent { name } } } }", json!({ "ids": [id] }))
            .await;
    assert_eq!(answer["data"], json!({ "nodes": [null] }), "an item that may be null");
}

#[tokio::test]
async fn a_number_beyond_32_bits_is_an_error_of_its_field() {
    let answer = data("{ books(first: 2) { nodes { number letters allLetters } } }").await;
    let letters = [1_431_655_764_i64, 2_147_483_647];
    let book =
        |number: usize| json!({ "number": number, "letters": letters[number - 1], "allLetters": letters[number - 1] });
    assert_eq!(answer["books"]["nodes"], json!([book(1), book(2)]));

    let (answer, _) = ask("{ books(first: 4) { nodes { owed: debt allLetters } } }", json!({})).await;
    let book = |debt: Option<i64>, letters: i64| json!({ "owed": debt, "allLetters": letters });
    let books = [
        book(Some(-715_827_882), 1_431_655_764),
        book(Some(-1_431_655_765), 2_147_483_647),
        book(Some(-2_147_483_648), 2_863_311_530),
        book(None, 3_579_139_413),
    ];
    assert_eq!(answer["data"]["books"]["nodes"], json!(books), "the fourth may be null");
    assert_eq!(answer["errors"].as_array().map(Vec::len), Some(1));
    assert_eq!(answer["errors"][0]["path"], json!(["books", "nodes", 3, "owed"]));
    assert_eq!(answer["errors"][0]["locations"], json!([{ "line": 1, "column": 29 }]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "INTERNAL");

    let query = "{ author(number: 3) { name books { letters } } other: author(number: 1) { name } }";
    let (answer, _) = ask(query, json!({})).await;
    assert_eq!(answer["data"], json!({ "author": null, "other": { "name": "Author 1" } }), "the third must not");
    assert_eq!(answer["errors"][0]["path"], json!(["author", "books", 0, "letters"]));

    let query =
        "mutation { a: write(digit: 3) { total all: remarks { n: number letters } } b: write(digit: 1) { total } }";
    let (answer, _) = ask(query, json!({})).await;
    assert_eq!(answer["data"], json!({ "a": null, "b": { "total": 31 } }));
    assert_eq!(answer["errors"][0]["path"], json!(["a", "all", 2, "letters"]), "within a part");

    let (answer, _) = ask("{ allBooks { nodes { number } n: totalCount } }", json!({})).await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["path"], json!(["allBooks", "n"]));
}

#[tokio::test]
async fn what_is_not_found_is_null_or_an_error() {
    assert_eq!(data("{ author(number: 9) { name } }").await, json!({ "author": null }));
    let (answer, _) = ask("{ required(number: 9) { name } }", json!({})).await;
    assert_eq!(answer["data"], Value::Null);
    assert_eq!(answer["errors"][0]["extensions"]["code"], "NOT_FOUND");
}

#[tokio::test]
async fn objects_of_any_type_keep_the_order_of_their_ids() {
    let ids = json!({ "ids": ["aut_AAAAAAAAAAAAAAAAAAAAAw", "nonsense", "aut_AAAAAAAAAAAAAAAAAAAAAQ", "xyz_AAAAAAAAAAAAAAAAAAAAAQ"] });
    let query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id ... on Author { name } } }";
    let (answer, _) = ask(query, ids).await;
    let names: Vec<&Value> = answer["data"]["nodes"].as_array().unwrap().iter().map(|node| &node["name"]).collect();
    assert_eq!(names, [&json!("Author 3"), &Value::Null, &json!("Author 1"), &Value::Null]);
    assert_eq!(answer["data"]["nodes"][0]["__typename"], "Author");
}

#[tokio::test]
async fn a_connection_answers_every_alias_of_its_parts() {
    let answer = data("{ books(first: 2) { __typename a: nodes { number } b: nodes { n: number } edges { cursor __typename node { number } }
                         pageInfo { __typename hasNextPage end: endCursor startCursor } totalCount count: totalCount } }").await;
    let books = &answer["books"];
    assert_eq!(books["__typename"], "BookConnection");
    assert_eq!(books["a"], json!([{ "number": 1 }, { "number": 2 }]));
    assert_eq!(books["b"], json!([{ "n": 1 }, { "n": 2 }]));
    assert_eq!(books["edges"][0]["__typename"], "BookEdge");
    assert_eq!(books["edges"][1]["cursor"], books["pageInfo"]["end"]);
    assert_eq!(books["pageInfo"]["hasNextPage"], true);
    assert_eq!((&books["totalCount"], &books["count"]), (&json!(6), &json!(6)));
}

#[tokio::test]
async fn a_bad_argument_is_an_error_of_its_field() {
    let (answer, _) = ask("{ books(first: 1000) { totalCount } }", json!({})).await;
    assert_eq!(answer["errors"][0]["path"], json!(["books"]));
    assert_eq!(answer["errors"][0]["extensions"]["code"], "BAD_USER_INPUT");
}

#[tokio::test]
async fn fields_of_a_mutation_run_one_after_the_other_with_all_below_them() {
    let query = "mutation { a: write(digit: 3) { total now { total } } __typename ...B c: write(digit: 1) { now { total } } }
                 fragment B on Mutation { b: mustWrite(digit: 2) { now { total } total remarks { n: number __typename } } }";
    let (text, total) = ask_raw(query, json!({})).await;
    let expected = r#"{"data":{"a":{"total":3,"now":{"total":3}},"__typename":"Mutation","#.to_owned()
        + r#""b":{"now":{"total":32},"total":32,"remarks":[{"n":1,"__typename":"Book"},{"n":2,"__typename":"Book"}]},"#
        + r#""c":{"now":{"total":321}}}}"#;
    assert_eq!((text, total), (expected, 321));
}

#[tokio::test]
async fn a_failed_field_of_a_mutation_does_not_keep_the_next_ones_from_running() {
    let three = "a: write(digit: 1) { total } b: FAILS(digit: 0) { total } c: write(digit: 3) { total }";
    let (answer, total) = ask(&format!("mutation {{ {} }}", three.replace("FAILS", "write")), json!({})).await;
    assert_eq!(answer["data"], json!({ "a": { "total": 1 }, "b": null, "c": { "total": 13 } }));
    assert_eq!((answer["errors"][0]["path"].clone(), total), (json!(["b"]), 13));

    let (answer, _) = ask(&format!("mutation {{ {} }}", three.replace("FAILS", "mustWrite")), json!({})).await;
    assert_eq!((answer["data"].clone(), answer["errors"][0]["path"].clone()), (Value::Null, json!(["b"])));
}

#[tokio::test]
async fn the_schema_tells_of_itself_beside_data() {
    let answer = data("{ __schema { queryType { name } } author(number: 1) { name } t: __type(name: \"Book\") { fields { name } } __typename }").await;
    assert_eq!(answer["__schema"]["queryType"]["name"], "Query");
    assert_eq!(answer["author"]["name"], "Author 1");
    assert_eq!(answer["t"]["fields"][0]["name"], "number");
    assert_eq!(answer["__typename"], "Query");
}

#[tokio::test]
async fn a_request_that_is_not_executed_has_no_data() {
    for (query, code) in [
        ("{ author(", "GRAPHQL_PARSE_FAILED"),
        ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("query ($n: Int!) { author(number: $n) { name } }", "BAD_USER_INPUT"),
        ("query A { __typename } query B { __typename }", "OPERATION_RESOLUTION_FAILURE"),
        ("mutation { x }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { x }", "GRAPHQL_VALIDATION_FAILED"),
    ] {
        let (answer, _) = ask(query, json!({})).await;
        assert_eq!(answer.get("data"), None, "{query}");
        assert_eq!(answer["errors"][0]["extensions"]["code"], code, "{query}");
    }
}

#[tokio::test]
async fn a_syntax_error_is_told_once_in_plain_words() {
    for (query, message, line, column) in [
        ("", "there is nothing to execute in the document", 1, 1),
        ("{ author(number: 1) {\n  name\n", "expected `}`, found the end of the document", 2, 8),
        ("{ author(", "expected an argument, like `first: 10`, found the end of the document", 1, 10),
        ("{ author(number 1) { name } }", "expected `)`, found `1`", 1, 17),
        ("{ author(number: ) { name } }", "expected a value, found `)`", 1, 18),
        ("{ author { } }", "expected at least one field, found `}`", 1, 12),
        ("{ author(name: \"x) { name } }", "unterminated string value", 1, 16),
        ("{\n  ä }", "Unexpected character \"ä\"", 2, 3),
        ("{ name }}", "expected an operation or a fragment, found `}`", 1, 9),
        ("quer { name }", "expected an operation or a fragment, found `quer`", 1, 1),
        ("query Q($a Int) { name }", "expected a name, found `Int`", 1, 12),
        ("query Q() { name }", "expected a variable with its type, like `$first: Int`, found `)`", 1, 9),
        ("mutation", "expected `{` and the wanted fields, found the end of the document", 1, 9),
        ("{ ... }", "expected the name of a fragment, or `on` and a type, found `...`", 1, 3),
        ("fragment F { name }", "expected `on` and a type, found `{`", 1, 12),
        (
            "{ a(b: {c \"R_PAREN, got EOF, and more of it\"}) }",
            "expected `}`, found `\"R_PAREN, got EOF, and m…`",
            1,
            11,
        ),
    ] {
        let (answer, _) = ask(query, json!({})).await;
        let errors = answer["errors"].as_array().expect("errors");
        assert_eq!(errors.len(), 1, "{query}: {answer}");
        assert_eq!(errors[0]["message"], format!("syntax error: {message}"), "{query}");
        assert_eq!(errors[0]["locations"], json!([{ "line": line, "column": column }]), "{query}");
    }
}

/// What the specification allows and async-graphql's own validation refuses.
#[tokio::test]
async fn valid_documents_are_not_refused() {
    let (answer, _) = ask("query ($on: Boolean!) { __typename @include(if: $on) }", json!({ "on": true })).await;
    assert_eq!(answer["data"], json!({ "__typename": "Query" }));
    let answer = data("{ nodes(ids: [\"\\u{1F600}\"]) { __typename } }").await;
    assert_eq!(answer, json!({ "nodes": [null] }));
}

/// What a live operation says, and how often loaders were asked for all of it.
async fn listen(query: &str, after: Option<&str>) -> (Vec<Value>, usize) {
    let asked = Asked::default();
    let request = Request { query: Some(query.to_owned()), after: after.map(str::to_owned), ..Request::default() };
    let json = |body: &[u8]| serde_json::from_slice(body).expect("JSON");
    let said = match engine().open(request, Allowed::Live, context(&asked)).await {
        Opened::Live(feed) => feed.map(|payload| json(&payload.expect("a payload").body)).collect().await,
        Opened::Answered(response) => vec![json(&response.body)],
    };
    (said, asked.load(Ordering::Relaxed))
}

#[tokio::test]
async fn events_are_answered_together_and_each_says_its_own() {
    let (said, asked) = listen("subscription { p: printed { number author { name books { number } } } }", None).await;
    assert_eq!((said.len(), asked), (6, 2), "one load of authors and one of their books for all six");
    let books = json!([{ "number": 2 }, { "number": 5 }]);
    let fifth = json!({ "number": 5, "author": { "name": "Author 2", "books": books } });
    assert_eq!(said[4], json!({ "data": { "p": fifth } }));
}

#[tokio::test]
async fn an_event_tells_its_own_errors() {
    let (said, _) = listen("subscription { p: printed { author { agent { name } } } }", None).await;
    assert_eq!(said[1]["data"], json!({ "p": { "author": null } }));
    assert_eq!(said[1]["errors"][0]["path"], json!(["p", "author", "agent"]));
    assert_eq!(said[1]["errors"].as_array().map(Vec::len), Some(1));
}

#[tokio::test]
async fn a_live_operation_is_refused_where_one_answer_is_given() {
    let (answer, _) = ask("subscription { printed { number } }", json!({})).await;
    assert_eq!(answer["errors"][0]["extensions"]["code"], "LIVE_TRANSPORT_REQUIRED");
    for wrong in ["subscription { a: printed { number } b: printed { number } }", "subscription { __typename }"] {
        let (said, _) = listen(wrong, None).await;
        assert_eq!(said[0]["errors"][0]["extensions"]["code"], "GRAPHQL_VALIDATION_FAILED", "{wrong}");
    }
}

#[tokio::test]
async fn a_transport_may_name_the_cursor() {
    let (said, _) = listen("subscription { printed(after: \"here\") { number } }", Some("there")).await;
    assert_eq!(said[0]["errors"][0]["message"], "after: there");
}
