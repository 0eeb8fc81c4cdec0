//! What a person can do; one file an area, one function an act.

mod api_key;
mod audit;
pub mod import;
mod once;
mod service_request;

pub use once::Act;
pub use service_request::{CLOSE, Closing, NOTE, Noting, OPEN};

use std::sync::Arc;

use crate::{
    domain::{
        Error,
        access::Viewer,
        audit::{AuditAction, AuditRecord},
        clock::Clock,
    },
    store::Store,
};

/// Who acts at the command line, and the name of its requests: whoever can write to the database, whatever its roles are.
pub const COMMAND_LINE: &str = "command line";

/// What viewers do here, each within its scope.
#[derive(Clone)]
pub struct Actions {
    store: Store,
    clock: Clock,
    /// The request's, for the audit log.
    correlation_id: Arc<str>,
}

impl Actions {
    /// `correlation_id` names in the audit log the request that something is done for.
    pub fn new(store: &Store, clock: &Clock, correlation_id: &str) -> Self {
        Self { store: store.clone(), clock: clock.clone(), correlation_id: correlation_id.into() }
    }

    /// What the audit log will say of something that `viewer` is about to do; `inputs` names what was given for it.
    pub fn record(&self, viewer: &Viewer, action: AuditAction, inputs: Vec<String>) -> AuditRecord {
        AuditRecord { inputs, ..AuditRecord::of(action, viewer, &self.correlation_id, self.clock.now()) }
    }

    /// Records that something was not done. What was done is recorded together with it.
    pub async fn not_done(&self, record: AuditRecord, error: &Error) {
        let record = record.ended_by(error);
        if let Err(error) = self.store.record(&[record]).await {
            tracing::error!(%error, correlation_id = &*self.correlation_id, "an act that was not done is missing in the audit log");
        }
    }
}
