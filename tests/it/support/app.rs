//! A real server in this process, on a free port, with a database of its own.

use std::{collections::BTreeMap, net::SocketAddr, sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use serde_json::Value;
use supportgraph::{
    app::App,
    config::Config,
    domain::{
        PartnerId,
        access::{Role, Scope, Viewer},
        change::{Applied, Batch, Change},
        clock::Clock,
        partner::Partner,
    },
    engine::{Access, Allowed, Context, Engine, Opened, Request, Response},
    graphql,
    live::{Bus, InProcess, Live},
    store::Store,
    telemetry::Metrics,
    upstream::demo::World,
};
use tempfile::TempDir;

use super::{
    client::Client,
    given::{self, Given},
    listener::Listener,
    postgres::{Database, execute},
};

/// Dropping it stops the server and deletes the database.
pub struct TestApp {
    app: App,
    pub client: Client,
    /// Stands at [`TestApp::NOW`] until a test moves it.
    pub clock: Clock,
    url: String,
    config: Config,
    bus: Option<Arc<dyn Bus>>,
    database: Arc<TestDatabase>,
}

/// Deleted when dropped.
enum TestDatabase {
    Sqlite(TempDir),
    Postgres(Database),
}

impl TestApp {
    pub const NOW: &str = "2026-11-22T12:00:00Z";

    pub async fn start() -> Self {
        Self::with(|_| ()).await
    }

    /// Starts with another configuration than the default.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let (database, url) = match Database::create().await {
            Some(database) => {
                let url = database.url();
                (TestDatabase::Postgres(database), url)
            }
            None => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite://{}", folder.path().join("test.db").display());
                (TestDatabase::Sqlite(folder), url)
            }
        };
        let mut config = Config::default();
        config.server.listen = ([127, 0, 0, 1], 0).into();
        config.database.url = url.clone().into();
        config.database.max_connections = 4;
        // The clock stands still, so what was spent or failed would never be granted again.
        config.limits.screen_cost_per_minute = 0;
        config.auth.failures_per_minute = 0;
        change(&mut config);

        let now: DateTime<Utc> = Self::NOW.parse().expect("a time");
        let clock = Clock::fixed(now);
        let bus = config.bus.url.is_none().then(|| Arc::new(InProcess::default()) as Arc<dyn Bus>);
        Self::on(Arc::new(database), url, config, clock, bus).await
    }

    /// Without a `bus`, nodes hear of each other as the configuration says.
    async fn on(
        database: Arc<TestDatabase>,
        url: String,
        config: Config,
        clock: Clock,
        bus: Option<Arc<dyn Bus>>,
    ) -> Self {
        let app = match &bus {
            Some(bus) => App::start_on(&config, clock.clone(), Arc::clone(bus)).await,
            None => App::start(&config, clock.clone()).await,
        };
        let app = app.expect("the server starts");
        let client = Client::new(app.addr);
        Self { app, client, clock, url, config, bus, database }
    }

    /// Another node on the same database and bus.
    pub async fn another_node(&self) -> Self {
        self.another_node_with(|_| ()).await
    }

    /// The same with another configuration.
    pub async fn another_node_with(&self, change: impl FnOnce(&mut Config)) -> Self {
        let (database, bus) = (Arc::clone(&self.database), self.bus.clone());
        let mut config = self.config.clone();
        change(&mut config);
        Self::on(database, self.url.clone(), config, self.clock.clone(), bus).await
    }

    /// Starts with an invented partner and so many customers.
    pub async fn with_customers(customers: usize) -> Self {
        let app = Self::start().await;
        app.invent(customers, 1).await;
        app
    }

    /// Another node on the same database that no bus tells anything.
    pub async fn another_node_alone(&self) -> Self {
        let (database, bus) = (Arc::clone(&self.database), Arc::new(InProcess::default()));
        Self::on(database, self.url.clone(), self.config.clone(), self.clock.clone(), Some(bus)).await
    }

    /// Puts an invented partner with so many customers into the database.
    pub async fn invent(&self, customers: usize, seed: u64) -> PartnerId {
        let now = self.clock.now();
        let world = World::new(customers, seed, now);
        let store = self.store().scoped(&Scope::partner(world.partner()));
        for batch in world.batches() {
            let applied = store.apply(batch, "invented", now).await.expect("an invented batch can be applied");
            assert_eq!(applied.quarantined, [], "nothing invented is quarantined");
        }
        world.partner()
    }

    /// Runs one statement in the server's database, behind its back.
    pub async fn execute(&self, statement: &str) {
        execute(&self.admin_url(), statement).await;
    }

    /// The database as somebody sees it whom nothing holds back.
    pub fn admin_url(&self) -> String {
        match &*self.database {
            TestDatabase::Postgres(database) => database.admin_url(),
            TestDatabase::Sqlite(_) => self.url.clone(),
        }
    }

    /// The address of the server's database.
    pub fn database_url(&self) -> &str {
        &self.url
    }

    /// How many statements `asking` costs.
    pub async fn statements<T>(&self, asking: impl Future<Output = T>) -> (T, u64) {
        let before = self.store().statements();
        let answer = asking.await;
        (answer, self.store().statements() - before)
    }

    pub fn store(&self) -> &Store {
        &self.app.store
    }

    /// Where it listens to the operator's tools, if it does.
    pub fn operators_addr(&self) -> Option<SocketAddr> {
        self.app.operators_addr
    }

    pub fn live(&self) -> &Live {
        &self.app.live
    }

    pub fn metrics(&self) -> &Metrics {
        &self.app.metrics
    }

    /// What answers, past HTTP.
    pub fn engine(&self) -> &Engine {
        &self.app.engine
    }

    /// What a request of `viewer` carries.
    pub fn context(&self, viewer: Viewer) -> Context {
        graphql::context(self.store(), &self.clock, self.live(), viewer, "id".to_owned())
    }

    /// What `viewer` is answered, past the transports.
    pub async fn ask_as(&self, viewer: &Viewer, query: &str, variables: Value) -> Value {
        let variables = variables.as_object().cloned();
        let request = Request { query: Some(query.to_owned()), variables, ..Request::default() };
        let answer = self.app.engine.execute(request, Allowed::Everything, self.context(viewer.clone())).await;
        serde_json::from_slice(&answer.body).expect("JSON")
    }

    /// Who may see and do what, as the server has it.
    pub fn access(&self) -> Vec<Access> {
        self.app.engine.access()
    }

    /// Begins a live operation past the transports.
    ///
    /// # Errors
    ///
    /// The answer of one that is refused.
    pub async fn try_listen(&self, scope: Scope, query: &str, variables: Value) -> Result<Listener, Response> {
        self.try_listen_as(&Viewer::new("local", "local", [Role::GlobalAdmin], scope), query, variables).await
    }

    /// The same for anybody.
    pub async fn try_listen_as(&self, viewer: &Viewer, query: &str, variables: Value) -> Result<Listener, Response> {
        let variables = variables.as_object().cloned();
        let request = Request { query: Some(query.to_owned()), variables, ..Request::default() };
        match self.app.engine.open(request, Allowed::Live, self.context(viewer.clone())).await {
            Opened::Live(feed) => Ok(Listener::new(feed)),
            Opened::Answered(response) => Err(response),
        }
    }

    /// Begins a live operation of the whole partner that is not refused.
    pub async fn listen(&self, partner: PartnerId, query: &str, variables: Value) -> Listener {
        let listening = self.try_listen(Scope::partner(partner), query, variables).await;
        listening.unwrap_or_else(|refused| panic!("refused: {}", String::from_utf8_lossy(&refused.body)))
    }

    /// Every row of every table but those of the installation itself, to compare with a later time.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        super::rows::all(&self.admin_url()).await
    }

    /// A partner of which not even the profile is known. The server sees it at once if it is the first, or asked for by
    /// name; else when its clock has moved by a second.
    pub async fn partner(&self, tenant_id: &str, name: &str) -> PartnerId {
        let partner = Partner::new(tenant_id, name, self.clock.now());
        let id = partner.id;
        self.apply(id, [Change::Partner(partner)]).await;
        id
    }

    /// Brings in what an upstream would tell of a partner.
    pub async fn apply(&self, partner: PartnerId, changes: impl IntoIterator<Item = Change>) -> Applied {
        let batch = Batch { changes: changes.into_iter().collect(), ..Batch::default() };
        let store = self.store().scoped(&Scope::partner(partner));
        store.apply(batch, "a test", self.clock.now()).await.expect("the changes are applied")
    }

    /// A server with one partner that has nothing yet, where [`TestApp::disturb`] lets something happen.
    pub async fn to_listen_to(change: impl FnOnce(&mut Config)) -> Self {
        let app = Self::with(change).await;
        app.partner(given::FABRIKAM, "Fabrikam").await;
        app
    }

    /// A new incident begins.
    pub async fn disturb(&self) {
        let given = Given::new(given::FABRIKAM, "sudden", self.clock.now());
        let name = uuid::Uuid::new_v4().to_string();
        self.apply(given.id, [Change::Service(given.service(&name)), given.incident(&name, &[])]).await;
    }

    /// The value of one metric; 0 if it was never counted.
    pub async fn metric(&self, name: &str) -> u64 {
        let text = self.get("/metrics").await.text;
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
        line.unwrap_or(0)
    }

    /// Waits until so many live operations run.
    pub async fn listeners(&self, transport: &str, count: u64) {
        self.counted(&format!("supportgraph_live_listeners{{transport=\"{transport}\"}}"), count).await;
    }

    /// Waits until so many sockets or streams have ended for this reason.
    pub async fn closed(&self, transport: &str, reason: &str, count: u64) {
        let labels = format!("{{reason=\"{reason}\",transport=\"{transport}\"}}");
        self.counted(&format!("supportgraph_live_closed_total{labels}"), count).await;
    }

    async fn counted(&self, name: &str, count: u64) {
        let counting = async { while self.metric(name).await != count {} };
        tokio::time::timeout(Duration::from_secs(20), counting).await.unwrap_or_else(|_| panic!("{name} is {count}"));
    }

    /// Answers what is in flight and stops; returns how many connections were cut off.
    pub async fn stop(self) -> usize {
        self.app.stop().await.expect("the server stops")
    }
}

impl std::ops::Deref for TestApp {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}
