//! What happened, to whoever listens: nothing lost, nothing twice.
//!
//! Every partner that somebody on this node listens to has one reader ([`hub`]). It is woken by commits of this process,
//! by the [`bus`], and by the clock on the wall; it reads the log in order and hands each event to the [`group`]s that
//! watch it. A group is all who listen alike: what an event says to them is worked out once. A [`listener`] reads the log
//! for itself until it has reached its group, and again whenever it was too slow for it.

mod bus;
mod group;
mod hub;
mod index;
mod listener;
mod moment;
#[cfg(feature = "nats")]
mod nats;
mod topic;

use std::{
    collections::HashMap,
    sync::{Arc, Weak},
    time::Duration,
};

use chrono::TimeDelta;
use futures::{StreamExt, stream::BoxStream};
use tokio::{
    sync::{Mutex, Semaphore, broadcast},
    task::JoinHandle,
};

pub use bus::{Bus, InProcess};
pub use listener::Listening;
pub use moment::{Change, Moment, Row};
#[cfg(feature = "nats")]
pub use nats::Nats;
pub use topic::{Interest, Part, Place, Telling, Told, Topic};

use self::hub::Hub;
use crate::{
    config::LiveConfig,
    domain::{
        PartnerId, Result,
        clock::Clock,
        event::{News, Standing},
    },
    store::Store,
    telemetry::LiveMetrics,
};

/// So many groups and listeners are told something at the same time: the rest of the connections to the database is for
/// those who ask.
const TELLING_AT_ONCE: usize = 4;

/// How often the log is shortened, and how long after the start for the first time: a start has enough to do.
const TIDY_EVERY: Duration = Duration::from_secs(3600);
const FIRST_TIDY: Duration = Duration::from_secs(600);

/// How long to wait for a database that does not answer.
const PAUSE: Duration = Duration::from_secs(1);

/// All that is live on this node. Cheap to clone; the last one stops its readers.
#[derive(Clone)]
pub struct Live(Arc<Shared>);

struct Shared {
    store: Store,
    clock: Clock,
    /// How long to wait for news before looking for oneself.
    poll: Duration,
    /// How long the log is kept.
    keep: TimeDelta,
    metrics: LiveMetrics,
    telling: Semaphore,
    hubs: Mutex<HashMap<PartnerId, Weak<Hub>>>,
    tasks: std::sync::Mutex<Vec<JoinHandle<()>>>,
}

impl Live {
    /// Begins to follow the commits of this process and what `bus` brings from others.
    pub fn start(store: Store, clock: Clock, config: &LiveConfig, bus: Arc<dyn Bus>, metrics: LiveMetrics) -> Self {
        let (commits, others) = (store.commits(), bus.listen());
        let live = Self(Arc::new(Shared {
            store,
            clock,
            poll: Duration::from_secs(config.poll_seconds),
            keep: TimeDelta::days(i64::try_from(config.keep_days).unwrap_or(i64::MAX)),
            metrics,
            telling: Semaphore::new(TELLING_AT_ONCE),
            hubs: Mutex::default(),
            tasks: std::sync::Mutex::default(),
        }));
        let shared = Arc::downgrade(&live.0);
        let tasks =
            vec![tokio::spawn(follow(shared.clone(), commits, others, bus)), tokio::spawn(tidy_regularly(shared))];
        *live.0.tasks.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = tasks;
        live
    }

    /// What time it is for whoever tells something.
    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    /// Shortens the logs to what is to be kept. Gives how many events were forgotten.
    pub async fn tidy(&self) -> Result<u64> {
        self.0.tidy().await
    }
}

impl Shared {
    async fn tidy(&self) -> Result<u64> {
        let now = self.clock.now();
        let keep_since = now.checked_sub_signed(self.keep).unwrap_or(chrono::DateTime::UNIX_EPOCH);
        self.store.tidy_logs(now, keep_since).await
    }

    /// The reader of a partner, which is there as long as somebody holds it.
    async fn hub(self: &Arc<Self>, partner: PartnerId) -> Result<Arc<Hub>> {
        let mut hubs = self.hubs.lock().await;
        if let Some(hub) = hubs.get(&partner).and_then(Weak::upgrade) {
            return Ok(hub);
        }
        hubs.retain(|_, hub| hub.strong_count() > 0);
        let hub = Hub::start(self, partner).await?;
        hubs.insert(partner, Arc::downgrade(&hub));
        Ok(hub)
    }

    /// Wakes the reader of a partner; without news, all of them.
    async fn wake(&self, news: Option<News>) {
        let hubs = self.hubs.lock().await;
        match news {
            Some(news) => {
                hubs.get(&news.standing.partner).and_then(Weak::upgrade).into_iter().for_each(|hub| hub.hear(&news));
            }
            None => hubs.values().filter_map(Weak::upgrade).for_each(|hub| hub.look()),
        }
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.tasks.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).iter().for_each(JoinHandle::abort);
    }
}

/// Wakes readers when there is something to read, and tells other nodes of our own commits.
async fn follow(
    shared: Weak<Shared>,
    mut commits: broadcast::Receiver<News>,
    mut others: BoxStream<'static, Option<Standing>>,
    bus: Arc<dyn Bus>,
) {
    loop {
        let news = tokio::select! {
            own = commits.recv() => match own {
                Ok(news) => {
                    bus.publish(news.standing);
                    Some(news)
                }
                Err(broadcast::error::RecvError::Lagged(_)) => None,
                Err(broadcast::error::RecvError::Closed) => return,
            },
            Some(news) = others.next() => news.map(News::from),
        };
        let Some(shared) = shared.upgrade() else { return };
        shared.wake(news).await;
    }
}

async fn tidy_regularly(shared: Weak<Shared>) {
    tokio::time::sleep(FIRST_TIDY).await;
    while let Some(live) = shared.upgrade() {
        match live.tidy().await {
            Ok(0) => {}
            Ok(events) => tracing::info!(events, "the log was shortened"),
            Err(error) => tracing::warn!(%error, "the log could not be shortened"),
        }
        drop(live);
        tokio::time::sleep(TIDY_EVERY).await;
    }
}
