//! Service requests with their notes.

use super::{super::wire, country};
use crate::{
    domain::{
        CustomerId, PartnerId, ServiceRequestId, ServiceRequestNoteId,
        change::Change,
        service_health::Source,
        service_request::{ServiceRequest, ServiceRequestNote, ServiceRequestStatus, Severity},
    },
    upstream::{
        Origin, key,
        word::{Words, meaning_of_number},
    },
};

/// In the order of their numbers.
const SEVERITIES: &Words<Severity> = &[
    ("unknown", Severity::Unknown),
    ("critical", Severity::Critical),
    ("moderate", Severity::Moderate),
    ("minimal", Severity::Minimal),
];

/// In the order of their numbers.
const STATUSES: &Words<ServiceRequestStatus> = &[
    ("none", ServiceRequestStatus::None),
    ("open", ServiceRequestStatus::Open),
    ("closed", ServiceRequestStatus::Closed),
    ("attention_needed", ServiceRequestStatus::AttentionNeeded),
];

/// An item of `GET /v1/customers/{id}/servicerequests`, or the answer of `GET /v1/servicerequests/{id}`.
pub fn service_request(item: wire::ServiceRequest, origin: &Origin) -> Result<Change, String> {
    let external_id = key::external_id(item.id.clone())?;
    let id = ServiceRequestId::of(origin.partner, &external_id);
    let customer_id = customer(&item, origin);
    let (severity, severity_text) = meaning_of_number(item.severity.as_deref(), SEVERITIES, Severity::Unknown);
    let (status, status_text) = meaning_of_number(item.status.as_deref(), STATUSES, ServiceRequestStatus::Unknown);
    let notes = item.notes.into_iter().filter_map(|note| {
        let (created_at, author, text) = (note.created_date.0, note.created_by_name, note.text?);
        let note_id = ServiceRequestNoteId::of(id, created_at, author.as_deref(), &text);
        Some(ServiceRequestNote { id: note_id, service_request_id: id, created_at, author, text })
    });
    let notes = notes.collect();
    let contact = item.primary_contact;
    let name: Vec<String> = [contact.first_name, contact.last_name].into_iter().flatten().collect();
    let request = ServiceRequest {
        id,
        source: Source::PartnerCenter,
        title: item.title.unwrap_or_else(|| external_id.clone()),
        external_id: Some(external_id),
        customer_id,
        subscription_id: None,
        incident_id: None,
        description: item.description.unwrap_or_default(),
        severity,
        severity_text: severity_text.unwrap_or_default(),
        status,
        status_text: status_text.unwrap_or_default(),
        topic: item.support_topic_name,
        product_name: item.product_name,
        contact_name: (!name.is_empty()).then(|| name.join(" ")),
        contact_email: contact.email,
        contact_phone: contact.phone_number,
        country: country(item.country_code),
        created_at: item.created_date.0,
        modified_at: item.last_modified_date.0,
        // A request that was opened again keeps the date upstream.
        closed_at: item.last_closed_date.0.filter(|_| status == ServiceRequestStatus::Closed),
        observed_at: origin.observed_at,
        version: 0,
    };
    Ok(Change::ServiceRequest { request, notes })
}

/// Whom it concerns: the customer asked for, or the organization that it names unless that is the partner itself.
fn customer(item: &wire::ServiceRequest, origin: &Origin) -> Option<CustomerId> {
    let named = item.organization.id.as_deref().and_then(key::guid);
    match origin.customer_or(item.links.own.uri.as_deref()) {
        Ok(customer) => Some(customer),
        Err(_) => named
            .filter(|tenant| PartnerId::of_tenant(tenant) != origin.partner)
            .map(|tenant| CustomerId::of_tenant(origin.partner, &tenant)),
    }
}
