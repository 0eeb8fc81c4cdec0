//! What one caller has spent and not yet been granted again: arithmetic, and nothing else.

use chrono::{DateTime, Utc};

/// A budget: so much a second, and so much at once for who was quiet.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate {
    pub per_second: f64,
    pub capacity: f64,
}

impl Rate {
    /// None if there is no bound.
    pub fn new(cost_per_minute: u64, burst_seconds: u64) -> Option<Self> {
        let per_second = cost_per_minute as f64 / 60.0;
        (cost_per_minute > 0).then_some(Self { per_second, capacity: per_second * burst_seconds as f64 })
    }
}

/// How many budgets what was done may exceed: what events cost is known only afterwards, and nobody should wait for ever.
const MOST_BUDGETS: f64 = 2.0;

/// What sums of fractions may be off.
const ROUNDING: f64 = 1e-6;

/// What was spent, less what was granted since.
#[derive(Clone, Copy, Debug)]
pub struct Bucket {
    debt: f64,
    at: DateTime<Utc>,
    /// What other nodes have not heard of.
    unreported: f64,
}

impl Bucket {
    pub fn new(now: DateTime<Utc>) -> Self {
        Self { debt: 0.0, at: now, unreported: 0.0 }
    }

    /// Takes `cost`. What costs more than the whole budget may pass while all of it is there.
    ///
    /// # Errors
    ///
    /// The seconds after which there will be enough, at least one.
    pub fn take(&mut self, cost: f64, rate: Rate, now: DateTime<Utc>) -> Result<(), u64> {
        self.grant(rate, now);
        let missing = cost.min(rate.capacity) + self.debt - rate.capacity;
        if missing > ROUNDING {
            return Err(((missing - ROUNDING) / rate.per_second).ceil().max(1.0) as u64);
        }
        self.add(cost, rate);
        Ok(())
    }

    /// Takes `cost` whether it is there or not, or gives it back if it is negative.
    pub fn settle(&mut self, cost: f64, rate: Rate, now: DateTime<Utc>) {
        self.grant(rate, now);
        self.add(cost, rate);
    }

    /// What may be spent now.
    pub fn left(&mut self, rate: Rate, now: DateTime<Utc>) -> f64 {
        self.grant(rate, now);
        (rate.capacity - self.debt).max(0.0)
    }

    /// Seconds until the whole budget is there.
    pub fn full_in(&mut self, rate: Rate, now: DateTime<Utc>) -> u64 {
        self.grant(rate, now);
        (self.debt / rate.per_second).ceil() as u64
    }

    /// Whether it says nothing that a new one would not.
    pub fn is_full(&mut self, rate: Rate, now: DateTime<Utc>) -> bool {
        self.grant(rate, now);
        self.debt <= 0.0 && self.unreported == 0.0
    }

    /// What other nodes have to hear of, less what was granted since; they are taken to have heard of it.
    pub fn report(&mut self, rate: Rate, now: DateTime<Utc>) -> f64 {
        self.grant(rate, now);
        std::mem::take(&mut self.unreported).min(self.debt)
    }

    /// They have not.
    pub fn was_not_reported(&mut self, cost: f64) {
        self.unreported += cost;
    }

    /// All nodes together had spent `debt` at `at`, with all that this one had reported.
    pub fn agree(&mut self, debt: f64, rate: Rate, at: DateTime<Utc>) {
        self.debt = (debt + self.unreported).clamp(0.0, rate.capacity * MOST_BUDGETS);
        self.at = at;
    }

    fn grant(&mut self, rate: Rate, now: DateTime<Utc>) {
        let seconds = (now - self.at).num_microseconds().unwrap_or(i64::MAX).max(0) as f64 / 1e6;
        self.debt = (self.debt - seconds * rate.per_second).max(0.0);
        self.at = self.at.max(now);
    }

    fn add(&mut self, cost: f64, rate: Rate) {
        self.debt = (self.debt + cost).clamp(0.0, rate.capacity * MOST_BUDGETS);
        self.unreported += cost;
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn rate() -> Rate {
        Rate::new(600, 10).expect("a bound")
    }

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    #[test]
    fn all_of_it_can_be_spent_and_not_one_more() {
        let mut bucket = Bucket::new(at(0));
        assert_eq!(bucket.take(100.0, rate(), at(0)), Ok(()));
        assert_eq!(bucket.take(1.0, rate(), at(0)), Err(1));
        assert_eq!(bucket.full_in(rate(), at(0)), 10);
    }

    #[test]
    fn after_the_seconds_that_are_told_there_is_enough_and_not_before() {
        let mut bucket = Bucket::new(at(0));
        bucket.take(100.0, rate(), at(0)).expect("all of it is there");
        assert_eq!(bucket.take(35.0, rate(), at(0)), Err(4));
        assert_eq!(bucket.take(35.0, rate(), at(3)), Err(1));
        assert_eq!(bucket.take(35.0, rate(), at(4)), Ok(()));
        assert_eq!(bucket.left(rate(), at(4)), 5.0);
    }

    #[test]
    fn what_was_not_used_is_given_back_and_never_more_than_all_of_it() {
        let mut bucket = Bucket::new(at(0));
        bucket.take(90.0, rate(), at(0)).expect("it is there");
        bucket.settle(-80.0, rate(), at(0));
        assert_eq!(bucket.left(rate(), at(0)), 90.0);
        bucket.settle(-80.0, rate(), at(5));
        assert_eq!(bucket.left(rate(), at(5)), 100.0);
    }

    #[test]
    fn what_costs_more_than_the_budget_passes_when_all_of_it_is_there() {
        let mut bucket = Bucket::new(at(0));
        assert_eq!(bucket.take(150.0, rate(), at(0)), Ok(()));
        assert_eq!(bucket.take(150.0, rate(), at(0)), Err(15));
        assert_eq!(bucket.take(150.0, rate(), at(15)), Ok(()));
    }

    #[test]
    fn a_debt_has_an_end() {
        let mut bucket = Bucket::new(at(0));
        bucket.settle(1e9, rate(), at(0));
        assert_eq!(bucket.take(1.0, rate(), at(0)), Err(11));
    }

    #[test]
    fn nodes_agree_on_what_all_have_spent() {
        let mut bucket = Bucket::new(at(0));
        bucket.settle(30.0, rate(), at(0));
        assert_eq!(bucket.report(rate(), at(0)), 30.0);
        bucket.settle(5.0, rate(), at(0));
        bucket.agree(70.0, rate(), at(0));
        assert_eq!(bucket.left(rate(), at(0)), 25.0);
        assert_eq!(bucket.report(rate(), at(0)), 5.0);
    }

    #[test]
    fn what_was_granted_again_is_not_reported() {
        let mut bucket = Bucket::new(at(0));
        bucket.settle(30.0, rate(), at(0));
        assert_eq!(bucket.report(rate(), at(2)), 10.0);
    }
}
