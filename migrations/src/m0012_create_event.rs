//! The log of what happened, and how often each kind of thing changed.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Event::Table)
            .col(uuid(Event::PartnerId))
            .col(big_integer(Event::Position))
            .col(text(Event::Kind))
            .col(text(Event::Happening))
            .col(uuid(Event::EntityId))
            .col(uuid_null(Event::CustomerId))
            .col(timestamp_with_time_zone(Event::OccurredAt))
            .col(timestamp_with_time_zone(Event::ObservedAt))
            .col(text(Event::Difference))
            .primary_key(Index::create().col(Event::PartnerId).col(Event::Position))
            .take();
        manager.create_table(table).await?;
        let table = Table::create()
            .table(LogPosition::Table)
            .col(uuid(LogPosition::PartnerId))
            .col(text(LogPosition::Kind))
            .col(big_integer(LogPosition::Version))
            .primary_key(Index::create().col(LogPosition::PartnerId).col(LogPosition::Kind))
            .take();
        manager.create_table(table).await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(LogPosition::Table).take()).await?;
        manager.drop_table(Table::drop().table(Event::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Event {
    Table,
    PartnerId,
    Position,
    Kind,
    Happening,
    EntityId,
    CustomerId,
    OccurredAt,
    ObservedAt,
    Difference,
}

#[derive(DeriveIden, Clone, Copy)]
enum LogPosition {
    Table,
    PartnerId,
    Kind,
    Version,
}
