//! `incidentChanged`.

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
        customer::CustomerPredicate,
        event::EntityKind,
        filter::Filter,
        incident::{Classification, Incident, IncidentPredicate},
        page::Wants,
        product_family::ProductFamily,
        service_health::{HealthStatus, ServicePredicate},
    },
    engine::{Args, Described, Object},
    graphql::{
        filter::{check_filter, read_ids, set},
        incident::IncidentClassification as Class,
        service_health::HealthStatus as Status,
        subscription::ProductFamily as Family,
    },
    live::{Moment, Part, Place, Row},
    store::{ScopedStore, Slice},
};

/// Which changes of incidents are told. Members hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct IncidentChangedFilter {
    /// Seen by customers with these global ids.
    customer_ids: Option<Vec<ID>>,
    /// Of services with these global ids.
    service_ids: Option<Vec<ID>>,
    /// Of these product families.
    product_family: Option<Vec<Family>>,
    /// The status is one of these after the change, or was before it; in a snapshot, it is one of these.
    status: Option<Vec<Status>>,
    /// Of these classifications.
    classification: Option<Vec<Class>>,
}

/// What `incidentChanged` was asked for.
pub struct IncidentChanges {
    customers: Option<BTreeSet<CustomerId>>,
    services: Option<BTreeSet<ServiceId>>,
    families: Option<BTreeSet<ProductFamily>>,
    statuses: Option<BTreeSet<HealthStatus>>,
    classifications: Option<BTreeSet<Classification>>,
}

impl Feed for IncidentChanges {
    type Row = Incident;
    const NAME: &'static str = "incidentChanged";
    const IS_STATE: bool = false;

    fn new(args: &Args) -> Result<Self> {
        check_filter(args)?;
        let filter: IncidentChangedFilter = args.get::<Option<_>>("filter")?.unwrap_or_default();
        Ok(Self {
            customers: read_ids(filter.customer_ids, CustomerId::PREFIX)?,
            services: read_ids(filter.service_ids, ServiceId::PREFIX)?,
            families: set(filter.product_family),
            statuses: set(filter.status),
            classifications: set(filter.classification),
        })
    }

    fn kinds(&self) -> Vec<EntityKind> {
        vec![EntityKind::Incident]
    }

    fn customers(&self) -> Option<Vec<CustomerId>> {
        self.customers.as_ref().map(|customers| customers.iter().copied().collect())
    }

    fn wants(&self, moment: &Moment) -> bool {
        let Some(Row::Incident(incident)) = &moment.row else { return false };
        let is_of_service = |wanted: &BTreeSet<ServiceId>| incident.service_id.is_some_and(|id| wanted.contains(&id));
        self.services.as_ref().is_none_or(is_of_service)
            && self.families.as_ref().is_none_or(|wanted| wanted.contains(&incident.product_family))
            && self.classifications.as_ref().is_none_or(|wanted| wanted.contains(&incident.classification))
            && self.statuses.as_ref().is_none_or(|wanted| moment.had_or_has("status", incident.status, wanted))
    }

    fn slice<'a>(&'a self, store: &'a ScopedStore, place: Place) -> BoxFuture<'a, Result<Slice<Row>>> {
        use IncidentPredicate as P;
        let customers = |ids| P::Customer(Box::new(Filter::Is(CustomerPredicate::Id(ids))));
        let services = |ids| P::Service(Box::new(Filter::Is(ServicePredicate::Id(ids))));
        let terms = [
            Some(P::Open(true)),
            self.customers.clone().map(customers),
            self.services.clone().map(services),
            self.families.clone().map(P::ProductFamily),
            self.statuses.clone().map(P::Status),
            self.classifications.clone().map(P::Classification),
        ];
        let filter = Filter::All(terms.into_iter().flatten().map(Filter::Is).collect());
        async move {
            let after = (place.position, MOST_EVENTS);
            let slice = store.incident_slice(after, (place.upper, MOST_ROWS), &filter).await?;
            Ok(slice.map(|incident| Row::Incident(Box::new(incident))))
        }
        .boxed()
    }

    fn events<'a>(
        &'a self,
        store: &'a ScopedStore,
        parts: Vec<(Header, Part)>,
    ) -> BoxFuture<'a, Result<Vec<LiveEvent<Incident>>>> {
        let own = |row| match row {
            Row::Incident(incident) => Some(*incident),
            _ => None,
        };
        with_rows(store, parts, own, async |ids: Vec<_>| store.incidents_by_id(&ids, &Wants::Everything).await).boxed()
    }
}

impl About for Incident {
    const EVENT: &'static str = "IncidentChange";
    const EVENT_NEEDS: Option<Permission> = Incident::NEEDS;
    const EVENT_MADE_FROM: &'static [EntityKind] = &[EntityKind::Incident];

    fn describe_event(object: &mut Object<LiveEvent<Self>>) {
        object.about(
            "What became of an incident or advisory. Source: Graph's issues and Azure's events, whenever one says something \
             else than before, gains a post, is seen by a further customer, or is told a customer in other words.",
        );
        object.nullable_given(
            "incident",
            "The incident as it is when this is sent, which may be later than the event; in a snapshot, as it was then. \
             Null when a snapshot is complete.",
            |e| e.row.as_ref(),
        );
    }
}
