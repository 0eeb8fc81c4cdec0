//! Items of upstream documents that could not be used.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Quarantine::Table)
            .col(pk_uuid(Quarantine::Id))
            .col(uuid(Quarantine::PartnerId))
            .col(text(Quarantine::Document))
            .col(text(Quarantine::Place))
            .col(text(Quarantine::Reason))
            .col(text(Quarantine::Item))
            .col(timestamp_with_time_zone(Quarantine::ObservedAt))
            .take();
        manager.create_table(table).await?;
        // All of a partner, by time.
        manager
            .create_index(index(
                "quarantine_by_observed_at",
                Quarantine::Table,
                [Quarantine::PartnerId, Quarantine::ObservedAt, Quarantine::Id],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Quarantine::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Quarantine {
    Table,
    Id,
    PartnerId,
    Document,
    Place,
    Reason,
    Item,
    ObservedAt,
}
