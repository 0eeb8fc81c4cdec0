//! Shortening the audit log.

use chrono::{DateTime, SecondsFormat, Utc};

use crate::{
    actions::{Actions, COMMAND_LINE},
    domain::{
        PartnerId, Result,
        audit::{AuditAction, AuditRecord},
    },
};

impl Actions {
    /// Deletes up to `most` records from before `before`, of one partner or of nobody's, and records that in the same
    /// transaction. Gives how many there were.
    ///
    /// # Errors
    ///
    /// If some of them are younger than the database lets go.
    pub async fn prune_audit(&self, owner: Option<PartnerId>, before: DateTime<Utc>, most: u64) -> Result<u64> {
        let now = self.clock.now();
        let record = AuditRecord {
            partner_id: owner,
            subject: Some(COMMAND_LINE.to_owned()),
            name: Some(COMMAND_LINE.to_owned()),
            ..AuditRecord::of_nobody(AuditAction::AuditPrune, None, &self.correlation_id, now)
        };
        let boundary = before.to_rfc3339_opts(SecondsFormat::Secs, true);
        let counted = |count: u64| record.clone().about(&format!("{count} before {boundary}"));
        let pruned = self.store.prune_audit(owner, before, most, counted).await;
        if let Err(error) = &pruned {
            self.not_done(record.about(&format!("before {boundary}")), error).await;
        }
        pruned
    }
}
