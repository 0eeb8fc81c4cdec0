//! The connections, and the statements for what a query starts at.

use sea_orm::{ConnectOptions, DatabaseConnection, DbErr, QueryOrder, QuerySelect, entity::prelude::*};

use super::entity::{customer, incident, partner};

/// The connections, as many as supportgraph keeps, and the only partner in the database.
#[derive(Clone)]
pub struct Database {
    pub connection: DatabaseConnection,
    pub partner: Uuid,
}

impl Database {
    pub async fn connect(url: &str) -> Result<Self, DbErr> {
        let mut options = ConnectOptions::new(url);
        options.max_connections(10);
        let connection = sea_orm::Database::connect(options).await?;
        let partner = partner::Entity::find().require_one(&connection).await?.id;
        Ok(Self { connection, partner })
    }

    pub async fn customers(&self, first: u64) -> Result<Vec<customer::Model>, DbErr> {
        customer::Entity::find()
            .filter(customer::Column::PartnerId.eq(self.partner))
            .order_by_asc(customer::Column::NameKey)
            .order_by_asc(customer::Column::Id)
            .limit(first)
            .all(&self.connection)
            .await
    }

    pub async fn customer(&self, id: Uuid) -> Result<Option<customer::Model>, DbErr> {
        customer::Entity::find_by_id(id)
            .filter(customer::Column::PartnerId.eq(self.partner))
            .one(&self.connection)
            .await
    }

    pub async fn incidents(&self, first: u64) -> Result<Vec<incident::Model>, DbErr> {
        incident::Entity::find()
            .filter(incident::Column::PartnerId.eq(self.partner))
            .order_by_desc(incident::Column::ModifiedAt)
            .order_by_desc(incident::Column::Id)
            .limit(first)
            .all(&self.connection)
            .await
    }
}
