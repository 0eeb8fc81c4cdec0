//! The limit: one statement per relation, typed rows, and serde. What somebody writes who needs just these three answers.

use std::collections::HashMap;

use axum::{
    Router,
    extract::{Query, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use chrono::{DateTime, NaiveDate, Utc};
use peers::{GlobalId, light, status_now};
use serde::{Serialize, Serializer};
use sqlx::{FromRow, Postgres, query::QueryAs};
use uuid::Uuid;

#[path = "handwritten/board.rs"]
mod board;
#[path = "handwritten/customer.rs"]
mod customer;
#[path = "handwritten/database.rs"]
mod database;
#[path = "handwritten/incidents.rs"]
mod incidents;

use database::Database;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> peers::Result<()> {
    peers::serve(async |url| {
        let database = Database::connect(url).await?;
        Ok(Router::new()
            .route("/board", get(async |State(database)| answer(board::board(&database).await)))
            .route("/customer", get(one_customer))
            .route("/incidents", get(async |State(database)| answer(incidents::incidents(&database).await)))
            .with_state(database))
    })
    .await
}

#[derive(serde::Deserialize)]
struct Wanted {
    id: String,
}

async fn one_customer(State(database): State<Database>, Query(wanted): Query<Wanted>) -> Response {
    match GlobalId::parse("cus", &wanted.id) {
        Some(id) => answer(customer::customer(&database, id).await),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

fn answer<T: Serialize>(data: sqlx::Result<T>) -> Response {
    let write = |data| {
        let mut body = Vec::with_capacity(128 * 1024);
        serde_json::to_writer(&mut body, &Data { data }).map(|()| body)
    };
    match data.map(write) {
        Ok(Ok(body)) => ([(header::CONTENT_TYPE, "application/json")], body).into_response(),
        Ok(Err(_)) | Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

#[derive(Serialize)]
struct Data<T> {
    data: T,
}

/// A list as a connection shows it.
#[derive(Serialize)]
struct Nodes<T> {
    nodes: Vec<T>,
}

impl<T> Default for Nodes<T> {
    fn default() -> Self {
        Self { nodes: Vec::new() }
    }
}

/// Declares how ids of one kind are written.
macro_rules! ids {
    ($($name:ident $prefix:literal)+) => {$(
        fn $name<S: Serializer>(id: &Uuid, serializer: S) -> Result<S::Ok, S::Error> {
            serializer.serialize_str(GlobalId::new($prefix, *id).as_str())
        }
    )+};
}

ids! { customer_id b"cus" subscription_id b"sub" plan_id b"spl" kind_id b"spk" health_id b"hlt" service_id b"svc" incident_id b"inc" request_id b"srq" }

/// A row that belongs to a parent.
trait Child {
    fn parent(&self) -> Uuid;
}

/// The rows of a statement, under each parent in the statement's order.
async fn children<T>(
    database: &Database,
    statement: QueryAs<'static, Postgres, T, sqlx::postgres::PgArguments>,
) -> sqlx::Result<HashMap<Uuid, Nodes<T>>>
where
    T: Child + Send + Unpin + for<'r> FromRow<'r, sqlx::postgres::PgRow>,
{
    let mut children: HashMap<Uuid, Nodes<T>> = HashMap::new();
    for row in statement.fetch_all(&database.pool).await? {
        children.entry(row.parent()).or_default().nodes.push(row);
    }
    Ok(children)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Health {
    #[serde(serialize_with = "health_id")]
    id: Uuid,
    status: String,
    light: &'static str,
    since: DateTime<Utc>,
    observed_at: DateTime<Utc>,
    service: Option<Service>,
    #[serde(skip)]
    customer_id: Uuid,
    #[serde(skip)]
    service_id: Uuid,
}

impl Child for Health {
    fn parent(&self) -> Uuid {
        self.customer_id
    }
}

impl<'r> FromRow<'r, sqlx::postgres::PgRow> for Health {
    fn from_row(row: &'r sqlx::postgres::PgRow) -> sqlx::Result<Self> {
        use sqlx::Row;
        let reported: &str = row.try_get(1)?;
        let observed_at = row.try_get(3)?;
        let status = status_now(reported, observed_at, Utc::now());
        Ok(Self {
            id: row.try_get(0)?,
            status: status.to_owned(),
            light: light(status),
            since: row.try_get(2)?,
            observed_at,
            service: None,
            customer_id: row.try_get(4)?,
            service_id: row.try_get(5)?,
        })
    }
}

#[derive(Clone, FromRow, Serialize)]
struct Service {
    #[serde(serialize_with = "service_id")]
    id: Uuid,
    name: String,
}

/// The states of the services of each customer, worst first, each with its service.
async fn health(database: &Database, customers: &[Uuid], first: i64) -> sqlx::Result<HashMap<Uuid, Nodes<Health>>> {
    let statement = sqlx::query_as(
        "select id, reported_status, since, observed_at, customer_id, service_id from (
           select id, reported_status, since, observed_at, customer_id, service_id,
             row_number() over (partition by customer_id order by severity desc, id desc) as n
           from service_health where partner_id = $1 and customer_id = any($2)) numbered
         where n <= $3 order by n",
    );
    let mut health: HashMap<Uuid, Nodes<Health>> =
        children(database, statement.bind(database.partner).bind(customers.to_vec()).bind(first)).await?;
    let mut ids: Vec<Uuid> = health.values().flat_map(|list| &list.nodes).map(|health| health.service_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let services: Vec<Service> = sqlx::query_as("select id, name from service where partner_id = $1 and id = any($2)")
        .bind(database.partner)
        .bind(ids)
        .fetch_all(&database.pool)
        .await?;
    let services: HashMap<Uuid, Service> = services.into_iter().map(|service| (service.id, service)).collect();
    for health in health.values_mut().flat_map(|list| &mut list.nodes) {
        health.service = services.get(&health.service_id).cloned();
    }
    Ok(health)
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Incident {
    #[serde(serialize_with = "incident_id")]
    id: Uuid,
    external_id: String,
    title: String,
    classification: String,
    status: String,
    started_at: Option<DateTime<Utc>>,
    modified_at: DateTime<Utc>,
    #[sqlx(skip)]
    latest_post: Option<Post>,
    #[serde(skip)]
    customer_id: Uuid,
}

impl Child for Incident {
    fn parent(&self) -> Uuid {
        self.customer_id
    }
}

#[derive(Clone, FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Post {
    created_at: DateTime<Utc>,
    content: String,
    #[serde(skip)]
    incident_id: Uuid,
}

/// The incidents that each customer sees, last changed first, each with its latest post.
async fn incidents_of(
    database: &Database,
    customers: &[Uuid],
    open_only: bool,
    first: i64,
) -> sqlx::Result<HashMap<Uuid, Nodes<Incident>>> {
    let statement = sqlx::query_as(match open_only {
        true => {
            "select id, external_id, title, classification, status, started_at, modified_at, customer_id from (
               select i.id, external_id, title, classification, status, started_at, modified_at, v.customer_id,
                 row_number() over (partition by v.customer_id order by modified_at desc, i.id desc) as n
               from incident_visibility v join incident i on i.id = v.incident_id
               where i.partner_id = $1 and v.customer_id = any($2) and not is_resolved) numbered
             where n <= $3 order by n"
        }
        false => {
            "select id, external_id, title, classification, status, started_at, modified_at, customer_id from (
               select i.id, external_id, title, classification, status, started_at, modified_at, v.customer_id,
                 row_number() over (partition by v.customer_id order by modified_at desc, i.id desc) as n
               from incident_visibility v join incident i on i.id = v.incident_id
               where i.partner_id = $1 and v.customer_id = any($2)) numbered
             where n <= $3 order by n"
        }
    });
    let mut incidents: HashMap<Uuid, Nodes<Incident>> =
        children(database, statement.bind(database.partner).bind(customers.to_vec()).bind(first)).await?;
    let mut ids: Vec<Uuid> = incidents.values().flat_map(|list| &list.nodes).map(|incident| incident.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let posts: Vec<Post> = sqlx::query_as(
        "select created_at, content, incident_id from (
           select created_at, content, incident_id,
             row_number() over (partition by incident_id order by created_at desc, id desc) as n
           from incident_post where partner_id = $1 and incident_id = any($2)) numbered
         where n = 1",
    )
    .bind(database.partner)
    .bind(ids)
    .fetch_all(&database.pool)
    .await?;
    let posts: HashMap<Uuid, Post> = posts.into_iter().map(|post| (post.incident_id, post)).collect();
    for incident in incidents.values_mut().flat_map(|list| &mut list.nodes) {
        incident.latest_post = posts.get(&incident.id).cloned();
    }
    Ok(incidents)
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct ServiceRequest {
    #[serde(serialize_with = "request_id")]
    id: Uuid,
    external_id: String,
    title: String,
    severity: String,
    status: String,
    created_at: Option<DateTime<Utc>>,
    #[serde(skip)]
    customer_id: Uuid,
}

impl Child for ServiceRequest {
    fn parent(&self) -> Uuid {
        self.customer_id
    }
}

/// The service requests of each customer, newest first.
async fn requests(
    database: &Database,
    customers: &[Uuid],
    open_only: bool,
    first: i64,
) -> sqlx::Result<HashMap<Uuid, Nodes<ServiceRequest>>> {
    let statement = sqlx::query_as(
        "select id, external_id, title, severity, status, created_at, customer_id from (
           select id, external_id, title, severity, status, created_at, customer_id,
             row_number() over (partition by customer_id order by created_at desc, id desc) as n
           from service_request
           where partner_id = $1 and customer_id = any($2) and (status <> 'CLOSED' or not $4)) numbered
         where n <= $3 order by n",
    );
    children(database, statement.bind(database.partner).bind(customers.to_vec()).bind(first).bind(open_only)).await
}

/// The plans in force today with the families that each covers, by name.
async fn plans<T: for<'r> FromRow<'r, sqlx::postgres::PgRow> + Send + Unpin>(
    database: &Database,
) -> sqlx::Result<Vec<T>> {
    let today: NaiveDate = Utc::now().date_naive();
    sqlx::query_as(
        "select p.id, p.name, p.valid_until, k.covers, k.id as kind_id, k.code, k.name as kind_name, k.tier
         from support_plan p join support_plan_kind k on k.id = p.kind_id
         where p.partner_id = $1 and p.valid_from <= $2 and (p.valid_until is null or p.valid_until >= $2)
         order by p.name_key, p.id",
    )
    .bind(database.partner)
    .bind(today)
    .fetch_all(&database.pool)
    .await
}

/// The families in which each customer has an active subscription.
async fn families(database: &Database, customers: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Vec<String>>> {
    let rows: Vec<(Uuid, String)> = sqlx::query_as(
        "select distinct customer_id, product_family from subscription
         where partner_id = $1 and customer_id = any($2) and status = 'ACTIVE'",
    )
    .bind(database.partner)
    .bind(customers)
    .fetch_all(&database.pool)
    .await?;
    let mut families: HashMap<Uuid, Vec<String>> = HashMap::new();
    for (customer, family) in rows {
        families.entry(customer).or_default().push(family);
    }
    Ok(families)
}

/// Whether a plan that covers these families stands behind a customer with those.
fn stands_behind(covers: &[String], families: Option<&Vec<String>>) -> bool {
    families.is_some_and(|families| families.iter().any(|family| covers.contains(family)))
}

/// A list of words as it lies in a column.
fn words(text: &str) -> Vec<String> {
    serde_json::from_str(text).unwrap_or_default()
}
