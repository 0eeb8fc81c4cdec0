//! Finding things by what a caller says on the phone.

use futures::future::try_join_all;
use sea_orm::{
    ColumnTrait, EntityTrait,
    sea_query::{CaseStatement, Expr, ExprTrait, Order, Query},
};
use uuid::Uuid;

use super::{
    ScopedStore, customer, incident,
    row::Row,
    service_health, service_request, subscription,
    table::{Stored, col},
    text,
};
use crate::domain::{
    Result,
    customer::Customer,
    event::EntityKind,
    filter::{TextMatch, fold},
    incident::Incident,
    service_health::Service,
    service_request::ServiceRequest,
    subscription::Subscription,
};

impl ScopedStore {
    /// What is called `text`, best first: an exact tenant, domain or number of Microsoft's, then what starts with the
    /// text, then what contains it; of equals in the order of `kinds`. At most `limit`, by one statement a kind.
    pub async fn search(&self, text: &str, kinds: &[EntityKind], limit: u32) -> Result<Vec<(EntityKind, Uuid)>> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let found = try_join_all(kinds.iter().map(|kind| self.found(*kind, text, limit))).await?;
        let mut found: Vec<(i64, EntityKind, Uuid)> = found.into_iter().flatten().collect();
        found.sort_by_key(|(rank, ..)| *rank);
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|(_, kind, id)| (kind, id)).collect())
    }

    async fn found(&self, kind: EntityKind, text: &str, limit: u32) -> Result<Vec<(i64, EntityKind, Uuid)>> {
        let ids = match kind {
            EntityKind::Customer => {
                let any_domain = col(customer::row::Column::DomainsKey);
                let tenant_or_domain = col(customer::row::Column::TenantId)
                    .eq(fold(text))
                    .or(text::any_word_matches(any_domain, &TextMatch::Equals(text.to_owned())));
                self.ranked::<Customer>(tenant_or_domain, customer::row::Column::NameKey, text, limit).await?
            }
            EntityKind::Incident => {
                let number = any_case(incident::row::Column::ExternalId, text);
                self.ranked::<Incident>(number, incident::row::Column::TitleKey, text, limit).await?
            }
            EntityKind::ServiceRequest => {
                let number = any_case(service_request::row::Column::ExternalId, text);
                self.ranked::<ServiceRequest>(number, service_request::row::Column::TitleKey, text, limit).await?
            }
            EntityKind::Service => {
                let key = service_health::service::Column::NameKey;
                self.ranked::<Service>(Expr::val(false), key, text, limit).await?
            }
            EntityKind::Subscription => {
                let number = any_case(subscription::row::Column::ExternalId, text);
                self.ranked::<Subscription>(number, subscription::row::Column::NameKey, text, limit).await?
            }
            // Nobody would call for these by name.
            _ => Vec::new(),
        };
        Ok(ids.into_iter().map(|(rank, id)| (rank, kind, id)).collect())
    }

    /// Ids with how well they match: 0 exact, 1 starts with the text, 2 contains it.
    async fn ranked<T: Stored>(
        &self,
        exact: Expr,
        key: <T::Entity as EntityTrait>::Column,
        text: &str,
        limit: u32,
    ) -> Result<Vec<(i64, Uuid)>> {
        let starts = text::matches(col(key), &TextMatch::StartsWith(text.to_owned()));
        let contains = text::matches(col(key), &TextMatch::Contains(text.to_owned()));
        let rank = CaseStatement::new().case(exact.clone(), 0_i64).case(starts, 1_i64).finally(2_i64);
        let select = Query::select()
            .expr_as(rank.cast_as("bigint"), "rank")
            .expr(col(T::id_column()))
            .from(T::source(&self.scope))
            .cond_where(T::visible(&self.scope))
            .and_where(exact.or(contains))
            .order_by("rank", Order::Asc)
            .order_by_expr(col(key), Order::Asc)
            .order_by_expr(col(T::id_column()), Order::Asc)
            .limit(u64::from(limit))
            .take();
        let rows = self.rows(&select).await?;
        let ranked = |row| {
            let mut row = Row::new(row);
            Ok((row.take()?, row.take()?))
        };
        rows.iter().map(ranked).collect()
    }
}

/// Microsoft's own number, as people type it. It is stored as Microsoft writes it: in one letter case.
fn any_case(column: impl ColumnTrait, text: &str) -> Expr {
    column.is_in([text.to_owned(), text.to_lowercase(), text.to_uppercase()])
}
