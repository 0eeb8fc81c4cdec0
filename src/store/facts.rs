//! What a document says, sorted by what it speaks of.

use super::{seen::Sight, told::Telling};
use crate::domain::{
    CustomerId, SubscriptionId,
    change::Change,
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

/// The facts of a batch by kind, each in the order in which they were told.
#[derive(Default)]
pub(super) struct Facts {
    pub partner: Vec<Partner>,
    pub relations: Vec<PartnerRelation>,
    pub resellers: Vec<(CustomerId, PartnerRelation)>,
    pub qualifications: Vec<Qualification>,
    pub plans: Vec<SupportPlan>,
    pub offerings: Vec<SupportOffering>,
    pub promises: Vec<CustomerOffering>,
    pub customers: Vec<Customer>,
    pub subscriptions: Vec<Subscription>,
    pub entitlements: Vec<AzureEntitlement>,
    pub contacts: Vec<(SubscriptionId, SupportContact)>,
    pub services: Vec<Service>,
    pub health: Vec<ServiceHealth>,
    pub incidents: Vec<Incident>,
    pub posts: Vec<IncidentPost>,
    pub impacts: Vec<IncidentImpact>,
    pub tellings: Vec<Telling>,
    pub messages: Vec<Message>,
    pub seen_messages: Vec<Sight>,
    pub requests: Vec<ServiceRequest>,
    pub notes: Vec<ServiceRequestNote>,
}

impl Facts {
    pub fn sorted(changes: Vec<Change>) -> Self {
        let mut facts = Self::default();
        for change in changes {
            match change {
                Change::Partner(fact) => facts.partner.push(fact),
                Change::PartnerRelation(fact) => facts.relations.push(fact),
                Change::Reseller(customer, relation) => {
                    facts.relations.push(relation.clone());
                    facts.resellers.push((customer, relation));
                }
                Change::Qualification(fact) => facts.qualifications.push(fact),
                Change::SupportPlan(fact) => facts.plans.push(fact),
                Change::SupportOffering(fact) => facts.offerings.push(fact),
                Change::CustomerOffering(fact) => facts.promises.push(fact),
                Change::Customer(fact) => facts.customers.push(fact),
                Change::Subscription(fact) => facts.subscriptions.push(fact),
                Change::AzureEntitlement(fact) => facts.entitlements.push(fact),
                Change::SupportContact(subscription, contact) => facts.contacts.push((subscription, contact)),
                Change::Service(fact) => facts.services.push(fact),
                Change::ServiceHealth(fact) => facts.health.push(fact),
                Change::Incident { incident, posts, impacts, seen_by, azure_subscriptions } => {
                    facts.tellings.push(Telling::new(&incident, &posts, seen_by, azure_subscriptions));
                    facts.incidents.push(incident);
                    facts.posts.extend(posts);
                    facts.impacts.extend(impacts);
                }
                Change::Message { message, seen_by } => {
                    let (id, at) = (message.id.0, message.observed_at);
                    let sight = |customer| Sight { id, customer, at, own: Vec::new() };
                    facts.seen_messages.extend(seen_by.into_iter().map(sight));
                    facts.messages.push(message);
                }
                Change::ServiceRequest { request, notes } => {
                    facts.requests.push(request);
                    facts.notes.extend(notes);
                }
            }
        }
        facts
    }
}
