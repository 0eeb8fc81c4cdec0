//! Opening the database, keeping its schema up to date, and what can be known before anybody asks.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use migrations::{IntoSchemaManagerConnection, Migrator, MigratorTrait, SchemaManager};
use sea_orm::{
    ConnectOptions, ConnectionTrait, Database, DatabaseConnection, DbErr,
    sea_query::{Expr, ExprTrait, Query},
    sqlx::{
        ConnectOptions as _,
        postgres::PgConnectOptions,
        sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous},
    },
};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, broadcast};

use super::{ScopedStore, Store, database_error, dialect, reader::Reader, row::Row, wall::Reach};
use crate::domain::{Error, PartnerId, Result, event::EntityKind};

/// How the schema of the database stands to this version of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MigrationState {
    UpToDate,
    /// So many migrations are missing; [`Store::migrate`] applies them.
    Behind {
        pending: usize,
    },
    /// The database was written by a newer version, by these migrations that this one does not know.
    Newer {
        unknown: Vec<String>,
    },
}

/// How many commits a listener may be behind before it is told to look for itself.
const COMMITS: usize = 256;

impl Store {
    /// Opens a database: `sqlite://PATH`, made if it is missing, or `postgres://…`.
    ///
    /// # Errors
    ///
    /// `Invalid` if the address cannot be used, `Unavailable` if nobody answers there.
    pub async fn connect(url: &str, max_connections: u32) -> Result<Self> {
        let (options, reader) = match url.split_once(':').map(|(scheme, _)| scheme) {
            Some("sqlite") => {
                let sqlite = sqlite(url)?;
                let mut options = ConnectOptions::new(url);
                let of_writer = sqlite.clone();
                // One writes; the others read several statements as of one moment.
                options.map_sqlx_sqlite_opts(move |_| of_writer.clone()).max_connections(4);
                (options, Reader::sqlite(sqlite, Ord::min(max_connections, at_once())))
            }
            Some("postgres" | "postgresql") => {
                let postgres = postgres(url)?;
                let mut options = ConnectOptions::new(url.replacen("postgresql:", "postgres:", 1));
                let of_writer = postgres.clone();
                options.map_sqlx_postgres_opts(move |_| of_writer.clone()).max_connections(max_connections);
                (options, Reader::postgres(postgres, max_connections))
            }
            _ => return Err(Error::invalid("database.url", "must start with sqlite:// or postgres://")),
        };
        let mut db = open(options).await.map_err(|error| match url.starts_with("sqlite") {
            true => Error::invalid("database.url", format!("{url} cannot be opened: {error}; does the folder exist?")),
            false => database_error(error),
        })?;
        let statements = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&statements);
        db.set_metric_callback(move |_| {
            counter.fetch_add(1, Ordering::Relaxed);
        });
        let background = Arc::new(Semaphore::new(reader.size().div_ceil(2)));
        Ok(Self {
            db,
            reader,
            background,
            connections: max_connections,
            has_second_wall: true,
            statements,
            writer: Arc::default(),
            commits: broadcast::Sender::new(COMMITS),
        })
    }

    /// Applies what is missing of the schema: all of it or nothing. Whoever else wants the same at this moment waits, and
    /// finds it done.
    ///
    /// # Errors
    ///
    /// `Conflict` if the database is newer than this program.
    pub async fn migrate(&self) -> Result<()> {
        if self.migration_state().await? == MigrationState::UpToDate {
            return Ok(());
        }
        let alone = self.begin(&Reach::Everything).await.map_err(database_error)?;
        dialect::lock_schema(&alone).await.map_err(database_error)?;
        match migration_state(&alone).await.map_err(database_error)? {
            MigrationState::UpToDate => Ok(()),
            MigrationState::Behind { .. } => {
                Migrator::up(&alone, None).await.map_err(database_error)?;
                alone.commit().await.map_err(database_error)
            }
            MigrationState::Newer { unknown } => Err(Error::Conflict(format!(
                "the database is newer than this program: it has the migrations {}; use the newer program, or a database \
                 of its own",
                unknown.join(", ")
            ))),
        }
    }

    /// How the schema stands; nothing is written.
    pub async fn migration_state(&self) -> Result<MigrationState> {
        self.repeating(|| migration_state(&self.db)).await
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<()> {
        self.rows(&Query::select().expr(Expr::val(1)).take()).await.map(|_| ())
    }

    /// All partners of the installation by name: id, tenant, name.
    pub async fn partners(&self) -> Result<Vec<(PartnerId, String, String)>> {
        let mut select = Query::select();
        select.columns(["id", "tenant_id", "name"]).from("partner");
        select.order_by("name", sea_orm::Order::Asc).order_by("id", sea_orm::Order::Asc);
        let rows = self.rows(&select).await?;
        let partner = |row| {
            let mut row = Row::new(row);
            Ok((PartnerId(row.take()?), row.take()?, row.take()?))
        };
        rows.iter().map(partner).collect()
    }

    /// The installation's own random 32 bytes; every node has the same.
    pub async fn cursor_key(&self) -> Result<Vec<u8>> {
        let rows = self.rows(&Query::select().column("cursor_key").from("installation").take()).await?;
        let row = rows.first().ok_or_else(|| Error::internal("the database has no row in installation"))?;
        Row::new(row).take()
    }

    /// What tells the installation from others: 16 letters and digits, of which nobody can guess its key.
    pub async fn installation(&self) -> Result<String> {
        let digest = Sha256::new_with_prefix("installation").chain_update(self.cursor_key().await?).finalize();
        Ok(digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect())
    }
}

impl ScopedStore {
    /// How often each kind of thing has changed: a number that grows with every commit that touched one,
    /// even where only the time of observation moved and nothing stands in the log. Kinds that never changed are
    /// missing.
    pub async fn versions(&self) -> Result<HashMap<EntityKind, i64>> {
        let mut select = Query::select();
        select
            .columns(["kind", "version"])
            .from("log_position")
            .and_where(Expr::col("partner_id").eq(self.scope.partner.0));
        let rows = self.rows(&select).await?;
        let version = |row| {
            let mut row = Row::new(row);
            Ok((row.take::<String>()?.parse().map_err(Error::internal)?, row.take()?))
        };
        rows.iter().map(version).collect()
    }
}

async fn migration_state<C: ConnectionTrait>(db: &C) -> Result<MigrationState, DbErr>
where
    for<'c> &'c C: IntoSchemaManagerConnection<'c>,
{
    let recorded = Migrator::migration_table_name().to_string();
    let applied: Vec<String> = match SchemaManager::new(db).has_table(&recorded).await? {
        true => {
            let rows = db.query_all(&Query::select().column("version").from(recorded).take()).await?;
            rows.iter().map(|row| row.try_get_by_index(0)).collect::<Result<_, DbErr>>()?
        }
        false => Vec::new(),
    };
    let known: Vec<String> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
    let unknown: Vec<String> = applied.iter().filter(|name| !known.contains(name)).cloned().collect();
    let pending = known.iter().filter(|name| !applied.contains(name)).count();
    Ok(match (unknown.is_empty(), pending) {
        (false, _) => MigrationState::Newer { unknown },
        (true, 0) => MigrationState::UpToDate,
        (true, pending) => MigrationState::Behind { pending },
    })
}

/// Connects; the caller has to count statements itself.
async fn open(mut options: ConnectOptions) -> Result<DatabaseConnection, DbErr> {
    options.min_connections(1).acquire_timeout(Duration::from_secs(5)).sqlx_logging(false);
    // A broken connection is noticed by the statement itself, which is then repeated: no ping before each use.
    options.test_before_acquire(false);
    Database::connect(options).await
}

/// How many statements SQLite can answer at the same time: it runs in this process, and each connection has a thread.
fn at_once() -> u32 {
    std::thread::available_parallelism().map_or(4, |cores| 2 * cores.get() as u32)
}

fn sqlite(url: &str) -> Result<SqliteConnectOptions> {
    if url.contains(":memory:") || url.contains("mode=memory") {
        let reason = "each connection would have a database of its own in memory; give a file, e.g. sqlite://data.db";
        return Err(Error::invalid("database.url", reason));
    }
    let options: SqliteConnectOptions =
        url.parse().map_err(|error| Error::invalid("database.url", format!("{error}")))?;
    Ok(options
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        // In WAL mode a power cut may lose the last commits, never the database.
        .synchronous(SqliteSynchronous::Normal)
        .busy_timeout(Duration::from_secs(5))
        .foreign_keys(true)
        .statement_cache_capacity(128)
        .pragma("temp_store", "memory")
        // Pages for each connection; the system's own cache of the file is shared by all.
        .pragma("cache_size", "-2048")
        .disable_statement_logging())
}

fn postgres(url: &str) -> Result<PgConnectOptions> {
    let options: PgConnectOptions = url.parse().map_err(|error| Error::invalid("database.url", format!("{error}")))?;
    Ok(options.statement_cache_capacity(512).application_name("supportgraph").disable_statement_logging())
}
