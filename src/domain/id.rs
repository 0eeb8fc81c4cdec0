//! A typed id per entity.
//!
//! An id is a UUID of version 5 made from the partner and the upstream's own key: the same row gets the same id on
//! every node and in every import, so an import needs no look-up before it writes, and repeating it changes nothing.

use uuid::Uuid;

/// Declares one id type per entity, each with the prefix of its global form (`cus_…`).
macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal)+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
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
}

impl PartnerId {
    /// The id of the partner whose Entra tenant is `tenant_id`.
    pub fn of_tenant(tenant_id: &str) -> Self {
        Self::derive(Uuid::NAMESPACE_OID, tenant_id)
    }
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
