//! The invented partner, and the command that shows it.

use std::{
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};

use crate::{
    cli::{run, supportgraph, text},
    support::{Client, TestApp},
};

#[tokio::test]
async fn the_same_seed_gives_the_same_rows() {
    let one = TestApp::with_customers(40).await.rows().await;
    let two = TestApp::with_customers(40).await.rows().await;
    assert!(one["subscription"].len() > 100);
    assert_eq!(one, two);
}

#[tokio::test]
async fn everybody_who_sees_an_open_incident_sees_its_service_fail() {
    let app = TestApp::with_customers(300).await;
    let query = "{ incidents(first: 20, filter: { isOpen: true, source: [MICROSOFT_GRAPH] }) { nodes { title \
                 service { name } customers(first: 100) { nodes { name serviceHealth(first: 15) { nodes { \
                 service { name } reportedStatus } } } } } } }";
    let data = app.query(query).await.data();
    let incidents = data["incidents"]["nodes"].as_array().expect("incidents");
    assert!(incidents.len() > 5, "{incidents:?}");
    for incident in incidents {
        let customers = incident["customers"]["nodes"].as_array().expect("customers");
        assert!(customers.len() >= 10, "{incident}");
        for customer in customers {
            let health = customer["serviceHealth"]["nodes"].as_array().expect("health");
            let here = health.iter().find(|health| health["service"]["name"] == incident["service"]["name"]);
            assert_ne!(
                here.unwrap_or_else(|| panic!("{incident}"))["reportedStatus"],
                "SERVICE_OPERATIONAL",
                "{customer}"
            );
        }
    }
}

#[tokio::test]
async fn nothing_of_life_is_quarantined_and_it_changes_what_is_shown() {
    let app = TestApp::start().await;
    let now = app.clock.now();
    let world = supportgraph::upstream::demo::World::new(60, 3, now);
    let store = app.store().scoped(&supportgraph::domain::access::Scope::partner(world.partner()));
    for batch in world.batches() {
        store.apply(batch, "demo", now).await.expect("it can be applied");
    }
    let mut life = world.life();
    let mut changed = 0;
    for _ in 0..50 {
        app.clock.advance(chrono::TimeDelta::seconds(3));
        let applied =
            store.apply(life.next(app.clock.now()), "demo", app.clock.now()).await.expect("it can be applied");
        assert_eq!(applied.quarantined, []);
        changed += applied.changed + applied.added;
    }
    assert!(changed > 50, "{changed}");
}

/// Killed when dropped, so that a failed test leaves nothing behind.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts the command and reads what it says until it answers: the process, its text and its address.
fn start(folder: &Path, arguments: &[&str]) -> (Running, String, SocketAddr) {
    let mut command = supportgraph(folder, &[&["demo", "--customers", "5", "--port", "0"], arguments].concat());
    let mut demo = Running(command.stdout(Stdio::piped()).spawn().expect("it runs"));
    let out = BufReader::new(demo.0.stdout.take().expect("its output"));
    let mut told = String::new();
    let mut addr = None;
    for line in out.lines() {
        let line = line.expect("a line");
        told += &line;
        addr = addr.or(line.split("http://").nth(1).and_then(|rest| rest.split('/').next()?.parse().ok()));
        if line.contains("Ctrl+C") {
            break;
        }
    }
    (demo, told, addr.expect("an address"))
}

#[tokio::test]
async fn the_command_answers_until_it_is_stopped_and_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut demo, told, addr) = start(folder.path(), &[]);
    assert!(told.contains("demo data") && told.contains("/playground"), "{told}");

    let client = Client::new(addr);
    let data = client.query("{ partner { name } customers(first: 10) { nodes { name } } }").await.data();
    assert_eq!(data["partner"]["name"], "Northwind Cloud Partners");
    assert_eq!(data["customers"]["nodes"].as_array().map(Vec::len), Some(5), "{}", Value::from(told));

    let sent = Command::new("kill").args(["-s", "INT", &demo.0.id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()));
    assert_eq!(demo.0.wait().expect("it ends").code(), Some(0));
    assert_eq!(std::fs::read_dir(folder.path()).expect("the folder").count(), 0);
}

#[tokio::test]
async fn the_demo_can_be_seen_as_a_user_of_one_customer() {
    let folder = tempfile::tempdir().expect("a folder");
    let without = run(folder.path(), &["demo", "--customers", "5", "--port", "0", "--role", "CUSTOMER_USER"]);
    assert_eq!(without.status.code(), Some(2));
    let proposal = text(&without.stderr);
    let name = proposal.split("--customer \"").nth(1).and_then(|rest| rest.split('"').next());
    let name = name.unwrap_or_else(|| panic!("a customer in {proposal}"));

    let (_demo, told, addr) = start(folder.path(), &["--role", "customer-user", "--customer", &name.to_lowercase()]);
    assert!(told.contains(&format!("as for CUSTOMER_USER who reaches {name} alone")), "{told}");
    let query = "{ viewer { isRestrictedToCustomers } customers(first: 10) { nodes { name } } }";
    let data = Client::new(addr).query(query).await.data();
    assert_eq!(data["customers"]["nodes"], json!([{ "name": name }]));
    assert_eq!(data["viewer"]["isRestrictedToCustomers"], true);

    let unknown = run(folder.path(), &["demo", "--port", "0", "--customer", "Nobody"]);
    assert_eq!(unknown.status.code(), Some(2));
}

#[test]
fn a_port_that_is_taken_is_told_with_a_way_out() {
    let folder = tempfile::tempdir().expect("a folder");
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let output = run(folder.path(), &["demo", "--port", &port]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("--port"), "{}", text(&output.stderr));
}
