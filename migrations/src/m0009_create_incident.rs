//! Incidents, their posts and impacts, and who sees them.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Incident::Table)
            .col(pk_uuid(Incident::Id))
            .col(text(Incident::Source))
            .col(text(Incident::ExternalId))
            .col(text(Incident::Title))
            .col(text_null(Incident::Impact))
            .col(text(Incident::Classification))
            .col(text(Incident::ClassificationText))
            .col(text(Incident::Origin))
            .col(text(Incident::Status))
            .col(text(Incident::StatusText))
            .col(text_null(Incident::Level))
            .col(uuid_null(Incident::ServiceId))
            .col(text_null(Incident::ServiceName))
            .col(sorted(manager, Incident::ProductFamily))
            .col(text_null(Incident::Feature))
            .col(text_null(Incident::FeatureGroup))
            .col(timestamp_with_time_zone_null(Incident::StartedAt))
            .col(timestamp_with_time_zone_null(Incident::EndedAt))
            .col(boolean(Incident::IsResolved))
            .col(boolean_null(Incident::IsHighImpact))
            .col(timestamp_with_time_zone(Incident::ModifiedAt))
            .col(timestamp_with_time_zone(Incident::ObservedAt))
            .col(uuid(Incident::PartnerId))
            .col(sorted(manager, Incident::TitleKey))
            .col(big_integer(Incident::Severity))
            .take();
        manager.create_table(table).await?;
        // The default order, either way.
        manager
            .create_index(index(
                "incident_by_modified_at",
                Incident::Table,
                [Incident::PartnerId, Incident::ModifiedAt, Incident::Id],
            ))
            .await?;
        // Open incidents.
        manager
            .create_index(index(
                "incident_by_is_resolved_modified_at",
                Incident::Table,
                [Incident::PartnerId, Incident::IsResolved, Incident::ModifiedAt, Incident::Id],
            ))
            .await?;
        // One incident by Microsoft's id.
        manager
            .create_index(index(
                "incident_by_external_id",
                Incident::Table,
                [Incident::PartnerId, Incident::ExternalId],
            ))
            .await?;
        // All of one service.
        manager
            .create_index(index(
                "incident_by_service_id_modified_at",
                Incident::Table,
                [Incident::PartnerId, Incident::ServiceId, Incident::ModifiedAt, Incident::Id],
            ))
            .await?;
        let table = Table::create()
            .table(IncidentPost::Table)
            .col(pk_uuid(IncidentPost::Id))
            .col(uuid(IncidentPost::IncidentId))
            .col(timestamp_with_time_zone(IncidentPost::CreatedAt))
            .col(text(IncidentPost::PostType))
            .col(text(IncidentPost::Content))
            .col(uuid(IncidentPost::PartnerId))
            .take();
        manager.create_table(table).await?;
        // The posts of one incident, newest first; the latest one.
        manager
            .create_index(index(
                "incident_post_by_incident_id_created_at",
                IncidentPost::Table,
                [IncidentPost::IncidentId, IncidentPost::CreatedAt, IncidentPost::Id],
            ))
            .await?;
        let table = Table::create()
            .table(IncidentImpact::Table)
            .col(pk_uuid(IncidentImpact::Id))
            .col(uuid(IncidentImpact::IncidentId))
            .col(sorted(manager, IncidentImpact::ServiceName))
            .col(sorted(manager, IncidentImpact::Region))
            .col(text_null(IncidentImpact::StatusText))
            .col(timestamp_with_time_zone_null(IncidentImpact::UpdatedAt))
            .col(uuid(IncidentImpact::PartnerId))
            .take();
        manager.create_table(table).await?;
        // All of one incident.
        manager
            .create_index(index(
                "incident_impact_by_incident_id_service_name_region",
                IncidentImpact::Table,
                [IncidentImpact::IncidentId, IncidentImpact::ServiceName, IncidentImpact::Region, IncidentImpact::Id],
            ))
            .await?;
        let table = Table::create()
            .table(IncidentVisibility::Table)
            .col(uuid(IncidentVisibility::IncidentId))
            .col(uuid(IncidentVisibility::CustomerId))
            .col(uuid(IncidentVisibility::PartnerId))
            .col(timestamp_with_time_zone(IncidentVisibility::FirstSeenAt))
            .col(timestamp_with_time_zone(IncidentVisibility::LastSeenAt))
            .primary_key(Index::create().col(IncidentVisibility::IncidentId).col(IncidentVisibility::CustomerId))
            .take();
        manager.create_table(table).await?;
        // What one customer sees.
        manager
            .create_index(index(
                "incident_visibility_by_customer_id_incident_id",
                IncidentVisibility::Table,
                [IncidentVisibility::CustomerId, IncidentVisibility::IncidentId],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(IncidentVisibility::Table).take()).await?;
        manager.drop_table(Table::drop().table(IncidentImpact::Table).take()).await?;
        manager.drop_table(Table::drop().table(IncidentPost::Table).take()).await?;
        manager.drop_table(Table::drop().table(Incident::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Incident {
    Table,
    Id,
    Source,
    ExternalId,
    Title,
    Impact,
    Classification,
    ClassificationText,
    Origin,
    Status,
    StatusText,
    Level,
    ServiceId,
    ServiceName,
    ProductFamily,
    Feature,
    FeatureGroup,
    StartedAt,
    EndedAt,
    IsResolved,
    IsHighImpact,
    ModifiedAt,
    ObservedAt,
    PartnerId,
    TitleKey,
    Severity,
}

#[derive(DeriveIden, Clone, Copy)]
enum IncidentPost {
    Table,
    Id,
    IncidentId,
    CreatedAt,
    PostType,
    Content,
    PartnerId,
}

#[derive(DeriveIden, Clone, Copy)]
enum IncidentImpact {
    Table,
    Id,
    IncidentId,
    ServiceName,
    Region,
    StatusText,
    UpdatedAt,
    PartnerId,
}

#[derive(DeriveIden, Clone, Copy)]
enum IncidentVisibility {
    Table,
    IncidentId,
    CustomerId,
    PartnerId,
    FirstSeenAt,
    LastSeenAt,
}
