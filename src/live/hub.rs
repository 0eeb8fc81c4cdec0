//! One partner's log, read once for everybody on this node.

use std::{
    collections::{HashMap, VecDeque, hash_map::Entry},
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
    domain::{
        Error, PartnerId, Result,
        access::Scope,
        event::{Logged, News},
    },
    store::ScopedStore,
};

/// So many events are read at once.
pub(super) const PAGE: u32 = 500;

/// So many commits wait for the reader with their events; it reads further ones from the log.
const MOST_HANDED: usize = 64;

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
    /// Whether the log may go further than is known.
    is_to_look: bool,
    /// The ends of what commits of this process have added; what is missing between them is read.
    handed: VecDeque<Arc<[Logged]>>,
    groups: HashMap<Key, Weak<Group>>,
    index: Index,
    /// How many groups there ever were.
    numbered: u64,
}

enum Next {
    /// What a commit of this process has added.
    Handed(Arc<[Logged]>),
    /// What only the log tells.
    Log { after: i64 },
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
        let watched = Watched {
            position,
            known: position,
            is_to_look: false,
            handed: VecDeque::new(),
            groups: HashMap::new(),
            index: Index::default(),
            numbered: 0,
        };
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

    /// The log goes further, if that is not known already: one's own news comes back over the bus.
    pub(super) fn hear(&self, news: &News) {
        let mut watched = self.watched();
        if news.standing.position <= watched.known {
            return;
        }
        watched.known = news.standing.position;
        if !news.events.is_empty() && watched.handed.len() < MOST_HANDED {
            watched.handed.push_back(Arc::clone(&news.events));
        }
        drop(watched);
        self.news.notify_one();
    }

    /// The log may go further.
    pub(super) fn look(&self) {
        self.watched().is_to_look = true;
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

    /// Hands on whatever the log has that was not handed on.
    async fn read_new(&self) -> Result<()> {
        while let Some(next) = self.next() {
            let (events, position) = match next {
                Next::Handed(events) => (events.to_vec(), events.last().map_or(0, |last| last.position)),
                Next::Log { after } => {
                    let page = self.store.log_after(after, PAGE).await?;
                    self.watched().is_to_look |= !page.is_last;
                    (page.events, page.position)
                }
            };
            let moments = moments(&self.store, events).await?;
            self.hand_on(position, &moments);
        }
        Ok(())
    }

    /// What comes next, if anything.
    fn next(&self) -> Option<Next> {
        let mut watched = self.watched();
        while let Some(events) = watched.handed.pop_front() {
            // What begins elsewhere was read from the log meanwhile, or another node wrote before it.
            if events.first().is_some_and(|first| first.position == watched.position + 1) {
                return Some(Next::Handed(events));
            }
        }
        let is_to_look = std::mem::take(&mut watched.is_to_look);
        (is_to_look || watched.position < watched.known).then_some(Next::Log { after: watched.position })
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
        if tokio::time::timeout(poll, news.notified()).await.is_err()
            && let Some(hub) = hub.upgrade()
        {
            hub.look();
        }
    }
}
