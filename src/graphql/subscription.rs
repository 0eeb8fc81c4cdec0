//! `CustomerSubscription`: what a customer bought.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    filter::{DateRange, FilterInput, IntRange, OrderDirection, Terms, TextFilter, restrict},
    loaders::*,
    service_health::Source,
};
use crate::{
    domain::{
        self, CustomerId, Result, SubscriptionId,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        page::{List, Order, Wants},
        subscription::{AzureEntitlement, Subscription, SubscriptionKey, SubscriptionPredicate, SupportContact},
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for Subscription {
    const NAME: &'static str = "CustomerSubscription";
    const NEEDS: Option<Permission> = Some(Permission::ReadCustomers);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Subscription];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "What a customer bought from the partner: licences, an Azure plan, software. Source: Partner Center's \
             subscriptions of the customer, as of `observedAt`; its notifications may come 48 hours late.",
        );
        object.node("sub", |s| s.id.0, |context| SubscriptionById { store: context.store(), wants: Wants::Everything });
        object.text("externalId", "Partner Center's id of the subscription, lower case.", |s| &s.external_id);
        object.text("name", "The partner's own name for it; the offer's name if the partner gave none.", |s| {
            &s.friendly_name
        });
        product(object);
        terms(object);
        object.part("supportContact", "Whom Microsoft's pages name as support contact.", |s| &s.support_contact);
        object.word::<Source>("source", "Which upstream tells of subscriptions.", |_| {
            domain::service_health::Source::PartnerCenter.into()
        });
        object.time("observedAt", "When Partner Center last said this.", |s| s.observed_at);
        relations(object);
    }
}

fn product(object: &mut Object<Subscription>) {
    object.text("offerName", "What was bought, as the offer is called.", |s| &s.offer_name);
    object.nullable_text("offerId", "Microsoft's id of the offer, in any of its three forms. Null if omitted.", |s| {
        s.offer_id.as_deref()
    });
    object.word::<ProductFamily>(
        "productFamily",
        "Which family of products it belongs to. Derived: no upstream tells it, see `productFamilySignal`.",
        |s| s.product_family.into(),
    );
    object.text("productFamilySignal", "What the family was told from.", |s| &s.product_family_signal);
    object.nullable_text("productType", "Microsoft's product type. Null on older answers.", |s| {
        s.product_type.as_deref()
    });
    object.nullable_flag(
        "isMicrosoftProduct",
        "Whether Microsoft made it; Microsoft's plans cover nothing of others. Null if not told.",
        |s| s.is_microsoft_product,
    );
    object.nullable_text(
        "publisher",
        "Who made it: the one to ask for support of a third party's product. Null if not told.",
        |s| s.publisher.as_deref(),
    );
    object.int(
        "quantity",
        "Licences or units bought, see `unitType`; 1 if omitted, as for what is billed by usage.",
        |s| s.quantity,
    );
    object.nullable_text("unitType", "What `quantity` counts, in Microsoft's word. Null if omitted.", |s| {
        s.unit_type.as_deref()
    });
}

fn terms(object: &mut Object<Subscription>) {
    object.word::<SubscriptionStatus>("status", "Where it stands.", |s| s.status.into());
    object.text("statusText", "Microsoft's own word for the status. Empty if omitted.", |s| &s.status_text);
    object.texts(
        "suspensionReasons",
        "Why it is suspended, in Microsoft's words, e.g. payment. Empty while it is not.",
        |s| &s.suspension_reasons,
    );
    object.word::<BillingType>("billingType", "What is billed.", |s| s.billing_type.into());
    object.nullable_text("billingTypeText", "Microsoft's own word for the billing type. Null if omitted.", |s| {
        s.billing_type_text.as_deref()
    });
    object.word::<BillingCycle>("billingCycle", "How often it is billed.", |s| s.billing_cycle.into());
    object.nullable_text("billingCycleText", "Microsoft's own word for the billing cycle. Null if omitted.", |s| {
        s.billing_cycle_text.as_deref()
    });
    object.nullable_duration("term", "How long one term is. Null without a term.", |s| s.term.as_deref());
    object.nullable_duration("renewalTerm", "How long the next term will be. Null if not set.", |s| {
        s.renewal_term.as_deref()
    });
    object.nullable_time("createdAt", "When it was bought. Null if upstream did not tell.", |s| s.created_at);
    object.nullable_time("startsAt", "When it takes effect. Null if upstream did not tell.", |s| s.starts_at);
    object.nullable_date("commitmentEndsOn", "Last day of the term, inclusive. Null if it never ends.", |s| {
        s.commitment_ends_on
    });
    object.nullable_int_today(
        "commitmentDaysLeft",
        "Days until the term ends, its last day included; zero or less afterwards. Derived. Null if it never ends.",
        |s, today| s.commitment_days_left(today),
    );
    object.nullable_time("cancellableUntil", "Until when it can be cancelled. Null if not told.", |s| {
        s.cancellable_until
    });
    object
        .nullable_flag("isAutoRenewed", "Whether the term renews by itself. Null if not told.", |s| s.is_auto_renewed);
    object.flag("isTrial", "Whether it is a trial.", |s| s.is_trial);
    object.flag("isAddOn", "Whether it adds to another subscription, see `parent`.", |s| s.parent_id.is_some());
    object.nullable_text("resellerNetworkId", "Partner network id of the reseller. Null if there is none.", |s| {
        s.reseller_network_id.as_deref()
    });
    object.nullable_text("orderId", "Microsoft's order. Null if omitted.", |s| s.order_id.as_deref());
    object.nullable_text("contractType", "Microsoft's word for the kind of contract. Null if omitted.", |s| {
        s.contract_type.as_deref()
    });
}

fn relations(object: &mut Object<Subscription>) {
    object.nullable_one(
        "customer",
        "Who holds it. Null until the customer itself was read.",
        |s| Some(s.customer_id),
        |context, wanted| Ok(CustomerById { store: context.store(), wants: wanted.wants() }),
    );
    object.nullable_one(
        "parent",
        "The subscription that this one adds to. Null if it stands alone.",
        |s| s.parent_id,
        |context, wanted| Ok(SubscriptionById { store: context.store(), wants: wanted.wants() }),
    );
    object.page(
        "addOns",
        "What adds to this subscription.",
        |s| s.id,
        |context, list| AddOnsOfSubscription { store: context.store(), list },
    );
    object.page(
        "azureEntitlements",
        "The Azure subscriptions below an Azure plan. Empty for everything else.",
        |s| s.id,
        |context, list| AzureEntitlementsOfSubscription { store: context.store(), list },
    );
    object.many(
        "coveredBy",
        "The partner's plans that cover this subscription's product family today. Empty if there is none, if it is not \
         active, or if a third party made it. Derived; plans are the partner's own entries.",
        Subscription::family_to_cover,
        |context, _| Ok(SupportPlansCovering { store: context.store(), day: context.today() }),
    );
}

impl Described for AzureEntitlement {
    const NAME: &'static str = "AzureEntitlement";
    const NEEDS: Option<Permission> = Some(Permission::ReadCustomers);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Subscription];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "An Azure subscription below an Azure plan; Azure's own events name it. Source: Partner Center's Azure \
             entitlements of the subscription, as of `observedAt`.",
        );
        object.text("azureSubscriptionId", "GUID of the Azure subscription, lower case.", |e| &e.external_id);
        object.nullable_text("name", "Its friendly name. Null if it has none.", |e| e.friendly_name.as_deref());
        object.nullable_text("statusText", "Microsoft's word for its status. Null if omitted.", |e| {
            e.status_text.as_deref()
        });
        object.time("observedAt", "When Partner Center last said this.", |e| e.observed_at);
    }
}

impl Paged for AzureEntitlement {}

impl Described for SupportContact {
    const NAME: &'static str = "SupportContact";
    const NEEDS: Option<Permission> = Some(Permission::ReadCustomers);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Subscription];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "Whom Microsoft's support pages name to the users of a subscription. Source: Partner Center's support \
             contact, which exists for older offers only, as of the subscription's `observedAt`.",
        );
        object.word::<SupportContactApplicability>("applicability", "What is known of the contact.", |c| {
            c.applicability.into()
        });
        object.nullable_text("name", "The contact partner's name. Null unless one is set.", |c| c.name.as_deref());
        object.nullable_text("tenantId", "The contact partner's tenant. Null unless one is set.", |c| {
            c.tenant_id.as_deref()
        });
        object.nullable_text("networkId", "The contact's partner network id. Null unless one is set.", |c| {
            c.network_id.as_deref()
        });
    }
}

impl Paged for Subscription {
    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<SubscriptionFilter>>("filter", "Only subscriptions that this selects."),
            argument::<Option<Vec<SubscriptionOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. By name if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, SubscriptionFilter, SubscriptionOrder>(args, list)
    }
}

/// Families of products that plans, offerings and incidents are told apart by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::product_family::ProductFamily")]
pub enum ProductFamily {
    /// Azure.
    Azure,
    /// Microsoft 365 and Office 365.
    #[graphql(name = "MICROSOFT_365")]
    Microsoft365,
    /// Dynamics 365.
    #[graphql(name = "DYNAMICS_365")]
    Dynamics365,
    /// Power BI, Power Apps, Power Automate and their kin.
    PowerPlatform,
    /// Enterprise Mobility and Security, Defender, Entra, Intune.
    SecurityMobility,
    /// Software with a perpetual or term licence.
    Software,
    /// Another maker's product in the marketplace.
    ThirdParty,
    /// Nothing gave it away.
    Unknown,
}

/// Where a subscription stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::subscription::SubscriptionStatus")]
pub enum SubscriptionStatus {
    /// In use.
    Active,
    /// Stopped, e.g. unpaid; see `suspensionReasons`.
    Suspended,
    /// Gone; kept for history.
    Deleted,
    /// Its term is over.
    Expired,
    /// Ordered and not yet provisioned.
    Pending,
    /// Switched off by Microsoft, mostly Azure.
    Disabled,
    /// Not told, or a word that this version does not know; see `statusText`.
    Unknown,
}

/// What is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::subscription::BillingType")]
pub enum BillingType {
    /// What was used.
    Usage,
    /// Licences.
    License,
    /// Nothing: a benefit.
    Benefit,
    /// Not told, or a word that this version does not know; see `billingTypeText`.
    Unknown,
}

/// How often it is billed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::subscription::BillingCycle")]
pub enum BillingCycle {
    /// Each month.
    Monthly,
    /// Each year.
    Annual,
    /// Once.
    OneTime,
    /// Every three years.
    Triennial,
    /// Every two years.
    Biennial,
    /// Never.
    None,
    /// Not told, or a word that this version does not know; see `billingCycleText`.
    Unknown,
}

/// What is known of a support contact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::subscription::SupportContactApplicability")]
pub enum SupportContactApplicability {
    /// One is set.
    Set,
    /// There can be none: newer offers have no support contact.
    NotApplicable,
    /// It was never read.
    Unknown,
}

/// Which subscriptions. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
#[graphql(name = "CustomerSubscriptionFilter")]
pub struct SubscriptionFilter {
    /// Every one of these holds.
    and: Option<Vec<SubscriptionFilter>>,
    /// At least one of these holds.
    or: Option<Vec<SubscriptionFilter>>,
    /// This does not hold.
    not: Option<Box<SubscriptionFilter>>,
    /// Subscriptions with these global ids.
    ids: Option<Vec<ID>>,
    /// Subscriptions of customers with these global ids.
    customer_ids: Option<Vec<ID>>,
    /// By the partner's name for it.
    name: Option<TextFilter>,
    /// By product family.
    product_family: Option<Vec<ProductFamily>>,
    /// By status.
    status: Option<Vec<SubscriptionStatus>>,
    /// By licences or units.
    quantity: Option<IntRange>,
    /// By the last day of the term; those that never end are left out.
    commitment_ends_on: Option<DateRange>,
    /// Whether the term renews by itself.
    is_auto_renewed: Option<bool>,
    /// Whether it is a trial.
    is_trial: Option<bool>,
    /// Whether it adds to another subscription.
    is_add_on: Option<bool>,
    /// Whether Microsoft made it.
    is_microsoft_product: Option<bool>,
}

impl FilterInput for SubscriptionFilter {
    type Predicate = SubscriptionPredicate;

    fn filter(self) -> Result<Filter<SubscriptionPredicate>> {
        use SubscriptionPredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.ids, SubscriptionId::PREFIX, P::Id)?
            .ids(self.customer_ids, CustomerId::PREFIX, P::Customer)?
            .text(self.name, P::Name)
            .one_of(self.product_family, P::ProductFamily)
            .one_of(self.status, P::Status)
            .is(self.quantity, P::Quantity)
            .is(self.commitment_ends_on, P::CommitmentEndsOn)
            .is(self.is_auto_renewed, P::AutoRenewed)
            .is(self.is_trial, P::Trial)
            .is(self.is_add_on, P::AddOn)
            .is(self.is_microsoft_product, P::MicrosoftProduct)
            .all())
    }
}

/// One key of an order of subscriptions.
#[derive(Clone, Debug, InputObject)]
#[graphql(name = "CustomerSubscriptionOrder")]
pub struct SubscriptionOrder {
    /// By what.
    field: SubscriptionOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What subscriptions can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "SubscriptionKey", name = "CustomerSubscriptionOrderField")]
pub enum SubscriptionOrderField {
    /// By the partner's name for it, without regard to letter case.
    Name,
    /// By licences or units.
    Quantity,
    /// By status, in alphabetical order of its name.
    Status,
    /// By product family, in alphabetical order of its name.
    ProductFamily,
    /// By the last day of the term; those that never end come last in ascending order.
    CommitmentEndsOn,
    /// By the time of purchase.
    CreatedAt,
}

impl From<SubscriptionOrder> for Order<SubscriptionKey> {
    fn from(order: SubscriptionOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
