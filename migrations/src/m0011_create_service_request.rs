//! Tickets of partners to Microsoft, and their notes.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(ServiceRequest::Table)
            .col(pk_uuid(ServiceRequest::Id))
            .col(text(ServiceRequest::Source))
            .col(text(ServiceRequest::ExternalId))
            .col(uuid_null(ServiceRequest::CustomerId))
            .col(uuid_null(ServiceRequest::SubscriptionId))
            .col(uuid_null(ServiceRequest::IncidentId))
            .col(text(ServiceRequest::Title))
            .col(text(ServiceRequest::Description))
            .col(text(ServiceRequest::Severity))
            .col(text(ServiceRequest::SeverityText))
            .col(text(ServiceRequest::Status))
            .col(text(ServiceRequest::StatusText))
            .col(text_null(ServiceRequest::Topic))
            .col(text_null(ServiceRequest::ProductName))
            .col(text_null(ServiceRequest::ContactName))
            .col(text_null(ServiceRequest::ContactEmail))
            .col(text_null(ServiceRequest::ContactPhone))
            .col(text_null(ServiceRequest::Country))
            .col(timestamp_with_time_zone_null(ServiceRequest::CreatedAt))
            .col(timestamp_with_time_zone_null(ServiceRequest::ModifiedAt))
            .col(timestamp_with_time_zone_null(ServiceRequest::ClosedAt))
            .col(timestamp_with_time_zone(ServiceRequest::ObservedAt))
            .col(uuid(ServiceRequest::PartnerId))
            .col(sorted(manager, ServiceRequest::TitleKey))
            .col(big_integer(ServiceRequest::SeverityRank))
            .col(text_null(ServiceRequest::ProductKey))
            .take();
        manager.create_table(table).await?;
        // The default order, either way.
        manager
            .create_index(index(
                "service_request_by_created_at",
                ServiceRequest::Table,
                [ServiceRequest::PartnerId, ServiceRequest::CreatedAt, ServiceRequest::Id],
            ))
            .await?;
        // All of one customer.
        manager
            .create_index(index(
                "service_request_by_customer_id_created_at",
                ServiceRequest::Table,
                [ServiceRequest::PartnerId, ServiceRequest::CustomerId, ServiceRequest::CreatedAt, ServiceRequest::Id],
            ))
            .await?;
        // All of one incident.
        manager
            .create_index(index(
                "service_request_by_incident_id_created_at",
                ServiceRequest::Table,
                [ServiceRequest::PartnerId, ServiceRequest::IncidentId, ServiceRequest::CreatedAt, ServiceRequest::Id],
            ))
            .await?;
        // One request by Microsoft's number.
        manager
            .create_index(index(
                "service_request_by_external_id",
                ServiceRequest::Table,
                [ServiceRequest::PartnerId, ServiceRequest::ExternalId],
            ))
            .await?;
        let table = Table::create()
            .table(ServiceRequestNote::Table)
            .col(pk_uuid(ServiceRequestNote::Id))
            .col(uuid(ServiceRequestNote::ServiceRequestId))
            .col(timestamp_with_time_zone_null(ServiceRequestNote::CreatedAt))
            .col(text_null(ServiceRequestNote::Author))
            .col(text(ServiceRequestNote::Text))
            .col(uuid(ServiceRequestNote::PartnerId))
            .take();
        manager.create_table(table).await?;
        // The notes of one request, newest first.
        manager
            .create_index(index(
                "service_request_note_by_service_request_id_created_at",
                ServiceRequestNote::Table,
                [ServiceRequestNote::ServiceRequestId, ServiceRequestNote::CreatedAt, ServiceRequestNote::Id],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ServiceRequestNote::Table).take()).await?;
        manager.drop_table(Table::drop().table(ServiceRequest::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum ServiceRequest {
    Table,
    Id,
    Source,
    ExternalId,
    CustomerId,
    SubscriptionId,
    IncidentId,
    Title,
    Description,
    Severity,
    SeverityText,
    Status,
    StatusText,
    Topic,
    ProductName,
    ContactName,
    ContactEmail,
    ContactPhone,
    Country,
    CreatedAt,
    ModifiedAt,
    ClosedAt,
    ObservedAt,
    PartnerId,
    TitleKey,
    SeverityRank,
    ProductKey,
}

#[derive(DeriveIden, Clone, Copy)]
enum ServiceRequestNote {
    Table,
    Id,
    ServiceRequestId,
    CreatedAt,
    Author,
    Text,
    PartnerId,
}
