//! Finding things by what a caller says on the phone.

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
    /// text, then what contains it; customers before incidents, requests, services and subscriptions. At most `limit`,
    /// by one statement a kind.
    pub async fn search(&self, text: &str, limit: u32) -> Result<Vec<(EntityKind, Uuid)>> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(Vec::new());
        }
        let tenant_or_domain = col(customer::row::Column::TenantId)
            .eq(fold(text))
            .or(text::any_word_matches(col(customer::row::Column::DomainsKey), &TextMatch::Equals(text.to_owned())));
        let (customers, incidents, requests, services, subscriptions) = futures::try_join!(
            self.ranked::<Customer>(tenant_or_domain, customer::row::Column::NameKey, text, limit),
            self.ranked::<Incident>(
                any_case(incident::row::Column::ExternalId, text),
                incident::row::Column::TitleKey,
                text,
                limit
            ),
            self.ranked::<ServiceRequest>(
                any_case(service_request::row::Column::ExternalId, text),
                service_request::row::Column::TitleKey,
                text,
                limit
            ),
            self.ranked::<Service>(Expr::val(false), service_health::service::Column::NameKey, text, limit),
            self.ranked::<Subscription>(
                any_case(subscription::row::Column::ExternalId, text),
                subscription::row::Column::NameKey,
                text,
                limit
            ),
        )?;
        let mut found: Vec<(i64, EntityKind, Uuid)> = [
            (EntityKind::Customer, customers),
            (EntityKind::Incident, incidents),
            (EntityKind::ServiceRequest, requests),
            (EntityKind::Service, services),
            (EntityKind::Subscription, subscriptions),
        ]
        .into_iter()
        .flat_map(|(kind, ids)| ids.into_iter().map(move |(rank, id)| (rank, kind, id)))
        .collect();
        found.sort_by_key(|(rank, ..)| *rank);
        found.truncate(limit as usize);
        Ok(found.into_iter().map(|(_, kind, id)| (kind, id)).collect())
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
