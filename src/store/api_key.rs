//! The `api_key` table.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, QueryResult,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    ScopedStore, Store, database_error,
    row::{Row, join, join_words, word},
    write::Write,
};
use crate::domain::{CustomerId, Error, PartnerId, Result, api_key::ApiKey};

const TABLE: &str = "api_key";
const COLUMNS: [&str; 12] = [
    "prefix",
    "partner_id",
    "hash",
    "name",
    "roles",
    "customers",
    "lane",
    "created_at",
    "created_by",
    "expires_at",
    "last_used_at",
    "revoked_at",
];

impl Store {
    /// The key with this prefix, whosoever it is: who shows it becomes known by it, so there is no scope yet.
    pub async fn api_key(&self, prefix: &str) -> Result<Option<ApiKey>> {
        let rows = self.rows(&all().and_where(Expr::col("prefix").eq(prefix)).take()).await?;
        rows.first().map(read).transpose()
    }
}

impl ScopedStore {
    /// The keys of the partner, newest first.
    pub async fn api_keys(&self) -> Result<Vec<ApiKey>> {
        let mut select = all();
        select.and_where(Expr::col("partner_id").eq(self.scope.partner.0));
        select.order_by("created_at", Order::Desc).order_by("prefix", Order::Asc);
        self.rows(&select).await?.iter().map(read).collect()
    }
}

impl Write {
    /// The partner's key with this prefix.
    ///
    /// # Errors
    ///
    /// `NotFound` if it has none.
    pub async fn api_key(&self, prefix: &str) -> Result<ApiKey> {
        let mut select = all();
        select.and_where(Expr::col("partner_id").eq(self.scope.partner.0)).and_where(Expr::col("prefix").eq(prefix));
        let missing = || Error::NotFound { kind: "API key", id: prefix.to_owned() };
        read(self.rows(&select).await?.first().ok_or_else(missing)?)
    }

    pub async fn insert_api_key(&mut self, key: &ApiKey) -> Result<()> {
        let customers = key.customers.as_ref().map(|customers| {
            let customers: Vec<String> = customers.iter().map(|customer| customer.0.to_string()).collect();
            join(&customers)
        });
        let row = vec![
            key.prefix.as_str().into(),
            self.scope.partner.0.into(),
            key.hash.clone().into(),
            key.name.as_str().into(),
            join_words(&key.roles).into(),
            customers.into(),
            word(key.lane).into(),
            key.created_at.into(),
            key.created_by.as_str().into(),
            key.expires_at.into(),
            key.last_used_at.into(),
            key.revoked_at.into(),
        ];
        self.insert(TABLE, &COLUMNS, vec![row], None).await
    }

    pub async fn revoke_api_key(&mut self, prefix: &str, at: DateTime<Utc>) -> Result<()> {
        self.set_time_of_api_key(prefix, "revoked_at", at).await
    }

    pub async fn note_use_of_api_key(&mut self, prefix: &str, at: DateTime<Utc>) -> Result<()> {
        self.set_time_of_api_key(prefix, "last_used_at", at).await
    }

    async fn set_time_of_api_key(&self, prefix: &str, column: &'static str, at: DateTime<Utc>) -> Result<()> {
        let mut update = Query::update();
        update.table(TABLE).value(column, at);
        update.and_where(Expr::col("partner_id").eq(self.scope.partner.0)).and_where(Expr::col("prefix").eq(prefix));
        self.transaction.execute(&update).await.map_err(database_error)?;
        Ok(())
    }
}

fn all() -> SelectStatement {
    Query::select().columns(COLUMNS).from(TABLE).take()
}

fn read(row: &QueryResult) -> Result<ApiKey> {
    let mut row = Row::new(row);
    Ok(ApiKey {
        prefix: row.take()?,
        partner: PartnerId(row.take()?),
        hash: row.take()?,
        name: row.take()?,
        roles: row.words()?,
        customers: row.take::<Option<String>>()?.map(|ids| customers(&ids)).transpose()?,
        lane: row.take::<String>()?.parse().map_err(Error::internal)?,
        created_at: row.take()?,
        created_by: row.take()?,
        expires_at: row.take()?,
        last_used_at: row.take()?,
        revoked_at: row.take()?,
    })
}

fn customers(ids: &str) -> Result<Arc<[CustomerId]>> {
    let ids: Vec<Uuid> = serde_json::from_str(ids).map_err(Error::internal)?;
    Ok(ids.into_iter().map(CustomerId).collect())
}
