//! What is true of the whole installation, in one row.

use sea_orm_migration::{prelude::*, schema::*};
use uuid::Uuid;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Installation::Table)
            .col(integer(Installation::Id).primary_key())
            .col(blob(Installation::CursorKey))
            .col(timestamp_with_time_zone(Installation::CreatedAt))
            .take();
        manager.create_table(table).await?;
        let row = Query::insert()
            .into_table(Installation::Table)
            .columns([Installation::Id, Installation::CursorKey, Installation::CreatedAt])
            .values_panic([Expr::val(1), Expr::val(random_key()), Expr::current_timestamp()])
            .take();
        manager.execute(row).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Installation::Table).take()).await
    }
}

/// 32 bytes that nobody can guess; cursors are sealed with them. Two random UUIDs hold 244 random bits.
fn random_key() -> Vec<u8> {
    [Uuid::new_v4(), Uuid::new_v4()].iter().flat_map(|id| *id.as_bytes()).collect()
}

#[derive(DeriveIden)]
enum Installation {
    Table,
    Id,
    CursorKey,
    CreatedAt,
}
