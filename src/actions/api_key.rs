//! Issuing and revoking API keys.

use crate::{
    actions::Actions,
    domain::{
        Error, Result,
        access::{Permission, Viewer},
        api_key::{ApiKey, KeyText, NewKey},
        audit::{AuditAction, AuditOutcome, AuditRecord},
    },
};

impl Actions {
    /// Issues a key and gives its text, which can be had at no later time.
    ///
    /// # Errors
    ///
    /// `Conflict` for somebody who sees only some customers: keys are the partner's, and some reach all of it.
    pub async fn issue_api_key(&self, viewer: &Viewer, new: NewKey) -> Result<(ApiKey, KeyText)> {
        let record = self.record(viewer, AuditAction::ApiKeyIssue, Vec::new());
        let issued = self.issue(viewer, new, record.clone()).await;
        if let Err(error) = &issued {
            self.not_done(record, error).await;
        }
        issued
    }

    async fn issue(&self, viewer: &Viewer, new: NewKey, record: AuditRecord) -> Result<(ApiKey, KeyText)> {
        viewer.permissions.require(Permission::ManageApiKeys)?;
        let (mut prefix, mut secret) = ([0; 8], [0; 32]);
        getrandom::fill(&mut prefix).map_err(Error::internal)?;
        getrandom::fill(&mut secret).map_err(Error::internal)?;
        let text = KeyText::of(prefix, secret);
        let key = ApiKey::issue(new, &text, viewer, self.clock.now())?;
        let mut write = self.store.scoped(&viewer.scope).begin_whole().await?;
        for customer in key.customers.iter().flat_map(|customers| customers.iter()) {
            write.customer(*customer).await.map_err(|error| error.of_input("customer"))?;
        }
        write.insert_api_key(&key).await?;
        write.record(&record.about(&key.prefix)).await?;
        write.commit(Vec::new()).await?;
        Ok((key, text))
    }

    /// The keys of the viewer's partner, newest first, with those that were revoked.
    pub async fn api_keys(&self, viewer: &Viewer) -> Result<Vec<ApiKey>> {
        viewer.permissions.require(Permission::ManageApiKeys)?;
        self.store.scoped(&viewer.scope).api_keys().await
    }

    /// Revokes a key for good. One that was revoked before stays as it is.
    ///
    /// # Errors
    ///
    /// As [`Actions::issue_api_key`]; `NotFound` if the partner has no such key.
    pub async fn revoke_api_key(&self, viewer: &Viewer, prefix: &str) -> Result<ApiKey> {
        let record = self.record(viewer, AuditAction::ApiKeyRevoke, Vec::new());
        let revoked = self.revoke(viewer, prefix, record.clone()).await;
        if let Err(error) = &revoked {
            self.not_done(record, error).await;
        }
        revoked
    }

    async fn revoke(&self, viewer: &Viewer, prefix: &str, record: AuditRecord) -> Result<ApiKey> {
        viewer.permissions.require(Permission::ManageApiKeys)?;
        let mut write = self.store.scoped(&viewer.scope).begin_whole().await?;
        let mut key = write.api_key(prefix).await?;
        // Not before: what was given may be a whole key.
        let record = record.about(&key.prefix);
        if key.revoked_at.is_some() {
            write.record(&record.ended(AuditOutcome::DoneBefore)).await?;
            write.end().await?;
        } else {
            let now = self.clock.now();
            write.revoke_api_key(prefix, now).await?;
            write.record(&record).await?;
            write.commit(Vec::new()).await?;
            key.revoked_at = Some(now);
        }
        Ok(key)
    }
}
