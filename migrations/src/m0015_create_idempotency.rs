//! What was done under which key within the last day.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Idempotency::Table)
            .col(uuid(Idempotency::PartnerId))
            .col(text(Idempotency::Key))
            .col(text(Idempotency::Fingerprint))
            .col(uuid(Idempotency::EntityId))
            .col(timestamp_with_time_zone(Idempotency::DoneAt))
            .primary_key(Index::create().col(Idempotency::PartnerId).col(Idempotency::Key))
            .take();
        manager.create_table(table).await?;
        // What is old enough to be forgotten.
        manager
            .create_index(index(
                "idempotency_by_done_at",
                Idempotency::Table,
                [Idempotency::PartnerId, Idempotency::DoneAt],
            ))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Idempotency::Table).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Idempotency {
    Table,
    PartnerId,
    Key,
    Fingerprint,
    EntityId,
    DoneAt,
}
