//! The types and fields that the three queries need. The rows are the objects.

use async_graphql::{
    ComplexObject, Context, ID, InputObject, InputValueError, InputValueResult, Object, Result, Scalar, ScalarType,
    SimpleObject, Value, dataloader::DataLoader,
};
use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use peers::{GlobalId, light, status_now};
use sqlx::FromRow;
use uuid::Uuid;

use super::loaders::*;

/// A time as supportgraph writes it, with `Z`.
#[derive(Clone, Copy, sqlx::Type)]
#[sqlx(transparent)]
pub struct Time(pub DateTime<Utc>);

#[Scalar(name = "DateTime")]
impl ScalarType for Time {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::String(text) => Ok(Self(text.parse()?)),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

fn id(prefix: &[u8; 3], id: Uuid) -> ID {
    GlobalId::new(prefix, id).as_str().into()
}

fn loader<'a>(context: &Context<'a>) -> &'a DataLoader<Loaders> {
    context.data_unchecked()
}

/// Declares connections.
macro_rules! connections {
    ($($name:ident of $node:ident)+) => {$(
        #[derive(SimpleObject)]
        pub struct $name {
            nodes: Vec<$node>,
            page_info: PageInfo,
        }

        impl $name {
            /// The first so many of rows that were read with one more.
            fn first(mut nodes: Vec<$node>, first: i64) -> Self {
                let has_next_page = nodes.len() as i64 > first;
                nodes.truncate(first as usize);
                Self { nodes, page_info: PageInfo { has_next_page } }
            }
        }
    )+};
}

connections! {
    CustomerConnection of Customer
    CustomerSubscriptionConnection of Subscription
    ServiceHealthConnection of ServiceHealth
    IncidentConnection of Incident
    ServiceRequestConnection of ServiceRequest
}

#[derive(SimpleObject)]
pub struct PageInfo {
    has_next_page: bool,
}

#[derive(InputObject)]
pub struct IncidentFilter {
    is_open: bool,
}

#[derive(InputObject)]
pub struct ServiceRequestFilter {
    is_open: bool,
}

pub struct Query;

#[Object]
impl Query {
    async fn customers(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: i64,
    ) -> Result<CustomerConnection> {
        Ok(CustomerConnection::first(loader(context).loader().customers(first + 1).await?, first))
    }

    async fn customer(&self, context: &Context<'_>, id: ID) -> Result<Option<Customer>> {
        match GlobalId::parse("cus", &id) {
            Some(id) => Ok(loader(context).loader().customer(id).await?),
            None => Ok(None),
        }
    }

    async fn incidents(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: i64,
    ) -> Result<IncidentConnection> {
        Ok(IncidentConnection::first(loader(context).loader().incidents(first + 1).await?, first))
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Customer {
    #[graphql(skip)]
    pub id: Uuid,
    tenant_id: String,
    name: String,
    primary_domain: Option<String>,
    #[graphql(skip)]
    custom_domains: String,
    country: Option<String>,
    culture: Option<String>,
    language: Option<String>,
    relationship: String,
    ended_at: Option<Time>,
    observed_at: Time,
}

#[ComplexObject]
impl Customer {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"cus", self.id)
    }

    #[graphql(name = "customDomains")]
    async fn domains(&self) -> Vec<String> {
        words(&self.custom_domains)
    }

    async fn subscriptions(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: i64,
    ) -> Result<CustomerSubscriptionConnection> {
        let found = loader(context).load_one(SubscriptionsOf { customer: self.id, first: first + 1 }).await?;
        Ok(CustomerSubscriptionConnection::first(found.unwrap_or_default(), first))
    }

    async fn support_plans(&self, context: &Context<'_>) -> Result<Vec<SupportPlan>> {
        Ok(loader(context).load_one(PlansBehind(self.id)).await?.unwrap_or_default())
    }

    async fn service_health(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: i64,
    ) -> Result<ServiceHealthConnection> {
        let found = loader(context).load_one(HealthOf { customer: self.id, first: first + 1 }).await?;
        Ok(ServiceHealthConnection::first(found.unwrap_or_default(), first))
    }

    async fn incidents(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: i64,
        filter: Option<IncidentFilter>,
    ) -> Result<IncidentConnection> {
        let is_open = filter.map(|filter| filter.is_open);
        let found = loader(context).load_one(IncidentsOf { customer: self.id, first: first + 1, is_open }).await?;
        Ok(IncidentConnection::first(found.unwrap_or_default(), first))
    }

    async fn service_requests(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: i64,
        filter: Option<ServiceRequestFilter>,
    ) -> Result<ServiceRequestConnection> {
        let is_open = filter.map(|filter| filter.is_open);
        let found = loader(context).load_one(RequestsOf { customer: self.id, first: first + 1, is_open }).await?;
        Ok(ServiceRequestConnection::first(found.unwrap_or_default(), first))
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex, name = "CustomerSubscription")]
pub struct Subscription {
    #[graphql(skip)]
    id: Uuid,
    external_id: String,
    #[graphql(name = "name")]
    friendly_name: String,
    offer_name: String,
    product_family: String,
    quantity: i64,
    unit_type: Option<String>,
    status: String,
    billing_cycle: String,
    term: Option<String>,
    created_at: Option<Time>,
    starts_at: Option<Time>,
    commitment_ends_on: Option<NaiveDate>,
    is_auto_renewed: Option<bool>,
    is_trial: bool,
    #[graphql(skip)]
    pub customer_id: Uuid,
}

#[ComplexObject]
impl Subscription {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"sub", self.id)
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct SupportPlan {
    #[graphql(skip)]
    id: Uuid,
    name: String,
    valid_until: Option<NaiveDate>,
    #[graphql(skip)]
    kind_id: Uuid,
    #[graphql(skip)]
    pub covers: String,
}

#[ComplexObject]
impl SupportPlan {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"spl", self.id)
    }

    async fn kind(&self, context: &Context<'_>) -> Result<Option<SupportPlanKind>> {
        Ok(loader(context).load_one(KindById(self.kind_id)).await?)
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct SupportPlanKind {
    #[graphql(skip)]
    pub id: Uuid,
    code: String,
    name: String,
    tier: String,
}

#[ComplexObject]
impl SupportPlanKind {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"spk", self.id)
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ServiceHealth {
    #[graphql(skip)]
    id: Uuid,
    #[graphql(skip)]
    reported_status: String,
    since: Time,
    observed_at: Time,
    #[graphql(skip)]
    pub customer_id: Uuid,
    #[graphql(skip)]
    service_id: Uuid,
}

#[ComplexObject]
impl ServiceHealth {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"hlt", self.id)
    }

    async fn status(&self) -> &str {
        status_now(&self.reported_status, self.observed_at.0, Utc::now())
    }

    async fn light(&self) -> &str {
        light(status_now(&self.reported_status, self.observed_at.0, Utc::now()))
    }

    async fn service(&self, context: &Context<'_>) -> Result<Option<Service>> {
        Ok(loader(context).load_one(ServiceById(self.service_id)).await?)
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Service {
    #[graphql(skip)]
    pub id: Uuid,
    name: String,
}

#[ComplexObject]
impl Service {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"svc", self.id)
    }
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct Incident {
    #[graphql(skip)]
    id: Uuid,
    external_id: String,
    title: String,
    classification: String,
    origin: String,
    status: String,
    is_resolved: bool,
    service_name: Option<String>,
    product_family: String,
    feature: Option<String>,
    started_at: Option<Time>,
    ended_at: Option<Time>,
    modified_at: Time,
    observed_at: Time,
}

#[ComplexObject]
impl Incident {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"inc", self.id)
    }

    async fn latest_post(&self, context: &Context<'_>) -> Result<Option<IncidentPost>> {
        Ok(loader(context).load_one(LatestPostOf(self.id)).await?)
    }
}

#[derive(Clone, FromRow, SimpleObject)]
pub struct IncidentPost {
    created_at: Time,
    content: String,
    #[graphql(skip)]
    pub incident_id: Uuid,
}

#[derive(Clone, FromRow, SimpleObject)]
#[graphql(complex)]
pub struct ServiceRequest {
    #[graphql(skip)]
    id: Uuid,
    external_id: String,
    title: String,
    severity: String,
    status: String,
    created_at: Option<Time>,
    #[graphql(skip)]
    pub customer_id: Option<Uuid>,
}

#[ComplexObject]
impl ServiceRequest {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        id(b"srq", self.id)
    }
}
