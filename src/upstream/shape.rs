//! Which kind of item an object is, told by what it says of itself and by its members, never by a file's name.

use serde_json::Value;

use super::json::{member, text};

/// The kinds of items that feed an entity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    Customer,
    CustomerCompanyProfile,
    CustomerBillingProfile,
    Subscription,
    AzureEntitlement,
    SupportContact,
    ServiceRequest,
    PartnerRelation,
    ProfileSupport,
    ProfileMpn,
    ProfileLegalBusiness,
    ProfileOrganization,
    ProfileBilling,
    HealthOverview,
    Issue,
    Message,
    AzureEvent,
}

/// What was told of an item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    Stored(Shape),
    /// Known, and nothing in it is kept; in words, with an article or in the plural.
    NotStored(String),
    Nothing,
}

/// Partner Center's `attributes.objectType`.
const OBJECT_TYPES: &[(&str, Shape)] = &[
    ("Customer", Shape::Customer),
    ("CustomerCompanyProfile", Shape::CustomerCompanyProfile),
    ("CustomerBillingProfile", Shape::CustomerBillingProfile),
    ("Subscription", Shape::Subscription),
    ("AzureEntitlement", Shape::AzureEntitlement),
    ("SupportContact", Shape::SupportContact),
    ("ServiceRequest", Shape::ServiceRequest),
    ("PartnerRelationship", Shape::PartnerRelation),
    ("PartnerSupportProfile", Shape::ProfileSupport),
    ("SupportProfile", Shape::ProfileSupport),
    ("MpnProfile", Shape::ProfileMpn),
    ("LegalBusinessProfile", Shape::ProfileLegalBusiness),
    ("OrganizationProfile", Shape::ProfileOrganization),
    ("BillingProfile", Shape::ProfileBilling),
];

/// Members that give an item away when it does not name its type; all of a row have to be there.
const MEMBERS: &[(&[&str], Shape)] = &[
    (&["relationshipToPartner"], Shape::Customer),
    (&["companyProfile", "id"], Shape::Customer),
    (&["supportTenantId"], Shape::SupportContact),
    (&["supportMpnId"], Shape::SupportContact),
    (&["supportTopicId"], Shape::ServiceRequest),
    (&["title", "severity", "status", "createdDate"], Shape::ServiceRequest),
    (&["relationshipType", "name", "id"], Shape::PartnerRelation),
    (&["offerName", "quantity", "status"], Shape::Subscription),
    (&["offerId", "quantity", "status"], Shape::Subscription),
    (&["friendlyName", "quantity", "status", "effectiveStartDate"], Shape::Subscription),
    (&["subscriptionId", "friendlyName", "status", "id"], Shape::AzureEntitlement),
    (&["classification", "startDateTime"], Shape::Issue),
    (&["classification", "impactDescription"], Shape::Issue),
    (&["isResolved", "posts"], Shape::Issue),
    (&["category", "severity", "body"], Shape::Message),
    (&["category", "severity", "isMajorChange"], Shape::Message),
    (&["service", "status", "id"], Shape::HealthOverview),
];

/// Members of kinds that feed no entity.
const NOT_STORED: &[(&[&str], &str)] = &[
    (&["access_token", "token_type"], "an access token (a secret: delete the file)"),
    (&["eventName", "resourceUri"], "a webhook event"),
    (&["webhookUrl", "webhookEvents"], "a webhook registration"),
    (&["callbackUrl", "correlationId"], "the result of a webhook test"),
    (&["messageIds"], "a request to mark messages"),
    (&["operationType", "resourceType"], "audit records"),
    (&["eventId", "eventStatus"], "fraud events"),
    (&["eventId", "hitCount"], "fraud events"),
    (&["customerTenantId", "partnerAgentCount"], "statistics of delegated administration"),
    (&["accessDetails", "duration"], "relations of delegated administration"),
    (&["accessContainer"], "access assignments of delegated administration"),
    (&["serviceManagementUrl"], "links to management portals"),
    (&["productType", "title"], "products"),
    (&["orderLineItemId"], "the provisioning status of an order"),
    (&["skuId", "status", "endDate"], "the provisioning status of a subscription"),
    (&["overageEnabled"], "overage settings"),
    (&["invoiceLineItemType"], "invoice lines"),
    (&["groupName", "links", "name"], "managed services"),
    (&["statusActiveEvents"], "emerging issues of Azure"),
    (&["availabilityState"], "the availability of Azure resources"),
];

/// Partner Center's types that feed no entity, with words for them.
const NOT_STORED_TYPES: &[(&str, &str)] = &[
    ("AuditRecord", "audit records"),
    ("OneTimeInvoiceLineItem", "invoice lines"),
    ("DailyRatedUsageLineItem", "usage lines"),
    ("ManagedService", "managed services"),
    ("OfferCategory", "offer categories"),
    ("Offer", "offers"),
    ("Product", "products"),
    ("Sku", "products"),
    ("Order", "orders"),
    ("Overage", "overage settings"),
    ("SupportTopic", "support topics"),
    ("SubscriptionProvisioningStatus", "the provisioning status of a subscription"),
    ("SubscriptionRegistrationStatus", "the registration status of a subscription"),
];

/// The `@odata.context` of Graph, and what stands behind its `#`.
const CONTEXTS: &[(&str, Shape)] = &[
    ("admin/serviceannouncement/healthoverviews", Shape::HealthOverview),
    ("admin/serviceannouncement/issues", Shape::Issue),
    ("admin/serviceannouncement/messages", Shape::Message),
];

/// What an item, or a document of one item, says of itself and shows by its members.
pub fn of_item(item: &Value) -> Told {
    if let Some(object_type) = text(item, &["attributes", "objectType"]) {
        if let Some(shape) = find(OBJECT_TYPES, object_type) {
            return Told::Stored(shape);
        }
        if !object_type.eq_ignore_ascii_case("Collection") {
            let known = find(NOT_STORED_TYPES, object_type).map(str::to_owned);
            return Told::NotStored(known.unwrap_or_else(|| format!("objects of type {object_type}")));
        }
    }
    if let Some(kind) =
        text(item, &["type"]).map(str::to_lowercase).filter(|kind| kind.contains("microsoft.resourcehealth"))
    {
        return match kind.rsplit('/').next() {
            Some("events") => Told::Stored(Shape::AzureEvent),
            Some("availabilitystatuses") => Told::NotStored("the availability of Azure resources".to_owned()),
            Some("emergingissues") => Told::NotStored("emerging issues of Azure".to_owned()),
            _ => Told::NotStored(format!("objects of type {kind}")),
        };
    }
    let has = |item: &Value, names: &[&str]| names.iter().all(|name| member(item, name).is_some());
    if let Some((_, what)) = NOT_STORED.iter().find(|(names, _)| has(item, names)) {
        return Told::NotStored((*what).to_owned());
    }
    if let Some(profile) = text(item, &["profileType"]).and_then(of_profile_type) {
        return Told::Stored(profile);
    }
    if member(item, "properties").is_some_and(|event| has(event, &["eventType", "status"])) {
        return Told::Stored(Shape::AzureEvent);
    }
    match MEMBERS.iter().find(|(names, _)| has(item, names)) {
        Some((_, shape)) => Told::Stored(*shape),
        None => Told::Nothing,
    }
}

/// What the `@odata.context` of a document says.
pub fn of_context(document: &Value) -> Told {
    let Some(context) = text(document, &["@odata.context"]) else { return Told::Nothing };
    let Some((_, resource)) = context.split_once('#') else { return Told::Nothing };
    let resource = resource.to_lowercase();
    if let Some((_, shape)) = CONTEXTS.iter().find(|(prefix, _)| resource.starts_with(prefix)) {
        return Told::Stored(*shape);
    }
    if resource.contains("delegatedadmin") || resource.starts_with("accessassignments") {
        return Told::NotStored("relations of delegated administration".to_owned());
    }
    Told::Nothing
}

/// What a document's own link says; it tells what an empty list is a list of.
pub fn of_link(document: &Value) -> Told {
    let Some(uri) = text(document, &["links", "self", "uri"]) else { return Told::Nothing };
    let path = uri.split('?').next().unwrap_or_default();
    let Some(last) = path.trim_end_matches('/').rsplit('/').next() else { return Told::Nothing };
    let known: &[(&str, Shape)] = &[
        ("customers", Shape::Customer),
        ("subscriptions", Shape::Subscription),
        ("azureEntitlements", Shape::AzureEntitlement),
        ("serviceRequests", Shape::ServiceRequest),
        ("relationships", Shape::PartnerRelation),
    ];
    find(known, last).map_or(Told::Nothing, Told::Stored)
}

/// `support_profile`, `SupportProfile`, …
fn of_profile_type(profile: &str) -> Option<Shape> {
    let profile = profile.replace('_', "").to_lowercase();
    match profile.trim_end_matches("profile") {
        "support" | "partnersupport" => Some(Shape::ProfileSupport),
        "mpn" => Some(Shape::ProfileMpn),
        "legalbusiness" => Some(Shape::ProfileLegalBusiness),
        "organization" => Some(Shape::ProfileOrganization),
        "billing" => Some(Shape::ProfileBilling),
        _ => None,
    }
}

fn find<T: Copy>(table: &[(&str, T)], name: &str) -> Option<T> {
    table.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, found)| *found)
}
