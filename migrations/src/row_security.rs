//! The second wall, on PostgreSQL: a connection says whom it stands for, and the database itself shows it nothing else.
//! The first wall is the scope in each statement of the program.
//!
//! Three settings say it. Where none is set, there is nothing to see.
//!
//! | Setting | Value |
//! |---|---|
//! | `supportgraph.partner` | the id of a partner |
//! | `supportgraph.customers` | `all` of its customers, or some: `{id,id}` |
//! | `supportgraph.everything` | `on` for the rows of all partners: for migrations, and before it is known who asks |

use sea_orm_migration::{prelude::*, sea_orm::DatabaseBackend};

/// Who sees a row of a table, besides those who stand for its whole partner.
pub enum Seen<'a> {
    /// Each of the partner's customers: what is no secret to them.
    ByAll,
    /// None of the partner's customers: what is the partner's own.
    ByNone,
    /// Whoever stands for the customer that this column names.
    ByCustomer(&'a str),
    /// Those for whom this condition holds; [`CUSTOMERS`] are the customers they stand for.
    If(String),
}

/// An array of the customers that somebody stands for who does not stand for a whole partner. As a subquery it is worked
/// out once in a statement, not for each row.
pub const CUSTOMERS: &str =
    "(select nullif(nullif(current_setting('supportgraph.customers', true), ''), 'all')::uuid[])::uuid[]";

/// The partner that somebody stands for.
pub const PARTNER: &str = "(select nullif(current_setting('supportgraph.partner', true), '')::uuid)";

/// Puts the wall around a table; `partner` is its column with the partner's id. Nothing happens on SQLite.
///
/// Flags are asked for `is not null`, since the planner takes that for true: no estimate of rows becomes another one by
/// the wall. Whoever stands for everything is asked about first: then nothing else is worked out.
pub async fn secure(manager: &SchemaManager<'_>, table: &str, partner: &str, seen: Seen<'_>) -> Result<(), DbErr> {
    let own = own(partner);
    let whole_partner = "(select 1 where current_setting('supportgraph.customers', true) = 'all') is not null";
    let everything = "(select 1 where current_setting('supportgraph.everything', true) = 'on') is not null";
    let visible = match seen {
        Seen::ByAll => own,
        Seen::ByNone => format!("{own} and {whole_partner}"),
        Seen::ByCustomer(column) => format!("{own} and ({whole_partner} or {column} = any({CUSTOMERS}))"),
        Seen::If(condition) => format!("{own} and ({whole_partner} or {condition})"),
    };
    on_postgres(
        manager,
        &format!(
            "alter table {table} enable row level security, force row level security;
             create policy in_scope on {table} using ({everything} or {visible})"
        ),
    )
    .await
}

/// Lets whoever stands for a partner, or for some of its customers alone, add rows that it may not see.
pub async fn let_add(manager: &SchemaManager<'_>, table: &str, partner: &str) -> Result<(), DbErr> {
    let own = own(partner);
    on_postgres(manager, &format!("create policy added_in_scope on {table} for insert with check ({own})")).await
}

/// No longer lets anybody add what it may not see.
pub async fn let_add_no_more(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    on_postgres(manager, &format!("drop policy added_in_scope on {table}")).await
}

/// That a row is of the partner that somebody stands for.
fn own(partner: &str) -> String {
    format!("{partner} = {PARTNER}")
}

/// Takes the wall away.
pub async fn open(manager: &SchemaManager<'_>, table: &str) -> Result<(), DbErr> {
    on_postgres(
        manager,
        &format!(
            "drop policy in_scope on {table};
             alter table {table} disable row level security, no force row level security"
        ),
    )
    .await
}

/// Runs statements on PostgreSQL, and nothing on SQLite.
pub async fn on_postgres(manager: &SchemaManager<'_>, statements: &str) -> Result<(), DbErr> {
    if manager.get_database_backend() == DatabaseBackend::Postgres {
        manager.get_connection().execute_unprepared(statements).await?;
    }
    Ok(())
}
