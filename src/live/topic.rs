//! What somebody listens to, and what it is told.

use std::sync::Arc;

use bytes::Bytes;
use futures::future::BoxFuture;
use uuid::Uuid;

use super::moment::{Change, Moment, Reach, Row};
use crate::{
    domain::{CustomerId, Result, access::Scope, event::EntityKind},
    store::Slice,
};

/// How far a listener has come: rows with ids up to `upper` are told as of `position`, others not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub position: i64,
    pub upper: Uuid,
}

impl Place {
    /// The beginning of a snapshot as of `position`.
    pub fn before_all_rows(position: i64) -> Self {
        Self { position, upper: Uuid::nil() }
    }

    /// After the snapshot.
    pub fn after_all_rows(position: i64) -> Self {
        Self { position, upper: Uuid::max() }
    }

    pub fn is_after_all_rows(self) -> bool {
        self.upper == Uuid::max()
    }
}

/// What is to be told.
#[derive(Clone, Debug)]
pub enum Part {
    /// A row of the snapshot.
    Row(Row),
    /// The snapshot is complete.
    Complete,
    /// One or more steps of a row, or anything else that happened.
    Change(Change),
}

/// A payload on its way out.
#[derive(Clone, Debug)]
pub struct Told {
    /// Where the listener stands that has seen it.
    pub position: i64,
    pub body: Bytes,
    /// `position`, for the listener to resume at.
    pub cursor: Arc<str>,
}

/// Each part with the place at which a listener stands that has seen it.
pub type Telling = Vec<(Place, Part)>;

/// What all who listen alike have in common.
pub trait Topic: Send + Sync + 'static {
    fn interest(&self) -> &Interest;

    /// Whether steps of one row may be told as one where somebody is late.
    fn may_merge(&self) -> bool;

    /// Whether an event that reaches the listener is one it wants.
    fn wants(&self, moment: &Moment) -> bool;

    /// The next rows of the snapshot after `place`, and what happened since.
    fn slice(&self, place: Place) -> BoxFuture<'_, Result<Slice<Row>>>;

    /// Writes payloads. Rows are read anew in the listener's scope: what it may not see by now is left out.
    fn tell(&self, telling: Telling) -> BoxFuture<'_, Result<Vec<Told>>>;
}

/// Which events can concern a listener at all.
#[derive(Clone, Debug)]
pub struct Interest {
    pub scope: Scope,
    pub kinds: Vec<EntityKind>,
    /// Only what reaches one of these customers, sorted; none for whatever is in scope.
    pub customers: Option<Arc<[CustomerId]>>,
}

impl Interest {
    /// `wanted` are the customers that the listener asked for; none for all.
    pub fn new(scope: Scope, kinds: Vec<EntityKind>, wanted: Option<Vec<CustomerId>>) -> Self {
        let mut customers = match (&scope.customers, wanted) {
            (None, None) => None,
            (Some(in_scope), None) => Some(in_scope.to_vec()),
            (None, Some(wanted)) => Some(wanted),
            (Some(in_scope), Some(wanted)) => Some(wanted.into_iter().filter(|one| in_scope.contains(one)).collect()),
        };
        if let Some(customers) = &mut customers {
            customers.sort_unstable();
            customers.dedup();
        }
        Self { scope, kinds, customers: customers.map(Into::into) }
    }

    /// Whether `moment` can concern the listener.
    pub(super) fn admits(&self, moment: &Moment) -> bool {
        let reaches = match (&self.customers, &moment.reach) {
            (None, _) | (_, Reach::Everybody) => true,
            (Some(ours), Reach::Customers(theirs)) => theirs.iter().any(|one| ours.binary_search(one).is_ok()),
        };
        reaches && self.kinds.contains(&moment.event.kind)
    }
}
