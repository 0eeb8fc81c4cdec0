use serde_json::{Value, json};

use super::*;
use crate::upstream::testing::*;

fn incidents(batch: Batch) -> Vec<(Incident, Vec<IncidentPost>, Vec<crate::domain::CustomerId>)> {
    let of_change = |change| match change {
        Change::Incident { incident, posts, seen_by, .. } => Some((incident, posts, seen_by)),
        _ => None,
    };
    batch.changes.into_iter().filter_map(of_change).collect()
}

#[test]
fn an_overview_tells_a_service_and_its_state() {
    let (_, batch) = read_sample("microsoft-graph/health-overviews-1.json", &of_customer());
    let [Change::Service(service), Change::ServiceHealth(health)] = &batch.changes[..] else { panic!("{batch:?}") };
    assert_eq!((service.code.as_str(), service.name.as_str()), ("Exchange", "Exchange Online"));
    assert_eq!(service.product_family, ProductFamily::Microsoft365);
    assert_eq!(health.service_id, service.id);
    assert_eq!(health.customer_id, customer());
    assert_eq!(health.reported_status, HealthStatus::ServiceDegradation);
    assert_eq!(health.reported_status_text, "serviceDegradation");
}

#[test]
fn expanded_issues_come_with_the_overview_and_share_its_service() {
    let (_, batch) = read_sample("microsoft-graph/health-overviews-2.json", &of_customer());
    let services = batch.changes.iter().filter(|change| matches!(change, Change::Service(_))).count();
    assert_eq!(services, 1);
    let found = incidents(batch.clone());
    assert_eq!(found[0].0.external_id, "EX226574");
    let Change::Service(service) = &batch.changes[0] else { panic!("{batch:?}") };
    assert_eq!(found[0].0.service_id, Some(service.id));
}

#[test]
fn a_bad_expanded_issue_is_set_aside_alone() {
    let overviews = json!([{ "service": "Exchange Online", "status": "x", "id": "Exchange", "issues": [
        { "id": "EX1", "isResolved": false, "posts": [] }, { "title": "no id" },
    ] }]);
    let batch = read_json(&overviews, &of_customer());
    assert_eq!(incidents(batch.clone()).len(), 1);
    assert_eq!(batch.quarantined[0].place, "[0].issues[1]");
}

#[test]
fn health_without_a_customer_is_set_aside_with_the_remedy() {
    let (_, batch) = read_sample("microsoft-graph/health-overviews-3.json", &origin());
    assert!(reason(&batch).contains("--customer"), "{batch:?}");
}

#[test]
fn an_issue_is_told_with_its_posts_and_who_sees_it() {
    let (_, batch) = read_sample("microsoft-graph/issues-1.json", &of_customer());
    let (incident, posts, seen_by) = incidents(batch).remove(0);
    assert_eq!(incident.external_id, "EX226792");
    assert_eq!(incident.classification, Classification::Incident);
    assert_eq!(incident.origin, IncidentOrigin::Microsoft);
    assert_eq!((incident.status, incident.status_text.as_str()), (HealthStatus::ServiceRestored, "ServiceRestored"));
    assert_eq!(incident.product_family, ProductFamily::Microsoft365);
    assert_eq!(incident.started_at, Some(at("2020-11-13T21:00:00Z")));
    assert_eq!(incident.modified_at, at("2020-11-14T18:20:24.767Z"));
    assert!(incident.is_resolved);
    assert_eq!(posts[0].post_type, "Regular");
    assert_eq!(seen_by, [customer()]);
}

#[test]
fn the_same_issue_in_two_tenants_is_one_incident() {
    let elsewhere = Origin { customer_tenant: Some(PARTNER_TENANT.to_owned()), ..origin() };
    let here = incidents(read_sample("microsoft-graph/issues-1.json", &of_customer()).1).remove(0);
    let there = incidents(read_sample("microsoft-graph/issues-1.json", &elsewhere).1).remove(0);
    assert_eq!(here.0, there.0);
    assert_eq!(here.1, there.1);
    assert_ne!(here.2, there.2);
}

#[test]
fn an_issue_without_a_customer_is_seen_by_nobody_yet() {
    let (_, batch) = read_sample("microsoft-graph/issues-2.json", &origin());
    assert_eq!(batch.quarantined, []);
    assert_eq!(incidents(batch).remove(0).2, []);
}

#[test]
fn a_live_answer_in_camel_case_means_the_same() {
    let (incident, ..) = incidents(read_sample("microsoft-graph/issues-3.json", &of_customer()).1).remove(0);
    assert_eq!(incident.classification, Classification::Advisory);
    assert_eq!(incident.status, HealthStatus::ServiceRestored);
    assert_eq!(incident.is_high_impact, None);
    assert_eq!(incident.product_family, ProductFamily::Dynamics365);
}

#[test]
fn an_unknown_status_is_kept_in_microsofts_words() {
    let issue = json!({ "id": "EX1", "status": "ServicePondering", "classification": "riddle", "isResolved": false, "posts": [] });
    let (incident, ..) = incidents(read_json(&issue, &of_customer())).remove(0);
    assert_eq!((incident.status, incident.status_text.as_str()), (HealthStatus::Unknown, "ServicePondering"));
    assert_eq!((incident.classification, incident.classification_text.as_str()), (Classification::Unknown, "riddle"));
}

#[test]
fn html_of_posts_and_messages_is_harmless() {
    let bad = "<p>Down</p><script>alert(1)</script><img src=x onerror=alert(1)>";
    let issue = json!({ "id": "EX1", "isResolved": false, "impactDescription": bad, "posts": [
        { "createdDateTime": "2024-01-01T00:00:00Z", "description": { "contentType": "html", "content": bad } },
    ] });
    let (incident, posts, _) = incidents(read_json(&issue, &of_customer())).remove(0);
    for text in [incident.impact.unwrap(), posts[0].content.clone()] {
        assert!(text.contains("<p>Down</p>") && !text.contains("script") && !text.contains("onerror"), "{text}");
    }
}

#[test]
fn a_message_is_told_whole() {
    let (_, batch) = read_sample("microsoft-graph/messages-1.json", &of_customer());
    let Change::Message { message, seen_by } = only(batch) else { panic!("no message") };
    assert_eq!(message.external_id, "MC172851");
    assert_eq!((message.category, message.category_text.as_str()), (MessageCategory::StayInformed, "StayInformed"));
    assert_eq!(message.severity, MessageSeverity::Normal);
    assert_eq!(message.is_major_change, Some(true));
    assert_eq!(message.services, ["SharePoint Online", "OneDrive for Business"]);
    assert_eq!((message.action_required_by, message.expires_at), (None, None));
    assert_eq!(message.modified_at, at("2021-01-08T01:10:06.843Z"));
    assert_eq!(seen_by, [customer()]);
}

#[test]
fn links_and_lists_of_a_message_stay() {
    let (_, batch) = read_sample("microsoft-graph/messages-2.json", &origin());
    let Change::Message { message, seen_by } = only(batch) else { panic!("no message") };
    assert!(message.body.contains("<li>") && message.body.contains("<a href=\"https://www.microsoft.com/"));
    assert_eq!(message.category, MessageCategory::PlanForChange);
    assert_eq!(seen_by, []);
}

#[test]
fn a_time_that_is_none_sets_the_issue_aside_with_its_place() {
    let issue = json!({ "value": [{ "id": "EX1", "isResolved": false, "posts": [{ "createdDateTime": "soon" }] }] });
    let batch = read_json(&issue, &of_customer());
    assert_eq!(reason(&batch), "posts[0].createdDateTime: `soon` is not a time");
    assert_eq!(batch.quarantined[0].place, "value[0]");
    assert_eq!(batch.quarantined[0].item["id"], Value::from("EX1"));
}
