//! A document of an upstream: which kind it is, and what it says.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::{
    NotUnderstood, azure_health,
    json::{member, text, without_secrets},
    key, microsoft_graph, partner_center,
    shape::{self, Shape, Told},
};
use crate::domain::{
    CustomerId, PartnerId,
    change::{Batch, Change, Quarantined},
};

/// What the reader must be told about a document, since documents do not say whose they are.
#[derive(Clone, Debug, PartialEq)]
pub struct Origin {
    pub partner: PartnerId,
    /// The tenant that was asked, or whose customer it is; a GUID.
    pub customer_tenant: Option<String>,
    /// Partner Center's subscription that the document belongs to; of Azure events, the Azure subscription asked.
    pub subscription: Option<String>,
    /// When the document was fetched.
    pub observed_at: DateTime<Utc>,
}

/// How to say whose a document is.
pub(super) const WHOSE: &str =
    "it does not say whose it is: put the file below a folder named after the customer's tenant id, or give --customer";

impl Origin {
    /// The customer's tenant in lower case, if one was given.
    pub(super) fn tenant(&self) -> Option<String> {
        self.customer_tenant.as_deref().and_then(key::guid)
    }

    /// The customer, if one was given.
    pub(super) fn customer(&self) -> Option<CustomerId> {
        self.tenant().map(|tenant| CustomerId::of_tenant(self.partner, &tenant))
    }

    /// The customer's tenant, or else the one that a link names.
    pub(super) fn tenant_or(&self, link: Option<&str>) -> Result<String, String> {
        self.tenant().or_else(|| link.and_then(key::customer_in)).ok_or_else(|| WHOSE.to_owned())
    }

    /// The customer, or else the one that a link names.
    pub(super) fn customer_or(&self, link: Option<&str>) -> Result<CustomerId, String> {
        self.tenant_or(link).map(|tenant| CustomerId::of_tenant(self.partner, &tenant))
    }
}

/// A kind of document that feeds an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DocumentKind {
    CustomerList,
    Customer,
    CustomerCompanyProfile,
    CustomerBillingProfile,
    Subscriptions,
    Subscription,
    AzureEntitlements,
    AzureEntitlement,
    SupportContact,
    ServiceRequests,
    ServiceRequest,
    /// Partners that the partner works with, unless a customer is named: then that customer's resellers.
    PartnerRelations,
    CustomerResellers,
    ProfileSupport,
    ProfileMpn,
    ProfileLegalBusiness,
    ProfileOrganization,
    ProfileBilling,
    HealthOverviews,
    HealthOverview,
    Issues,
    Issue,
    Messages,
    Message,
    AzureEvents,
    AzureEvent,
}

impl DocumentKind {
    /// What it holds, for a person.
    pub fn what(self) -> &'static str {
        match self {
            Self::CustomerList => "customers",
            Self::Customer => "a customer",
            Self::CustomerCompanyProfile => "the company profile of a customer",
            Self::CustomerBillingProfile => "the billing profile of a customer",
            Self::Subscriptions => "subscriptions",
            Self::Subscription => "a subscription",
            Self::AzureEntitlements => "Azure entitlements",
            Self::AzureEntitlement => "an Azure entitlement",
            Self::SupportContact => "the support contact of a subscription",
            Self::ServiceRequests => "service requests",
            Self::ServiceRequest => "a service request",
            Self::PartnerRelations => "relations to other partners",
            Self::CustomerResellers => "indirect resellers of a customer",
            Self::ProfileSupport => "the partner's support profile",
            Self::ProfileMpn => "the partner's network profile",
            Self::ProfileLegalBusiness => "the partner's legal business profile",
            Self::ProfileOrganization => "the partner's organization profile",
            Self::ProfileBilling => "the partner's billing profile",
            Self::HealthOverviews => "service health",
            Self::HealthOverview => "the health of a service",
            Self::Issues => "service issues",
            Self::Issue => "a service issue",
            Self::Messages => "messages of the message center",
            Self::Message => "a message of the message center",
            Self::AzureEvents => "Azure health events",
            Self::AzureEvent => "an Azure health event",
        }
    }

    fn of(shape: Shape, is_list: bool, document: &Value) -> Self {
        match (shape, is_list) {
            (Shape::Customer, true) => Self::CustomerList,
            (Shape::Customer, false) => Self::Customer,
            (Shape::CustomerCompanyProfile, _) => Self::CustomerCompanyProfile,
            (Shape::CustomerBillingProfile, _) => Self::CustomerBillingProfile,
            (Shape::Subscription, true) => Self::Subscriptions,
            (Shape::Subscription, false) => Self::Subscription,
            (Shape::AzureEntitlement, true) => Self::AzureEntitlements,
            (Shape::AzureEntitlement, false) => Self::AzureEntitlement,
            (Shape::SupportContact, _) => Self::SupportContact,
            (Shape::ServiceRequest, true) => Self::ServiceRequests,
            (Shape::ServiceRequest, false) => Self::ServiceRequest,
            (Shape::PartnerRelation, _) => {
                let link = text(document, &["links", "self", "uri"]);
                if link.and_then(key::customer_in).is_some() { Self::CustomerResellers } else { Self::PartnerRelations }
            }
            (Shape::ProfileSupport, _) => Self::ProfileSupport,
            (Shape::ProfileMpn, _) => Self::ProfileMpn,
            (Shape::ProfileLegalBusiness, _) => Self::ProfileLegalBusiness,
            (Shape::ProfileOrganization, _) => Self::ProfileOrganization,
            (Shape::ProfileBilling, _) => Self::ProfileBilling,
            (Shape::HealthOverview, true) => Self::HealthOverviews,
            (Shape::HealthOverview, false) => Self::HealthOverview,
            (Shape::Issue, true) => Self::Issues,
            (Shape::Issue, false) => Self::Issue,
            (Shape::Message, true) => Self::Messages,
            (Shape::Message, false) => Self::Message,
            (Shape::AzureEvent, true) => Self::AzureEvents,
            (Shape::AzureEvent, false) => Self::AzureEvent,
        }
    }
}

/// Recognises a document by its shape.
///
/// # Errors
///
/// [`NotUnderstood`] if it is not JSON, an error answer, of a kind that is not stored, or of no known kind.
pub fn recognise(bytes: &[u8]) -> Result<(DocumentKind, Value), NotUnderstood> {
    let document = parse(bytes)?;
    if let Some(error) = error_answer(&document) {
        return Err(error);
    }
    let kind = kind_of(&document)?;
    Ok((kind, document))
}

/// The partner's tenant, if the document is the organization profile that names it.
pub fn partner_tenant(kind: DocumentKind, document: &Value) -> Option<String> {
    (kind == DocumentKind::ProfileOrganization).then(|| text(document, &["tenantId"]).and_then(key::guid)).flatten()
}

/// What a document says, item by item; an item that cannot be used is quarantined and the others go in.
///
/// # Errors
///
/// [`NotUnderstood::NoItems`] if a list has lost its items.
pub fn read(kind: DocumentKind, document: &Value, origin: &Origin) -> Result<Batch, NotUnderstood> {
    let mut origin = origin.clone();
    if origin.tenant().is_none() {
        origin.customer_tenant = text(document, &["links", "self", "uri"]).and_then(key::customer_in);
    }
    let mut batch = Batch::default();
    match list(document)? {
        Some((name, items)) => {
            for (index, item) in items.iter().enumerate() {
                add(&mut batch, kind, item, &origin, &format!("{name}[{index}]"));
            }
        }
        None => add(&mut batch, kind, document, &origin, "the document"),
    }
    batch.is_complete_customer_list = kind == DocumentKind::CustomerList
        && batch.quarantined.is_empty()
        && !batch.changes.is_empty()
        && is_whole(document);
    forget_repeated_services(&mut batch);
    tracing::debug!(
        kind = kind.what(),
        changes = batch.changes.len(),
        quarantined = batch.quarantined.len(),
        "document read"
    );
    Ok(batch)
}

/// Reads one item into the batch, or into its quarantine.
fn add(batch: &mut Batch, kind: DocumentKind, item: &Value, origin: &Origin, place: &str) {
    use DocumentKind as Kind;
    let read = match kind {
        Kind::HealthOverviews | Kind::HealthOverview | Kind::Issues | Kind::Issue | Kind::Messages | Kind::Message => {
            microsoft_graph::read_item(kind, item, origin)
        }
        Kind::AzureEvents | Kind::AzureEvent => azure_health::read_item(item, origin),
        _ => partner_center::read_item(kind, item, origin),
    };
    match read {
        Ok(mut read) => {
            batch.changes.append(&mut read.changes);
            batch.quarantined.extend(
                read.quarantined
                    .into_iter()
                    .map(|inner| Quarantined { place: format!("{place}.{}", inner.place), ..inner }),
            );
        }
        Err(reason) => {
            batch.quarantined.push(Quarantined { place: place.to_owned(), reason, item: without_secrets(item) });
        }
    }
}

fn parse(bytes: &[u8]) -> Result<Value, NotUnderstood> {
    let decoded;
    let bytes = match bytes {
        [0xEF, 0xBB, 0xBF, rest @ ..] => rest,
        // What `>` writes in Windows PowerShell.
        [0xFF, 0xFE, rest @ ..] => {
            let units = rest.chunks_exact(2).map(|pair| u16::from_le_bytes([pair[0], pair[1]]));
            decoded = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect::<String>();
            decoded.as_bytes()
        }
        bytes => bytes,
    };
    if bytes.trim_ascii().is_empty() {
        return Err(NotUnderstood::Empty);
    }
    serde_json::from_slice(bytes).map_err(|error| {
        let full = error.to_string();
        let reason = full.split(" at line ").next().unwrap_or(&full).to_owned();
        NotUnderstood::NotJson { line: error.line(), column: error.column(), reason }
    })
}

/// The four shapes in which Microsoft's APIs say that something went wrong.
fn error_answer(document: &Value) -> Option<NotUnderstood> {
    let words = |value: Option<&Value>| match value {
        Some(Value::String(text)) => text.lines().next().unwrap_or_default().to_owned(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    };
    let (code, message) = match member(document, "error") {
        Some(error @ Value::Object(_)) => (member(error, "code"), member(error, "message")),
        Some(error @ Value::String(_)) => (Some(error), member(document, "error_description")),
        _ if member(document, "id").is_some() || member(document, "items").is_some() => return None,
        _ => {
            let code = member(document, "code").or_else(|| member(document, "statusCode"))?;
            let message = member(document, "description").or_else(|| member(document, "message"))?;
            (Some(code), Some(message))
        }
    };
    Some(NotUnderstood::ErrorAnswer { code: words(code), message: words(message) })
}

/// The name of a document's list and its items; none if the document is one item.
fn list(document: &Value) -> Result<Option<(&'static str, &[Value])>, NotUnderstood> {
    if let Value::Array(items) = document {
        return Ok(Some(("", items)));
    }
    for name in ["items", "value"] {
        match member(document, name) {
            Some(Value::Array(items)) => return Ok(Some((name, items))),
            Some(_) if name == "items" => return Err(NotUnderstood::NoItems),
            _ => {}
        }
    }
    let is_collection = text(document, &["attributes", "objectType"]).is_some_and(|kind| kind == "Collection");
    let is_page = member(document, "totalCount").is_some() || member(document, "@odata.nextLink").is_some();
    if is_collection || is_page { Err(NotUnderstood::NoItems) } else { Ok(None) }
}

fn kind_of(document: &Value) -> Result<DocumentKind, NotUnderstood> {
    let items = list(document)?;
    let mut told = vec![shape::of_context(document)];
    match items {
        Some((_, items)) => {
            told.extend(items.iter().map(shape::of_item));
            told.push(shape::of_link(document));
        }
        None => told.push(shape::of_item(document)),
    }
    match told.into_iter().find(|told| *told != Told::Nothing) {
        Some(Told::Stored(shape)) => return Ok(DocumentKind::of(shape, items.is_some(), document)),
        Some(Told::NotStored(what)) => return Err(NotUnderstood::NotStored { what }),
        _ => {}
    }
    let sample = match items {
        Some((_, [])) => return Err(NotUnderstood::EmptyList),
        Some((_, [Value::String(_), ..])) => {
            return Err(NotUnderstood::NotStored { what: "a list of names".to_owned() });
        }
        Some((_, [first, ..])) => first,
        None if member(document, "value").is_some_and(Value::is_boolean) => {
            return Err(NotUnderstood::NotStored { what: "the answer to a request".to_owned() });
        }
        None => document,
    };
    let members = sample.as_object().map(|members| members.keys().cloned().collect());
    Err(NotUnderstood::UnknownShape { members: members.unwrap_or_default() })
}

/// Whether a list is neither a page of several nor the answer to a filter. A list without its own link does not say.
fn is_whole(document: &Value) -> bool {
    let Some(link) = text(document, &["links", "self", "uri"]) else { return false };
    let link = link.to_lowercase();
    let asks_for_part = ["filter=", "seekoperation=", "offset="].iter().any(|parameter| link.contains(parameter));
    !asks_for_part && text(document, &["links", "next", "uri"]).is_none()
}

/// A page of issues names the same few services again and again; each is told once, before what refers to it.
fn forget_repeated_services(batch: &mut Batch) {
    let mut seen: Vec<crate::domain::service_health::Service> = Vec::new();
    batch.changes.retain(|change| match change {
        Change::Service(service) => {
            // An overview knows the short id, an issue in it does not.
            let known = seen
                .iter()
                .any(|known| known.id == service.id && (known.code == service.code || service.code == service.name));
            if !known {
                seen.push(service.clone());
            }
            !known
        }
        _ => true,
    });
}

#[cfg(test)]
#[path = "document_tests.rs"]
mod tests;
