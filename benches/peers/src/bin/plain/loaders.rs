//! One loader per relation. Rows are read whole, as an object mapper reads them.

use std::{collections::HashMap, sync::Arc};

use async_graphql::dataloader::Loader;
use chrono::Utc;
use peers::Database;
use sqlx::{FromRow, postgres::PgRow};
use uuid::Uuid;

use super::schema::*;

type Result<T> = std::result::Result<T, Arc<sqlx::Error>>;

pub struct Loaders(pub Database);

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct SubscriptionsOf {
    pub customer: Uuid,
    pub first: i64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct HealthOf {
    pub customer: Uuid,
    pub first: i64,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct IncidentsOf {
    pub customer: Uuid,
    pub first: i64,
    pub is_open: Option<bool>,
}

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct RequestsOf {
    pub customer: Uuid,
    pub first: i64,
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

/// A list of words as it lies in a column.
pub fn words(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}

/// An incident below a customer.
#[derive(FromRow)]
struct Seen {
    customer_id: Uuid,
    #[sqlx(flatten)]
    incident: Incident,
}

/// Puts rows under the keys that asked for them.
fn under<K: Clone + Eq + std::hash::Hash, R, T>(
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
    async fn by_ids<T>(&self, statement: &'static str, ids: Vec<Uuid>) -> Result<Vec<T>>
    where
        T: Send + Unpin + for<'r> FromRow<'r, PgRow>,
    {
        Ok(sqlx::query_as(statement).bind(self.0.partner).bind(ids).fetch_all(&self.0.pool).await?)
    }

    /// Rows of many parents. All keys of a batch come from one field of the document, so they want equally many.
    async fn pages<T>(
        &self,
        statement: &'static str,
        parents: Vec<Uuid>,
        first: i64,
        is_open: Option<bool>,
    ) -> Result<Vec<T>>
    where
        T: Send + Unpin + for<'r> FromRow<'r, PgRow>,
    {
        let statement = sqlx::query_as(statement).bind(self.0.partner).bind(parents).bind(first).bind(is_open);
        Ok(statement.fetch_all(&self.0.pool).await?)
    }

    pub async fn customers(&self, first: i64) -> Result<Vec<Customer>> {
        let statement = "select * from customer where partner_id = $1 order by name_key, id limit $2";
        Ok(sqlx::query_as(statement).bind(self.0.partner).bind(first).fetch_all(&self.0.pool).await?)
    }

    pub async fn customer(&self, id: Uuid) -> Result<Option<Customer>> {
        let statement = "select * from customer where partner_id = $1 and id = $2";
        Ok(sqlx::query_as(statement).bind(self.0.partner).bind(id).fetch_optional(&self.0.pool).await?)
    }

    pub async fn incidents(&self, first: i64) -> Result<Vec<Incident>> {
        let statement = "select * from incident where partner_id = $1 order by modified_at desc, id desc limit $2";
        Ok(sqlx::query_as(statement).bind(self.0.partner).bind(first).fetch_all(&self.0.pool).await?)
    }
}

impl Loader<SubscriptionsOf> for Loaders {
    type Value = Vec<Subscription>;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[SubscriptionsOf]) -> Result<HashMap<SubscriptionsOf, Vec<Subscription>>> {
        let statement = "select * from (
              select s.*, row_number() over (partition by customer_id order by name_key, id) as n from subscription s
              where partner_id = $1 and customer_id = any($2) and $4::boolean is null) numbered
            where n <= $3 order by n";
        let customers = keys.iter().map(|key| key.customer).collect();
        let rows = self.pages(statement, customers, keys[0].first, None).await?;
        Ok(under(keys, rows, |row: &Subscription| row.customer_id, |key| key.customer, |row| row))
    }
}

impl Loader<HealthOf> for Loaders {
    type Value = Vec<ServiceHealth>;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[HealthOf]) -> Result<HashMap<HealthOf, Vec<ServiceHealth>>> {
        let statement = "select * from (
              select h.*, row_number() over (partition by customer_id order by severity desc, id desc) as n
              from service_health h
              where partner_id = $1 and customer_id = any($2) and $4::boolean is null) numbered
            where n <= $3 order by n";
        let customers = keys.iter().map(|key| key.customer).collect();
        let rows = self.pages(statement, customers, keys[0].first, None).await?;
        Ok(under(keys, rows, |row: &ServiceHealth| row.customer_id, |key| key.customer, |row| row))
    }
}

impl Loader<IncidentsOf> for Loaders {
    type Value = Vec<Incident>;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[IncidentsOf]) -> Result<HashMap<IncidentsOf, Vec<Incident>>> {
        let statement = "select * from (
              select i.*, v.customer_id,
                row_number() over (partition by v.customer_id order by modified_at desc, i.id desc) as n
              from incident_visibility v join incident i on i.id = v.incident_id
              where i.partner_id = $1 and v.customer_id = any($2) and ($4 is null or is_resolved <> $4)) numbered
            where n <= $3 order by n";
        let customers = keys.iter().map(|key| key.customer).collect();
        let rows = self.pages(statement, customers, keys[0].first, keys[0].is_open).await?;
        Ok(under(keys, rows, |row: &Seen| row.customer_id, |key| key.customer, |row| row.incident))
    }
}

impl Loader<RequestsOf> for Loaders {
    type Value = Vec<ServiceRequest>;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[RequestsOf]) -> Result<HashMap<RequestsOf, Vec<ServiceRequest>>> {
        let statement = "select * from (
              select r.*, row_number() over (partition by customer_id order by created_at desc, id desc) as n
              from service_request r
              where partner_id = $1 and customer_id = any($2) and ($4 is null or (status <> 'CLOSED') = $4)) numbered
            where n <= $3 order by n";
        let customers = keys.iter().map(|key| key.customer).collect();
        let rows = self.pages(statement, customers, keys[0].first, keys[0].is_open).await?;
        let parent = |row: &ServiceRequest| row.customer_id.unwrap_or_default();
        Ok(under(keys, rows, parent, |key| key.customer, |row| row))
    }
}

impl Loader<PlansBehind> for Loaders {
    type Value = Vec<SupportPlan>;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[PlansBehind]) -> Result<HashMap<PlansBehind, Vec<SupportPlan>>> {
        let statement = "select p.*, k.covers from support_plan p join support_plan_kind k on k.id = p.kind_id
            where p.partner_id = $1 and p.valid_from <= $2 and (p.valid_until is null or p.valid_until >= $2)
            order by p.name_key, p.id";
        let today = Utc::now().date_naive();
        let plans: Vec<SupportPlan> =
            sqlx::query_as(statement).bind(self.0.partner).bind(today).fetch_all(&self.0.pool).await?;
        let plans: Vec<_> = plans.into_iter().map(|plan| (words(&plan.covers), plan)).collect();

        let statement = "select distinct customer_id, product_family from subscription
            where partner_id = $1 and customer_id = any($2) and status = 'ACTIVE'";
        let rows: Vec<(Uuid, String)> = self.by_ids(statement, keys.iter().map(|key| key.0).collect()).await?;
        let families = under(keys, rows, |row| row.0, |key| key.0, |row| row.1);
        let behind = |key: PlansBehind, families: Vec<String>| {
            let plans = plans.iter().filter(|(covers, _)| covers.iter().any(|family| families.contains(family)));
            (key, plans.map(|(_, plan)| plan.clone()).collect())
        };
        Ok(families.into_iter().map(|(key, families)| behind(key, families)).collect())
    }
}

impl Loader<KindById> for Loaders {
    type Value = SupportPlanKind;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[KindById]) -> Result<HashMap<KindById, SupportPlanKind>> {
        let statement = "select * from support_plan_kind where $1::uuid is not null and id = any($2)";
        let rows: Vec<SupportPlanKind> = self.by_ids(statement, keys.iter().map(|key| key.0).collect()).await?;
        Ok(rows.into_iter().map(|row| (KindById(row.id), row)).collect())
    }
}

impl Loader<ServiceById> for Loaders {
    type Value = Service;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[ServiceById]) -> Result<HashMap<ServiceById, Service>> {
        let statement = "select * from service where partner_id = $1 and id = any($2)";
        let rows: Vec<Service> = self.by_ids(statement, keys.iter().map(|key| key.0).collect()).await?;
        Ok(rows.into_iter().map(|row| (ServiceById(row.id), row)).collect())
    }
}

impl Loader<LatestPostOf> for Loaders {
    type Value = IncidentPost;
    type Error = Arc<sqlx::Error>;

    async fn load(&self, keys: &[LatestPostOf]) -> Result<HashMap<LatestPostOf, IncidentPost>> {
        let statement = "select * from (
              select p.*, row_number() over (partition by incident_id order by created_at desc, id desc) as n
              from incident_post p where partner_id = $1 and incident_id = any($2)) numbered
            where n = 1";
        let rows: Vec<IncidentPost> = self.by_ids(statement, keys.iter().map(|key| key.0).collect()).await?;
        Ok(rows.into_iter().map(|row| (LatestPostOf(row.incident_id), row)).collect())
    }
}
