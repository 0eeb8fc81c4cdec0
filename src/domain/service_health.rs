//! Microsoft's cloud services, and their state for each customer.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::{
    CustomerId, PartnerId, ServiceHealthId, ServiceId,
    filter::TextMatch,
    page::{KeyValue, Listed, Order},
    product_family::ProductFamily,
};

/// Who tells of a thing.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum Source {
    PartnerCenter,
    MicrosoftGraph,
    AzureResourceHealth,
    /// The partner's own entry.
    #[default]
    Entered,
}

/// A Microsoft cloud service, e.g. Exchange Online.
///
/// Source: names in Graph health overviews and issues, and in Azure events; the family is derived from the name.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub id: ServiceId,
    pub source: Source,
    /// The upstream's short id if it gave one, else the name; upstream paths use the name.
    pub code: String,
    pub name: String,
    pub product_family: ProductFamily,
}

impl Service {
    /// A service of which only the name is known.
    pub fn named(partner: PartnerId, source: Source, name: &str, product_family: ProductFamily) -> Self {
        Self {
            id: ServiceId::of_name(partner, source, name),
            source,
            code: name.to_owned(),
            name: name.to_owned(),
            product_family,
        }
    }

    /// Takes over what a newer answer says; one that knows no short id keeps the one that is known.
    pub fn absorb(&mut self, newer: Service) {
        let older = std::mem::replace(self, newer);
        if self.code == self.name {
            self.code = older.code;
        }
    }
}

/// The state words of Graph's `serviceHealthStatus`, from best to worst as a helpdesk reads them.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthStatus {
    ServiceOperational,
    ServiceRestored,
    FalsePositive,
    Resolved,
    ResolvedExternal,
    PostIncidentReviewPublished,
    InvestigationSuspended,
    /// A word that we do not know, or nothing fresh; never read as healthy.
    #[default]
    Unknown,
    Mitigated,
    MitigatedExternal,
    VerifyingService,
    RestoringService,
    Reported,
    Confirmed,
    Investigating,
    ExtendedRecovery,
    ServiceDegradation,
    ServiceInterruption,
}

/// What a light on a board shows for a status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum HealthLight {
    Green,
    Yellow,
    Red,
    Grey,
}

impl HealthStatus {
    /// The colour that stands for the status: grey is "not known", never "fine".
    pub fn light(self) -> HealthLight {
        match self {
            Self::Unknown => HealthLight::Grey,
            Self::ServiceInterruption => HealthLight::Red,
            healthy if healthy < Self::Unknown => HealthLight::Green,
            _ => HealthLight::Yellow,
        }
    }
}

/// Why a status is `UNKNOWN`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, strum::EnumString, strum::IntoStaticStr)]
#[strum(serialize_all = "SCREAMING_SNAKE_CASE")]
pub enum UnknownReason {
    /// The last answer is too old to be believed.
    Stale,
    /// Microsoft used a word that this version does not know.
    UnknownWord,
}

/// The state of one service for one customer.
///
/// Source: Graph `GET /admin/serviceAnnouncement/healthOverviews` in the customer's tenant. The overview carries no
/// time, so `since` is when we first saw the status.
#[derive(Clone, Debug, PartialEq)]
pub struct ServiceHealth {
    pub id: ServiceHealthId,
    pub customer_id: CustomerId,
    pub service_id: ServiceId,
    /// What Microsoft last said.
    pub reported_status: HealthStatus,
    pub reported_status_text: String,
    pub since: DateTime<Utc>,
    pub observed_at: DateTime<Utc>,
}

impl ServiceHealth {
    /// How long an answer is believed: two of the slowest polls of five minutes.
    pub const FRESH_FOR: TimeDelta = TimeDelta::minutes(10);

    /// From when on the answer is no longer believed.
    pub fn stale_at(&self) -> DateTime<Utc> {
        self.observed_at + Self::FRESH_FOR
    }

    /// The status that may be shown at `now`, and why it is unknown if it is: an old answer is never "operational".
    pub fn status_at(&self, now: DateTime<Utc>) -> (HealthStatus, Option<UnknownReason>) {
        match self.reported_status {
            _ if now >= self.stale_at() => (HealthStatus::Unknown, Some(UnknownReason::Stale)),
            HealthStatus::Unknown => (HealthStatus::Unknown, Some(UnknownReason::UnknownWord)),
            known => (known, None),
        }
    }
}

/// What can be asked of a service.
#[derive(Clone, Debug, PartialEq)]
pub enum ServicePredicate {
    Id(BTreeSet<ServiceId>),
    Name(TextMatch),
    ProductFamily(BTreeSet<ProductFamily>),
    Source(BTreeSet<Source>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceKey {
    Name,
    ProductFamily,
}

impl Listed for Service {
    type Predicate = ServicePredicate;
    type Key = ServiceKey;

    const DEFAULT_ORDER: &'static [Order<ServiceKey>] = &[Order::ascending(ServiceKey::Name)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: ServiceKey) -> KeyValue {
        match key {
            ServiceKey::Name => KeyValue::Text(super::filter::fold(&self.name)),
            ServiceKey::ProductFamily => <&str>::from(self.product_family).into(),
        }
    }
}

/// What can be asked of a service's health. It speaks of what Microsoft last reported, whatever its age.
#[derive(Clone, Debug, PartialEq)]
pub enum ServiceHealthPredicate {
    Customer(BTreeSet<CustomerId>),
    Service(BTreeSet<ServiceId>),
    ReportedStatus(BTreeSet<HealthStatus>),
    /// Whether the last report is a healthy one.
    Healthy(bool),
    /// About the service itself.
    OfService(Box<super::filter::Filter<ServicePredicate>>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ServiceHealthKey {
    /// How bad the reported status is; worst first when descending.
    Severity,
    Since,
}

impl HealthStatus {
    /// A number that grows with how bad the status is; what lists are ordered by.
    pub fn severity(self) -> i64 {
        self as i64
    }

    /// Whether it is one of the states in which a service works.
    pub fn is_healthy(self) -> bool {
        self.light() == HealthLight::Green
    }
}

impl Listed for ServiceHealth {
    type Predicate = ServiceHealthPredicate;
    type Key = ServiceHealthKey;

    const DEFAULT_ORDER: &'static [Order<ServiceHealthKey>] = &[Order::descending(ServiceHealthKey::Severity)];

    fn row_id(&self) -> Uuid {
        self.id.0
    }

    fn key(&self, key: ServiceHealthKey) -> KeyValue {
        match key {
            ServiceHealthKey::Severity => self.reported_status.severity().into(),
            ServiceHealthKey::Since => self.since.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(status: HealthStatus) -> ServiceHealth {
        ServiceHealth {
            id: ServiceHealthId(Uuid::nil()),
            customer_id: CustomerId(Uuid::nil()),
            service_id: ServiceId(Uuid::nil()),
            reported_status: status,
            reported_status_text: String::new(),
            since: DateTime::UNIX_EPOCH,
            observed_at: DateTime::UNIX_EPOCH,
        }
    }

    #[test]
    fn a_service_keeps_its_short_id_when_an_issue_knows_only_the_name() {
        let partner = PartnerId::of_tenant("p");
        let named = Service::named(partner, Source::MicrosoftGraph, "Exchange Online", ProductFamily::Microsoft365);
        let mut known = Service { code: "Exchange".to_owned(), ..named.clone() };
        known.absorb(named);
        assert_eq!(known.code, "Exchange");
    }

    #[test]
    fn an_old_answer_is_unknown_and_says_why() {
        let health = health(HealthStatus::ServiceOperational);
        assert_eq!(health.status_at(DateTime::UNIX_EPOCH), (HealthStatus::ServiceOperational, None));
        assert_eq!(health.status_at(health.stale_at()), (HealthStatus::Unknown, Some(UnknownReason::Stale)));
    }

    #[test]
    fn an_unknown_word_is_grey_and_ranks_above_operational() {
        assert_eq!(HealthStatus::Unknown.light(), HealthLight::Grey);
        assert!(HealthStatus::Unknown.severity() > HealthStatus::ServiceOperational.severity());
        assert!(HealthStatus::Unknown.severity() < HealthStatus::ServiceDegradation.severity());
    }
}
