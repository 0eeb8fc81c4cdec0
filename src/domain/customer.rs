//! A customer of the partner.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::{
    CustomerId, PartnerRelationId,
    filter::{Filter, TextMatch, fold},
    incident::IncidentPredicate,
    page::{KeyValue, Listed, Order},
    service_health::ServiceHealthPredicate,
    service_request::ServiceRequestPredicate,
    subscription::SubscriptionPredicate,
};

/// What the partner is to the customer.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Relationship {
    Reseller,
    Advisor,
    Syndication,
    MicrosoftSupport,
    None,
    #[default]
    Unknown,
}

/// A customer of the partner.
///
/// Source: Partner Center `GET /v1/customers` and `/v1/customers/{id}`. The list omits fields that the single answer
/// has; what is omitted never erases what is known, see [`Customer::absorb`].
#[derive(Clone, Debug, PartialEq)]
pub struct Customer {
    pub id: CustomerId,
    /// Lower case.
    pub tenant_id: String,
    pub commerce_id: Option<String>,
    /// The tenant id where no answer gave a name yet.
    pub name: String,
    /// The `onmicrosoft.com` one, lower case.
    pub primary_domain: Option<String>,
    /// Lower case, sorted.
    pub custom_domains: Vec<String>,
    /// Two letters, ISO 3166.
    pub country: Option<String>,
    pub culture: Option<String>,
    pub language: Option<String>,
    pub relationship: Relationship,
    /// Microsoft's word for it.
    pub relationship_text: Option<String>,
    pub allow_delegated_access: Option<bool>,
    /// Partner network id of the indirect reseller.
    pub associated_partner_id: Option<String>,
    pub registration_number: Option<String>,
    /// The indirect reseller, once a list of the customer's relationships was read.
    pub reseller_id: Option<PartnerRelationId>,
    /// When the relation ended.
    pub ended_at: Option<DateTime<Utc>>,
    pub observed_at: DateTime<Utc>,
}

impl Customer {
    /// Takes over what a newer answer says; what it omits stays.
    pub fn absorb(&mut self, newer: Customer) {
        let older = std::mem::replace(self, newer);
        if self.name == self.tenant_id {
            self.name = older.name;
        }
        self.commerce_id = self.commerce_id.take().or(older.commerce_id);
        self.primary_domain = self.primary_domain.take().or(older.primary_domain);
        if self.custom_domains.is_empty() {
            self.custom_domains = older.custom_domains;
        }
        self.country = self.country.take().or(older.country);
        self.culture = self.culture.take().or(older.culture);
        self.language = self.language.take().or(older.language);
        if self.relationship_text.is_none() {
            self.relationship = older.relationship;
            self.relationship_text = older.relationship_text;
        }
        self.allow_delegated_access = self.allow_delegated_access.or(older.allow_delegated_access);
        self.associated_partner_id = self.associated_partner_id.take().or(older.associated_partner_id);
        self.registration_number = self.registration_number.take().or(older.registration_number);
        self.reseller_id = self.reseller_id.or(older.reseller_id);
    }
}

/// What can be asked of a customer.
#[derive(Clone, Debug, PartialEq)]
pub enum CustomerPredicate {
    Id(BTreeSet<CustomerId>),
    TenantId(BTreeSet<String>),
    Name(TextMatch),
    /// The primary domain or any custom one.
    Domain(TextMatch),
    Country(BTreeSet<String>),
    Relationship(BTreeSet<Relationship>),
    /// Whether the relation has ended.
    Ended(bool),
    Subscription(Box<Filter<SubscriptionPredicate>>),
    Incident(Box<Filter<IncidentPredicate>>),
    ServiceHealth(Box<Filter<ServiceHealthPredicate>>),
    ServiceRequest(Box<Filter<ServiceRequestPredicate>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerKey {
    Name,
    Country,
    TenantId,
}

impl Listed for Customer {
    type Predicate = CustomerPredicate;
    type Key = CustomerKey;

    const DEFAULT_ORDER: &'static [Order<CustomerKey>] = &[Order::ascending(CustomerKey::Name)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: CustomerKey) -> KeyValue {
        match key {
            CustomerKey::Name => KeyValue::Text(fold(&self.name)),
            CustomerKey::Country => self.country.as_deref().into(),
            CustomerKey::TenantId => self.tenant_id.as_str().into(),
        }
    }
}
