//! Who listens: counted, and bounded for each caller and for all together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::error::Refusal;
use crate::{
    config::LiveConfig,
    domain::access::Viewer,
    telemetry::{IntCounter, IntGauge, Metrics},
};

/// The ways in which live operations reach their listeners.
#[derive(Clone, Copy, Debug, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Transport {
    Websocket,
    EventStream,
    Multipart,
}

impl Transport {
    /// As metrics call it.
    fn name(self) -> &'static str {
        self.into()
    }
}

/// Everybody who listens to this server. Cheap to clone.
#[derive(Clone)]
pub struct Listeners(Arc<Inner>);

struct Inner {
    per_caller: u64,
    callers: Mutex<HashMap<String, u64>>,
    operations: Arc<Semaphore>,
    metrics: Metrics,
}

impl Listeners {
    pub fn new(config: &LiveConfig, metrics: Metrics) -> Self {
        let operations = usize::try_from(config.operations).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            per_caller: config.sockets_per_caller,
            callers: Mutex::default(),
            operations: Arc::new(Semaphore::new(operations)),
            metrics,
        }))
    }

    /// A place for one more socket or stream of `viewer`.
    ///
    /// # Errors
    ///
    /// [`Refusal::no_room`] if it has as many as it may.
    pub fn seat(&self, viewer: &Viewer) -> Result<Seat, Refusal> {
        let caller = format!("{}\n{}", viewer.scope.partner.0, viewer.subject);
        let mut callers = self.0.callers.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = callers.entry(caller.clone()).or_default();
        if *taken >= self.0.per_caller {
            let most = self.0.per_caller;
            let message =
                format!("you have {most} sockets and streams open; close one, or share it (live.sockets_per_caller)");
            return Err(Refusal::no_room(&message));
        }
        *taken += 1;
        Ok(Seat { listeners: self.clone(), caller })
    }

    /// Counts one more live operation; none if there are as many as there may be.
    pub fn listening(&self, transport: Transport) -> Option<Listening> {
        let place = Arc::clone(&self.0.operations).try_acquire_owned().ok()?;
        let labels = [transport.name()];
        let listeners = self.0.metrics.listeners.with_label_values(&labels);
        let events_out = self.0.metrics.events_out.with_label_values(&labels);
        listeners.inc();
        Some(Listening { listeners, events_out, _place: place })
    }

    /// Counts the end of a socket or stream.
    pub fn closed(&self, transport: Transport, reason: &'static str) {
        self.0.metrics.closed.with_label_values(&[transport.name(), reason]).inc();
    }
}

/// One socket or stream. Dropping it makes room for another.
pub struct Seat {
    listeners: Listeners,
    caller: String,
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut callers = self.listeners.0.callers.lock().unwrap_or_else(PoisonError::into_inner);
        match callers.get_mut(&self.caller) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => drop(callers.remove(&self.caller)),
        }
    }
}

/// One live operation, for as long as it runs.
pub struct Listening {
    listeners: IntGauge,
    events_out: IntCounter,
    _place: OwnedSemaphorePermit,
}

impl Listening {
    pub fn sent(&self) {
        self.events_out.inc();
    }
}

impl Drop for Listening {
    fn drop(&mut self) {
        self.listeners.dec();
    }
}
