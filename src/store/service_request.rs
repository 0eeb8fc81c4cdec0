//! The `service_request` table, and the notes on requests.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr, Query},
};
use uuid::Uuid;

use super::{
    ScopedStore, Slice, incident,
    row::{Row, word},
    table::{Column, Parent, Stored, Table, col, ids, matching, within, words},
    text,
    write::{FIRST_VERSION, Write},
};
use crate::domain::{
    CustomerId, IncidentId, PartnerId, Result, ServiceRequestId, ServiceRequestNoteId, SubscriptionId,
    access::Scope,
    filter::{Filter, fold},
    incident::Incident,
    page::{List, Page, Wants},
    service_request::{
        ServiceRequest, ServiceRequestKey, ServiceRequestNote, ServiceRequestNoteKey, ServiceRequestPredicate,
        ServiceRequestStatus,
    },
};

/// Private: outside of this file only [`ServiceRequest`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "service_request")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub source: String,
        /// Empty for none: SQLite cannot take the column's `not null` away.
        pub external_id: String,
        pub customer_id: Option<Uuid>,
        pub subscription_id: Option<Uuid>,
        pub incident_id: Option<Uuid>,
        pub title: String,
        pub description: String,
        pub severity: String,
        pub severity_text: String,
        pub status: String,
        pub status_text: String,
        pub topic: Option<String>,
        pub product_name: Option<String>,
        pub contact_name: Option<String>,
        pub contact_email: Option<String>,
        pub contact_phone: Option<String>,
        pub country: Option<String>,
        pub created_at: Option<DateTimeUtc>,
        pub modified_at: Option<DateTimeUtc>,
        pub closed_at: Option<DateTimeUtc>,
        pub observed_at: DateTimeUtc,
        pub version: i64,
        pub partner_id: Uuid,
        pub title_key: String,
        pub severity_rank: i64,
        /// The folded name of the product: what it is searched by.
        pub product_key: Option<String>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`ServiceRequestNote`] exists.
pub(super) mod note {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "service_request_note")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub service_request_id: Uuid,
        pub created_at: Option<DateTimeUtc>,
        pub author: Option<String>,
        pub text: String,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for ServiceRequest {
    type Entity = row::Entity;
    const UNREAD: usize = 4;
    const ALWAYS: Option<&'static [&'static str]> = Some(&[
        "id",
        "customer_id",
        "subscription_id",
        "incident_id",
        "title",
        "severity",
        "status",
        "created_at",
        "modified_at",
    ]);

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: ServiceRequestId(row.take()?),
            source: row.word()?,
            external_id: Some(row.take::<String>()?).filter(|id| !id.is_empty()),
            customer_id: row.take::<Option<_>>()?.map(CustomerId),
            subscription_id: row.take::<Option<_>>()?.map(SubscriptionId),
            incident_id: row.take::<Option<_>>()?.map(IncidentId),
            title: row.take()?,
            description: row.take()?,
            severity: row.word()?,
            severity_text: row.take()?,
            status: row.word()?,
            status_text: row.take()?,
            topic: row.take()?,
            product_name: row.take()?,
            contact_name: row.take()?,
            contact_email: row.take()?,
            contact_phone: row.take()?,
            country: row.take()?,
            created_at: row.take()?,
            modified_at: row.take()?,
            closed_at: row.take()?,
            observed_at: row.take()?,
            version: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            source: word(self.source),
            external_id: self.external_id.clone().unwrap_or_default(),
            customer_id: self.customer_id.map(|id| id.0),
            subscription_id: self.subscription_id.map(|id| id.0),
            incident_id: self.incident_id.map(|id| id.0),
            title: self.title.clone(),
            description: self.description.clone(),
            severity: word(self.severity),
            severity_text: self.severity_text.clone(),
            status: word(self.status),
            status_text: self.status_text.clone(),
            topic: self.topic.clone(),
            product_name: self.product_name.clone(),
            contact_name: self.contact_name.clone(),
            contact_email: self.contact_email.clone(),
            contact_phone: self.contact_phone.clone(),
            country: self.country.clone(),
            created_at: self.created_at,
            modified_at: self.modified_at,
            closed_at: self.closed_at,
            observed_at: self.observed_at,
            version: self.version.max(FIRST_VERSION),
            partner_id: partner.0,
            title_key: fold(&self.title),
            severity_rank: self.severity as i64,
            product_key: self.product_name.as_deref().map(fold),
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

impl Table for ServiceRequest {
    fn holds(predicate: &ServiceRequestPredicate, scope: &Scope) -> Expr {
        use ServiceRequestPredicate as P;
        match predicate {
            P::Id(wanted) => row::Column::Id.is_in(ids(wanted)),
            P::Customer(wanted) => row::Column::CustomerId.is_in(ids(wanted)),
            P::Open(true) => row::Column::Status.ne(<&str>::from(ServiceRequestStatus::Closed)),
            P::Open(false) => row::Column::Status.eq(<&str>::from(ServiceRequestStatus::Closed)),
            P::Status(wanted) => row::Column::Status.is_in(words(wanted)),
            P::Severity(wanted) => row::Column::Severity.is_in(words(wanted)),
            P::Title(wanted) => text::matches(col(row::Column::TitleKey), wanted),
            P::Product(wanted) => text::matches(col(row::Column::ProductKey), wanted),
            P::CreatedAt(range) => within(col(row::Column::CreatedAt), range),
            P::OfIncident(filter) => {
                row::Column::IncidentId.in_subquery(matching::<Incident>(incident::row::Column::Id, filter, scope))
            }
        }
    }

    fn key_column(key: ServiceRequestKey) -> (Column<Self>, bool) {
        match key {
            ServiceRequestKey::CreatedAt => (row::Column::CreatedAt, true),
            ServiceRequestKey::ModifiedAt => (row::Column::ModifiedAt, true),
            ServiceRequestKey::Severity => (row::Column::SeverityRank, false),
            ServiceRequestKey::Title => (row::Column::TitleKey, false),
        }
    }
}

impl Stored for ServiceRequestNote {
    type Entity = note::Entity;
    const UNREAD: usize = 1;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: ServiceRequestNoteId(row.take()?),
            service_request_id: ServiceRequestId(row.take()?),
            created_at: row.take()?,
            author: row.take()?,
            text: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> note::Model {
        note::Model {
            id: self.id.0,
            service_request_id: self.service_request_id.0,
            created_at: self.created_at,
            author: self.author.clone(),
            text: self.text.clone(),
            partner_id: partner.0,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        let requests = customers.map(|ids| {
            let theirs = row::Column::CustomerId.is_in(ids.iter().map(|id| id.0));
            Query::select().expr(col(row::Column::Id)).from(row::Entity).and_where(theirs).take()
        });
        Condition::all()
            .add(note::Column::PartnerId.eq(scope.partner.0))
            .add_option(requests.map(|requests| note::Column::ServiceRequestId.in_subquery(requests)))
    }

    fn id_column() -> Column<Self> {
        note::Column::Id
    }
}

impl Table for ServiceRequestNote {
    fn holds((): &(), _: &Scope) -> Expr {
        Expr::val(true)
    }

    fn key_column(key: ServiceRequestNoteKey) -> (Column<Self>, bool) {
        match key {
            ServiceRequestNoteKey::CreatedAt => (note::Column::CreatedAt, true),
        }
    }
}

impl Write {
    /// A request that is to be changed.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none in scope.
    pub async fn service_request(&self, id: ServiceRequestId) -> Result<ServiceRequest> {
        self.one("ServiceRequest", id.0).await
    }
}

impl ScopedStore {
    /// Service requests, filtered and ordered.
    pub async fn service_request_page(&self, list: &List<ServiceRequest>) -> Result<Page<ServiceRequest>> {
        self.page(list).await
    }

    /// The requests that `filter` selects with ids beyond `beyond`, and what happened after `position`: see [`Slice`].
    pub async fn service_request_slice(
        &self,
        after: (i64, u32),
        beyond: (Uuid, u32),
        filter: &Filter<ServiceRequestPredicate>,
    ) -> Result<Slice<ServiceRequest>> {
        self.slice(after, beyond, filter).await
    }

    /// The requests with these ids, in no order.
    pub async fn service_requests_by_id(&self, ids: &[ServiceRequestId], wants: &Wants) -> Result<Vec<ServiceRequest>> {
        self.by_ids(ids, wants).await
    }

    /// The requests filed for each customer.
    pub async fn service_requests_of(
        &self,
        customers: &[CustomerId],
        list: &List<ServiceRequest>,
    ) -> Result<HashMap<CustomerId, Page<ServiceRequest>>> {
        self.pages_of(customers, Parent::Column(row::Column::CustomerId), list).await
    }

    /// The requests that are linked to each incident.
    pub async fn service_requests_of_incidents(
        &self,
        incidents: &[IncidentId],
        list: &List<ServiceRequest>,
    ) -> Result<HashMap<IncidentId, Page<ServiceRequest>>> {
        self.pages_of(incidents, Parent::Column(row::Column::IncidentId), list).await
    }

    /// The notes on each request.
    pub async fn notes_of(
        &self,
        requests: &[ServiceRequestId],
        list: &List<ServiceRequestNote>,
    ) -> Result<HashMap<ServiceRequestId, Page<ServiceRequestNote>>> {
        self.pages_of(requests, Parent::Column(note::Column::ServiceRequestId), list).await
    }
}
