//! The audit log: who did what, when, from where, and what became of it.
//!
//! A record has no place for what somebody wrote, nor for any secret: it names inputs, fields and permissions, never their
//! values.

use std::{collections::BTreeSet, net::IpAddr};

use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr};
use uuid::Uuid;

use super::{
    AuditRecordId, Error, PartnerId, ServiceRequestId,
    access::{Proven, Role, Viewer},
    filter::Range,
    page::{KeyValue, Listed, Order},
};

/// What was done, or tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditAction {
    ServiceRequestOpen,
    ServiceRequestAddNote,
    ServiceRequestClose,
    ApiKeyIssue,
    ApiKeyRevoke,
    ApiKeyUse,
    /// Something was asked for without the right to it, or without proof of who asks.
    #[default]
    Access,
    /// One caller was refused more often within a minute than is recorded one by one.
    AccessRepeated,
    /// Old records were deleted.
    AuditPrune,
    /// More happened than could be written.
    RecordsLost,
}

/// The database keeps each record for so many days, whoever would delete it.
pub const KEPT_DAYS: u32 = 90;

impl AuditAction {
    /// What the global ids of the entities begin with that it is about.
    pub fn prefix(self) -> &'static str {
        match self {
            Self::ServiceRequestOpen | Self::ServiceRequestAddNote | Self::ServiceRequestClose => {
                ServiceRequestId::PREFIX
            }
            Self::ApiKeyIssue
            | Self::ApiKeyRevoke
            | Self::ApiKeyUse
            | Self::Access
            | Self::AccessRepeated
            | Self::AuditPrune
            | Self::RecordsLost => "",
        }
    }
}

/// What became of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, EnumString, IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum AuditOutcome {
    #[default]
    Done,
    /// It had been done before, under the same idempotency key.
    DoneBefore,
    /// Nothing was done, for a reason that lies with whoever asked.
    Refused,
    /// Nothing was done, for a fault of ours.
    Failed,
}

/// One thing that happened. Never changed once it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct AuditRecord {
    pub id: AuditRecordId,
    /// `None` where it is not known for whom somebody asked.
    pub partner_id: Option<PartnerId>,
    pub occurred_at: DateTime<Utc>,
    pub action: AuditAction,
    pub outcome: AuditOutcome,
    /// Names the person or program for ever; see [`Viewer::subject`]. `None` if nobody was proven.
    pub subject: Option<String>,
    /// How it was shown at that time.
    pub name: Option<String>,
    pub roles: Vec<Role>,
    /// What it was about, where that has an id; see [`AuditAction::prefix`].
    pub entity_id: Option<Uuid>,
    /// What it was about, where that has none: the prefix of a key, a path.
    pub target: Option<String>,
    /// The IP address it came from; `None` for the command line.
    pub address: Option<String>,
    /// Ties it to the response, and to the lines of the log.
    pub correlation_id: String,
    /// Why it was not done, as in the error's `extensions.code`.
    pub code: Option<String>,
    /// Which members of the input were given.
    pub inputs: Vec<String>,
    /// What was refused: a permission and the field that needs it, each as `PERMISSION path.of.field`.
    pub refused: Vec<String>,
}

/// The longest correlation id or path that is kept.
const LONGEST_TEXT: usize = 200;

impl AuditRecord {
    /// Something that a caller nobody knows did. `correlation_id` is the request's.
    pub fn of_nobody(
        action: AuditAction,
        address: Option<IpAddr>,
        correlation_id: &str,
        occurred_at: DateTime<Utc>,
    ) -> Self {
        Self {
            id: AuditRecordId(Uuid::new_v4()),
            partner_id: None,
            occurred_at,
            action,
            outcome: AuditOutcome::Done,
            subject: None,
            name: None,
            roles: Vec::new(),
            entity_id: None,
            target: None,
            address: address.map(|address| address.to_canonical().to_string()),
            correlation_id: correlation_id.chars().take(LONGEST_TEXT).collect(),
            code: None,
            inputs: Vec::new(),
            refused: Vec::new(),
        }
    }

    /// Something that `viewer` did.
    pub fn of(action: AuditAction, viewer: &Viewer, correlation_id: &str, occurred_at: DateTime<Utc>) -> Self {
        Self::of_nobody(action, viewer.address, correlation_id, occurred_at).by(&viewer.proven())
    }

    /// The same, done by somebody who is known.
    pub fn by(self, who: &Proven) -> Self {
        Self {
            partner_id: who.partner,
            subject: Some(who.subject.to_string()),
            name: Some(who.name.clone()),
            roles: who.roles.to_vec(),
            ..self
        }
    }

    /// The same about an entity.
    pub fn about_entity(self, id: impl Into<Uuid>) -> Self {
        Self { entity_id: Some(id.into()), ..self }
    }

    /// The same about something that has no id.
    pub fn about(self, target: &str) -> Self {
        Self { target: Some(target.chars().take(LONGEST_TEXT).collect()), ..self }
    }

    /// The same with another outcome.
    pub fn ended(self, outcome: AuditOutcome) -> Self {
        Self { outcome, ..self }
    }

    /// The same, refused with this code.
    pub fn refused_with(self, code: &str) -> Self {
        Self { outcome: AuditOutcome::Refused, code: Some(code.to_owned()), ..self }
    }

    /// The same as the first of `count` that are recorded as one.
    pub fn repeated(self, count: u64) -> Self {
        Self { action: AuditAction::AccessRepeated, ..self.about(&count.to_string()) }
    }

    /// The same, not done because of `error`.
    pub fn ended_by(self, error: &Error) -> Self {
        let outcome = match error {
            Error::Internal(_) | Error::Unavailable(_) => AuditOutcome::Failed,
            _ => AuditOutcome::Refused,
        };
        Self { outcome, code: Some(error.code().to_owned()), ..self }
    }
}

/// What can be asked of a record.
#[derive(Clone, Debug, PartialEq)]
pub enum AuditPredicate {
    OccurredAt(Range<DateTime<Utc>>),
    Action(BTreeSet<AuditAction>),
    Outcome(BTreeSet<AuditOutcome>),
    Subject(BTreeSet<String>),
    Entity(BTreeSet<Uuid>),
    Target(BTreeSet<String>),
    Address(BTreeSet<String>),
    CorrelationId(BTreeSet<String>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuditKey {
    OccurredAt,
}

impl Listed for AuditRecord {
    type Predicate = AuditPredicate;
    type Key = AuditKey;

    const DEFAULT_ORDER: &'static [Order<AuditKey>] = &[Order::descending(AuditKey::OccurredAt)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: AuditKey) -> KeyValue {
        match key {
            AuditKey::OccurredAt => self.occurred_at.into(),
        }
    }
}
