//! How long the audit log is kept, and how it is shortened. The database goes by its own clock, so these tests do, too.

use std::process::Output;

use chrono::TimeDelta;
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use supportgraph::{
    actions::Actions,
    domain::{
        PartnerId,
        audit::{AuditAction, AuditRecord},
        clock::Clock,
    },
};

use crate::{
    audit::{behind_the_back, exported, only, records},
    cli::{supportgraph, text},
    support::{TestApp, given::CONTOSO},
};

/// A server with a partner.
async fn given() -> (TestApp, PartnerId) {
    let app = TestApp::start().await;
    let partner = app.partner(CONTOSO, "Contoso").await;
    (app, partner)
}

/// Records that are so many days old, each named by its age.
async fn record(app: &TestApp, partner_id: Option<PartnerId>, ages: &[i64]) {
    let aged = |age: &i64| {
        let occurred_at = Clock::system().now() - TimeDelta::days(*age);
        let record = AuditRecord::of_nobody(AuditAction::Access, None, &age.to_string(), occurred_at);
        AuditRecord { partner_id, ..record }
    };
    app.store().record(&ages.iter().map(aged).collect::<Vec<_>>()).await.expect("records");
}

/// The ages of the records that are left.
async fn left(app: &TestApp) -> Vec<i64> {
    let kept = exported(app, |_| true).await;
    let mut ages: Vec<i64> = only(&kept, "ACCESS")
        .iter()
        .map(|one| one["correlationId"].as_str().and_then(|age| age.parse().ok()).expect("an age"))
        .collect();
    ages.sort_unstable();
    ages
}

async fn prune(app: &TestApp, days: &str) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = supportgraph(folder.path(), &["audit", "prune", "--older-than-days", days]);
    command.env("SUPPORTGRAPH_DATABASE__URL", app.database_url());
    tokio::task::spawn_blocking(move || command.output()).await.expect("it ends").expect("the program runs")
}

#[tokio::test]
async fn the_database_lets_old_records_go_and_nothing_else() {
    let (app, partner) = given().await;
    record(&app, Some(partner), &[0, 89, 91]).await;
    let database = behind_the_back(&app).await;
    for refused in [
        "delete from audit_record",
        "delete from audit_record where correlation_id = '0'",
        "delete from audit_record where correlation_id = '89'",
        "update audit_record set subject = 'nobody' where correlation_id = '91'",
    ] {
        assert!(database.execute_unprepared(refused).await.is_err(), "{refused}");
    }
    assert_eq!(left(&app).await, [0, 89, 91]);
    database.execute_unprepared("delete from audit_record where correlation_id = '91'").await.expect("an old one goes");
    assert_eq!(left(&app).await, [0, 89]);
}

#[tokio::test]
async fn old_records_are_pruned_and_each_partner_is_told() {
    let (app, partner) = given().await;
    record(&app, Some(partner), &[400, 380, 370, 100]).await;
    record(&app, None, &[500, 366]).await;
    let done = prune(&app, "365").await;
    assert!(done.status.success(), "{}", text(&done.stderr));
    assert!(text(&done.stderr).starts_with("5 records are from before "), "{}", text(&done.stderr));
    assert_eq!(text(&done.stdout), "deleted 5 records\n");
    assert_eq!(left(&app).await, [100]);

    let told = records(&app, json!({ "action": ["AUDIT_PRUNE"] })).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((&told[0]["subject"], &told[0]["outcome"]), (&json!("command line"), &json!("DONE")));
    assert!(told[0]["target"].as_str().is_some_and(|target| target.starts_with("3 before 20")), "{told:?}");
    let kept = exported(&app, |_| true).await;
    let of_nobody: Vec<&Value> =
        only(&kept, "AUDIT_PRUNE").into_iter().filter(|one| one["partnerId"].is_null()).collect();
    assert!(of_nobody[0]["target"].as_str().is_some_and(|target| target.starts_with("2 before 20")), "{of_nobody:?}");

    assert_eq!(text(&prune(&app, "365").await.stdout), "deleted 0 records\n");
    assert_eq!(only(&exported(&app, |_| true).await, "AUDIT_PRUNE").len(), 2, "nothing was done, so nothing is told");
}

#[tokio::test]
async fn what_is_deleted_and_its_record_are_one() {
    let (app, partner) = given().await;
    record(&app, Some(partner), &[95, 94, 93, 92, 91, 80]).await;
    let actions = Actions::new(app.store(), &Clock::system(), "a test");
    let before = |days| Clock::system().now() - TimeDelta::days(days);
    for count in [2, 2, 1, 0] {
        assert_eq!(actions.prune_audit(Some(partner), before(90), 2).await.expect("they are old"), count);
    }
    let told = records(&app, json!({ "action": ["AUDIT_PRUNE"], "outcome": ["DONE"] })).await;
    let mut counts: Vec<&str> = told.iter().filter_map(|one| one["target"].as_str()?.split(' ').next()).collect();
    counts.sort_unstable();
    assert_eq!(counts, ["1", "2", "2"]);

    actions.prune_audit(Some(partner), before(70), 100).await.expect_err("it is too young");
    assert_eq!(left(&app).await, [80]);
    let failed = records(&app, json!({ "action": ["AUDIT_PRUNE"], "outcome": ["FAILED"] })).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
}

#[tokio::test]
async fn nobody_may_ask_for_less_than_ninety_days() {
    let (app, partner) = given().await;
    record(&app, Some(partner), &[95]).await;
    for (days, reason) in [
        ("89", "kept for 90 days"),
        ("0", "kept for 90 days"),
        ("many", "a number of days"),
        ("99999", "a number of days"),
    ] {
        let refused = prune(&app, days).await;
        assert_eq!(refused.status.code(), Some(2), "{days}");
        assert!(text(&refused.stderr).contains(reason), "{days}: {}", text(&refused.stderr));
    }
    assert_eq!(left(&app).await, [95]);
}
