use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use sea_orm::entity::prelude::*;

use super::support_plan;
use crate::{
    loaders::{HealthOf, IncidentsOf, PlansBehind, RequestsOf, SubscriptionsOf},
    schema::*,
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "customer")]
#[graphql(name = "Customer", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    pub tenant_id: String,
    pub commerce_id: Option<String>,
    pub name: String,
    pub primary_domain: Option<String>,
    #[graphql(skip)]
    pub custom_domains: String,
    pub country: Option<String>,
    pub culture: Option<String>,
    pub language: Option<String>,
    pub relationship: String,
    pub relationship_text: Option<String>,
    pub allow_delegated_access: Option<bool>,
    pub associated_partner_id: Option<String>,
    pub registration_number: Option<String>,
    #[graphql(skip)]
    pub reseller_id: Option<Uuid>,
    pub ended_at: Option<Timestamp>,
    pub observed_at: Timestamp,
    #[graphql(skip)]
    pub partner_id: Uuid,
    #[graphql(skip)]
    pub name_key: String,
    #[graphql(skip)]
    pub domains_key: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"cus", self.id)
    }

    #[graphql(name = "customDomains")]
    async fn domains(&self) -> Vec<String> {
        words(&self.custom_domains)
    }

    async fn subscriptions(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u64,
    ) -> Result<CustomerSubscriptionConnection> {
        let found = loader(context).load_one(SubscriptionsOf { customer: self.id, first: first + 1 }).await?;
        Ok(CustomerSubscriptionConnection::first(found.unwrap_or_default(), first))
    }

    async fn support_plans(&self, context: &Context<'_>) -> Result<Vec<support_plan::Model>> {
        Ok(loader(context).load_one(PlansBehind(self.id)).await?.unwrap_or_default())
    }

    async fn service_health(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u64,
    ) -> Result<ServiceHealthConnection> {
        let found = loader(context).load_one(HealthOf { customer: self.id, first: first + 1 }).await?;
        Ok(ServiceHealthConnection::first(found.unwrap_or_default(), first))
    }

    async fn incidents(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u64,
        filter: Option<IncidentFilter>,
    ) -> Result<IncidentConnection> {
        let is_open = filter.map(|filter| filter.is_open);
        let found = loader(context).load_one(IncidentsOf { customer: self.id, first: first + 1, is_open }).await?;
        Ok(IncidentConnection::first(found.unwrap_or_default(), first))
    }

    async fn service_requests(
        &self,
        context: &Context<'_>,
        #[graphql(default = 20)] first: u64,
        filter: Option<ServiceRequestFilter>,
    ) -> Result<ServiceRequestConnection> {
        let is_open = filter.map(|filter| filter.is_open);
        let found = loader(context).load_one(RequestsOf { customer: self.id, first: first + 1, is_open }).await?;
        Ok(ServiceRequestConnection::first(found.unwrap_or_default(), first))
    }
}
