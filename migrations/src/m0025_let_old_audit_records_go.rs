//! Records of the audit log may be deleted once they are 90 days old by the database's own clock: what is personal in them
//! may not be kept for ever. Younger ones may not, and none may be changed.

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

#[derive(DeriveMigrationName)]
pub struct Migration;

// A time that cannot be read counts as young.
const YOUNG_ON_SQLITE: &str = "
    drop trigger audit_record_delete;
    create trigger audit_record_delete before delete on audit_record
        when coalesce(unixepoch(old.occurred_at), unixepoch('now')) > unixepoch('now', '-90 days')
        begin select raise(abort, 'the audit log keeps its records for 90 days'); end;";

const ALL_ON_SQLITE: &str = "
    drop trigger audit_record_delete;
    create trigger audit_record_delete before delete on audit_record
        begin select raise(abort, 'the audit log is append-only'); end;";

const YOUNG_ON_POSTGRES: &str = "
    drop trigger audit_record_is_kept on audit_record;
    create trigger audit_record_is_kept before update or truncate on audit_record
        for each statement execute function refuse_to_change_audit_record();
    create function refuse_to_delete_young_audit_record() returns trigger language plpgsql as
        $$ begin raise exception 'the audit log keeps its records for 90 days'; end $$;
    create trigger audit_record_is_kept_for_days before delete on audit_record
        for each row when (old.occurred_at > now() - interval '90 days')
        execute function refuse_to_delete_young_audit_record();";

const ALL_ON_POSTGRES: &str = "
    drop trigger audit_record_is_kept_for_days on audit_record;
    drop function refuse_to_delete_young_audit_record();
    drop trigger audit_record_is_kept on audit_record;
    create trigger audit_record_is_kept before update or delete or truncate on audit_record
        for each statement execute function refuse_to_change_audit_record();";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, YOUNG_ON_SQLITE, YOUNG_ON_POSTGRES).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        run(manager, ALL_ON_SQLITE, ALL_ON_POSTGRES).await
    }
}

async fn run(manager: &SchemaManager<'_>, on_sqlite: &str, on_postgres: &str) -> Result<(), DbErr> {
    let statements = match manager.get_database_backend() {
        DatabaseBackend::Postgres => on_postgres,
        _ => on_sqlite,
    };
    manager.get_connection().execute_unprepared(statements).await.map(drop)
}
