use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use chrono::Utc;
use peers::{light, status_now};
use sea_orm::entity::prelude::*;

use super::service;
use crate::{
    loaders::ServiceById,
    schema::{Timestamp, global_id, loader},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "service_health")]
#[graphql(name = "ServiceHealth", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    #[graphql(skip)]
    pub customer_id: Uuid,
    #[graphql(skip)]
    pub service_id: Uuid,
    pub reported_status: String,
    pub reported_status_text: String,
    pub since: Timestamp,
    pub observed_at: Timestamp,
    #[graphql(skip)]
    pub partner_id: Uuid,
    #[graphql(skip)]
    pub severity: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"hlt", self.id)
    }

    async fn status(&self) -> &str {
        status_now(&self.reported_status, self.observed_at.0, Utc::now())
    }

    async fn light(&self) -> &str {
        light(status_now(&self.reported_status, self.observed_at.0, Utc::now()))
    }

    async fn service(&self, context: &Context<'_>) -> Result<Option<service::Model>> {
        Ok(loader(context).load_one(ServiceById(self.service_id)).await?)
    }
}
