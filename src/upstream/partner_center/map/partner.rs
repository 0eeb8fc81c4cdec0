//! The partner's own profiles, and other partners it works with.

use super::{super::wire, country};
use crate::{
    domain::{
        PartnerId, PartnerRelationId,
        change::Change,
        partner::{Partner, PartnerRelation},
    },
    upstream::{Origin, key},
};

/// An item of `GET /v1/relationships`, or of `GET /v1/customers/{id}/relationships` if the origin names a customer.
pub fn relation(item: wire::Relation, origin: &Origin) -> Result<Change, String> {
    let id = key::external_id(item.id)?;
    let tenant_id = key::guid(&id).ok_or_else(|| format!("its id `{id}` is not the GUID of a tenant"))?;
    let relation = PartnerRelation {
        id: PartnerRelationId::of_tenant(origin.partner, &tenant_id),
        name: item.name.unwrap_or_else(|| tenant_id.clone()),
        tenant_id,
        relation_type: item.relationship_type.unwrap_or_default(),
        state: item.state,
        network_id: item.mpn_id.or(item.partner_id),
        country: country(item.location),
        observed_at: origin.observed_at,
    };
    Ok(match origin.customer() {
        Some(customer) => Change::Reseller(customer, relation),
        None => Change::PartnerRelation(relation),
    })
}

/// The answer of `GET /v1/profiles/support`.
pub fn support_profile(item: wire::Profile, origin: &Origin) -> Result<Change, String> {
    Ok(Change::Partner(Partner {
        support_email: item.email,
        support_phone: item.telephone,
        support_website: item.website,
        ..part(origin)
    }))
}

/// The answer of `GET /v1/profiles/mpn`.
pub fn network_profile(item: wire::Profile, origin: &Origin) -> Result<Change, String> {
    Ok(Change::Partner(Partner {
        network_id: item.mpn_id.or(item.partner_id),
        network_name: item.partner_name,
        ..part(origin)
    }))
}

/// The answer of `GET /v1/profiles/legalbusiness`.
pub fn legal_profile(item: wire::Profile, origin: &Origin) -> Result<Change, String> {
    Ok(Change::Partner(Partner { legal_name: item.company_name, vetting_status: item.vetting_status, ..part(origin) }))
}

/// The answer of `GET /v1/profiles/organization`.
pub fn organization_profile(item: wire::Profile, origin: &Origin) -> Result<Change, String> {
    let tenant_id = item.tenant_id.as_deref().and_then(key::guid);
    if let Some(tenant_id) = tenant_id.as_deref().filter(|tenant| PartnerId::of_tenant(tenant) != origin.partner) {
        return Err(format!("it is the profile of another partner, whose tenant is {tenant_id}"));
    }
    Ok(Change::Partner(Partner {
        tenant_id: tenant_id.unwrap_or_default(),
        name: item.company_name.unwrap_or_default(),
        domain: item.domain.map(|domain| domain.to_lowercase()),
        country: country(item.default_address.country.or(item.address.country)),
        culture: item.culture,
        ..part(origin)
    }))
}

/// The answer of `GET /v1/profiles/billing`. Its company name is the one for invoices.
pub fn billing_profile(item: wire::Profile, origin: &Origin) -> Result<Change, String> {
    Ok(Change::Partner(Partner { billing_currency: item.billing_currency, ..part(origin) }))
}

fn part(origin: &Origin) -> Partner {
    Partner::part(origin.partner, origin.observed_at)
}
