//! What happens while the demo runs: faults come and go, requests move on, and health is looked at again and again.

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    World, batch,
    customers::Tenant,
    dice::Dice,
    health::Troubles,
    incidents::{Fault, OPEN},
    partner,
    requests::{self, Request},
    stories::{STORIES, What},
};
use crate::domain::{
    PartnerId,
    change::{Batch, Change},
    service_request::ServiceRequestStatus,
};

/// In this time every customer's health is looked at once; an answer is believed for ten minutes.
const ROUND: TimeDelta = TimeDelta::minutes(4);

/// So many requests are followed; the others rest.
const FOLLOWED: usize = 200;

/// A world that goes on. Each step is made of the seed, its number, and the time.
pub struct Life {
    world: World,
    requests: Vec<Request>,
    step: usize,
    last: DateTime<Utc>,
    /// Whose health is looked at next.
    next_looked_at: usize,
    /// The part of a customer that was not looked at for want of time, in milliseconds of a round.
    credit: i64,
}

impl Life {
    pub(super) fn new(world: World) -> Self {
        let seen = world.faults_of_each_customer();
        let all = world.tenants.iter().flat_map(|tenant| {
            requests::of_customer(tenant, world.seed, world.partner(), &seen[tenant.number], world.now)
        });
        let requests = all.filter(|request| request.request.status.is_open()).take(FOLLOWED).collect();
        let last = world.now;
        Self { world, requests, step: 0, last, next_looked_at: 0, credit: 0 }
    }

    /// Whose life it is.
    pub fn partner(&self) -> PartnerId {
        self.world.partner()
    }

    /// The partner's name.
    pub fn partner_name(&self) -> &'static str {
        partner::NAME
    }

    /// What happened since the last step, if `now` is later.
    pub fn next(&mut self, now: DateTime<Utc>) -> Batch {
        let mut dice = Dice::of(self.world.seed, "life", self.step);
        self.step += 1;
        let mut changes = match dice.below(100) {
            0..=64 => self.fault_moves(&mut dice, now),
            65..=84 => self.request_moves(&mut dice, now),
            _ => Vec::new(),
        };
        changes.extend(self.look(now));
        self.last = now;
        batch(changes)
    }

    /// A fault begins, or an open one goes on to its next post.
    fn fault_moves(&mut self, dice: &mut Dice, now: DateTime<Utc>) -> Vec<Change> {
        let open: Vec<usize> =
            (0..self.world.faults.len()).filter(|index| self.world.faults[*index].is_open()).collect();
        let begins = match open.len() {
            0..4 => true,
            4..OPEN => dice.percent(40),
            _ => dice.percent(10),
        };
        let index = if begins { self.begin(dice, now) } else { *dice.pick(&open) };
        let fault = &mut self.world.faults[index];
        let phase = match begins {
            true => fault.phase,
            // Some posts only tell that it goes on.
            false if dice.percent(25) => fault.phase,
            false => fault.phase.next(),
        };
        // Two posts at the same second would be one.
        if begins || fault.modified_at() < now {
            fault.advance(phase, now, TimeDelta::hours(dice.between(1, 4)));
        }
        self.tell(index, now)
    }

    fn begin(&mut self, dice: &mut Dice, now: DateTime<Utc>) -> usize {
        let what = What::Service(dice.pick(STORIES));
        let started_at = now - TimeDelta::minutes(dice.between(4, 25));
        let (partner, tenants) = (self.world.partner(), &self.world.tenants);
        self.world.faults.push(Fault::begin(dice, partner, tenants, what, started_at, true));
        self.world.faults.len() - 1
    }

    /// The fault, and the health of its service for all who see it.
    fn tell(&self, index: usize, now: DateTime<Utc>) -> Vec<Change> {
        let world = &self.world;
        let fault = &world.faults[index];
        let mut changes = vec![fault.change(world.seed, world.partner(), &world.tenants, now)];
        if let Some(service) = fault.what.service() {
            let troubles = Troubles::of(&world.faults, world.tenants.len());
            let hit = fault.seen_by.iter().map(|number| &world.tenants[*number]);
            changes.extend(hit.map(|tenant| troubles.health(tenant, service, world.seed, world.partner(), now)));
        }
        changes
    }

    /// A request gets a note, is closed, or is filed.
    fn request_moves(&mut self, dice: &mut Dice, now: DateTime<Utc>) -> Vec<Change> {
        if self.requests.is_empty() || dice.percent(20) {
            let Some(tenant) = self.somebody(dice) else { return Vec::new() };
            let request = requests::open(tenant, self.world.seed, self.world.partner(), dice, now);
            let change = request.change(now);
            self.requests.push(request);
            return vec![change];
        }
        let index = dice.below(self.requests.len());
        let request = &mut self.requests[index];
        let status = match request.request.status {
            _ if request.notes.len() > 1 && dice.percent(30) => ServiceRequestStatus::Closed,
            ServiceRequestStatus::AttentionNeeded => ServiceRequestStatus::Open,
            _ => ServiceRequestStatus::AttentionNeeded,
        };
        request.note(dice, now, status);
        let change = request.change(now);
        if status == ServiceRequestStatus::Closed {
            self.requests.swap_remove(index);
        }
        vec![change]
    }

    fn somebody(&self, dice: &mut Dice) -> Option<&Tenant> {
        (!self.world.tenants.is_empty()).then(|| dice.pick(&self.world.tenants))
    }

    /// Looks at the health of as many customers as the time since the last step asks for.
    fn look(&mut self, now: DateTime<Utc>) -> Vec<Change> {
        let world = &self.world;
        let count = world.tenants.len();
        let due = (now - self.last).num_milliseconds().clamp(0, ROUND.num_milliseconds()) * count as i64 + self.credit;
        self.credit = due % ROUND.num_milliseconds();
        let due = (due / ROUND.num_milliseconds()).min(count as i64) as usize;
        let troubles = Troubles::of(&world.faults, count);
        let turn = (0..due).map(|offset| &world.tenants[(self.next_looked_at + offset) % count]);
        let changes = turn.flat_map(|tenant| {
            let services = tenant.services();
            services.map(|service| troubles.health(tenant, service, world.seed, world.partner(), now))
        });
        let changes = changes.collect();
        self.next_looked_at = (self.next_looked_at + due) % count.max(1);
        changes
    }
}
