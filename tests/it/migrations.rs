//! Bringing a database up to date.

use futures::future::join_all;
use migrations::{Migrator, MigratorTrait};
use supportgraph::{
    domain::{access::Scope, change::Change, partner::Partner, service_health::Source},
    store::{MigrationState, Store},
};

use crate::{
    support::{
        Database, TestApp,
        given::{ADATUM, CONTOSO, FABRIKAM, Given},
    },
    told::{fetched_later, viewer_of},
};

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

#[tokio::test]
async fn what_was_stored_before_words_were_kept_apart_is_what_everybody_was_told() {
    let app = TestApp::with(|config| config.cache.enabled = false).await;
    let given = Given::put(&app, CONTOSO, "contoso").await;
    let question = "{ incidents(orderBy: { field: TITLE }) { nodes { title posts { nodes { content } } } } }";
    let adatum = viewer_of(&app, &given, &[ADATUM]);
    let before = adatum.query(question).await;
    assert_eq!(before["data"]["incidents"]["nodes"].as_array().map(Vec::len), Some(2));

    let migrations = Migrator::migrations();
    let after = migrations.iter().rev().take_while(|one| one.name() != "m0017_create_incident_text").count();
    let database = sea_orm::Database::connect(app.database_url()).await.expect("a connection");
    Migrator::down(&database, Some(after as u32 + 1)).await.expect("the database as it was");
    Migrator::up(&database, None).await.expect("the database as it is");

    assert_eq!(adatum.query(question).await, before);
    let fetched = async |tenants: &[&str], minutes| {
        let incident = fetched_later(given.incident("shared", tenants), minutes);
        app.apply(given.id, [incident]).await.position
    };
    let position = fetched(&[], 1).await;
    assert_eq!(fetched(&[ADATUM], 2).await, position, "the same words are no news");
    assert_eq!(adatum.query(question).await, before);
}

#[tokio::test]
async fn a_partner_of_before_its_source_was_kept_has_the_one_that_its_members_tell() {
    let app = TestApp::start().await;
    let entered = app.partner(CONTOSO, "Contoso").await;
    let told = app.partner(FABRIKAM, "Fabrikam").await;
    let profile = Partner { billing_currency: Some("EUR".to_owned()), ..Partner::part(told, app.clock.now()) };
    app.apply(told, [Change::Partner(profile)]).await;

    let after =
        Migrator::migrations().iter().rev().take_while(|one| one.name() != "m0026_add_source_to_partner").count();
    let database = sea_orm::Database::connect(app.database_url()).await.expect("a connection");
    Migrator::down(&database, Some(after as u32 + 1)).await.expect("the database as it was");
    app.store().migrate().await.expect("the database as it is");

    for (partner, source) in [(entered, Source::Entered), (told, Source::PartnerCenter)] {
        let found =
            app.store().scoped(&Scope::partner(partner)).partner().await.expect("an answer").expect("a partner");
        assert_eq!(found.source, source, "{}", found.name);
    }
}
