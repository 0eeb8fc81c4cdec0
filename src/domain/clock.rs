//! What time it is. The only file that may ask the system.

use std::{
    collections::BTreeMap,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use chrono::{DateTime, TimeDelta, Utc};

/// The system's time, or a time that a test sets and moves.
#[derive(Clone, Debug, Default)]
pub struct Clock(Option<Arc<Mutex<Fixed>>>);

/// A time that stands still, and who wants to hear when it is moved.
#[derive(Debug)]
struct Fixed {
    now: DateTime<Utc>,
    moves: u64,
    waiting: BTreeMap<u64, Waker>,
    next_key: u64,
}

impl Clock {
    /// The time of the machine.
    pub fn system() -> Self {
        Self(None)
    }

    /// Stands still at `at` until [`Clock::advance`].
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Some(Arc::new(Mutex::new(Fixed { now: at, moves: 0, waiting: BTreeMap::new(), next_key: 0 }))))
    }

    /// The present, to the microsecond: finer parts would be lost in PostgreSQL.
    #[allow(clippy::disallowed_methods, reason = "the one place that asks the system")]
    pub fn now(&self) -> DateTime<Utc> {
        let now = match &self.0 {
            Some(fixed) => lock(fixed).now,
            None => Utc::now(),
        };
        DateTime::from_timestamp_micros(now.timestamp_micros()).unwrap_or(now)
    }

    /// Moves a fixed clock; the system's cannot be moved.
    pub fn advance(&self, by: TimeDelta) {
        let Some(fixed) = &self.0 else { return };
        let mut fixed = lock(fixed);
        fixed.now += by;
        fixed.moves += 1;
        let waiting = std::mem::take(&mut fixed.waiting);
        drop(fixed);
        waiting.into_values().for_each(Waker::wake);
    }

    /// Waits until `instant` has come.
    pub async fn reached(&self, instant: DateTime<Utc>) {
        loop {
            // Asked for before the time is read, so that no move is missed.
            let moved = self.moved();
            let Ok(left) = (instant - self.now()).to_std() else { return };
            if left.is_zero() {
                return;
            }
            // The machine's clock may be set meanwhile: look at it again, also when a fixed one did not move.
            tokio::select! {
                () = moved => {}
                () = tokio::time::sleep(left) => {}
            }
        }
    }

    /// Ready when [`Clock::advance`] is called after this; never for the system's clock, which moves by itself.
    pub fn moved(&self) -> Moved {
        Moved(self.0.as_ref().map(|clock| {
            let mut fixed = lock(clock);
            fixed.next_key += 1;
            Waiting { clock: Arc::clone(clock), key: fixed.next_key, seen: fixed.moves }
        }))
    }
}

/// See [`Clock::moved`].
#[derive(Debug)]
pub struct Moved(Option<Waiting>);

#[derive(Debug)]
struct Waiting {
    clock: Arc<Mutex<Fixed>>,
    key: u64,
    seen: u64,
}

impl Future for Moved {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let Some(Waiting { clock, key, seen }) = &self.0 else { return Poll::Pending };
        let mut fixed = lock(clock);
        if fixed.moves != *seen {
            return Poll::Ready(());
        }
        fixed.waiting.insert(*key, cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        lock(&self.clock).waiting.remove(&self.key);
    }
}

fn lock(fixed: &Mutex<Fixed>) -> MutexGuard<'_, Fixed> {
    fixed.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_waits_hears_that_the_clock_was_moved() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let (early, dropped) = (clock.moved(), clock.moved());
        let waiting = tokio::spawn(early);
        tokio::task::yield_now().await;
        drop(dropped);
        clock.advance(TimeDelta::seconds(1));
        waiting.await.expect("it was woken");
        let late = clock.moved();
        assert!(futures::poll!(late).is_pending(), "only what comes after counts");
    }
}
