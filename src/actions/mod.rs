//! What a person can do; one file an area, one function an act.

mod api_key;
pub mod import;
mod once;
mod service_request;

pub use once::Act;
pub use service_request::{CLOSE, Closing, NOTE, Noting, OPEN};

use crate::{domain::clock::Clock, store::Store};

/// What viewers do here. Whoever acts does it for its whole partner.
#[derive(Clone)]
pub struct Actions {
    store: Store,
    clock: Clock,
}

impl Actions {
    pub fn new(store: &Store, clock: &Clock) -> Self {
        Self { store: store.clone(), clock: clock.clone() }
    }
}
