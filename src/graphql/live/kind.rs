//! The words of live events.

use async_graphql::Enum;

use crate::{
    domain::{self, *},
    engine::Described,
};

/// What an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::event::EntityKind")]
pub enum EntityKind {
    /// The partner itself.
    Partner,
    /// Another partner that this one works with.
    PartnerRelation,
    /// A competency or designation of the partner.
    Qualification,
    /// A customer.
    Customer,
    /// What a customer bought, with its add-ons and Azure subscriptions.
    Subscription,
    /// A contract or benefit of the partner with Microsoft.
    SupportPlan,
    /// What the partner promises its customers.
    SupportOffering,
    /// A Microsoft cloud service.
    Service,
    /// The state of a service for a customer.
    ServiceHealth,
    /// An incident or advisory, with its posts.
    Incident,
    /// An announcement of the message center.
    Message,
    /// A ticket to Microsoft, with its notes.
    ServiceRequest,
}

/// What befell an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::event::Happening")]
pub enum Happening {
    /// It is new here.
    Added,
    /// Some of its members changed.
    Changed,
    /// An incident gained a post.
    Posted,
    /// A ticket gained a note.
    Noted,
    /// A customer began to see an incident or a message, or was told of an incident in other words than before.
    Seen,
}

/// Which part of a feed an event belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum LiveEventKind {
    /// Something as it was when the feed began.
    Snapshot,
    /// Everything that was there has been told; what follows is new. There is no object.
    SnapshotComplete,
    /// Something that happened.
    Live,
}

/// The word that the schema has for a value.
pub(super) fn shown<E: async_graphql::resolver_utils::EnumType>(value: E) -> &'static str {
    E::items().iter().find(|item| item.value == value).map_or("", |item| item.name)
}

/// The type of the schema that shows entities of a kind.
pub fn type_name(kind: domain::event::EntityKind) -> &'static str {
    use domain::event::EntityKind as K;
    match kind {
        K::Partner => domain::partner::Partner::NAME,
        K::PartnerRelation => domain::partner::PartnerRelation::NAME,
        K::Qualification => domain::partner::Qualification::NAME,
        K::Customer => domain::customer::Customer::NAME,
        K::Subscription => domain::subscription::Subscription::NAME,
        K::SupportPlan => domain::support_plan::SupportPlan::NAME,
        K::SupportOffering => domain::support_offering::SupportOffering::NAME,
        K::Service => domain::service_health::Service::NAME,
        K::ServiceHealth => domain::service_health::ServiceHealth::NAME,
        K::Incident => domain::incident::Incident::NAME,
        K::Message => domain::message::Message::NAME,
        K::ServiceRequest => domain::service_request::ServiceRequest::NAME,
    }
}

/// What the global ids of a kind of entity start with.
pub fn prefix(kind: domain::event::EntityKind) -> &'static str {
    use domain::event::EntityKind as K;
    match kind {
        K::Partner => PartnerId::PREFIX,
        K::PartnerRelation => PartnerRelationId::PREFIX,
        K::Qualification => QualificationId::PREFIX,
        K::Customer => CustomerId::PREFIX,
        K::Subscription => SubscriptionId::PREFIX,
        K::SupportPlan => SupportPlanId::PREFIX,
        K::SupportOffering => SupportOfferingId::PREFIX,
        K::Service => ServiceId::PREFIX,
        K::ServiceHealth => ServiceHealthId::PREFIX,
        K::Incident => IncidentId::PREFIX,
        K::Message => MessageId::PREFIX,
        K::ServiceRequest => ServiceRequestId::PREFIX,
    }
}
