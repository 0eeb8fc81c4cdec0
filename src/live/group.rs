//! All who listen alike: each event is worked out once for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::broadcast;

use super::{
    PAUSE,
    hub::Hub,
    moment::Moment,
    topic::{Part, Place, Told, Topic},
};
use crate::domain::{Error, Result};

/// What makes listeners alike.
pub(super) type Key = [u8; 32];

/// So many sheets wait for a listener; one that is further behind reads the log for itself.
const SHEETS: usize = 16;

/// So many events are told at once.
const MOST_AT_ONCE: usize = 128;

/// So many events wait for a group that is slow to be told; then its listeners are sent to the log.
const MOST_WAITING: usize = 4096;

/// What a group sends to its listeners.
#[derive(Clone)]
pub(super) enum Sheet {
    /// Payloads in order. Whoever has come further already skips them.
    Told(Arc<[Told]>),
    /// Something is missing here: go back to the log.
    Gap,
}

pub(super) struct Group {
    /// Tells it from another with the same key, before or after it.
    pub(super) number: u64,
    pub(super) key: Key,
    pub(super) topic: Arc<dyn Topic>,
    pub(super) hub: Arc<Hub>,
    sheets: broadcast::Sender<Sheet>,
    inbox: Mutex<Inbox>,
}

#[derive(Default)]
struct Inbox {
    waiting: Vec<Arc<Moment>>,
    /// Somebody is at work on it.
    is_open: bool,
}

impl Group {
    pub(super) fn new(number: u64, key: Key, topic: Arc<dyn Topic>, hub: Arc<Hub>) -> Self {
        Self { number, key, topic, hub, sheets: broadcast::Sender::new(SHEETS), inbox: Mutex::default() }
    }

    pub(super) fn subscribe(&self) -> broadcast::Receiver<Sheet> {
        self.sheets.subscribe()
    }

    /// Whether an event is for those who listen here.
    pub(super) fn wants(&self, moment: &Moment) -> bool {
        self.topic.interest().admits(moment) && self.topic.wants(moment)
    }

    /// Takes events of which the group wants each, in order, and tells them when it is their turn.
    pub(super) fn take(self: &Arc<Self>, moments: Vec<Arc<Moment>>) {
        let mut inbox = self.inbox();
        inbox.waiting.extend(moments);
        if inbox.waiting.len() > MOST_WAITING {
            inbox.waiting.clear();
            self.send(Sheet::Gap);
        }
        if !inbox.waiting.is_empty() && !inbox.is_open {
            inbox.is_open = true;
            tokio::spawn(Arc::clone(self).tell_waiting());
        }
    }

    pub(super) fn send_to_the_log(&self) {
        self.inbox().waiting.clear();
        self.send(Sheet::Gap);
    }

    async fn tell_waiting(self: Arc<Self>) {
        while let Some(moments) = self.next_waiting() {
            match self.tell(&moments).await {
                Ok(told) if told.is_empty() => {}
                Ok(told) => self.send(Sheet::Told(told.into())),
                Err(error) => {
                    // Each listener will find out for itself whether this lasts.
                    tracing::warn!(%error, "events could not be told; their listeners read them again");
                    self.send(Sheet::Gap);
                }
            }
        }
    }

    /// The next events to tell; none if there is nothing to do any more.
    fn next_waiting(&self) -> Option<Vec<Arc<Moment>>> {
        let mut inbox = self.inbox();
        let count = inbox.waiting.len().min(MOST_AT_ONCE);
        inbox.is_open = count > 0;
        (count > 0).then(|| inbox.waiting.drain(..count).collect())
    }

    /// Tells `moments` as soon as the database answers.
    async fn tell(&self, moments: &[Arc<Moment>]) -> Result<Vec<Told>> {
        let live = self.hub.live();
        loop {
            let telling = moments
                .iter()
                .map(|moment| (Place::after_all_rows(moment.position), Part::Change(Arc::clone(moment).into())));
            let turn = live.telling.acquire().await;
            let told = self.topic.tell(telling.collect()).await;
            drop(turn);
            match told {
                Err(Error::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                told => {
                    live.metrics.told.inc();
                    let now = live.clock.now();
                    for moment in moments {
                        let lag = (now - moment.event.observed_at).num_milliseconds().max(0);
                        live.metrics.lag.observe(lag as f64 / 1000.0);
                    }
                    return told;
                }
            }
        }
    }

    fn send(&self, sheet: Sheet) {
        // The last listener may just have left.
        let _ = self.sheets.send(sheet);
    }

    fn inbox(&self) -> MutexGuard<'_, Inbox> {
        self.inbox.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.hub.forget(self);
    }
}
