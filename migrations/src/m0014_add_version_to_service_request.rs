//! How often a request has changed: what somebody who saw it earlier can hold it against.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        table.table(ServiceRequest::Table).add_column(big_integer(ServiceRequest::Version).default(1));
        manager.alter_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager
            .alter_table(Table::alter().table(ServiceRequest::Table).drop_column(ServiceRequest::Version).take())
            .await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum ServiceRequest {
    Table,
    Version,
}
