//! Documents that a request names instead of sending them: registered ones, and those that clients sent once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::BoxFuture;
use quick_cache::{Weighter, sync::Cache};
use serde_json::Value;
use uuid::Uuid;

use super::{
    context::Context,
    document::LARGEST_KEPT,
    error::{forbid, refusal, refuse_with},
    live::outcome_of,
    request::{Outcome, Request, Response},
};
use crate::domain::{Result, document::DocumentId};

/// Finds the text of a registered document.
pub type FindDocument = fn(&Context, DocumentId) -> BoxFuture<'static, Result<Option<String>>>;

/// For so long a registered document is taken from memory; then it may have been removed, or its name may stand for
/// another one.
const REMEMBERED: TimeDelta = TimeDelta::seconds(3);

/// All documents that can be named.
pub(super) struct Stored {
    find: FindDocument,
    registered: Cache<DocumentId, Known>,
    /// What clients sent with its hash, by scope and hash: what one customer's clients sent, no other can find out.
    automatic: Option<Cache<(Uuid, String), Arc<str>, BySize>>,
}

#[derive(Clone)]
struct Known {
    text: Arc<str>,
    read_at: DateTime<Utc>,
}

#[derive(Clone)]
struct BySize;

impl Weighter<(Uuid, String), Arc<str>> for BySize {
    fn weight(&self, _: &(Uuid, String), text: &Arc<str>) -> u64 {
        text.len() as u64 + 256
    }
}

/// How a request names its document.
enum Naming {
    Id(DocumentId),
    /// As Apollo's clients do: by the hash first, then by hash and text.
    Automatic(String),
}

impl Stored {
    /// Remembers up to `count` registered documents, and up to `automatic_bytes` of those that clients send; none of the
    /// latter if that is 0.
    pub(super) fn new(find: FindDocument, count: usize, automatic_bytes: usize) -> Self {
        let automatic = || Cache::with_weighter((automatic_bytes / 2048).max(16), automatic_bytes as u64, BySize);
        Self { find, registered: Cache::new(count), automatic: (automatic_bytes > 0).then(automatic) }
    }

    /// `request` with the text of the document that it names; and the hash by which a text that came with it is to be
    /// [learnt](Stored::learn), if it can be executed.
    ///
    /// # Errors
    ///
    /// The answer that tells why this document cannot be named so, or not be run.
    pub(super) async fn resolve(
        &self,
        mut request: Request,
        context: &Context,
    ) -> Result<(Request, Option<String>), Response> {
        let id = context.correlation_id.as_str();
        let naming = naming(&request).map_err(|message| refusal(Outcome::Malformed, "BAD_REQUEST", message, id))?;
        let mut to_learn = None;
        request.query = match (request.query.take(), naming) {
            (None, None) => None,
            (None, Some(naming)) => Some(self.named(naming, context).await?),
            (Some(text), naming) => {
                let hash = naming.is_some() || context.registered_only;
                let hash = hash.then(|| DocumentId::hash_of(&text));
                if let (Some(Naming::Automatic(given)), Some(hash)) = (&naming, &hash)
                    && given != hash
                {
                    return Err(refusal(Outcome::Malformed, "BAD_REQUEST", "provided sha does not match query", id));
                }
                match hash {
                    Some(hash) if context.registered_only => {
                        self.registered(DocumentId::Hash(hash), context).await?.ok_or_else(|| not_registered(id))?;
                    }
                    hash => to_learn = hash,
                }
                Some(text)
            }
        };
        Ok((request, to_learn))
    }

    async fn named(&self, naming: Naming, context: &Context) -> Result<String, Response> {
        let id = context.correlation_id.as_str();
        let (key, automatic) = match naming {
            Naming::Id(key) => (key, None),
            Naming::Automatic(hash) => (DocumentId::Hash(hash.clone()), Some(hash)),
        };
        if let Some(text) = self.registered(key, context).await? {
            return Ok(text.as_ref().to_owned());
        }
        let Some(hash) = automatic.filter(|_| !context.registered_only) else { return Err(not_in_list(context)) };
        let Some(learnt) = &self.automatic else {
            let (code, message) = ("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported");
            return Err(refusal(Outcome::Invalid, code, message, id));
        };
        let unknown = || refusal(Outcome::Invalid, "PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound", id);
        learnt.get(&(context.scope, hash)).map(|text| text.as_ref().to_owned()).ok_or_else(unknown)
    }

    async fn registered(&self, key: DocumentId, context: &Context) -> Result<Option<Arc<str>>, Response> {
        let fresh = self.registered.get(&key).filter(|known| context.now - known.read_at < REMEMBERED);
        if let Some(known) = fresh {
            return Ok(Some(known.text));
        }
        let found = (self.find)(context, key.clone()).await;
        match found.map_err(|error| refuse_with(outcome_of(&error), &error, &context.correlation_id))? {
            Some(text) => {
                let text: Arc<str> = text.into();
                self.registered.insert(key, Known { text: Arc::clone(&text), read_at: context.now });
                Ok(Some(text))
            }
            None => {
                self.registered.remove(&key);
                Ok(None)
            }
        }
    }

    /// Remembers a text that can be executed, for those who reach the same.
    pub(super) fn learn(&self, scope: Uuid, hash: String, text: &str) {
        if let Some(learnt) = self.automatic.as_ref().filter(|_| text.len() <= LARGEST_KEPT) {
            learnt.insert((scope, hash), text.into());
        }
    }
}

/// # Errors
///
/// What is wrong with the way in which the document is named.
fn naming(request: &Request) -> Result<Option<Naming>, &'static str> {
    let automatic = request.extensions.as_ref().and_then(|extensions| extensions.get("persistedQuery"));
    match (request.document_id.as_deref(), automatic.filter(|value| !value.is_null())) {
        (None, None) => Ok(None),
        (Some(_), _) if request.query.is_some() => Err("send the document, or its `documentId`, not both"),
        (Some(_), Some(_)) => Err("name the document by `documentId` or by `extensions.persistedQuery`, not by both"),
        (Some(id), None) => match DocumentId::read(id) {
            Some(id) => Ok(Some(Naming::Id(id))),
            None => Err("`documentId` must be `sha256:` and 64 lower-case hexadecimal digits, or a registered name"),
        },
        (None, Some(value)) if value.get("version").and_then(Value::as_u64) != Some(1) => {
            Err("Unsupported persisted query version")
        }
        (None, Some(value)) => {
            let hash = value.get("sha256Hash").and_then(Value::as_str).filter(|hash| DocumentId::is_hash(hash));
            let hash = hash.ok_or("`persistedQuery.sha256Hash` must have 64 lower-case hexadecimal digits")?;
            Ok(Some(Naming::Automatic(hash.to_owned())))
        }
    }
}

fn not_in_list(context: &Context) -> Response {
    let code = "PERSISTED_QUERY_NOT_IN_LIST";
    // Who may run any document only made a mistake.
    let outcome = if context.registered_only { Outcome::Forbidden { code } } else { Outcome::Invalid };
    let message = "no document is registered under this hash or name; register it with `supportgraph documents add`";
    refusal(outcome, code, message, &context.correlation_id)
}

fn not_registered(correlation_id: &str) -> Response {
    let message = "you may run registered documents only, and this is none; register it with `supportgraph documents \
                   add`, text for text";
    forbid("QUERY_NOT_IN_SAFELIST", message, correlation_id)
}
