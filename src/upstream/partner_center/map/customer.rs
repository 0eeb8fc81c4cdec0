//! Customers, and the profiles that tell parts of them.

use super::{super::wire, country};
use crate::{
    domain::{
        CustomerId,
        change::Change,
        customer::{Customer, Relationship},
    },
    upstream::{
        Origin, key,
        word::{Words, meaning_of_number},
    },
};

/// In the order of their numbers.
const RELATIONSHIPS: &Words<Relationship> = &[
    ("unknown", Relationship::Unknown),
    ("reseller", Relationship::Reseller),
    ("advisor", Relationship::Advisor),
    ("syndication", Relationship::Syndication),
    ("microsoft_support", Relationship::MicrosoftSupport),
    ("none", Relationship::None),
];

/// An item of `GET /v1/customers`, or the answer of `GET /v1/customers/{id}`.
pub fn customer(item: wire::Customer, origin: &Origin) -> Result<Change, String> {
    let (company, billing) = (item.company_profile, item.billing_profile);
    let Some(tenant_id) = [&item.id, &company.tenant_id].into_iter().flatten().find_map(|id| key::guid(id)) else {
        return Err(no_tenant(item.id.or(company.tenant_id)));
    };
    let (relationship, relationship_text) =
        meaning_of_number(item.relationship_to_partner.as_deref(), RELATIONSHIPS, Relationship::Unknown);
    let mut custom_domains: Vec<String> = item.custom_domains.iter().map(|domain| domain.to_lowercase()).collect();
    custom_domains.sort();
    custom_domains.dedup();
    Ok(Change::Customer(Customer {
        commerce_id: item.commerce_id,
        name: company.company_name.or(billing.company_name).unwrap_or_else(|| tenant_id.clone()),
        primary_domain: company.domain.map(|domain| domain.to_lowercase()),
        custom_domains,
        country: country(company.address.country.or(billing.default_address.country)),
        culture: billing.culture,
        language: billing.language,
        relationship,
        relationship_text,
        allow_delegated_access: item.allow_delegated_access,
        associated_partner_id: item.associated_partner_id,
        registration_number: company.organization_registration_number,
        ..bare(tenant_id, origin)
    }))
}

/// The answer of `GET /v1/customers/{id}/profiles/company`.
pub fn company_profile(item: wire::CompanyProfile, origin: &Origin) -> Result<Change, String> {
    let named = item.tenant_id.as_deref().and_then(key::guid);
    let tenant_id = match named {
        Some(tenant_id) => tenant_id,
        None => origin.tenant_or(item.links.own.uri.as_deref()).map_err(|_| no_tenant(item.tenant_id))?,
    };
    Ok(Change::Customer(Customer {
        name: item.company_name.unwrap_or_else(|| tenant_id.clone()),
        primary_domain: item.domain.map(|domain| domain.to_lowercase()),
        country: country(item.address.country),
        registration_number: item.organization_registration_number,
        ..bare(tenant_id, origin)
    }))
}

/// The answer of `GET /v1/customers/{id}/profiles/billing`. Its company name is the one for invoices, so it names no
/// customer.
pub fn billing_profile(item: wire::BillingProfile, origin: &Origin) -> Result<Change, String> {
    let tenant_id = origin.tenant_or(item.links.own.uri.as_deref())?;
    Ok(Change::Customer(Customer { culture: item.culture, language: item.language, ..bare(tenant_id, origin) }))
}

/// A customer of which only the tenant is known.
fn bare(tenant_id: String, origin: &Origin) -> Customer {
    Customer {
        id: CustomerId::of_tenant(origin.partner, &tenant_id),
        name: tenant_id.clone(),
        tenant_id,
        commerce_id: None,
        primary_domain: None,
        custom_domains: Vec::new(),
        country: None,
        culture: None,
        language: None,
        relationship: Relationship::Unknown,
        relationship_text: None,
        allow_delegated_access: None,
        associated_partner_id: None,
        registration_number: None,
        reseller_id: None,
        ended_at: None,
        observed_at: origin.observed_at,
    }
}

fn no_tenant(id: Option<String>) -> String {
    match id {
        Some(id) => format!("its tenant id `{id}` is not a GUID"),
        None => "it has no tenant id".to_owned(),
    }
}
