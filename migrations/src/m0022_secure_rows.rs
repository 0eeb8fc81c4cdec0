//! Row level security around everything that belongs to a partner.

use sea_orm_migration::prelude::*;

use crate::row_security::{CUSTOMERS, PARTNER, Seen, open, secure};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        secure(manager, "partner", "id", Seen::ByAll).await?;
        // Whose answers are kept has to learn when they are old.
        secure(manager, "log_position", "partner_id", Seen::ByAll).await?;
        for table in OF_PARTNER {
            secure(manager, table, "partner_id", Seen::ByNone).await?;
        }
        secure(manager, "customer", "partner_id", Seen::ByCustomer("id")).await?;
        for table in OF_CUSTOMER {
            secure(manager, table, "partner_id", Seen::ByCustomer("customer_id")).await?;
        }
        for (table, condition) in shared() {
            secure(manager, table, "partner_id", Seen::If(condition)).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let shared = shared();
        let shared = shared.iter().map(|(table, _)| *table);
        for table in
            ["partner", "log_position", "customer"].into_iter().chain(OF_PARTNER).chain(OF_CUSTOMER).chain(shared)
        {
            open(manager, table).await?;
        }
        Ok(())
    }
}

/// What belongs to no customer.
const OF_PARTNER: [&str; 7] =
    ["partner_relation", "qualification", "support_plan", "quarantine", "idempotency", "log_mark", "api_key"];

/// What belongs to the customer in `customer_id`.
const OF_CUSTOMER: [&str; 8] = [
    "subscription",
    "azure_entitlement",
    "service_health",
    "customer_offering",
    "incident_visibility",
    "message_visibility",
    "service_request",
    "event",
];

/// What customers see that other tables name.
fn shared() -> [(&'static str, String); 9] {
    // The partner is named although the table has a wall itself, since indexes begin with it.
    let of_customers = |column: &str, table: &str| {
        format!("select {column} from {table} where partner_id = {PARTNER} and customer_id = any({CUSTOMERS})")
    };
    let incidents = of_customers("incident_id", "incident_visibility");
    let texts = of_customers("text_id", "incident_visibility");
    let messages = of_customers("message_id", "message_visibility");
    let offerings = of_customers("offering_id", "customer_offering");
    let requests = of_customers("id", "service_request");
    let services = of_customers("service_id", "service_health");
    [
        ("incident", format!("id in ({incidents})")),
        ("incident_impact", format!("incident_id in ({incidents})")),
        ("incident_text", format!("id in ({texts})")),
        ("incident_text_post", format!("text_id in ({texts})")),
        ("incident_post", format!("id in (select post_id from incident_text_post where text_id in ({texts}))")),
        ("message", format!("id in ({messages})")),
        ("support_offering", format!("id in ({offerings})")),
        ("service_request_note", format!("service_request_id in ({requests})")),
        ("service", format!("id in ({services}) or id in (select service_id from incident where id in ({incidents}))")),
    ]
}
