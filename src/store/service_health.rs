//! The `service` table, and the state of each service for each customer.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr, ExprTrait},
};
use strum::VariantArray;
use uuid::Uuid;

use super::{
    ScopedStore, Slice, incident,
    row::{Row, word},
    table::{Column, Parent, Stored, Table, col, ids, matching, words},
    text,
};
use crate::domain::{
    CustomerId, PartnerId, Result, ServiceHealthId, ServiceId,
    access::Scope,
    filter::{Filter, fold},
    incident::Incident,
    page::{List, Page, Wants},
    service_health::{
        HealthStatus, Service, ServiceHealth, ServiceHealthKey, ServiceHealthPredicate, ServiceKey, ServicePredicate,
    },
};

/// Private: outside of this file only [`Service`] exists.
pub(super) mod service {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "service")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub source: String,
        pub code: String,
        pub name: String,
        pub product_family: String,
        pub partner_id: Uuid,
        pub name_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`ServiceHealth`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "service_health")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub customer_id: Uuid,
        pub service_id: Uuid,
        pub reported_status: String,
        pub reported_status_text: String,
        pub since: DateTimeUtc,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
        pub severity: i64,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for Service {
    type Entity = service::Entity;
    const UNREAD: usize = 2;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: ServiceId(row.take()?),
            source: row.word()?,
            code: row.take()?,
            name: row.take()?,
            product_family: row.word()?,
        })
    }

    fn row(&self, partner: PartnerId) -> service::Model {
        service::Model {
            id: self.id.0,
            source: word(self.source),
            code: self.code.clone(),
            name: self.name.clone(),
            product_family: word(self.product_family),
            partner_id: partner.0,
            name_key: fold(&self.name),
        }
    }

    /// Some customers reach the services that they have, and those of incidents that they see.
    fn visible(scope: &Scope) -> Condition {
        let of_customers = scope.customers.as_ref().map(|_| {
            let had = matching::<ServiceHealth>(row::Column::ServiceId, &Filter::default(), scope);
            let hit = matching::<Incident>(incident::row::Column::ServiceId, &Filter::default(), scope);
            service::Column::Id.in_subquery(had).or(service::Column::Id.in_subquery(hit))
        });
        Condition::all().add(service::Column::PartnerId.eq(scope.partner.0)).add_option(of_customers)
    }

    fn id_column() -> Column<Self> {
        service::Column::Id
    }
}

impl Table for Service {
    fn holds(predicate: &ServicePredicate, _: &Scope) -> Expr {
        use ServicePredicate as P;
        match predicate {
            P::Id(wanted) => service::Column::Id.is_in(ids(wanted)),
            P::Name(wanted) => text::matches(col(service::Column::NameKey), wanted),
            P::ProductFamily(wanted) => service::Column::ProductFamily.is_in(words(wanted)),
            P::Source(wanted) => service::Column::Source.is_in(words(wanted)),
        }
    }

    fn key_column(key: ServiceKey) -> (Column<Self>, bool) {
        match key {
            ServiceKey::Name => (service::Column::NameKey, false),
            ServiceKey::ProductFamily => (service::Column::ProductFamily, false),
        }
    }
}

impl Stored for ServiceHealth {
    type Entity = row::Entity;
    const UNREAD: usize = 2;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: ServiceHealthId(row.take()?),
            customer_id: CustomerId(row.take()?),
            service_id: ServiceId(row.take()?),
            reported_status: row.word()?,
            reported_status_text: row.take()?,
            since: row.take()?,
            observed_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            customer_id: self.customer_id.0,
            service_id: self.service_id.0,
            reported_status: word(self.reported_status),
            reported_status_text: self.reported_status_text.clone(),
            since: self.since,
            observed_at: self.observed_at,
            partner_id: partner.0,
            severity: self.reported_status.severity(),
        }
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        Condition::all()
            .add(row::Column::PartnerId.eq(scope.partner.0))
            .add_option(customers.map(|ids| row::Column::CustomerId.is_in(ids.iter().map(|id| id.0))))
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for ServiceHealth {
    fn holds(predicate: &ServiceHealthPredicate, scope: &Scope) -> Expr {
        use ServiceHealthPredicate as P;
        match predicate {
            P::Customer(wanted) => row::Column::CustomerId.is_in(ids(wanted)),
            P::Service(wanted) => row::Column::ServiceId.is_in(ids(wanted)),
            P::ReportedStatus(wanted) => row::Column::ReportedStatus.is_in(words(wanted)),
            P::Healthy(healthy) => {
                let alike = HealthStatus::VARIANTS.iter().filter(|status| status.is_healthy() == *healthy);
                row::Column::ReportedStatus.is_in(alike.map(|status| <&str>::from(*status)))
            }
            P::OfService(filter) => {
                row::Column::ServiceId.in_subquery(matching::<Service>(service::Column::Id, filter, scope))
            }
        }
    }

    fn key_column(key: ServiceHealthKey) -> (Column<Self>, bool) {
        match key {
            ServiceHealthKey::Severity => (row::Column::Severity, false),
            ServiceHealthKey::Since => (row::Column::Since, false),
        }
    }
}

impl ScopedStore {
    /// The services that are known, filtered and ordered.
    pub async fn service_page(&self, list: &List<Service>) -> Result<Page<Service>> {
        self.page(list).await
    }

    /// The services with these ids, in no order.
    pub async fn services_by_id(&self, ids: &[ServiceId]) -> Result<Vec<Service>> {
        self.by_ids(ids, &Wants::Everything).await
    }

    /// The states of all services for each customer.
    pub async fn service_health_of(
        &self,
        customers: &[CustomerId],
        list: &List<ServiceHealth>,
    ) -> Result<HashMap<CustomerId, Page<ServiceHealth>>> {
        self.pages_of(customers, Parent::Column(row::Column::CustomerId), list).await
    }

    /// The states of each service for all customers.
    pub async fn service_health_of_services(
        &self,
        services: &[ServiceId],
        list: &List<ServiceHealth>,
    ) -> Result<HashMap<ServiceId, Page<ServiceHealth>>> {
        self.pages_of(services, Parent::Column(row::Column::ServiceId), list).await
    }

    /// The states that `filter` selects with ids beyond `beyond`, and what happened after `position`: see [`Slice`].
    pub async fn service_health_slice(
        &self,
        after: (i64, u32),
        beyond: (Uuid, u32),
        filter: &Filter<ServiceHealthPredicate>,
    ) -> Result<Slice<ServiceHealth>> {
        self.slice(after, beyond, filter).await
    }

    /// The states with these ids, in no order.
    pub async fn service_health_by_id(&self, ids: &[ServiceHealthId]) -> Result<Vec<ServiceHealth>> {
        self.by_ids(ids, &Wants::Everything).await
    }
}
