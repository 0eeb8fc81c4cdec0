//! The schema: what each type says; nothing that decides anything.
//!
//! A file describes one entity: its type, its filter and order inputs, its enums. `query.rs` has the root fields,
//! `loaders.rs` every loader; `service_request_act.rs` has what can be done, `live/` what is told as it happens.

mod audit;
mod context;
mod customer;
mod filter;
mod incident;
mod live;
mod loaders;
mod message;
mod mutation;
mod outcome;
mod partner;
mod query;
mod service_health;
mod service_request;
mod service_request_act;
mod subscription;
mod support_offering;
mod support_plan;
mod viewer;

use futures::future::FutureExt;

pub use context::context;

use crate::engine::{Context, CursorKey, Engine, FindDocument, Limits, ReadVersions, Settings, Versions};
use context::{Ask, rehearse};

/// How much memory what is kept may take.
pub struct Kept {
    /// Read documents, by number.
    pub documents: usize,
    /// Documents that clients named by their hash, in bytes; 0 turns that off.
    pub automatic_bytes: usize,
    /// Answers, in bytes; none turns the response cache off.
    pub response_bytes: Option<usize>,
}

/// Builds the schema.
pub fn build(limits: Limits, kept: Kept, cursor_key: [u8; 32]) -> Engine {
    let cursor_key = CursorKey::new(cursor_key);
    let Kept { documents, automatic_bytes, response_bytes } = kept;
    Engine::new::<query::Query, mutation::Mutation, live::LiveRoot>(Settings {
        limits,
        documents,
        automatic_bytes,
        find_document: FIND_DOCUMENT,
        response_bytes,
        cursor_key,
        read_versions: READ_VERSIONS,
        rehearse,
    })
}

const FIND_DOCUMENT: FindDocument = |context, id| {
    let store = context.store();
    async move { store.document(&id).await }.boxed()
};

const READ_VERSIONS: ReadVersions = |context: &Context| {
    let store = context.store();
    async move {
        let mut versions: Versions = Default::default();
        for (kind, version) in store.versions().await? {
            versions[kind as usize] = version;
        }
        Ok(versions)
    }
    .boxed()
};
