//! Subscriptions, Azure entitlements and support contacts.

use super::super::wire;
use crate::{
    domain::{
        AzureEntitlementId, SubscriptionId,
        change::Change,
        product_family::ProductFamily,
        subscription::{
            AzureEntitlement, BillingCycle, BillingType, Subscription, SubscriptionStatus, SupportContact,
            SupportContactApplicability,
        },
    },
    upstream::{
        Origin, key,
        word::{Words, meaning_of_number},
    },
};

/// In the order of their numbers.
const STATUSES: &Words<SubscriptionStatus> = &[
    ("none", SubscriptionStatus::Unknown),
    ("active", SubscriptionStatus::Active),
    ("suspended", SubscriptionStatus::Suspended),
    ("deleted", SubscriptionStatus::Deleted),
    ("expired", SubscriptionStatus::Expired),
    ("pending", SubscriptionStatus::Pending),
    ("disabled", SubscriptionStatus::Disabled),
];

/// In the order of their numbers; benefits came later and have none.
const BILLING_TYPES: &Words<BillingType> = &[
    ("none", BillingType::Unknown),
    ("usage", BillingType::Usage),
    ("license", BillingType::License),
    ("benefit", BillingType::Benefit),
];

/// In the order of their numbers.
const BILLING_CYCLES: &Words<BillingCycle> = &[
    ("unknown", BillingCycle::Unknown),
    ("monthly", BillingCycle::Monthly),
    ("annual", BillingCycle::Annual),
    ("none", BillingCycle::None),
    ("one_time", BillingCycle::OneTime),
    ("triennial", BillingCycle::Triennial),
    ("biennial", BillingCycle::Biennial),
];

/// An item of `GET /v1/customers/{id}/subscriptions`.
pub fn subscription(item: wire::Subscription, origin: &Origin) -> Result<Change, String> {
    let external_id = key::external_id(item.id.clone())?.to_lowercase();
    let customer_id = origin.customer_or(item.links.own.uri.as_deref())?;
    let (product_family, product_family_signal) = family(&item);
    let (status, status_text) = meaning_of_number(item.status.as_deref(), STATUSES, SubscriptionStatus::Unknown);
    let (billing_type, billing_type_text) =
        meaning_of_number(item.billing_type.as_deref(), BILLING_TYPES, BillingType::Unknown);
    let (billing_cycle, billing_cycle_text) =
        meaning_of_number(item.billing_cycle.as_deref(), BILLING_CYCLES, BillingCycle::Unknown);
    let parent = item.parent_subscription_id.filter(|id| !key::is_placeholder(id));
    let quantity = item.quantity.unwrap_or(1);
    if i32::try_from(quantity).is_err() {
        return Err(format!("its quantity of {quantity} cannot be right"));
    }
    let offer_name = item.offer_name.or_else(|| item.friendly_name.clone()).unwrap_or_else(|| external_id.clone());
    Ok(Change::Subscription(Subscription {
        id: SubscriptionId::of(customer_id, &external_id),
        customer_id,
        external_id,
        parent_id: parent.map(|parent| SubscriptionId::of(customer_id, &parent)),
        offer_id: item.offer_id,
        friendly_name: item.friendly_name.unwrap_or_else(|| offer_name.clone()),
        offer_name,
        product_family,
        product_family_signal,
        product_type: item.product_type.id.or(item.product_type.display_name),
        quantity,
        unit_type: item.unit_type,
        status,
        status_text: status_text.unwrap_or_default(),
        billing_type,
        billing_type_text,
        billing_cycle,
        billing_cycle_text,
        term: item.term_duration,
        renewal_term: item.renewal_term_duration,
        created_at: item.creation_date.0,
        starts_at: item.effective_start_date.0,
        commitment_ends_on: item.commitment_end_date.0.or(item.commitment_end_date_time.0),
        cancellable_until: item.cancellation_allowed_until_date.0,
        is_auto_renewed: item.auto_renew_enabled,
        is_trial: item.is_trial.unwrap_or(false),
        is_microsoft_product: item.is_microsoft_product,
        publisher: item.publisher_name,
        reseller_network_id: item.partner_id,
        suspension_reasons: item.suspension_reasons,
        order_id: item.order_id,
        contract_type: item.contract_type,
        support_contact: SupportContact::default(),
        observed_at: origin.observed_at,
    }))
}

/// Product types of newer answers that tell the family by themselves; others, such as `OnlineServicesNCE`, only tell
/// how a product is sold.
const PRODUCT_TYPES: &[(&str, ProductFamily)] =
    &[("azure", ProductFamily::Azure), ("software", ProductFamily::Software)];

/// The family of products that a subscription belongs to, and what that was told from.
fn family(item: &wire::Subscription) -> (ProductFamily, String) {
    if let Some(publisher) = item.publisher_name.as_deref().filter(|name| !name.to_lowercase().contains("microsoft")) {
        return (ProductFamily::ThirdParty, format!("publisherName: {publisher}"));
    }
    if item.is_microsoft_product == Some(false) {
        return (ProductFamily::ThirdParty, "isMicrosoftProduct: false".to_owned());
    }
    if let Some(product_type) = item.product_type.id.as_deref().or(item.product_type.display_name.as_deref()) {
        let word = product_type.to_lowercase();
        if let Some((_, family)) = PRODUCT_TYPES.iter().find(|(prefix, _)| word.starts_with(prefix)) {
            return (*family, format!("productType: {product_type}"));
        }
    }
    if let Some(offer) = item.offer_id.as_deref().filter(|offer| offer.to_uppercase().starts_with("MS-AZR-")) {
        return (ProductFamily::Azure, format!("offerId: {offer}"));
    }
    let is_usage = matches!(
        meaning_of_number(item.billing_type.as_deref(), BILLING_TYPES, BillingType::Unknown).0,
        BillingType::Usage
    );
    if is_usage && item.entitlement_id.is_some() {
        return (ProductFamily::Azure, "billingType: usage, with entitlementId".to_owned());
    }
    match item.offer_name.as_deref().or(item.friendly_name.as_deref()) {
        Some(name) => (ProductFamily::of_name(name), format!("offerName: {name}")),
        None => (ProductFamily::Unknown, String::new()),
    }
}

/// An item of `GET …/subscriptions/{sub}/azureEntitlements`.
pub fn azure_entitlement(item: wire::AzureEntitlement, origin: &Origin) -> Result<Change, String> {
    let external_id = key::external_id(item.id)?;
    let external_id = key::guid(&external_id).ok_or_else(|| format!("its id `{external_id}` is not a GUID"))?;
    let link = item.links.own.uri.as_deref();
    let customer_id = origin.customer_or(link)?;
    let plan = item.subscription_id.filter(|id| !key::is_placeholder(id)).or_else(|| origin.subscription.clone());
    let plan = plan.or_else(|| link.and_then(key::subscription_in)).ok_or(WHICH_SUBSCRIPTION)?;
    let subscription_id = SubscriptionId::of(customer_id, &plan);
    Ok(Change::AzureEntitlement(AzureEntitlement {
        id: AzureEntitlementId::of(subscription_id, &external_id),
        customer_id,
        subscription_id,
        external_id,
        friendly_name: item.friendly_name,
        status_text: item.status,
        observed_at: origin.observed_at,
    }))
}

/// The answer of `GET …/subscriptions/{sub}/supportcontact`.
pub fn support_contact(item: wire::SupportContact, origin: &Origin) -> Result<Change, String> {
    let link = item.links.own.uri.as_deref();
    let customer_id = origin.customer_or(link)?;
    let subscription = origin.subscription.clone().or_else(|| link.and_then(key::subscription_in));
    let subscription_id = SubscriptionId::of(customer_id, &subscription.ok_or(WHICH_SUBSCRIPTION)?);
    Ok(Change::SupportContact(
        subscription_id,
        SupportContact {
            applicability: SupportContactApplicability::Set,
            name: item.name,
            tenant_id: item.support_tenant_id.as_deref().and_then(key::guid),
            network_id: item.support_mpn_id,
        },
    ))
}

const WHICH_SUBSCRIPTION: &str =
    "it does not say which subscription it belongs to: put the file below a folder named after the subscription's id";
