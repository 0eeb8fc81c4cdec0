//! Kinds of support plans, their response targets, and the plans of partners.

use sea_orm_migration::{prelude::*, schema::*};

use crate::columns::{index, sorted, unique_index};

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(SupportPlanKind::Table)
            .col(pk_uuid(SupportPlanKind::Id))
            .col(sorted(manager, SupportPlanKind::Code))
            .col(text(SupportPlanKind::Name))
            .col(text(SupportPlanKind::Tier))
            .col(text(SupportPlanKind::Aliases))
            .col(text(SupportPlanKind::Basis))
            .col(text(SupportPlanKind::Covers))
            .col(boolean(SupportPlanKind::CoversOnPremises))
            .col(date_null(SupportPlanKind::ValidFrom))
            .col(date_null(SupportPlanKind::ValidUntil))
            .col(text_null(SupportPlanKind::SourceUrl))
            .take();
        manager.create_table(table).await?;
        // Codes are names for people.
        manager
            .create_index(unique_index("support_plan_kind_by_code", SupportPlanKind::Table, [SupportPlanKind::Code]))
            .await?;
        let table = Table::create()
            .table(ResponseTarget::Table)
            .col(pk_uuid(ResponseTarget::Id))
            .col(uuid(ResponseTarget::KindId))
            .col(text(ResponseTarget::Severity))
            .col(text(ResponseTarget::SeverityLabel))
            .col(big_integer(ResponseTarget::FirstResponseSeconds))
            .col(text(ResponseTarget::Clock))
            .col(text_null(ResponseTarget::Language))
            .col(text(ResponseTarget::Confidence))
            .col(date_null(ResponseTarget::ValidFrom))
            .col(date_null(ResponseTarget::ValidUntil))
            .col(text(ResponseTarget::Source))
            .take();
        manager.create_table(table).await?;
        // All of one kind.
        manager
            .create_index(index(
                "response_target_by_kind_id_first_response_seconds",
                ResponseTarget::Table,
                [ResponseTarget::KindId, ResponseTarget::FirstResponseSeconds],
            ))
            .await?;
        let table = Table::create()
            .table(SupportPlan::Table)
            .col(pk_uuid(SupportPlan::Id))
            .col(uuid(SupportPlan::KindId))
            .col(text(SupportPlan::Name))
            .col(timestamp_with_time_zone_null(SupportPlan::ActivatedAt))
            .col(date(SupportPlan::ValidFrom))
            .col(date_null(SupportPlan::ValidUntil))
            .col(text(SupportPlan::Managers))
            .col(uuid(SupportPlan::PartnerId))
            .col(sorted(manager, SupportPlan::NameKey))
            .take();
        manager.create_table(table).await?;
        // The default order, either way.
        manager
            .create_index(index(
                "support_plan_by_name_key",
                SupportPlan::Table,
                [SupportPlan::PartnerId, SupportPlan::NameKey, SupportPlan::Id],
            ))
            .await?;
        Ok(())
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(SupportPlan::Table).take()).await?;
        manager.drop_table(Table::drop().table(ResponseTarget::Table).take()).await?;
        manager.drop_table(Table::drop().table(SupportPlanKind::Table).take()).await?;
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum SupportPlanKind {
    Table,
    Id,
    Code,
    Name,
    Tier,
    Aliases,
    Basis,
    Covers,
    CoversOnPremises,
    ValidFrom,
    ValidUntil,
    SourceUrl,
}

#[derive(DeriveIden, Clone, Copy)]
enum ResponseTarget {
    Table,
    Id,
    KindId,
    Severity,
    SeverityLabel,
    FirstResponseSeconds,
    Clock,
    Language,
    Confidence,
    ValidFrom,
    ValidUntil,
    Source,
}

#[derive(DeriveIden, Clone, Copy)]
enum SupportPlan {
    Table,
    Id,
    KindId,
    Name,
    ActivatedAt,
    ValidFrom,
    ValidUntil,
    Managers,
    PartnerId,
    NameKey,
}
