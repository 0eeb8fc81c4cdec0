//! Partner Center's JSON, one item each. All members are optional; names are read in any letter case.

use serde::Deserialize;

use crate::upstream::time::{Day, Time};

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Customer {
    pub id: Option<String>,
    pub commerce_id: Option<String>,
    pub company_profile: CompanyProfile,
    pub billing_profile: BillingProfile,
    pub relationship_to_partner: Option<String>,
    pub allow_delegated_access: Option<bool>,
    pub custom_domains: Vec<String>,
    pub associated_partner_id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct CompanyProfile {
    pub tenant_id: Option<String>,
    pub domain: Option<String>,
    pub company_name: Option<String>,
    pub address: Address,
    pub organization_registration_number: Option<String>,
    pub links: Links,
}

/// The billing profile of a customer.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct BillingProfile {
    pub culture: Option<String>,
    pub language: Option<String>,
    pub company_name: Option<String>,
    pub default_address: Address,
    pub links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Address {
    pub country: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Links {
    #[serde(rename = "self")]
    pub own: Link,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Link {
    pub uri: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Subscription {
    pub id: Option<String>,
    pub offer_id: Option<String>,
    pub entitlement_id: Option<String>,
    pub offer_name: Option<String>,
    pub friendly_name: Option<String>,
    pub product_type: ProductType,
    pub quantity: Option<i64>,
    pub unit_type: Option<String>,
    pub parent_subscription_id: Option<String>,
    pub creation_date: Time,
    pub effective_start_date: Time,
    pub commitment_end_date: Day,
    pub commitment_end_date_time: Day,
    pub cancellation_allowed_until_date: Time,
    pub status: Option<String>,
    pub auto_renew_enabled: Option<bool>,
    pub is_trial: Option<bool>,
    pub is_microsoft_product: Option<bool>,
    pub publisher_name: Option<String>,
    pub billing_type: Option<String>,
    pub billing_cycle: Option<String>,
    pub term_duration: Option<String>,
    pub renewal_term_duration: Option<String>,
    pub partner_id: Option<String>,
    pub suspension_reasons: Vec<String>,
    pub contract_type: Option<String>,
    pub order_id: Option<String>,
    pub links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ProductType {
    pub id: Option<String>,
    pub display_name: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct AzureEntitlement {
    pub id: Option<String>,
    pub friendly_name: Option<String>,
    pub status: Option<String>,
    pub subscription_id: Option<String>,
    pub links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct SupportContact {
    pub support_tenant_id: Option<String>,
    pub support_mpn_id: Option<String>,
    pub name: Option<String>,
    pub links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct ServiceRequest {
    pub id: Option<String>,
    pub title: Option<String>,
    pub description: Option<String>,
    pub severity: Option<String>,
    pub support_topic_name: Option<String>,
    pub status: Option<String>,
    pub organization: Organization,
    pub primary_contact: Contact,
    pub product_name: Option<String>,
    pub created_date: Time,
    pub last_modified_date: Time,
    pub last_closed_date: Time,
    pub notes: Vec<Note>,
    pub country_code: Option<String>,
    pub links: Links,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Organization {
    pub id: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Contact {
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    pub email: Option<String>,
    pub phone_number: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Note {
    pub created_by_name: Option<String>,
    pub created_date: Time,
    pub text: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Relation {
    pub id: Option<String>,
    pub name: Option<String>,
    pub relationship_type: Option<String>,
    pub state: Option<String>,
    pub mpn_id: Option<String>,
    /// How newer pages call `mpnId`.
    pub partner_id: Option<String>,
    pub location: Option<String>,
}

/// Each of the partner's own profiles has some of these.
#[derive(Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
pub struct Profile {
    pub email: Option<String>,
    pub telephone: Option<String>,
    pub website: Option<String>,
    pub partner_name: Option<String>,
    pub mpn_id: Option<String>,
    /// How newer pages call `mpnId`.
    pub partner_id: Option<String>,
    pub company_name: Option<String>,
    pub address: Address,
    pub default_address: Address,
    pub vetting_status: Option<String>,
    pub tenant_id: Option<String>,
    pub domain: Option<String>,
    pub culture: Option<String>,
    pub billing_currency: Option<String>,
}
