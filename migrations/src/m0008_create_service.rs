//! Services, and their state for each customer.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Service::Table)
            .col(pk_uuid(Service::Id))
            .col(text(Service::Source))
            .col(text(Service::Code))
            .col(text(Service::Name))
            .col(sorted(manager, Service::ProductFamily))
            .col(uuid(Service::PartnerId))
            .col(sorted(manager, Service::NameKey))
            .take();
        manager.create_table(table).await?;
        // The default order, either way.
        manager
            .create_index(index(
                "service_by_name_key",
                Service::Table,
                [Service::PartnerId, Service::NameKey, Service::Id],
            ))
            .await?;
        let table = Table::create()
            .table(ServiceHealth::Table)
            .col(pk_uuid(ServiceHealth::Id))
            .col(uuid(ServiceHealth::CustomerId))
            .col(uuid(ServiceHealth::ServiceId))
            .col(text(ServiceHealth::ReportedStatus))
            .col(text(ServiceHealth::ReportedStatusText))
            .col(timestamp_with_time_zone(ServiceHealth::Since))
            .col(timestamp_with_time_zone(ServiceHealth::ObservedAt))
            .col(uuid(ServiceHealth::PartnerId))
            .col(big_integer(ServiceHealth::Severity))
            .take();
        manager.create_table(table).await?;
        // One customer, worst first.
        manager
            .create_index(index(
                "service_health_by_customer_id_severity",
                ServiceHealth::Table,
                [ServiceHealth::PartnerId, ServiceHealth::CustomerId, ServiceHealth::Severity, ServiceHealth::Id],
            ))
            .await?;
        // One service, worst first.
        manager
            .create_index(index(
                "service_health_by_service_id_severity",
                ServiceHealth::Table,
                [ServiceHealth::PartnerId, ServiceHealth::ServiceId, ServiceHealth::Severity, ServiceHealth::Id],
            ))
            .await?;
        // Who has a service in a bad state.
        manager
            .create_index(index(
                "service_health_by_reported_status_customer_id",
                ServiceHealth::Table,
                [ServiceHealth::PartnerId, ServiceHealth::ReportedStatus, ServiceHealth::CustomerId],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(ServiceHealth::Table).take()).await?;
        manager.drop_table(Table::drop().table(Service::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Service {
    Table,
    Id,
    Source,
    Code,
    Name,
    ProductFamily,
    PartnerId,
    NameKey,
}

#[derive(DeriveIden, Clone, Copy)]
enum ServiceHealth {
    Table,
    Id,
    CustomerId,
    ServiceId,
    ReportedStatus,
    ReportedStatusText,
    Since,
    ObservedAt,
    PartnerId,
    Severity,
}
