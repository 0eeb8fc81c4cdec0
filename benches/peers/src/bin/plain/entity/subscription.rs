use async_graphql::{ComplexObject, ID, SimpleObject};
use sea_orm::entity::prelude::*;

use crate::schema::{Timestamp, global_id};

#[derive(Clone, Debug, PartialEq, DeriveEntityModel, SimpleObject)]
#[sea_orm(table_name = "subscription")]
#[graphql(name = "CustomerSubscription", complex)]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    #[graphql(skip)]
    pub id: Uuid,
    #[graphql(skip)]
    pub customer_id: Uuid,
    pub external_id: String,
    #[graphql(skip)]
    pub parent_id: Option<Uuid>,
    pub offer_id: Option<String>,
    pub offer_name: String,
    #[graphql(name = "name")]
    pub friendly_name: String,
    pub product_family: String,
    pub product_family_signal: String,
    pub product_type: Option<String>,
    pub quantity: i64,
    pub unit_type: Option<String>,
    pub status: String,
    pub status_text: String,
    pub billing_type: String,
    pub billing_type_text: Option<String>,
    pub billing_cycle: String,
    pub billing_cycle_text: Option<String>,
    pub term: Option<String>,
    pub renewal_term: Option<String>,
    pub created_at: Option<Timestamp>,
    pub starts_at: Option<Timestamp>,
    pub commitment_ends_on: Option<Date>,
    pub cancellable_until: Option<Timestamp>,
    pub is_auto_renewed: Option<bool>,
    pub is_trial: bool,
    pub is_microsoft_product: Option<bool>,
    pub publisher: Option<String>,
    pub reseller_network_id: Option<String>,
    #[graphql(skip)]
    pub suspension_reasons: String,
    pub order_id: Option<String>,
    pub contract_type: Option<String>,
    pub support_contact_applicability: String,
    pub support_contact_name: Option<String>,
    pub support_contact_tenant_id: Option<String>,
    pub support_contact_network_id: Option<String>,
    pub observed_at: Timestamp,
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
        global_id(b"sub", self.id)
    }
}
