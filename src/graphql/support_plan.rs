//! `SupportPlan` and what it rests on: the partner's contracts and benefits with Microsoft.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    filter::{FilterInput, OrderDirection, Terms, restrict},
    loaders::*,
    service_request::Severity,
    subscription::ProductFamily,
};
use crate::{
    domain::{
        self, Result, SupportPlanId,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        page::{List, Order},
        support_plan::{ResponseTarget, SupportPlan, SupportPlanKey, SupportPlanKind, SupportPlanPredicate},
    },
    engine::{Args, Argument, Date, Described, Object, Paged, argument},
};

impl Described for SupportPlan {
    const NAME: &'static str = "SupportPlan";
    const NEEDS: Option<Permission> = Some(Permission::ReadSupportPlans);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::SupportPlan];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A contract or benefit of the partner with Microsoft, e.g. Advanced Support for Partners. It belongs to the \
             partner, never to a customer. Source: the partner's own entry as it was last imported, \
             since no API tells it.",
        );
        object.node("spl", |p| p.id.0, |context| SupportPlanById { store: context.store() });
        object.text("name", "What the partner calls it.", |p| &p.name);
        object.date("validFrom", "First day it is in force.", |p| p.valid_from);
        object.nullable_date("validUntil", "Last day it is in force, inclusive. Null while no end is known.", |p| {
            p.valid_until
        });
        object.flag_today("isInForce", "Whether it is in force today. Derived from its dates.", |p, today| {
            p.is_valid_on(today)
        });
        object.nullable_time(
            "activatedAt",
            "When the benefit was activated. Null if it was not, or needs none.",
            |p| p.activated_at,
        );
        object
            .texts("managers", "Names of the account managers at Microsoft.", |p| &p.managers)
            .needs(Permission::ReadPersonalData);
        object.nullable_one(
            "kind",
            "What kind of plan it is.",
            |p| Some(p.kind_id),
            |context, _| Ok(SupportPlanKindById { store: context.store() }),
        );
    }
}

impl Described for SupportPlanKind {
    const NAME: &'static str = "SupportPlanKind";
    const NEEDS: Option<Permission> = Some(Permission::ReadSupportPlans);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::SupportPlan];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "A kind of support plan under the names that it had over time. Source: reference data that comes with \
             supportgraph, from the public page in `sourceUrl`, valid for the time that it states.",
        );
        object.node("spk", |k| k.id.0, |context| SupportPlanKindById { store: context.store() });
        object.text("code", "A short stable name, e.g. `ASFP`.", |k| &k.code);
        object.text("name", "What Microsoft calls it.", |k| &k.name);
        object.word::<SupportTier>("tier", "The tier that partners speak of.", |k| k.tier.into());
        object.texts("aliases", "Other names, older and newer.", |k| &k.aliases);
        object.word::<SupportPlanBasis>("basis", "What plans of this kind rest on.", |k| k.basis.into());
        object.words::<ProductFamily>("covers", "Product families that plans of this kind cover.", |k| {
            k.covers.iter().map(|family| (*family).into()).collect()
        });
        object.flag("coversOnPremises", "Whether products on the customer's own premises are covered.", |k| {
            k.covers_on_premises
        });
        object.nullable_date("validFrom", "First day on which this holds. Null if not known.", |k| k.valid_from);
        object.nullable_date(
            "validUntil",
            "Last day on which this holds, inclusive. Null while no end is known.",
            |k| k.valid_until,
        );
        object.nullable_text("sourceUrl", "The public page that tells it. Null if there is none.", |k| {
            k.source_url.as_deref()
        });
        object.many(
            "responseTargets",
            "How soon Microsoft answers first, soonest first. Empty where no source tells: then nothing is promised.",
            |k| Some(k.id),
            |context, _| Ok(ResponseTargetsOfKind { store: context.store() }),
        );
    }
}

impl Described for ResponseTarget {
    const NAME: &'static str = "ResponseTarget";
    const NEEDS: Option<Permission> = Some(Permission::ReadSupportPlans);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::SupportPlan];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "How soon Microsoft answers first, for one severity under one kind of plan; a first answer is no solution. \
             Source: reference data that comes with supportgraph, see `source` and `confidence`.",
        );
        object.word::<Severity>("severity", "For which severity.", |t| t.severity.into());
        object.text("severityLabel", "The plan's own word for the severity, e.g. `A` or `1`.", |t| &t.severity_label);
        object.int("firstResponseSeconds", "Seconds until the first answer is due.", |t| t.first_response_seconds);
        object.word::<TargetClock>("clock", "Which hours count.", |t| t.clock.into());
        object.nullable_text("language", "The language in which it holds, e.g. `en`. Null for every language.", |t| {
            t.language.as_deref()
        });
        object.word::<Confidence>("confidence", "How far the figure may be trusted.", |t| t.confidence.into());
        object.nullable_date("validFrom", "First day on which it holds. Null if not known.", |t| t.valid_from);
        object.nullable_date("validUntil", "Last day on which it holds, inclusive. Null while no end is known.", |t| {
            t.valid_until
        });
        object.text("source", "Who says so.", |t| &t.source);
    }
}

impl Paged for SupportPlan {
    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<SupportPlanFilter>>("filter", "Only plans that this selects."),
            argument::<Option<Vec<SupportPlanOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. By name if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, SupportPlanFilter, SupportPlanOrder>(args, list)
    }
}

/// The tier that partners speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::support_plan::SupportTier")]
pub enum SupportTier {
    /// Premier Support for Partners.
    Premier,
    /// Advanced Support for Partners.
    Advanced,
    /// Signature Cloud Support, later Partner Cloud Support.
    Signature,
    /// Everything else.
    Other,
}

/// What a kind of plan rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::support_plan::PlanBasis")]
pub enum SupportPlanBasis {
    /// The partner pays for it.
    Fee,
    /// It comes with a competency or designation.
    Qualification,
    /// It comes with the partner programme.
    Programme,
}

/// Which hours a target counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::support_plan::TargetClock")]
pub enum TargetClock {
    /// Every hour.
    Elapsed,
    /// Hours of business.
    Business,
    /// The source does not say.
    Unknown,
}

/// How far a figure may be trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::support_plan::Confidence")]
pub enum Confidence {
    /// Microsoft's own page says so.
    Official,
    /// Somebody else says so.
    Secondary,
    /// The partner entered it.
    Entered,
}

/// Which support plans. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct SupportPlanFilter {
    /// Every one of these holds.
    and: Option<Vec<SupportPlanFilter>>,
    /// At least one of these holds.
    or: Option<Vec<SupportPlanFilter>>,
    /// This does not hold.
    not: Option<Box<SupportPlanFilter>>,
    /// Plans with these global ids.
    ids: Option<Vec<ID>>,
    /// By tier.
    tier: Option<Vec<SupportTier>>,
    /// In force on that day.
    valid_on: Option<Date>,
    /// Whose kind covers one of these families.
    covers: Option<Vec<ProductFamily>>,
}

impl FilterInput for SupportPlanFilter {
    type Predicate = SupportPlanPredicate;

    fn filter(self) -> Result<Filter<SupportPlanPredicate>> {
        use SupportPlanPredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .ids(self.ids, SupportPlanId::PREFIX, P::Id)?
            .one_of(self.tier, P::Tier)
            .is(self.valid_on.map(|day| day.0), P::ValidOn)
            .one_of(self.covers, P::Covers)
            .all())
    }
}

/// One key of an order of support plans.
#[derive(Clone, Debug, InputObject)]
pub struct SupportPlanOrder {
    /// By what.
    field: SupportPlanOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What support plans can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "SupportPlanKey")]
pub enum SupportPlanOrderField {
    /// By name, without regard to letter case.
    Name,
    /// By the first day in force.
    ValidFrom,
    /// By the last day in force; those without an end come last in ascending order.
    ValidUntil,
}

impl From<SupportPlanOrder> for Order<SupportPlanKey> {
    fn from(order: SupportPlanOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
