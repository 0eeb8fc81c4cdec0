//! The connections.

use sqlx::{PgPool, postgres::PgPoolOptions};
use uuid::Uuid;

/// The connections, as many as supportgraph keeps, and the only partner in the database.
#[derive(Clone)]
pub struct Database {
    pub pool: PgPool,
    pub partner: Uuid,
}

impl Database {
    pub async fn connect(url: &str) -> sqlx::Result<Self> {
        let pool = PgPoolOptions::new().max_connections(10).test_before_acquire(false).connect(url).await?;
        let partner = sqlx::query_scalar("select id from partner").fetch_one(&pool).await?;
        Ok(Self { pool, partner })
    }
}
