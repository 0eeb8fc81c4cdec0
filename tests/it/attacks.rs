//! What somebody sends who means no good, to the program as it is shipped: every attack is refused or answered harmlessly,
//! the others are served meanwhile, and the memory stays where it was.

use std::{fs, time::Duration};

use serde_json::{Value, json};

use crate::{
    cli::{Serving, supportgraph},
    support::{
        Answer, Client,
        attacks::{Attack, attacks},
        raw::Raw,
    },
};

/// So much more memory than before may be in use after all attacks.
const MOST_GROWTH_KB: u64 = 50 * 1024;
/// Each attack is sent so often: what is not freed adds up.
const TIMES: usize = 3;

/// The demo in a process of its own.
struct Target {
    serving: Serving,
    client: Client,
    _folder: tempfile::TempDir,
}

impl Target {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let command = supportgraph(folder.path(), &["demo", "--customers", "20", "--port", "0"]);
        let (serving, addr) = Serving::start_with(command);
        Self { serving, client: Client::new(addr), _folder: folder }
    }

    /// What the process holds in memory.
    fn memory_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.serving.id())).expect("its status");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        line.trim().trim_end_matches(" kB").parse().expect("a number")
    }

    /// It is refused, in a short answer that is no failure of the server, and the others are served.
    async fn assert_harmless(&self, attack: &Attack) {
        let what = attack.what;
        let method = attack.method.parse().expect("a method");
        let mut request = self.client.request(method, &attack.path).body(attack.body.clone());
        for (name, value) in &attack.headers {
            request = request.header(*name, *value);
        }
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
}

#[tokio::test]
async fn no_attack_brings_the_server_down_or_fills_its_memory() {
    let target = Target::start();
    target.client.query("{ customers { nodes { name incidents { nodes { title } } } } }").await.data();
    let before = target.memory_kb();
    let attacks = attacks();
    for _ in 0..TIMES {
        for attack in &attacks {
            target.assert_harmless(attack).await;
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
