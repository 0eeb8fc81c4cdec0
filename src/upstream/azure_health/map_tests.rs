use serde_json::{Value, json};

use super::*;
use crate::{domain::CustomerId, upstream::testing::*};

struct Told {
    incident: Incident,
    posts: Vec<IncidentPost>,
    impacts: Vec<IncidentImpact>,
    seen_by: Vec<CustomerId>,
    azure_subscriptions: Vec<String>,
}

fn told(batch: Batch) -> Told {
    assert_eq!(batch.quarantined, []);
    match batch.changes.into_iter().next_back() {
        Some(Change::Incident { incident, posts, impacts, seen_by, azure_subscriptions }) => {
            Told { incident, posts, impacts, seen_by, azure_subscriptions }
        }
        other => panic!("not expected: {other:?}"),
    }
}

fn event(properties: Value) -> Value {
    json!({ "value": [{ "name": "BC_1-FXZ", "type": "/providers/Microsoft.ResourceHealth/events", "properties": properties }] })
}

fn status(event_type: &str, status: &str, level: &str) -> HealthStatus {
    let event = event(json!({ "eventType": event_type, "status": status, "level": level }));
    told(read_json(&event, &origin())).incident.status
}

#[test]
fn an_event_is_told_with_its_services_regions_and_updates() {
    let (_, batch) = read_sample("azure-health/events-1.json", &of_customer());
    let Change::Service(service) = &batch.changes[0] else { panic!("{batch:?}") };
    assert_eq!((service.name.as_str(), service.product_family), ("Virtual Machines", ProductFamily::Azure));
    assert_eq!(service.code, "fd8065f5-ffd0-4756-8788-e6a11bf36257");
    let service = service.id;

    let told = told(batch);
    assert_eq!(told.incident.external_id, "BC_1-FXZ");
    assert_eq!(told.incident.service_id, Some(service));
    assert_eq!(told.incident.classification, Classification::Incident);
    assert_eq!(told.incident.status, HealthStatus::ServiceDegradation);
    assert_eq!(told.incident.status_text, "Active");
    assert_eq!(told.incident.level.as_deref(), Some("Warning"));
    assert_eq!(told.impacts.len(), 1);
    assert_eq!((told.impacts[0].region.as_str(), told.impacts[0].status_text.as_deref()), ("West US", Some("Active")));
    let types: Vec<&str> = told.posts.iter().map(|post| post.post_type.as_str()).collect();
    assert_eq!(types, ["Action Recommended", "False Positive, Preliminary PIR", "Final PIR"]);
    assert_eq!(told.seen_by, [customer()]);
    assert_eq!(told.azure_subscriptions, [""; 0], "a placeholder is no subscription");
}

#[test]
fn a_mitigation_time_does_not_end_an_active_event() {
    let told = told(read_sample("azure-health/events-1.json", &origin()).1);
    assert_eq!(told.incident.ended_at, Some(at("2025-05-14T15:43:48.120353Z")));
    assert!(!told.incident.is_resolved);
}

#[test]
fn the_subscriptions_and_tenants_it_names_are_handed_on() {
    let region = json!({
        "impactedRegion": "West US",
        "impactedSubscriptions": ["899AE6F1-8A74-4D5E-B6C6-E6B5019BBFF8", "{subscriptionId}"],
        "impactedTenants": [PARTNER_TENANT],
    });
    let event =
        event(json!({ "status": "Active", "impact": [{ "impactedService": "Storage", "impactedRegions": [region] }] }));
    let told = told(read_json(&event, &origin()));
    assert_eq!(told.azure_subscriptions, ["899ae6f1-8a74-4d5e-b6c6-e6b5019bbff8"]);
    assert_eq!(told.seen_by, [customer_of(PARTNER_TENANT)]);
}

#[test]
fn the_level_of_a_fault_says_how_bad_it_is() {
    assert_eq!(status("ServiceIssue", "Active", "Critical"), HealthStatus::ServiceInterruption);
    assert_eq!(status("ServiceIssue", "Active", "Warning"), HealthStatus::ServiceDegradation);
    assert_eq!(status("ServiceIssue", "Active", "Informational"), HealthStatus::Investigating);
    assert_eq!(status("PlannedMaintenance", "Active", "Critical"), HealthStatus::Investigating);
    assert_eq!(status("ServiceIssue", "Resolved", "Critical"), HealthStatus::Resolved);
    assert_eq!(status("ServiceIssue", "Paused", "Critical"), HealthStatus::Unknown);
}

#[test]
fn what_is_planned_or_advised_is_an_advisory() {
    for (kind, classification) in [
        ("PlannedMaintenance", Classification::Advisory),
        ("HealthAdvisory", Classification::Advisory),
        ("SecurityAdvisory", Classification::Advisory),
        ("Billing", Classification::Advisory),
        ("Festival", Classification::Unknown),
    ] {
        let told = told(read_json(&event(json!({ "eventType": kind, "status": "Active" })), &origin()));
        assert_eq!(told.incident.classification, classification, "{kind}");
        assert_eq!(told.incident.classification_text, kind);
    }
}

#[test]
fn an_update_told_for_two_regions_is_one_post() {
    let update = json!({ "summary": "Looking", "updateDateTime": "2025-05-12T15:00:48.1203530Z" });
    let region = |name: &str| json!({ "impactedRegion": name, "updates": [update] });
    let impact = json!([{ "impactedService": "Storage", "impactedRegions": [region("West US"), region("East US")] }]);
    let told = told(read_json(&event(json!({ "status": "Active", "impact": impact })), &origin()));
    assert_eq!((told.impacts.len(), told.posts.len()), (2, 1));
}
