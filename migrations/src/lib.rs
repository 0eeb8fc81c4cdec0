//! How the database came to be what it is: one change a file, never edited after a release.
//!
//! No table refers to another by a foreign key. Upstream documents arrive in any order, a subscription before its
//! customer, and each is applied as soon as it is read.

mod columns;
mod m0001_create_installation;
mod m0002_create_partner;
mod m0003_create_customer;
mod m0004_create_subscription;
mod m0005_create_support_plan;
mod m0006_seed_support_plan_kinds;
mod m0007_create_support_offering;
mod m0008_create_service;
mod m0009_create_incident;
mod m0010_create_message;
mod m0011_create_service_request;
mod m0012_create_event;
mod m0013_create_quarantine;
mod m0014_add_version_to_service_request;
mod m0015_create_idempotency;
mod m0016_create_log_mark;
mod m0017_create_incident_text;
mod m0018_create_api_key;
mod m0019_create_document;
mod m0020_create_audit_record;
mod m0021_create_budget;
mod m0022_secure_rows;
mod m0023_cover_visibility;
mod m0024_admit_writes_of_some_customers;
mod m0025_let_old_audit_records_go;
mod m0026_add_source_to_partner;
mod row_security;

use sea_orm_migration::prelude::*;
pub use sea_orm_migration::{IntoSchemaManagerConnection, MigratorTrait, SchemaManager};

/// All migrations, in order.
pub struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_create_installation::Migration),
            Box::new(m0002_create_partner::Migration),
            Box::new(m0003_create_customer::Migration),
            Box::new(m0004_create_subscription::Migration),
            Box::new(m0005_create_support_plan::Migration),
            Box::new(m0006_seed_support_plan_kinds::Migration),
            Box::new(m0007_create_support_offering::Migration),
            Box::new(m0008_create_service::Migration),
            Box::new(m0009_create_incident::Migration),
            Box::new(m0010_create_message::Migration),
            Box::new(m0011_create_service_request::Migration),
            Box::new(m0012_create_event::Migration),
            Box::new(m0013_create_quarantine::Migration),
            Box::new(m0014_add_version_to_service_request::Migration),
            Box::new(m0015_create_idempotency::Migration),
            Box::new(m0016_create_log_mark::Migration),
            Box::new(m0017_create_incident_text::Migration),
            Box::new(m0018_create_api_key::Migration),
            Box::new(m0019_create_document::Migration),
            Box::new(m0020_create_audit_record::Migration),
            Box::new(m0021_create_budget::Migration),
            Box::new(m0022_secure_rows::Migration),
            Box::new(m0023_cover_visibility::Migration),
            Box::new(m0024_admit_writes_of_some_customers::Migration),
            Box::new(m0025_let_old_audit_records_go::Migration),
            Box::new(m0026_add_source_to_partner::Migration),
        ]
    }
}
