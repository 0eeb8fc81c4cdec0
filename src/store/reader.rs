//! Connections for reading: kept open, and handed from one statement to the next.
//!
//! sqlx's own pool asks the database once more whenever a connection comes back to it, which costs a second round trip
//! for each statement. A connection that ended its statement needs no such question; one that did not is closed here.

use std::time::Duration;

use deadpool::{
    Runtime,
    managed::{self, Metrics, Pool, PoolError, RecycleError, RecycleResult},
};
use sea_orm::{
    ConnAcquireErr, DatabaseBackend, DbErr, QueryResult, RuntimeErr, Statement,
    sqlx::{self, AssertSqlSafe, ConnectOptions, Connection, Database, Executor, IntoArguments, Postgres, Sqlite},
};
use sea_query_sqlx::SqlxValues;

use super::wall::{Reach, Until};

/// How long to wait for a connection that nobody uses, and for the database to open another one.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a new connection is told. PostgreSQL would plan many statements anew each time, which the second wall makes dearer than
/// most of them are to run, and it would compile those that it takes for dear. Ours differ in their values alone, and find
/// their rows by indexes.
const PLANNED_ONCE: &str = "set plan_cache_mode = force_generic_plan; set jit = off";

/// A bounded number of connections.
#[derive(Clone)]
pub(super) enum Reader {
    Postgres(Pool<Opener<Postgres>>),
    Sqlite(Pool<Opener<Sqlite>>),
}

pub(super) struct Opener<D: Database>(<D::Connection as Connection>::Options);

pub(super) struct Kept<C> {
    connection: C,
    /// A statement was begun and its end not seen: the caller went away, or the connection broke.
    is_amid: bool,
    /// Whom it stands for, if the database knows.
    reach: Option<Reach>,
}

impl<D: Database> managed::Manager for Opener<D> {
    type Type = Kept<D::Connection>;
    type Error = sqlx::Error;

    async fn create(&self) -> Result<Self::Type, sqlx::Error> {
        Ok(Kept { connection: self.0.connect().await?, is_amid: false, reach: None })
    }

    async fn recycle(&self, kept: &mut Self::Type, _: &Metrics) -> RecycleResult<sqlx::Error> {
        match kept.is_amid {
            true => Err(RecycleError::message("its last statement did not end")),
            false => Ok(()),
        }
    }
}

impl Reader {
    pub(super) fn postgres(options: sqlx::postgres::PgConnectOptions, connections: u32) -> Self {
        Self::Postgres(pool(Opener(options), connections))
    }

    pub(super) fn sqlite(options: sqlx::sqlite::SqliteConnectOptions, connections: u32) -> Self {
        Self::Sqlite(pool(Opener(options), connections))
    }

    pub(super) fn backend(&self) -> DatabaseBackend {
        match self {
            Self::Postgres(_) => DatabaseBackend::Postgres,
            Self::Sqlite(_) => DatabaseBackend::Sqlite,
        }
    }

    /// How many statements it runs at once.
    pub(super) fn size(&self) -> usize {
        match self {
            Self::Postgres(pool) => pool.status().max_size,
            Self::Sqlite(pool) => pool.status().max_size,
        }
    }

    /// The rows of a statement, in its order. A connection that last stood for somebody else is told first, which costs
    /// a round trip.
    pub(super) async fn rows(&self, reach: &Reach, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Postgres(pool) => {
                Ok(rows(pool, Some(reach), statement).await?.into_iter().map(QueryResult::from).collect())
            }
            Self::Sqlite(pool) => Ok(rows(pool, None, statement).await?.into_iter().map(QueryResult::from).collect()),
        }
    }
}

fn pool<D: Database>(opener: Opener<D>, connections: u32) -> Pool<Opener<D>> {
    let builder = Pool::builder(opener).max_size(connections.max(1) as usize).runtime(Runtime::Tokio1);
    let builder = builder.wait_timeout(Some(PATIENCE)).create_timeout(Some(PATIENCE));
    builder.build().expect("timeouts have a runtime")
}

async fn rows<D>(pool: &Pool<Opener<D>>, reach: Option<&Reach>, statement: Statement) -> Result<Vec<D::Row>, DbErr>
where
    D: Database,
    SqlxValues: IntoArguments<D>,
    for<'c> &'c mut D::Connection: Executor<'c, Database = D>,
{
    let mut kept = pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) => DbErr::Conn(RuntimeErr::SqlxError(error.into())),
        _ => DbErr::ConnectionAcquire(ConnAcquireErr::Timeout),
    })?;
    kept.is_amid = true;
    let failed = |error: sqlx::Error| DbErr::Query(RuntimeErr::SqlxError(error.into()));
    if let Some(reach) = reach.filter(|reach| kept.reach.as_ref() != Some(reach)) {
        let mut telling = reach.statement(Until::Told);
        if kept.reach.is_none() {
            telling = format!("{PLANNED_ONCE}; {telling}");
        }
        kept.connection.execute(sqlx::raw_sql(AssertSqlSafe(telling))).await.map_err(failed)?;
        kept.reach = Some(reach.clone());
    }
    let values = SqlxValues(statement.values.unwrap_or(sea_orm::Values(Vec::new())));
    let query = sqlx::query_with(AssertSqlSafe(statement.sql), values);
    let rows = query.fetch_all(&mut kept.connection).await;
    // What the database itself says about a statement leaves the connection as it was.
    kept.is_amid = !matches!(rows, Ok(_) | Err(sqlx::Error::Database(_)));
    rows.map_err(failed)
}
