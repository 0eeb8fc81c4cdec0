//! API keys: what programs show instead of a person's token. Only a hash of each is kept.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(ApiKey::Table)
            // Looked up before anybody is known, so it is unique among all partners.
            .col(string_len(ApiKey::Prefix, 8).primary_key())
            .col(uuid(ApiKey::PartnerId))
            .col(binary(ApiKey::Hash))
            .col(text(ApiKey::Name))
            .col(text(ApiKey::Roles))
            .col(text_null(ApiKey::Customers))
            .col(text(ApiKey::Lane))
            .col(timestamp_with_time_zone(ApiKey::CreatedAt))
            .col(text(ApiKey::CreatedBy))
            .col(timestamp_with_time_zone_null(ApiKey::ExpiresAt))
            .col(timestamp_with_time_zone_null(ApiKey::LastUsedAt))
            .col(timestamp_with_time_zone_null(ApiKey::RevokedAt))
            .take();
        manager.create_table(table).await?;
        manager
            .create_index(index("api_key_by_created_at", ApiKey::Table, [ApiKey::PartnerId, ApiKey::CreatedAt]))
            .await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ApiKey::Table).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum ApiKey {
    Table,
    Prefix,
    PartnerId,
    Hash,
    Name,
    Roles,
    Customers,
    Lane,
    CreatedAt,
    CreatedBy,
    ExpiresAt,
    LastUsedAt,
    RevokedAt,
}
