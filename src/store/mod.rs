//! Rows in SQLite or PostgreSQL. The only folder that names sea-orm.
//!
//! Nothing is read or written without a [`Scope`]: [`Store::scoped`] gives reads, [`ScopedStore::begin`] a transaction.

mod connect;
mod customer;
mod dialect;
mod incident;
mod message;
mod partner;
mod row;
mod search;
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
mod visibility;

pub use connect::MigrationState;

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use sea_orm::{ConnectionTrait, DatabaseBackend, DatabaseConnection, DbErr, QueryResult, StatementBuilder};

use crate::domain::{Error, Result, access::Scope};

/// The database, before anybody is known.
#[derive(Clone)]
pub struct Store {
    db: DatabaseConnection,
    statements: Arc<AtomicU64>,
}

impl Store {
    /// Everything that `scope` may reach.
    pub fn scoped(&self, scope: &Scope) -> ScopedStore {
        ScopedStore { db: self.db.clone(), scope: scope.clone() }
    }

    /// How many statements the driver has run since the start; tests count with it.
    pub fn statements(&self) -> u64 {
        self.statements.load(Ordering::Relaxed)
    }

    async fn rows(&self, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
        rows(&self.db, statement).await
    }
}

/// The database as one viewer may see it: every statement starts with its scope.
#[derive(Clone)]
pub struct ScopedStore {
    db: DatabaseConnection,
    scope: Scope,
}

impl ScopedStore {
    async fn rows(&self, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
        rows(&self.db, statement).await
    }

    fn backend(&self) -> DatabaseBackend {
        self.db.get_database_backend()
    }
}

/// The rows of a statement. A connection that broke since its last use is replaced and the statement repeated once, so
/// a database that came back is noticed by nobody.
async fn rows(db: &DatabaseConnection, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
    match db.query_all(statement).await {
        Err(error) if dialect::is_broken_connection(&error) => db.query_all(statement).await,
        answer => answer,
    }
    .map_err(database_error)
}

/// What a failed statement means to those above.
fn database_error(error: DbErr) -> Error {
    if dialect::is_broken_connection(&error) || dialect::is_busy(&error) {
        Error::Unavailable(Arc::new(error))
    } else {
        Error::internal(error)
    }
}
