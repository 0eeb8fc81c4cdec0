//! `serviceHealthChanged`.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject};
use futures::future::{BoxFuture, FutureExt};

use super::{
    Feed, MOST_EVENTS, MOST_ROWS,
    event::{About, Header, LiveEvent, with_rows},
};
use crate::{
    domain::{
        CustomerId, Result, ServiceId,
        access::Permission,
        event::{EntityKind, Happening},
        filter::Filter,
        product_family::ProductFamily,
        service_health::{HealthStatus, ServiceHealth, ServiceHealthPredicate, ServicePredicate},
    },
    engine::{Args, Described, Object},
    graphql::{
        filter::{check_filter, read_ids, set},
        service_health::HealthStatus as Status,
        subscription::ProductFamily as Family,
    },
    live::{Moment, Part, Place, Row},
    store::{ScopedStore, Slice},
};

/// Which changes of services' states are told. Members hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServiceHealthChangedFilter {
    /// For customers with these global ids.
    customer_ids: Option<Vec<ID>>,
    /// Of services with these global ids.
    service_ids: Option<Vec<ID>>,
    /// Of services of these product families.
    product_family: Option<Vec<Family>>,
    /// The reported status is one of these after the change, or was before it; in a snapshot, it is one of these.
    reported_status: Option<Vec<Status>>,
    /// Only changes from a healthy status to another or back, when true; see `HealthStatus` for which are healthy. What is
    /// new counts as healthy before. The snapshot is not restricted by this.
    has_entered_or_left_operational: Option<bool>,
}

/// What `serviceHealthChanged` was asked for.
pub struct ServiceHealthChanges {
    customers: Option<BTreeSet<CustomerId>>,
    services: Option<BTreeSet<ServiceId>>,
    families: Option<BTreeSet<ProductFamily>>,
    statuses: Option<BTreeSet<HealthStatus>>,
    crosses_operational: bool,
}

impl Feed for ServiceHealthChanges {
    type Row = ServiceHealth;
    const NAME: &'static str = "serviceHealthChanged";
    const IS_STATE: bool = true;

    fn new(args: &Args) -> Result<Self> {
        check_filter(args)?;
        let filter: ServiceHealthChangedFilter = args.get::<Option<_>>("filter")?.unwrap_or_default();
        Ok(Self {
            customers: read_ids(filter.customer_ids, CustomerId::PREFIX)?,
            services: read_ids(filter.service_ids, ServiceId::PREFIX)?,
            families: set(filter.product_family),
            statuses: set(filter.reported_status),
            crosses_operational: filter.has_entered_or_left_operational.unwrap_or(false),
        })
    }

    fn kinds(&self) -> Vec<EntityKind> {
        vec![EntityKind::ServiceHealth]
    }

    fn customers(&self) -> Option<Vec<CustomerId>> {
        self.customers.as_ref().map(|customers| customers.iter().copied().collect())
    }

    fn wants(&self, moment: &Moment) -> bool {
        let Some(Row::ServiceHealth(health)) = &moment.row else { return false };
        let of = |before: Option<HealthStatus>, after: HealthStatus| {
            let is_healthy = |status: HealthStatus| status.is_healthy();
            let crosses = before.is_none_or(is_healthy) != is_healthy(after);
            let is_named = |status| self.statuses.as_ref().is_none_or(|wanted| wanted.contains(&status));
            (!self.crosses_operational || crosses) && (is_named(after) || before.is_some_and(is_named))
        };
        let is_of_service = self.services.as_ref().is_none_or(|wanted| wanted.contains(&health.service_id));
        let is_of_family = self
            .families
            .as_ref()
            .is_none_or(|wanted| moment.product_family.is_some_and(|family| wanted.contains(&family)));
        let told = moment.event.difference.get("reported_status").and_then(|told| told.as_array());
        let told = told.and_then(|told| Some((told.first()?.as_str()?, told.get(1)?.as_str()?)));
        let (before, after) = statuses(told, Some(moment.event.happening), health.reported_status);
        is_of_service && is_of_family && of(before, after)
    }

    fn slice<'a>(&'a self, store: &'a ScopedStore, place: Place) -> BoxFuture<'a, Result<Slice<Row>>> {
        use ServiceHealthPredicate as P;
        let families = self
            .families
            .clone()
            .map(|families| P::OfService(Box::new(Filter::Is(ServicePredicate::ProductFamily(families)))));
        let terms = [
            self.customers.clone().map(P::Customer),
            self.services.clone().map(P::Service),
            self.statuses.clone().map(P::ReportedStatus),
            families,
        ];
        let filter = Filter::All(terms.into_iter().flatten().map(Filter::Is).collect());
        async move {
            let after = (place.position, MOST_EVENTS);
            let slice = store.service_health_slice(after, (place.upper, MOST_ROWS), &filter).await?;
            Ok(slice.map(Row::ServiceHealth))
        }
        .boxed()
    }

    fn events<'a>(
        &'a self,
        store: &'a ScopedStore,
        parts: Vec<(Header, Part)>,
    ) -> BoxFuture<'a, Result<Vec<LiveEvent<ServiceHealth>>>> {
        let own = |row| match row {
            Row::ServiceHealth(health) => Some(health),
            _ => None,
        };
        with_rows(store, parts, own, async |ids: Vec<_>| store.service_health_by_id(&ids).await).boxed()
    }
}

/// The reported status before and after an event: what it `told` of it, else what stands there.
fn statuses(
    told: Option<(&str, &str)>,
    happening: Option<Happening>,
    present: HealthStatus,
) -> (Option<HealthStatus>, HealthStatus) {
    let word = |word: &str| word.parse().unwrap_or(HealthStatus::Unknown);
    match (told, happening) {
        (Some((before, after)), _) => (Some(word(before)), word(after)),
        (None, Some(Happening::Added) | None) => (None, present),
        (None, Some(_)) => (Some(present), present),
    }
}

impl LiveEvent<ServiceHealth> {
    fn statuses(&self) -> Option<(Option<HealthStatus>, HealthStatus)> {
        let present = self.row.as_ref()?.reported_status;
        Some(statuses(self.header.words("reportedStatus"), self.header.happening, present))
    }
}

impl About for ServiceHealth {
    const EVENT: &'static str = "ServiceHealthChange";
    const EVENT_NEEDS: Option<Permission> = ServiceHealth::NEEDS;
    const EVENT_MADE_FROM: &'static [EntityKind] = &[EntityKind::ServiceHealth];

    fn describe_event(object: &mut Object<LiveEvent<Self>>) {
        object.about(
            "What became of the state of a service for a customer. Source: Graph's health overviews, whenever one says \
             something else than the one before. That an answer grows old is no event: see `staleAt`.",
        );
        object.nullable_word::<Status>(
            "before",
            "The reported status before the change. Null for what is new, and in a snapshot.",
            |e| e.statuses()?.0.map(Into::into),
        );
        object.nullable_word::<Status>(
            "after",
            "The reported status after the change; in a snapshot, what it was then. Null when a snapshot is complete.",
            |e| Some(e.statuses()?.1.into()),
        );
        object.nullable_given(
            "health",
            "The state as it is when this is sent, which may be later than the event; in a snapshot, as it was then. Null \
             when a snapshot is complete.",
            |e| e.row.as_ref(),
        );
    }
}
