use async_graphql::{ComplexObject, ID, SimpleObject};
use sea_orm::entity::prelude::*;

use crate::schema::global_id;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "service")]
#[graphql(name = "Service", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    pub source: String,
    pub code: String,
    pub name: String,
    pub product_family: String,
    #[graphql(skip)]
    pub partner_id: Uuid,
    #[graphql(skip)]
    pub name_key: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"svc", self.id)
    }
}
