//! What somebody writes who stands for some customers alone: keys of acts belong to the customer that an act was for, and
//! the audit log takes records from all who may not read it.

use sea_orm_migration::{prelude::*, schema::*};

use crate::row_security::{Seen, let_add, let_add_no_more, open, secure};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let customer = uuid_null(Idempotency::CustomerId);
        manager.alter_table(Table::alter().table(Idempotency::Table).add_column(customer).take()).await?;
        open(manager, "idempotency").await?;
        secure(manager, "idempotency", "partner_id", Seen::ByCustomer("customer_id")).await?;
        let_add(manager, "audit_record", "partner_id").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let_add_no_more(manager, "audit_record").await?;
        open(manager, "idempotency").await?;
        secure(manager, "idempotency", "partner_id", Seen::ByNone).await?;
        manager.alter_table(Table::alter().table(Idempotency::Table).drop_column(Idempotency::CustomerId).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Idempotency {
    Table,
    CustomerId,
}
