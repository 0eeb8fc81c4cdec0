//! Nodes that wake each other over NATS, and what happens while NATS or the database is away.

use std::time::Duration;

use futures::{StreamExt, stream::BoxStream};
use serde_json::{Value, json};
use supportgraph::{
    config::{BusConfig, Config},
    domain::{
        Error, PartnerId,
        access::Scope,
        change::{Batch, Change},
        event::{Happening, Standing},
        service_health::{HealthStatus, ServiceHealth},
    },
    live::{Bus, Nats},
    store::Store,
};

use crate::support::{
    Listener, NatsServer, TestApp, admin_url, execute,
    given::{ADATUM, CONTOSO, Given},
    nats_url,
};

const REPORTS: &str = "subscription($after: String) { changes(after: $after, kinds: [SERVICE_HEALTH]) {
    kind cursor changes { name before after } } }";

/// Whoever looks for itself looks after this test is over.
const NEVER: u64 = 3600;

fn bus_at(url: &str) -> impl Fn(&mut Config) {
    let url = url.to_owned();
    move |config| {
        config.bus.url = Some(url.clone().into());
        config.live.poll_seconds = NEVER;
    }
}

/// A partner's health that gets worse and better.
struct Weather {
    given: Given,
    turns: usize,
}

impl Weather {
    async fn begin(app: &TestApp) -> Self {
        Self { given: Given::put(app, CONTOSO, "contoso").await, turns: 0 }
    }

    async fn turn(&mut self, app: &TestApp) {
        self.try_turn(app).await.expect("the database is there");
    }

    async fn try_turn(&mut self, app: &TestApp) -> Result<(), Error> {
        const STATUSES: [HealthStatus; 2] = [HealthStatus::ServiceInterruption, HealthStatus::ServiceRestored];
        let reported_status = STATUSES[self.turns % 2];
        let health = ServiceHealth { reported_status, ..self.given.health(ADATUM, "adatum") };
        let batch = Batch { changes: vec![Change::ServiceHealth(health)], ..Batch::default() };
        let store = app.store().scoped(&Scope::partner(self.given.id));
        store.apply(batch, "a test", app.clock.now()).await?;
        self.turns += 1;
        Ok(())
    }

    async fn watch(&self, app: &TestApp) -> Listener {
        let mut listener = app.listen(self.given.id, REPORTS, json!({})).await;
        assert_eq!(listener.next().await["kind"], "SNAPSHOT_COMPLETE");
        listener
    }
}

/// The next so many reports, of which each begins where the one before it ended.
async fn reports(listener: &mut Listener, count: usize) -> Vec<Value> {
    let mut heard: Vec<Value> = Vec::new();
    for _ in 0..count {
        let event = listener.next().await;
        if let Some(last) = heard.last() {
            assert_eq!(event["changes"][0]["before"], last["changes"][0]["after"], "none lost and none twice");
        }
        heard.push(event);
    }
    heard
}

#[tokio::test]
async fn nats_wakes_listeners_of_other_nodes() {
    let Some(url) = nats_url() else { return };
    let app = TestApp::with(bus_at(&url)).await;
    let mut weather = Weather::begin(&app).await;
    let other = app.another_node().await;
    let (mut here, mut there) = (weather.watch(&app).await, weather.watch(&other).await);
    for _ in 0..5 {
        weather.turn(&app).await;
        assert_eq!(here.next().await, there.next().await);
        weather.turn(&other).await;
        assert_eq!(here.next().await, there.next().await);
    }
}

#[tokio::test]
async fn a_node_looks_for_itself_while_nats_is_away_and_hears_of_all_when_it_is_back() {
    let Some(mut nats) = NatsServer::start() else { return };
    let app = TestApp::with(bus_at(&nats.url())).await;
    let mut weather = Weather::begin(&app).await;
    let (woken, looking) =
        (app.another_node().await, app.another_node_with(|config| config.live.poll_seconds = 1).await);
    let (mut woken_hears, mut looking_hears) = (weather.watch(&woken).await, weather.watch(&looking).await);
    weather.turn(&app).await;
    let mut told = reports(&mut woken_hears, 1).await;
    assert_eq!(reports(&mut looking_hears, 1).await, told);

    nats.kill();
    for _ in 0..3 {
        weather.turn(&app).await;
        looking_hears.next().await;
    }
    // Comes while there is no bus, and serves all the same.
    let late = app.another_node().await;
    let mut late_hears = weather.watch(&late).await;
    assert_eq!(late.query("{ __typename }").await.data()["__typename"], "Query");
    assert!(late_hears.is_silent().await && woken_hears.is_silent().await);

    nats.come_back();
    told.extend(reports(&mut woken_hears, 3).await);
    nats.kill();
    weather.turn(&app).await;
    nats.come_back_empty();
    told.extend(reports(&mut woken_hears, 1).await);
    assert_eq!(late_hears.next().await, told[4]);
    weather.turn(&late).await;
    told.extend(reports(&mut woken_hears, 1).await);

    // The whole story is the log's.
    let cursor = told[0]["cursor"].clone();
    let mut replayed = app.listen(weather.given.id, REPORTS, json!({ "after": cursor })).await;
    assert_eq!(reports(&mut replayed, 5).await, told[1..]);
    for listener in [&mut woken_hears, &mut replayed] {
        assert!(listener.is_silent().await);
    }
}

#[tokio::test]
async fn listeners_go_on_when_the_database_was_away() {
    let (Some(admin), Some(url)) = (admin_url(), nats_url()) else {
        return eprintln!("left out: PostgreSQL and NATS are not both there; scripts/test starts them");
    };
    let app = TestApp::with(bus_at(&url)).await;
    let mut weather = Weather::begin(&app).await;
    let other = app.another_node().await;
    let (mut here, mut there) = (weather.watch(&app).await, weather.watch(&other).await);
    let database = app.database_url().rsplit('/').next().expect("a name").to_owned();
    let end = format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{database}'");
    for is_away in [false, true, true] {
        weather.turn(&app).await;
        if is_away {
            execute(&admin, &format!("alter database {database} allow_connections false")).await;
            execute(&admin, &end).await;
            weather.try_turn(&other).await.expect_err("the database is away");
            execute(&admin, &format!("alter database {database} allow_connections true")).await;
        } else {
            execute(&admin, &end).await;
        }
        weather.turn(&other).await;
    }
    let told = weather.turns;
    assert_eq!(reports(&mut here, told).await, reports(&mut there, told).await);
    assert!(here.is_silent().await && there.is_silent().await);
}

async fn nats(url: &str, installation: &str) -> (Nats, BoxStream<'static, Option<Standing>>) {
    let config = BusConfig { url: Some(url.into()), ..BusConfig::default() };
    let nats = Nats::start(&config, installation).await.expect("an address");
    let heard = nats.listen();
    (nats, heard)
}

async fn next(heard: &mut BoxStream<'static, Option<Standing>>) -> Standing {
    let next = tokio::time::timeout(Duration::from_secs(20), heard.next()).await.expect("within the deadline");
    next.expect("it goes on").expect("nothing was missed")
}

#[tokio::test]
async fn who_comes_later_learns_how_far_every_log_of_its_installation_is() {
    let Some(url) = nats_url() else { return };
    let installation = uuid::Uuid::new_v4().simple().to_string();
    let standing = |name: &str, position| Standing { partner: PartnerId::of_tenant(name), position };
    let (first, mut first_hears) = nats(&url, &installation).await;
    let (foreign, mut foreign_hears) = nats(&url, "elsewhere").await;
    for position in 1..=3 {
        first.publish(standing("contoso", position));
        while next(&mut first_hears).await.position < position {}
    }
    foreign.publish(standing("contoso", 9));
    while next(&mut foreign_hears).await != standing("contoso", 9) {}
    first.publish(standing("fabrikam", 5));
    assert_eq!(next(&mut first_hears).await, standing("fabrikam", 5));

    let (_second, mut second_hears) = nats(&url, &installation).await;
    let heard = [next(&mut second_hears).await, next(&mut second_hears).await];
    assert_eq!(heard, [standing("contoso", 3), standing("fabrikam", 5)], "the latest of each, and nothing foreign");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_position_is_seen_before_all_below_it() {
    const WRITERS: usize = 4;
    const EACH: usize = 25;
    let app = TestApp::start().await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    let scope = Scope::partner(given.id);
    let start = app.store().scoped(&scope).log_position().await.expect("a position");
    let write = async |writer: usize| {
        // As another process would.
        let store = Store::connect(app.database_url(), 2).await.expect("the database").scoped(&scope);
        for number in 0..EACH {
            let batch =
                Batch { changes: vec![given.request(ADATUM, &format!("w{writer}n{number}"))], ..Batch::default() };
            store.apply(batch, "a test", app.clock.now()).await.expect("applied");
        }
    };
    let reading = async {
        let store = app.store().scoped(&scope);
        let (mut position, mut heard) = (start, 0);
        while heard < WRITERS * EACH {
            let page = store.log_after(position, 7).await.expect("a page");
            for logged in page.events {
                position += 1;
                assert_eq!(logged.position, position, "none was passed over");
                heard += usize::from(logged.event.happening == Happening::Added);
            }
        }
    };
    let written = futures::future::join_all((0..WRITERS).map(write));
    let both = async { futures::join!(written, reading) };
    tokio::time::timeout(Duration::from_secs(60), both).await.expect("within the deadline");
}
