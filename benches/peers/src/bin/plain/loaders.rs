//! One loader per relation.

use std::{collections::HashMap, hash::Hash};

use async_graphql::dataloader::Loader;
use chrono::Utc;
use sea_orm::{
    DbBackend, DbErr, ExprTrait, FromQueryResult, Order, QueryOrder, QuerySelect, QueryTrait,
    entity::prelude::*,
    sea_query::{Asterisk, Func, Query, SelectStatement, WindowStatement},
};

use super::{
    database::Database,
    entity::{
        incident, incident_post, incident_visibility, service, service_health, service_request, subscription,
        support_plan, support_plan_kind,
    },
    schema::words,
};

pub struct Loaders(pub Database);

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SubscriptionsOf {
    pub customer: Uuid,
    pub first: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HealthOf {
    pub customer: Uuid,
    pub first: u64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IncidentsOf {
    pub customer: Uuid,
    pub first: u64,
    pub is_open: Option<bool>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestsOf {
    pub customer: Uuid,
    pub first: u64,
    pub is_open: Option<bool>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PlansBehind(pub Uuid);

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct KindById(pub Uuid);

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServiceById(pub Uuid);

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct LatestPostOf(pub Uuid);

/// An incident below a customer.
#[derive(FromQueryResult)]
struct Seen {
    customer_id: Uuid,
    #[sea_orm(nested)]
    incident: incident::Model,
}

/// Puts rows under the keys that asked for them.
fn under<K: Clone + Eq + Hash, R, T>(
    keys: &[K],
    rows: Vec<R>,
    parent: impl Fn(&R) -> Uuid,
    key_of: impl Fn(&K) -> Uuid,
    value: impl Fn(R) -> T,
) -> HashMap<K, Vec<T>> {
    let keys: HashMap<Uuid, &K> = keys.iter().map(|key| (key_of(key), key)).collect();
    let mut found: HashMap<K, Vec<T>> = HashMap::new();
    for row in rows {
        if let Some(key) = keys.get(&parent(&row)) {
            found.entry((*key).clone()).or_default().push(value(row));
        }
    }
    found
}

impl Loaders {
    /// The first so many of `rows` in each part of the window, numbered by the database. All keys of a batch come from
    /// one field of the document, so they want equally many.
    async fn pages<R: FromQueryResult>(
        &self,
        mut rows: SelectStatement,
        window: WindowStatement,
        first: u64,
    ) -> Result<Vec<R>, DbErr> {
        rows.expr_window_as(Func::cust("row_number"), window, "n");
        let mut page = Query::select();
        page.column(Asterisk)
            .from_subquery(rows, "numbered")
            .and_where(Expr::col("n").lte(first))
            .order_by("n", Order::Asc);
        R::find_by_statement(DbBackend::Postgres.build(&page)).all(&self.0.connection).await
    }
}

impl Loader<SubscriptionsOf> for Loaders {
    type Value = Vec<subscription::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[SubscriptionsOf]) -> Result<HashMap<SubscriptionsOf, Self::Value>, DbErr> {
        use subscription::{Column, Entity, Model};
        let rows = Entity::find()
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(Column::CustomerId.is_in(keys.iter().map(|key| key.customer)))
            .into_query();
        let window = WindowStatement::partition_by(Column::CustomerId)
            .order_by(Column::NameKey, Order::Asc)
            .order_by(Column::Id, Order::Asc)
            .take();
        let rows = self.pages(rows, window, keys[0].first).await?;
        Ok(under(keys, rows, |row: &Model| row.customer_id, |key| key.customer, |row| row))
    }
}

impl Loader<HealthOf> for Loaders {
    type Value = Vec<service_health::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[HealthOf]) -> Result<HashMap<HealthOf, Self::Value>, DbErr> {
        use service_health::{Column, Entity, Model};
        let rows = Entity::find()
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(Column::CustomerId.is_in(keys.iter().map(|key| key.customer)))
            .into_query();
        let window = WindowStatement::partition_by(Column::CustomerId)
            .order_by(Column::Severity, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .take();
        let rows = self.pages(rows, window, keys[0].first).await?;
        Ok(under(keys, rows, |row: &Model| row.customer_id, |key| key.customer, |row| row))
    }
}

impl Loader<IncidentsOf> for Loaders {
    type Value = Vec<incident::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[IncidentsOf]) -> Result<HashMap<IncidentsOf, Self::Value>, DbErr> {
        use incident::{Column, Entity};
        let customer = incident_visibility::Column::CustomerId;
        let rows = Entity::find()
            .column(customer)
            .inner_join(incident_visibility::Entity)
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(customer.is_in(keys.iter().map(|key| key.customer)))
            .apply_if(keys[0].is_open, |rows, is_open| rows.filter(Column::IsResolved.eq(!is_open)))
            .into_query();
        let window = WindowStatement::partition_by(customer)
            .order_by(Column::ModifiedAt, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .take();
        let rows = self.pages(rows, window, keys[0].first).await?;
        Ok(under(keys, rows, |row: &Seen| row.customer_id, |key| key.customer, |row| row.incident))
    }
}

impl Loader<RequestsOf> for Loaders {
    type Value = Vec<service_request::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[RequestsOf]) -> Result<HashMap<RequestsOf, Self::Value>, DbErr> {
        use service_request::{Column, Entity, Model};
        let rows = Entity::find()
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(Column::CustomerId.is_in(keys.iter().map(|key| key.customer)))
            .apply_if(keys[0].is_open, |rows, is_open| match is_open {
                true => rows.filter(Column::Status.ne("CLOSED")),
                false => rows.filter(Column::Status.eq("CLOSED")),
            })
            .into_query();
        let window = WindowStatement::partition_by(Column::CustomerId)
            .order_by(Column::CreatedAt, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .take();
        let rows = self.pages(rows, window, keys[0].first).await?;
        let parent = |row: &Model| row.customer_id.unwrap_or_default();
        Ok(under(keys, rows, parent, |key| key.customer, |row| row))
    }
}

impl Loader<PlansBehind> for Loaders {
    type Value = Vec<support_plan::Model>;
    type Error = DbErr;

    async fn load(&self, keys: &[PlansBehind]) -> Result<HashMap<PlansBehind, Self::Value>, DbErr> {
        use support_plan::{Column, Entity};
        let today = Utc::now().date_naive();
        let plans = Entity::find()
            .find_both_related(support_plan_kind::Entity)
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(Column::ValidFrom.lte(today))
            .filter(Column::ValidUntil.is_null().or(Column::ValidUntil.gte(today)))
            .order_by_asc(Column::NameKey)
            .order_by_asc(Column::Id)
            .all(&self.0.connection)
            .await?;
        let plans: Vec<_> = plans.into_iter().map(|(plan, kind)| (words(&kind.covers), plan)).collect();

        use subscription::Column as Subscription;
        let rows: Vec<(Uuid, String)> = subscription::Entity::find()
            .select_only()
            .columns([Subscription::CustomerId, Subscription::ProductFamily])
            .distinct()
            .filter(Subscription::PartnerId.eq(self.0.partner))
            .filter(Subscription::CustomerId.is_in(keys.iter().map(|key| key.0)))
            .filter(Subscription::Status.eq("ACTIVE"))
            .into_tuple()
            .all(&self.0.connection)
            .await?;
        let families = under(keys, rows, |row| row.0, |key| key.0, |row| row.1);
        let behind = |key: PlansBehind, families: Vec<String>| {
            let plans = plans.iter().filter(|(covers, _)| covers.iter().any(|family| families.contains(family)));
            (key, plans.map(|(_, plan)| plan.clone()).collect())
        };
        Ok(families.into_iter().map(|(key, families)| behind(key, families)).collect())
    }
}

impl Loader<KindById> for Loaders {
    type Value = support_plan_kind::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[KindById]) -> Result<HashMap<KindById, Self::Value>, DbErr> {
        let rows = support_plan_kind::Entity::find()
            .filter(support_plan_kind::Column::Id.is_in(keys.iter().map(|key| key.0)))
            .all(&self.0.connection)
            .await?;
        Ok(rows.into_iter().map(|row| (KindById(row.id), row)).collect())
    }
}

impl Loader<ServiceById> for Loaders {
    type Value = service::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[ServiceById]) -> Result<HashMap<ServiceById, Self::Value>, DbErr> {
        use service::{Column, Entity};
        let rows = Entity::find()
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(Column::Id.is_in(keys.iter().map(|key| key.0)))
            .all(&self.0.connection)
            .await?;
        Ok(rows.into_iter().map(|row| (ServiceById(row.id), row)).collect())
    }
}

impl Loader<LatestPostOf> for Loaders {
    type Value = incident_post::Model;
    type Error = DbErr;

    async fn load(&self, keys: &[LatestPostOf]) -> Result<HashMap<LatestPostOf, Self::Value>, DbErr> {
        use incident_post::{Column, Entity, Model};
        let rows = Entity::find()
            .filter(Column::PartnerId.eq(self.0.partner))
            .filter(Column::IncidentId.is_in(keys.iter().map(|key| key.0)))
            .into_query();
        let window = WindowStatement::partition_by(Column::IncidentId)
            .order_by(Column::CreatedAt, Order::Desc)
            .order_by(Column::Id, Order::Desc)
            .take();
        let rows: Vec<Model> = self.pages(rows, window, 1).await?;
        Ok(rows.into_iter().map(|row| (LatestPostOf(row.incident_id), row)).collect())
    }
}
