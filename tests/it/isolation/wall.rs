//! The second wall: PostgreSQL's row level security. There is none on SQLite.

use sea_orm::{ConnectionTrait, Database, DatabaseConnection, Statement};
use supportgraph::{domain::change::Change, store::Store};
use uuid::Uuid;

use super::{Who, World};
use crate::support::{
    admin_url,
    given::{ADATUM, BELLOWS},
};

/// What belongs to nobody: the installation's own rows, and what all partners share.
const OPEN: [&str; 7] =
    ["budget", "document", "document_name", "installation", "response_target", "seaql_migrations", "support_plan_kind"];

async fn texts(db: &DatabaseConnection, query: &str) -> Vec<String> {
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), query)).await.expect("an answer");
    rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect()
}

async fn tables(db: &DatabaseConnection) -> Vec<String> {
    let tables = texts(db, "select tablename::text from pg_tables where schemaname = 'public' order by 1").await;
    tables.into_iter().filter(|table| !OPEN.contains(&table.as_str())).collect()
}

/// All that a statement without a scope finds, table by table.
async fn everything(db: &DatabaseConnection) -> Vec<(String, Vec<String>)> {
    let mut found = Vec::new();
    for table in tables(db).await {
        found.push((table.clone(), texts(db, &format!("select t::text from \"{table}\" t order by 1")).await));
    }
    found
}

/// A connection as the program's own role, of which the program does not know.
async fn connect(world: &World) -> DatabaseConnection {
    let mut options = sea_orm::ConnectOptions::new(world.app.database_url());
    options.max_connections(1).sqlx_logging(false);
    Database::connect(options).await.expect("a connection")
}

#[tokio::test]
async fn every_table_has_a_wall() {
    let Some(_) = admin_url() else { return };
    let world = World::of_all().await;
    let db = connect(&world).await;
    let walled = "select distinct c.relname::text from pg_class c join pg_policy p on p.polrelid = c.oid
        where c.relrowsecurity and c.relforcerowsecurity order by 1";
    assert_eq!(texts(&db, walled).await, tables(&db).await, "call `secure` in the migration that makes a table");
}

#[tokio::test]
async fn a_statement_that_forgets_its_scope_finds_what_its_connection_stands_for() {
    let Some(_) = admin_url() else { return };
    let world = World::of_all().await;
    let db = connect(&world).await;
    for (table, rows) in everything(&db).await {
        assert_eq!(rows, Vec::<String>::new(), "{table}: who stands for nobody sees nothing");
    }

    for who in [Who::Fabrikam, Who::Contoso, Who::Adatum, Who::Bellows, Who::AdatumOfFabrikam] {
        let given = who.given(&world.app);
        let customers = who.tenant().map_or("all".to_owned(), |tenant| format!("{{{}}}", given.customer_id(tenant).0));
        let stand_for = format!(
            "select set_config('supportgraph.partner', '{}', false), set_config('supportgraph.customers', '{customers}', false)",
            given.id.0
        );
        db.execute_unprepared(&stand_for).await.expect("settings");
        let foreign: &[&str] = match who {
            Who::Fabrikam => &["contoso"],
            Who::Contoso => &["fabrikam"],
            Who::Adatum => &["fabrikam", "bellows", "contoso plan", "contoso competency"],
            Who::Bellows => &["fabrikam", "adatum", "contoso plan", "contoso competency"],
            Who::AdatumOfFabrikam => &["contoso", "bellows", "fabrikam plan", "fabrikam competency"],
        };
        let found = everything(&db).await;
        for (table, rows) in &found {
            for row in rows {
                assert!(!foreign.iter().any(|word| row.contains(word)), "{who:?} sees in {table}: {row}");
            }
        }
        // Only of what is in no list of anybody there may be nothing.
        let empty: Vec<&str> =
            found.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table.as_str()).collect();
        let of_partner = [
            "api_key",
            "audit_record",
            "idempotency",
            "log_mark",
            "partner_relation",
            "qualification",
            "quarantine",
            "support_plan",
        ];
        assert!(empty.iter().all(|table| of_partner.contains(table)), "{who:?} sees nothing in {empty:?}");
        let writes = "update customer set name = name || ' of somebody else' where name not like '%' || '";
        let foreign_rows = format!("{writes}{}%'", who.word());
        let changed = db.execute_unprepared(&foreign_rows).await.expect("an update").rows_affected();
        assert_eq!(changed, 0, "{who:?} changes nothing foreign either");
    }
}

#[tokio::test]
async fn who_stands_for_some_customers_adds_nothing_for_others() {
    let Some(_) = admin_url() else { return };
    let world = World::of_all().await;
    let db = connect(&world).await;
    let given = Who::Adatum.given(&world.app);
    let (fabrikam, contoso) = (Who::Fabrikam.given(&world.app).id.0, given.id.0);
    let [adatum, bellows] = [ADATUM, BELLOWS].map(|tenant| format!("'{}'", given.customer_id(tenant).0));
    let requests = [(ADATUM, "adatum"), (BELLOWS, "bellows")].map(|(tenant, name)| given.request(tenant, name));
    let [own_request, foreign_request] = requests.map(|request| match request {
        Change::ServiceRequest { request, .. } => request.id.0,
        _ => unreachable!(),
    });
    let stand_for = format!(
        "select set_config('supportgraph.partner', '{contoso}', false), \
         set_config('supportgraph.customers', '{{{}}}', false)",
        given.customer_id(ADATUM).0
    );
    db.execute_unprepared(&stand_for).await.expect("settings");

    let event = |partner: Uuid, customer: &str| {
        format!(
            "insert into event (partner_id, position, kind, happening, entity_id, customer_id, occurred_at, observed_at, \
             difference) values ('{partner}', 1000, 'customer', 'changed', '{partner}', {customer}, now(), now(), '{{}}')"
        )
    };
    let key = |partner: Uuid, customer: &str| {
        format!(
            "insert into idempotency (partner_id, key, fingerprint, entity_id, customer_id, done_at) \
             values ('{partner}', 'a key', '', '{partner}', {customer}, now())"
        )
    };
    let note = |request: Uuid| {
        format!(
            "insert into service_request_note (id, service_request_id, text, partner_id) \
             values (gen_random_uuid(), '{request}', 'a note', '{contoso}')"
        )
    };
    let record = |partner: &str| {
        format!(
            "insert into audit_record (id, occurred_at, action, outcome, roles, correlation_id, inputs, refused, partner_id) \
             values (gen_random_uuid(), now(), '', '', '', '', '', '', {partner})"
        )
    };
    for (own, foreign) in [
        (event(contoso, &adatum), vec![event(contoso, &bellows), event(contoso, "null"), event(fabrikam, &adatum)]),
        (key(contoso, &adatum), vec![key(contoso, &bellows), key(contoso, "null"), key(fabrikam, &adatum)]),
        (note(own_request), vec![note(foreign_request)]),
        (record(&format!("'{contoso}'")), vec![record(&format!("'{fabrikam}'")), record("null")]),
    ] {
        for foreign in foreign {
            let refused = db.execute_unprepared(&foreign).await.expect_err(&foreign).to_string();
            assert!(refused.contains("row-level security"), "{foreign}: {refused}");
        }
        db.execute_unprepared(&own).await.expect(&own);
    }
    assert_eq!(texts(&db, "select id::text from audit_record").await, Vec::<String>::new(), "added, and not seen");
}

#[tokio::test]
async fn the_wall_holds_for_a_plain_role_alone() {
    let Some(_) = admin_url() else { return };
    let world = World::of_all().await;
    assert!(world.app.store().has_second_wall().await.expect("an answer"));
    let as_superuser = Store::connect(&world.app.admin_url(), 1).await.expect("a connection");
    assert!(!as_superuser.has_second_wall().await.expect("an answer"), "which is warned of at the start");
}

#[tokio::test]
async fn the_wall_can_be_left_away() {
    let Some(_) = admin_url() else { return };
    let world = World::of_all().await;
    let other = world.app.another_node_with(|config| config.database.row_level_security = false).await;
    assert!(!other.store().has_second_wall().await.expect("an answer"));
    let names = "{ customers(orderBy: { field: NAME }) { nodes { name } } }";
    let contoso = |app: &crate::support::TestApp| app.as_partner(crate::support::given::CONTOSO);
    assert_eq!(contoso(&other).query(names).await.data(), contoso(&world.app).query(names).await.data());
}
