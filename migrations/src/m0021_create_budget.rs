//! What callers have spent of their budgets, for nodes to agree on. It is worth nothing after a crash.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Budget::Table)
            .col(uuid(Budget::Caller))
            .col(string_len(Budget::Lane, 16))
            .col(double(Budget::Debt))
            .col(double(Budget::PerSecond))
            .col(timestamp_with_time_zone(Budget::At))
            .primary_key(Index::create().col(Budget::Caller).col(Budget::Lane))
            .take();
        manager.create_table(table).await?;
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            manager.get_connection().execute_unprepared("alter table budget set unlogged").await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Budget::Table).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Budget {
    Table,
    Caller,
    Lane,
    Debt,
    PerSecond,
    At,
}
