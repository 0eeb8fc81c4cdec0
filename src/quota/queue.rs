//! The places of a lane, and who waits for one.

use std::sync::Arc;

use chrono::TimeDelta;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{
    domain::{Error, Result, clock::Clock},
    telemetry::IntGauge,
};

/// A place in a lane, for as long as it is kept.
pub type Place = OwnedSemaphorePermit;

/// So many run at once; of the others, some wait for a while.
pub struct Queue {
    lane: &'static str,
    at_once: usize,
    places: Arc<Semaphore>,
    most_waiting: u64,
    patience_seconds: u64,
    waiting: IntGauge,
}

impl Queue {
    pub fn new(
        lane: &'static str,
        at_once: usize,
        most_waiting: u64,
        patience_seconds: u64,
        waiting: IntGauge,
    ) -> Self {
        Self {
            lane,
            at_once,
            places: Arc::new(Semaphore::new(at_once.min(Semaphore::MAX_PERMITS))),
            most_waiting,
            patience_seconds,
            waiting,
        }
    }

    /// Waits for a place; who came first is served first.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] if too many wait already, or if it takes too long.
    pub async fn place(&self, clock: &Clock) -> Result<Place> {
        if let Ok(place) = Arc::clone(&self.places).try_acquire_owned() {
            return Ok(place);
        }
        let Self { lane, at_once, most_waiting, patience_seconds, .. } = self;
        if self.waiting.get() >= i64::try_from(*most_waiting).unwrap_or(i64::MAX) {
            return Err(self.refused(format!(
                "in the lane {lane} {at_once} requests run at once, and {most_waiting} wait already, which is the most; send \
                 fewer at once"
            )));
        }
        let _waiting = Waiting::begin(&self.waiting);
        let patience = TimeDelta::seconds(i64::try_from(*patience_seconds).unwrap_or(i64::MAX));
        tokio::select! {
            // Never closed, so a place is always given in the end.
            Ok(place) = Arc::clone(&self.places).acquire_owned() => Ok(place),
            () = clock.reached(clock.now() + patience) => Err(self.refused(format!(
                "in the lane {lane} {at_once} requests run at once, and none of them ended within {patience_seconds} s; send \
                 fewer at once, or ask each for less"
            ))),
        }
    }

    fn refused(&self, what: String) -> Error {
        Error::RateLimited { what, retry_after_seconds: self.patience_seconds.max(1) }
    }
}

/// Counts who waits.
struct Waiting<'a>(&'a IntGauge);

impl<'a> Waiting<'a> {
    fn begin(waiting: &'a IntGauge) -> Self {
        waiting.inc();
        Self(waiting)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.dec();
    }
}
