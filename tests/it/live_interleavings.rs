//! Whatever the order of writes, disconnects, resumes and slow reads on two nodes: a listener's state becomes the
//! database's, and a listener of events hears each one once and in order.

use std::collections::{BTreeMap, HashSet};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proptest::{collection::vec, prelude::*, test_runner::Config};
use serde_json::{Value, json};
use supportgraph::domain::{
    CustomerId, PartnerId, ServiceHealthId,
    access::Scope,
    change::{Batch, Change},
    event::{EntityKind, Logged},
    product_family::ProductFamily,
    service_health::{HealthStatus, Service, ServiceHealth, Source},
};
use tokio::task::JoinHandle;

use crate::support::{
    Listener, TestApp,
    given::{CONTOSO, Given},
};

const HEALTH: &str = "subscription($after: String) { serviceHealthChanged(after: $after) {
    kind cursor happening before after mergedSteps health { id } } }";
const CHANGES: &str = "subscription($after: String) { changes(after: $after, kinds: [SERVICE_HEALTH]) {
    kind cursor happening nodeId changes { name before after } } }";

/// More rows than one page of a snapshot holds.
const ROWS: usize = 120;
const STATUSES: [HealthStatus; 3] =
    [HealthStatus::ServiceOperational, HealthStatus::ServiceDegradation, HealthStatus::ServiceInterruption];

#[derive(Clone, Debug)]
enum Step {
    /// Reports statuses of rows, some of which are new then, in the background.
    Write { node: usize, rows: Vec<(usize, usize)> },
    /// A client comes.
    Come { node: usize, query: &'static str },
    /// A client reads some of what is there.
    Read { client: usize, most: usize },
    /// A client loses its connection, and resumes at something that it has heard, on any node.
    Return { client: usize, node: usize, heard: usize },
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let write =
        (0..2usize, vec((0..ROWS + 20, 0..STATUSES.len()), 1..20)).prop_map(|(node, rows)| Step::Write { node, rows });
    let come = (0..2usize, any::<bool>())
        .prop_map(|(node, health)| Step::Come { node, query: if health { HEALTH } else { CHANGES } });
    let read = (any::<usize>(), 1..200usize).prop_map(|(client, most)| Step::Read { client, most });
    let back = (any::<usize>(), 0..2usize, any::<usize>()).prop_map(|(client, node, heard)| Step::Return {
        client,
        node,
        heard,
    });
    vec(prop_oneof![6 => write, 1 => come, 3 => read, 2 => back], 20..90)
}

/// A client that keeps what it has heard.
struct Client {
    query: &'static str,
    listener: Listener,
    heard: Vec<Value>,
    /// It has resumed at something older than the last it had heard.
    went_back: bool,
}

impl Client {
    async fn come(app: &TestApp, partner: PartnerId, query: &'static str) -> Self {
        let listener = app.listen(partner, query, json!({})).await;
        Self { query, listener, heard: Vec::new(), went_back: false }
    }

    async fn come_back(&mut self, app: &TestApp, partner: PartnerId, heard: usize) {
        let keep = if self.heard.is_empty() { 0 } else { heard % self.heard.len() + 1 };
        self.went_back |= keep < self.heard.len();
        self.heard.truncate(keep);
        let after = self.heard.last().map(|event| event["cursor"].clone());
        self.listener = app.listen(partner, self.query, json!({ "after": after })).await;
    }

    /// What it makes of all it has heard: the status of each row. Each event that follows the one before it without a
    /// break begins where that ended.
    fn state(&self) -> BTreeMap<String, String> {
        let mut state: BTreeMap<String, String> = BTreeMap::new();
        let mut new = HashSet::new();
        for event in self.heard.iter().filter(|event| event["kind"] != "SNAPSHOT_COMPLETE") {
            let id = event["health"]["id"].as_str().expect("an id").to_owned();
            let after = event["after"].as_str().expect("a status").to_owned();
            if event["happening"] == "ADDED" {
                new.insert(id.clone());
            } else if event["kind"] == "LIVE" && !new.contains(&id) && !self.went_back {
                let known = state.get(&id).map(String::as_str);
                assert_eq!(event["before"].as_str(), known, "no gap before {event}");
            }
            if event["kind"] == "SNAPSHOT" {
                assert!(self.went_back || !state.contains_key(&id), "told twice: {event}");
            }
            state.insert(id, after);
        }
        state
    }
}

struct World {
    nodes: [TestApp; 2],
    partner: PartnerId,
    customer: CustomerId,
    given: Given,
}

impl World {
    async fn begin() -> Self {
        let app = TestApp::start().await;
        let given = Given::new(CONTOSO, "contoso", app.clock.now());
        let (partner, customer) = (given.id, CustomerId::of_tenant(given.id, "one"));
        let mut world = Self { nodes: [app.another_node().await, app], partner, customer, given };
        let mut rows: Vec<Change> = vec![Change::Partner(world.given.partner())];
        rows.extend((0..ROWS).flat_map(|row| world.report(row, 0)));
        world.nodes[0].apply(partner, rows).await;
        world.nodes.swap(0, 1);
        world
    }

    fn report(&self, row: usize, status: usize) -> [Change; 2] {
        let name = format!("service {row}");
        let service = Service::named(self.partner, Source::MicrosoftGraph, &name, ProductFamily::Microsoft365);
        let health = ServiceHealth {
            id: ServiceHealthId::of(self.customer, &name),
            customer_id: self.customer,
            service_id: service.id,
            reported_status: STATUSES[status],
            ..self.given.health("one", "one")
        };
        [Change::Service(service), Change::ServiceHealth(health)]
    }

    fn write(&self, node: usize, rows: &[(usize, usize)]) -> JoinHandle<()> {
        let changes: Vec<Change> = rows.iter().flat_map(|(row, status)| self.report(*row, *status)).collect();
        let store = self.nodes[node].store().scoped(&Scope::partner(self.partner));
        let now = self.nodes[node].clock.now();
        let batch = Batch { changes, ..Default::default() };
        tokio::spawn(async move {
            store.apply(batch, "a test", now).await.expect("applied");
        })
    }

    async fn run(&self, steps: Vec<Step>) {
        let mut clients = vec![
            Client::come(&self.nodes[0], self.partner, HEALTH).await,
            Client::come(&self.nodes[1], self.partner, CHANGES).await,
        ];
        let mut writes = Vec::new();
        for step in steps {
            match step {
                Step::Write { node, rows } => writes.push(self.write(node, &rows)),
                Step::Come { node, query } => clients.push(Client::come(&self.nodes[node], self.partner, query).await),
                Step::Read { client, most } => {
                    let count = clients.len();
                    let client = &mut clients[client % count];
                    for _ in 0..most {
                        let Some(event) = client.listener.next_if_ready().await else { break };
                        client.heard.push(event);
                    }
                }
                Step::Return { client, node, heard } => {
                    let count = clients.len();
                    clients[client % count].come_back(&self.nodes[node], self.partner, heard).await;
                }
            }
        }
        for write in writes {
            write.await.expect("written");
        }
        self.check(clients).await;
    }

    /// Writes something last, and lets each client read until it has heard of it.
    async fn check(&self, mut clients: Vec<Client>) {
        // Who has not begun to read would begin after it.
        for client in clients.iter_mut().filter(|client| client.heard.is_empty()) {
            client.heard.push(client.listener.next().await);
        }
        let last = ROWS + 20;
        self.nodes[0].apply(self.partner, self.report(last, 1)).await;
        let page = "{ services(first: 500) { nodes { health { nodes { id reportedStatus service { name } } } } } }";
        let services = self.nodes[0].query(page).await.data();
        let services = services["services"]["nodes"].as_array().expect("services").clone();
        let rows: Vec<Value> =
            services.iter().flat_map(|service| service["health"]["nodes"].as_array().expect("rows").clone()).collect();
        let text = |value: &Value| value.as_str().expect("a text").to_owned();
        let known: BTreeMap<String, String> =
            rows.iter().map(|row| (text(&row["id"]), text(&row["reportedStatus"]))).collect();
        let last = rows.iter().find(|row| row["service"]["name"] == format!("service {last}")).expect("the last row");
        let last = text(&last["id"]);

        let log = self.log().await;
        for mut client in clients {
            loop {
                let is_complete = client.heard.iter().any(|event| event["kind"] == "SNAPSHOT_COMPLETE");
                let has_last = |event: &Value| event["health"]["id"] == *last || event["nodeId"] == *last;
                if is_complete && client.heard.iter().any(has_last) {
                    break;
                }
                client.heard.push(client.listener.next().await);
            }
            assert_eq!(client.listener.next_if_ready().await, None, "nothing comes after the last");
            if client.query == HEALTH {
                assert_eq!(client.state(), known);
                continue;
            }
            let events = client.heard.iter().filter(|event| event["kind"] == "LIVE");
            let events: Vec<Value> =
                events.map(|event| json!([event["happening"], event["nodeId"], event["changes"]])).collect();
            assert_eq!(events, log[log.len() - events.len()..], "each event once and in order");
        }
    }

    /// The log of what became of health, as `changes` tells it.
    async fn log(&self) -> Vec<Value> {
        let events = self.nodes[0].store().scoped(&Scope::partner(self.partner));
        let page = events.log_after(0, 1_000_000).await.expect("the log");
        let positions: Vec<i64> = page.events.iter().map(|logged| logged.position).collect();
        assert_eq!(positions, Vec::from_iter(1..=page.position), "positions have no gap");
        let health = page.events.iter().filter(|logged| logged.event.kind == EntityKind::ServiceHealth);
        let event = |logged: &Logged| {
            let told = &logged.event.difference["reported_status"];
            let changes = match told.as_array() {
                Some(told) => json!([{ "name": "reportedStatus", "before": told[0], "after": told[1] }]),
                None => json!([]),
            };
            let word: &str = logged.event.happening.into();
            json!([word.to_uppercase(), format!("hlt_{}", URL_SAFE_NO_PAD.encode(logged.event.entity_id)), changes])
        };
        health.map(event).collect()
    }
}

proptest! {
    #![proptest_config(Config { cases: 8, max_shrink_iters: 0, failure_persistence: None, ..Config::default() })]

    #[test]
    fn whatever_happens_nothing_is_lost_and_nothing_told_twice(steps in steps()) {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        runtime.block_on(async { World::begin().await.run(steps).await });
    }
}
