//! Live feeds of those who are late: who reads slowly misses nothing that counts, and who comes back too late is told.

use chrono::TimeDelta;
use serde_json::{Value, json};
use supportgraph::domain::access::Scope;

use crate::{
    live::{CHANGES, DOWN, FINE, HEALTH, SLOW, contoso, present, report, report_all, until},
    support::{TestApp, code, given::ADATUM},
};

#[tokio::test]
async fn a_late_listener_hears_the_latest_state_and_how_many_steps_it_missed() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let (mut prompt, mut late) =
        (app.listen(contoso.id, HEALTH, json!({})).await, app.listen(contoso.id, HEALTH, json!({})).await);
    prompt.snapshot().await;
    late.snapshot().await;
    assert!(prompt.is_silent().await && late.is_silent().await);
    for _ in 0..20 {
        report_all(&app, &contoso, ADATUM, [DOWN, SLOW]).await;
        for status in ["SERVICE_INTERRUPTION", "SERVICE_DEGRADATION"] {
            let event = prompt.next().await;
            assert_eq!((&event["after"], &event["mergedSteps"]), (&json!(status), &json!(1)));
        }
    }
    let event = late.next().await;
    assert_eq!(event["mergedSteps"], 40);
    assert_eq!((&event["before"], &event["after"]), (&json!("SERVICE_OPERATIONAL"), &json!("SERVICE_DEGRADATION")));
    assert!(late.is_silent().await);
    assert_eq!(app.metrics().live.conflated.get(), 39);
    assert_eq!(app.metrics().live.fell_back.get(), 1);
    report(&app, &contoso, ADATUM, FINE).await;
    assert_eq!(late.next().await["cursor"], prompt.next().await["cursor"]);
}

#[tokio::test]
async fn a_late_listener_of_events_hears_every_one() {
    let app = TestApp::start().await;
    let contoso = contoso(&app).await;
    let (mut prompt, mut late) =
        (app.listen(contoso.id, CHANGES, json!({})).await, app.listen(contoso.id, CHANGES, json!({})).await);
    let start = prompt.next().await;
    assert_eq!((&start["kind"], &start["nodeId"]), (&json!("SNAPSHOT_COMPLETE"), &Value::Null));
    assert_eq!(late.next().await["cursor"], start["cursor"]);
    let mut heard = Vec::new();
    assert!(late.is_silent().await);
    for _ in 0..20 {
        report_all(&app, &contoso, ADATUM, [DOWN, SLOW]).await;
        heard.extend([prompt.next().await, prompt.next().await]);
    }
    for event in &heard {
        assert_eq!(late.next().await, *event);
        assert_eq!(event["node"], json!({ "__typename": "ServiceHealth", "id": event["nodeId"] }));
    }
    // The incremental export: everything since a cursor, once.
    let mut export = app.listen(contoso.id, CHANGES, json!({ "after": start["cursor"] })).await;
    assert_eq!(until(&mut export, &heard[39]["cursor"]).await, heard);
    let mut services =
        app.listen(contoso.id, CHANGES, json!({ "after": start["cursor"], "kinds": ["INCIDENT"] })).await;
    app.apply(contoso.id, [contoso.incident("fresh", &[ADATUM])]).await;
    let (event, seen) = (services.next().await, services.next().await);
    assert_eq!((&event["entityKind"], &event["happening"]), (&json!("INCIDENT"), &json!("ADDED")));
    assert_eq!((&seen["happening"], &seen["nodeId"]), (&json!("SEEN"), &event["nodeId"]));
}

#[tokio::test]
async fn what_is_no_longer_kept_ends_a_feed_with_advice() {
    let app = TestApp::with(|config| config.live.keep_days = 3).await;
    let contoso = contoso(&app).await;
    let old = present(&app, contoso.id).await;
    assert_eq!(app.live().tidy().await.expect("tidied"), 0);
    report(&app, &contoso, ADATUM, DOWN).await;
    let recent = present(&app, contoso.id).await;
    app.clock.advance(TimeDelta::days(2));
    assert_eq!(app.live().tidy().await.expect("tidied"), 0);
    report(&app, &contoso, ADATUM, FINE).await;
    app.clock.advance(TimeDelta::days(1));
    let kept = app.live().tidy().await.expect("tidied");
    assert!(kept > 0, "what stood in the log three days ago is forgotten");

    // All of the old log was forgotten, but nothing that this cursor would have to hear.
    let mut resumed = app.listen(contoso.id, CHANGES, json!({ "after": old })).await;
    resumed.next().await;
    app.clock.advance(TimeDelta::days(2));
    app.live().tidy().await.expect("tidied");
    for (cursor, expected) in [(&old, "CURSOR_EXPIRED"), (&json!("forged"), "BAD_USER_INPUT")] {
        let refused = app.try_listen(Scope::partner(contoso.id), CHANGES, json!({ "after": cursor })).await;
        assert_eq!(refused.err().map(|refused| code(&refused.body)).as_deref(), Some(expected));
    }
    let mut resumed = app.listen(contoso.id, CHANGES, json!({ "after": recent })).await;
    assert_eq!(resumed.next().await["entityKind"], "SERVICE_HEALTH");
    assert_eq!(app.metrics().live.expired.get(), 1);
}

#[tokio::test]
async fn who_waited_longer_than_the_log_is_kept_and_is_then_late_goes_on() {
    let app = TestApp::with(|config| config.live.keep_days = 1).await;
    let contoso = contoso(&app).await;
    let mut listener = app.listen(contoso.id, HEALTH, json!({})).await;
    listener.snapshot().await;
    assert!(listener.is_silent().await);
    // What happens meanwhile is not for it.
    app.apply(contoso.id, [contoso.request(ADATUM, "other")]).await;
    app.live().tidy().await.expect("tidied");
    app.clock.advance(TimeDelta::days(1));
    assert!(app.live().tidy().await.expect("tidied") > 0);
    let mut prompt = app.listen(contoso.id, HEALTH, json!({})).await;
    prompt.snapshot().await;
    for _ in 0..20 {
        for status in [DOWN, SLOW] {
            report(&app, &contoso, ADATUM, status).await;
            prompt.next().await;
        }
    }
    let fell_back = app.metrics().live.fell_back.get();
    assert_eq!(listener.next().await["mergedSteps"], 40);
    assert_eq!(app.metrics().live.fell_back.get() - fell_back, 1);
}
