//! Announcements of the message center: changes that are coming, not faults.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    MessageId,
    filter::{Range, TextMatch, fold},
    page::{KeyValue, Listed, Order},
};

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageCategory {
    PreventOrFixIssue,
    PlanForChange,
    StayInformed,
    #[default]
    Unknown,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum MessageSeverity {
    Normal,
    High,
    Critical,
    #[default]
    Unknown,
}

/// An announcement of the message center.
///
/// Source: Graph `GET /admin/serviceAnnouncement/messages` in a customer's tenant; kept once per partner.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    pub id: MessageId,
    /// Microsoft's id, e.g. `MC172851`.
    pub external_id: String,
    pub title: String,
    pub category: MessageCategory,
    pub category_text: String,
    pub severity: MessageSeverity,
    pub severity_text: String,
    pub is_major_change: Option<bool>,
    pub action_required_by: Option<DateTime<Utc>>,
    pub services: Vec<String>,
    pub tags: Vec<String>,
    /// Sanitised. Empty where a reader did not ask for it.
    pub body: String,
    pub starts_at: Option<DateTime<Utc>>,
    pub ends_at: Option<DateTime<Utc>>,
    pub expires_at: Option<DateTime<Utc>>,
    pub modified_at: DateTime<Utc>,
    pub observed_at: DateTime<Utc>,
}

/// What can be asked of a message.
#[derive(Clone, Debug, PartialEq)]
pub enum MessagePredicate {
    Title(TextMatch),
    Category(BTreeSet<MessageCategory>),
    Severity(BTreeSet<MessageSeverity>),
    ActionRequiredBy(Range<DateTime<Utc>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKey {
    ModifiedAt,
    ActionRequiredBy,
    Title,
}

impl Listed for Message {
    type Predicate = MessagePredicate;
    type Key = MessageKey;

    const DEFAULT_ORDER: &'static [Order<MessageKey>] = &[Order::descending(MessageKey::ModifiedAt)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: MessageKey) -> KeyValue {
        match key {
            MessageKey::ModifiedAt => self.modified_at.into(),
            MessageKey::ActionRequiredBy => self.action_required_by.into(),
            MessageKey::Title => KeyValue::Text(fold(&self.title)),
        }
    }
}
