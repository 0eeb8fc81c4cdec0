//! The customers: who they are, and what they have bought, in short.

use chrono::{DateTime, Utc};

use super::{
    catalog::{ADD_ONS, Offer, PRODUCTS, SERVICES, SUITES, ServiceIndex},
    dice::{Dice, guid_of},
    names::Name,
    partner,
};
use crate::domain::{
    CustomerId, PartnerId, PartnerRelationId,
    change::Change,
    customer::{Customer, Relationship},
    subscription::SubscriptionStatus,
};

/// The customer with this number has bought very much.
const LARGEST: usize = 17;

/// How much the largest has bought.
const MOST_SUBSCRIPTIONS: usize = 150;

/// A customer, and what the rest of the world has to know of it.
#[derive(Clone, Debug)]
pub struct Tenant {
    pub number: usize,
    pub id: CustomerId,
    pub tenant_id: String,
    pub name: Name,
    /// Grows with how many people work there.
    pub seats: i64,
    /// By its place among [`partner::RESELLERS`].
    pub reseller: Option<usize>,
    pub bought: Vec<Bought>,
    /// One bit for each service that it has an active product for.
    services: u32,
}

/// One thing bought.
#[derive(Clone, Copy, Debug)]
pub struct Bought {
    pub offer: &'static Offer,
    /// Of an add-on: what it adds to, by its place among all.
    pub parent: Option<usize>,
    pub status: SubscriptionStatus,
    pub is_trial: bool,
}

impl Tenant {
    pub fn invent(seed: u64, partner: PartnerId, number: usize, name: Name) -> Self {
        let mut dice = Dice::of(seed, "customer", number);
        let tenant_id = dice.guid();
        // Most are small, some are large.
        let scale = [12, 25, 60, 140, 400, 1500][[0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 3, 3, 4, 5][dice.below(14)]];
        let seats = if number == LARGEST { 4200 } else { dice.between(scale / 3 + 1, scale) };
        let reseller = dice.perhaps(35, |dice| dice.below(partner::RESELLERS.len()));
        let bought = buy(&mut dice, number);
        let active = bought.iter().filter(|bought| bought.status == SubscriptionStatus::Active);
        let services =
            active.flat_map(|bought| bought.offer.services).fold(0, |services, service| services | 1 << service);
        let id = CustomerId::of_tenant(partner, &tenant_id);
        Self { number, id, tenant_id, name, seats, reseller, bought, services }
    }

    pub fn has(&self, service: ServiceIndex) -> bool {
        self.services & 1 << service != 0
    }

    pub fn services(&self) -> impl Iterator<Item = ServiceIndex> + '_ {
        (0..SERVICES.len()).filter(|service| self.has(*service))
    }

    /// The customer as Partner Center tells of it.
    pub fn changes(&self, seed: u64, partner: PartnerId, now: DateTime<Utc>) -> Vec<Change> {
        let mut dice = Dice::of(seed, "profile", self.number);
        let slug = &self.name.slug;
        let primary = format!("{slug}.onmicrosoft.com");
        let mut custom_domains = vec![primary.clone(), format!("{slug}.example")];
        if dice.percent(25) {
            custom_domains.push(format!("mail.{slug}.example"));
        }
        if dice.percent(10) {
            custom_domains.push(format!("{slug}-{}.example", self.name.country.to_lowercase()));
        }
        custom_domains.sort();
        let reseller = self.reseller.map(|reseller| partner::reseller(seed, partner, reseller, now));
        let has_left = self.number > 20 && dice.percent(1);
        let customer = Customer {
            id: self.id,
            tenant_id: self.tenant_id.clone(),
            commerce_id: Some(dice.guid()),
            name: self.name.name.clone(),
            primary_domain: Some(primary),
            custom_domains,
            country: Some(self.name.country.to_owned()),
            culture: Some(self.name.culture.to_owned()),
            language: self.name.culture.split('-').next().map(str::to_owned),
            relationship: Relationship::Reseller,
            relationship_text: Some("reseller".to_owned()),
            allow_delegated_access: Some(dice.percent(90)),
            associated_partner_id: reseller.as_ref().and_then(|reseller| reseller.network_id.clone()),
            registration_number: dice.perhaps(40, |dice| dice.between(100_000_000, 999_999_999).to_string()),
            reseller_id: reseller.as_ref().map(|reseller| PartnerRelationId::of_tenant(partner, &reseller.tenant_id)),
            ended_at: has_left.then(|| dice.minutes_before(now, 90 * 1440, 1440)),
            observed_at: now,
        };
        let mut changes = vec![Change::Customer(customer)];
        changes.extend(reseller.map(|reseller| Change::Reseller(self.id, reseller)));
        changes
    }

    /// The GUID of something of this customer.
    pub fn guid_of(&self, seed: u64, word: &str) -> String {
        guid_of(seed, &format!("{}:{word}", self.tenant_id))
    }
}

/// A suite that works, then more of everything; a few customers have much more.
fn buy(dice: &mut Dice, number: usize) -> Vec<Bought> {
    let mut bought = vec![Bought {
        offer: weighted(dice, SUITES),
        parent: None,
        status: SubscriptionStatus::Active,
        is_trial: false,
    }];
    let count = match number {
        LARGEST => MOST_SUBSCRIPTIONS,
        _ if dice.percent(3) => dice.between(12, 32) as usize,
        _ => dice.between(2, 8) as usize,
    };
    while bought.len() < count {
        // Hardly anybody buys the same thing twice while there is something else.
        let is_new = |offer: &Offer, bought: &[Bought]| bought.iter().all(|other| other.offer.name != offer.name);
        let parents: Vec<usize> = (0..bought.len()).filter(|index| is_suite(bought[*index].offer)).collect();
        let (offer, parent) = match dice.below(10) {
            0..=2 => (weighted(dice, ADD_ONS), Some(*dice.pick(&parents))),
            3 => (weighted(dice, SUITES), None),
            _ => (weighted(dice, PRODUCTS), None),
        };
        if count <= 10 && !is_new(offer, &bought) {
            continue;
        }
        let is_trial = parent.is_none() && dice.percent(5);
        let status = match dice.below(100) {
            _ if is_trial => SubscriptionStatus::Active,
            0..=4 => SubscriptionStatus::Suspended,
            5..=8 => SubscriptionStatus::Expired,
            9 => SubscriptionStatus::Deleted,
            10 => SubscriptionStatus::Pending,
            _ => SubscriptionStatus::Active,
        };
        // An add-on never works without what it adds to.
        let status = match parent.map(|parent| bought[parent].status) {
            Some(above) if above != SubscriptionStatus::Active => above,
            _ => status,
        };
        bought.push(Bought { offer, parent, status, is_trial });
    }
    bought
}

fn is_suite(offer: &Offer) -> bool {
    SUITES.iter().any(|suite| suite.name == offer.name)
}

fn weighted(dice: &mut Dice, offers: &'static [Offer]) -> &'static Offer {
    let mut left = dice.below(offers.iter().map(|offer| offer.weight).sum());
    let chosen = offers.iter().find(|offer| match left.checked_sub(offer.weight) {
        Some(rest) => {
            left = rest;
            false
        }
        None => true,
    });
    chosen.unwrap_or(&offers[0])
}
