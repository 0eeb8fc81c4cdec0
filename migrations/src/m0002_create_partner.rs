//! Partners, the other partners they work with, and their qualifications.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Partner::Table)
            .col(pk_uuid(Partner::Id))
            .col(text(Partner::TenantId))
            .col(text(Partner::Name))
            .col(text_null(Partner::Domain))
            .col(text_null(Partner::Country))
            .col(text_null(Partner::Culture))
            .col(text(Partner::PartnerType))
            .col(text(Partner::Cloud))
            .col(text_null(Partner::SupportEmail))
            .col(text_null(Partner::SupportPhone))
            .col(text_null(Partner::SupportWebsite))
            .col(text_null(Partner::LegalName))
            .col(text_null(Partner::VettingStatus))
            .col(text_null(Partner::NetworkId))
            .col(text_null(Partner::NetworkName))
            .col(text_null(Partner::BillingCurrency))
            .col(timestamp_with_time_zone(Partner::ObservedAt))
            .col(big_integer(Partner::Position).default(0))
            .take();
        manager.create_table(table).await?;
        let table = Table::create()
            .table(PartnerRelation::Table)
            .col(pk_uuid(PartnerRelation::Id))
            .col(text(PartnerRelation::TenantId))
            .col(text(PartnerRelation::Name))
            .col(text(PartnerRelation::RelationType))
            .col(text_null(PartnerRelation::State))
            .col(text_null(PartnerRelation::NetworkId))
            .col(text_null(PartnerRelation::Country))
            .col(timestamp_with_time_zone(PartnerRelation::ObservedAt))
            .col(uuid(PartnerRelation::PartnerId))
            .take();
        manager.create_table(table).await?;
        let table = Table::create()
            .table(Qualification::Table)
            .col(pk_uuid(Qualification::Id))
            .col(sorted(manager, Qualification::Code))
            .col(text(Qualification::Level))
            .col(boolean_null(Qualification::IsCloud))
            .col(date(Qualification::ValidFrom))
            .col(date_null(Qualification::ValidUntil))
            .col(uuid(Qualification::PartnerId))
            .take();
        manager.create_table(table).await?;
        // All of a partner, by code.
        manager
            .create_index(index(
                "qualification_by_code",
                Qualification::Table,
                [Qualification::PartnerId, Qualification::Code],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Qualification::Table).take()).await?;
        manager.drop_table(Table::drop().table(PartnerRelation::Table).take()).await?;
        manager.drop_table(Table::drop().table(Partner::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
#[allow(clippy::enum_variant_names, reason = "a column is called partner_type")]
enum Partner {
    Table,
    Id,
    TenantId,
    Name,
    Domain,
    Country,
    Culture,
    PartnerType,
    Cloud,
    SupportEmail,
    SupportPhone,
    SupportWebsite,
    LegalName,
    VettingStatus,
    NetworkId,
    NetworkName,
    BillingCurrency,
    ObservedAt,
    Position,
}

#[derive(DeriveIden, Clone, Copy)]
enum PartnerRelation {
    Table,
    Id,
    TenantId,
    Name,
    RelationType,
    State,
    NetworkId,
    Country,
    ObservedAt,
    PartnerId,
}

#[derive(DeriveIden, Clone, Copy)]
enum Qualification {
    Table,
    Id,
    Code,
    Level,
    IsCloud,
    ValidFrom,
    ValidUntil,
    PartnerId,
}
