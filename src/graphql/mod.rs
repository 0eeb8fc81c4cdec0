//! The schema: what each type says; nothing that decides anything.

use crate::{
    config::{CacheConfig, LimitsConfig},
    domain::{access::Viewer, clock::Clock},
    engine::{self, Engine},
    store::Store,
};

/// The schema, ready to be executed.
pub fn build(_limits: &LimitsConfig, _cache: &CacheConfig, _cursor_key: [u8; 32]) -> Engine {
    Engine::stub()
}

/// What one request needs besides its document.
pub struct Context;

impl Context {
    #[expect(clippy::new_ret_no_self, reason = "the engine's context, filled with what the schema needs")]
    pub fn new(_store: &Store, _clock: &Clock, _viewer: Viewer, correlation_id: String) -> engine::Context {
        engine::Context { correlation_id }
    }
}
