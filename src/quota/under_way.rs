//! Requests that are under way: so many of each caller, and those of people at screens, who go first.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use chrono::TimeDelta;
use tokio::sync::watch;
use uuid::Uuid;

use super::Account;
use crate::domain::{Error, Result, access::Lane, clock::Clock};

/// So long a request that can wait lets people at screens go first: longer than most of their answers take, and short enough
/// that tools get theirs when screens never rest.
const GIVES_WAY: TimeDelta = TimeDelta::milliseconds(50);

/// All of them. Cheap to clone.
#[derive(Clone)]
pub struct UnderWay(Arc<Inner>);

struct Inner {
    most_of_a_caller: u64,
    callers: Mutex<HashMap<Uuid, u64>>,
    screens: watch::Sender<u64>,
}

impl UnderWay {
    pub fn new(most_of_a_caller: u64) -> Self {
        Self(Arc::new(Inner { most_of_a_caller, callers: Mutex::default(), screens: watch::Sender::default() }))
    }

    /// # Errors
    ///
    /// [`Error::RateLimited`] if the caller has as many under way as it may.
    pub fn begin(&self, account: Account) -> Result<Turn> {
        let most = self.0.most_of_a_caller;
        let mut callers = self.0.callers();
        let own = callers.entry(account.caller).or_default();
        if *own >= most {
            let what = format!(
                "you have {most} requests under way, which is the most at once (limits.requests_per_caller); wait for one of \
                 them to be answered"
            );
            return Err(Error::RateLimited { what, retry_after_seconds: 1 });
        }
        *own += 1;
        drop(callers);
        if account.lane == Lane::Screen {
            self.0.screens.send_modify(|screens| *screens += 1);
        }
        Ok(Turn { under_way: self.clone(), account })
    }

    /// Waits until people at screens have their answers, for a moment at most.
    pub async fn give_way(&self, clock: &Clock) {
        let mut screens = self.0.screens.subscribe();
        tokio::select! {
            // Never closed, as this holds the sender.
            Ok(_) = screens.wait_for(|screens| *screens == 0) => {}
            () = clock.reached(clock.now() + GIVES_WAY) => {}
        }
    }
}

impl Inner {
    fn callers(&self) -> MutexGuard<'_, HashMap<Uuid, u64>> {
        self.callers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request, for as long as it is under way.
pub struct Turn {
    under_way: UnderWay,
    account: Account,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let inner = &self.under_way.0;
        let mut callers = inner.callers();
        match callers.get_mut(&self.account.caller) {
            Some(own) if *own > 1 => *own -= 1,
            _ => drop(callers.remove(&self.account.caller)),
        }
        drop(callers);
        if self.account.lane == Lane::Screen {
            inner.screens.send_modify(|screens| *screens -= 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{pin::pin, task::Poll};

    use chrono::DateTime;

    use super::*;

    fn account(lane: Lane) -> Account {
        Account { caller: Uuid::nil(), lane }
    }

    #[tokio::test]
    async fn what_can_wait_gives_way_to_people_at_screens_for_a_moment() {
        let (under_way, clock) = (UnderWay::new(2), Clock::fixed(DateTime::UNIX_EPOCH));
        let bi = under_way.begin(account(Lane::Bi)).unwrap();
        under_way.give_way(&clock).await;
        let screen = under_way.begin(account(Lane::Screen)).unwrap();
        let mut waiting = pin!(under_way.give_way(&clock));
        assert_eq!(futures::poll!(&mut waiting), Poll::Pending);
        drop(bi);
        assert_eq!(futures::poll!(&mut waiting), Poll::Pending);
        drop(screen);
        waiting.await;

        let _screen = under_way.begin(account(Lane::Screen)).unwrap();
        let mut waiting = pin!(under_way.give_way(&clock));
        assert_eq!(futures::poll!(&mut waiting), Poll::Pending);
        clock.advance(GIVES_WAY);
        waiting.await;
    }
}
