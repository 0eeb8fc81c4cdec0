//! The partner's own data, which no API tells: one TOML file with support plans, qualifications and offerings.
//!
//! `docs/partner.example.toml` shows every entry. The file is read strictly: all problems are told at once, each with
//! its line.

mod table;

use std::fmt;

use chrono::{DateTime, Utc};

use self::table::{Reader, entries};
use crate::domain::{
    CustomerId, PartnerId, QualificationId, SupportOfferingId, SupportPlanId,
    change::{Batch, Change},
    partner::{Cloud, Partner, PartnerType, Qualification},
    product_family::ProductFamily,
    support_offering::{CustomerOffering, SupportOffering},
    support_plan::{SupportPlan, SupportPlanKind},
};
use crate::upstream::key;

/// One thing that is wrong with the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// From 1.
    pub line: usize,
    pub reason: String,
}

/// Everything that is wrong with the file, by line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problems(pub Vec<Problem>);

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.0.iter().enumerate() {
            let gap = if index == 0 { "" } else { "\n" };
            write!(f, "{gap}line {}: {}", problem.line, problem.reason)?;
        }
        Ok(())
    }
}

impl std::error::Error for Problems {}

const PARTNER_TYPES: &[(&str, PartnerType)] = &[
    ("direct-bill", PartnerType::DirectBill),
    ("indirect-provider", PartnerType::IndirectProvider),
    ("indirect-reseller", PartnerType::IndirectReseller),
    ("advisor", PartnerType::Advisor),
];

const CLOUDS: &[(&str, Cloud)] = &[("worldwide", Cloud::Worldwide), ("us-gov", Cloud::UsGov), ("china", Cloud::China)];

const FAMILIES: &[(&str, ProductFamily)] = &[
    ("azure", ProductFamily::Azure),
    ("microsoft-365", ProductFamily::Microsoft365),
    ("dynamics-365", ProductFamily::Dynamics365),
    ("power-platform", ProductFamily::PowerPlatform),
    ("security-mobility", ProductFamily::SecurityMobility),
    ("software", ProductFamily::Software),
    ("third-party", ProductFamily::ThirdParty),
];

/// Reads the file: whose it is, and what it says. `plan_kinds` are the codes of the kinds of support plans that are
/// known, which are reference data.
///
/// # Errors
///
/// All problems at once; if the text is not TOML at all, the first only.
pub fn read_partner_file(
    text: &str,
    plan_kinds: &[&str],
    observed_at: DateTime<Utc>,
) -> Result<(PartnerId, Batch), Problems> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let entries = entries(text)?;
    let mut reader = Reader::new(text);
    let partner = reader.entry("[partner]", &entries.partner, |entry| {
        let tenant_id = entry.text("tenant_id");
        let tenant_id = entry.checked(tenant_id, |tenant| key::guid(tenant).ok_or("is not a GUID".to_owned()));
        let name = entry.text("name");
        let partner_type = entry.text("type");
        let partner_type = entry.one_of(partner_type, PARTNER_TYPES);
        let cloud = entry.optional_text("cloud");
        let cloud = entry.one_of(cloud, CLOUDS);
        let domain = entry.optional_text("domain");
        let mut partner = Partner::new(&tenant_id?, &name?.value, observed_at);
        partner.partner_type = partner_type?;
        partner.cloud = cloud.unwrap_or(Cloud::Worldwide);
        partner.domain = domain.map(|domain| domain.value.to_lowercase());
        Some(partner)
    });
    // Without a tenant the other entries are still checked, so that all problems are told.
    let id = partner.as_ref().map_or(PartnerId::of_tenant(""), |partner| partner.id);
    let mut changes: Vec<Change> = partner.map(Change::Partner).into_iter().collect();
    for entry in &entries.qualification {
        changes.extend(reader.entry("[[qualification]]", entry, |entry| qualification(entry, id)));
    }
    for entry in &entries.support_plan {
        changes.extend(reader.entry("[[support_plan]]", entry, |entry| support_plan(entry, id, plan_kinds)));
    }
    let mut offerings = Vec::new();
    for entry in &entries.support_offering {
        let offering = reader.entry("[[support_offering]]", entry, |entry| support_offering(entry, id, &offerings));
        offerings.extend(entry.text_of("name"));
        changes.extend(offering.map(Change::SupportOffering));
    }
    for entry in &entries.customer_offering {
        changes.extend(reader.entry("[[customer_offering]]", entry, |entry| customer_offering(entry, id, &offerings)));
    }
    reader.finish()?;
    Ok((id, Batch { changes, ..Batch::default() }))
}

/// The partner's tenant as the file names it, if it can be read at all: [`read_partner_file`] tells what is wrong.
pub fn tenant_in_partner_file(text: &str) -> Option<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let file: toml::Table = toml::from_str(text).ok()?;
    file.get("partner")?.get("tenant_id")?.as_str().and_then(key::guid)
}

type Entry<'a, 'b> = table::Entry<'a, 'b>;

fn qualification(entry: &mut Entry<'_, '_>, partner: PartnerId) -> Option<Change> {
    let (code, level) = (entry.text("code"), entry.text("level"));
    let is_cloud = entry.boolean("cloud");
    let (valid_from, valid_until) = entry.period();
    let (code, level, valid_from) = (code?.value, level?.value.to_uppercase(), valid_from?);
    Some(Change::Qualification(Qualification {
        id: QualificationId::of(partner, &code, &level, valid_from),
        code,
        level,
        is_cloud,
        valid_from,
        valid_until,
    }))
}

fn support_plan(entry: &mut Entry<'_, '_>, partner: PartnerId, kinds: &[&str]) -> Option<Change> {
    let kinds: Vec<(&str, &str)> = kinds.iter().map(|kind| (*kind, *kind)).collect();
    let kind = entry.text("kind");
    let kind = entry.one_of(kind, &kinds);
    let name = entry.optional_text("name");
    let (valid_from, valid_until) = entry.period();
    let activated_at = entry.moment("activated_at");
    let managers = entry.texts("managers");
    let (kind, valid_from) = (kind?, valid_from?);
    let name = name.map_or_else(|| kind.to_owned(), |name| name.value);
    Some(Change::SupportPlan(SupportPlan {
        id: SupportPlanId::of(partner, kind, &name, valid_from),
        kind_id: SupportPlanKind::id_of(kind),
        name,
        activated_at,
        valid_from,
        valid_until,
        managers,
    }))
}

fn support_offering(entry: &mut Entry<'_, '_>, partner: PartnerId, before: &[String]) -> Option<SupportOffering> {
    let (name, hours) = (entry.text("name"), entry.text("hours"));
    let name = entry.checked(name, |name| match before.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        true => Err("is the name of another offering above".to_owned()),
        false => Ok(name.to_owned()),
    });
    let covers = entry.several_of("covers", FAMILIES);
    let contact_email = entry.optional_text("contact_email").map(|text| text.value);
    let contact_phone = entry.optional_text("contact_phone").map(|text| text.value);
    let contact_website = entry.optional_text("contact_website").map(|text| text.value);
    let price_minor = entry.money("price");
    let currency = entry.optional_text("currency");
    let currency = currency.and_then(|text| {
        entry.checked(Some(text), |text| match text.len() {
            3 if text.chars().all(|c| c.is_ascii_alphabetic()) => Ok(text.to_uppercase()),
            _ => Err("is not a currency of three letters, such as \"EUR\"".to_owned()),
        })
    });
    if price_minor.is_some() && currency.is_none() {
        entry.problem("it has a price, but no `currency`");
    }
    let provider = entry.optional_text("provider").map(|text| text.value);
    let (valid_from, valid_until) = entry.period();
    let name = name?;
    Some(SupportOffering {
        id: SupportOfferingId::of_name(partner, &name),
        name,
        covers,
        hours: hours?.value,
        contact_email,
        contact_phone,
        contact_website,
        price_minor,
        currency,
        provider,
        valid_from: valid_from?,
        valid_until,
    })
}

fn customer_offering(entry: &mut Entry<'_, '_>, partner: PartnerId, offerings: &[String]) -> Option<Change> {
    let customer = entry.text("customer");
    let tenant = entry.checked(customer, |customer| {
        key::guid(customer).ok_or_else(|| match customer.contains('.') {
            true => "is a domain, and domains cannot be looked up here: give the customer's tenant id".to_owned(),
            false => "is not a tenant id, which is a GUID".to_owned(),
        })
    });
    let offering = entry.text("offering");
    let offering =
        entry.checked(offering, |name| match offerings.iter().find(|known| known.eq_ignore_ascii_case(name)) {
            Some(known) => Ok(known.clone()),
            None => Err("names no [[support_offering]] of this file".to_owned()),
        });
    let (valid_from, valid_until) = entry.period();
    let told_at = entry.moment("told_at");
    Some(Change::CustomerOffering(CustomerOffering {
        customer_id: CustomerId::of_tenant(partner, &tenant?),
        offering_id: SupportOfferingId::of_name(partner, &offering?),
        valid_from: valid_from?,
        valid_until,
        told_at,
    }))
}

#[cfg(test)]
#[path = "partner_file_tests.rs"]
mod tests;
