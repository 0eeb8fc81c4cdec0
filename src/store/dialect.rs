//! The few things that the two databases do differently.

use std::borrow::Cow;

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, RuntimeErr, Value,
    sea_query::{ArrayType, Condition, Expr, ExprTrait, Func, Query, extension::postgres::PgFunc},
    sqlx,
};
use uuid::Uuid;

/// How many parameters a statement may have: SQLite allows 32,766, PostgreSQL 65,535.
pub(super) const MOST_PARAMETERS: usize = 32_766;

/// PostgreSQL's lock on the schema of a database; any number that nobody else uses there.
const SCHEMA_LOCK: i64 = 0x7375_7070_6f72_7467;

/// `column` is one of `ids`, however many: one parameter, and one text of the statement for any number of ids. PostgreSQL
/// takes an array; SQLite has none and takes a list in JSON, where bytes are written in hexadecimal.
pub(super) fn is_one_of(backend: DatabaseBackend, column: Expr, ids: &[Uuid]) -> Expr {
    if backend == DatabaseBackend::Postgres {
        return column.eq(PgFunc::any(array(ids)));
    }
    let mut list = String::with_capacity(ids.len() * 35 + 2);
    for id in ids {
        list.push_str(if list.is_empty() { "[\"" } else { "\",\"" });
        list.push_str(id.simple().encode_lower(&mut Uuid::encode_buffer()));
    }
    list.push_str(if list.is_empty() { "[]" } else { "\"]" });
    let listed = Query::select()
        .expr(Func::cust("unhex").arg(Expr::col("value")))
        .from_function(Func::cust("json_each").arg(list), "listed")
        .take();
    column.in_subquery(listed)
}

/// Ids as one parameter of PostgreSQL.
pub(super) fn array(ids: &[Uuid]) -> Expr {
    let ids = ids.iter().map(|id| Value::Uuid(Some(*id))).collect();
    Expr::val(Value::Array(ArrayType::Uuid, Some(Box::new(ids))))
}

/// A condition that rows have to fulfil, but are not looked up by: neither database takes an index for it. SQLite keeps no
/// statistics, and PostgreSQL has none yet while much is imported: either would rather walk all rows of a partner than look
/// up a few ids.
pub(super) fn beside_the_point(condition: Condition) -> Expr {
    Expr::from(condition).is(Expr::Constant(true.into()))
}

/// Waits until no other transaction holds the schema, and holds it until this one ends. On SQLite whoever writes is alone
/// already.
pub(super) async fn lock_schema(transaction: &DatabaseTransaction) -> Result<(), DbErr> {
    match transaction.get_database_backend() {
        DatabaseBackend::Postgres => {
            let locked = format!("select pg_advisory_xact_lock({SCHEMA_LOCK})");
            transaction.execute_unprepared(&locked).await.map(|_| ())
        }
        _ => Ok(()),
    }
}

/// Whether the connection is gone, or none is to be had, rather than the statement wrong.
pub(super) fn is_broken_connection(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Query(RuntimeErr::SqlxError(error)) if matches!(**error, sqlx::Error::PoolTimedOut) => true,
        error => was_broken_connection(error),
    }
}

/// Whether a connection that was kept had broken since its last use; another one may do.
pub(super) fn was_broken_connection(error: &DbErr) -> bool {
    match error {
        DbErr::Query(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)) => match &**error {
            sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed | sqlx::Error::Protocol(_) => true,
            // Class 57P: the server is shutting down, or starting up.
            sqlx::Error::Database(error) => error.code().is_some_and(|code| code.starts_with("57P")),
            _ => false,
        },
        _ => false,
    }
}

/// Whether another writer held the database for too long (SQLite), or won a race (PostgreSQL).
pub(super) fn is_busy(error: &DbErr) -> bool {
    code_of(error).is_some_and(|code| matches!(code.as_ref(), "5" | "6" | "517" | "40001" | "40P01"))
}

/// Whether there is no room left where the database lies.
pub(super) fn is_full(error: &DbErr) -> bool {
    code_of(error).is_some_and(|code| matches!(code.as_ref(), "13" | "53100"))
}

/// The database's own code of what went wrong.
fn code_of(error: &DbErr) -> Option<Cow<'_, str>> {
    match error {
        DbErr::Query(RuntimeErr::SqlxError(error)) | DbErr::Exec(RuntimeErr::SqlxError(error)) => {
            error.as_database_error()?.code()
        }
        _ => None,
    }
}
