//! The partner itself: its resellers, qualifications, support plans, and what it promises its customers.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveTime, Utc};

use super::{
    customers::Tenant,
    dice::{Dice, guid_of},
};
use crate::domain::{
    PartnerId, PartnerRelationId, QualificationId, SupportOfferingId, SupportPlanId,
    change::Change,
    partner::{Partner, PartnerRelation, PartnerType, Qualification},
    product_family::ProductFamily::{self, *},
    service_health::Source,
    support_offering::{CustomerOffering, SupportOffering},
    support_plan::{SupportPlan, SupportPlanKind},
};

pub const NAME: &str = "Northwind Cloud Partners";
pub const TENANT: &str = "a3c0d9a4-5b1e-4f6c-9d27-6e08f1b4c752";
pub const NETWORK_ID: &str = "4700100";

/// Indirect resellers: name and country.
#[rustfmt::skip]
pub const RESELLERS: &[(&str, &str)] = &[
    ("Fjord IT", "NO"), ("Skerry Systems", "SE"), ("Harbour Cloud", "GB"), ("Polder Digital", "NL"),
    ("Alpenblick Informatik", "CH"), ("Rheintal Technik", "DE"), ("Tejo Consulting", "PT"), ("Brio Informatica", "IT"),
    ("Vistula Networks", "PL"), ("Great Lakes Technology", "US"), ("Maple Desk", "CA"), ("Southern Cross IT", "AU"),
];

/// Names of people, all of them from Microsoft's sample tenants.
#[rustfmt::skip]
pub const PEOPLE: &[&str] = &[
    "Adele Vance", "Alex Wilber", "Allan Deyoung", "Christie Cline", "Debra Berger", "Diego Siciliani", "Grady Archie",
    "Henrietta Mueller", "Irvin Sayers", "Isaiah Langer", "Johanna Lorenz", "Joni Sherman", "Lee Gu", "Lidia Holloway",
    "Lynne Robbins", "Megan Bowen", "Miriam Graham", "Nestor Wilke", "Patti Fernandez", "Pradeep Gupta",
];

pub fn id() -> PartnerId {
    PartnerId::of_tenant(TENANT)
}

/// Everything of the partner but its customers.
pub fn changes(seed: u64, now: DateTime<Utc>) -> Vec<Change> {
    let today = now.date_naive();
    let mut changes = vec![Change::Partner(partner(now))];
    changes.extend((0..RESELLERS.len()).map(|number| Change::PartnerRelation(reseller(seed, id(), number, now))));
    changes.extend(qualifications(today).into_iter().map(Change::Qualification));
    changes.extend(support_plans(today).into_iter().map(Change::SupportPlan));
    changes.extend(offerings(today).into_iter().map(Change::SupportOffering));
    changes
}

fn partner(now: DateTime<Utc>) -> Partner {
    let text = |text: &str| Some(text.to_owned());
    Partner {
        domain: text("northwindcloud.onmicrosoft.com"),
        country: text("NO"),
        culture: text("en-GB"),
        partner_type: PartnerType::IndirectProvider,
        support_email: text("support@northwindcloud.example"),
        support_phone: text("+47 5550 1234"),
        support_website: text("https://northwindcloud.example/support"),
        legal_name: text("Northwind Cloud Partners AS"),
        vetting_status: text("authorized"),
        network_id: text(NETWORK_ID),
        network_name: text(NAME),
        billing_currency: text("EUR"),
        source: Source::PartnerCenter,
        ..Partner::new(TENANT, NAME, now)
    }
}

pub fn reseller(seed: u64, partner: PartnerId, number: usize, now: DateTime<Utc>) -> PartnerRelation {
    let tenant_id = reseller_tenant(seed, number);
    let (name, country) = RESELLERS[number];
    PartnerRelation {
        id: PartnerRelationId::of_tenant(partner, &tenant_id),
        tenant_id,
        name: name.to_owned(),
        relation_type: "is_indirect_cloud_solution_provider_of".to_owned(),
        state: Some("Active".to_owned()),
        network_id: Some(network_id(number)),
        country: Some(country.to_owned()),
        observed_at: now,
    }
}

pub fn reseller_tenant(seed: u64, number: usize) -> String {
    guid_of(seed, RESELLERS[number].0)
}

/// The network id of a reseller.
pub fn network_id(number: usize) -> String {
    (4_700_200 + 17 * number).to_string()
}

fn qualifications(today: NaiveDate) -> Vec<Qualification> {
    let qualification = |code: &str, level: &str, is_cloud, months_ago: u32, years: Option<u32>| {
        let valid_from = today - Months::new(months_ago);
        Qualification {
            id: QualificationId::of(id(), code, level, valid_from),
            code: code.to_owned(),
            level: level.to_owned(),
            is_cloud: Some(is_cloud),
            valid_from,
            valid_until: years.map(|years| valid_from + Months::new(12 * years) - Days::new(1)),
        }
    };
    vec![
        qualification("SOLUTIONS_PARTNER_MODERN_WORK", "SOLUTIONS_PARTNER", true, 9, Some(1)),
        qualification("SOLUTIONS_PARTNER_INFRASTRUCTURE_AZURE", "SOLUTIONS_PARTNER", true, 4, Some(1)),
        qualification("SOLUTIONS_PARTNER_BUSINESS_APPLICATIONS", "SOLUTIONS_PARTNER", true, 10, Some(1)),
        qualification("CLOUD_PRODUCTIVITY", "GOLD", true, 40, Some(2)),
        qualification("DATACENTER", "SILVER", false, 44, Some(2)),
    ]
}

/// One of each tier in force, one of which ends soon, and one that has ended.
fn support_plans(today: NaiveDate) -> Vec<SupportPlan> {
    let plan = |kind: &str, name: &str, from: NaiveDate, until: Option<NaiveDate>, managers: &[&str]| SupportPlan {
        id: SupportPlanId::of(id(), kind, name, from),
        kind_id: SupportPlanKind::id_of(kind),
        name: name.to_owned(),
        activated_at: Some((from + Days::new(2)).and_time(NaiveTime::MIN).and_utc()),
        valid_from: from,
        valid_until: until,
        managers: managers.iter().map(|name| (*name).to_owned()).collect(),
    };
    let last_year = today - Months::new(18);
    vec![
        plan(
            "PSFP",
            "Premier Support for Partners",
            today - Months::new(5),
            Some(today + Months::new(7) - Days::new(1)),
            &["Megan Bowen", "Grady Archie"],
        ),
        plan(
            "ASFP",
            "Advanced Support for Partners",
            today - Months::new(12) + Days::new(24),
            Some(today + Days::new(23)),
            &["Lidia Holloway"],
        ),
        plan("ASFP", "Advanced Support for Partners, first term", last_year, Some(today - Months::new(6)), &[]),
        plan("SIGNATURE", "Signature Cloud Support", today - Months::new(9), None, &[]),
    ]
}

const ONLINE: &[ProductFamily] = &[Microsoft365, SecurityMobility, PowerPlatform];
const ALL: &[ProductFamily] = &[Azure, Microsoft365, Dynamics365, PowerPlatform, SecurityMobility, Software];

/// Name, families, hours, price a month in hundredths.
type Promise = (&'static str, &'static [ProductFamily], &'static str, Option<i64>);

const OFFERINGS: &[Promise] = &[
    ("Basic Care", ONLINE, "Monday to Friday 9:00 to 17:00, Europe/Oslo", None),
    ("Business Care", ALL, "Monday to Saturday 7:00 to 20:00, Europe/Oslo", Some(14_900)),
    ("Premium Care", ALL, "Around the clock, every day of the year", Some(74_900)),
];

fn offerings(today: NaiveDate) -> Vec<SupportOffering> {
    let offering = |(name, covers, hours, price): &Promise| SupportOffering {
        id: SupportOfferingId::of_name(id(), name),
        name: (*name).to_owned(),
        covers: covers.to_vec(),
        hours: (*hours).to_owned(),
        contact_email: Some(format!("{}@northwindcloud.example", name.to_lowercase().replace(' ', "."))),
        contact_phone: price.map(|_| "+47 5550 1200".to_owned()),
        contact_website: Some("https://northwindcloud.example/support".to_owned()),
        price_minor: *price,
        currency: price.map(|_| "EUR".to_owned()),
        provider: None,
        valid_from: today - Months::new(30),
        valid_until: None,
    };
    OFFERINGS.iter().map(offering).collect()
}

/// What this customer was promised; of one in ten nothing is recorded.
pub fn promise(tenant: &Tenant, seed: u64, now: DateTime<Utc>) -> Option<Change> {
    let mut dice = Dice::of(seed, "promise", tenant.number);
    let offering = match (dice.below(10), tenant.seats) {
        (0, _) => return None,
        (_, 400..) => 2,
        (1..=3, _) => 1,
        (4, _) => 2,
        _ => 0,
    };
    let valid_from = now.date_naive() - Days::new(dice.between(20, 700) as u64);
    Some(Change::CustomerOffering(CustomerOffering {
        customer_id: tenant.id,
        offering_id: SupportOfferingId::of_name(id(), OFFERINGS[offering].0),
        valid_from,
        valid_until: None,
        told_at: dice.percent(85).then(|| (valid_from - Days::new(7)).and_time(NaiveTime::MIN).and_utc()),
    }))
}
