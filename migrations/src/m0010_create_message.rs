//! Announcements of the message center, and who sees them.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Message::Table)
            .col(pk_uuid(Message::Id))
            .col(text(Message::ExternalId))
            .col(text(Message::Title))
            .col(text(Message::Category))
            .col(text(Message::CategoryText))
            .col(text(Message::Severity))
            .col(text(Message::SeverityText))
            .col(boolean_null(Message::IsMajorChange))
            .col(timestamp_with_time_zone_null(Message::ActionRequiredBy))
            .col(text(Message::Services))
            .col(text(Message::Tags))
            .col(text(Message::Body))
            .col(timestamp_with_time_zone_null(Message::StartsAt))
            .col(timestamp_with_time_zone_null(Message::EndsAt))
            .col(timestamp_with_time_zone_null(Message::ExpiresAt))
            .col(timestamp_with_time_zone(Message::ModifiedAt))
            .col(timestamp_with_time_zone(Message::ObservedAt))
            .col(uuid(Message::PartnerId))
            .col(sorted(manager, Message::TitleKey))
            .take();
        manager.create_table(table).await?;
        // The default order, either way.
        manager
            .create_index(index(
                "message_by_modified_at",
                Message::Table,
                [Message::PartnerId, Message::ModifiedAt, Message::Id],
            ))
            .await?;
        let table = Table::create()
            .table(MessageVisibility::Table)
            .col(uuid(MessageVisibility::MessageId))
            .col(uuid(MessageVisibility::CustomerId))
            .col(uuid(MessageVisibility::PartnerId))
            .col(timestamp_with_time_zone(MessageVisibility::FirstSeenAt))
            .col(timestamp_with_time_zone(MessageVisibility::LastSeenAt))
            .primary_key(Index::create().col(MessageVisibility::MessageId).col(MessageVisibility::CustomerId))
            .take();
        manager.create_table(table).await?;
        // What one customer sees.
        manager
            .create_index(index(
                "message_visibility_by_customer_id_message_id",
                MessageVisibility::Table,
                [MessageVisibility::CustomerId, MessageVisibility::MessageId],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(MessageVisibility::Table).take()).await?;
        manager.drop_table(Table::drop().table(Message::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Message {
    Table,
    Id,
    ExternalId,
    Title,
    Category,
    CategoryText,
    Severity,
    SeverityText,
    IsMajorChange,
    ActionRequiredBy,
    Services,
    Tags,
    Body,
    StartsAt,
    EndsAt,
    ExpiresAt,
    ModifiedAt,
    ObservedAt,
    PartnerId,
    TitleKey,
}

#[derive(DeriveIden, Clone, Copy)]
enum MessageVisibility {
    Table,
    MessageId,
    CustomerId,
    PartnerId,
    FirstSeenAt,
    LastSeenAt,
}
