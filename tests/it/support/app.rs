//! A real server in this process, on a free port, with a database of its own.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use supportgraph::{
    app::App,
    config::Config,
    domain::{
        PartnerId,
        access::Scope,
        change::{Applied, Batch, Change},
        clock::Clock,
        partner::Partner,
    },
    store::Store,
    upstream::demo::World,
};
use tempfile::TempDir;

use super::{
    client::Client,
    postgres::{Database, execute},
};

/// Dropping it stops the server and deletes the database.
pub struct TestApp {
    app: App,
    pub client: Client,
    /// Stands at [`TestApp::NOW`] until a test moves it.
    pub clock: Clock,
    url: String,
    _database: TestDatabase,
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
        change(&mut config);

        let now: DateTime<Utc> = Self::NOW.parse().expect("a time");
        let clock = Clock::fixed(now);
        let app = App::start(&config, clock.clone()).await.expect("the server starts");
        let client = Client::new(app.addr);
        Self { app, client, clock, url, _database: database }
    }

    /// Starts with an invented partner and so many customers.
    pub async fn with_customers(customers: usize) -> Self {
        let app = Self::start().await;
        app.invent(customers, 1).await;
        app
    }

    /// Puts an invented partner with so many customers into the database.
    pub async fn invent(&self, customers: usize, seed: u64) -> PartnerId {
        let now = self.clock.now();
        let world = World::new(customers, seed, now);
        let store = self.store().scoped(&Scope::partner(world.partner()));
        for batch in world.batches() {
            let applied = store.apply(batch, "invented", now).await.expect("an invented batch can be applied");
            assert_eq!(applied.quarantined, 0, "nothing invented is quarantined");
        }
        world.partner()
    }

    /// Runs one statement in the server's database, behind its back.
    pub async fn execute(&self, statement: &str) {
        execute(&self.url, statement).await;
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

    /// Every row of every table but those of the installation itself, to compare with a later time.
    pub async fn rows(&self) -> BTreeMap<String, Vec<String>> {
        super::rows::all(&self.url).await
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
