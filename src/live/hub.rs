//! One partner's log, read once for everybody on this node.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak},
};

use tokio::{
    sync::{Notify, broadcast},
    task::AbortHandle,
};

use super::{
    PAUSE, Shared,
    group::{Group, Key, Sheet},
    index::Index,
    moment::{Moment, moments},
    topic::Topic,
};
use crate::{
    domain::{Error, PartnerId, Result, access::Scope},
    store::ScopedStore,
};

/// So many events are read at once.
pub(super) const PAGE: u32 = 500;

pub(super) struct Hub {
    live: Arc<Shared>,
    store: ScopedStore,
    news: Arc<Notify>,
    watched: Mutex<Watched>,
    reader: OnceLock<AbortHandle>,
}

struct Watched {
    /// Every event up to here was handed to the groups that were there and wanted it.
    position: i64,
    /// The log is known to go as far as this: told or read.
    known: i64,
    groups: HashMap<Key, Weak<Group>>,
    index: Index,
    /// How many groups there ever were.
    numbered: u64,
}

/// A listener's place in its group.
pub(super) struct Member {
    pub(super) group: Arc<Group>,
    pub(super) sheets: broadcast::Receiver<Sheet>,
    /// The sheets tell everything after this position, and perhaps some before it.
    pub(super) joined_at: i64,
}

impl Hub {
    /// Begins to read at the present end of the partner's log.
    pub(super) async fn start(live: &Arc<Shared>, partner: PartnerId) -> Result<Arc<Self>> {
        let store = live.store.scoped(&Scope::partner(partner));
        let position = store.log_position().await?;
        let watched =
            Watched { position, known: position, groups: HashMap::new(), index: Index::default(), numbered: 0 };
        let hub = Arc::new(Self {
            live: Arc::clone(live),
            store,
            news: Arc::default(),
            watched: Mutex::new(watched),
            reader: OnceLock::new(),
        });
        let reader = tokio::spawn(read_on(Arc::downgrade(&hub)));
        // Just made, hence empty.
        let _ = hub.reader.set(reader.abort_handle());
        Ok(hub)
    }

    pub(super) fn live(&self) -> &Arc<Shared> {
        &self.live
    }

    /// The whole partner's store, for deciding whom an event concerns.
    pub(super) fn store(&self) -> &ScopedStore {
        &self.store
    }

    /// There is something to read; nothing new if it ends at a `position` that is known already, as when one's own news
    /// comes back. A reading that failed is repeated without being told.
    pub(super) fn wake(&self, position: Option<i64>) {
        if let Some(position) = position {
            let mut watched = self.watched();
            if position <= watched.known {
                return;
            }
            watched.known = position;
        }
        self.news.notify_one();
    }

    /// Joins those who listen alike; `topic` is what the group tells if it is the first.
    pub(super) fn join(self: &Arc<Self>, key: Key, topic: &Arc<dyn Topic>) -> Member {
        let mut watched = self.watched();
        let group = watched.groups.get(&key).and_then(Weak::upgrade).unwrap_or_else(|| {
            watched.numbered += 1;
            let group = Arc::new(Group::new(watched.numbered, key, Arc::clone(topic), Arc::clone(self)));
            watched.groups.insert(key, Arc::downgrade(&group));
            watched.index.add(&group);
            group
        });
        Member { sheets: group.subscribe(), group, joined_at: watched.position }
    }

    /// Joins again at the present position: for a listener that was too slow.
    pub(super) fn rejoin(&self, member: &mut Member) {
        let watched = self.watched();
        member.sheets = member.group.subscribe();
        member.joined_at = watched.position;
    }

    /// Takes a group out that nobody listens to any more.
    pub(super) fn forget(&self, group: &Group) {
        let mut watched = self.watched();
        watched.index.remove(group.number, group.topic.interest());
        // Another group may have taken its place already.
        if watched.groups.get(&group.key).is_some_and(|known| known.strong_count() == 0) {
            watched.groups.remove(&group.key);
        }
    }

    /// Reads to the end of the log, and hands on what was read.
    async fn read_new(&self) -> Result<()> {
        loop {
            let position = self.watched().position;
            let page = self.store.log_after(position, PAGE).await?;
            let moments = moments(&self.store, page.events).await?;
            self.hand_on(page.position, &moments);
            if page.is_last {
                return Ok(());
            }
        }
    }

    /// Hands events to the groups that want them. A group that comes later is told by its listeners' own reading.
    fn hand_on(&self, position: i64, moments: &[Arc<Moment>]) {
        // The groups outlive the lock: the last to let go of one has to take it out, which needs the lock.
        let mut groups: HashMap<u64, (Arc<Group>, Vec<Arc<Moment>>)> = HashMap::new();
        let mut watched = self.watched();
        for moment in moments {
            for (number, group) in watched.index.watching(moment) {
                let (group, wanted) = match groups.entry(*number) {
                    Entry::Occupied(known) => known.into_mut(),
                    Entry::Vacant(new) => match group.upgrade() {
                        Some(group) => new.insert((group, Vec::new())),
                        None => continue,
                    },
                };
                // A group may watch several of the customers that an event concerns.
                let is_new = wanted.last().is_none_or(|last| last.position < moment.position);
                if is_new && group.wants(moment) {
                    wanted.push(Arc::clone(moment));
                }
            }
        }
        watched.position = position;
        watched.known = watched.known.max(position);
        for (group, wanted) in groups.values_mut() {
            group.take(std::mem::take(wanted));
        }
        drop(watched);
    }

    /// After events were forgotten that this node never read: whoever listens has to be told.
    async fn start_over(&self) -> Result<()> {
        let position = self.store.log_position().await?;
        let groups: Vec<Arc<Group>> = {
            let mut watched = self.watched();
            watched.position = position;
            watched.groups.values().filter_map(Weak::upgrade).collect()
        };
        groups.iter().for_each(|group| group.send_to_the_log());
        Ok(())
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.watched.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hub {
    fn drop(&mut self) {
        if let Some(reader) = self.reader.get() {
            reader.abort();
        }
    }
}

/// Reads whenever there is news, and now and then without.
async fn read_on(hub: Weak<Hub>) {
    while let Some(present) = hub.upgrade() {
        let read = match present.read_new().await {
            Err(Error::CursorExpired(_)) => present.start_over().await,
            read => read,
        };
        let mut poll = present.live.poll;
        if let Err(error) = read {
            tracing::warn!(%error, "the log could not be read; it is tried again");
            poll = poll.min(PAUSE);
        }
        let news = Arc::clone(&present.news);
        drop(present);
        // Either will do.
        let _ = tokio::time::timeout(poll, news.notified()).await;
    }
}
