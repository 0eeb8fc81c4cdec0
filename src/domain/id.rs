//! A typed id per entity.
//!
//! An id is a UUID of version 5 made from the partner and the upstream's own key: the same row gets the same id on
//! every node and in every import, so an import needs no look-up before it writes, and repeating it changes nothing.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use uuid::Uuid;

use super::service_health::Source;

/// Declares one id type per entity, each with the prefix of its global form (`cus_…`). The default is an id that nothing has.
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
        pub struct $name(pub Uuid);

        impl $name {
            /// What the global form of this id starts with.
            pub const PREFIX: &'static str = $prefix;

            /// The id of what the upstream calls `key`, inside `owner`. Letter case does not matter: upstreams
            /// write GUIDs in either case.
            pub fn derive(owner: Uuid, key: &str) -> Self {
                Self(Uuid::new_v5(&owner, format!("{}:{}", $prefix, key.to_lowercase()).as_bytes()))
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl From<$name> for Uuid {
            fn from(id: $name) -> Uuid {
                id.0
            }
        }
    )+};
}

ids! {
    /// A CSP partner; derived from its tenant.
    PartnerId "prt"
    /// A customer of a partner; derived from the partner and the customer's tenant.
    CustomerId "cus"
    /// What a customer bought; derived from the customer and Partner Center's subscription id.
    SubscriptionId "sub"
    /// An Azure subscription under an Azure plan.
    AzureEntitlementId "aze"
    /// Another partner: a reseller or a provider.
    PartnerRelationId "prl"
    /// A competency or designation of the partner.
    QualificationId "qua"
    /// A kind of support plan; the same for every partner.
    SupportPlanKindId "spk"
    /// A contract or benefit of the partner with Microsoft.
    SupportPlanId "spl"
    /// How soon Microsoft answers first under a kind of plan.
    ResponseTargetId "rst"
    /// What the partner promises its customers.
    SupportOfferingId "ofr"
    /// A Microsoft cloud service.
    ServiceId "svc"
    /// The state of one service for one customer.
    ServiceHealthId "hlt"
    /// A fault that Microsoft announces.
    IncidentId "inc"
    /// One announcement about an incident.
    IncidentPostId "ipo"
    /// One service in one Azure region that an incident touches.
    IncidentImpactId "imp"
    /// An announcement of the message center.
    MessageId "msg"
    /// A ticket of the partner to Microsoft.
    ServiceRequestId "srq"
    /// A note on a service request.
    ServiceRequestNoteId "srn"
    /// One thing that somebody did.
    AuditRecordId "aud"
}

impl PartnerId {
    /// The id of the partner whose Entra tenant is `tenant_id`.
    pub fn of_tenant(tenant_id: &str) -> Self {
        Self::derive(Uuid::NAMESPACE_OID, tenant_id)
    }
}

// What each id is derived from. Both the mapping of upstream answers and whatever refers to a row use these.

impl CustomerId {
    /// The customer of `partner` whose Entra tenant is `tenant_id`.
    pub fn of_tenant(partner: PartnerId, tenant_id: &str) -> Self {
        Self::derive(partner.0, tenant_id)
    }
}

impl SubscriptionId {
    /// What Partner Center calls `external_id`.
    pub fn of(customer: CustomerId, external_id: &str) -> Self {
        Self::derive(customer.0, external_id)
    }
}

impl AzureEntitlementId {
    /// The Azure subscription `external_id` below an Azure plan.
    pub fn of(subscription: SubscriptionId, external_id: &str) -> Self {
        Self::derive(subscription.0, external_id)
    }
}

impl PartnerRelationId {
    /// The other partner whose Entra tenant is `tenant_id`.
    pub fn of_tenant(partner: PartnerId, tenant_id: &str) -> Self {
        Self::derive(partner.0, tenant_id)
    }
}

impl QualificationId {
    /// A qualification that began on a day; the same one, gained again later, is another row.
    pub fn of(partner: PartnerId, code: &str, level: &str, valid_from: NaiveDate) -> Self {
        Self::derive(partner.0, &format!("{code}:{level}:{valid_from}"))
    }
}

impl SupportPlanId {
    /// A plan of a kind that began on a day.
    pub fn of(partner: PartnerId, kind_code: &str, name: &str, valid_from: NaiveDate) -> Self {
        Self::derive(partner.0, &format!("{kind_code}:{name}:{valid_from}"))
    }
}

impl SupportOfferingId {
    /// The offering of that name.
    pub fn of_name(partner: PartnerId, name: &str) -> Self {
        Self::derive(partner.0, name)
    }
}

impl ServiceId {
    /// The service by its display name: issues name services by nothing else.
    pub fn of_name(partner: PartnerId, source: Source, name: &str) -> Self {
        Self::derive(partner.0, &format!("{}:{name}", <&str>::from(source)))
    }
}

impl ServiceHealthId {
    /// The state of the service of that name for a customer.
    pub fn of(customer: CustomerId, service_name: &str) -> Self {
        Self::derive(customer.0, service_name)
    }
}

impl IncidentId {
    /// What the upstream calls `external_id`.
    pub fn of(partner: PartnerId, source: Source, external_id: &str) -> Self {
        Self::derive(partner.0, &format!("{}:{external_id}", <&str>::from(source)))
    }
}

impl IncidentPostId {
    /// Posts have no id upstream: their time and text, as Microsoft wrote it, are their identity.
    pub fn of(incident: IncidentId, created_at: DateTime<Utc>, content: &str) -> Self {
        Self::derive(incident.0, &format!("{}:{content}", moment(created_at)))
    }
}

impl IncidentImpactId {
    /// One service in one region.
    pub fn of(incident: IncidentId, service_name: &str, region: &str) -> Self {
        Self::derive(incident.0, &format!("{service_name}:{region}"))
    }
}

impl MessageId {
    /// What Graph calls `external_id`.
    pub fn of(partner: PartnerId, external_id: &str) -> Self {
        Self::derive(partner.0, external_id)
    }
}

impl ServiceRequestId {
    /// What Partner Center calls `external_id`.
    pub fn of(partner: PartnerId, external_id: &str) -> Self {
        Self::derive(partner.0, external_id)
    }

    /// What is opened here at a time, by an act of that key; letter case matters. No number of Partner Center begins so.
    pub fn entered(partner: PartnerId, key: &str, at: DateTime<Utc>) -> Self {
        Self(Uuid::new_v5(&partner.0, format!("{}:<{key}>:{}", Self::PREFIX, moment(at)).as_bytes()))
    }
}

impl ServiceRequestNoteId {
    /// Notes have no id upstream: time, author and text are their identity.
    pub fn of(request: ServiceRequestId, at: Option<DateTime<Utc>>, author: Option<&str>, text: &str) -> Self {
        let at = at.map(moment).unwrap_or_default();
        Self::derive(request.0, &format!("{at}:{}:{text}", author.unwrap_or_default()))
    }

    /// What is written here at a time, by an act of that key.
    pub fn entered(request: ServiceRequestId, key: &str, at: DateTime<Utc>) -> Self {
        Self(Uuid::new_v5(&request.0, format!("{}:<{key}>:{}", Self::PREFIX, moment(at)).as_bytes()))
    }
}

/// A time as ids contain it.
fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letter_case_of_a_guid_does_not_make_another_id() {
        let owner = PartnerId::of_tenant("0000000A-0000-0000-0000-000000000000");
        assert_eq!(owner, PartnerId::of_tenant("0000000a-0000-0000-0000-000000000000"));
        assert_eq!(CustomerId::derive(owner.0, "ABC"), CustomerId::derive(owner.0, "abc"));
    }

    #[test]
    fn the_same_key_under_another_partner_is_another_id() {
        let (fabrikam, contoso) = (PartnerId::of_tenant("fabrikam"), PartnerId::of_tenant("contoso"));
        assert_ne!(CustomerId::derive(fabrikam.0, "t"), CustomerId::derive(contoso.0, "t"));
    }
}
