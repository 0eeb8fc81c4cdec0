//! Nodes on one database tell each other what callers have spent: once a second, with one statement for all of them.

use std::sync::Weak;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Account, Inner};
use crate::{
    domain::{Result, clock::Clock},
    store::{Spending, Store},
};

const BETWEEN: TimeDelta = TimeDelta::seconds(1);

/// What nobody has spoken of for so long is forgotten; it was granted again long before.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::days(1);

/// Keeps what is known of callers small, and shared. Ends with the quota.
pub async fn regularly(quota: Weak<Inner>, store: Store, clock: Clock) {
    let mut tidied_at = clock.now();
    loop {
        clock.reached(clock.now() + BETWEEN).await;
        let Some(quota) = quota.upgrade() else { return };
        let now = clock.now();
        quota
            .buckets()
            .retain(|account, bucket| quota.rates.get(&account.lane).is_some_and(|rate| !bucket.is_full(*rate, now)));
        if !store.is_shared() {
            continue;
        }
        let spent = report(&quota, now);
        // A node where nobody spends asks the database nothing.
        if spent.is_empty() {
            continue;
        }
        let mut shared = exchange(&quota, &store, spent, now).await;
        if now - tidied_at > FORGOTTEN_AFTER {
            tidied_at = now;
            shared = shared.and(store.forget_spending(now - FORGOTTEN_AFTER).await);
        }
        if let Err(error) = shared {
            tracing::debug!(%error, "this node does not hear what callers spend elsewhere");
        }
    }
}

/// What was spent here since it was last reported.
fn report(quota: &Inner, at: DateTime<Utc>) -> Vec<Spending> {
    let report = |(account, bucket): (&Account, &mut super::Bucket)| {
        let Account { caller, lane } = *account;
        let rate = quota.rates[&lane];
        Spending { caller, lane, cost: bucket.report(rate, at), per_second: rate.per_second }
    };
    let mut spent: Vec<Spending> = quota.buckets().iter_mut().map(report).collect();
    // In the same order on every node, so that none waits for another that waits for it.
    spent.sort_by_key(|spending| (spending.caller, spending.lane));
    spent
}

/// Tells what was spent here, and takes over what was spent everywhere.
async fn exchange(quota: &Inner, store: &Store, spent: Vec<Spending>, at: DateTime<Utc>) -> Result<()> {
    let debts = store.spend(&spent, at).await;
    let mut buckets = quota.buckets();
    match debts {
        Ok(debts) => {
            for (Spending { caller, lane, .. }, debt) in spent.iter().zip(debts) {
                if let Some(bucket) = buckets.get_mut(&Account { caller: *caller, lane: *lane }) {
                    bucket.agree(debt, quota.rates[lane], at);
                }
            }
            Ok(())
        }
        Err(error) => {
            for Spending { caller, lane, cost, .. } in &spent {
                if let Some(bucket) = buckets.get_mut(&Account { caller: *caller, lane: *lane }) {
                    bucket.was_not_reported(*cost);
                }
            }
            Err(error)
        }
    }
}
