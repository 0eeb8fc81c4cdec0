use async_graphql::SimpleObject;
use sea_orm::entity::prelude::*;

use crate::schema::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "incident_post")]
#[graphql(name = "IncidentPost")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    #[graphql(skip)]
    pub incident_id: Uuid,
    pub created_at: Timestamp,
    pub post_type: String,
    pub content: String,
    #[graphql(skip)]
    pub partner_id: Uuid,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
