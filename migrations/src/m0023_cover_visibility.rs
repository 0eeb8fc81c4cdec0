//! Who sees what is told by indexes alone on PostgreSQL: row level security asks for the partner of each row, which they
//! lacked.

use sea_orm_migration::prelude::*;

use crate::row_security::on_postgres;

#[derive(DeriveMigrationName)]
pub struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index_anew(manager, " include (partner_id)").await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        index_anew(manager, "").await
    }
}

async fn index_anew(manager: &SchemaManager<'_>, include: &str) -> Result<(), DbErr> {
    for seen in ["incident", "message"] {
        let (table, index) = (format!("{seen}_visibility"), format!("{seen}_visibility_by_customer_id_{seen}_id"));
        on_postgres(
            manager,
            &format!(
                "alter table {table} drop constraint {table}_pkey, add primary key ({seen}_id, customer_id){include};
                 drop index {index};
                 create index {index} on {table} (customer_id, {seen}_id){include}"
            ),
        )
        .await?;
    }
    Ok(())
}
