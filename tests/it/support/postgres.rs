//! A PostgreSQL database per test, copied from one that is migrated once.

use std::hash::{DefaultHasher, Hash, Hasher};

use sea_orm::{ConnectionTrait, Database as SeaDatabase, DatabaseConnection};
use supportgraph::store::Store;
use tokio::sync::OnceCell;

/// Deleted when dropped.
pub struct Database {
    admin: String,
    name: String,
}

/// Owns each database, as row level security holds back nothing from a superuser.
const ROLE: &str = "sgtest";

/// Held while the template is made, by every process that makes one.
const TEMPLATE_LOCK: i64 = 0x5347_7465_7374;
static TEMPLATE: OnceCell<String> = OnceCell::const_new();

#[expect(clippy::disallowed_methods, reason = "the harness is told by its environment which database to use")]
/// The server that the tests were told to use, if any.
pub fn admin_url() -> Option<String> {
    std::env::var("SUPPORTGRAPH_TEST_POSTGRES").ok().filter(|url| !url.is_empty())
}

impl Database {
    /// A migrated database, or none if the tests run on SQLite.
    pub async fn create() -> Option<Self> {
        let admin = admin_url()?;
        let template = TEMPLATE.get_or_init(|| template(&admin)).await;
        let name = format!("sgtest_{}", uuid::Uuid::new_v4().simple());
        execute(&admin, &format!("create database {name} template {template} owner {ROLE}")).await;
        Some(Self { admin, name })
    }

    /// A database without tables, or none if the tests run on SQLite.
    pub async fn create_empty() -> Option<Self> {
        let admin = admin_url()?;
        let name = format!("sgtest_{}", uuid::Uuid::new_v4().simple());
        run(&locked(&admin).await, &format!("create database {name} owner {ROLE}")).await;
        Some(Self { admin, name })
    }

    /// As the program connects to it: as its owner, who is nobody special.
    pub fn url(&self) -> String {
        as_role(&self.admin_url())
    }

    /// As somebody whom no wall holds back.
    pub fn admin_url(&self) -> String {
        url_of(&self.admin, &self.name)
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // A test's runtime may be at its end already, hence one of its own.
        let dropping = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                execute(&admin, &format!("drop database if exists {name} with (force)")).await;
            });
        });
        if dropping.join().is_err() {
            eprintln!("the database {} could not be deleted", self.name);
        }
    }
}

/// The name of a database that is migrated and empty. Named by the text of the migrations, so it is made again when
/// they change, and reused by the next run when they do not.
async fn template(admin: &str) -> String {
    let name = format!("sgtemplate_{:016x}", migrations_hash());
    let db = locked(admin).await;
    let known = sea_orm::Statement::from_string(
        db.get_database_backend(),
        format!("select 1 from pg_database where datname = '{name}'"),
    );
    if db.query_one_raw(known).await.expect("the list of databases").is_none() {
        let unfinished = format!("{name}_new");
        run(&db, &format!("drop database if exists {unfinished} with (force)")).await;
        run(&db, &format!("create database {unfinished} owner {ROLE}")).await;
        let store =
            Store::connect(&as_role(&url_of(admin, &unfinished)), 1).await.expect("a connection to the template");
        store.migrate().await.expect("the migrations run");
        drop(store);
        let ended =
            format!("select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = '{unfinished}'");
        run(&db, &ended).await;
        run(&db, &format!("alter database {unfinished} rename to {name}")).await;
    }
    name
}

/// A connection that holds the lock for as long as it is open, on a server that has the role.
async fn locked(admin: &str) -> DatabaseConnection {
    let db = connect(admin).await;
    run(&db, &format!("select pg_advisory_lock({TEMPLATE_LOCK})")).await;
    let make = format!("create role {ROLE} login password '{ROLE}'");
    run(&db, &format!("do $$ begin {make}; exception when duplicate_object then null; end $$")).await;
    db
}

/// The same database, as the role of the tests.
fn as_role(url: &str) -> String {
    let mut url = reqwest::Url::parse(url).expect("a URL");
    url.set_username(ROLE).and_then(|()| url.set_password(Some(ROLE))).expect("a server");
    url.into()
}

fn migrations_hash() -> u64 {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/migrations/src");
    let files = std::fs::read_dir(folder).expect("the migrations");
    let mut files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        std::fs::read(file).expect("a migration").hash(&mut hasher);
    }
    hasher.finish()
}

/// The same server, another database.
fn url_of(admin: &str, name: &str) -> String {
    let (address, parameters) = admin.split_once('?').map_or((admin, None), |(address, rest)| (address, Some(rest)));
    let scheme = address.find("://").map_or(0, |at| at + 3);
    let server = address[scheme..].find('/').map_or(address, |at| &address[..scheme + at]);
    parameters.map_or_else(|| format!("{server}/{name}"), |rest| format!("{server}/{name}?{rest}"))
}

/// One connection, so that what is locked by it is unlocked by it.
async fn connect(url: &str) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(url);
    options.max_connections(1).sqlx_logging(false);
    SeaDatabase::connect(options).await.unwrap_or_else(|error| panic!("the database does not answer: {error}"))
}

async fn run(db: &DatabaseConnection, statement: &str) {
    db.execute_unprepared(statement).await.unwrap_or_else(|error| panic!("{statement}: {error}"));
}

/// Runs one statement in any database, beside the program.
pub async fn execute(url: &str, statement: &str) {
    run(&connect(url).await, statement).await;
}

#[test]
fn another_database_of_the_same_server_keeps_the_rest_of_the_url() {
    assert_eq!(url_of("postgres://u@h:1/postgres?a=b", "x"), "postgres://u@h:1/x?a=b");
    assert_eq!(url_of("postgres://u@h:1", "x"), "postgres://u@h:1/x");
}
