//! What partners promise their customers.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(SupportOffering::Table)
            .col(pk_uuid(SupportOffering::Id))
            .col(text(SupportOffering::Name))
            .col(text(SupportOffering::Covers))
            .col(text(SupportOffering::Hours))
            .col(text_null(SupportOffering::ContactEmail))
            .col(text_null(SupportOffering::ContactPhone))
            .col(text_null(SupportOffering::ContactWebsite))
            .col(big_integer_null(SupportOffering::PriceMinor))
            .col(text_null(SupportOffering::Currency))
            .col(text_null(SupportOffering::Provider))
            .col(date(SupportOffering::ValidFrom))
            .col(date_null(SupportOffering::ValidUntil))
            .col(uuid(SupportOffering::PartnerId))
            .col(sorted(manager, SupportOffering::NameKey))
            .take();
        manager.create_table(table).await?;
        // The default order.
        manager
            .create_index(index(
                "support_offering_by_name_key",
                SupportOffering::Table,
                [SupportOffering::PartnerId, SupportOffering::NameKey, SupportOffering::Id],
            ))
            .await?;
        let table = Table::create()
            .table(CustomerOffering::Table)
            .col(uuid(CustomerOffering::CustomerId))
            .col(uuid(CustomerOffering::OfferingId))
            .col(date(CustomerOffering::ValidFrom))
            .col(date_null(CustomerOffering::ValidUntil))
            .col(timestamp_with_time_zone_null(CustomerOffering::ToldAt))
            .col(uuid(CustomerOffering::PartnerId))
            .primary_key(
                Index::create()
                    .col(CustomerOffering::CustomerId)
                    .col(CustomerOffering::OfferingId)
                    .col(CustomerOffering::ValidFrom),
            )
            .take();
        manager.create_table(table).await?;
        // Whom an offering was promised.
        manager
            .create_index(index(
                "customer_offering_by_offering_id_customer_id",
                CustomerOffering::Table,
                [CustomerOffering::OfferingId, CustomerOffering::CustomerId],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(CustomerOffering::Table).take()).await?;
        manager.drop_table(Table::drop().table(SupportOffering::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum SupportOffering {
    Table,
    Id,
    Name,
    Covers,
    Hours,
    ContactEmail,
    ContactPhone,
    ContactWebsite,
    PriceMinor,
    Currency,
    Provider,
    ValidFrom,
    ValidUntil,
    PartnerId,
    NameKey,
}

#[derive(DeriveIden, Clone, Copy)]
enum CustomerOffering {
    Table,
    CustomerId,
    OfferingId,
    ValidFrom,
    ValidUntil,
    ToldAt,
    PartnerId,
}
