//! Credentials that were not good, by where they came from: who shows too many is held off before anything is verified.

use std::{
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use quick_cache::unsync::Cache;

use super::bucket::{Bucket, Rate};
use crate::{
    domain::{Error, Result, clock::Clock, network::household},
    telemetry::CredentialMetrics,
};

/// So many callers are remembered; of more, those that were heard of least are forgotten.
const MOST: usize = 10_000;

/// What may be shown at once, in seconds of what may be shown.
const BURST_SECONDS: u64 = 60;

/// What everybody showed that was not good.
pub struct Failures {
    /// None without a bound.
    rate: Option<Rate>,
    clock: Clock,
    metrics: CredentialMetrics,
    of: Mutex<Cache<IpAddr, Bucket>>,
}

impl Failures {
    /// `per_minute` may be shown from one address; 0 for no bound.
    pub fn new(per_minute: u64, clock: Clock, metrics: CredentialMetrics) -> Self {
        Self { rate: Rate::new(per_minute, BURST_SECONDS), clock, metrics, of: Mutex::new(Cache::new(MOST)) }
    }

    /// Whether a credential from `address` may be looked at. One that `is_known` to be good always may: whoever shares an
    /// address with somebody who guesses goes on.
    ///
    /// # Errors
    ///
    /// [`Error::RateLimited`] if too many were not good.
    pub fn admit(&self, address: IpAddr, is_known: impl FnOnce() -> bool) -> Result<()> {
        let Some(rate) = self.rate else { return Ok(()) };
        let known = self.of().get(&household(address)).copied();
        let Some(Err(retry_after_seconds)) = known.map(|mut bucket| bucket.take(1.0, rate, self.clock.now())) else {
            return Ok(());
        };
        if is_known() {
            return Ok(());
        }
        self.metrics.held_off.inc();
        let what = "too many credentials from your address were not good (auth.failures_per_minute)".to_owned();
        Err(Error::RateLimited { what, retry_after_seconds })
    }

    /// Counts a credential from `address` that was not good.
    pub fn count(&self, address: IpAddr) {
        self.metrics.failed.inc();
        let Some(rate) = self.rate else { return };
        let (household, now) = (household(address), self.clock.now());
        let mut of = self.of();
        let mut bucket = of.get(&household).copied().unwrap_or_else(|| Bucket::new(now));
        bucket.settle(1.0, rate, now);
        of.insert(household, bucket);
    }

    fn of(&self) -> MutexGuard<'_, Cache<IpAddr, Bucket>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use chrono::{DateTime, TimeDelta};

    use super::*;
    use crate::telemetry::Metrics;

    fn address(number: u32) -> IpAddr {
        Ipv4Addr::from_bits(number).into()
    }

    #[test]
    fn who_fails_too_often_waits_unless_it_is_known() {
        let clock = Clock::fixed(DateTime::UNIX_EPOCH);
        let failures = Failures::new(2, clock.clone(), Metrics::default().credentials);
        for _ in 0..2 {
            assert!(failures.admit(address(1), || false).is_ok());
            failures.count(address(1));
        }
        let held_off = failures.admit(address(1), || false);
        assert!(matches!(held_off, Err(Error::RateLimited { retry_after_seconds: 30, .. })), "{held_off:?}");
        assert!(failures.admit(address(1), || true).is_ok());
        assert!(failures.admit(address(2), || false).is_ok());
        clock.advance(TimeDelta::seconds(30));
        assert!(failures.admit(address(1), || false).is_ok());
    }

    #[test]
    fn so_many_callers_are_remembered_and_no_more() {
        let failures = Failures::new(1, Clock::fixed(DateTime::UNIX_EPOCH), Metrics::default().credentials);
        (0..2 * MOST as u32).for_each(|number| failures.count(address(number)));
        assert!(failures.of().len() <= MOST);
    }

    #[test]
    fn without_a_bound_nobody_is_held_off() {
        let failures = Failures::new(0, Clock::fixed(DateTime::UNIX_EPOCH), Metrics::default().credentials);
        (0..1000).for_each(|_| failures.count(address(1)));
        assert!(failures.admit(address(1), || false).is_ok());
    }
}
