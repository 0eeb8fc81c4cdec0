//! The `support_plan` table, and the reference data of plan kinds and response targets.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr, ExprTrait, Order, Query},
};

use super::{
    ScopedStore, dialect,
    row::{Row, join, join_words, word},
    subscription,
    table::{Column, Stored, Table, col, columns, ids, owned, valid_on, words},
};
use crate::domain::{
    CustomerId, PartnerId, ResponseTargetId, Result, SupportPlanId, SupportPlanKindId,
    access::Scope,
    filter::fold,
    page::{List, Page, Wants},
    product_family::ProductFamily,
    subscription::{Subscription, SubscriptionStatus},
    support_plan::{ResponseTarget, SupportPlan, SupportPlanKey, SupportPlanKind, SupportPlanPredicate},
};

/// Private: outside of this file only [`SupportPlan`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "support_plan")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind_id: Uuid,
        pub name: String,
        pub activated_at: Option<DateTimeUtc>,
        pub valid_from: Date,
        pub valid_until: Option<Date>,
        pub managers: String,
        pub partner_id: Uuid,
        pub name_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`SupportPlanKind`] exists.
pub(super) mod kind {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "support_plan_kind")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub name: String,
        pub tier: String,
        pub aliases: String,
        pub basis: String,
        pub covers: String,
        pub covers_on_premises: bool,
        pub valid_from: Option<Date>,
        pub valid_until: Option<Date>,
        pub source_url: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`ResponseTarget`] exists.
pub(super) mod target {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "response_target")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub kind_id: Uuid,
        pub severity: String,
        pub severity_label: String,
        pub first_response_seconds: i64,
        pub clock: String,
        pub language: Option<String>,
        pub confidence: String,
        pub valid_from: Option<Date>,
        pub valid_until: Option<Date>,
        pub source: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for SupportPlan {
    type Entity = row::Entity;
    const UNREAD: usize = 2;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: SupportPlanId(row.take()?),
            kind_id: SupportPlanKindId(row.take()?),
            name: row.take()?,
            activated_at: row.take()?,
            valid_from: row.take()?,
            valid_until: row.take()?,
            managers: row.list()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            kind_id: self.kind_id.0,
            name: self.name.clone(),
            activated_at: self.activated_at,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            managers: join(&self.managers),
            partner_id: partner.0,
            name_key: fold(&self.name),
        }
    }

    fn visible(scope: &Scope) -> Condition {
        owned(row::Column::PartnerId, scope)
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for SupportPlan {
    fn holds(predicate: &SupportPlanPredicate, _: &Scope) -> Expr {
        use SupportPlanPredicate as P;
        let of_kinds = |wanted: Expr| {
            let kinds = Query::select().expr(col(kind::Column::Id)).from(kind::Entity).and_where(wanted).take();
            row::Column::KindId.in_subquery(kinds)
        };
        match predicate {
            P::Id(wanted) => row::Column::Id.is_in(ids(wanted)),
            P::Tier(wanted) => of_kinds(kind::Column::Tier.is_in(words(wanted))),
            P::ValidOn(day) => valid_on(row::Column::ValidFrom, row::Column::ValidUntil, *day),
            // A list of words lies in its column with each word in quotes.
            P::Covers(wanted) => {
                let covers =
                    |family: &ProductFamily| kind::Column::Covers.contains(format!("\"{}\"", <&str>::from(*family)));
                of_kinds(wanted.iter().map(covers).reduce(ExprTrait::or).unwrap_or_else(|| Expr::val(false)))
            }
        }
    }

    fn key_column(key: SupportPlanKey) -> (Column<Self>, bool) {
        match key {
            SupportPlanKey::Name => (row::Column::NameKey, false),
            SupportPlanKey::ValidFrom => (row::Column::ValidFrom, false),
            SupportPlanKey::ValidUntil => (row::Column::ValidUntil, true),
        }
    }
}

impl Stored for SupportPlanKind {
    type Entity = kind::Entity;
    const UNREAD: usize = 0;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: SupportPlanKindId(row.take()?),
            code: row.take()?,
            name: row.take()?,
            tier: row.word()?,
            aliases: row.list()?,
            basis: row.word()?,
            covers: row.words()?,
            covers_on_premises: row.take()?,
            valid_from: row.take()?,
            valid_until: row.take()?,
            source_url: row.take()?,
        })
    }

    fn row(&self, _: PartnerId) -> kind::Model {
        kind::Model {
            id: self.id.0,
            code: self.code.clone(),
            name: self.name.clone(),
            tier: word(self.tier),
            aliases: join(&self.aliases),
            basis: word(self.basis),
            covers: join_words(&self.covers),
            covers_on_premises: self.covers_on_premises,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            source_url: self.source_url.clone(),
        }
    }

    fn visible(_: &Scope) -> Condition {
        Condition::all()
    }

    fn id_column() -> Column<Self> {
        kind::Column::Id
    }
}

impl Stored for ResponseTarget {
    type Entity = target::Entity;
    const UNREAD: usize = 0;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: ResponseTargetId(row.take()?),
            kind_id: SupportPlanKindId(row.take()?),
            severity: row.word()?,
            severity_label: row.take()?,
            first_response_seconds: row.take()?,
            clock: row.word()?,
            language: row.take()?,
            confidence: row.word()?,
            valid_from: row.take()?,
            valid_until: row.take()?,
            source: row.take()?,
        })
    }

    fn row(&self, _: PartnerId) -> target::Model {
        target::Model {
            id: self.id.0,
            kind_id: self.kind_id.0,
            severity: word(self.severity),
            severity_label: self.severity_label.clone(),
            first_response_seconds: self.first_response_seconds,
            clock: word(self.clock),
            language: self.language.clone(),
            confidence: word(self.confidence),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            source: self.source.clone(),
        }
    }

    fn visible(_: &Scope) -> Condition {
        Condition::all()
    }

    fn id_column() -> Column<Self> {
        target::Column::Id
    }
}

impl ScopedStore {
    /// The partner's plans, filtered and ordered.
    pub async fn support_plan_page(&self, list: &List<SupportPlan>) -> Result<Page<SupportPlan>> {
        self.page(list).await
    }

    /// The plans with these ids, in no order.
    pub async fn support_plans_by_id(&self, ids: &[SupportPlanId]) -> Result<Vec<SupportPlan>> {
        self.by_ids(ids, &Wants::Everything).await
    }

    /// All kinds of plans, by code.
    pub async fn support_plan_kinds(&self) -> Result<Vec<SupportPlanKind>> {
        self.all(&[(kind::Column::Code, Order::Asc)]).await
    }

    /// The kinds with these ids, in no order.
    pub async fn support_plan_kinds_by_id(&self, ids: &[SupportPlanKindId]) -> Result<Vec<SupportPlanKind>> {
        self.by_ids(ids, &Wants::Everything).await
    }

    /// The response targets of each kind, soonest first.
    pub async fn response_targets_of(
        &self,
        kinds: &[SupportPlanKindId],
    ) -> Result<HashMap<SupportPlanKindId, Vec<ResponseTarget>>> {
        use target::Column::{FirstResponseSeconds, Id, KindId};
        self.children_of(kinds, KindId, &[(FirstResponseSeconds, Order::Asc), (Id, Order::Asc)]).await
    }

    /// The plans that stand behind each customer on `day`: those of the partner in force then whose kind covers a
    /// family in which the customer has an active subscription; by name. Two statements.
    pub async fn support_plans_behind(
        &self,
        customers: &[CustomerId],
        day: NaiveDate,
    ) -> Result<HashMap<CustomerId, Vec<SupportPlan>>> {
        let (plans, families) = futures::try_join!(self.plans_in_force(day), self.active_families_of(customers))?;
        let behind = |customer: &CustomerId| {
            let none = HashSet::new();
            let families = families.get(customer).unwrap_or(&none);
            let stands = |covered: &[ProductFamily]| covered.iter().any(|family| families.contains(family));
            let plans = plans.iter().filter(|(_, covered)| stands(covered)).map(|(plan, _)| plan.clone());
            (*customer, plans.collect())
        };
        Ok(customers.iter().map(behind).collect())
    }

    /// The plans in force on `day` whose kind covers each family; by name.
    pub async fn support_plans_covering(
        &self,
        families: &[ProductFamily],
        day: NaiveDate,
    ) -> Result<HashMap<ProductFamily, Vec<SupportPlan>>> {
        let plans = self.plans_in_force(day).await?;
        let covering = |family: &ProductFamily| {
            let plans = plans.iter().filter(|(_, covered)| covered.contains(family)).map(|(plan, _)| plan.clone());
            (*family, plans.collect())
        };
        Ok(families.iter().map(covering).collect())
    }

    /// The plans in force on `day` with the families that their kinds cover.
    async fn plans_in_force(&self, day: NaiveDate) -> Result<Vec<(SupportPlan, Vec<ProductFamily>)>> {
        let mut select = Query::select();
        let (columns, _) = columns::<SupportPlan>(&Wants::Everything);
        select.from(row::Entity).exprs(columns).expr(col(kind::Column::Covers));
        select.inner_join(kind::Entity, col(kind::Column::Id).eq(col(row::Column::KindId)));
        select.cond_where(SupportPlan::visible(&self.scope));
        select.and_where(valid_on(row::Column::ValidFrom, row::Column::ValidUntil, day));
        select.order_by(row::Column::NameKey, Order::Asc).order_by((row::Entity, row::Column::Id), Order::Asc);
        let rows = self.rows(&select).await?;
        let plan_with_families = |row| {
            let mut row = Row::new(row);
            Ok((SupportPlan::decode(&mut row)?, row.words()?))
        };
        rows.iter().map(plan_with_families).collect()
    }

    /// The families in which each customer has an active subscription.
    async fn active_families_of(
        &self,
        customers: &[CustomerId],
    ) -> Result<HashMap<CustomerId, HashSet<ProductFamily>>> {
        use subscription::row::Column as S;
        let mut select = Query::select();
        select.distinct().from(subscription::row::Entity).expr(col(S::CustomerId)).expr(col(S::ProductFamily));
        select.cond_where(Subscription::visible(&self.scope));
        select.and_where(S::Status.is_in(words(&BTreeSet::from([SubscriptionStatus::Active]))));
        let customers: Vec<_> = customers.iter().map(|customer| customer.0).collect();
        select.and_where(dialect::is_one_of(self.backend(), col(S::CustomerId), &customers));
        let mut families: HashMap<_, HashSet<_>> = HashMap::new();
        for row in self.rows(&select).await? {
            let mut row = Row::new(&row);
            families.entry(CustomerId(row.take()?)).or_default().insert(row.word()?);
        }
        Ok(families)
    }
}
