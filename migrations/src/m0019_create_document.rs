//! Documents that clients name instead of sending them: a text by its hash, and names that stand for a hash.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::index;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let document = Table::create()
            .table(Document::Table)
            .col(text(Document::Hash).primary_key())
            .col(text(Document::Text))
            .col(timestamp_with_time_zone(Document::RegisteredAt))
            .take();
        manager.create_table(document).await?;
        let name = Table::create()
            .table(DocumentName::Table)
            .col(text(DocumentName::Name).primary_key())
            .col(text(DocumentName::Hash))
            .take();
        manager.create_table(name).await?;
        manager.create_index(index("document_name_by_hash", DocumentName::Table, [DocumentName::Hash])).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(DocumentName::Table).take()).await?;
        manager.drop_table(Table::drop().table(Document::Table).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Document {
    Table,
    Hash,
    Text,
    RegisteredAt,
}

#[derive(DeriveIden, Clone, Copy)]
enum DocumentName {
    Table,
    Name,
    Hash,
}
