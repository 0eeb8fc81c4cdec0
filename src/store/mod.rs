//! Rows in SQLite or PostgreSQL. The only folder that names sea-orm.
//!
//! Nothing is read or written without a [`Scope`]: [`Store::scoped`] gives reads, [`ScopedStore::begin`] a transaction.

mod api_key;
mod apply;
#[cfg(test)]
mod apply_tests;
mod audit;
mod budget;
mod connect;
mod customer;
mod dialect;
mod difference;
mod document;
mod event;
mod fact;
mod facts;
mod idempotency;
mod incident;
mod incident_part;
mod keyset;
mod log_mark;
mod message;
mod noted;
mod partner;
mod reader;
mod row;
mod search;
mod seen;
mod service_health;
mod service_request;
mod subscription;
mod support_offering;
mod support_plan;
mod table;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod text;
mod told;
mod visibility;
mod wall;
mod write;
#[cfg(test)]
mod write_tests;

pub use budget::Spending;
pub use connect::MigrationState;
pub use event::{LogPage, Slice};
pub use noted::Noted;
pub use write::Write;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{
    DatabaseBackend, DatabaseConnection, DatabaseTransaction, DbErr, QueryResult, SqliteTransactionMode,
    StatementBuilder, TransactionOptions,
};
use tokio::sync::{Mutex, Semaphore, broadcast};

use self::{reader::Reader, wall::Reach};
use crate::domain::{Error, Result, access::Scope, event::News};

/// The database, before anybody is known.
#[derive(Clone)]
pub struct Store {
    /// For whatever writes.
    db: DatabaseConnection,
    reader: Reader,
    /// How many connections either keeps at most.
    connections: u32,
    /// Whether PostgreSQL is told whom each statement stands for.
    has_second_wall: bool,
    statements: Arc<AtomicU64>,
    writer: Arc<Mutex<()>>,
    commits: broadcast::Sender<News>,
    /// One for each statement that may run in the background.
    background: Arc<Semaphore>,
}

impl Store {
    /// Everything that `scope` may reach.
    pub fn scoped(&self, scope: &Scope) -> ScopedStore {
        ScopedStore { store: self.clone(), scope: scope.clone(), is_in_background: false, noted: None }
    }

    /// How many statements of [`ScopedStore::in_background`] run at once: half of what could.
    pub fn statements_in_background(&self) -> usize {
        self.reader.size().div_ceil(2)
    }

    /// How many statements the driver has run since the start; tests count with it.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    /// Tells each commit of this process. Who is told of a lag has to look for itself.
    pub fn commits(&self) -> broadcast::Receiver<News> {
        self.commits.subscribe()
    }

    /// The rows of a statement that stands for nobody, and may read everything.
    async fn rows(&self, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
        self.rows_as(&Reach::Everything, statement).await
    }

    /// The rows of a statement that stands for somebody.
    async fn rows_as(&self, reach: &Reach, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
        self.repeating(|| self.read(reach, statement)).await
    }

    /// What `attempt` gives. A connection that broke since its last use is replaced and the attempt repeated, as often as
    /// there may be such connections, so a database that came back is noticed by nobody. An attempt must leave nothing
    /// behind when it fails.
    async fn repeating<T, F: Future<Output = Result<T, DbErr>>>(&self, attempt: impl Fn() -> F) -> Result<T> {
        for _ in 0..self.connections {
            match attempt().await {
                Err(error) if dialect::was_broken_connection(&error) => continue,
                answer => return answer.map_err(database_error),
            }
        }
        attempt().await.map_err(database_error)
    }

    /// Begins a transaction; on SQLite as a writer at once, so that it never fails halfway for having begun as a reader.
    async fn begin(&self, reach: &Reach) -> Result<DatabaseTransaction, DbErr> {
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..TransactionOptions::default()
        };
        self.begin_as(reach, options).await
    }

    async fn read(&self, reach: &Reach, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>, DbErr> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        self.reader.rows(reach, statement.build(&self.reader.backend())).await
    }
}

/// The database as one viewer may see it: every statement starts with its scope.
#[derive(Clone)]
pub struct ScopedStore {
    store: Store,
    scope: Scope,
    is_in_background: bool,
    /// Statements are noted here instead of run.
    noted: Option<Noted>,
}

impl ScopedStore {
    /// Whether everything of the partner is in scope.
    pub fn is_whole(&self) -> bool {
        self.scope.customers.is_none()
    }

    /// The same for somebody who can wait: all that read so together leave half of the connections to others.
    pub fn in_background(self) -> Self {
        Self { is_in_background: true, ..self }
    }

    async fn rows(&self, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
        if let Some(noted) = &self.noted {
            noted.note(statement.build(&self.backend()).sql);
            return Ok(Vec::new());
        }
        let _place = match self.is_in_background {
            true => self.store.background.acquire().await.ok(),
            false => None,
        };
        self.store.rows_as(&self.store.reach(&self.scope), statement).await
    }

    fn backend(&self) -> DatabaseBackend {
        self.store.reader.backend()
    }
}

/// What a failed statement means to those above.
fn database_error(error: DbErr) -> Error {
    if dialect::is_full(&error) {
        Error::Conflict("the disk of the database is full; free some space there and try again".to_owned())
    } else if dialect::is_broken_connection(&error) || dialect::is_busy(&error) {
        Error::Unavailable(Arc::new(error))
    } else {
        Error::internal(error)
    }
}
