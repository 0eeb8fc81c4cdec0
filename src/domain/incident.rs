//! Faults that Microsoft announces: Graph calls them issues, Azure events.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    IncidentId, IncidentImpactId, IncidentPostId, ServiceId,
    filter::{Filter, Range, TextMatch, fold},
    page::{KeyValue, Listed, Order},
    product_family::ProductFamily,
    service_health::{HealthStatus, ServicePredicate, Source},
};

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Classification {
    Incident,
    Advisory,
    #[default]
    Unknown,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Origin {
    Microsoft,
    ThirdParty,
    Customer,
    #[default]
    Unknown,
}

/// A fault or advisory that Microsoft announces, kept once per partner however many customers see it. Title, impact and
/// posts may be told to each customer in other words: a scope of some customers reads theirs, that of a partner the newest.
///
/// Source: Graph `GET /admin/serviceAnnouncement/issues`, Azure `Microsoft.ResourceHealth/events`.
#[derive(Clone, Debug, PartialEq)]
pub struct Incident {
    pub id: IncidentId,
    pub source: Source,
    /// Microsoft's id, e.g. `EX226792`, or Azure's tracking id; as written.
    pub external_id: String,
    pub title: String,
    /// Sanitised.
    pub impact: Option<String>,
    pub classification: Classification,
    pub classification_text: String,
    pub origin: Origin,
    pub status: HealthStatus,
    pub status_text: String,
    /// Azure only: `Critical`, `Error`, `Warning`, `Informational`.
    pub level: Option<String>,
    pub service_id: Option<ServiceId>,
    /// The service as this incident names it.
    pub service_name: Option<String>,
    pub product_family: ProductFamily,
    pub feature: Option<String>,
    pub feature_group: Option<String>,
    pub started_at: Option<DateTime<Utc>>,
    pub ended_at: Option<DateTime<Utc>>,
    /// The authority for open or closed; the status is for display.
    pub is_resolved: bool,
    pub is_high_impact: Option<bool>,
    /// Upstream's own time of the last change.
    pub modified_at: DateTime<Utc>,
    pub observed_at: DateTime<Utc>,
}

/// One announcement about an incident; appended, never changed.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentPost {
    pub id: IncidentPostId,
    pub incident_id: IncidentId,
    pub created_at: DateTime<Utc>,
    /// Microsoft's word, e.g. `regular`, `quick`.
    pub post_type: String,
    /// Sanitised HTML or text. Empty where a reader did not ask for it.
    pub content: String,
}

/// One service in one Azure region that an incident touches.
#[derive(Clone, Debug, PartialEq)]
pub struct IncidentImpact {
    pub id: IncidentImpactId,
    pub incident_id: IncidentId,
    pub service_name: String,
    pub region: String,
    /// Microsoft's word.
    pub status_text: Option<String>,
    pub updated_at: Option<DateTime<Utc>>,
}

/// How much of a partner's business an incident touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct IncidentReach {
    /// Customers that see the incident.
    pub customers: i64,
    /// Their active subscriptions in the incident's product family.
    pub subscriptions: i64,
    /// Units of those subscriptions.
    pub seats: i64,
}

/// What can be asked of an incident.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentPredicate {
    Id(BTreeSet<IncidentId>),
    ExternalId(BTreeSet<String>),
    Open(bool),
    Title(TextMatch),
    Classification(BTreeSet<Classification>),
    Origin(BTreeSet<Origin>),
    Status(BTreeSet<HealthStatus>),
    ProductFamily(BTreeSet<ProductFamily>),
    Source(BTreeSet<Source>),
    StartedAt(Range<DateTime<Utc>>),
    ModifiedAt(Range<DateTime<Utc>>),
    Service(Box<Filter<ServicePredicate>>),
    Customer(Box<Filter<super::customer::CustomerPredicate>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentKey {
    StartedAt,
    ModifiedAt,
    Severity,
    Title,
}

impl Listed for Incident {
    type Predicate = IncidentPredicate;
    type Key = IncidentKey;

    const DEFAULT_ORDER: &'static [Order<IncidentKey>] = &[Order::descending(IncidentKey::ModifiedAt)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: IncidentKey) -> KeyValue {
        match key {
            IncidentKey::StartedAt => self.started_at.into(),
            IncidentKey::ModifiedAt => self.modified_at.into(),
            IncidentKey::Severity => self.status.severity().into(),
            IncidentKey::Title => KeyValue::Text(fold(&self.title)),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentPostKey {
    CreatedAt,
}

impl Listed for IncidentPost {
    type Predicate = ();
    type Key = IncidentPostKey;

    const DEFAULT_ORDER: &'static [Order<IncidentPostKey>] = &[Order::descending(IncidentPostKey::CreatedAt)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: IncidentPostKey) -> KeyValue {
        match key {
            IncidentPostKey::CreatedAt => self.created_at.into(),
        }
    }
}
