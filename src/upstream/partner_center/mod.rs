//! Partner Center REST: customers, subscriptions, service requests, relations and profiles.

mod map;
mod wire;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{DocumentKind, Origin, json};
use crate::domain::change::{Batch, Change};

/// What one item of a Partner Center answer says.
pub(super) fn read_item(kind: DocumentKind, item: &Value, origin: &Origin) -> Result<Batch, String> {
    use DocumentKind as Kind;
    let change = match kind {
        Kind::CustomerList | Kind::Customer => with(item, origin, map::customer::customer),
        Kind::CustomerCompanyProfile => with(item, origin, map::customer::company_profile),
        Kind::CustomerBillingProfile => with(item, origin, map::customer::billing_profile),
        Kind::Subscriptions | Kind::Subscription => with(item, origin, map::subscription::subscription),
        Kind::AzureEntitlements | Kind::AzureEntitlement => with(item, origin, map::subscription::azure_entitlement),
        Kind::SupportContact => with(item, origin, map::subscription::support_contact),
        Kind::ServiceRequests | Kind::ServiceRequest => with(item, origin, map::service_request::service_request),
        Kind::PartnerRelations | Kind::CustomerResellers => with(item, origin, map::partner::relation),
        Kind::ProfileSupport => with(item, origin, map::partner::support_profile),
        Kind::ProfileMpn => with(item, origin, map::partner::network_profile),
        Kind::ProfileLegalBusiness => with(item, origin, map::partner::legal_profile),
        Kind::ProfileOrganization => with(item, origin, map::partner::organization_profile),
        Kind::ProfileBilling => with(item, origin, map::partner::billing_profile),
        other => Err(format!("{} are not Partner Center's", other.what())),
    }?;
    Ok(Batch { changes: vec![change], ..Batch::default() })
}

fn with<T: DeserializeOwned>(
    item: &Value,
    origin: &Origin,
    map: impl Fn(T, &Origin) -> Result<Change, String>,
) -> Result<Change, String> {
    let item = json::read_item(item).map_err(|error| error.to_string())?;
    map(item, origin)
}
