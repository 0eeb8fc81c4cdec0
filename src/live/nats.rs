//! Between nodes, over NATS JetStream. The latest message of each partner is kept, so a node that comes, or comes back,
//! learns at once how far every log has come.

use std::{
    collections::HashMap,
    convert::Infallible,
    str::FromStr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_nats::{
    ConnectOptions, Event, ServerAddr,
    jetstream::{
        self,
        consumer::{DeliverPolicy, pull::OrderedConfig},
        stream,
    },
};
use futures::{StreamExt, stream::BoxStream};
use secrecy::ExposeSecret;
use tokio::{
    sync::{Notify, broadcast, watch},
    task::JoinHandle,
    time::timeout,
};
use uuid::Uuid;

use super::{
    PAUSE,
    bus::{self, Bus},
};
use crate::{
    config::BusConfig,
    domain::{Error, PartnerId, Result, event::Standing},
};

/// How often a silent connection is asked for a sign of life.
const PING_EVERY: Duration = Duration::from_secs(10);

/// A connection in the background: without NATS nothing waits, and nothing is lost that others would not find by looking.
pub struct Nats {
    link: Arc<Link>,
    tasks: [JoinHandle<()>; 2],
}

/// What both tasks share.
struct Link {
    jetstream: jetstream::Context,
    /// Of the stream. Subjects begin with it.
    name: String,
    connection: Arc<Connection>,
    /// Whether the stream is there and heard. Each time that it is heard anew is a change.
    is_ready: watch::Sender<bool>,
    outbox: Outbox,
    heard: broadcast::Sender<Standing>,
}

/// What the client's events tell.
#[derive(Default)]
struct Connection {
    is_up: AtomicBool,
    /// It was lost, or is there again.
    changed: Notify,
    /// What went wrong last.
    trouble: Mutex<String>,
}

impl Nats {
    /// Begins to connect, and does so again whenever the connection is lost. Nodes of the same `installation` hear of each
    /// other.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] if an address or the credentials cannot be read. A server that does not answer is none.
    pub async fn start(config: &BusConfig, installation: &str) -> Result<Self> {
        let connection = Arc::<Connection>::default();
        let client = options(config, Arc::clone(&connection))?
            .connect(servers(config)?)
            .await
            .map_err(|error| Error::invalid("bus.url", error.to_string()))?;
        let link = Arc::new(Link {
            jetstream: jetstream::new(client),
            name: format!("supportgraph_{installation}"),
            connection,
            is_ready: watch::Sender::default(),
            outbox: Outbox::default(),
            heard: broadcast::Sender::new(1024),
        });
        let tasks = [tokio::spawn(keep_hearing(Arc::clone(&link))), tokio::spawn(keep_telling(Arc::clone(&link)))];
        Ok(Self { link, tasks })
    }
}

impl Bus for Nats {
    fn publish(&self, standing: Standing) {
        self.link.outbox.put(standing);
    }

    fn listen(&self) -> BoxStream<'static, Option<Standing>> {
        bus::told(self.link.heard.subscribe())
    }
}

impl Drop for Nats {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

fn servers(config: &BusConfig) -> Result<Vec<ServerAddr>> {
    let urls = config.url.as_ref().map_or("", |url| url.expose_secret());
    let server =
        |url: &str| ServerAddr::from_str(url.trim()).map_err(|error| Error::invalid("bus.url", error.to_string()));
    urls.split(',').map(server).collect()
}

fn options(config: &BusConfig, connection: Arc<Connection>) -> Result<ConnectOptions> {
    let options = ConnectOptions::new()
        .name("supportgraph")
        .retry_on_initial_connect()
        .ping_interval(PING_EVERY)
        .reconnect_delay_callback(|attempts| PAUSE.min(Duration::from_millis(50) * attempts as u32))
        .event_callback(move |event| {
            connection.note(&event);
            std::future::ready(())
        });
    match &config.credentials {
        None => Ok(options),
        Some(credentials) => options
            .credentials(credentials.expose_secret())
            .map_err(|error| Error::invalid("bus.credentials", error.to_string())),
    }
}

impl Connection {
    fn note(&self, event: &Event) {
        match event {
            Event::Connected | Event::Disconnected | Event::Closed => {
                self.is_up.store(*event == Event::Connected, Ordering::Relaxed);
                self.changed.notify_one();
            }
            trouble => *self.trouble() = trouble.to_string(),
        }
    }

    fn trouble(&self) -> MutexGuard<'_, String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Hears what others tell. Begins anew with each connection: what was asked for on the one before may never be answered.
async fn keep_hearing(link: Arc<Link>) {
    let mut works = None;
    loop {
        link.is_ready.send_replace(false);
        tokio::select! {
            Err(error) = link.hear(&mut works) => {
                link.complain(&mut works, &error);
                let _ = timeout(PAUSE, link.connection.changed.notified()).await;
            }
            () = link.connection.changed.notified() => {}
        }
    }
}

/// Tells others what is in the outbox. It goes back there if NATS does not confirm it.
async fn keep_telling(link: Arc<Link>) {
    let mut works = None;
    let mut ready = link.is_ready.subscribe();
    loop {
        let standing = link.outbox.next().await;
        let _ = ready.wait_for(|is_ready| *is_ready).await;
        tokio::select! {
            told = link.tell(standing) => match told {
                Ok(()) => works = Some(true),
                Err(error) => {
                    link.outbox.put_back(standing);
                    link.complain(&mut works, &error);
                    // Perhaps the stream is gone, and has to be made again.
                    link.connection.changed.notify_one();
                    tokio::time::sleep(PAUSE).await;
                }
            },
            _ = ready.changed() => link.outbox.put_back(standing),
        }
    }
}

impl Link {
    /// Hears what is kept, and what comes, until that fails.
    async fn hear(&self, works: &mut Option<bool>) -> Result<Infallible, async_nats::Error> {
        if !self.connection.is_up.load(Ordering::Relaxed) {
            // A connection that comes meanwhile is a new beginning.
            tokio::time::sleep(PAUSE).await;
            return Err("no server answers".into());
        }
        let kept = stream::Config {
            name: self.name.clone(),
            subjects: vec![format!("{}.*", self.name)],
            max_messages_per_subject: 1,
            description: Some("How far the log of each partner has come.".to_owned()),
            ..Default::default()
        };
        let latest = OrderedConfig {
            filter_subject: format!("{}.*", self.name),
            deliver_policy: DeliverPolicy::LastPerSubject,
            ..Default::default()
        };
        let stream = self.jetstream.get_or_create_stream(kept).await?;
        let mut messages = stream.create_consumer(latest).await?.messages().await?;
        self.is_ready.send_replace(true);
        if works.replace(true) != Some(true) {
            tracing::info!("nodes hear of each other over NATS");
        }
        while let Some(message) = messages.next().await {
            if let Some(standing) = read(&message?) {
                // Nobody may be listening.
                let _ = self.heard.send(standing);
            }
        }
        Err("the messages ended".into())
    }

    async fn tell(&self, Standing { partner, position }: Standing) -> Result<(), async_nats::Error> {
        let subject = format!("{}.{}", self.name, partner.0.simple());
        self.jetstream.publish(subject, position.to_string().into()).await?.await?;
        Ok(())
    }

    /// Says that NATS does not work, unless that was said already.
    fn complain(&self, works: &mut Option<bool>, error: &async_nats::Error) {
        if works.replace(false) != Some(false) {
            let trouble = self.connection.trouble().clone();
            tracing::warn!(
                %error,
                trouble,
                "NATS cannot be used; until it can, nodes look for each other's changes every live.poll_seconds"
            );
        }
    }
}

/// Nothing else is ever published under our subjects; what cannot be read is left alone.
fn read(message: &jetstream::Message) -> Option<Standing> {
    let partner = message.subject.rsplit('.').next().and_then(|id| Uuid::try_parse(id).ok())?;
    let position = std::str::from_utf8(&message.payload).ok()?.parse().ok()?;
    Some(Standing { partner: PartnerId(partner), position })
}

/// What is still to be told: the latest of each partner is enough.
#[derive(Default)]
struct Outbox {
    standings: Mutex<HashMap<PartnerId, i64>>,
    filled: Notify,
}

impl Outbox {
    fn put(&self, Standing { partner, position }: Standing) {
        self.standings().insert(partner, position);
        self.filled.notify_one();
    }

    /// Not over something later.
    fn put_back(&self, Standing { partner, position }: Standing) {
        self.standings().entry(partner).or_insert(position);
    }

    async fn next(&self) -> Standing {
        loop {
            if let Some(standing) = self.take() {
                return standing;
            }
            self.filled.notified().await;
        }
    }

    fn take(&self) -> Option<Standing> {
        let mut standings = self.standings();
        let partner = *standings.keys().next()?;
        let position = standings.remove(&partner)?;
        Some(Standing { partner, position })
    }

    fn standings(&self) -> MutexGuard<'_, HashMap<PartnerId, i64>> {
        self.standings.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
