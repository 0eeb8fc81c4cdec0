//! What somebody sends who means no good, to the program as it is shipped: every attack is refused or answered harmlessly,
//! the others are served meanwhile, and the memory stays where it was.

use std::{fs, io::Write as _, time::Duration};

use flate2::{Compression, write::GzEncoder};
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::{
    cli::{Serving, supportgraph},
    support::{Answer, Client, raw::Raw},
};

/// So much more memory than before may be in use after all attacks.
const MOST_GROWTH_KB: u64 = 50 * 1024;
/// Each attack is sent so often: what is not freed adds up.
const TIMES: usize = 3;

/// The demo in a process of its own.
struct Target {
    serving: Serving,
    client: Client,
}

impl Target {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let command = supportgraph(folder.path(), &["demo", "--customers", "20", "--port", "0"]);
        let (serving, addr) = Serving::start_with(command);
        Self { serving, client: Client::new(addr) }
    }

    /// What the process holds in memory.
    fn memory_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.serving.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    fn post(&self) -> RequestBuilder {
        self.client.request(Method::POST, "/graphql").header("content-type", "application/json")
    }

    /// The answer to a body, which is no failure of the server and holds an error, or nothing but `null` and names of types.
    async fn assert_harmless(&self, what: &str, request: RequestBuilder) {
        let answer = tokio::time::timeout(Duration::from_secs(20), Answer::of(request)).await;
        let answer = answer.unwrap_or_else(|_| panic!("no answer to {what}"));
        let shown: String = answer.text.chars().take(300).collect();
        assert!(answer.status.as_u16() < 500, "{what}: {} {shown}", answer.status);
        assert!(!answer.text.contains("INTERNAL"), "{what}: {shown}");
        assert!(answer.text.len() < 100_000, "{what}: an answer of {} bytes", answer.text.len());
        let is_refused = answer.status.is_client_error() || answer.text.contains("\"errors\"");
        assert!(is_refused, "{what} was not refused: {} {shown}", answer.status);
        let others = self.client.query("{ customers(first: 1) { totalCount } }").await;
        assert_eq!(others.data()["customers"]["totalCount"], 20, "others are served after {what}");
    }

    async fn assert_query_harmless(&self, what: &str, query: &str) {
        self.assert_harmless(what, self.post().body(json!({ "query": query }).to_string())).await;
    }
}

fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// Documents that are small to send and large to answer, or large in some way of their own.
fn documents() -> Vec<(&'static str, String)> {
    let spread = |level: usize| format!("...F{level} ").repeat(10);
    let exponential = many(20, |level| format!("fragment F{level} on Query {{ {} }} ", spread(level + 1)));
    vec![
        (
            "nesting",
            format!("{{ {}__typename{} }}", "customers { nodes { incidents { nodes { ".repeat(500), " }".repeat(2000)),
        ),
        ("nested braces", "{".repeat(100_000)),
        ("nested brackets", format!("{{ customers(filter: {}", "[".repeat(100_000))),
        ("nested objects", format!("{{ customers(filter: {}", "{and:".repeat(50_000))),
        ("nested types", format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(50_000), "]".repeat(50_000))),
        ("a fragment of itself", "{ ...A } fragment A on Query { ...A }".to_owned()),
        ("two fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned()),
        ("exponential fragments", format!("{{ {} }} {exponential} fragment F20 on Query {{ __typename }}", spread(0))),
        (
            "10,000 fragments",
            format!("{{ ...F0 }} {}", many(10_000, |n| format!("fragment F{n} on Query {{ ...F{} }} ", n + 1))),
        ),
        ("10,000 aliases", format!("{{ {} }}", many(10_000, |n| format!("a{n}: viewer {{ name }} ")))),
        ("10,000 directives", format!("{{ viewer {} {{ name }} }}", "@include(if: true) ".repeat(10_000))),
        ("10,000 unknown directives", format!("{{ viewer {} {{ name }} }}", many(10_000, |n| format!("@d{n} ")))),
        ("100,000 fields", format!("{{ {} }}", "__typename ".repeat(100_000))),
        ("100,000 unknown fields", format!("{{ {} }}", many(100_000, |n| format!("f{n} ")))),
        (
            "fields that conflict",
            format!("{{ {} }}", many(3_000, |n| format!("a: customers(first: {n}) {{ totalCount }} "))),
        ),
        ("10,000 operations", many(10_000, |n| format!("query Q{n} {{ __typename }} "))),
        ("10,000 variables", format!("query({}) {{ __typename }}", many(10_000, |n| format!("$v{n}: Int ")))),
        ("10,000 arguments", format!("{{ customers({}) {{ totalCount }} }}", many(10_000, |n| format!("a{n}: 1 ")))),
        ("a huge page", "{ customers(first: 2147483647) { totalCount nodes { name } } }".to_owned()),
        (
            "huge pages inside of each other",
            format!(
                "{{ {}__typename{} }}",
                "customers(first: 500) { nodes { incidents(first: 500) { nodes { ".repeat(4),
                " } } } }".repeat(4)
            ),
        ),
        ("a huge number", format!("{{ customers(first: {}) {{ totalCount }} }}", "9".repeat(100_000))),
        ("a huge text", format!("{{ search(text: \"{}\") {{ __typename }} }}", "x".repeat(900_000))),
        ("half a surrogate", "{ search(text: \"\\uD800\") { __typename } }".to_owned()),
        ("null bytes", "{ viewer\0 { name } }".to_owned()),
        (
            "an introspection bomb",
            format!(
                "{{ __schema {{ types {{ {}name{} }} }} }}",
                "fields { type { ofType { ".repeat(100),
                " } } }".repeat(100)
            ),
        ),
        (
            "many introspections",
            format!("{{ {} }}", many(400, |n| format!("a{n}: __schema {{ types {{ name fields {{ name }} }} }} "))),
        ),
        ("a guess at names", "{ custommers { nodes { nam } } }".to_owned()),
    ]
}

#[tokio::test]
async fn no_document_brings_the_server_down_or_fills_its_memory() {
    let target = Target::start();
    target.client.query("{ customers { nodes { name incidents { nodes { title } } } } }").await.data();
    let before = target.memory_kb();
    for _ in 0..TIMES {
        for (what, query) in documents() {
            target.assert_query_harmless(what, &query).await;
        }
    }
    let grown = target.memory_kb().saturating_sub(before);
    assert!(grown < MOST_GROWTH_KB, "the memory has grown by {grown} kB");
}

#[tokio::test]
async fn no_body_brings_the_server_down_or_fills_its_memory() {
    let target = Target::start();
    target.client.query("{ customers { nodes { name } } }").await.data();
    let before = target.memory_kb();
    let query = "query($v: CustomerFilter) { customers(filter: $v) { totalCount } }";
    let deep = format!(
        "{{\"query\":\"{query}\",\"variables\":{{\"v\":{}1{}}}}}",
        "{\"and\":[".repeat(10_000),
        "]}".repeat(10_000)
    );
    let wide: Value = (0..50_000).map(|n| json!({ "name": { "contains": format!("{n}") } })).collect();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b' '; 100 * 1024 * 1024]).expect("packed");
    let packed = packed.finish().expect("packed");
    for _ in 0..TIMES {
        let json = |body: Value| target.post().body(body.to_string());
        let typed = |content_type: &str| {
            target.client.request(Method::POST, "/graphql").header("content-type", content_type.to_owned())
        };
        for (what, request) in [
            ("deep variables", target.post().body(deep.clone())),
            ("wide variables", json(json!({ "query": query, "variables": { "v": { "or": wide } } }))),
            ("a huge variable", json(json!({ "query": query, "variables": { "v": { "name": { "contains": "x".repeat(900_000) } } } }))),
            ("a variable that is no JSON number", target.post().body("{\"query\":\"{a}\",\"variables\":{\"v\":1e999999}}")),
            ("a body of 2 MB", target.post().body(vec![b' '; 2 * 1024 * 1024])),
            ("invalid UTF-8", target.post().body(b"{\"query\":\"{ \xff\xfe }\"}".to_vec())),
            ("null bytes", target.post().body(vec![0_u8; 1000])),
            ("deep JSON", target.post().body("[".repeat(500_000))),
            ("a batch of 1,000", json((0..1000).map(|_| json!({ "query": "{ __typename }" })).collect())),
            ("an operation that is not there", json(json!({ "query": "{ __typename }", "operationName": "x".repeat(100_000) }))),
            ("a gzip bomb", target.post().header("content-encoding", "gzip").body(packed.clone())),
            ("a form", typed("application/x-www-form-urlencoded").body("query=%7B__typename%7D")),
            ("a multipart form", typed("multipart/form-data; boundary=x")
                .body("--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{__typename}\"}\r\n--x--")),
            ("plain text", typed("text/plain").body("{\"query\":\"{ __typename }\"}")),
            ("no type", target.client.request(Method::POST, "/graphql").body("{\"query\":\"{ __typename }\"}")),
            ("a mutation in a link", target.client.request(Method::GET,
                "/graphql?query=mutation%7BserviceRequestClose(input%3A%7BidempotencyKey%3A%22aaaaaaaa%22%2Cid%3A%22x%22%7D)%7B__typename%7D%7D")),
            ("a picture of another page", target.client.request(Method::GET, "/graphql?query=%7B__typename%7D")
                .header("sec-fetch-mode", "no-cors").header("sec-fetch-site", "cross-site")),
            ("a name of another", target.post().header("host", "evil.example").body("{\"query\":\"{ __typename }\"}")),
            ("a long path", target.client.request(Method::GET, &format!("/{}", "a/".repeat(5_000)))),
            ("a path upwards", target.client.request(Method::GET, "/playground/..%2f..%2f..%2fetc%2fpasswd")),
        ] {
            target.assert_harmless(what, request).await;
        }
    }
    let grown = target.memory_kb().saturating_sub(before);
    assert!(grown < MOST_GROWTH_KB, "the memory has grown by {grown} kB");
}

#[tokio::test]
async fn connections_that_never_finish_hold_nobody_up() {
    let target = Target::start();
    let mut held = Vec::new();
    for number in 0..300 {
        let mut raw = Raw::connect(target.client.addr).await;
        let part = match number % 3 {
            0 => "GET /graphql HTTP/1.1\r\nhost: localhost\r\nx-slow: ",
            1 => {
                "POST /graphql HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
            }
            _ => "",
        };
        raw.send(part).await;
        held.push(raw);
    }
    let answer = target.client.query("{ customers { totalCount } }").await;
    assert_eq!(answer.data()["customers"]["totalCount"], 20);
    drop(held);
}

/// Every argument that takes a text, alone or inside of an input, with a query that puts a text there.
async fn text_arguments(client: &Client) -> Vec<(String, String)> {
    let introspection = "{ __schema { types { name kind
        inputFields { name type { name kind ofType { name kind ofType { name kind ofType { name kind } } } } } }
        queryType { fields { name type { name kind ofType { name kind } }
            args { name type { name kind ofType { name kind ofType { name kind ofType { name kind } } } } } } } } }";
    let schema = client.query(introspection).await.data();
    let types = schema["__schema"]["types"].as_array().expect("types").clone();
    let mut found = Vec::new();
    for field in schema["__schema"]["queryType"]["fields"].as_array().expect("fields") {
        let name = field["name"].as_str().expect("a name");
        for argument in field["args"].as_array().expect("arguments") {
            let argument_name = argument["name"].as_str().expect("a name");
            for value in values(&types, &argument["type"], 0) {
                let given = format!("{argument_name}: {value}");
                let selection = if name == "node" || name == "nodes" { "{ __typename id }" } else { "{ __typename }" };
                found.push((
                    format!("{name}({argument_name})"),
                    format!("query($t: String!) {{ {name}({given}) {selection} }}"),
                ));
            }
        }
    }
    found
}

/// Literals of a type that each hold the variable `$t` at one place for a text.
fn values(types: &[Value], ty: &Value, depth: usize) -> Vec<String> {
    match (ty["kind"].as_str(), ty["name"].as_str()) {
        (Some("NON_NULL"), _) => values(types, &ty["ofType"], depth),
        (Some("LIST"), _) => values(types, &ty["ofType"], depth).iter().map(|value| format!("[{value}]")).collect(),
        (Some("SCALAR"), Some("String" | "ID")) => vec!["$t".to_owned()],
        (Some("INPUT_OBJECT"), Some(name)) if depth < 3 => {
            let object = types.iter().find(|ty| ty["name"] == name).expect("a type of the schema");
            let fields = object["inputFields"].as_array().expect("fields");
            let of = |field: &Value| {
                let name = field["name"].as_str().expect("a name").to_owned();
                values(types, &field["type"], depth + 1).into_iter().map(move |value| format!("{{ {name}: {value} }}"))
            };
            fields.iter().flat_map(of).collect()
        }
        _ => Vec::new(),
    }
}

#[tokio::test]
async fn no_text_is_taken_for_sql_or_a_pattern() {
    let target = Target::start();
    let arguments = text_arguments(&target.client).await;
    assert!(arguments.len() > 50, "only {} places for a text were found", arguments.len());
    for probe in [
        "' or '1'='1",
        "'; drop table customer; --",
        "%",
        "_",
        "\\",
        "%%%",
        "[a-z]*",
        "\u{202e}",
        "$1",
        "?1",
        "{{7*7}}",
    ] {
        for (place, query) in &arguments {
            // A place for an id has the type ID in the schema: a variable of either type is tried.
            let mut answer = target.client.query_with(query, json!({ "t": probe })).await;
            if answer.text.contains("GRAPHQL_VALIDATION_FAILED") {
                answer =
                    target.client.query_with(&query.replace("$t: String!", "$t: ID!"), json!({ "t": probe })).await;
            }
            assert!(answer.status.as_u16() < 500, "{place} with {probe:?}: {}", answer.text);
            assert!(!answer.text.contains("INTERNAL"), "{place} with {probe:?}: {}", answer.text);
            assert!(!answer.text.contains("GRAPHQL_VALIDATION_FAILED"), "{place}: {query} {}", answer.text);
        }
        let contains = "query($t: String!) { customers(filter: { name: { contains: $t } }) { nodes { name } } }";
        let found = target.client.query_with(contains, json!({ "t": probe })).await.data();
        for customer in found["customers"]["nodes"].as_array().expect("customers") {
            assert!(customer["name"].as_str().is_some_and(|name| name.contains(probe)), "{probe:?} found {customer}");
        }
    }
    assert_eq!(target.client.query("{ customers { totalCount } }").await.data()["customers"]["totalCount"], 20);
}
