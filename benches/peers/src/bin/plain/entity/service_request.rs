use async_graphql::{ComplexObject, ID, SimpleObject};
use sea_orm::entity::prelude::*;

use crate::schema::{Timestamp, global_id};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "service_request")]
#[graphql(name = "ServiceRequest", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    pub source: String,
    pub external_id: String,
    #[graphql(skip)]
    pub customer_id: Option<Uuid>,
    #[graphql(skip)]
    pub subscription_id: Option<Uuid>,
    #[graphql(skip)]
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
    pub created_at: Option<Timestamp>,
    pub modified_at: Option<Timestamp>,
    pub closed_at: Option<Timestamp>,
    pub observed_at: Timestamp,
    #[graphql(skip)]
    pub partner_id: Uuid,
    #[graphql(skip)]
    pub title_key: String,
    #[graphql(skip)]
    pub severity_rank: i64,
    #[graphql(skip)]
    pub product_key: Option<String>,
    #[graphql(skip)]
    pub version: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"srq", self.id)
    }
}
