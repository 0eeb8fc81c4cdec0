//! What customers bought, and the Azure subscriptions below.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(Subscription::Table)
            .col(pk_uuid(Subscription::Id))
            .col(uuid(Subscription::CustomerId))
            .col(text(Subscription::ExternalId))
            .col(uuid_null(Subscription::ParentId))
            .col(text_null(Subscription::OfferId))
            .col(text(Subscription::OfferName))
            .col(text(Subscription::FriendlyName))
            .col(sorted(manager, Subscription::ProductFamily))
            .col(text(Subscription::ProductFamilySignal))
            .col(text_null(Subscription::ProductType))
            .col(big_integer(Subscription::Quantity))
            .col(text_null(Subscription::UnitType))
            .col(sorted(manager, Subscription::Status))
            .col(text(Subscription::StatusText))
            .col(text(Subscription::BillingType))
            .col(text_null(Subscription::BillingTypeText))
            .col(text(Subscription::BillingCycle))
            .col(text_null(Subscription::BillingCycleText))
            .col(text_null(Subscription::Term))
            .col(text_null(Subscription::RenewalTerm))
            .col(timestamp_with_time_zone_null(Subscription::CreatedAt))
            .col(timestamp_with_time_zone_null(Subscription::StartsAt))
            .col(date_null(Subscription::CommitmentEndsOn))
            .col(timestamp_with_time_zone_null(Subscription::CancellableUntil))
            .col(boolean_null(Subscription::IsAutoRenewed))
            .col(boolean(Subscription::IsTrial))
            .col(boolean_null(Subscription::IsMicrosoftProduct))
            .col(text_null(Subscription::Publisher))
            .col(text_null(Subscription::ResellerNetworkId))
            .col(text(Subscription::SuspensionReasons))
            .col(text_null(Subscription::OrderId))
            .col(text_null(Subscription::ContractType))
            .col(text(Subscription::SupportContactApplicability))
            .col(text_null(Subscription::SupportContactName))
            .col(text_null(Subscription::SupportContactTenantId))
            .col(text_null(Subscription::SupportContactNetworkId))
            .col(timestamp_with_time_zone(Subscription::ObservedAt))
            .col(uuid(Subscription::PartnerId))
            .col(sorted(manager, Subscription::NameKey))
            .take();
        manager.create_table(table).await?;
        // Which families each customer has, for the plans behind it: answered from the index alone.
        manager
            .create_index(index(
                "subscription_by_customer_id_status_product_family",
                Subscription::Table,
                [Subscription::PartnerId, Subscription::CustomerId, Subscription::Status, Subscription::ProductFamily],
            ))
            .await?;
        // The default order over all customers, either way.
        manager
            .create_index(index(
                "subscription_by_name_key",
                Subscription::Table,
                [Subscription::PartnerId, Subscription::NameKey, Subscription::Id],
            ))
            .await?;
        // The default order below one customer.
        manager
            .create_index(index(
                "subscription_by_customer_id_name_key",
                Subscription::Table,
                [Subscription::PartnerId, Subscription::CustomerId, Subscription::NameKey, Subscription::Id],
            ))
            .await?;
        // Add-ons below their subscription.
        manager
            .create_index(index(
                "subscription_by_parent_id_name_key",
                Subscription::Table,
                [Subscription::PartnerId, Subscription::ParentId, Subscription::NameKey, Subscription::Id],
            ))
            .await?;
        // Which commitments end next.
        manager
            .create_index(index(
                "subscription_by_commitment_ends_on",
                Subscription::Table,
                [Subscription::PartnerId, Subscription::CommitmentEndsOn, Subscription::Id],
            ))
            .await?;
        let table = Table::create()
            .table(AzureEntitlement::Table)
            .col(pk_uuid(AzureEntitlement::Id))
            .col(uuid(AzureEntitlement::CustomerId))
            .col(uuid(AzureEntitlement::SubscriptionId))
            .col(text(AzureEntitlement::ExternalId))
            .col(text_null(AzureEntitlement::FriendlyName))
            .col(text_null(AzureEntitlement::StatusText))
            .col(timestamp_with_time_zone(AzureEntitlement::ObservedAt))
            .col(uuid(AzureEntitlement::PartnerId))
            .take();
        manager.create_table(table).await?;
        // All below one subscription.
        manager
            .create_index(index(
                "azure_entitlement_by_subscription_id",
                AzureEntitlement::Table,
                [AzureEntitlement::PartnerId, AzureEntitlement::SubscriptionId, AzureEntitlement::Id],
            ))
            .await?;
        // Whose an Azure subscription is.
        manager
            .create_index(index(
                "azure_entitlement_by_external_id",
                AzureEntitlement::Table,
                [AzureEntitlement::PartnerId, AzureEntitlement::ExternalId],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(AzureEntitlement::Table).take()).await?;
        manager.drop_table(Table::drop().table(Subscription::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Subscription {
    Table,
    Id,
    CustomerId,
    ExternalId,
    ParentId,
    OfferId,
    OfferName,
    FriendlyName,
    ProductFamily,
    ProductFamilySignal,
    ProductType,
    Quantity,
    UnitType,
    Status,
    StatusText,
    BillingType,
    BillingTypeText,
    BillingCycle,
    BillingCycleText,
    Term,
    RenewalTerm,
    CreatedAt,
    StartsAt,
    CommitmentEndsOn,
    CancellableUntil,
    IsAutoRenewed,
    IsTrial,
    IsMicrosoftProduct,
    Publisher,
    ResellerNetworkId,
    SuspensionReasons,
    OrderId,
    ContractType,
    SupportContactApplicability,
    SupportContactName,
    SupportContactTenantId,
    SupportContactNetworkId,
    ObservedAt,
    PartnerId,
    NameKey,
}

#[derive(DeriveIden, Clone, Copy)]
enum AzureEntitlement {
    Table,
    Id,
    CustomerId,
    SubscriptionId,
    ExternalId,
    FriendlyName,
    StatusText,
    ObservedAt,
    PartnerId,
}
