//! Tickets of the partner to Microsoft.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use uuid::Uuid;

use super::{
    CustomerId, IncidentId, ServiceRequestId, ServiceRequestNoteId, SubscriptionId,
    filter::{Filter, Range, TextMatch, fold},
    page::{KeyValue, Listed, Order},
    service_health::Source,
};

/// How bad it is, as the requester stated it: A, B and C in Microsoft's tables.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    strum::EnumString,
    strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Severity {
    Critical,
    Moderate,
    Minimal,
    #[default]
    Unknown,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum ServiceRequestStatus {
    /// Right after creation.
    None,
    Open,
    /// Microsoft waits for the partner.
    AttentionNeeded,
    Closed,
    #[default]
    Unknown,
}

impl ServiceRequestStatus {
    /// Whether somebody still has to do something; an unknown word counts as open.
    pub fn is_open(self) -> bool {
        self != Self::Closed
    }
}

/// A ticket of the partner to Microsoft.
///
/// Source: Partner Center `GET /v1/customers/{id}/servicerequests`, or somebody who opened it here.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRequest {
    pub id: ServiceRequestId,
    pub source: Source,
    /// Partner Center's number. None for one that was opened here.
    pub external_id: Option<String>,
    /// None when it concerns the partner itself, or the answer did not say.
    pub customer_id: Option<CustomerId>,
    pub subscription_id: Option<SubscriptionId>,
    pub incident_id: Option<IncidentId>,
    pub title: String,
    /// Empty where a reader did not ask for it.
    pub description: String,
    pub severity: Severity,
    pub severity_text: String,
    pub status: ServiceRequestStatus,
    pub status_text: String,
    pub topic: Option<String>,
    pub product_name: Option<String>,
    pub contact_name: Option<String>,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
    pub country: Option<String>,
    /// None right after creation: upstream then says "never".
    pub created_at: Option<DateTime<Utc>>,
    pub modified_at: Option<DateTime<Utc>>,
    /// Only while it is closed.
    pub closed_at: Option<DateTime<Utc>>,
    pub observed_at: DateTime<Utc>,
    /// Grows with each change of it and with each note, whoever made it; counted by the store.
    pub version: i64,
}

/// A note on a service request. Upstream gives it no id: time, author and text are its identity.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceRequestNote {
    pub id: ServiceRequestNoteId,
    pub service_request_id: ServiceRequestId,
    pub created_at: Option<DateTime<Utc>>,
    pub author: Option<String>,
    pub text: String,
}

/// What can be asked of a service request.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceRequestPredicate {
    Id(BTreeSet<ServiceRequestId>),
    Customer(BTreeSet<CustomerId>),
    Open(bool),
    Status(BTreeSet<ServiceRequestStatus>),
    Severity(BTreeSet<Severity>),
    Title(TextMatch),
    Product(TextMatch),
    CreatedAt(Range<DateTime<Utc>>),
    OfIncident(Box<Filter<super::incident::IncidentPredicate>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceRequestKey {
    CreatedAt,
    ModifiedAt,
    Severity,
    Title,
}

impl Listed for ServiceRequest {
    type Predicate = ServiceRequestPredicate;
    type Key = ServiceRequestKey;

    const DEFAULT_ORDER: &'static [Order<ServiceRequestKey>] = &[Order::descending(ServiceRequestKey::CreatedAt)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: ServiceRequestKey) -> KeyValue {
        match key {
            ServiceRequestKey::CreatedAt => self.created_at.into(),
            ServiceRequestKey::ModifiedAt => self.modified_at.into(),
            ServiceRequestKey::Severity => (self.severity as i64).into(),
            ServiceRequestKey::Title => KeyValue::Text(fold(&self.title)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceRequestNoteKey {
    CreatedAt,
}

impl Listed for ServiceRequestNote {
    type Predicate = ();
    type Key = ServiceRequestNoteKey;

    const DEFAULT_ORDER: &'static [Order<ServiceRequestNoteKey>] =
        &[Order::descending(ServiceRequestNoteKey::CreatedAt)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: ServiceRequestNoteKey) -> KeyValue {
        match key {
            ServiceRequestNoteKey::CreatedAt => self.created_at.into(),
        }
    }
}
