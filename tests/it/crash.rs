//! A writer that is killed halfway.

use std::{collections::BTreeMap, fs, path::Path, process::Stdio};

use serde_json::{Value, json};
use supportgraph::domain::{PartnerId, access::Scope};
use uuid::Uuid;

use crate::{
    cli::supportgraph,
    support::{Listener, TestApp},
};

const PARTNER: &str = "3b33e682-00c3-41ee-9dd2-a548adf56438";
const CUSTOMERS: usize = 100;
const SERVICES: usize = 40;

const HEALTH: &str = "subscription { serviceHealthChanged { kind cursor after health { id } } }";
const CHANGES: &str = "subscription($after: String) { changes(after: $after) { kind cursor happening nodeId } }";

/// What Microsoft would answer about some thousand services.
fn answers(folder: &Path) {
    let tenants: Vec<Uuid> = (0..CUSTOMERS).map(|number| Uuid::new_v5(&Uuid::NAMESPACE_OID, &[number as u8])).collect();
    let customer = |tenant: &Uuid| {
        json!({ "id": tenant, "companyProfile": { "tenantId": tenant, "companyName": tenant, "domain": "a.example" },
            "attributes": { "objectType": "Customer" } })
    };
    let customers = json!({ "totalCount": CUSTOMERS, "items": tenants.iter().map(customer).collect::<Vec<_>>(),
        "attributes": { "objectType": "Collection" } });
    fs::write(folder.join("customers.json"), customers.to_string()).expect("a file");
    let service = |number| {
        json!({ "id": format!("S{number}"), "service": format!("Service {number}"),
        "status": if number % 2 == 0 { "serviceOperational" } else { "serviceDegradation" } })
    };
    let health = json!({
        "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#admin/serviceAnnouncement/healthOverviews",
        "value": (0..SERVICES).map(service).collect::<Vec<_>>() });
    for tenant in tenants {
        fs::create_dir(folder.join(tenant.to_string())).expect("a folder");
        fs::write(folder.join(tenant.to_string()).join("health.json"), health.to_string()).expect("a file");
    }
}

fn import(app: &TestApp, folder: &Path) -> std::process::Command {
    let mut command = supportgraph(folder, &["import", "--partner", PARTNER, "."]);
    command.env("SUPPORTGRAPH_DATABASE__URL", app.database_url()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Every event of the log, of which the positions have no gap.
async fn log(app: &TestApp, partner: PartnerId) -> usize {
    let store = app.store().scoped(&Scope::partner(partner));
    let mut position = 0;
    loop {
        let page = store.log_after(position, 500).await.expect("a page");
        let positions: Vec<i64> = page.events.iter().map(|logged| logged.position).collect();
        assert_eq!(positions, Vec::from_iter(position + 1..=page.position), "positions have no gap");
        position = page.position;
        if page.is_last {
            assert_eq!(position, store.log_position().await.expect("a position"));
            return position as usize;
        }
    }
}

/// The status of each row, as a listener makes it of what it hears until it knows `rows`.
async fn fold(state: &mut BTreeMap<String, Value>, listener: &mut Listener, rows: &BTreeMap<String, Value>) {
    while state != rows {
        let event = listener.next().await;
        if event["kind"] != "SNAPSHOT_COMPLETE" {
            state.insert(event["health"]["id"].as_str().expect("an id").to_owned(), event["after"].clone());
        }
    }
}

/// What stands in the database, by the snapshot of a listener that has just come.
async fn rows(app: &TestApp, partner: PartnerId) -> BTreeMap<String, Value> {
    let snapshot = app.listen(partner, HEALTH, json!({})).await.snapshot().await;
    snapshot
        .into_iter()
        .map(|event| (event["health"]["id"].as_str().expect("an id").to_owned(), event["after"].clone()))
        .collect()
}

#[tokio::test]
async fn a_writer_that_is_killed_leaves_nothing_half_told() {
    let app = TestApp::with(|config| config.live.poll_seconds = 1).await;
    let partner = app.partner(PARTNER, "Fabrikam").await;
    let folder = tempfile::tempdir().expect("a folder");
    answers(folder.path());
    let (mut health, mut changes) =
        (app.listen(partner, HEALTH, json!({})).await, app.listen(partner, CHANGES, json!({})).await);
    let start = changes.next().await;
    let before = log(&app, partner).await;

    let mut writer = import(&app, folder.path()).spawn().expect("the program runs");
    let store = app.store().scoped(&Scope::partner(partner));
    while store.log_position().await.expect("a position") < (before + CUSTOMERS + 3 * SERVICES) as i64 {}
    writer.kill().expect("it was still running");
    writer.wait().expect("it ends");
    let halfway = log(&app, partner).await;
    assert!(halfway < before + CUSTOMERS * SERVICES, "it was stopped in the middle");
    let mut state = BTreeMap::new();
    fold(&mut state, &mut health, &rows(&app, partner).await).await;

    let mut heard = Vec::new();
    while heard.len() < halfway - before {
        heard.push(changes.next().await);
    }

    // Whoever stayed and whoever comes back hear the rest.
    let cursor = heard.last().expect("an event")["cursor"].clone();
    let mut resumed = app.listen(partner, CHANGES, json!({ "after": cursor })).await;
    assert!(import(&app, folder.path()).status().expect("the program runs").success());
    let end = log(&app, partner).await;
    let known = heard.len();
    while heard.len() < end - before {
        heard.push(changes.next().await);
    }
    let mut replayed = app.listen(partner, CHANGES, json!({ "after": start["cursor"] })).await;
    for (number, event) in heard.iter().enumerate() {
        assert_eq!(replayed.next().await, *event);
        if number >= known {
            assert_eq!(resumed.next().await, *event);
        }
    }
    for listener in [&mut changes, &mut resumed, &mut replayed] {
        assert!(listener.is_silent().await);
    }
    let all = rows(&app, partner).await;
    assert_eq!(all.len(), CUSTOMERS * SERVICES, "nothing lost, nothing invented");
    fold(&mut state, &mut health, &all).await;
    assert!(health.is_silent().await, "nothing is told twice");

    // As if nobody had been killed.
    let other = TestApp::start().await;
    other.partner(PARTNER, "Fabrikam").await;
    assert!(import(&other, folder.path()).status().expect("the program runs").success());
    let (killed, whole) = (app.rows().await, other.rows().await);
    for table in ["customer", "service", "service_health"] {
        assert_eq!(killed[table], whole[table]);
    }
    assert_eq!(log(&other, partner).await, end);
}
