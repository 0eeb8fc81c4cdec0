//! `ServiceRequest`: tickets of the partner to Microsoft.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    filter::{DateTimeRange, FilterInput, OrderDirection, Terms, TextFilter, restrict},
    incident::IncidentFilter,
    loaders::*,
    service_health::Source,
};
use crate::{
    domain::{
        self, CustomerId, Result, ServiceRequestId,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        page::{List, Order, Wants},
        service_request::{ServiceRequest, ServiceRequestKey, ServiceRequestNote, ServiceRequestPredicate},
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for ServiceRequest {
    const NAME: &'static str = "ServiceRequest";
    const NEEDS: Option<Permission> = Some(Permission::ReadServiceRequests);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::ServiceRequest];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A ticket of the partner to Microsoft. Source: Partner Center's service requests, as of `observedAt`, and what \
             somebody opened here, see `source`. Tickets filed in the Azure portal or the Microsoft 365 admin center are \
             not among them.",
        );
        object.node(
            "srq",
            |r| r.id.0,
            |context| ServiceRequestById { store: context.store(), wants: Wants::Everything },
        );
        object.nullable_text(
            "externalId",
            "Partner Center's number. Null for one that was opened here, of which Partner Center knows nothing.",
            |r| r.external_id.as_deref(),
        );
        object.text("title", "What it is about.", |r| &r.title);
        object
            .text("description", "What happened, as it was filed.", |r| &r.description)
            .needs(Permission::ReadPersonalData);
        object.word::<Severity>("severity", "How bad it is, as it was filed.", |r| r.severity.into());
        object.text(
            "severityText",
            "Microsoft's own word for the severity, or ours in their spelling if it was opened here. Empty if omitted.",
            |r| &r.severity_text,
        );
        object.word::<ServiceRequestStatus>("status", "Who has to act next.", |r| r.status.into());
        object.text(
            "statusText",
            "Microsoft's own word for the status, or ours in their spelling if it was set here. Empty if omitted.",
            |r| &r.status_text,
        );
        object.flag("isOpen", "Whether somebody still has to act; a status we do not know counts as open.", |r| {
            r.status.is_open()
        });
        object.nullable_text("topic", "Microsoft's support topic. Null if not told.", |r| r.topic.as_deref());
        object
            .nullable_text("productName", "The product it is about. Null if not told.", |r| r.product_name.as_deref());
        contact(object);
        object.nullable_text("country", "Two letters, ISO 3166. Null if not told.", |r| r.country.as_deref());
        object.nullable_time("createdAt", "When it was filed. Null right after filing, until upstream knows.", |r| {
            r.created_at
        });
        object.nullable_time(
            "modifiedAt",
            "When it last changed, notes written here apart. Null if it never did.",
            |r| r.modified_at,
        );
        object.nullable_time(
            "closedAt",
            "When it was closed. Null while it is open, even if it was closed before.",
            |r| r.closed_at,
        );
        object.word::<Source>("source", "Who tells of it: Partner Center, or somebody who opened it here.", |r| {
            r.source.into()
        });
        object.time("observedAt", "When upstream last said this, or somebody here opened or closed it.", |r| {
            r.observed_at
        });
        object.int(
            "version",
            "Grows with each change of the request and with each note, whoever made it. Give it as `expectedVersion` to \
             act only if nothing has changed since.",
            |r| r.version,
        );
        object.nullable_one(
            "customer",
            "For whom it was filed. Null if for the partner itself, or if upstream did not tell.",
            |r| r.customer_id,
            |context, wanted| Ok(CustomerById { store: context.store(), wants: wanted.wants() }),
        );
        object.nullable_one(
            "subscription",
            "Which subscription it is about. Null unless somebody linked one: upstream has no such key.",
            |r| r.subscription_id,
            |context, wanted| Ok(SubscriptionById { store: context.store(), wants: wanted.wants() }),
        );
        object.nullable_one(
            "incident",
            "Which incident caused it. Null unless somebody linked one: upstream has no such key.",
            |r| r.incident_id,
            |context, wanted| Ok(IncidentById { store: context.store(), wants: wanted.wants() }),
        );
        object.page(
            "notes",
            "What was said about it, newest first.",
            |r| r.id,
            |context, list| NotesOfServiceRequest { store: context.store(), list },
        );
    }
}

fn contact(object: &mut Object<ServiceRequest>) {
    let name = "Whom Microsoft calls: somebody at the partner. Null if not told.";
    object.nullable_text("contactName", name, |r| r.contact_name.as_deref()).needs(Permission::ReadPersonalData);
    object
        .nullable_text("contactEmail", "The contact's address. Null if not told.", |r| r.contact_email.as_deref())
        .needs(Permission::ReadPersonalData);
    object
        .nullable_text("contactPhone", "The contact's number. Null if not told.", |r| r.contact_phone.as_deref())
        .needs(Permission::ReadPersonalData);
}

impl Described for ServiceRequestNote {
    const NAME: &'static str = "ServiceRequestNote";
    const NEEDS: Option<Permission> = Some(Permission::ReadPersonalData);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::ServiceRequest];

    fn describe(object: &mut Object<Self>) {
        object.about("A note on a service request. Source: Partner Center, as of the request's `observedAt`, or whoever wrote it here.");
        object.nullable_time("createdAt", "When it was written. Null if not told.", |n| n.created_at);
        object.nullable_text("author", "Who wrote it. Null if not told.", |n| n.author.as_deref());
        object.text("text", "What it says.", |n| &n.text);
    }
}

impl Paged for ServiceRequestNote {}

impl Paged for ServiceRequest {
    const FILTER_READS: &'static [EntityKind] = &[
        EntityKind::Incident,
        EntityKind::Service,
        EntityKind::Customer,
        EntityKind::Subscription,
        EntityKind::ServiceHealth,
    ];

    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<ServiceRequestFilter>>("filter", "Only requests that this selects."),
            argument::<Option<Vec<ServiceRequestOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. Newest first if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, ServiceRequestFilter, ServiceRequestOrder>(args, list)
    }
}

/// How bad it is, as the requester stated it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::service_request::Severity")]
pub enum Severity {
    /// A: significant loss, production is down.
    Critical,
    /// B: part of production is affected.
    Moderate,
    /// C: still usable, or not production.
    Minimal,
    /// Not told, or a word that this version does not know; see the text beside it.
    Unknown,
}

/// Who has to act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::service_request::ServiceRequestStatus")]
pub enum ServiceRequestStatus {
    /// Nobody yet: it was just filed.
    None,
    /// Microsoft.
    Open,
    /// The partner: Microsoft waits for an answer.
    AttentionNeeded,
    /// Nobody any more; it may be opened again.
    Closed,
    /// Not told, or a word that this version does not know; see `statusText`.
    Unknown,
}

/// Which service requests. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct ServiceRequestFilter {
    /// Every one of these holds.
    and: Option<Vec<ServiceRequestFilter>>,
    /// At least one of these holds.
    or: Option<Vec<ServiceRequestFilter>>,
    /// This does not hold.
    not: Option<Box<ServiceRequestFilter>>,
    /// Requests with these global ids.
    ids: Option<Vec<ID>>,
    /// Requests for customers with these global ids.
    customer_ids: Option<Vec<ID>>,
    /// Whether somebody still has to act.
    is_open: Option<bool>,
    /// By status.
    status: Option<Vec<ServiceRequestStatus>>,
    /// By severity.
    severity: Option<Vec<Severity>>,
    /// By title.
    title: Option<TextFilter>,
    /// By product.
    product_name: Option<TextFilter>,
    /// By when it was filed.
    created_at: Option<DateTimeRange>,
    /// Linked to such an incident.
    incident: Option<Box<IncidentFilter>>,
}

impl FilterInput for ServiceRequestFilter {
    type Predicate = ServiceRequestPredicate;

    fn filter(self) -> Result<Filter<ServiceRequestPredicate>> {
        use ServiceRequestPredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.ids, ServiceRequestId::PREFIX, P::Id)?
            .ids(self.customer_ids, CustomerId::PREFIX, P::Customer)?
            .is(self.is_open, P::Open)
            .one_of(self.status, P::Status)
            .one_of(self.severity, P::Severity)
            .text(self.title, P::Title)
            .text(self.product_name, P::Product)
            .is(self.created_at, P::CreatedAt)
            .some(self.incident, P::OfIncident)?
            .all())
    }
}

/// One key of an order of service requests.
#[derive(Clone, Debug, InputObject)]
pub struct ServiceRequestOrder {
    /// By what.
    field: ServiceRequestOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What service requests can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "ServiceRequestKey")]
pub enum ServiceRequestOrderField {
    /// By when it was filed.
    CreatedAt,
    /// By when it last changed.
    ModifiedAt,
    /// By severity; critical ones come first in ascending order.
    Severity,
    /// By title, without regard to letter case.
    Title,
}

impl From<ServiceRequestOrder> for Order<ServiceRequestKey> {
    fn from(order: ServiceRequestOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
