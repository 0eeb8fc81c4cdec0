//! What each entity does when it is told again: which answer is newer, and what an answer that omits things keeps.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{table::Stored, write::as_stored};
use crate::domain::{
    CustomerId,
    customer::Customer,
    event::EntityKind,
    incident::{Incident, IncidentImpact},
    message::Message,
    partner::{Partner, PartnerRelation, Qualification},
    service_health::{Service, ServiceHealth},
    service_request::ServiceRequest,
    subscription::{AzureEntitlement, Subscription, SupportContact},
    support_offering::SupportOffering,
    support_plan::SupportPlan,
};

/// Something that an upstream, or the partner itself, tells more than once.
pub(super) trait Fact: Stored + Clone + Sync {
    const KIND: EntityKind;

    /// Members of which events tell only that they changed: long texts and personal data.
    const QUIET: &'static [&'static str] = &[];

    /// Of a part of another entity: the member of that entity it stands under. Events tell of the whole.
    const PART: Option<&'static str> = None;

    fn id(&self) -> Uuid;

    /// The entity that events name.
    fn subject(&self) -> Uuid {
        self.id()
    }

    /// Whom it concerns, if one customer alone.
    fn customer(&self) -> Option<CustomerId> {
        None
    }

    /// When upstream changed it last, where it says so.
    fn modified_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// When we saw it; none for what the partner enters.
    fn observed_at(&self) -> Option<DateTime<Utc>>;

    /// This, as the newer answer; what it omits is taken from `older`.
    fn over(self, _older: &Self) -> Self {
        self
    }

    /// Whether an older answer than the stored one may still fill what no newer one told.
    const FILLS_GAPS: bool = false;
}

impl Fact for Partner {
    const KIND: EntityKind = EntityKind::Partner;
    const QUIET: &'static [&'static str] = &["support_email", "support_phone"];
    /// Each profile tells some members only.
    const FILLS_GAPS: bool = true;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    fn over(self, older: &Self) -> Self {
        let mut whole = older.clone();
        whole.absorb(self);
        whole
    }
}

impl Fact for PartnerRelation {
    const KIND: EntityKind = EntityKind::PartnerRelation;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    fn over(self, older: &Self) -> Self {
        Self {
            state: self.state.or_else(|| older.state.clone()),
            network_id: self.network_id.or_else(|| older.network_id.clone()),
            country: self.country.or_else(|| older.country.clone()),
            ..self
        }
    }
}

impl Fact for Qualification {
    const KIND: EntityKind = EntityKind::Qualification;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Fact for SupportPlan {
    const KIND: EntityKind = EntityKind::SupportPlan;
    const QUIET: &'static [&'static str] = &["managers"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Fact for SupportOffering {
    const KIND: EntityKind = EntityKind::SupportOffering;
    const QUIET: &'static [&'static str] = &["contact_email", "contact_phone"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Fact for Customer {
    const KIND: EntityKind = EntityKind::Customer;
    const QUIET: &'static [&'static str] = &["registration_number"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.id)
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    fn over(self, older: &Self) -> Self {
        let mut whole = older.clone();
        whole.absorb(self);
        whole
    }
}

impl Fact for Subscription {
    const KIND: EntityKind = EntityKind::Subscription;
    const QUIET: &'static [&'static str] = &["support_contact_name"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.customer_id)
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    /// The support contact comes from an answer of its own.
    fn over(mut self, older: &Self) -> Self {
        if self.support_contact == SupportContact::default() {
            self.support_contact = older.support_contact.clone();
        }
        self
    }
}

impl Fact for AzureEntitlement {
    const KIND: EntityKind = EntityKind::Subscription;
    const PART: Option<&'static str> = Some("azure_entitlements");

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn subject(&self) -> Uuid {
        self.subscription_id.0
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.customer_id)
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }
}

impl Fact for Service {
    const KIND: EntityKind = EntityKind::Service;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Incidents know a service by its name alone.
    fn over(mut self, older: &Self) -> Self {
        if self.code == self.name {
            self.code.clone_from(&older.code);
        }
        self
    }
}

impl Fact for ServiceHealth {
    const KIND: EntityKind = EntityKind::ServiceHealth;

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn customer(&self) -> Option<CustomerId> {
        Some(self.customer_id)
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    /// Upstream does not tell since when: it is when we first saw the state.
    fn over(mut self, older: &Self) -> Self {
        if self.reported_status_text == older.reported_status_text && self.reported_status == older.reported_status {
            self.since = older.since;
        }
        self
    }
}

impl Fact for Incident {
    const KIND: EntityKind = EntityKind::Incident;
    /// Title and impact are somebody's: another customer may be told them in other words.
    const QUIET: &'static [&'static str] = &["title", "impact"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn modified_at(&self) -> Option<DateTime<Utc>> {
        Some(self.modified_at)
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    /// Other words of the same moment are those of another tenant; they are kept for its customer alone.
    fn over(mut self, older: &Self) -> Self {
        if as_stored(self.modified_at) == as_stored(older.modified_at) {
            self.title.clone_from(&older.title);
            self.impact.clone_from(&older.impact);
        }
        self
    }
}

impl Fact for IncidentImpact {
    const KIND: EntityKind = EntityKind::Incident;
    const PART: Option<&'static str> = Some("impacts");

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn subject(&self) -> Uuid {
        self.incident_id.0
    }

    fn modified_at(&self) -> Option<DateTime<Utc>> {
        self.updated_at
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        None
    }
}

impl Fact for Message {
    const KIND: EntityKind = EntityKind::Message;
    const QUIET: &'static [&'static str] = &["body"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn modified_at(&self) -> Option<DateTime<Utc>> {
        Some(self.modified_at)
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }
}

impl Fact for ServiceRequest {
    const KIND: EntityKind = EntityKind::ServiceRequest;
    const QUIET: &'static [&'static str] = &["description", "contact_name", "contact_email", "contact_phone"];

    fn id(&self) -> Uuid {
        self.id.0
    }

    fn customer(&self) -> Option<CustomerId> {
        self.customer_id
    }

    fn modified_at(&self) -> Option<DateTime<Utc>> {
        self.modified_at
    }

    fn observed_at(&self) -> Option<DateTime<Utc>> {
        Some(self.observed_at)
    }

    /// Lists omit what the single answer has; links to subscriptions and incidents are set by people.
    fn over(self, older: &Self) -> Self {
        let or = |newer: Option<String>, older: &Option<String>| newer.or_else(|| older.clone());
        Self {
            customer_id: self.customer_id.or(older.customer_id),
            subscription_id: self.subscription_id.or(older.subscription_id),
            incident_id: self.incident_id.or(older.incident_id),
            description: if self.description.is_empty() { older.description.clone() } else { self.description },
            topic: or(self.topic, &older.topic),
            product_name: or(self.product_name, &older.product_name),
            contact_name: or(self.contact_name, &older.contact_name),
            contact_email: or(self.contact_email, &older.contact_email),
            contact_phone: or(self.contact_phone, &older.contact_phone),
            country: or(self.country, &older.country),
            created_at: self.created_at.or(older.created_at),
            modified_at: self.modified_at.or(older.modified_at),
            version: older.version,
            ..self
        }
    }
}
