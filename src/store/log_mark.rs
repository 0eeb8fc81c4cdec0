//! How long the log is kept. An event's own times are upstream's, which may be years back; marks tell when the log
//! stood where.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::{
    ConnectionTrait, Order,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::{Store, database_error, row::Row, write::Write};
use crate::domain::{PartnerId, Result, access::Scope};

/// Marks are set at least that far apart.
const BETWEEN_MARKS: TimeDelta = TimeDelta::hours(1);

impl Store {
    /// Marks where every partner's log stands at `now`, and forgets what stood in it before `keep_since`. Gives how many
    /// events were forgotten.
    pub async fn tidy_logs(&self, now: DateTime<Utc>, keep_since: DateTime<Utc>) -> Result<u64> {
        let mut forgotten = 0;
        for (partner, ..) in self.partners().await? {
            forgotten += self.tidy_log(partner, now, keep_since).await?;
        }
        Ok(forgotten)
    }

    async fn tidy_log(&self, partner: PartnerId, now: DateTime<Utc>, keep_since: DateTime<Utc>) -> Result<u64> {
        let mut write = self.scoped(&Scope::partner(partner)).begin().await?;
        write.mark_log(now).await?;
        let forgotten = write.forget_before(keep_since).await?;
        // Nothing that anybody could read has changed but the log's own beginning: nobody is told.
        write.end().await?;
        Ok(forgotten)
    }
}

impl Write {
    async fn mark_log(&mut self, now: DateTime<Utc>) -> Result<()> {
        let partner = self.scope.partner.0;
        let mut latest = Query::select();
        latest.column("at").from("log_mark").and_where(Expr::col("partner_id").eq(partner));
        latest.order_by("at", Order::Desc).limit(1);
        let latest: Option<DateTime<Utc>> =
            self.rows(&latest).await?.first().map(|row| Row::new(row).take()).transpose()?;
        if latest.is_some_and(|at| now - at < BETWEEN_MARKS) {
            return Ok(());
        }
        let mut present = Query::select();
        present.column("position").from("partner").and_where(Expr::col("id").eq(partner));
        let Some(position) = self.rows(&present).await?.first().map(|row| Row::new(row).take::<i64>()).transpose()?
        else {
            return Ok(());
        };
        let mut once = OnConflict::columns(["partner_id", "at"]);
        once.do_nothing();
        let row = vec![partner.into(), now.into(), position.into()];
        self.insert("log_mark", &["partner_id", "at", "position"], vec![row], Some(once)).await
    }

    async fn forget_before(&mut self, keep_since: DateTime<Utc>) -> Result<u64> {
        let partner = self.scope.partner.0;
        let mut stood = Query::select();
        stood.column("position").from("log_mark").and_where(Expr::col("partner_id").eq(partner));
        stood.and_where(Expr::col("at").lte(Expr::val(keep_since))).order_by("at", Order::Desc).limit(1);
        let Some(position) = self.rows(&stood).await?.first().map(|row| Row::new(row).take::<i64>()).transpose()?
        else {
            return Ok(0);
        };
        let mut events = Query::delete();
        events.from_table("event").and_where(Expr::col("partner_id").eq(partner));
        events.and_where(Expr::col("position").lte(position));
        let forgotten = self.transaction.execute(&events).await.map_err(database_error)?.rows_affected();
        let mut marks = Query::delete();
        marks.from_table("log_mark").and_where(Expr::col("partner_id").eq(partner));
        marks.and_where(Expr::col("at").lte(Expr::val(keep_since)));
        self.transaction.execute(&marks).await.map_err(database_error)?;
        Ok(forgotten)
    }
}
