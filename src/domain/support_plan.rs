//! The partner's contracts and benefits with Microsoft, their kinds, and how soon Microsoft answers under them.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use super::{
    ResponseTargetId, SupportPlanId, SupportPlanKindId,
    page::{KeyValue, Listed, Order},
    product_family::ProductFamily,
    service_request::Severity,
};

/// The tier that partners speak of; names and allowances change with time, so kinds are data.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum SupportTier {
    Premier,
    Advanced,
    Signature,
    #[default]
    Other,
}

/// What a kind of plan rests on.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum PlanBasis {
    #[default]
    Fee,
    Qualification,
    Programme,
}

/// A kind of support plan, e.g. Advanced Support for Partners, under the names it had over time.
///
/// Reference data with validity dates; source URL in each row.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportPlanKind {
    pub id: SupportPlanKindId,
    /// e.g. `ASFP`.
    pub code: String,
    pub name: String,
    pub tier: SupportTier,
    /// Other names, older and newer.
    pub aliases: Vec<String>,
    pub basis: PlanBasis,
    /// Families that plans of this kind cover.
    pub covers: Vec<ProductFamily>,
    /// Whether on-premises products are covered.
    pub covers_on_premises: bool,
    pub valid_from: Option<NaiveDate>,
    /// Last valid day.
    pub valid_until: Option<NaiveDate>,
    pub source_url: Option<String>,
}

impl SupportPlanKind {
    /// The id of the kind with this code; the same for every partner.
    pub fn id_of(code: &str) -> SupportPlanKindId {
        SupportPlanKindId::derive(Uuid::NAMESPACE_OID, code)
    }
}

/// A contract or benefit of the partner with Microsoft. Owned: no API tells it.
#[derive(Clone, Debug, PartialEq)]
pub struct SupportPlan {
    pub id: SupportPlanId,
    pub kind_id: SupportPlanKindId,
    pub name: String,
    /// When the benefit was activated; a plan that needs activation covers nothing before.
    pub activated_at: Option<DateTime<Utc>>,
    pub valid_from: NaiveDate,
    /// Last valid day.
    pub valid_until: Option<NaiveDate>,
    /// Names of the account managers.
    pub managers: Vec<String>,
}

impl SupportPlan {
    /// Whether the plan is in force on `day`.
    pub fn is_valid_on(&self, day: NaiveDate) -> bool {
        self.valid_from <= day && self.valid_until.is_none_or(|last| day <= last)
    }
}

/// Which hours a target counts.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum TargetClock {
    Elapsed,
    Business,
    /// The source does not say.
    #[default]
    Unknown,
}

/// How far a figure may be trusted.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Confidence {
    Official,
    Secondary,
    #[default]
    Entered,
}

/// How soon Microsoft answers first, for one severity under one kind of plan.
#[derive(Clone, Debug, PartialEq)]
pub struct ResponseTarget {
    pub id: ResponseTargetId,
    pub kind_id: SupportPlanKindId,
    pub severity: Severity,
    /// The plan's own word for the severity, e.g. `A`.
    pub severity_label: String,
    pub first_response_seconds: i64,
    pub clock: TargetClock,
    /// Languages for which it holds, e.g. `en`; none for all.
    pub language: Option<String>,
    pub confidence: Confidence,
    pub valid_from: Option<NaiveDate>,
    pub valid_until: Option<NaiveDate>,
    pub source: String,
}

/// What can be asked of a support plan.
#[derive(Clone, Debug, PartialEq)]
pub enum SupportPlanPredicate {
    Id(BTreeSet<SupportPlanId>),
    Tier(BTreeSet<SupportTier>),
    /// In force on that day.
    ValidOn(NaiveDate),
    /// Its kind covers one of these families.
    Covers(BTreeSet<ProductFamily>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SupportPlanKey {
    Name,
    ValidFrom,
    ValidUntil,
}

impl Listed for SupportPlan {
    type Predicate = SupportPlanPredicate;
    type Key = SupportPlanKey;

    const DEFAULT_ORDER: &'static [Order<SupportPlanKey>] = &[Order::ascending(SupportPlanKey::Name)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: SupportPlanKey) -> KeyValue {
        match key {
            SupportPlanKey::Name => KeyValue::Text(super::filter::fold(&self.name)),
            SupportPlanKey::ValidFrom => self.valid_from.into(),
            SupportPlanKey::ValidUntil => self.valid_until.into(),
        }
    }
}
