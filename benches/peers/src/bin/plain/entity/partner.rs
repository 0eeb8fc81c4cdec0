use sea_orm::entity::prelude::*;

use crate::schema::Timestamp;

#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "partner")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub tenant_id: String,
    pub name: String,
    pub domain: Option<String>,
    pub country: Option<String>,
    pub culture: Option<String>,
    pub partner_type: String,
    pub cloud: String,
    pub support_email: Option<String>,
    pub support_phone: Option<String>,
    pub support_website: Option<String>,
    pub legal_name: Option<String>,
    pub vetting_status: Option<String>,
    pub network_id: Option<String>,
    pub network_name: Option<String>,
    pub billing_currency: Option<String>,
    pub observed_at: Timestamp,
    pub position: i64,
}

#[derive(Clone, Copy, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
