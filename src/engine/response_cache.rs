//! Whole answers, valid exactly while what they were made from is unchanged.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    FutureExt as _,
    future::{BoxFuture, Shared},
};
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};
use strum::VariantArray;
use uuid::Uuid;

use super::{context::Context, plan::Plan, request::Request};
use crate::domain::{Result, event::EntityKind};

/// How often each kind of entity has changed for one partner, by [`EntityKind`].
pub type Versions = [i64; EntityKind::VARIANTS.len()];

/// Asks for the present versions of the partner that a context speaks for.
pub type ReadVersions = fn(&Context) -> BoxFuture<'static, Result<Versions>>;

/// What an answer depends on: the audience, the document, the operation and the variables.
type Key = [u8; 32];

struct Entry {
    body: Bytes,
    reads: Vec<EntityKind>,
    versions: Versions,
    /// When the answer would be another though nothing were written.
    changes_at: Option<DateTime<Utc>>,
}

/// A bounded store of answers.
pub(super) struct ResponseCache {
    entries: Cache<Key, Arc<Entry>, BySize>,
    readings: Readings,
    largest: usize,
}

/// The readings of versions, one after the other for each partner. Whoever comes while one is under way waits for the
/// next, together with all others who do: a reading that began earlier might have missed what they must see.
struct Readings {
    read_versions: ReadVersions,
    of: Mutex<HashMap<Uuid, Arc<Turns>>>,
}

#[derive(Default)]
struct Turns {
    /// Held by the reading that is under way.
    under_way: futures::lock::Mutex<()>,
    /// The reading that has not begun.
    next: Mutex<Option<Shared<BoxFuture<'static, Result<Versions>>>>>,
}

impl Readings {
    async fn read(&self, context: &Context) -> Result<Versions> {
        let turns = {
            let mut of = self.of.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(of.entry(context.realm).or_default())
        };
        let reading = {
            let mut next = turns.next.lock().unwrap_or_else(PoisonError::into_inner);
            next.get_or_insert_with(|| read_in_turn(Arc::clone(&turns), (self.read_versions)(context)).boxed().shared())
                .clone()
        };
        reading.await
    }
}

async fn read_in_turn(turns: Arc<Turns>, reading: BoxFuture<'static, Result<Versions>>) -> Result<Versions> {
    let _turn = turns.under_way.lock().await;
    // From here on nobody joins.
    turns.next.lock().unwrap_or_else(PoisonError::into_inner).take();
    reading.await
}

#[derive(Clone)]
struct BySize;

impl Weighter<Key, Arc<Entry>> for BySize {
    fn weight(&self, _: &Key, entry: &Arc<Entry>) -> u64 {
        entry.body.len() as u64 + 256
    }
}

/// What a miss leaves behind: where to put the answer, and the versions it was begun at.
pub(super) struct Place {
    key: Key,
    versions: Versions,
}

impl ResponseCache {
    /// Keeps up to `bytes` of answers.
    pub(super) fn new(bytes: usize, read_versions: ReadVersions) -> Self {
        let entries = Cache::with_weighter((bytes / 8192).max(16), bytes as u64, BySize);
        let readings = Readings { read_versions, of: Mutex::default() };
        Self { entries, readings, largest: bytes / 8 }
    }

    /// The kept answer if it still holds, else the place for a new one.
    pub(super) async fn look_up(&self, request: &Request, context: &Context) -> Result<Result<Bytes, Place>> {
        let key = key(request, context);
        // Read before anything else: an answer that was begun earlier than a change must not outlive it.
        let versions = self.readings.read(context).await?;
        if let Some(entry) = self.entries.get(&key) {
            let unchanged = entry.reads.iter().all(|kind| entry.versions[*kind as usize] == versions[*kind as usize]);
            if unchanged && entry.changes_at.is_none_or(|instant| context.now < instant) {
                return Ok(Ok(entry.body.clone()));
            }
        }
        Ok(Err(Place { key, versions }))
    }

    pub(super) fn keep(&self, place: Place, plan: &Plan, body: &Bytes, changes_at: Option<DateTime<Utc>>) {
        if body.len() <= self.largest {
            let reads = plan.reads.iter().copied().collect();
            let entry = Entry { body: body.clone(), reads, versions: place.versions, changes_at };
            self.entries.insert(place.key, Arc::new(entry));
        }
    }
}

fn key(request: &Request, context: &Context) -> Key {
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(context.audience.as_bytes());
    part(request.query.as_deref().unwrap_or_default().as_bytes());
    part(request.operation_name.as_deref().unwrap_or_default().as_bytes());
    // The order of members is the client's; another order is merely another entry.
    part(&serde_json::to_vec(&request.variables).unwrap_or_default());
    hash.finalize().into()
}
