//! API keys, looked up by their prefixes.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use chrono::{DateTime, TimeDelta, Utc};
use quick_cache::sync::Cache;

use super::{Denied, TurnedAway};
use crate::{
    domain::{
        Result,
        access::{Scope, Viewer},
        api_key::{ApiKey, KeyText},
        clock::Clock,
    },
    store::Store,
};

/// After that a key is looked up again: so long a revoked one may still be good.
const KNOWN_FOR: TimeDelta = TimeDelta::seconds(5);
/// How often at most it is written that a key was used.
const NOTED_EVERY: TimeDelta = TimeDelta::seconds(60);
/// Prefixes that are remembered, those that nobody has as well.
const MOST: usize = 1024;

/// The keys that were shown lately. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    store: Store,
    clock: Clock,
    known: Arc<Cache<String, Arc<Known>>>,
}

/// What the database said of a prefix.
struct Known {
    key: Option<(ApiKey, Viewer)>,
    read_at: DateTime<Utc>,
    /// Whether its use was written, or need not be.
    is_noted: AtomicBool,
}

impl Keys {
    pub fn new(store: &Store, clock: &Clock) -> Self {
        Self { store: store.clone(), clock: clock.clone(), known: Arc::new(Cache::new(MOST)) }
    }

    /// Who shows this key.
    ///
    /// # Errors
    ///
    /// `Invalid`, whether the key is unknown, revoked or at its end.
    pub async fn viewer(&self, text: &KeyText) -> Result<Viewer, TurnedAway> {
        let known = self.known(&text.prefix).await?;
        let now = self.clock.now();
        match &known.key {
            Some((key, viewer)) if key.is_of(text) => {
                if !key.is_good(now) {
                    return Err(TurnedAway { why: Denied::Invalid, who: Some(viewer.proven()) });
                }
                if !known.is_noted.swap(true, Ordering::Relaxed) {
                    tokio::spawn(note_use(self.store.clone(), key.clone(), now));
                }
                Ok(viewer.clone())
            }
            _ => Err(Denied::Invalid.into()),
        }
    }

    /// See [`super::Auth::knows`].
    pub fn knows(&self, text: &KeyText) -> bool {
        let (known, now) = (self.known.get(&text.prefix), self.clock.now());
        known.is_some_and(|known| known.key.as_ref().is_some_and(|(key, _)| key.is_of(text) && key.is_good(now)))
    }

    /// See [`super::Auth::stands`].
    pub async fn stands(&self, viewer: &Viewer) -> bool {
        let Some(prefix) = viewer.subject.strip_prefix("key:") else { return true };
        let known = self.known(prefix).await.ok().or_else(|| self.known.get(prefix));
        let now = self.clock.now();
        known.is_none_or(|known| known.key.as_ref().is_some_and(|(key, _)| key.is_good(now)))
    }

    /// What the database says of a prefix, or said a moment ago.
    async fn known(&self, prefix: &str) -> Result<Arc<Known>> {
        let now = self.clock.now();
        match self.known.get(prefix).filter(|known| now - known.read_at < KNOWN_FOR) {
            Some(known) => Ok(known),
            None => self.look_up(prefix).await,
        }
    }

    async fn look_up(&self, prefix: &str) -> Result<Arc<Known>> {
        let now = self.clock.now();
        let key = self.store.api_key(prefix).await?;
        let is_noted = key.as_ref().and_then(|key| key.last_used_at).is_some_and(|used| now - used < NOTED_EVERY);
        let key = key.map(|key| (key.viewer(), key)).map(|(viewer, key)| (key, viewer));
        let known = Arc::new(Known { key, read_at: now, is_noted: AtomicBool::new(is_noted) });
        self.known.insert(prefix.to_owned(), Arc::clone(&known));
        Ok(known)
    }
}

/// Nobody waits for this, and a use that is not written is no harm.
async fn note_use(store: Store, key: ApiKey, now: DateTime<Utc>) {
    let noting = async {
        let mut write = store.scoped(&Scope::partner(key.partner)).begin().await?;
        write.note_use_of_api_key(&key.prefix, now).await?;
        write.commit(Vec::new()).await
    };
    if let Err(error) = noting.await {
        tracing::warn!(%error, prefix = key.prefix, "the use of an API key was not noted");
    }
}
