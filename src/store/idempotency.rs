//! What was done under which key, so that an act that is sent again is not done again.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ConnectionTrait,
    sea_query::{Expr, ExprTrait, Query},
};
use uuid::Uuid;

use super::{database_error, row::Row, write::Write};
use crate::domain::{CustomerId, Error, Result};

/// How long a key is remembered.
const REMEMBERED: TimeDelta = TimeDelta::hours(24);

impl Write {
    /// What the act with this key made, if it was done within the last 24 hours. Who writes holds the partner's row, so
    /// of two acts that are sent at the same time the second finds what the first did.
    ///
    /// # Errors
    ///
    /// `Conflict` if the key stood for another `fingerprint`: for another act, or for other input.
    pub async fn done_before(&mut self, key: &str, fingerprint: &str, now: DateTime<Utc>) -> Result<Option<Uuid>> {
        self.forget_keys(now - REMEMBERED).await?;
        let mut select = Query::select();
        select.columns(["fingerprint", "entity_id"]).from("idempotency");
        select.and_where(Expr::col("partner_id").eq(self.scope.partner.0)).and_where(Expr::col("key").eq(key));
        let rows = self.rows(&select).await?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut row = Row::new(row);
        let (known, entity): (String, Uuid) = (row.take()?, row.take()?);
        if known != fingerprint {
            let reason = "this key was used within the last 24 hours for something else; take a new key for a new act";
            return Err(Error::Conflict(reason.to_owned()));
        }
        Ok(Some(entity))
    }

    /// Remembers what the act with this key made, and for which customer; none for the partner itself.
    pub async fn remember(
        &mut self,
        (key, fingerprint): (&str, &str),
        (entity, customer): (Uuid, Option<CustomerId>),
        now: DateTime<Utc>,
    ) -> Result<()> {
        let columns = ["partner_id", "key", "fingerprint", "entity_id", "customer_id", "done_at"];
        let row = vec![
            self.scope.partner.0.into(),
            key.into(),
            fingerprint.into(),
            entity.into(),
            customer.map(|customer| customer.0).into(),
            now.into(),
        ];
        self.insert("idempotency", &columns, vec![row], None).await
    }

    async fn forget_keys(&self, until: DateTime<Utc>) -> Result<()> {
        let mut delete = Query::delete();
        delete.from_table("idempotency").and_where(Expr::col("partner_id").eq(self.scope.partner.0));
        delete.and_where(Expr::col("done_at").lte(until));
        self.transaction.execute(&delete).await.map_err(database_error)?;
        Ok(())
    }
}
