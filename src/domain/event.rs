//! What happened here, with a position in its partner's log.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{CustomerId, PartnerId};

/// The kinds of things that events and cached answers speak of.
#[derive(
    Clone,
    Copy,
    Debug,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "snake_case")]
pub enum EntityKind {
    Partner,
    PartnerRelation,
    Qualification,
    Customer,
    Subscription,
    SupportPlan,
    SupportOffering,
    Service,
    ServiceHealth,
    Incident,
    Message,
    ServiceRequest,
}

/// What befell an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Happening {
    Added,
    Changed,
    /// An incident gained a post.
    Posted,
    /// A request gained a note.
    Noted,
    /// A customer began to see an incident or a message, or was told of an incident in other words than before.
    Seen,
}

/// One thing that happened. In the log it is called `kind.happening`, e.g. `incident.posted`.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub kind: EntityKind,
    pub happening: Happening,
    /// The row that it befell.
    pub entity_id: Uuid,
    /// Whom it concerns; none for what concerns the partner as a whole.
    pub customer_id: Option<CustomerId>,
    /// When it happened, as far as upstream tells; else when we saw it.
    pub occurred_at: DateTime<Utc>,
    pub observed_at: DateTime<Utc>,
    /// The members that changed, before and after: `{"status": ["ACTIVE", "SUSPENDED"]}`.
    pub difference: Value,
}

/// An event at its place in its partner's log. Places are counted from 1, without a gap.
#[derive(Clone, Debug, PartialEq)]
pub struct Logged {
    pub position: i64,
    pub event: Event,
}

/// How far a partner's log has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub partner: PartnerId,
    pub position: i64,
}

/// What a log is known to have come to.
#[derive(Clone, Debug)]
pub struct News {
    pub standing: Standing,
    /// The last events up to there, as they stand in the log; empty if only the log has them.
    pub events: Arc<[Logged]>,
}

impl From<Standing> for News {
    fn from(standing: Standing) -> Self {
        Self { standing, events: Arc::new([]) }
    }
}
