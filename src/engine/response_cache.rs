//! Whole answers, valid exactly while what they were made from is unchanged.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::future::BoxFuture;
use quick_cache::{Weighter, sync::Cache};
use sha2::{Digest, Sha256};
use strum::VariantArray;

use super::{context::Context, plan::Plan, request::Request};
use crate::domain::{Result, event::EntityKind};

/// How often each kind of entity has changed for one partner, by [`EntityKind`].
pub type Versions = [i64; EntityKind::VARIANTS.len()];

/// Asks for the present versions of the partner that a context speaks for.
pub type ReadVersions = for<'a> fn(&'a Context) -> BoxFuture<'a, Result<Versions>>;

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
    entries: Cache<Key, std::sync::Arc<Entry>, BySize>,
    read_versions: ReadVersions,
    largest: usize,
}

#[derive(Clone)]
struct BySize;

impl Weighter<Key, std::sync::Arc<Entry>> for BySize {
    fn weight(&self, _: &Key, entry: &std::sync::Arc<Entry>) -> u64 {
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
        Self { entries, read_versions, largest: bytes / 8 }
    }

    /// The kept answer if it still holds, else the place for a new one.
    pub(super) async fn look_up(&self, request: &Request, context: &Context) -> Result<Result<Bytes, Place>> {
        let key = key(request, context);
        // Read before anything else: an answer that was begun earlier than a change must not outlive it.
        let versions = (self.read_versions)(context).await?;
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
            self.entries.insert(place.key, std::sync::Arc::new(entry));
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
