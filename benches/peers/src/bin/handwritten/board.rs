//! `/board`: the first 50 customers by name, each with everything that an agent looks at.

use super::*;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Board {
    customers: Customers,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Customers {
    nodes: Vec<Customer>,
    page_info: PageInfo,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PageInfo {
    has_next_page: bool,
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Customer {
    #[serde(serialize_with = "customer_id")]
    id: Uuid,
    tenant_id: String,
    name: String,
    primary_domain: Option<String>,
    country: Option<String>,
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

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Subscription {
    #[serde(serialize_with = "subscription_id")]
    id: Uuid,
    #[sqlx(rename = "friendly_name")]
    name: String,
    product_family: String,
    quantity: i64,
    status: String,
    commitment_ends_on: Option<NaiveDate>,
    is_auto_renewed: Option<bool>,
    #[serde(skip)]
    customer_id: Uuid,
}

impl Child for Subscription {
    fn parent(&self) -> Uuid {
        self.customer_id
    }
}

#[derive(Clone, FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Plan {
    #[serde(serialize_with = "plan_id")]
    id: Uuid,
    name: String,
    valid_until: Option<NaiveDate>,
    #[serde(skip)]
    covers: String,
}

async fn subscriptions(database: &Database, customers: &[Uuid]) -> sqlx::Result<HashMap<Uuid, Nodes<Subscription>>> {
    let statement = sqlx::query_as(
        "select id, friendly_name, product_family, quantity, status, commitment_ends_on, is_auto_renewed, customer_id
         from (select id, friendly_name, product_family, quantity, status, commitment_ends_on, is_auto_renewed,
             customer_id, row_number() over (partition by customer_id order by name_key, id) as n
           from subscription where partner_id = $1 and customer_id = any($2)) numbered
         where n <= 3 order by n",
    );
    children(database, statement.bind(database.partner).bind(customers.to_vec())).await
}

pub async fn board(database: &Database) -> sqlx::Result<Board> {
    let mut nodes: Vec<Customer> = sqlx::query_as(
        "select id, tenant_id, name, primary_domain, country from customer where partner_id = $1
         order by name_key, id limit 51",
    )
    .bind(database.partner)
    .fetch_all(&database.pool)
    .await?;
    let has_next_page = nodes.len() > 50;
    nodes.truncate(50);
    let ids: Vec<Uuid> = nodes.iter().map(|customer| customer.id).collect();
    let (mut subscriptions, plans, families, mut health, mut incidents, mut requests) = tokio::try_join!(
        subscriptions(database, &ids),
        plans::<Plan>(database),
        families(database, &ids),
        health(database, &ids, 2),
        incidents_of(database, &ids, true, 1),
        requests(database, &ids, true, 1),
    )?;
    let plans: Vec<(Plan, Vec<String>)> = plans.into_iter().map(|plan| (plan.clone(), words(&plan.covers))).collect();
    for customer in &mut nodes {
        customer.subscriptions = subscriptions.remove(&customer.id).unwrap_or_default();
        let families = families.get(&customer.id);
        let behind = plans.iter().filter(|(_, covers)| stands_behind(covers, families));
        customer.support_plans = behind.map(|(plan, _)| plan.clone()).collect();
        customer.service_health = health.remove(&customer.id).unwrap_or_default();
        customer.incidents = incidents.remove(&customer.id).unwrap_or_default();
        customer.service_requests = requests.remove(&customer.id).unwrap_or_default();
    }
    Ok(Board { customers: Customers { nodes, page_info: PageInfo { has_next_page } } })
}
