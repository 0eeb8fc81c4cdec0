//! Who listens: counted, and bounded for each caller and for all together.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
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
    sockets: Arc<Places>,
    operations: Arc<Places>,
    operations_of_all: Arc<Semaphore>,
    metrics: Metrics,
}

/// So many of something for each caller.
struct Places {
    most: u64,
    /// By caller; nobody who has none.
    taken: Mutex<HashMap<Arc<str>, u64>>,
}

/// One of them. Dropping it makes room for another.
struct Place {
    places: Arc<Places>,
    caller: Arc<str>,
}

impl Places {
    fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { most, taken: Mutex::default() })
    }

    /// One more for `caller`, unless it has as many as it may.
    fn take(self: &Arc<Self>, caller: &Arc<str>) -> Option<Place> {
        let mut callers = self.taken();
        let taken = callers.entry(Arc::clone(caller)).or_default();
        if *taken >= self.most {
            return None;
        }
        *taken += 1;
        Some(Place { places: Arc::clone(self), caller: Arc::clone(caller) })
    }

    fn taken(&self) -> MutexGuard<'_, HashMap<Arc<str>, u64>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut callers = self.places.taken();
        match callers.get_mut(&self.caller) {
            Some(taken) if *taken > 1 => *taken -= 1,
            _ => drop(callers.remove(&self.caller)),
        }
    }
}

impl Listeners {
    pub fn new(config: &LiveConfig, metrics: Metrics) -> Self {
        let operations = usize::try_from(config.operations).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS);
        Self(Arc::new(Inner {
            sockets: Places::new(config.sockets_per_caller),
            operations: Places::new(config.operations_per_caller),
            operations_of_all: Arc::new(Semaphore::new(operations)),
            metrics,
        }))
    }

    /// A place for one more socket or stream of `viewer`.
    ///
    /// # Errors
    ///
    /// [`Refusal::no_room`] if it has as many as it may.
    pub fn seat(&self, viewer: &Viewer) -> Result<Seat, Refusal> {
        let caller = format!("{}\n{}", viewer.scope.partner.0, viewer.subject).into();
        self.0.sockets.take(&caller).map(Seat).ok_or_else(|| {
            let most = self.0.sockets.most;
            let message =
                format!("you have {most} sockets and streams open; close one, or share it (live.sockets_per_caller)");
            Refusal::no_room(&message)
        })
    }

    /// Counts one more live operation of `caller`.
    ///
    /// # Errors
    ///
    /// [`Refusal::no_room`] if it has as many as it may, or all together have.
    pub fn listening(&self, caller: &Caller, transport: Transport) -> Result<Listening, Refusal> {
        let place = self.0.operations.take(&caller.0).ok_or_else(|| {
            let most = self.0.operations.most;
            let message = format!("you have {most} live operations; complete one first (live.operations_per_caller)");
            Refusal::no_room(&message)
        })?;
        let place_of_all = Arc::clone(&self.0.operations_of_all).try_acquire_owned();
        let place_of_all = place_of_all
            .map_err(|_| Refusal::no_room("the server has as many listeners as it may have (live.operations)"))?;
        let labels = [transport.name()];
        let listeners = self.0.metrics.listeners.with_label_values(&labels);
        let events_out = self.0.metrics.events_out.with_label_values(&labels);
        listeners.inc();
        Ok(Listening { listeners, events_out, _place: place, _place_of_all: place_of_all })
    }

    /// Counts the end of a socket or stream.
    pub fn closed(&self, transport: Transport, reason: &'static str) {
        self.0.metrics.closed.with_label_values(&[transport.name(), reason]).inc();
    }
}

/// One socket or stream. Dropping it makes room for another.
pub struct Seat(Place);

impl Seat {
    pub fn caller(&self) -> Caller {
        Caller(Arc::clone(&self.0.caller))
    }
}

/// Who sits somewhere: the same person or program of the same partner.
#[derive(Clone)]
pub struct Caller(Arc<str>);

/// One live operation, for as long as it runs.
pub struct Listening {
    listeners: IntGauge,
    events_out: IntCounter,
    _place: Place,
    _place_of_all: OwnedSemaphorePermit,
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
