//! The one place where parts are joined: configuration in, running server out, stopped in order.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::{Context as _, anyhow, bail};
use futures::{FutureExt as _, future::OptionFuture};
use secrecy::ExposeSecret;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

#[cfg(feature = "nats")]
use crate::live::Nats;
use crate::{
    audit::{AuditLog, AuditWriter},
    auth::{Auth, Local},
    config::{Config, DatabaseConfig},
    domain::{
        access::Role,
        clock::Clock,
        document::{RegisteredOnly, TrustedDocument},
    },
    engine::{Engine, Limits},
    graphql,
    http::{self, Http},
    live::{Bus, InProcess, Live},
    quota::{Failures, Quota},
    store::{MigrationState, Store},
    telemetry::Metrics,
};

/// A running server.
pub struct App {
    /// Where it listens; tells the port when the configuration left the choice to the system.
    pub addr: SocketAddr,
    /// Where it listens to the operator's tools, if it does.
    pub operators_addr: Option<SocketAddr>,
    pub store: Store,
    pub engine: Engine,
    pub live: Live,
    pub metrics: Metrics,
    stop: oneshot::Sender<()>,
    serving: JoinHandle<usize>,
    audit: AuditWriter,
}

impl App {
    /// Connects to the database, makes sure that it fits, and listens.
    ///
    /// # Errors
    ///
    /// An address that others can reach without authentication, a database that is unreachable, behind or ahead, a port that is taken.
    pub async fn start(config: &Config, clock: Clock) -> anyhow::Result<Self> {
        Self::start_for(config, clock, Local::admin(config.server.partner.clone())).await
    }

    /// The same, where callers on this machine are somebody else than a Global admin.
    ///
    /// # Errors
    ///
    /// As [`App::start`].
    pub async fn start_for(config: &Config, clock: Clock, local: Local) -> anyhow::Result<Self> {
        let store = open(config).await?;
        let bus = bus(config, &store).await?;
        Self::run(config, clock, store, bus, local).await
    }

    /// The same as a node among others in this process that hear of each other by `bus`.
    ///
    /// # Errors
    ///
    /// As [`App::start`].
    pub async fn start_on(config: &Config, clock: Clock, bus: Arc<dyn Bus>) -> anyhow::Result<Self> {
        Self::run(config, clock, open(config).await?, bus, Local::admin(config.server.partner.clone())).await
    }

    async fn run(config: &Config, clock: Clock, store: Store, bus: Arc<dyn Bus>, local: Local) -> anyhow::Result<Self> {
        let cursor_key = store.cursor_key().await.map_err(with_cause)?;
        let cursor_key =
            cursor_key.try_into().map_err(|_| anyhow!("the key of the database does not have 32 bytes"))?;
        let engine = schema(config, cursor_key);
        warn_of_broken_documents(&store, &engine).await?;
        let metrics = Metrics::default();
        let (audit, audit_writer) = AuditLog::start(store.clone(), clock.clone(), metrics.audit_lost.clone());
        let live = Live::start(store.clone(), clock.clone(), &config.live, bus, metrics.live.clone());
        let quota = Quota::start(&config.limits, &store, clock.clone(), metrics.quota.clone());
        let per_minute = config.auth.failures_per_minute;
        let failures = Failures::new(per_minute, clock.clone(), metrics.credentials.clone());
        let parts = http::Parts {
            auth: Auth::new(&config.auth, local, &store, &clock).map_err(with_cause)?,
            engine: engine.clone(),
            store: store.clone(),
            clock,
            live: live.clone(),
            quota,
            failures,
            metrics: metrics.clone(),
            introspecting: Role::named(&config.limits.introspection)
                .map_err(|name| anyhow!("limits.introspection: {name:?} is no role"))?,
            registered_only: registered_only(config)?,
            audit,
        };
        let http = Http::new(parts, config.server.clone(), &config.limits, config.live.clone());

        let listener = bind(config.server.listen, "server.listen").await?;
        let addr = listener.local_addr()?;
        let operators = match config.server.metrics_listen {
            Some(listen) => Some(bind(listen, "server.metrics_listen").await?),
            None => None,
        };
        let operators_addr = operators.as_ref().map(TcpListener::local_addr).transpose()?;
        let (stop, stopped) = oneshot::channel();
        // A dropped sender stops the server as well: nothing is left behind by a test that fails.
        let stopped = async { drop(stopped.await) }.shared();
        let limits = http::Limits {
            connections: config.server.connections,
            header_timeout: Duration::from_secs(config.server.header_timeout_seconds),
            write_timeout: Duration::from_secs(config.server.write_timeout_seconds),
            drain_timeout: Duration::from_secs(config.server.drain_timeout_seconds),
        };
        let serving = tokio::spawn(async move {
            let operators = OptionFuture::from(
                operators
                    .map(|listener| http::serve(listener, http.clone().operators_router(), limits, stopped.clone())),
            );
            let (cut_off, of_operators) =
                tokio::join!(http::serve(listener, http.router(), limits, stopped), operators);
            cut_off + of_operators.unwrap_or_default()
        });
        Ok(Self { addr, operators_addr, store, engine, live, metrics, stop, serving, audit: audit_writer })
    }

    /// Accepts nothing new, answers what is in flight, and returns how many requests had to be cut off.
    ///
    /// # Errors
    ///
    /// Only if the server's task had failed before.
    pub async fn stop(self) -> anyhow::Result<usize> {
        // The receiver is gone only if the task is, and then waiting for it tells why.
        let _ = self.stop.send(());
        let served = self.serving.await.context("the server failed while it was running");
        self.audit.stop().await;
        served
    }
}

/// Listens where `setting` says.
async fn bind(listen: SocketAddr, setting: &str) -> anyhow::Result<TcpListener> {
    let taken =
        || format!("cannot listen on {listen}; is another server running there? Choose another port with {setting}");
    TcpListener::bind(listen).await.with_context(taken)
}

/// The configured database, once it is clear that it may be served as configured.
async fn open(config: &Config) -> anyhow::Result<Store> {
    if let Some(problems) = config.refused() {
        return Err(problems.into());
    }
    let store = connect(&config.database).await?;
    bring_up_to_date(&store, &config.database).await?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    if let Some(warning) = missing_second_wall(&store, &config.database).await? {
        tracing::warn!("{warning}");
    }
    Ok(store)
}

/// Who may run registered documents only.
fn registered_only(config: &Config) -> anyhow::Result<RegisteredOnly> {
    RegisteredOnly::of(&config.documents.only)
        .map_err(|unknown| anyhow!("documents.only: {unknown:?} is neither a lane nor a role"))
}

/// Tells which registered documents the schema of today refuses: their clients will hear the same.
async fn warn_of_broken_documents(store: &Store, engine: &Engine) -> anyhow::Result<()> {
    for document in store.documents().await.map_err(with_cause)? {
        if engine.check(&document.text).is_err() {
            let TrustedDocument { hash, names, .. } = document;
            tracing::warn!(
                hash,
                ?names,
                "a registered document can no longer be run; see `supportgraph documents check`"
            );
        }
    }
    Ok(())
}

/// How this node hears of others: over the configured bus, else not but by looking.
#[cfg_attr(not(feature = "nats"), expect(unused_variables, reason = "a bus needs them"))]
async fn bus(config: &Config, store: &Store) -> anyhow::Result<Arc<dyn Bus>> {
    #[cfg(feature = "nats")]
    if config.bus.url.is_some() {
        let installation = store.installation().await.map_err(with_cause)?;
        return Ok(Arc::new(Nats::start(&config.bus, &installation).await.map_err(with_cause)?));
    }
    Ok(Arc::new(InProcess::default()))
}

/// The schema with the configured limits.
pub fn schema(config: &Config, cursor_key: [u8; 32]) -> Engine {
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let Config { limits, cache, documents, .. } = config;
    let limits = Limits {
        tokens: size(limits.tokens),
        depth: limits.depth,
        aliases: limits.aliases,
        directives: limits.directives,
        root_fields: limits.root_fields,
        selections: limits.selections,
        cost: limits.cost,
        answer_bytes: size(limits.answer_bytes),
        page_size: u32::try_from(limits.page_size).unwrap_or(u32::MAX),
    };
    let kept = graphql::Kept {
        documents: size(cache.documents),
        automatic_bytes: size(documents.automatic_bytes),
        response_bytes: cache.enabled.then(|| size(cache.response_bytes)),
    };
    graphql::build(limits, kept, cursor_key)
}

/// Opens the configured database.
///
/// # Errors
///
/// If it does not answer.
pub async fn connect(config: &DatabaseConfig) -> anyhow::Result<Store> {
    let max_connections = u32::try_from(config.max_connections).unwrap_or(u32::MAX);
    let store = Store::connect(config.url.expose_secret(), max_connections)
        .await
        .map_err(with_cause)
        .context("cannot open the database; check database.url and that the database is running")?;
    Ok(if config.row_level_security { store } else { store.without_row_level_security() })
}

/// What to do about a PostgreSQL database that holds back nothing though it is meant to; none if all is well.
///
/// # Errors
///
/// If the database does not answer.
pub async fn missing_second_wall(store: &Store, config: &DatabaseConfig) -> anyhow::Result<Option<&'static str>> {
    if config.is_embedded() || !config.row_level_security || store.has_second_wall().await.map_err(with_cause)? {
        return Ok(None);
    }
    Ok(Some(
        "the role in database.url is a superuser or has BYPASSRLS, so row level security holds back nothing from it; let \
         a plain role own the database, such as: create role supportgraph login password '…'; alter database … owner to \
         supportgraph; or set database.row_level_security to false",
    ))
}

/// Makes sure that the database has the tables of this program.
///
/// The embedded database belongs to this process alone and is brought up to date. PostgreSQL may serve other nodes of
/// another version, so there it is somebody's decision.
///
/// # Errors
///
/// If the database is newer than this program, or older and not to be touched.
pub async fn bring_up_to_date(store: &Store, config: &DatabaseConfig) -> anyhow::Result<()> {
    let embedded = config.is_embedded();
    match store.migration_state().await.map_err(with_cause)? {
        MigrationState::UpToDate => Ok(()),
        MigrationState::Behind { .. } if embedded || config.migrate_at_start => {
            store.migrate().await.map_err(with_cause).context("the database could not be brought up to date")
        }
        MigrationState::Behind { .. } => {
            bail!(
                "the database is older than this program; run `supportgraph migrate`, or set database.migrate_at_start"
            )
        }
        MigrationState::Newer { .. } => Err(newer_database()),
    }
}

/// A database that a later version of the program has changed.
pub fn newer_database() -> anyhow::Error {
    anyhow::anyhow!(
        "the database is newer than this program ({}); use the version that migrated it, or a later one",
        env!("CARGO_PKG_VERSION")
    )
}

/// What a person at the command line should know: the cause, which a response would never show.
pub fn with_cause(error: crate::domain::Error) -> anyhow::Error {
    use crate::domain::Error::{Internal, Unavailable};
    match &error {
        Internal(cause) | Unavailable(cause) => anyhow::anyhow!("{cause}"),
        _ => anyhow::anyhow!(error),
    }
}
