//! Columns and indexes that many tables share.

use sea_orm_migration::{prelude::*, schema::*, sea_orm::DatabaseBackend};

/// Text that rows are ordered by: bytewise in both databases, whatever the language of the server.
pub fn sorted(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    bytewise(manager, text(name))
}

/// The same, where it may be missing.
pub fn sorted_null(manager: &SchemaManager<'_>, name: impl IntoIden) -> ColumnDef {
    bytewise(manager, text_null(name))
}

fn bytewise(manager: &SchemaManager<'_>, mut column: ColumnDef) -> ColumnDef {
    match manager.get_database_backend() {
        DatabaseBackend::Postgres => column.extra(r#"COLLATE "C""#).take(),
        // SQLite compares bytes unless told otherwise.
        _ => column,
    }
}

/// An index over `columns`, read from either end.
pub fn index<C: IntoIden, const N: usize>(name: &str, table: impl IntoIden, columns: [C; N]) -> IndexCreateStatement {
    let mut index = Index::create();
    index.name(name).table(table.into_iden());
    for column in columns {
        index.col(column.into_iden());
    }
    index
}

/// An index whose values are there once.
pub fn unique_index<C: IntoIden, const N: usize>(
    name: &str,
    table: impl IntoIden,
    columns: [C; N],
) -> IndexCreateStatement {
    index(name, table, columns).unique().take()
}
