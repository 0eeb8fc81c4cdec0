//! Documents that were registered. They belong to the installation and hold nothing of any partner.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, Order, StatementBuilder,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};

use super::{ScopedStore, Store, database_error, row::Row, wall::Reach};
use crate::domain::{
    Result,
    document::{DocumentId, TrustedDocument},
};

impl ScopedStore {
    /// The text of a registered document; the same for every scope.
    pub async fn document(&self, id: &DocumentId) -> Result<Option<String>> {
        self.store.document(id).await
    }
}

impl Store {
    /// The text of a registered document.
    pub async fn document(&self, id: &DocumentId) -> Result<Option<String>> {
        let mut select = Query::select();
        select.column("text").from("document");
        match id {
            DocumentId::Hash(hash) => select.and_where(Expr::col("hash").eq(hash)),
            DocumentId::Name(name) => select.and_where(Expr::col("hash").in_subquery(hash_of(name))),
        };
        self.rows(&select).await?.first().map(|row| Row::new(row).take()).transpose()
    }

    /// All registered documents, those with names first, by name.
    pub async fn documents(&self) -> Result<Vec<TrustedDocument>> {
        let mut select = Query::select();
        select.columns(["name", "hash"]).from("document_name").order_by("name", Order::Asc);
        let mut names: HashMap<String, Vec<String>> = HashMap::new();
        for row in self.rows(&select).await? {
            let mut row = Row::new(&row);
            let name = row.take()?;
            names.entry(row.take()?).or_default().push(name);
        }
        let mut select = Query::select();
        select.columns(["hash", "text", "registered_at"]).from("document");
        let mut documents = Vec::new();
        for row in self.rows(&select).await? {
            let mut row = Row::new(&row);
            let hash: String = row.take()?;
            let names = names.remove(&hash).unwrap_or_default();
            documents.push(TrustedDocument { hash, names, text: row.take()?, registered_at: row.take()? });
        }
        documents.sort_by_cached_key(|one| (one.names.is_empty(), one.names.first().cloned(), one.hash.clone()));
        Ok(documents)
    }

    /// Registers texts with their names, all or none. A name that stood for another text stands for the new one; the old
    /// text stays known by its hash. Gives how many texts were new.
    pub async fn register_documents(&self, documents: &[(String, Vec<String>)], now: DateTime<Utc>) -> Result<u64> {
        let _turn = self.writer.lock().await;
        let transaction = self.begin(&Reach::Everything).await.map_err(database_error)?;
        let mut new = 0;
        for (text, names) in documents {
            let hash = DocumentId::hash_of(text);
            let mut insert = Query::insert();
            insert.into_table("document").columns(["hash", "text", "registered_at"]);
            insert.values_panic([hash.clone().into(), text.clone().into(), now.into()]);
            insert.on_conflict(OnConflict::column("hash").do_nothing().to_owned());
            new += execute(&transaction, &insert).await?;
            for name in names {
                let mut insert = Query::insert();
                insert.into_table("document_name").columns(["name", "hash"]);
                insert.values_panic([name.clone().into(), hash.clone().into()]);
                insert.on_conflict(OnConflict::column("name").update_column("hash").to_owned());
                execute(&transaction, &insert).await?;
            }
        }
        transaction.commit().await.map_err(database_error)?;
        Ok(new)
    }

    /// Forgets a document and all its names. False if it was not known.
    pub async fn forget_document(&self, id: &DocumentId) -> Result<bool> {
        let _turn = self.writer.lock().await;
        let transaction = self.begin(&Reach::Everything).await.map_err(database_error)?;
        let hash = match id {
            DocumentId::Hash(hash) => Some(hash.clone()),
            DocumentId::Name(name) => {
                let found = transaction.query_all(&hash_of(name)).await.map_err(database_error)?;
                found.first().map(|row| Row::new(row).take()).transpose()?
            }
        };
        let Some(hash) = hash else { return Ok(false) };
        let of_it = || Expr::col("hash").eq(&hash);
        execute(&transaction, Query::delete().from_table("document_name").and_where(of_it())).await?;
        let forgotten = execute(&transaction, Query::delete().from_table("document").and_where(of_it())).await?;
        transaction.commit().await.map_err(database_error)?;
        Ok(forgotten > 0)
    }
}

fn hash_of(name: &str) -> sea_orm::sea_query::SelectStatement {
    Query::select().column("hash").from("document_name").and_where(Expr::col("name").eq(name)).take()
}

/// How many rows a statement wrote.
async fn execute(transaction: &DatabaseTransaction, statement: &impl StatementBuilder) -> Result<u64> {
    Ok(transaction.execute(statement).await.map_err(database_error)?.rows_affected())
}
