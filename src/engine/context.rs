//! What one request carries through the engine.

use std::{
    any::Any,
    sync::{Arc, Mutex, PoisonError},
};

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    gate::{Gate, Leave},
    refused::{HearRefused, Refused},
};
use crate::domain::{Result, access::Permissions};

/// One request's surroundings: who asks, when, and whatever the loaders need.
pub struct Context {
    /// Names the request in errors and logs.
    pub correlation_id: String,
    /// The one present of the whole answer.
    pub now: DateTime<Utc>,
    /// Everything about the caller that decides what it may see. Answers are shared only between equal audiences.
    pub audience: String,
    /// The partner that the caller acts for.
    pub realm: Uuid,
    /// Names the rows that the caller may reach. Cursors, and documents that clients sent, are good only among those who
    /// reach the same.
    pub scope: Uuid,
    /// What the caller may see and do.
    pub permissions: Permissions,
    /// Whether the caller may look at the schema.
    pub(super) may_introspect: bool,
    /// What the caller has to pass before anything is executed; nothing for tests and tools of ours.
    pub(super) gate: Option<Arc<dyn Gate>>,
    /// Whether it may run registered documents only.
    pub(super) registered_only: bool,
    /// Told of what events hold that the caller may not see.
    hear_refused: Option<HearRefused>,
    data: Arc<dyn Any + Send + Sync>,
    changes_at: Mutex<Option<DateTime<Utc>>>,
}

impl Context {
    /// `data` is what [`Context::get`] hands to the loaders.
    pub fn new<D: Any + Send + Sync>(
        correlation_id: String,
        now: DateTime<Utc>,
        audience: String,
        realm: Uuid,
        scope: Uuid,
        permissions: Permissions,
        data: D,
    ) -> Self {
        Self {
            correlation_id,
            now,
            audience,
            realm,
            scope,
            permissions,
            may_introspect: true,
            gate: None,
            registered_only: false,
            hear_refused: None,
            data: Arc::new(data),
            changes_at: Mutex::new(None),
        }
    }

    /// The same for a caller that has to pass `gate`.
    pub fn behind(self, gate: Arc<dyn Gate>) -> Self {
        Self { gate: Some(gate), ..self }
    }

    /// The same for a caller that may look at the schema, or not. It must follow from the audience.
    pub fn introspecting(self, may_introspect: bool) -> Self {
        Self { may_introspect, ..self }
    }

    /// The same for a caller that may run registered documents only, or any.
    pub fn running_registered_only(self, registered_only: bool) -> Self {
        Self { registered_only, ..self }
    }

    /// The same, telling `hear` of what events hold that the caller may not see. Answers tell it themselves.
    pub fn telling_refused(self, hear: HearRefused) -> Self {
        Self { hear_refused: Some(hear), ..self }
    }

    /// See [`Gate::enter`].
    pub(super) async fn enter(&self, estimated: u64) -> Result<Leave> {
        match &self.gate {
            Some(gate) => gate.enter(estimated).await,
            None => Ok(Box::new(drop)),
        }
    }

    /// See [`Gate::charge`].
    pub(super) fn charge(&self, cost: u64) -> Result<()> {
        self.gate.as_ref().map_or(Ok(()), |gate| gate.charge(cost))
    }

    /// See [`Gate::settle`].
    pub(super) fn settle(&self, cost: u64) {
        if let Some(gate) = &self.gate {
            gate.settle(cost);
        }
    }

    /// The same surroundings at another time.
    pub(super) fn at(&self, now: DateTime<Utc>) -> Self {
        Self { now, ..self.again() }
    }

    /// The same surroundings, but for what [`Context::get`] hands to the loaders.
    pub fn with<D: Any + Send + Sync>(&self, data: D) -> Self {
        Self { data: Arc::new(data), ..self.again() }
    }

    /// The same surroundings for another answer.
    fn again(&self) -> Self {
        Self {
            correlation_id: self.correlation_id.clone(),
            now: self.now,
            audience: self.audience.clone(),
            realm: self.realm,
            scope: self.scope,
            permissions: self.permissions,
            may_introspect: self.may_introspect,
            gate: self.gate.clone(),
            registered_only: self.registered_only,
            hear_refused: self.hear_refused.clone(),
            data: Arc::clone(&self.data),
            changes_at: Mutex::new(None),
        }
    }

    /// What the schema's own part of the context is.
    ///
    /// # Panics
    ///
    /// If `D` is not the type that was given to [`Context::new`]: a fault of the schema, found by its first test.
    pub fn get<D: Any>(&self) -> &D {
        self.data.downcast_ref().expect("the context was made by this schema")
    }

    /// Tells what was refused, if anything was.
    pub(super) fn tell_refused(&self, refused: &[Refused]) {
        if let Some(hear) = self.hear_refused.as_ref().filter(|_| !refused.is_empty()) {
            hear(refused);
        }
    }

    /// Tells that the answer is good for this moment only: what it shows is not counted among the kinds of entities.
    pub fn answer_is_for_now(&self) {
        *self.changes_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(self.now);
    }

    /// Tells that the answer, as it is, would be another at `instant`, though nothing were written until then.
    pub fn answer_changes_at(&self, instant: DateTime<Utc>) {
        let mut earliest = self.changes_at.lock().unwrap_or_else(PoisonError::into_inner);
        if instant > self.now && earliest.is_none_or(|known| instant < known) {
            *earliest = Some(instant);
        }
    }

    /// The earliest instant that [`Context::answer_changes_at`] was told.
    pub(super) fn changes_at(&self) -> Option<DateTime<Utc>> {
        *self.changes_at.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
