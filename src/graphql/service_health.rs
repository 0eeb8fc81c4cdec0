//! `Service` and `ServiceHealth`: Microsoft's services, and their state for each customer.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    filter::{FilterInput, OrderDirection, Terms, TextFilter, restrict},
    loaders::*,
    subscription::ProductFamily,
};
use crate::{
    domain::{
        self, CustomerId, Result, ServiceId,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        page::{List, Order},
        service_health::{
            Service, ServiceHealth, ServiceHealthKey, ServiceHealthPredicate, ServiceKey, ServicePredicate,
        },
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for Service {
    const NAME: &'static str = "Service";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Service];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A Microsoft cloud service, e.g. Exchange Online. Source: the names in Graph's health overviews and issues \
             and in Azure's events; services have no age of their own.",
        );
        object.node("svc", |s| s.id.0, |context| ServiceById { store: context.store() });
        object.text("name", "What Microsoft calls it.", |s| &s.name);
        object.text("code", "Microsoft's short id, e.g. `Exchange`; the name where there is none.", |s| &s.code);
        object.word::<ProductFamily>("productFamily", "Which family it belongs to. Derived from the name.", |s| {
            s.product_family.into()
        });
        object.word::<Source>("source", "Which upstream tells of it.", |s| s.source.into());
        object.page(
            "health",
            "Its state for each customer that has it; worst first unless ordered otherwise.",
            |s| s.id,
            |context, list| ServiceHealthOfService { store: context.store(), list },
        );
        object.page(
            "incidents",
            "Incidents and advisories that name it; last changed first unless ordered otherwise.",
            |s| s.id,
            |context, list| IncidentsOfService { store: context.store(), list },
        );
    }
}

impl Described for ServiceHealth {
    const NAME: &'static str = "ServiceHealth";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::ServiceHealth];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "The state of one service for one customer. Source: Graph's health overview in the customer's tenant, as of \
             `observedAt`. An answer older than ten minutes is not believed: `status` is then UNKNOWN, never healthy.",
        );
        object.node("hlt", |h| h.id.0, |context| ServiceHealthById { store: context.store() });
        object.word_now::<HealthStatus>(
            "status",
            "The state that may be relied on now: what Microsoft reported, or UNKNOWN if that is too old.",
            |h, now| h.status_at(now).0.into(),
            ServiceHealth::stale_at,
        );
        object.nullable_word_now::<UnknownReason>(
            "unknownReason",
            "Why `status` is UNKNOWN. Null unless it is.",
            |h, now| h.status_at(now).1.map(Into::into),
            ServiceHealth::stale_at,
        );
        object.word_now::<HealthLight>(
            "light",
            "What a board shows for `status`. Derived; grey is not known, never fine.",
            |h, now| h.status_at(now).0.light().into(),
            ServiceHealth::stale_at,
        );
        object.word::<HealthStatus>("reportedStatus", "What Microsoft last reported, whatever its age.", |h| {
            h.reported_status.into()
        });
        object.text("reportedStatusText", "Microsoft's own word for the reported status. Empty if omitted.", |h| {
            &h.reported_status_text
        });
        object.time(
            "since",
            "Since when the reported status stands: when we first saw it, since upstream tells no time.",
            |h| h.since,
        );
        object.word::<Source>("source", "Which upstream tells of health.", |_| {
            domain::service_health::Source::MicrosoftGraph.into()
        });
        object.time("observedAt", "When Graph last said this.", |h| h.observed_at);
        object.time("staleAt", "From when on the answer is no longer believed.", ServiceHealth::stale_at);
        object.nullable_one(
            "service",
            "The service.",
            |h| Some(h.service_id),
            |context, _| Ok(ServiceById { store: context.store() }),
        );
        object.nullable_one(
            "customer",
            "The customer. Null until the customer itself was read.",
            |h| Some(h.customer_id),
            |context, wanted| Ok(CustomerById { store: context.store(), wants: wanted.wants() }),
        );
    }
}

impl Paged for Service {
    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<ServiceFilter>>("filter", "Only services that this selects."),
            argument::<Option<Vec<ServiceOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. By name if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, ServiceFilter, ServiceOrder>(args, list)
    }
}

impl Paged for ServiceHealth {
    const FILTER_READS: &'static [EntityKind] = &[EntityKind::Service];

    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<ServiceHealthFilter>>("filter", "Only states that this selects."),
            argument::<Option<Vec<ServiceHealthOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. Worst first if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, ServiceHealthFilter, ServiceHealthOrder>(args, list)
    }
}

/// Who tells of a thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::service_health::Source")]
pub enum Source {
    /// Microsoft's Partner Center.
    PartnerCenter,
    /// Microsoft Graph's service announcements.
    MicrosoftGraph,
    /// Azure's service health.
    AzureResourceHealth,
    /// The partner itself: in its own file, or by what somebody did here.
    Entered,
}

/// Microsoft's words for how a service does, from best to worst. Those before `UNKNOWN` are the healthy ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::service_health::HealthStatus")]
pub enum HealthStatus {
    /// The service works.
    ServiceOperational,
    /// The service works again.
    ServiceRestored,
    /// There was nothing.
    FalsePositive,
    /// It is over.
    Resolved,
    /// Somebody else ended it.
    ResolvedExternal,
    /// It is over, and a report tells why.
    PostIncidentReviewPublished,
    /// Nothing more is found out.
    InvestigationSuspended,
    /// Not told, a word that this version does not know, or nothing fresh; never read as healthy.
    Unknown,
    /// The effect is gone.
    Mitigated,
    /// Somebody else removed the effect.
    MitigatedExternal,
    /// A repair is being checked.
    VerifyingService,
    /// A repair is under way.
    RestoringService,
    /// Somebody reported it.
    Reported,
    /// Microsoft confirms it.
    Confirmed,
    /// Microsoft looks for the cause.
    Investigating,
    /// Repaired, with lasting effect for some.
    ExtendedRecovery,
    /// The service works badly.
    ServiceDegradation,
    /// The service is down.
    ServiceInterruption,
}

/// What a board shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::service_health::HealthLight")]
pub enum HealthLight {
    /// It works.
    Green,
    /// It works badly, or is being repaired.
    Yellow,
    /// It is down.
    Red,
    /// Nobody knows.
    Grey,
}

/// Why a status is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::service_health::UnknownReason")]
pub enum UnknownReason {
    /// The last answer is too old to be believed.
    Stale,
    /// Microsoft told none, or a word that this version does not know.
    UnknownWord,
}

/// Which services. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServiceFilter {
    /// Every one of these holds.
    and: Option<Vec<ServiceFilter>>,
    /// At least one of these holds.
    or: Option<Vec<ServiceFilter>>,
    /// This does not hold.
    not: Option<Box<ServiceFilter>>,
    /// Services with these global ids.
    ids: Option<Vec<ID>>,
    /// By name.
    name: Option<TextFilter>,
    /// By product family.
    product_family: Option<Vec<ProductFamily>>,
    /// By the upstream that tells of it.
    source: Option<Vec<Source>>,
}

impl FilterInput for ServiceFilter {
    type Predicate = ServicePredicate;

    fn filter(self) -> Result<Filter<ServicePredicate>> {
        use ServicePredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.ids, ServiceId::PREFIX, P::Id)?
            .text(self.name, P::Name)
            .one_of(self.product_family, P::ProductFamily)
            .one_of(self.source, P::Source)
            .all())
    }
}

/// Which states of services. They speak of what Microsoft last reported, whatever its age. Members of one filter hold
/// together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServiceHealthFilter {
    /// Every one of these holds.
    and: Option<Vec<ServiceHealthFilter>>,
    /// At least one of these holds.
    or: Option<Vec<ServiceHealthFilter>>,
    /// This does not hold.
    not: Option<Box<ServiceHealthFilter>>,
    /// For customers with these global ids.
    customer_ids: Option<Vec<ID>>,
    /// Of services with these global ids.
    service_ids: Option<Vec<ID>>,
    /// By the reported status.
    reported_status: Option<Vec<HealthStatus>>,
    /// Whether the reported status is a healthy one: see `HealthStatus`.
    is_healthy: Option<bool>,
    /// Of such services.
    service: Option<Box<ServiceFilter>>,
}

impl FilterInput for ServiceHealthFilter {
    type Predicate = ServiceHealthPredicate;

    fn filter(self) -> Result<Filter<ServiceHealthPredicate>> {
        use ServiceHealthPredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.customer_ids, CustomerId::PREFIX, P::Customer)?
            .ids(self.service_ids, ServiceId::PREFIX, P::Service)?
            .one_of(self.reported_status, P::ReportedStatus)
            .is(self.is_healthy, P::Healthy)
            .some(self.service, P::OfService)?
            .all())
    }
}

/// One key of an order of services.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceOrder {
    /// By what.
    field: ServiceOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What services can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ServiceKey")]
pub enum ServiceOrderField {
    /// By name, without regard to letter case.
    Name,
    /// By product family, in alphabetical order of its name.
    ProductFamily,
}

impl From<ServiceOrder> for Order<ServiceKey> {
    fn from(order: ServiceOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}

/// One key of an order of services' states.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceHealthOrder {
    /// By what.
    field: ServiceHealthOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What services' states can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ServiceHealthKey")]
pub enum ServiceHealthOrderField {
    /// By how bad the reported status is; the worst first in descending order.
    Severity,
    /// By since when the reported status stands; the longest comes first in ascending order.
    Since,
}

impl From<ServiceHealthOrder> for Order<ServiceHealthKey> {
    fn from(order: ServiceHealthOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
