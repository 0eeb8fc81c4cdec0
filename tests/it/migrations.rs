//! Bringing a database up to date.

use futures::future::join_all;
use supportgraph::store::{MigrationState, Store};

use crate::support::Database;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nodes_that_start_at_once_leave_the_migrating_to_one_of_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let database = Database::create_empty().await;
    let file = format!("sqlite://{}", folder.path().join("test.db").display());
    let url = database.as_ref().map_or(file, Database::url);
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(Store::connect(&url, 1).await.expect("a connection"));
    }

    for migrated in join_all(nodes.iter().map(Store::migrate)).await {
        migrated.expect("the schema of today");
    }

    for node in &nodes {
        assert_eq!(node.migration_state().await.expect("its state"), MigrationState::UpToDate);
        assert_eq!(node.cursor_key().await.expect("a key"), nodes[0].cursor_key().await.expect("the same key"));
    }
}
