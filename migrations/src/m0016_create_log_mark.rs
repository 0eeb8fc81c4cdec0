//! When each partner's log stood where: what is older than it is kept can be told by it.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(LogMark::Table)
            .col(uuid(LogMark::PartnerId))
            .col(timestamp_with_time_zone(LogMark::At))
            .col(big_integer(LogMark::Position))
            .primary_key(Index::create().col(LogMark::PartnerId).col(LogMark::At))
            .take();
        manager.create_table(table).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(LogMark::Table).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum LogMark {
    Table,
    PartnerId,
    At,
    Position,
}
