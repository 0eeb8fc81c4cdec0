//! What the partner promises its customers: scope, hours, contact and price.

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    CustomerId, SupportOfferingId,
    page::{KeyValue, Listed, Order},
    product_family::ProductFamily,
};

/// What the partner promises its customers. Owned: the four things that a CSP partner has to tell.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportOffering {
    pub id: SupportOfferingId,
    pub name: String,
    pub covers: Vec<ProductFamily>,
    /// In words, with the time zone.
    pub hours: String,
    pub contact_email: Option<String>,
    pub contact_phone: Option<String>,
    pub contact_website: Option<String>,
    /// In hundredths of the currency, a month; none when it is free of charge.
    pub price_minor: Option<i64>,
    /// Three letters, ISO 4217.
    pub currency: Option<String>,
    /// Who does the work, if not the partner itself.
    pub provider: Option<String>,
    pub valid_from: NaiveDate,
    pub valid_until: Option<NaiveDate>,
}

/// That a customer was promised an offering.
#[derive(Clone, Debug, PartialEq)]
pub struct CustomerOffering {
    pub customer_id: CustomerId,
    pub offering_id: SupportOfferingId,
    pub valid_from: NaiveDate,
    pub valid_until: Option<NaiveDate>,
    /// When the customer was told.
    pub told_at: Option<DateTime<Utc>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportOfferingKey {
    Name,
}

impl Listed for SupportOffering {
    type Predicate = ();
    type Key = SupportOfferingKey;

    const DEFAULT_ORDER: &'static [Order<SupportOfferingKey>] = &[Order::ascending(SupportOfferingKey::Name)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: SupportOfferingKey) -> KeyValue {
        match key {
            SupportOfferingKey::Name => KeyValue::Text(super::filter::fold(&self.name)),
        }
    }
}
