//! The schema: what each type says; nothing that decides anything.
//!
//! A file describes one entity: its type, its filter and order inputs, its enums. `query.rs` has the root fields,
//! `loaders.rs` every loader; `service_request_act.rs` has what can be done, `live/` what is told as it happens.

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

use crate::engine::{Context, CursorKey, Engine, Limits, ReadVersions, Settings, Versions};
use context::Ask;

/// Builds the schema. `response_bytes` is how much memory the response cache may take; none turns it off.
pub fn build(limits: Limits, documents: usize, response_bytes: Option<usize>, cursor_key: [u8; 32]) -> Engine {
    let cursor_key = CursorKey::new(cursor_key);
    Engine::new::<query::Query, mutation::Mutation, live::LiveRoot>(Settings {
        limits,
        documents,
        response_bytes,
        cursor_key,
        read_versions: READ_VERSIONS,
    })
}

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
