//! Who may use how much of the server: a budget of cost over time, so many requests at once, lanes that do not slow each
//! other, and so many credentials that are not good.
//!
//! Everything is decided in memory. Nodes on one PostgreSQL tell each other by [`share`] what was spent.

mod bucket;
mod failures;
mod queue;
mod share;
mod under_way;

use std::{
    collections::HashMap,
    num::NonZero,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use futures::future::{BoxFuture, FutureExt as _};
use strum::IntoEnumIterator as _;
use tokio::task::AbortHandle;
use uuid::Uuid;

use crate::{
    config::LimitsConfig,
    domain::{
        Error, Result,
        access::{Lane, Viewer},
        clock::Clock,
    },
    engine::{Gate, Leave},
    store::Store,
    telemetry::QuotaMetrics,
};
use bucket::{Bucket, Rate};
pub use failures::Failures;
use queue::Queue;
use under_way::UnderWay;

/// What all callers share. Cheap to clone.
#[derive(Clone)]
pub struct Quota(Arc<Inner>);

struct Inner {
    clock: Clock,
    metrics: QuotaMetrics,
    burst_seconds: u64,
    /// None for a lane without a bound.
    rates: HashMap<Lane, Rate>,
    buckets: Mutex<HashMap<Account, Bucket>>,
    /// Lanes that wait. People at screens do not.
    queues: HashMap<Lane, Queue>,
    under_way: UnderWay,
    sharing: OnceLock<AbortHandle>,
}

/// Whose budget it is: one for each lane that a caller uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Account {
    caller: Uuid,
    lane: Lane,
}

/// How a budget stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The lane.
    pub name: &'static str,
    /// What may be spent at once by who was quiet for `window_seconds`.
    pub quota: u64,
    pub window_seconds: u64,
    /// What may be spent now.
    pub left: u64,
    /// When all of it is there again.
    pub full_in_seconds: u64,
}

impl Quota {
    /// Starts to count. `store` tells how much it can do at once, and carries what nodes tell each other.
    pub fn start(config: &LimitsConfig, store: &Store, clock: Clock, metrics: QuotaMetrics) -> Self {
        let cost_per_minute = |lane| match lane {
            Lane::Screen => config.screen_cost_per_minute,
            Lane::Bi => config.bi_cost_per_minute,
            Lane::Playground => config.playground_cost_per_minute,
        };
        let rate = |lane| Some((lane, Rate::new(cost_per_minute(lane), config.burst_seconds)?));
        let queue = |lane: Lane, at_once: u64| {
            let at_once = match usize::try_from(at_once) {
                Ok(0) => at_once_beside_screens(store),
                at_once => at_once.unwrap_or(usize::MAX),
            };
            let name: &str = lane.into();
            let waiting = metrics.waiting.with_label_values(&[name]);
            (lane, Queue::new(name, at_once, config.queue, config.queue_seconds, waiting))
        };
        let quota = Self(Arc::new(Inner {
            burst_seconds: config.burst_seconds,
            rates: Lane::iter().filter_map(rate).collect(),
            buckets: Mutex::default(),
            queues: HashMap::from([
                queue(Lane::Bi, config.bi_at_once),
                queue(Lane::Playground, config.playground_at_once),
            ]),
            under_way: UnderWay::new(config.requests_per_caller),
            sharing: OnceLock::new(),
            clock: clock.clone(),
            metrics,
        }));
        let sharing = tokio::spawn(share::regularly(Arc::downgrade(&quota.0), store.clone(), clock));
        quota.0.sharing.get_or_init(|| sharing.abort_handle());
        quota
    }

    /// What the requests of `viewer` have to pass.
    pub fn gate(&self, viewer: &Viewer) -> Arc<dyn Gate> {
        Arc::new(Caller { quota: Arc::clone(&self.0), account: account(viewer) })
    }

    /// How the budget of `viewer` stands; nothing if it has no bound.
    pub fn standing(&self, viewer: &Viewer) -> Option<Standing> {
        let (account, now) = (account(viewer), self.0.clock.now());
        let rate = *self.0.rates.get(&account.lane)?;
        let mut bucket = self.0.buckets().get(&account).copied().unwrap_or_else(|| Bucket::new(now));
        Some(Standing {
            name: account.lane.into(),
            quota: rate.capacity as u64,
            window_seconds: self.0.burst_seconds,
            left: bucket.left(rate, now) as u64,
            full_in_seconds: bucket.full_in(rate, now),
        })
    }

    /// Counts a request that was refused because of `limit`.
    pub fn refused(&self, lane: Lane, limit: &str) {
        self.0.refused(lane, limit);
    }
}

/// Half of what the database answers at once; and one core is left, since writing a long answer keeps one busy.
fn at_once_beside_screens(store: &Store) -> usize {
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
    store.statements_in_background().min(cores - 1).max(1)
}

/// The same person or program of the same partner, whatever it showed to prove it.
fn account(viewer: &Viewer) -> Account {
    Account { caller: Uuid::new_v5(&viewer.scope.partner.0, viewer.subject.as_bytes()), lane: viewer.lane }
}

impl Inner {
    fn buckets(&self) -> MutexGuard<'_, HashMap<Account, Bucket>> {
        self.buckets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, lane: Lane, limit: &str) {
        self.metrics.refused.with_label_values(&[lane.into(), limit]).inc();
    }

    /// Takes `cost` off a budget.
    fn charge(&self, account: Account, cost: u64) -> Result<()> {
        let Some(rate) = self.rates.get(&account.lane).copied() else { return Ok(()) };
        let now = self.clock.now();
        let mut buckets = self.buckets();
        let bucket = buckets.entry(account).or_insert_with(|| Bucket::new(now));
        bucket.take(cost as f64, rate, now).map_err(|retry_after_seconds| {
            self.refused(account.lane, "budget");
            let (lane, left): (&str, u64) = (account.lane.into(), bucket.left(rate, now) as u64);
            let (quota, seconds) = (rate.capacity as u64, self.burst_seconds);
            let what = format!(
                "your budget in the lane {lane} is used up: this may cost {cost}, and {left} are left of {quota} in {seconds} s \
                 (limits.{lane}_cost_per_minute); ask for shorter pages, or less often"
            );
            Error::RateLimited { what, retry_after_seconds }
        })
    }

    /// Takes `cost` off a budget afterwards, or gives it back.
    fn settle(&self, account: Account, cost: f64) {
        if let Some(rate) = self.rates.get(&account.lane).copied() {
            let now = self.clock.now();
            self.buckets().entry(account).or_insert_with(|| Bucket::new(now)).settle(cost, rate, now);
        }
    }

    fn spent(&self, lane: Lane, cost: u64) {
        let lane: &str = lane.into();
        self.metrics.cost.with_label_values(&[lane]).inc_by(cost);
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.sharing.get().into_iter().for_each(AbortHandle::abort);
    }
}

/// One caller at the gate.
struct Caller {
    quota: Arc<Inner>,
    account: Account,
}

impl Gate for Caller {
    fn enter(&self, estimated: u64) -> BoxFuture<'static, Result<Leave>> {
        let (quota, account) = (Arc::clone(&self.quota), self.account);
        async move {
            let turn = quota.under_way.begin(account).inspect_err(|_| quota.refused(account.lane, "requests"))?;
            quota.charge(account, estimated)?;
            let place = match quota.queues.get(&account.lane) {
                Some(queue) => {
                    let place = queue.place(&quota.clock).await.inspect_err(|_| {
                        quota.refused(account.lane, "queue");
                        quota.settle(account, -(estimated as f64));
                    })?;
                    quota.under_way.give_way(&quota.clock).await;
                    Some(place)
                }
                None => None,
            };
            let leave: Leave = Box::new(move |actual| {
                quota.settle(account, actual as f64 - estimated as f64);
                quota.spent(account.lane, actual);
                drop((turn, place));
            });
            Ok(leave)
        }
        .boxed()
    }

    fn charge(&self, cost: u64) -> Result<()> {
        self.quota.charge(self.account, cost)?;
        self.quota.spent(self.account.lane, cost);
        Ok(())
    }

    fn settle(&self, cost: u64) {
        self.quota.settle(self.account, cost as f64);
        self.quota.spent(self.account.lane, cost);
    }
}
