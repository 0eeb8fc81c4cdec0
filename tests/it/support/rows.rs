//! What a database holds, as text.

use std::collections::BTreeMap;

use sea_orm::{ConnectionTrait, Database, DatabaseBackend, FromQueryResult, JsonValue, Statement};

/// Tables that say nothing of what was told; the marks of a log are set beside it, at some time after the start, and the
/// audit log tells what was tried, too.
const APART: [&str; 5] = ["audit_record", "budget", "installation", "log_mark", "seaql_migrations"];

/// The rows of every table, sorted.
pub async fn all(url: &str) -> BTreeMap<String, Vec<String>> {
    let db = Database::connect(url).await.expect("the database of the test");
    let backend = db.get_database_backend();
    let tables = match backend {
        DatabaseBackend::Postgres => "select tablename as name from pg_tables where schemaname = 'public'",
        _ => "select name from sqlite_master where type = 'table' and name not like 'sqlite_%'",
    };
    let query = |sql: String| {
        let db = db.clone();
        async move {
            let rows = db.query_all_raw(Statement::from_string(backend, sql)).await.expect("an answer");
            rows.iter().map(|row| JsonValue::from_query_result(row, "").expect("a row")).collect::<Vec<_>>()
        }
    };
    let mut found = BTreeMap::new();
    for table in query(tables.to_owned()).await {
        let name = table["name"].as_str().expect("a name").to_owned();
        if !APART.contains(&name.as_str()) {
            let mut rows: Vec<String> =
                query(format!("select * from \"{name}\"")).await.iter().map(JsonValue::to_string).collect();
            rows.sort();
            found.insert(name, rows);
        }
    }
    found
}
