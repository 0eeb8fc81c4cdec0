//! `/customer?id=`: one customer in full.

use super::*;

#[derive(Serialize)]
pub struct Answer {
    customer: Option<Customer>,
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    #[serde(serialize_with = "customer_id")]
    id: Uuid,
    tenant_id: String,
    name: String,
    primary_domain: Option<String>,
    #[serde(serialize_with = "list")]
    custom_domains: String,
    country: Option<String>,
    culture: Option<String>,
    language: Option<String>,
    relationship: String,
    ended_at: Option<DateTime<Utc>>,
    observed_at: DateTime<Utc>,
    #[sqlx(skip)]
    subscriptions: Nodes<Subscription>,
    #[sqlx(skip)]
    support_plans: Vec<Plan>,
    #[sqlx(skip)]
    service_health: Nodes<Health>,
    #[sqlx(skip)]
    incidents: Nodes<Incident>,
    #[sqlx(skip)]
    service_requests: Nodes<ServiceRequest>,
}

fn list<S: Serializer>(text: &str, serializer: S) -> Result<S::Ok, S::Error> {
    words(text).serialize(serializer)
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    #[serde(serialize_with = "subscription_id")]
    id: Uuid,
    external_id: String,
    #[sqlx(rename = "friendly_name")]
    name: String,
    offer_name: String,
    product_family: String,
    quantity: i64,
    unit_type: Option<String>,
    status: String,
    billing_cycle: String,
    term: Option<String>,
    created_at: Option<DateTime<Utc>>,
    starts_at: Option<DateTime<Utc>>,
    commitment_ends_on: Option<NaiveDate>,
    is_auto_renewed: Option<bool>,
    is_trial: bool,
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    #[serde(serialize_with = "plan_id")]
    id: Uuid,
    name: String,
    valid_until: Option<NaiveDate>,
    #[sqlx(flatten)]
    kind: Kind,
    #[serde(skip)]
    covers: String,
}

#[derive(FromRow, Serialize)]
struct Kind {
    #[serde(serialize_with = "kind_id")]
    #[sqlx(rename = "kind_id")]
    id: Uuid,
    code: String,
    #[sqlx(rename = "kind_name")]
    name: String,
    tier: String,
}

async fn subscriptions(database: &Database, customer: Uuid) -> sqlx::Result<Vec<Subscription>> {
    sqlx::query_as(
        "select id, external_id, friendly_name, offer_name, product_family, quantity, unit_type, status, billing_cycle,
           term, created_at, starts_at, commitment_ends_on, is_auto_renewed, is_trial
         from subscription where partner_id = $1 and customer_id = $2 order by name_key, id limit 50",
    )
    .bind(database.partner)
    .bind(customer)
    .fetch_all(&database.pool)
    .await
}

pub async fn customer(database: &Database, id: Uuid) -> sqlx::Result<Answer> {
    let customer: Option<Customer> = sqlx::query_as(
        "select id, tenant_id, name, primary_domain, custom_domains, country, culture, language, relationship, ended_at,
           observed_at
         from customer where partner_id = $1 and id = $2",
    )
    .bind(database.partner)
    .bind(id)
    .fetch_optional(&database.pool)
    .await?;
    let Some(mut customer) = customer else { return Ok(Answer { customer: None }) };
    let ids = [id];
    let (subscriptions, plans, families, mut health, mut incidents, mut requests) = tokio::try_join!(
        subscriptions(database, id),
        plans::<Plan>(database),
        families(database, &ids),
        health(database, &ids, 50),
        incidents_of(database, &ids, false, 20),
        requests(database, &ids, false, 20),
    )?;
    customer.subscriptions.nodes = subscriptions;
    customer.support_plans =
        plans.into_iter().filter(|plan| stands_behind(&words(&plan.covers), families.get(&id))).collect();
    customer.service_health = health.remove(&id).unwrap_or_default();
    customer.incidents = incidents.remove(&id).unwrap_or_default();
    customer.service_requests = requests.remove(&id).unwrap_or_default();
    Ok(Answer { customer: Some(customer) })
}
