//! In which words each customer was told of an incident: what was stored so far is what everybody was told.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::sorted;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(IncidentText::Table)
            .col(pk_uuid(IncidentText::Id))
            .col(uuid(IncidentText::PartnerId))
            .col(uuid(IncidentText::IncidentId))
            .col(text(IncidentText::Title))
            .col(text_null(IncidentText::Impact))
            .col(sorted(manager, IncidentText::TitleKey))
            .take();
        manager.create_table(table).await?;
        let table = Table::create()
            .table(IncidentTextPost::Table)
            .col(uuid(IncidentTextPost::TextId))
            .col(uuid(IncidentTextPost::PostId))
            .col(uuid(IncidentTextPost::PartnerId))
            .primary_key(Index::create().col(IncidentTextPost::TextId).col(IncidentTextPost::PostId))
            .take();
        manager.create_table(table).await?;
        // Null nowhere: both are filled below, and always written. A column without a default cannot be added otherwise.
        for column in
            [uuid_null(IncidentVisibility::TextId), timestamp_with_time_zone_null(IncidentVisibility::TextModifiedAt)]
        {
            manager.alter_table(Table::alter().table(IncidentVisibility::Table).add_column(column).take()).await?;
        }
        let connection = manager.get_connection();
        for statement in [
            "insert into incident_text (id, partner_id, incident_id, title, impact, title_key)
             select id, partner_id, id, title, impact, title_key from incident",
            "insert into incident_text_post (text_id, post_id, partner_id)
             select incident_id, id, partner_id from incident_post",
            "update incident_visibility set text_id = incident_id, text_modified_at =
             (select modified_at from incident where incident.id = incident_visibility.incident_id)",
        ] {
            connection.execute_unprepared(statement).await?;
        }
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        for column in [IncidentVisibility::TextModifiedAt, IncidentVisibility::TextId] {
            manager.alter_table(Table::alter().table(IncidentVisibility::Table).drop_column(column).take()).await?;
        }
        manager.drop_table(Table::drop().table(IncidentTextPost::Table).take()).await?;
        manager.drop_table(Table::drop().table(IncidentText::Table).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum IncidentText {
    Table,
    Id,
    PartnerId,
    IncidentId,
    Title,
    Impact,
    TitleKey,
}

#[derive(DeriveIden, Clone, Copy)]
enum IncidentTextPost {
    Table,
    TextId,
    PostId,
    PartnerId,
}

#[derive(DeriveIden, Clone, Copy)]
enum IncidentVisibility {
    Table,
    TextId,
    TextModifiedAt,
}
