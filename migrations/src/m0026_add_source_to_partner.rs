//! Who told of a partner: Partner Center, or the partner itself.

use sea_orm_migration::{prelude::*, schema::*};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let mut table = Table::alter();
        table.table(Partner::Table).add_column(text(Partner::Source).default("ENTERED"));
        manager.alter_table(table).await?;
        // What only a profile tells. One that told no more than name and domain cannot be known from an entry any more.
        let told = [
            Partner::Country,
            Partner::Culture,
            Partner::SupportEmail,
            Partner::SupportPhone,
            Partner::SupportWebsite,
            Partner::LegalName,
            Partner::VettingStatus,
            Partner::NetworkId,
            Partner::NetworkName,
            Partner::BillingCurrency,
        ];
        let told = told.into_iter().fold(Condition::any(), |any, column| any.add(Expr::col(column).is_not_null()));
        let mut update = Query::update();
        update.table(Partner::Table).value(Partner::Source, "PARTNER_CENTER").cond_where(told);
        manager.execute(update).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.alter_table(Table::alter().table(Partner::Table).drop_column(Partner::Source).take()).await
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum Partner {
    Table,
    Country,
    Culture,
    SupportEmail,
    SupportPhone,
    SupportWebsite,
    LegalName,
    VettingStatus,
    NetworkId,
    NetworkName,
    BillingCurrency,
    Source,
}
