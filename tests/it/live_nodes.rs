//! Several nodes on one database, and several writers at once.

use serde_json::{Value, json};
use supportgraph::domain::{
    change::Change,
    service_health::{HealthStatus, ServiceHealth},
};

use crate::support::{
    TestApp,
    given::{ADATUM, CONTOSO, Given},
};

const CHANGES: &str = "subscription($after: String) { changes(after: $after) { kind cursor nodeId } }";

async fn report(app: &TestApp, given: &Given, status: HealthStatus) {
    let health = ServiceHealth { reported_status: status, ..given.health(ADATUM, "adatum") };
    app.apply(given.id, [Change::ServiceHealth(health)]).await;
}

#[tokio::test]
async fn a_write_on_one_node_reaches_listeners_of_another() {
    let app = TestApp::start().await;
    let contoso = Given::put(&app, CONTOSO, "contoso").await;
    let other = app.another_node().await;
    let mut listener = other.listen(contoso.id, CHANGES, json!({})).await;
    let start = listener.next().await;
    report(&app, &contoso, HealthStatus::ServiceInterruption).await;
    let event = listener.next().await;
    assert_eq!(event["kind"], "LIVE");
    // The listener's node goes away; the other one goes on where it stopped.
    drop(listener);
    other.stop().await;
    report(&app, &contoso, HealthStatus::ServiceOperational).await;
    let mut resumed = app.listen(contoso.id, CHANGES, json!({ "after": start["cursor"] })).await;
    assert_eq!(resumed.next().await, event);
    assert_eq!(resumed.next().await["nodeId"], event["nodeId"]);
    assert!(resumed.is_silent().await);
}

#[tokio::test]
async fn a_node_that_nobody_tells_looks_for_itself() {
    let app = TestApp::with(|config| config.live.poll_seconds = 1).await;
    let contoso = Given::put(&app, CONTOSO, "contoso").await;
    let alone = app.another_node_alone().await;
    let mut listener = alone.listen(contoso.id, CHANGES, json!({})).await;
    listener.next().await;
    assert!(listener.is_silent().await);
    report(&app, &contoso, HealthStatus::ServiceInterruption).await;
    assert_eq!(listener.next().await["kind"], "LIVE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_writers_at_once_are_heard_in_the_order_of_the_log() {
    let app = TestApp::start().await;
    let contoso = Given::put(&app, CONTOSO, "contoso").await;
    let other = app.another_node().await;
    let mut listeners =
        vec![app.listen(contoso.id, CHANGES, json!({})).await, other.listen(contoso.id, CHANGES, json!({})).await];
    for listener in &mut listeners {
        listener.next().await;
    }
    let write = async |node: &TestApp, writer: usize| {
        for number in 0..25 {
            let request = contoso.request(ADATUM, &format!("w{writer}n{number}"));
            node.apply(contoso.id, [request]).await;
        }
    };
    let written =
        futures::future::join_all((0..4).map(|writer| write(if writer % 2 == 0 { &app } else { &other }, writer)));
    let heard = async {
        let mut heard: Vec<Vec<Value>> = Vec::new();
        for listener in &mut listeners {
            let mut events = Vec::new();
            while events.len() < 100 {
                events.push(listener.next().await);
            }
            heard.push(events);
        }
        heard
    };
    let (_, heard) = futures::join!(written, heard);
    assert_eq!(heard[0], heard[1]);
    let ids: std::collections::BTreeSet<&str> = heard[0].iter().filter_map(|event| event["nodeId"].as_str()).collect();
    assert_eq!(ids.len(), 100);
}
