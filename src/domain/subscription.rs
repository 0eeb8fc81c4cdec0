//! What a customer bought, with add-ons and Azure entitlements.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    AzureEntitlementId, CustomerId, SubscriptionId,
    filter::{Range, TextMatch, fold},
    page::{KeyValue, Listed, Order},
    product_family::ProductFamily,
};

/// Where a subscription stands. Upstream documents the states and not the permitted changes: none is refused.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SubscriptionStatus {
    Active,
    Suspended,
    Deleted,
    Expired,
    Pending,
    Disabled,
    #[default]
    Unknown,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum BillingType {
    Usage,
    License,
    Benefit,
    #[default]
    Unknown,
}

#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum BillingCycle {
    Monthly,
    Annual,
    OneTime,
    Triennial,
    Biennial,
    None,
    #[default]
    Unknown,
}

/// What is known of the designated support contact of a subscription.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SupportContactApplicability {
    Set,
    NotApplicable,
    #[default]
    Unknown,
}

/// Whom Microsoft's pages name as support contact of a subscription.
///
/// Source: Partner Center `GET …/subscriptions/{id}/supportcontact`; legacy offers only.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportContact {
    pub applicability: SupportContactApplicability,
    pub name: Option<String>,
    pub tenant_id: Option<String>,
    pub network_id: Option<String>,
}

impl Default for SupportContact {
    fn default() -> Self {
        Self { applicability: SupportContactApplicability::Unknown, name: None, tenant_id: None, network_id: None }
    }
}

/// A commercial subscription that a customer holds, as the partner manages it.
///
/// Source: Partner Center `GET /v1/customers/{id}/subscriptions`, refreshed by every sync.
#[derive(Clone, Debug, PartialEq)]
pub struct Subscription {
    pub id: SubscriptionId,
    pub customer_id: CustomerId,
    /// Partner Center's id, lower case.
    pub external_id: String,
    /// The subscription that this one adds to.
    pub parent_id: Option<SubscriptionId>,
    pub offer_id: Option<String>,
    pub offer_name: String,
    /// The partner's own text; the offer's name if it gave none.
    pub friendly_name: String,
    pub product_family: ProductFamily,
    /// What the family was told from, e.g. `productType: Azure`.
    pub product_family_signal: String,
    pub product_type: Option<String>,
    /// Licences, or 1 for usage.
    pub quantity: i64,
    pub unit_type: Option<String>,
    pub status: SubscriptionStatus,
    pub status_text: String,
    pub billing_type: BillingType,
    pub billing_type_text: Option<String>,
    pub billing_cycle: BillingCycle,
    pub billing_cycle_text: Option<String>,
    /// ISO 8601, e.g. `P1Y`.
    pub term: Option<String>,
    pub renewal_term: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub starts_at: Option<DateTime<Utc>>,
    /// Last day of the term, inclusive; none when it never ends.
    pub commitment_ends_on: Option<NaiveDate>,
    pub cancellable_until: Option<DateTime<Utc>>,
    pub is_auto_renewed: Option<bool>,
    pub is_trial: bool,
    /// None when upstream did not say.
    pub is_microsoft_product: Option<bool>,
    pub publisher: Option<String>,
    /// Partner network id of the reseller.
    pub reseller_network_id: Option<String>,
    pub suspension_reasons: Vec<String>,
    pub order_id: Option<String>,
    pub contract_type: Option<String>,
    pub support_contact: SupportContact,
    pub observed_at: DateTime<Utc>,
}

impl Subscription {
    /// Days left of the commitment, counting its last day; none when it never ends.
    pub fn commitment_days_left(&self, today: NaiveDate) -> Option<i64> {
        self.commitment_ends_on.map(|end| (end - today).num_days() + 1)
    }

    /// The family in which a support plan may cover this subscription. None if no plan can: it is not active, or a
    /// third party made it.
    pub fn family_to_cover(&self) -> Option<ProductFamily> {
        let is_microsofts =
            self.is_microsoft_product != Some(false) && self.product_family != ProductFamily::ThirdParty;
        (self.status == SubscriptionStatus::Active && is_microsofts).then_some(self.product_family)
    }
}

/// An Azure subscription below an Azure plan.
///
/// Source: Partner Center `GET …/subscriptions/{id}/azureEntitlements`.
#[derive(Clone, Debug, PartialEq)]
pub struct AzureEntitlement {
    pub id: AzureEntitlementId,
    pub customer_id: CustomerId,
    pub subscription_id: SubscriptionId,
    /// The Azure subscription's own GUID, lower case.
    pub external_id: String,
    pub friendly_name: Option<String>,
    pub status_text: Option<String>,
    pub observed_at: DateTime<Utc>,
}

/// What can be asked of a subscription.
#[derive(Clone, Debug, PartialEq)]
pub enum SubscriptionPredicate {
    Id(BTreeSet<SubscriptionId>),
    Customer(BTreeSet<CustomerId>),
    Name(TextMatch),
    ProductFamily(BTreeSet<ProductFamily>),
    Status(BTreeSet<SubscriptionStatus>),
    Quantity(Range<i64>),
    CommitmentEndsOn(Range<NaiveDate>),
    AutoRenewed(bool),
    Trial(bool),
    /// Whether it adds to another subscription.
    AddOn(bool),
    MicrosoftProduct(bool),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SubscriptionKey {
    Name,
    Quantity,
    Status,
    ProductFamily,
    CommitmentEndsOn,
    CreatedAt,
}

impl Listed for Subscription {
    type Predicate = SubscriptionPredicate;
    type Key = SubscriptionKey;

    const DEFAULT_ORDER: &'static [Order<SubscriptionKey>] = &[Order::ascending(SubscriptionKey::Name)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: SubscriptionKey) -> KeyValue {
        match key {
            SubscriptionKey::Name => KeyValue::Text(fold(&self.friendly_name)),
            SubscriptionKey::Quantity => self.quantity.into(),
            SubscriptionKey::Status => <&str>::from(self.status).into(),
            SubscriptionKey::ProductFamily => <&str>::from(self.product_family).into(),
            SubscriptionKey::CommitmentEndsOn => self.commitment_ends_on.into(),
            SubscriptionKey::CreatedAt => self.created_at.into(),
        }
    }
}

impl Listed for AzureEntitlement {
    type Predicate = ();
    type Key = ();

    const DEFAULT_ORDER: &'static [Order<()>] = &[];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, (): ()) -> KeyValue {
        KeyValue::Null
    }
}
