//! `Customer`: who bought what, is hit by what, and is covered by what.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    filter::{FilterInput, OrderDirection, Terms, TextFilter, restrict},
    incident::IncidentFilter,
    loaders::*,
    service_health::{ServiceHealthFilter, Source},
    service_request::ServiceRequestFilter,
    subscription::SubscriptionFilter,
};
use crate::{
    domain::{
        self, CustomerId, Result,
        access::Permission,
        customer::{Customer, CustomerKey, CustomerPredicate},
        event::EntityKind,
        filter::Filter,
        page::{List, Order, Wants},
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for Customer {
    const NAME: &'static str = "Customer";
    const NEEDS: Option<Permission> = Some(Permission::ReadCustomers);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Customer];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A customer of the partner: one Entra tenant. Source: Partner Center's customer list and single answers, \
             as of `observedAt`. A customer that left keeps its history and has `endedAt`.",
        );
        object.node("cus", |c| c.id.0, |context| CustomerById { store: context.store(), wants: Wants::Everything });
        object.text("tenantId", "GUID of the customer's Entra tenant, lower case.", |c| &c.tenant_id);
        object.text(
            "name",
            "The company's name in Partner Center; two customers may share one. The tenant id if none was told.",
            |c| &c.name,
        );
        object.nullable_text(
            "primaryDomain",
            "The `onmicrosoft.com` domain, lower case. Null if upstream did not tell it.",
            |c| c.primary_domain.as_deref(),
        );
        object.texts(
            "customDomains",
            "The customer's own domains, lower case. Empty unless the customer was read one by one: the list omits them.",
            |c| &c.custom_domains,
        );
        object.nullable_text("country", "Two letters, ISO 3166. Null if no profile told it.", |c| c.country.as_deref());
        object.nullable_text(
            "culture",
            "How the customer wants numbers and dates, e.g. `en-US`. Null without a billing profile.",
            |c| c.culture.as_deref(),
        );
        object.nullable_text("language", "Language of the billing profile, e.g. `en`. Null without one.", |c| {
            c.language.as_deref()
        });
        object.word::<Relationship>("relationship", "What the partner is to the customer.", |c| c.relationship.into());
        object.nullable_text(
            "relationshipText",
            "Microsoft's own word for the relationship. Null if it was not told.",
            |c| c.relationship_text.as_deref(),
        );
        object.nullable_flag(
            "allowsDelegatedAccess",
            "Whether legacy delegated administration is allowed. Null unless the customer was read one by one.",
            |c| c.allow_delegated_access,
        );
        object.nullable_text(
            "associatedPartnerId",
            "Partner network id of the indirect reseller. Null if there is none, or nobody told.",
            |c| c.associated_partner_id.as_deref(),
        );
        object.nullable_text("commerceId", "Microsoft's commerce id. Null on answers that omit it.", |c| {
            c.commerce_id.as_deref()
        });
        object.nullable_text(
            "registrationNumber",
            "The organisation's registration number. Null in countries that have none.",
            |c| c.registration_number.as_deref(),
        );
        object.nullable_time(
            "endedAt",
            "When the relation ended: the time of the first complete list without this customer. Null while it lasts.",
            |c| c.ended_at,
        );
        object.word::<Source>("source", "Which upstream tells of customers.", |_| {
            domain::service_health::Source::PartnerCenter.into()
        });
        object.time("observedAt", "When Partner Center last said this.", |c| c.observed_at);
        relations(object);
    }
}

fn relations(object: &mut Object<Customer>) {
    object.nullable_one(
        "reseller",
        "The indirect reseller that serves the customer. Source: the customer's relationships. Null if there is none, \
         or its relationships were never read.",
        |c| c.reseller_id,
        |context, _| Ok(PartnerRelationById { store: context.store() }),
    );
    object.page(
        "subscriptions",
        "What the customer bought, add-ons included; by name unless ordered otherwise.",
        |c| c.id,
        |context, list| SubscriptionsOfCustomer { store: context.store(), list },
    );
    object.page(
        "serviceHealth",
        "The services the customer has, with their state; worst first unless ordered otherwise.",
        |c| c.id,
        |context, list| ServiceHealthOfCustomer { store: context.store(), list },
    );
    object.page(
        "incidents",
        "Incidents and advisories that the customer's tenant sees, or that name one of its Azure subscriptions; last \
         changed first unless ordered otherwise.",
        |c| c.id,
        |context, list| IncidentsOfCustomer { store: context.store(), list },
    );
    object.page(
        "messages",
        "Announcements of the message center for the customer's tenant; last changed first unless ordered otherwise.",
        |c| c.id,
        |context, list| MessagesOfCustomer { store: context.store(), list },
    );
    object.page(
        "serviceRequests",
        "Tickets that the partner filed with Microsoft for the customer; newest first unless ordered otherwise.",
        |c| c.id,
        |context, list| ServiceRequestsOfCustomer { store: context.store(), list },
    );
    let plans = object.many(
        "supportPlans",
        "The partner's plans that stand behind the customer today: those in force whose kind covers a product family \
         in which the customer has an active subscription. Derived; plans are the partner's own entries.",
        |c| Some(c.id),
        |context, _| Ok(SupportPlansBehindCustomer { store: context.store(), day: context.today() }),
    );
    plans.depends_on(&[EntityKind::Subscription]).takes(2);
    object.many(
        "supportOfferings",
        "What the partner promises the customer today: hours, contact and price. The partner's own entries.",
        |c| Some(c.id),
        |context, _| Ok(SupportOfferingsOfCustomer { store: context.store(), day: context.today() }),
    );
}

impl Paged for Customer {
    const FILTER_READS: &'static [EntityKind] = &[
        EntityKind::Subscription,
        EntityKind::Service,
        EntityKind::ServiceHealth,
        EntityKind::Incident,
        EntityKind::ServiceRequest,
    ];

    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<CustomerFilter>>("filter", "Only customers that this selects."),
            argument::<Option<Vec<CustomerOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. By name if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, CustomerFilter, CustomerOrder>(args, list)
    }
}

/// What the partner is to the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::customer::Relationship")]
pub enum Relationship {
    /// Sells to the customer; the usual case.
    Reseller,
    /// Advises the customer and sells nothing.
    Advisor,
    /// Sells through a syndication agreement.
    Syndication,
    /// Microsoft's own support.
    MicrosoftSupport,
    /// The relation has been removed.
    None,
    /// Not told, or a word that this version does not know; see `relationshipText`.
    Unknown,
}

/// Which customers. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct CustomerFilter {
    /// Every one of these holds.
    and: Option<Vec<CustomerFilter>>,
    /// At least one of these holds.
    or: Option<Vec<CustomerFilter>>,
    /// This does not hold.
    not: Option<Box<CustomerFilter>>,
    /// Customers with these global ids.
    ids: Option<Vec<ID>>,
    /// Customers with these tenants, in either letter case.
    tenant_ids: Option<Vec<String>>,
    /// By name.
    name: Option<TextFilter>,
    /// By any domain: the `onmicrosoft.com` one or the customer's own.
    domain: Option<TextFilter>,
    /// By country, two letters each.
    country: Option<Vec<String>>,
    /// By what the partner is to the customer.
    relationship: Option<Vec<Relationship>>,
    /// Whether the relation has ended.
    is_ended: Option<bool>,
    /// Customers with at least one such subscription.
    subscriptions: Option<Box<SubscriptionFilter>>,
    /// Customers that see at least one such incident.
    incidents: Option<Box<IncidentFilter>>,
    /// Customers with at least one service in such a state.
    service_health: Option<Box<ServiceHealthFilter>>,
    /// Customers with at least one such service request.
    service_requests: Option<Box<ServiceRequestFilter>>,
}

impl FilterInput for CustomerFilter {
    type Predicate = CustomerPredicate;

    fn filter(self) -> Result<Filter<CustomerPredicate>> {
        use CustomerPredicate as P;
        let lower = |texts: Vec<String>| texts.iter().map(|text| text.to_lowercase()).collect::<Vec<_>>();
        let upper = |texts: Vec<String>| texts.iter().map(|text| text.to_uppercase()).collect::<Vec<_>>();
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.ids, CustomerId::PREFIX, P::Id)?
            .one_of(self.tenant_ids.map(lower), P::TenantId)
            .text(self.name, P::Name)
            .text(self.domain, P::Domain)
            .one_of(self.country.map(upper), P::Country)
            .one_of(self.relationship, P::Relationship)
            .is(self.is_ended, P::Ended)
            .some(self.subscriptions, P::Subscription)?
            .some(self.incidents, P::Incident)?
            .some(self.service_health, P::ServiceHealth)?
            .some(self.service_requests, P::ServiceRequest)?
            .all())
    }
}

/// One key of an order of customers.
#[derive(Clone, Debug, InputObject)]
pub struct CustomerOrder {
    /// By what.
    field: CustomerOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What customers can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "CustomerKey")]
pub enum CustomerOrderField {
    /// By name, without regard to letter case.
    Name,
    /// By country code.
    Country,
    /// By the tenant's GUID: stable for exports.
    TenantId,
}

impl From<CustomerOrder> for Order<CustomerKey> {
    fn from(order: CustomerOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
