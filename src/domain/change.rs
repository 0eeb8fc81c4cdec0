//! What an upstream, or the partner itself, can tell us: facts in domain terms, ready to be applied.

use serde_json::Value;

use super::{
    CustomerId, SubscriptionId,
    customer::Customer,
    incident::{Incident, IncidentImpact, IncidentPost},
    message::Message,
    partner::{Partner, PartnerRelation, Qualification},
    service_health::{Service, ServiceHealth},
    service_request::{ServiceRequest, ServiceRequestNote},
    subscription::{AzureEntitlement, Subscription, SupportContact},
    support_offering::{CustomerOffering, SupportOffering},
    support_plan::SupportPlan,
};

/// One fact.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// What one of the partner's profiles says; what it omits stays.
    Partner(Partner),
    PartnerRelation(PartnerRelation),
    /// That this other partner is the customer's indirect reseller.
    Reseller(CustomerId, PartnerRelation),
    Qualification(Qualification),
    SupportPlan(SupportPlan),
    SupportOffering(SupportOffering),
    CustomerOffering(CustomerOffering),
    Customer(Customer),
    Subscription(Subscription),
    AzureEntitlement(AzureEntitlement),
    SupportContact(SubscriptionId, SupportContact),
    Service(Service),
    ServiceHealth(ServiceHealth),
    Incident {
        incident: Incident,
        /// All posts that the answer holds; those that we have are recognised.
        posts: Vec<IncidentPost>,
        impacts: Vec<IncidentImpact>,
        /// The customers whose tenant the answer comes from or speaks of; the store may not know some of them.
        seen_by: Vec<CustomerId>,
        /// Azure subscriptions that the answer speaks of, lower case: whoever holds them sees the incident, too.
        azure_subscriptions: Vec<String>,
    },
    Message {
        message: Message,
        seen_by: Vec<CustomerId>,
    },
    ServiceRequest {
        request: ServiceRequest,
        notes: Vec<ServiceRequestNote>,
    },
}

/// What one upstream document says, as of one moment. Applied in one transaction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Batch {
    pub changes: Vec<Change>,
    /// Items that could not be understood; the rest of the document goes in without them.
    pub quarantined: Vec<Quarantined>,
    /// The document is a complete list of the partner's customers: who is missing has left.
    pub is_complete_customer_list: bool,
}

/// One item of a document that could not be used.
#[derive(Clone, Debug, PartialEq)]
pub struct Quarantined {
    /// Where it stands, e.g. `items[3]`.
    pub place: String,
    /// What is wrong with it, for a person.
    pub reason: String,
    /// The item itself, without secrets.
    pub item: Value,
}

/// What applying a batch did.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Applied {
    pub added: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Older than what we have, hence ignored.
    pub outdated: u64,
    /// Items that could not be used: those that were not understood, then those that hang on what is not stored.
    pub quarantined: Vec<Quarantined>,
    /// The partner's log position afterwards; none if nothing happened.
    pub position: Option<i64>,
}
