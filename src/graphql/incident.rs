//! `Incident`: faults and advisories that Microsoft announces.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    customer::CustomerFilter,
    filter::{DateTimeRange, FilterInput, OrderDirection, Terms, TextFilter, restrict},
    loaders::*,
    service_health::{HealthStatus, ServiceFilter, Source},
    subscription::ProductFamily,
};
use crate::{
    domain::{
        self, IncidentId, Result,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        incident::{Incident, IncidentImpact, IncidentKey, IncidentPost, IncidentPredicate, IncidentReach},
        page::{List, Order, Wants},
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for Incident {
    const NAME: &'static str = "Incident";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Incident];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A fault or an advisory that Microsoft announces, kept once however many customers see it. Microsoft may tell \
             each customer's tenant of it in other words: who may see some customers only is shown title, impact and posts as \
             those were told them, of several the one that heard last; who may see all customers of a partner is shown the \
             newest words, and all posts. Source: Graph's service health issues and Azure's service health events, as of \
             `observedAt`.",
        );
        object.node("inc", |i| i.id.0, |context| IncidentById { store: context.store(), wants: Wants::Everything });
        object.text("externalId", "Microsoft's id, e.g. `EX226792`, or Azure's tracking id.", |i| &i.external_id);
        object.text("title", "Microsoft's title.", |i| &i.title);
        object.nullable_text(
            "impact",
            "What users notice, in Microsoft's words; sanitised HTML. Null if not told.",
            |i| i.impact.as_deref(),
        );
        object.word::<IncidentClassification>("classification", "A fault, or something to know.", |i| {
            i.classification.into()
        });
        object.text("classificationText", "Microsoft's own word for the classification. Empty if omitted.", |i| {
            &i.classification_text
        });
        object.word::<IncidentOrigin>("origin", "Whose fault it is, as Microsoft says.", |i| i.origin.into());
        object.word::<HealthStatus>("status", "How far it has come, for display; `isResolved` decides.", |i| {
            i.status.into()
        });
        object.text("statusText", "Microsoft's own word for the status. Empty if omitted.", |i| &i.status_text);
        object.flag("isResolved", "Whether it is over. An incident that is over may open again.", |i| i.is_resolved);
        object.nullable_flag(
            "isHighImpact",
            "Whether Microsoft rates the impact high. Null if it does not say.",
            |i| i.is_high_impact,
        );
        object
            .nullable_text("level", "Azure's level, e.g. `Warning`. Null for everything else.", |i| i.level.as_deref());
        object.nullable_text("serviceName", "The service as the incident names it. Null if it names none.", |i| {
            i.service_name.as_deref()
        });
        object.word::<ProductFamily>("productFamily", "Which family is hit. Derived from the service.", |i| {
            i.product_family.into()
        });
        object.nullable_text("feature", "The part of the service that is hit. Null if not told.", |i| {
            i.feature.as_deref()
        });
        object
            .nullable_text("featureGroup", "The group of that part. Null if not told.", |i| i.feature_group.as_deref());
        object.nullable_time("startedAt", "When it began, as Microsoft says. Null if not told.", |i| i.started_at);
        object.nullable_time("endedAt", "When it ended. Null while it lasts, or if not told.", |i| i.ended_at);
        object.time(
            "modifiedAt",
            "When Microsoft last changed it; if not told, when it began or else was observed.",
            |i| i.modified_at,
        );
        object.word::<Source>("source", "Which upstream tells of it.", |i| i.source.into());
        object.time("observedAt", "When upstream last said this.", |i| i.observed_at);
        relations(object);
    }
}

fn relations(object: &mut Object<Incident>) {
    object.nullable_one(
        "service",
        "The service that it hits. Null if it names none that we know.",
        |i| i.service_id,
        |context, _| Ok(ServiceById { store: context.store() }),
    );
    object.nullable_one(
        "latestPost",
        "Microsoft's last announcement about it. Null if there is none.",
        |i| Some(i.id),
        |context, wanted| Ok(LatestPostOfIncident { store: context.store(), wants: wanted.wants() }),
    );
    object.page(
        "posts",
        "Microsoft's announcements about it, newest first: the timeline read backwards with `last`.",
        |i| i.id,
        |context, list| PostsOfIncident { store: context.store(), list },
    );
    object.many(
        "impacts",
        "The Azure services and regions that it hits. Empty for incidents of other sources.",
        |i| Some(i.id),
        |context, _| Ok(ImpactsOfIncident { store: context.store() }),
    );
    object.page(
        "customers",
        "The customers that see it; by name unless ordered otherwise.",
        |i| i.id,
        |context, list| CustomersOfIncident { store: context.store(), list },
    );
    object
        .nullable_one(
            "reach",
            "How much of the partner's business it touches, within what the viewer may see. Derived.",
            |i| Some(i.id),
            |context, _| Ok(ReachOfIncident { store: context.store() }),
        )
        .needs(Permission::ReadCustomers);
    object.page(
        "serviceRequests",
        "Tickets that name it; newest first unless ordered otherwise.",
        |i| i.id,
        |context, list| ServiceRequestsOfIncident { store: context.store(), list },
    );
}

impl Described for IncidentPost {
    const NAME: &'static str = "IncidentPost";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Incident];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "One announcement about an incident; appended, never changed. Source: the posts of Graph's issues and the \
             updates of Azure's events, as of the incident's `observedAt`.",
        );
        object.time(
            "createdAt",
            "When Microsoft published it; if not told, when the incident was last changed.",
            |p| p.created_at,
        );
        object.text("postType", "Microsoft's word for the kind of post, e.g. `regular`.", |p| &p.post_type);
        object.text("content", "Its text: sanitised HTML.", |p| &p.content);
    }
}

impl Paged for IncidentPost {}

impl Described for IncidentImpact {
    const NAME: &'static str = "IncidentImpact";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Incident];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "One service in one Azure region that an incident hits. Source: Azure's event, as of the incident's \
             `observedAt`.",
        );
        object.text("serviceName", "The Azure service.", |i| &i.service_name);
        object.text("region", "The region, as Azure calls it.", |i| &i.region);
        object.nullable_text(
            "statusText",
            "Azure's word for the state there; it may differ from the incident's. Null if omitted.",
            |i| i.status_text.as_deref(),
        );
        object.nullable_time("updatedAt", "When Azure last changed it. Null if not told.", |i| i.updated_at);
    }
}

impl Described for IncidentReach {
    const NAME: &'static str = "IncidentReach";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Incident, EntityKind::Customer, EntityKind::Subscription];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "How much of the partner's business an incident touches. Derived from who sees the incident and from the \
             active subscriptions in the incident's product family; as old as the oldest of them.",
        );
        object.int("customerCount", "Customers that see the incident.", |r| r.customers);
        object.int("subscriptionCount", "Their active subscriptions in the incident's product family.", |r| {
            r.subscriptions
        });
        object.large_int(
            "seatCount",
            "Licences or units of those subscriptions. A whole number; a `Float`, since the free products of a large partner \
             alone may pass what an `Int` can hold.",
            |r| r.seats,
        );
    }
}

impl Paged for Incident {
    const FILTER_READS: &'static [EntityKind] = &[
        EntityKind::Service,
        EntityKind::Customer,
        EntityKind::Subscription,
        EntityKind::ServiceHealth,
        EntityKind::ServiceRequest,
    ];

    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<IncidentFilter>>("filter", "Only incidents that this selects."),
            argument::<Option<Vec<IncidentOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. Last changed first if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, IncidentFilter, IncidentOrder>(args, list)
    }
}

/// A fault, or something to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::incident::Classification")]
pub enum IncidentClassification {
    /// Something does not work for many.
    Incident,
    /// A smaller fault, a planned change or a notice.
    Advisory,
    /// Not told, or a word that this version does not know; see `classificationText`.
    Unknown,
}

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::incident::Origin")]
pub enum IncidentOrigin {
    /// Microsoft's own.
    Microsoft,
    /// Somebody else's, e.g. a network provider's.
    ThirdParty,
    /// The customer's own.
    Customer,
    /// Not told, or a word that this version does not know.
    Unknown,
}

/// Which incidents. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct IncidentFilter {
    /// Every one of these holds.
    and: Option<Vec<IncidentFilter>>,
    /// At least one of these holds.
    or: Option<Vec<IncidentFilter>>,
    /// This does not hold.
    not: Option<Box<IncidentFilter>>,
    /// Incidents with these global ids.
    ids: Option<Vec<ID>>,
    /// Incidents with these ids of Microsoft's, letter by letter.
    external_ids: Option<Vec<String>>,
    /// Whether it still lasts.
    is_open: Option<bool>,
    /// By title.
    title: Option<TextFilter>,
    /// By classification.
    classification: Option<Vec<IncidentClassification>>,
    /// By whose fault it is.
    origin: Option<Vec<IncidentOrigin>>,
    /// By status.
    status: Option<Vec<HealthStatus>>,
    /// By product family.
    product_family: Option<Vec<ProductFamily>>,
    /// By the upstream that tells of it.
    source: Option<Vec<Source>>,
    /// By when it began.
    started_at: Option<DateTimeRange>,
    /// By when Microsoft last changed it.
    modified_at: Option<DateTimeRange>,
    /// Hitting such a service.
    service: Option<Box<ServiceFilter>>,
    /// Seen by at least one such customer.
    customers: Option<Box<CustomerFilter>>,
}

impl FilterInput for IncidentFilter {
    type Predicate = IncidentPredicate;

    fn filter(self) -> Result<Filter<IncidentPredicate>> {
        use IncidentPredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.ids, IncidentId::PREFIX, P::Id)?
            .one_of(self.external_ids, P::ExternalId)
            .is(self.is_open, P::Open)
            .text(self.title, P::Title)
            .one_of(self.classification, P::Classification)
            .one_of(self.origin, P::Origin)
            .one_of(self.status, P::Status)
            .one_of(self.product_family, P::ProductFamily)
            .one_of(self.source, P::Source)
            .is(self.started_at, P::StartedAt)
            .is(self.modified_at, P::ModifiedAt)
            .some(self.service, P::Service)?
            .some(self.customers, P::Customer)?
            .all())
    }
}

/// One key of an order of incidents.
#[derive(Clone, Debug, InputObject)]
pub struct IncidentOrder {
    /// By what.
    field: IncidentOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What incidents can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "IncidentKey")]
pub enum IncidentOrderField {
    /// By when it began.
    StartedAt,
    /// By when Microsoft last changed it.
    ModifiedAt,
    /// By how bad the status is; the worst first in descending order.
    Severity,
    /// By title, without regard to letter case.
    Title,
}

impl From<IncidentOrder> for Order<IncidentKey> {
    fn from(order: IncidentOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
