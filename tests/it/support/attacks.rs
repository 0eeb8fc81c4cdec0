//! What somebody sends who means no good, and what large documents are made of. Known to the benchmark as well, which says
//! how long the answers take: so nothing here belongs to the tests alone.

use std::io::Write as _;

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};

/// A request that has to be refused or answered harmlessly.
pub struct Attack {
    pub what: &'static str,
    pub method: &'static str,
    pub path: String,
    pub headers: Vec<(&'static str, &'static str)>,
    pub body: Vec<u8>,
}

impl Attack {
    fn post(what: &'static str, body: impl Into<Vec<u8>>) -> Self {
        let headers = vec![("content-type", "application/json")];
        Self { what, method: "POST", path: "/graphql".to_owned(), headers, body: body.into() }
    }

    fn get(what: &'static str, path: impl Into<String>) -> Self {
        Self { what, method: "GET", path: path.into(), headers: Vec::new(), body: Vec::new() }
    }

    fn json(what: &'static str, body: &Value) -> Self {
        Self::post(what, body.to_string())
    }

    fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
        self
    }
}

/// All of them.
pub fn attacks() -> Vec<Attack> {
    let documents = documents().into_iter().map(|(what, query)| Attack::json(what, &json!({ "query": query })));
    documents.chain(requests()).collect()
}

pub fn many(count: usize, part: impl Fn(usize) -> String) -> String {
    (0..count).map(part).collect()
}

/// Fragments of which each is spread so many times by the one before.
pub fn fragments(each: usize, levels: usize) -> String {
    let spread = |level: usize| format!("...F{level} ").repeat(each);
    let fragment = |level: usize| format!("fragment F{level} on Query {{ {} }} ", spread(level + 1));
    let last = format!("fragment F{levels} on Query {{ __typename }}");
    format!("{{ {} }} {}{last}", spread(0), many(levels, fragment))
}

/// Lists inside of each other.
pub fn nested(depth: usize) -> String {
    let level = "customers { nodes { incidents { nodes { ";
    format!("{{ {}__typename{} }}", level.repeat(depth / 4), " }".repeat(depth / 4 * 4))
}

/// Documents that are small to send and large to answer, or large in some way of their own.
fn documents() -> Vec<(&'static str, String)> {
    vec![
        ("nesting", nested(2_000)),
        ("nested braces", "{".repeat(100_000)),
        ("nested brackets", format!("{{ customers(filter: {}", "[".repeat(100_000))),
        ("nested objects", format!("{{ customers(filter: {}", "{and:".repeat(50_000))),
        ("nested types", format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(50_000), "]".repeat(50_000))),
        ("a fragment of itself", "{ ...A } fragment A on Query { ...A }".to_owned()),
        ("two fragments in a circle", "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }".to_owned()),
        ("exponential fragments", fragments(10, 20)),
        ("60^5 fragments", fragments(60, 4)),
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
        (
            "introspections of introspections",
            format!(
                "{{ __schema {{ {} }} }} fragment T on __Type {{ name fields {{ name args {{ name }} }} inputFields {{ name }} }}",
                many(300, |n| format!("a{n}: types {{ ...T }} "))
            ),
        ),
        (
            "values that multiply",
            format!(
                "{{ {} }} fragment C on Customer {{ {} }}",
                many(24, |n| format!("r{n}: customers {{ nodes {{ ...C }} }} ")),
                many(400, |n| format!("a{n}: tenantId "))
            ),
        ),
        ("a guess at names", "{ custommers { nodes { nam } } }".to_owned()),
    ]
}

/// Requests whose documents are small and that are odd in another way.
fn requests() -> Vec<Attack> {
    let query = "query($v: CustomerFilter) { customers(filter: $v) { totalCount } }";
    let of = |value: Value| json!({ "query": query, "variables": { "v": value } });
    let deep = format!(
        "{{\"query\":\"{query}\",\"variables\":{{\"v\":{}1{}}}}}",
        "{\"and\":[".repeat(10_000),
        "]}".repeat(10_000)
    );
    let wide: Value = (0..50_000).map(|n| json!({ "name": { "contains": format!("{n}") } })).collect();
    let batch: Value = (0..1_000).map(|_| json!({ "query": "{ __typename }" })).collect();
    let mut packed = GzEncoder::new(Vec::new(), Compression::best());
    packed.write_all(&vec![b' '; 100 * 1024 * 1024]).expect("packed");
    let form =
        "--x\r\nContent-Disposition: form-data; name=\"operations\"\r\n\r\n{\"query\":\"{__typename}\"}\r\n--x--";
    let small = "{\"query\":\"{ __typename }\"}";
    let mut untyped = Attack::post("no type", small);
    untyped.headers.clear();
    vec![
        untyped,
        Attack::post("deep variables", deep),
        Attack::json("wide variables", &of(json!({ "or": wide }))),
        Attack::json("a huge variable", &of(json!({ "name": { "contains": "x".repeat(900_000) } }))),
        Attack::post("a variable that is no JSON number", "{\"query\":\"{a}\",\"variables\":{\"v\":1e999999}}"),
        Attack::post("a body of 2 MB", vec![b' '; 2 * 1024 * 1024]),
        Attack::post("invalid UTF-8", b"{\"query\":\"{ \xff\xfe }\"}"),
        Attack::post("a body of null bytes", [0; 1000]),
        Attack::post("deep JSON", "[".repeat(500_000)),
        Attack::json("a batch of 1,000", &batch),
        Attack::json(
            "an operation that is not there",
            &json!({ "query": "{ __typename }", "operationName": "x".repeat(100_000) }),
        ),
        Attack::post("a gzip bomb", packed.finish().expect("packed")).with("content-encoding", "gzip"),
        Attack::post("a form", "query=%7B__typename%7D").with("content-type", "application/x-www-form-urlencoded"),
        Attack::post("a multipart form", form).with("content-type", "multipart/form-data; boundary=x"),
        Attack::post("plain text", small).with("content-type", "text/plain"),
        Attack::get(
            "a mutation in a link",
            "/graphql?query=mutation%7BserviceRequestClose(input%3A%7BidempotencyKey%3A%22aaaaaaaa%22%2Cid%3A%22x%22%7D)\
             %7B__typename%7D%7D",
        ),
        Attack::get("a picture of another page", "/graphql?query=%7B__typename%7D")
            .with("sec-fetch-mode", "no-cors")
            .with("sec-fetch-site", "cross-site"),
        Attack::post("a name of another", small).with("host", "evil.example"),
        Attack::get("a long path", format!("/{}", "a/".repeat(5_000))),
        Attack::get("a path upwards", "/playground/..%2f..%2f..%2fetc%2fpasswd"),
    ]
}
