//! Who asks, and which rows they may reach.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{CustomerId, PartnerId};

/// The rows that a caller may reach: one partner, and all or some of its customers.
///
/// What lies outside is not found, never forbidden, so ids cannot be probed.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Scope {
    /// The boundary of isolation.
    pub partner: PartnerId,
    /// `None` reaches every customer of the partner; a list reaches only those, and nothing that belongs to no
    /// customer but the partner itself.
    pub customers: Option<Arc<[CustomerId]>>,
}

impl Scope {
    /// Everything of one partner.
    pub fn partner(partner: PartnerId) -> Self {
        Self { partner, customers: None }
    }

    /// Some customers of one partner.
    pub fn customers(partner: PartnerId, customers: impl Into<Arc<[CustomerId]>>) -> Self {
        Self { partner, customers: Some(customers.into()) }
    }
}

/// Who is asking.
#[derive(Clone, Debug)]
pub struct Viewer {
    /// How the viewer is shown to itself, e.g. `local`.
    pub name: String,
    /// What it may reach.
    pub scope: Scope,
    /// When what it showed of itself ends, such as a token. `None` for never.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Viewer {
    /// Whether both are the same person with the same reach, whatever they showed to prove it.
    pub fn is_same(&self, other: &Self) -> bool {
        self.name == other.name && self.scope == other.scope
    }
}
