//! `/incidents`: the 1,000 incidents that changed last.

use super::*;

#[derive(Serialize)]
pub struct Incidents {
    incidents: Nodes<Incident>,
}

#[derive(FromRow, Serialize)]
#[serde(rename_all = "camelCase")]
struct Incident {
    #[serde(serialize_with = "incident_id")]
    id: Uuid,
    external_id: String,
    title: String,
    classification: String,
    origin: String,
    status: String,
    is_resolved: bool,
    service_name: Option<String>,
    product_family: String,
    feature: Option<String>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    modified_at: DateTime<Utc>,
    observed_at: DateTime<Utc>,
}

pub async fn incidents(database: &Database) -> sqlx::Result<Incidents> {
    let nodes = sqlx::query_as(
        "select id, external_id, title, classification, origin, status, is_resolved, service_name, product_family,
           feature, started_at, ended_at, modified_at, observed_at
         from incident where partner_id = $1 order by modified_at desc, id desc limit 1000",
    )
    .bind(database.partner)
    .fetch_all(&database.pool)
    .await?;
    Ok(Incidents { incidents: Nodes { nodes } })
}
