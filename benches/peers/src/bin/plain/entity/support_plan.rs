use async_graphql::{ComplexObject, Context, ID, Result, SimpleObject};
use sea_orm::entity::prelude::*;

use super::support_plan_kind;
use crate::{
    loaders::KindById,
    schema::{Timestamp, global_id, loader},
};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "support_plan")]
#[graphql(name = "SupportPlan", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    #[graphql(skip)]
    pub kind_id: Uuid,
    pub name: String,
    pub activated_at: Option<Timestamp>,
    pub valid_from: Date,
    pub valid_until: Option<Date>,
    #[graphql(skip)]
    pub managers: String,
    #[graphql(skip)]
    pub partner_id: Uuid,
    #[graphql(skip)]
    pub name_key: String,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "support_plan_kind::Entity", from = "Column::KindId", to = "support_plan_kind::Column::Id")]
    Kind,
}

impl Related<support_plan_kind::Entity> for Entity {
    fn to() -> RelationDef {
        Relation::Kind.def()
    }
}

impl ActiveModelBehavior for ActiveModel {}

#[ComplexObject]
impl Model {
    #[graphql(name = "id")]
    async fn global_id(&self) -> ID {
        global_id(b"spl", self.id)
    }

    async fn kind(&self, context: &Context<'_>) -> Result<Option<support_plan_kind::Model>> {
        Ok(loader(context).load_one(KindById(self.kind_id)).await?)
    }
}
