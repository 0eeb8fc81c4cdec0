use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use sea_orm::entity::prelude::*;

use super::{incident_post, incident_visibility};
use crate::{
    loaders::LatestPostOf,
    schema::{Timestamp, global_id, loader},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "incident")]
#[graphql(name = "Incident", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
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
    #[graphql(skip)]
    pub service_id: Option<Uuid>,
    pub service_name: Option<String>,
    pub product_family: String,
    pub feature: Option<String>,
    pub feature_group: Option<String>,
    pub started_at: Option<Timestamp>,
    pub ended_at: Option<Timestamp>,
    pub is_resolved: bool,
    pub is_high_impact: Option<bool>,
    pub modified_at: Timestamp,
    pub observed_at: Timestamp,
    #[graphql(skip)]
    pub partner_id: Uuid,
    #[graphql(skip)]
    pub title_key: String,
    #[graphql(skip)]
    pub severity: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(has_many = "incident_visibility::Entity")]
    Visibility,
}

impl Related<incident_visibility::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Visibility.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"inc", self.id)
    }

    async fn latest_post(&self, context: &Context<'_>) -> Result<Option<incident_post::Model>> {
        Ok(loader(context).load_one(LatestPostOf(self.id)).await?)
    }
}
