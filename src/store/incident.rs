//! The `incident` table.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Alias, Condition, Expr, ExprTrait, Func, Query, TableRef},
};
use uuid::Uuid;

use super::{
    ScopedStore, Slice, customer, dialect,
    row::{Row, word},
    service_health, subscription,
    table::{Column, Parent, Stored, Table, col, ids, matching, within, words},
    text, told, visibility,
    write::Write,
};
use crate::domain::{
    CustomerId, IncidentId, PartnerId, Result, ServiceId,
    access::Scope,
    customer::Customer,
    filter::{Filter, fold},
    incident::{Incident, IncidentKey, IncidentPredicate, IncidentReach},
    page::{List, Page, Wants},
    product_family::ProductFamily,
    service_health::Service,
    subscription::SubscriptionStatus,
};

/// Private: outside of this file only [`Incident`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub source: String,
        pub external_id: String,
        pub title: String,
        pub impact: Option<String>,
        pub classification: String,
        pub classification_text: String,
        pub origin: String,
        pub status: String,
        pub status_text: String,
        pub level: Option<String>,
        pub service_id: Option<Uuid>,
        pub service_name: Option<String>,
        pub product_family: String,
        pub feature: Option<String>,
        pub feature_group: Option<String>,
        pub started_at: Option<DateTimeUtc>,
        pub ended_at: Option<DateTimeUtc>,
        pub is_resolved: bool,
        pub is_high_impact: Option<bool>,
        pub modified_at: DateTimeUtc,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
        pub title_key: String,
        pub severity: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for Incident {
    type Entity = row::Entity;
    const UNREAD: usize = 3;
    const ALWAYS: Option<&'static [&'static str]> =
        Some(&["id", "title", "status", "service_id", "started_at", "modified_at"]);

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: IncidentId(row.take()?),
            source: row.word()?,
            external_id: row.take()?,
            title: row.take()?,
            impact: row.take()?,
            classification: row.word()?,
            classification_text: row.take()?,
            origin: row.word()?,
            status: row.word()?,
            status_text: row.take()?,
            level: row.take()?,
            service_id: row.take::<Option<_>>()?.map(ServiceId),
            service_name: row.take()?,
            product_family: row.word()?,
            feature: row.take()?,
            feature_group: row.take()?,
            started_at: row.take()?,
            ended_at: row.take()?,
            is_resolved: row.take()?,
            is_high_impact: row.take()?,
            modified_at: row.take()?,
            observed_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            source: word(self.source),
            external_id: self.external_id.clone(),
            title: self.title.clone(),
            impact: self.impact.clone(),
            classification: word(self.classification),
            classification_text: self.classification_text.clone(),
            origin: word(self.origin),
            status: word(self.status),
            status_text: self.status_text.clone(),
            level: self.level.clone(),
            service_id: self.service_id.map(|id| id.0),
            service_name: self.service_name.clone(),
            product_family: word(self.product_family),
            feature: self.feature.clone(),
            feature_group: self.feature_group.clone(),
            started_at: self.started_at,
            ended_at: self.ended_at,
            is_resolved: self.is_resolved,
            is_high_impact: self.is_high_impact,
            modified_at: self.modified_at,
            observed_at: self.observed_at,
            partner_id: partner.0,
            title_key: fold(&self.title),
            severity: self.status.severity(),
        }
    }

    fn source(scope: &Scope) -> TableRef {
        told::incidents_as_told(scope)
    }

    fn visible(scope: &Scope) -> Condition {
        let of_customers = scope.customers.as_ref().map(|_| told::is_as_told());
        Condition::all().add(row::Column::PartnerId.eq(scope.partner.0)).add_option(of_customers)
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for Incident {
    fn holds(predicate: &IncidentPredicate, scope: &Scope) -> Expr {
        use IncidentPredicate as P;
        match predicate {
            P::Id(wanted) => row::Column::Id.is_in(ids(wanted)),
            P::ExternalId(wanted) => row::Column::ExternalId.is_in(wanted),
            P::Open(open) => row::Column::IsResolved.eq(!open),
            P::Title(wanted) => text::matches(col(row::Column::TitleKey), wanted),
            P::Classification(wanted) => row::Column::Classification.is_in(words(wanted)),
            P::Origin(wanted) => row::Column::Origin.is_in(words(wanted)),
            P::Status(wanted) => row::Column::Status.is_in(words(wanted)),
            P::ProductFamily(wanted) => row::Column::ProductFamily.is_in(words(wanted)),
            P::Source(wanted) => row::Column::Source.is_in(words(wanted)),
            P::StartedAt(range) => within(col(row::Column::StartedAt), range),
            P::ModifiedAt(range) => within(col(row::Column::ModifiedAt), range),
            P::Service(filter) => {
                let services = matching::<Service>(service_health::service::Column::Id, filter, scope);
                row::Column::ServiceId.in_subquery(services)
            }
            P::Customer(filter) => {
                let customers = matching::<Customer>(customer::row::Column::Id, filter, scope);
                let seen = visibility::incident::Column::CustomerId.in_subquery(customers);
                row::Column::Id.in_subquery(visibility::incidents_where(seen))
            }
        }
    }

    fn key_column(key: IncidentKey) -> (Column<Self>, bool) {
        match key {
            IncidentKey::StartedAt => (row::Column::StartedAt, true),
            IncidentKey::ModifiedAt => (row::Column::ModifiedAt, false),
            IncidentKey::Severity => (row::Column::Severity, false),
            IncidentKey::Title => (row::Column::TitleKey, false),
        }
    }
}

impl Write {
    /// An incident that something is to be linked to.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none in scope.
    pub async fn incident(&self, id: IncidentId) -> Result<Incident> {
        self.one("Incident", id.0).await
    }
}

impl ScopedStore {
    /// Incidents, filtered and ordered.
    pub async fn incident_page(&self, list: &List<Incident>) -> Result<Page<Incident>> {
        self.page(list).await
    }

    /// The incidents that `filter` selects with ids beyond `beyond`, and what happened after `position`: see [`Slice`].
    pub async fn incident_slice(
        &self,
        after: (i64, u32),
        beyond: (Uuid, u32),
        filter: &Filter<IncidentPredicate>,
    ) -> Result<Slice<Incident>> {
        self.slice(after, beyond, filter).await
    }

    /// The customers that see each of these incidents.
    pub async fn customers_seeing_incidents(&self, ids: &[IncidentId]) -> Result<HashMap<IncidentId, Vec<CustomerId>>> {
        self.seeing(ids, "incident_visibility", "incident_id").await
    }

    /// The incidents with these ids, in no order.
    pub async fn incidents_by_id(&self, ids: &[IncidentId], wants: &Wants) -> Result<Vec<Incident>> {
        self.by_ids(ids, wants).await
    }

    /// The incidents that each customer sees.
    pub async fn incidents_of_customers(
        &self,
        customers: &[CustomerId],
        list: &List<Incident>,
    ) -> Result<HashMap<CustomerId, Page<Incident>>> {
        let seen = Parent::Through { table: "incident_visibility", child: "incident_id", parent: "customer_id" };
        self.pages_of(customers, seen, list).await
    }

    /// The incidents of each service.
    pub async fn incidents_of_services(
        &self,
        services: &[ServiceId],
        list: &List<Incident>,
    ) -> Result<HashMap<ServiceId, Page<Incident>>> {
        self.pages_of(services, Parent::Column(row::Column::ServiceId), list).await
    }

    /// How much of what the scope reaches each incident touches. An incident of an unknown product family touches
    /// customers, but no subscription that could be named.
    pub async fn reach_of(&self, incidents: &[IncidentId]) -> Result<HashMap<IncidentId, IncidentReach>> {
        use subscription::row::Column as S;
        use visibility::incident::Column as V;
        let wanted: Vec<_> = incidents.iter().map(|incident| incident.0).collect();
        let touched = Condition::all()
            .add(S::PartnerId.eq(self.scope.partner.0))
            .add(col(S::CustomerId).eq(col(V::CustomerId)))
            .add(col(S::ProductFamily).eq(col(row::Column::ProductFamily)))
            .add(S::ProductFamily.ne(<&str>::from(ProductFamily::Unknown)))
            .add(S::Status.eq(<&str>::from(SubscriptionStatus::Active)));
        let seats = Func::coalesce([col(S::Quantity).sum(), Expr::val(0)]);
        let mut select = Query::select();
        select
            .expr(col(V::IncidentId))
            .expr(Expr::from(Func::count_distinct(col(V::CustomerId))))
            .expr(Expr::from(Func::count(col(S::Id))))
            // A sum is a decimal number in PostgreSQL.
            .expr(Expr::from(seats).cast_as(Alias::new("bigint")))
            .from(visibility::incident::Entity)
            .inner_join(Incident::source(&self.scope), col(row::Column::Id).eq(col(V::IncidentId)))
            .inner_join(customer::row::Entity, col(customer::row::Column::Id).eq(col(V::CustomerId)))
            .left_join(subscription::row::Entity, touched)
            .and_where(dialect::beside_the_point(Incident::visible(&self.scope)))
            .and_where(dialect::beside_the_point(Customer::visible(&self.scope)))
            .and_where(dialect::is_one_of(self.backend(), col(V::IncidentId), &wanted))
            .add_group_by([col(V::IncidentId)]);
        let mut reach: HashMap<_, _> = incidents.iter().map(|id| (*id, IncidentReach::default())).collect();
        for row in self.rows(&select).await? {
            let mut row = Row::new(&row);
            let incident = IncidentId(row.take()?);
            let found = IncidentReach { customers: row.take()?, subscriptions: row.take()?, seats: row.take()? };
            reach.insert(incident, found);
        }
        Ok(reach)
    }
}
