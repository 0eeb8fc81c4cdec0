//! Customers.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted, sorted_null};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Customer::Table)
            .col(pk_uuid(Customer::Id))
            .col(sorted(manager, Customer::TenantId))
            .col(text_null(Customer::CommerceId))
            .col(text(Customer::Name))
            .col(text_null(Customer::PrimaryDomain))
            .col(text(Customer::CustomDomains))
            .col(sorted_null(manager, Customer::Country))
            .col(text_null(Customer::Culture))
            .col(text_null(Customer::Language))
            .col(text(Customer::Relationship))
            .col(text_null(Customer::RelationshipText))
            .col(boolean_null(Customer::AllowDelegatedAccess))
            .col(text_null(Customer::AssociatedPartnerId))
            .col(text_null(Customer::RegistrationNumber))
            .col(uuid_null(Customer::ResellerId))
            .col(timestamp_with_time_zone_null(Customer::EndedAt))
            .col(timestamp_with_time_zone(Customer::ObservedAt))
            .col(uuid(Customer::PartnerId))
            .col(sorted(manager, Customer::NameKey))
            .col(text(Customer::DomainsKey))
            .take();
        manager.create_table(table).await?;
        // The default order, either way.
        manager
            .create_index(index(
                "customer_by_name_key",
                Customer::Table,
                [Customer::PartnerId, Customer::NameKey, Customer::Id],
            ))
            .await?;
        // One customer by tenant, and the order by it.
        manager
            .create_index(index(
                "customer_by_tenant_id",
                Customer::Table,
                [Customer::PartnerId, Customer::TenantId, Customer::Id],
            ))
            .await?;
        // The order by country.
        manager
            .create_index(index(
                "customer_by_country",
                Customer::Table,
                [Customer::PartnerId, Customer::Country, Customer::Id],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(Customer::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Customer {
    Table,
    Id,
    TenantId,
    CommerceId,
    Name,
    PrimaryDomain,
    CustomDomains,
    Country,
    Culture,
    Language,
    Relationship,
    RelationshipText,
    AllowDelegatedAccess,
    AssociatedPartnerId,
    RegistrationNumber,
    ResellerId,
    EndedAt,
    ObservedAt,
    PartnerId,
    NameKey,
    DomainsKey,
}
