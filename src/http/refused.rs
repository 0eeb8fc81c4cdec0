//! What callers are refused, for the metrics and the audit log.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Http, error::NotLetIn, identity::CorrelationId};
use crate::{
    domain::{
        access::Viewer,
        audit::{AuditAction, AuditRecord},
    },
    engine::{self, HearRefused, Outcome, Refused},
};

/// What metrics call the limits of one document.
const DOCUMENT: &str = "document";

impl Http {
    /// Counts and records what an answer refuses to `viewer`.
    pub(super) fn note_refused(&self, answer: &engine::Response, viewer: &Viewer, id: &CorrelationId) {
        match answer.outcome {
            Outcome::TooMuch => self.0.quota.refused(viewer.lane, DOCUMENT),
            Outcome::Forbidden { code } => self.record_refused(code, &[], viewer, id),
            Outcome::TooSoon { .. } => self.record_refused("RATE_LIMITED", &[], viewer, id),
            _ if answer.refused.is_empty() => {}
            _ => self.record_refused("FORBIDDEN", &answer.refused, viewer, id),
        }
    }

    /// Records what the events of one operation refuse to `viewer`: once, however many there are.
    pub(super) fn hear_refused(&self, viewer: Viewer, id: &CorrelationId) -> HearRefused {
        let (http, id, is_told) = (self.clone(), id.clone(), AtomicBool::new(false));
        Arc::new(move |refused: &[Refused]| {
            if !is_told.swap(true, Ordering::Relaxed) {
                http.record_refused("FORBIDDEN", refused, &viewer, &id);
            }
        })
    }

    /// Records that somebody was not let in.
    pub(super) fn record_not_let_in(&self, refused: &NotLetIn, path: &str, from: IpAddr, id: &CorrelationId) {
        let record = AuditRecord::of_nobody(AuditAction::Access, Some(from), &id.0, self.0.clock.now());
        let record = match &refused.who {
            Some(who) => record.by(who),
            None => record,
        };
        self.0.audit.tell_refused(record.about(path).refused_with(refused.code));
    }

    fn record_refused(&self, code: &str, refused: &[Refused], viewer: &Viewer, id: &CorrelationId) {
        let record = AuditRecord::of(AuditAction::Access, viewer, &id.0, self.0.clock.now());
        let refused = refused.iter().map(|one| format!("{} {}", <&str>::from(one.permission), one.path));
        let record = AuditRecord { refused: refused.collect(), ..record.about("/graphql") };
        self.0.audit.tell_refused(record.refused_with(code));
    }
}
