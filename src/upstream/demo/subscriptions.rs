//! What customers have bought, in full, with Azure subscriptions below Azure plans.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc};

use super::{
    catalog::Kind,
    customers::{Bought, Tenant},
    dice::Dice,
    partner,
};
use crate::domain::{
    AzureEntitlementId, SubscriptionId,
    change::Change,
    subscription::{
        AzureEntitlement, BillingCycle, BillingType, Subscription, SubscriptionStatus, SupportContact,
        SupportContactApplicability,
    },
};

const REASONS: &[&str] =
    &["The payment is past due", "The customer asked for it", "The partner suspended it", "Unusual use was seen"];

#[rustfmt::skip]
const ENTITLEMENTS: &[&str] = &[
    "Production", "Development and test", "Landing zone", "Data platform", "Disaster recovery", "Shared services",
    "Web shop", "Research",
];

/// How often it is paid and how long it is bound.
struct Terms {
    billing_type: (BillingType, &'static str),
    cycle: (BillingCycle, &'static str),
    term: Option<&'static str>,
    months: u32,
}

const MONTHLY: (BillingCycle, &str) = (BillingCycle::Monthly, "monthly");
const LICENCE: (BillingType, &str) = (BillingType::License, "license");

/// The id of what a customer bought as the `index`th thing.
pub fn subscription_id(tenant: &Tenant, seed: u64, index: usize) -> SubscriptionId {
    SubscriptionId::of(tenant.id, &tenant.guid_of(seed, &format!("subscription {index}")))
}

/// Everything that a customer has bought.
pub fn changes(tenant: &Tenant, seed: u64, now: DateTime<Utc>) -> Vec<Change> {
    let mut dice = Dice::of(seed, "subscriptions", tenant.number);
    let mut changes = Vec::with_capacity(tenant.bought.len() * 2);
    for (index, bought) in tenant.bought.iter().enumerate() {
        let subscription = subscription(tenant, seed, now, index, bought, &mut dice);
        changes.push(Change::Subscription(subscription));
    }
    changes.extend(entitlements(tenant, seed, now).into_iter().map(Change::AzureEntitlement));
    changes
}

fn subscription(
    tenant: &Tenant,
    seed: u64,
    now: DateTime<Utc>,
    index: usize,
    bought: &Bought,
    dice: &mut Dice,
) -> Subscription {
    let offer = bought.offer;
    let (product_family, product_family_signal) = offer.family();
    let terms = terms(bought, dice);
    let created_at = created(bought.status, bought.is_trial, now, dice);
    let starts_at = term_start(created_at, terms.months, bought.status, now, dice);
    let ends_on = (terms.months > 0).then(|| end_of_term(starts_at.date_naive(), terms.months));
    let ends_on = if bought.is_trial { Some(created_at.date_naive() + Days::new(29)) } else { ends_on };
    let is_legacy = offer.kind == Kind::Legacy;
    let is_suspended = bought.status == SubscriptionStatus::Suspended;
    let status: &str = bought.status.into();
    let reseller = tenant.reseller.map(partner::network_id);
    Subscription {
        id: subscription_id(tenant, seed, index),
        customer_id: tenant.id,
        external_id: tenant.guid_of(seed, &format!("subscription {index}")),
        parent_id: bought.parent.map(|parent| subscription_id(tenant, seed, parent)),
        offer_id: Some(offer_id(offer.name, offer.kind)),
        offer_name: offer.name.to_owned(),
        friendly_name: friendly_name(offer.name, dice),
        product_family,
        product_family_signal,
        product_type: offer.product_type().map(str::to_owned),
        quantity: quantity(tenant, bought, dice),
        unit_type: Some(if offer.kind == Kind::Azure { "Usage-based" } else { "Licenses" }.to_owned()),
        status: bought.status,
        status_text: status.to_lowercase(),
        billing_type: terms.billing_type.0,
        billing_type_text: Some(terms.billing_type.1.to_owned()),
        billing_cycle: terms.cycle.0,
        billing_cycle_text: Some(terms.cycle.1.to_owned()),
        term: terms.term.map(str::to_owned),
        renewal_term: terms.term.filter(|_| !bought.is_trial && dice.percent(15)).map(str::to_owned),
        created_at: Some(created_at),
        starts_at: Some(starts_at),
        commitment_ends_on: ends_on,
        cancellable_until: (now - starts_at < TimeDelta::days(7)).then(|| starts_at + TimeDelta::days(7)),
        is_auto_renewed: (terms.months > 0)
            .then(|| bought.status == SubscriptionStatus::Active && !bought.is_trial && dice.percent(82)),
        is_trial: bought.is_trial,
        is_microsoft_product: Some(offer.publisher.is_none()),
        publisher: Some(offer.publisher.unwrap_or("Microsoft Corporation").to_owned()),
        reseller_network_id: reseller.clone(),
        suspension_reasons: if is_suspended { vec![(*dice.pick(REASONS)).to_owned()] } else { Vec::new() },
        order_id: Some(dice.code(12)),
        contract_type: Some("subscription".to_owned()),
        support_contact: support_contact(tenant, seed, is_legacy),
        observed_at: now,
    }
}

/// Of offers from before new commerce, the reseller may be named; for others there is no such thing.
fn support_contact(tenant: &Tenant, seed: u64, is_legacy: bool) -> SupportContact {
    let not_applicable =
        SupportContact { applicability: SupportContactApplicability::NotApplicable, ..SupportContact::default() };
    if !is_legacy {
        return not_applicable;
    }
    let (name, tenant_id, network_id) = match tenant.reseller {
        Some(reseller) => {
            (partner::RESELLERS[reseller].0, partner::reseller_tenant(seed, reseller), partner::network_id(reseller))
        }
        None => (partner::NAME, partner::TENANT.to_owned(), partner::NETWORK_ID.to_owned()),
    };
    SupportContact {
        applicability: SupportContactApplicability::Set,
        name: Some(name.to_owned()),
        tenant_id: Some(tenant_id),
        network_id: Some(network_id),
    }
}

/// The Azure subscriptions below a customer's Azure plans.
pub fn entitlements(tenant: &Tenant, seed: u64, now: DateTime<Utc>) -> Vec<AzureEntitlement> {
    let mut dice = Dice::of(seed, "entitlements", tenant.number);
    let mut found = Vec::new();
    for (index, plan) in tenant.bought.iter().enumerate().filter(|(_, bought)| bought.offer.kind == Kind::Azure) {
        let subscription_id = subscription_id(tenant, seed, index);
        let count = dice.between(1, 4) as usize;
        for name in dice.some_of(ENTITLEMENTS, count) {
            let external_id = dice.guid();
            let is_active = plan.status == SubscriptionStatus::Active && !dice.percent(4);
            found.push(AzureEntitlement {
                id: AzureEntitlementId::of(subscription_id, &external_id),
                customer_id: tenant.id,
                subscription_id,
                external_id,
                friendly_name: Some(name.to_owned()),
                status_text: Some(if is_active { "active" } else { "suspended" }.to_owned()),
                observed_at: now,
            });
        }
    }
    found
}

fn terms(bought: &Bought, dice: &mut Dice) -> Terms {
    let annual = (BillingCycle::Annual, "annual");
    let licence = |cycle, term, months| Terms { billing_type: LICENCE, cycle, term, months };
    match bought.offer.kind {
        _ if bought.is_trial => licence((BillingCycle::None, "none"), Some("P1M"), 1),
        Kind::Azure => Terms { billing_type: (BillingType::Usage, "usage"), cycle: MONTHLY, term: None, months: 0 },
        Kind::Software => licence((BillingCycle::OneTime, "one_time"), None, 0),
        Kind::Legacy => licence(MONTHLY, Some("P1Y"), 12),
        // What has ended was not bound for long.
        Kind::Licence | Kind::ThirdParty => match dice.below(if has_ended(bought.status) { 94 } else { 100 }) {
            0..=24 => licence(MONTHLY, Some("P1M"), 1),
            25..=61 => licence(MONTHLY, Some("P1Y"), 12),
            62..=93 => licence(annual, Some("P1Y"), 12),
            _ => licence((BillingCycle::Triennial, "triennial"), Some("P3Y"), 36),
        },
    }
}

/// When it was bought.
fn created(status: SubscriptionStatus, is_trial: bool, now: DateTime<Utc>, dice: &mut Dice) -> DateTime<Utc> {
    const DAY: i64 = 1440;
    match status {
        _ if is_trial => dice.minutes_before(now, 25 * DAY, DAY),
        SubscriptionStatus::Pending => dice.minutes_before(now, 2 * DAY, 10),
        SubscriptionStatus::Active => dice.minutes_before(now, 1500 * DAY, 3 * DAY),
        _ => dice.minutes_before(now, 1700 * DAY, 800 * DAY),
    }
}

fn has_ended(status: SubscriptionStatus) -> bool {
    matches!(status, SubscriptionStatus::Expired | SubscriptionStatus::Deleted)
}

/// When its present term began; of what has ended, its last.
fn term_start(
    created_at: DateTime<Utc>,
    months: u32,
    status: SubscriptionStatus,
    now: DateTime<Utc>,
    dice: &mut Dice,
) -> DateTime<Utc> {
    let has_ended = has_ended(status);
    let until = if has_ended { now - TimeDelta::days(dice.between(30, 400)) } else { now };
    let mut start = created_at;
    if months > 0 {
        // What is renewed begins with the day.
        let next = |start: DateTime<Utc>| (start.date_naive() + Months::new(months)).and_time(NaiveTime::MIN).and_utc();
        while next(start) <= until {
            start = next(start);
        }
    }
    match has_ended {
        // The term ended; there was no other.
        true if months > 0 && start + Months::new(months) > now => start - Months::new(months),
        _ => start,
    }
}

/// The last day of a term.
fn end_of_term(start: NaiveDate, months: u32) -> NaiveDate {
    start + Months::new(months) - Days::new(1)
}

fn quantity(tenant: &Tenant, bought: &Bought, dice: &mut Dice) -> i64 {
    match bought.offer.kind {
        Kind::Azure => 1,
        Kind::Software => dice.between(1, 16),
        _ if bought.is_trial => 25,
        _ if bought.parent.is_some() => (tenant.seats * dice.between(10, 70) / 100).max(1),
        _ => (tenant.seats * dice.between(20, 110) / 100).max(1),
    }
}

/// Most partners leave the offer's name as it is.
fn friendly_name(offer: &str, dice: &mut Dice) -> String {
    let suffix = match dice.below(100) {
        0..=4 => " (head office)",
        5..=8 => " (branches)",
        9..=11 => " (renewal agreed)",
        _ => "",
    };
    format!("{offer}{suffix}")
}

/// An id of the form that Partner Center gives offers of this kind.
fn offer_id(name: &str, kind: Kind) -> String {
    let id = super::dice::guid_of(0, name);
    match kind {
        Kind::Legacy => id,
        Kind::Azure => "DZH318Z0BPS6:0001".to_owned(),
        _ => format!("CFQ7TTC0{}:0001", id[..4].to_uppercase()),
    }
}
