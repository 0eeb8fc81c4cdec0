//! The audit log. The database itself refuses to change or delete a record.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DatabaseBackend};

use crate::{
    columns::index,
    row_security::{Seen, secure},
};

#[derive(DeriveMigrationName)]
pub struct Migration;

const ON_SQLITE: &str = "
    create trigger audit_record_update before update on audit_record
        begin select raise(abort, 'the audit log is append-only'); end;
    create trigger audit_record_delete before delete on audit_record
        begin select raise(abort, 'the audit log is append-only'); end;
    create trigger audit_record_replace before insert on audit_record
        when exists (select 1 from audit_record where id = new.id)
        begin select raise(abort, 'the audit log is append-only'); end;";

const ON_POSTGRES: &str = "
    create function refuse_to_change_audit_record() returns trigger language plpgsql as
        $$ begin raise exception 'the audit log is append-only'; end $$;
    create trigger audit_record_is_kept before update or delete or truncate on audit_record
        for each statement execute function refuse_to_change_audit_record();";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let table = Table::create()
            .table(AuditRecord::Table)
            .col(uuid(AuditRecord::Id).primary_key())
            .col(timestamp_with_time_zone(AuditRecord::OccurredAt))
            .col(text(AuditRecord::Action))
            .col(text(AuditRecord::Outcome))
            .col(text_null(AuditRecord::Subject))
            .col(text_null(AuditRecord::Name))
            .col(text(AuditRecord::Roles))
            .col(uuid_null(AuditRecord::EntityId))
            .col(text_null(AuditRecord::Target))
            .col(text_null(AuditRecord::Address))
            .col(text(AuditRecord::CorrelationId))
            .col(text_null(AuditRecord::Code))
            .col(text(AuditRecord::Inputs))
            .col(text(AuditRecord::Refused))
            .col(uuid_null(AuditRecord::PartnerId))
            .take();
        manager.create_table(table).await?;
        let of_partner = [AuditRecord::PartnerId, AuditRecord::OccurredAt, AuditRecord::Id];
        manager.create_index(index("audit_record_by_partner", AuditRecord::Table, of_partner)).await?;
        // Exports of the whole installation.
        manager
            .create_index(index(
                "audit_record_by_occurred_at",
                AuditRecord::Table,
                [AuditRecord::OccurredAt, AuditRecord::Id],
            ))
            .await?;
        let triggers = match manager.get_database_backend() {
            DatabaseBackend::Postgres => ON_POSTGRES,
            _ => ON_SQLITE,
        };
        manager.get_connection().execute_unprepared(triggers).await?;
        secure(manager, "audit_record", "partner_id", Seen::ByNone).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        manager.drop_table(Table::drop().table(AuditRecord::Table).take()).await?;
        if manager.get_database_backend() == DatabaseBackend::Postgres {
            manager.get_connection().execute_unprepared("drop function refuse_to_change_audit_record()").await?;
        }
        Ok(())
    }
}

#[derive(DeriveIden, Clone, Copy)]
enum AuditRecord {
    Table,
    Id,
    OccurredAt,
    Action,
    Outcome,
    Subject,
    Name,
    Roles,
    EntityId,
    Target,
    Address,
    CorrelationId,
    Code,
    Inputs,
    Refused,
    PartnerId,
}
