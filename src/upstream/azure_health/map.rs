//! From Azure's JSON to changes. Pure functions of one event and where it comes from; an error is the reason why the
//! event cannot be used.

use std::collections::{BTreeMap, BTreeSet};

use super::wire;
use crate::{
    domain::{
        CustomerId, IncidentId, IncidentImpactId, IncidentPostId,
        change::{Batch, Change},
        incident::{Classification, Incident, IncidentImpact, IncidentPost, Origin as IncidentOrigin},
        product_family::ProductFamily,
        service_health::{HealthStatus, Service, Source},
    },
    upstream::{
        Origin, html, key,
        word::{Words, meaning},
    },
};

/// Faults are incidents; what is planned or only worth knowing is an advisory.
const EVENT_TYPES: &Words<Classification> = &[
    ("ServiceIssue", Classification::Incident),
    ("RCA", Classification::Incident),
    ("EmergingIssues", Classification::Incident),
    ("PlannedMaintenance", Classification::Advisory),
    ("HealthAdvisory", Classification::Advisory),
    ("SecurityAdvisory", Classification::Advisory),
    ("Billing", Classification::Advisory),
];

#[derive(Clone, Copy, PartialEq)]
enum Status {
    Active,
    Resolved,
    Unknown,
}

const STATUSES: &Words<Status> = &[("Active", Status::Active), ("Resolved", Status::Resolved)];

/// An item of `GET …/providers/Microsoft.ResourceHealth/events`. Contradictions, such as a mitigation time of an
/// active event, are kept as they are.
pub fn event(item: wire::Event, origin: &Origin) -> Result<Batch, String> {
    let external_id = key::external_id(item.name)?;
    let event = item.properties;
    let id = IncidentId::of(origin.partner, Source::AzureResourceHealth, &external_id);
    let (classification, classification_text) =
        meaning(event.event_type.as_deref(), EVENT_TYPES, Classification::Unknown);
    let status = meaning(event.status.as_deref(), STATUSES, Status::Unknown).0;
    let modified_at = event.last_update_time.0.or(event.impact_start_time.0).unwrap_or(origin.observed_at);
    let services = services(&event.impact, origin);
    let incident = Incident {
        id,
        source: Source::AzureResourceHealth,
        title: event.title.clone().or_else(|| event.header.clone()).unwrap_or_else(|| external_id.clone()),
        external_id,
        impact: event.summary.as_deref().or(event.header.as_deref()).map(html::clean),
        classification,
        classification_text: classification_text.unwrap_or_default(),
        origin: IncidentOrigin::Microsoft,
        status: health(status, &event),
        status_text: event.status.clone().unwrap_or_default(),
        level: event.event_level.clone().or_else(|| event.level.clone()),
        service_id: services.first().map(|service| service.id),
        service_name: services.first().map(|service| service.name.clone()),
        product_family: ProductFamily::Azure,
        feature: None,
        feature_group: None,
        started_at: event.impact_start_time.0,
        ended_at: event.impact_mitigation_time.0,
        is_resolved: status == Status::Resolved,
        is_high_impact: None,
        modified_at,
        observed_at: origin.observed_at,
    };
    // Placeholders and other text that is no GUID are left out.
    let regions = || event.impact.iter().flat_map(|impact| &impact.impacted_regions);
    let azure_subscriptions: BTreeSet<String> = regions()
        .flat_map(|region| &region.impacted_subscriptions)
        .chain(&origin.subscription)
        .filter_map(|id| key::guid(id))
        .collect();
    let tenants: BTreeSet<String> = regions()
        .flat_map(|region| &region.impacted_tenants)
        .chain(&origin.customer_tenant)
        .filter_map(|id| key::guid(id))
        .collect();
    let incident = Change::Incident {
        incident,
        posts: posts(id, &event.impact),
        impacts: impacts(id, &event.impact),
        seen_by: tenants.iter().map(|tenant| CustomerId::of_tenant(origin.partner, tenant)).collect(),
        azure_subscriptions: azure_subscriptions.into_iter().collect(),
    };
    Ok(Batch { changes: services.into_iter().map(Change::Service).chain([incident]).collect(), ..Batch::default() })
}

/// Azure has no state words between active and resolved: of a fault, its level says how bad it is.
fn health(status: Status, event: &wire::Properties) -> HealthStatus {
    let is_fault = event.event_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("ServiceIssue"));
    let has_level = |wanted: &[&str]| {
        let levels = [&event.event_level, &event.level].into_iter().flatten();
        levels.into_iter().any(|level| wanted.iter().any(|wanted| wanted.eq_ignore_ascii_case(level)))
    };
    match status {
        Status::Resolved => HealthStatus::Resolved,
        Status::Active if is_fault && has_level(&["Critical"]) => HealthStatus::ServiceInterruption,
        Status::Active if is_fault && has_level(&["Error", "Warning"]) => HealthStatus::ServiceDegradation,
        Status::Active => HealthStatus::Investigating,
        Status::Unknown => HealthStatus::Unknown,
    }
}

/// The services that an event touches, in its order, each once.
fn services(impacts: &[wire::Impact], origin: &Origin) -> Vec<Service> {
    let mut services: Vec<Service> = Vec::new();
    for impact in impacts {
        let Some(name) = &impact.impacted_service else { continue };
        // Azure speaks of Azure's services only, whatever their names resemble.
        let mut service = Service::named(origin.partner, Source::AzureResourceHealth, name, ProductFamily::Azure);
        if let Some(code) = impact.impacted_service_guid.as_deref().and_then(key::guid) {
            service.code = code;
        }
        if services.iter().all(|known| known.id != service.id) {
            services.push(service);
        }
    }
    services
}

/// The updates of all regions; the same text is often told for several of them.
fn posts(incident_id: IncidentId, impacts: &[wire::Impact]) -> Vec<IncidentPost> {
    let updates = impacts.iter().flat_map(|impact| &impact.impacted_regions).flat_map(|region| &region.updates);
    let posts = updates.filter_map(|update| {
        let (summary, created_at) = (update.summary.as_deref()?, update.update_date_time.0?);
        let id = IncidentPostId::of(incident_id, created_at, summary);
        let post_type = if update.event_tags.is_empty() { "Update".to_owned() } else { update.event_tags.join(", ") };
        Some((id, IncidentPost { id, incident_id, created_at, post_type, content: html::clean(summary) }))
    });
    let mut posts: Vec<IncidentPost> = posts.collect::<BTreeMap<_, _>>().into_values().collect();
    posts.sort_by_key(|post| (post.created_at, post.id));
    posts
}

/// A row per service and region.
fn impacts(incident_id: IncidentId, impacts: &[wire::Impact]) -> Vec<IncidentImpact> {
    let mut rows: Vec<IncidentImpact> = Vec::new();
    for impact in impacts {
        let service_name = impact.impacted_service.clone().unwrap_or_default();
        for region in &impact.impacted_regions {
            let name = region.impacted_region.clone().unwrap_or_default();
            let id = IncidentImpactId::of(incident_id, &service_name, &name);
            if rows.iter().any(|row| row.id == id) {
                continue;
            }
            rows.push(IncidentImpact {
                id,
                incident_id,
                service_name: service_name.clone(),
                region: name,
                status_text: region.status.clone(),
                updated_at: region.last_update_time.0,
            });
        }
    }
    rows
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
