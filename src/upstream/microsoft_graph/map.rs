//! From Graph's JSON to changes. Pure functions of one item and where it comes from; an error is the reason why the
//! item cannot be used.

use super::wire;
use crate::{
    domain::{
        IncidentId, IncidentPostId, MessageId, ServiceHealthId,
        change::{Batch, Change, Quarantined},
        incident::{Classification, Incident, IncidentPost, Origin as IncidentOrigin},
        message::{Message, MessageCategory, MessageSeverity},
        product_family::ProductFamily,
        service_health::{HealthStatus, Service, ServiceHealth, Source},
    },
    upstream::{
        Origin, html, json, key,
        word::{Words, meaning},
    },
};

const STATUSES: &Words<HealthStatus> = &[
    ("serviceOperational", HealthStatus::ServiceOperational),
    ("investigating", HealthStatus::Investigating),
    ("restoringService", HealthStatus::RestoringService),
    ("verifyingService", HealthStatus::VerifyingService),
    ("serviceRestored", HealthStatus::ServiceRestored),
    ("postIncidentReviewPublished", HealthStatus::PostIncidentReviewPublished),
    ("serviceDegradation", HealthStatus::ServiceDegradation),
    ("serviceInterruption", HealthStatus::ServiceInterruption),
    ("extendedRecovery", HealthStatus::ExtendedRecovery),
    ("falsePositive", HealthStatus::FalsePositive),
    ("investigationSuspended", HealthStatus::InvestigationSuspended),
    ("resolved", HealthStatus::Resolved),
    ("mitigatedExternal", HealthStatus::MitigatedExternal),
    ("mitigated", HealthStatus::Mitigated),
    ("resolvedExternal", HealthStatus::ResolvedExternal),
    ("confirmed", HealthStatus::Confirmed),
    ("reported", HealthStatus::Reported),
];

const CLASSIFICATIONS: &Words<Classification> =
    &[("advisory", Classification::Advisory), ("incident", Classification::Incident)];

const ORIGINS: &Words<IncidentOrigin> = &[
    ("microsoft", IncidentOrigin::Microsoft),
    ("thirdParty", IncidentOrigin::ThirdParty),
    ("customer", IncidentOrigin::Customer),
];

const CATEGORIES: &Words<MessageCategory> = &[
    ("preventOrFixIssue", MessageCategory::PreventOrFixIssue),
    ("planForChange", MessageCategory::PlanForChange),
    ("stayInformed", MessageCategory::StayInformed),
];

const SEVERITIES: &Words<MessageSeverity> =
    &[("normal", MessageSeverity::Normal), ("high", MessageSeverity::High), ("critical", MessageSeverity::Critical)];

const HEALTH_OF_WHOM: &str = "it does not say in whose tenant the service is in this state: put the file below a folder \
                              named after the customer's tenant id, or give --customer";

/// An item of `GET /admin/serviceAnnouncement/healthOverviews`, with its issues if they were expanded. Status and
/// issues may disagree; both are told.
pub fn health_overview(item: wire::HealthOverview, origin: &Origin) -> Result<Batch, String> {
    let customer_id = origin.customer().ok_or(HEALTH_OF_WHOM)?;
    let name = item.service.ok_or("it names no service")?;
    let mut service = named(&name, origin);
    if let Some(code) = item.id.filter(|code| !key::is_placeholder(code)) {
        service.code = code;
    }
    let (reported_status, status_text) = meaning(item.status.as_deref(), STATUSES, HealthStatus::Unknown);
    let health = ServiceHealth {
        id: ServiceHealthId::of(customer_id, &name),
        customer_id,
        service_id: service.id,
        reported_status,
        reported_status_text: status_text.unwrap_or_default(),
        since: origin.observed_at,
        observed_at: origin.observed_at,
    };
    let mut batch = Batch::default();
    batch.changes.extend([Change::Service(service), Change::ServiceHealth(health)]);
    for (index, issue) in item.issues.iter().enumerate() {
        let read = json::read_item(issue).map_err(|error| error.to_string());
        match read.and_then(|issue| self::issue(issue, origin)) {
            Ok(mut read) => batch.changes.append(&mut read.changes),
            Err(reason) => {
                let place = format!("issues[{index}]");
                batch.quarantined.push(Quarantined { place, reason, item: json::without_secrets(issue) });
            }
        }
    }
    Ok(batch)
}

/// An item of `GET /admin/serviceAnnouncement/issues`, seen by the customer in whose tenant it was read.
pub fn issue(item: wire::Issue, origin: &Origin) -> Result<Batch, String> {
    let external_id = key::external_id(item.id)?;
    let id = IncidentId::of(origin.partner, Source::MicrosoftGraph, &external_id);
    let (status, status_text) = meaning(item.status.as_deref(), STATUSES, HealthStatus::Unknown);
    let (classification, classification_text) =
        meaning(item.classification.as_deref(), CLASSIFICATIONS, Classification::Unknown);
    let service = item.service.as_deref().map(|name| named(name, origin));
    let modified_at = item.last_modified_date_time.0.or(item.start_date_time.0).unwrap_or(origin.observed_at);
    let posts = item.posts.into_iter().filter_map(|post| {
        let content = post.description.content?;
        let created_at = post.created_date_time.0.unwrap_or(modified_at);
        Some(IncidentPost {
            id: IncidentPostId::of(id, created_at, &content),
            incident_id: id,
            created_at,
            post_type: post.post_type.unwrap_or_default(),
            content: html::of_content_type(&content, post.description.content_type.as_deref()),
        })
    });
    let posts = posts.collect();
    let incident = Incident {
        id,
        source: Source::MicrosoftGraph,
        title: item.title.unwrap_or_else(|| external_id.clone()),
        external_id,
        impact: item.impact_description.as_deref().map(html::clean),
        classification,
        classification_text: classification_text.unwrap_or_default(),
        origin: meaning(item.origin.as_deref(), ORIGINS, IncidentOrigin::Unknown).0,
        status,
        status_text: status_text.unwrap_or_default(),
        level: None,
        service_id: service.as_ref().map(|service| service.id),
        product_family: service.as_ref().map_or(ProductFamily::Unknown, |service| service.product_family),
        service_name: item.service,
        feature: item.feature,
        feature_group: item.feature_group,
        started_at: item.start_date_time.0,
        ended_at: item.end_date_time.0,
        is_resolved: item.is_resolved.unwrap_or(item.end_date_time.0.is_some()),
        is_high_impact: item.high_impact,
        modified_at,
        observed_at: origin.observed_at,
    };
    let mut batch = Batch::default();
    batch.changes.extend(service.map(Change::Service));
    batch.changes.push(Change::Incident {
        incident,
        posts,
        impacts: Vec::new(),
        seen_by: origin.customer().into_iter().collect(),
        azure_subscriptions: Vec::new(),
    });
    Ok(batch)
}

/// An item of `GET /admin/serviceAnnouncement/messages`, seen by the customer in whose tenant it was read.
pub fn message(item: wire::Message, origin: &Origin) -> Result<Batch, String> {
    let external_id = key::external_id(item.id)?;
    let (category, category_text) = meaning(item.category.as_deref(), CATEGORIES, MessageCategory::Unknown);
    let (severity, severity_text) = meaning(item.severity.as_deref(), SEVERITIES, MessageSeverity::Unknown);
    let message = Message {
        id: MessageId::of(origin.partner, &external_id),
        title: item.title.unwrap_or_else(|| external_id.clone()),
        external_id,
        category,
        category_text: category_text.unwrap_or_default(),
        severity,
        severity_text: severity_text.unwrap_or_default(),
        is_major_change: item.is_major_change,
        action_required_by: item.action_required_by_date_time.0,
        services: item.services,
        tags: item.tags,
        body: html::of_content_type(&item.body.content.unwrap_or_default(), item.body.content_type.as_deref()),
        starts_at: item.start_date_time.0,
        ends_at: item.end_date_time.0,
        expires_at: item.expiry_date_time.0,
        modified_at: item.last_modified_date_time.0.or(item.start_date_time.0).unwrap_or(origin.observed_at),
        observed_at: origin.observed_at,
    };
    let seen_by = origin.customer().into_iter().collect();
    Ok(Batch { changes: vec![Change::Message { message, seen_by }], ..Batch::default() })
}

fn named(name: &str, origin: &Origin) -> Service {
    Service::named(origin.partner, Source::MicrosoftGraph, name, ProductFamily::of_name(name))
}

#[cfg(test)]
#[path = "map_tests.rs"]
mod tests;
