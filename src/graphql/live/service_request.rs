//! `serviceRequestChanged`.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject};
use futures::future::{BoxFuture, FutureExt};

use super::{
    Feed, MOST_EVENTS, MOST_ROWS,
    event::{About, Header, LiveEvent, with_rows},
};
use crate::{
    domain::{
        CustomerId, Result,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        page::Wants,
        service_request::{ServiceRequest, ServiceRequestPredicate, ServiceRequestStatus, Severity},
    },
    engine::{Args, Described, Object},
    graphql::{
        filter::{check_filter, read_ids, set},
        service_request::{ServiceRequestStatus as Status, Severity as HowBad},
    },
    live::{Moment, Part, Place, Row},
    store::{ScopedStore, Slice},
};

/// Which changes of tickets are told. Members hold together.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServiceRequestChangedFilter {
    /// Filed for customers with these global ids.
    customer_ids: Option<Vec<ID>>,
    /// The status is one of these after the change, or was before it; in a snapshot, it is one of these.
    status: Option<Vec<Status>>,
    /// The severity is one of these after the change, or was before it; in a snapshot, it is one of these.
    severity: Option<Vec<HowBad>>,
}

/// What `serviceRequestChanged` was asked for.
pub struct ServiceRequestChanges {
    customers: Option<BTreeSet<CustomerId>>,
    statuses: Option<BTreeSet<ServiceRequestStatus>>,
    severities: Option<BTreeSet<Severity>>,
}

impl Feed for ServiceRequestChanges {
    type Row = ServiceRequest;
    const NAME: &'static str = "serviceRequestChanged";
    const IS_STATE: bool = false;

    fn new(args: &Args) -> Result<Self> {
        check_filter(args)?;
        let filter: ServiceRequestChangedFilter = args.get::<Option<_>>("filter")?.unwrap_or_default();
        Ok(Self {
            customers: read_ids(filter.customer_ids, CustomerId::PREFIX)?,
            statuses: set(filter.status),
            severities: set(filter.severity),
        })
    }

    fn kinds(&self) -> Vec<EntityKind> {
        vec![EntityKind::ServiceRequest]
    }

    fn customers(&self) -> Option<Vec<CustomerId>> {
        self.customers.as_ref().map(|customers| customers.iter().copied().collect())
    }

    fn wants(&self, moment: &Moment) -> bool {
        let Some(Row::ServiceRequest(request)) = &moment.row else { return false };
        self.statuses.as_ref().is_none_or(|wanted| moment.had_or_has("status", request.status, wanted))
            && self.severities.as_ref().is_none_or(|wanted| moment.had_or_has("severity", request.severity, wanted))
    }

    fn slice<'a>(&'a self, store: &'a ScopedStore, place: Place) -> BoxFuture<'a, Result<Slice<Row>>> {
        use ServiceRequestPredicate as P;
        let terms = [
            Some(P::Open(true)),
            self.customers.clone().map(P::Customer),
            self.statuses.clone().map(P::Status),
            self.severities.clone().map(P::Severity),
        ];
        let filter = Filter::All(terms.into_iter().flatten().map(Filter::Is).collect());
        async move {
            let after = (place.position, MOST_EVENTS);
            let slice = store.service_request_slice(after, (place.upper, MOST_ROWS), &filter).await?;
            Ok(slice.map(|request| Row::ServiceRequest(Box::new(request))))
        }
        .boxed()
    }

    fn events<'a>(
        &'a self,
        store: &'a ScopedStore,
        parts: Vec<(Header, Part)>,
    ) -> BoxFuture<'a, Result<Vec<LiveEvent<ServiceRequest>>>> {
        let own = |row| match row {
            Row::ServiceRequest(request) => Some(*request),
            _ => None,
        };
        with_rows(store, parts, own, async |ids: Vec<_>| store.service_requests_by_id(&ids, &Wants::Everything).await)
            .boxed()
    }
}

impl About for ServiceRequest {
    const EVENT: &'static str = "ServiceRequestChange";
    const EVENT_NEEDS: Option<Permission> = ServiceRequest::NEEDS;
    const EVENT_MADE_FROM: &'static [EntityKind] = &[EntityKind::ServiceRequest];

    fn describe_event(object: &mut Object<LiveEvent<Self>>) {
        object.about(
            "What became of a ticket to Microsoft. Source: what is done here, and Partner Center's service requests \
             whenever one says something else than before, or gains a note.",
        );
        object.nullable_given(
            "serviceRequest",
            "The ticket as it is when this is sent, which may be later than the event; in a snapshot, as it was then. Null \
             when a snapshot is complete.",
            |e| e.row.as_ref(),
        );
    }
}
