use async_graphql::{ComplexObject, ID, SimpleObject};
use sea_orm::entity::prelude::*;

use crate::schema::global_id;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "support_plan_kind")]
#[graphql(name = "SupportPlanKind", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    pub code: String,
    pub name: String,
    pub tier: String,
    #[graphql(skip)]
    pub aliases: String,
    pub basis: String,
    #[graphql(skip)]
    pub covers: String,
    pub covers_on_premises: bool,
    pub valid_from: Option<Date>,
    pub valid_until: Option<Date>,
    pub source_url: Option<String>,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"spk", self.id)
    }
}
