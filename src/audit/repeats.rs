//! Refusals that come too fast to be recorded one by one: those of one caller within a minute become one record with
//! their number.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use chrono::{DateTime, TimeDelta, Utc};

use crate::domain::{audit::AuditRecord, network::household};

const MINUTE: TimeDelta = TimeDelta::seconds(60);
/// So many refusals of one caller for one reason are recorded one by one within a minute.
const MOST_ALONE: u64 = 60;
/// The code of a caller who only has to wait. The first time within a minute says all.
const WAIT: &str = "RATE_LIMITED";
/// So many callers are told apart within a minute; the rest is counted together.
const MOST_CALLERS: usize = 10_000;

/// What was refused within the present minute.
#[derive(Default)]
pub(super) struct Repeats(Mutex<Minute>);

#[derive(Default)]
struct Minute {
    /// None before the first refusal.
    ends_at: Option<DateTime<Utc>>,
    callers: HashMap<Caller, Refusals>,
    /// What the minute before left to be written. As long as it is not, the present one goes on.
    over: Vec<AuditRecord>,
}

/// Who was refused, and why; nobody in particular where there are too many.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Caller {
    who: String,
    code: String,
}

#[derive(Default)]
struct Refusals {
    alone: u64,
    /// How many more there were, and the first of them.
    more: Option<(u64, Box<AuditRecord>)>,
}

impl Repeats {
    /// The record back if it is to be written as it is; otherwise it is counted.
    pub fn take(&self, record: AuditRecord) -> Option<AuditRecord> {
        let mut minute = self.minute();
        minute.end_by(record.occurred_at);
        minute.ends_at.get_or_insert(record.occurred_at + MINUTE);
        let caller = Caller::of(&record);
        let has_room = minute.callers.len() < MOST_CALLERS || minute.callers.contains_key(&caller);
        let (caller, most_alone) = match has_room {
            true => (caller, if record.code.as_deref() == Some(WAIT) { 1 } else { MOST_ALONE }),
            false => (Caller::default(), 0),
        };
        let refusals = minute.callers.entry(caller).or_default();
        if refusals.alone < most_alone {
            refusals.alone += 1;
            return Some(record);
        }
        match &mut refusals.more {
            Some((count, _)) => *count += 1,
            None if has_room => refusals.more = Some((1, Box::new(record))),
            None => {
                let anybody = AuditRecord::of_nobody(record.action, None, "", record.occurred_at);
                refusals.more = Some((1, Box::new(anybody.ended(record.outcome))));
            }
        }
        None
    }

    /// When the present minute ends, if there is one.
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.minute().ends_at
    }

    /// The records of the minute that is over by `now`, or of the present one as well if `everything` has to go.
    pub fn over(&self, now: DateTime<Utc>, everything: bool) -> Vec<AuditRecord> {
        let mut minute = self.minute();
        let mut over = std::mem::take(&mut minute.over);
        minute.end_by(if everything { DateTime::<Utc>::MAX_UTC } else { now });
        over.append(&mut minute.over);
        over
    }

    fn minute(&self) -> MutexGuard<'_, Minute> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Minute {
    fn end_by(&mut self, now: DateTime<Utc>) {
        if self.over.is_empty() && self.ends_at.is_some_and(|end| now >= end) {
            self.ends_at = None;
            let refusals = self.callers.drain().filter_map(|(_, refusals)| refusals.more);
            self.over = refusals.map(|(count, first)| first.repeated(count)).collect();
        }
    }
}

impl Caller {
    /// Who is known by its subject, anybody else by where it comes from.
    fn of(record: &AuditRecord) -> Self {
        let who = match (&record.subject, &record.address) {
            (Some(subject), _) => format!("{:?} {subject}", record.partner_id),
            (None, Some(address)) => {
                address.parse::<IpAddr>().map_or_else(|_| address.clone(), |address| household(address).to_string())
            }
            (None, None) => String::new(),
        };
        Self { who, code: record.code.clone().unwrap_or_default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::audit::AuditAction;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn refused(address: &str, code: &str, seconds: i64) -> AuditRecord {
        let address = address.parse().expect("an address");
        AuditRecord::of_nobody(AuditAction::Access, Some(address), "id", at(seconds)).refused_with(code)
    }

    fn told(records: &[AuditRecord]) -> Vec<(&str, &str)> {
        let mut told: Vec<_> = records
            .iter()
            .map(|one| (one.address.as_deref().unwrap_or_default(), one.target.as_deref().unwrap()))
            .collect();
        told.sort_unstable();
        told
    }

    #[test]
    fn none_is_lost_and_no_caller_has_more_than_so_many_records() {
        let repeats = Repeats::default();
        let mut alone = 0;
        for number in 0..100 {
            alone += usize::from(repeats.take(refused("203.0.113.9", "UNAUTHENTICATED", number % 50)).is_some());
            alone += usize::from(repeats.take(refused("203.0.113.9", "CSRF_REFUSED", 0)).is_some());
            alone +=
                usize::from(repeats.take(refused(&format!("2001:db8::{number:x}"), "UNAUTHENTICATED", 0)).is_some());
        }
        assert_eq!(alone, 180);
        assert_eq!(repeats.over(at(59), false), []);
        let over = repeats.over(at(60), false);
        assert_eq!(told(&over), [("2001:db8::3c", "40"), ("203.0.113.9", "40"), ("203.0.113.9", "40")]);
        assert!(over.iter().all(|one| one.action == AuditAction::AccessRepeated && one.code.is_some()));
        assert!(repeats.take(refused("203.0.113.9", "UNAUTHENTICATED", 60)).is_some(), "a new minute");
    }

    #[test]
    fn who_has_to_wait_is_recorded_once() {
        let repeats = Repeats::default();
        let alone = (0..9).filter(|_| repeats.take(refused("203.0.113.9", WAIT, 0)).is_some()).count();
        assert_eq!((alone, told(&repeats.over(at(0), true))), (1, vec![("203.0.113.9", "8")]));
    }

    #[test]
    fn too_many_callers_are_counted_together() {
        let repeats = Repeats::default();
        for number in 0..MOST_CALLERS as u32 + 7 {
            let address = std::net::Ipv4Addr::from_bits(number).to_string();
            repeats.take(refused(&address, "UNAUTHENTICATED", 0));
        }
        assert_eq!(told(&repeats.over(at(60), false)), [("", "7")]);
    }

    #[test]
    fn while_nothing_can_be_written_the_minute_goes_on() {
        let repeats = Repeats::default();
        (0..3).for_each(|_| drop(repeats.take(refused("203.0.113.9", WAIT, 0))));
        assert!(repeats.take(refused("203.0.113.9", WAIT, 70)).is_some());
        (0..5).for_each(|_| drop(repeats.take(refused("203.0.113.9", WAIT, 200))));
        assert_eq!(told(&repeats.over(at(200), false)), [("203.0.113.9", "2"), ("203.0.113.9", "5")]);
        assert_eq!(repeats.over(at(900), true), []);
    }
}
