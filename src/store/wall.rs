//! The second wall. The first is the scope in every statement; behind it, PostgreSQL shows a connection only the rows of
//! whom it stands for, so a statement that forgets its scope finds nothing foreign. `migrations/src/row_security.rs` has
//! the other side. SQLite has nothing of the kind.

use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, DbErr, TransactionOptions, TransactionTrait,
    sea_query::{Expr, ExprTrait, Query},
};

use super::{Store, row::Row};
use crate::domain::{Result, access::Scope};

/// Whom a connection stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// All partners: before it is known who asks, and for migrations.
    Everything,
    Scope(Scope),
}

/// For how long a connection stands for somebody.
#[derive(Clone, Copy)]
pub(super) enum Until {
    /// It is told otherwise.
    Told,
    TransactionEnds,
}

impl Reach {
    /// The statement that tells PostgreSQL. It holds nothing but ids and words of our own.
    pub fn statement(&self, until: Until) -> String {
        let (partner, customers, everything) = match self {
            Self::Everything => (String::new(), String::new(), "on"),
            Self::Scope(Scope { partner, customers }) => {
                let customers = customers.as_ref().map_or("all".to_owned(), |customers| {
                    let ids: Vec<String> = customers.iter().map(|customer| customer.0.to_string()).collect();
                    format!("{{{}}}", ids.join(","))
                });
                (partner.0.to_string(), customers, "off")
            }
        };
        let is_local = matches!(until, Until::TransactionEnds);
        format!(
            "select set_config('supportgraph.partner', '{partner}', {is_local}), \
             set_config('supportgraph.customers', '{customers}', {is_local}), \
             set_config('supportgraph.everything', '{everything}', {is_local})"
        )
    }
}

impl Store {
    /// Does without the second wall: every connection stands for everything.
    pub fn without_row_level_security(mut self) -> Self {
        self.has_second_wall = false;
        self
    }

    /// Whether the database holds back what is out of scope, too. It holds back nothing from a superuser, nor from a role
    /// with `BYPASSRLS`, and SQLite nothing from anybody.
    pub async fn has_second_wall(&self) -> Result<bool> {
        if !self.has_second_wall || self.reader.backend() != DatabaseBackend::Postgres {
            return Ok(false);
        }
        let mut passes = Query::select();
        passes.expr(Expr::col("rolsuper").or(Expr::col("rolbypassrls"))).from("pg_roles");
        passes.and_where(Expr::col("rolname").eq(Expr::cust("current_user")));
        let rows = self.rows(&passes).await?;
        let passes = rows.first().map(|row| Row::new(row).take()).transpose()?;
        Ok(passes == Some(false))
    }

    /// Whom a connection stands for that reads or writes in `scope`.
    pub(super) fn reach(&self, scope: &Scope) -> Reach {
        if self.has_second_wall { Reach::Scope(scope.clone()) } else { Reach::Everything }
    }

    /// Begins a transaction that stands for somebody.
    pub(super) async fn begin_as(
        &self,
        reach: &Reach,
        options: TransactionOptions,
    ) -> Result<DatabaseTransaction, DbErr> {
        let transaction = self.db.begin_with_options(options).await?;
        stand_for(&transaction, reach).await?;
        Ok(transaction)
    }
}

/// From here on the transaction stands for somebody else. It is no statement of the program, so it is not counted as one.
pub(super) async fn stand_for(transaction: &DatabaseTransaction, reach: &Reach) -> Result<(), DbErr> {
    if transaction.get_database_backend() == DatabaseBackend::Postgres {
        transaction.execute_unprepared(&reach.statement(Until::TransactionEnds)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use sea_orm::ConnectionTrait;
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{CustomerId, PartnerId, change::Batch, change::Change},
        store::{
            ScopedStore,
            testing::{at, contoso, customer, fabrikam, partner},
        },
    };

    /// An empty database of a plain role's own, and what drops it; none without a PostgreSQL to make it on.
    #[expect(clippy::disallowed_methods, reason = "tests are told by their environment which database to use")]
    async fn database() -> Option<(Store, Store, String)> {
        let admin = std::env::var("SUPPORTGRAPH_TEST_POSTGRES").ok().filter(|url| !url.is_empty())?;
        let name = format!("sgwall_{}", Uuid::new_v4().simple());
        let mut url = reqwest::Url::parse(&admin).unwrap();
        url.set_username(&name).unwrap();
        url.set_password(Some(&name)).unwrap();
        url.set_path(&name);
        let admin = Store::connect(&admin, 1).await.unwrap();
        for statement in
            [format!("create role {name} login password '{name}'"), format!("create database {name} owner {name}")]
        {
            admin.db.execute_unprepared(&statement).await.unwrap();
        }
        // One connection to read with, and so it stands for one after the other.
        let store = Store::connect(url.as_str(), 1).await.unwrap();
        store.migrate().await.unwrap();
        let drop = format!("drop database {name} with (force); drop role {name}");
        Some((store, admin, drop))
    }

    /// The partner with two customers.
    async fn put(store: &Store, id: PartnerId) -> [CustomerId; 2] {
        let customers = ["Adatum", "Bellows"].map(|name| customer(id, name));
        let ids = customers.each_ref().map(|customer| customer.id);
        let changes = [Change::Partner(partner(id))].into_iter().chain(customers.map(Change::Customer)).collect();
        let batch = Batch { changes, ..Batch::default() };
        store.scoped(&Scope::partner(id)).apply(batch, "a test", at(0)).await.unwrap();
        ids
    }

    /// The statement that forgets its scope.
    async fn all_customers(store: &ScopedStore) -> Vec<CustomerId> {
        let rows = store.rows(&Query::select().column("id").from("customer").take()).await.unwrap();
        rows.iter().map(|row| CustomerId(Row::new(row).take().unwrap())).collect()
    }

    #[tokio::test]
    async fn a_statement_that_forgets_its_scope_finds_nothing_foreign() {
        let Some((store, admin, drop)) = database().await else { return };
        let ours = put(&store, contoso()).await;
        let theirs = put(&store, fabrikam()).await;
        let found = async |scope: Scope| {
            let mut found = all_customers(&store.scoped(&scope)).await;
            found.sort();
            found
        };
        let sorted = |mut ids: Vec<CustomerId>| {
            ids.sort();
            ids
        };
        for _ in 0..2 {
            assert_eq!(found(Scope::partner(contoso())).await, sorted(ours.to_vec()));
            assert_eq!(found(Scope::partner(fabrikam())).await, sorted(theirs.to_vec()));
            for customer in ours {
                assert_eq!(found(Scope::customers(contoso(), [customer])).await, [customer]);
            }
            assert_eq!(found(Scope::customers(contoso(), theirs)).await, [], "an id in the scope is not enough");
            assert_eq!(found(Scope::customers(contoso(), [])).await, []);
            assert_eq!(store.partners().await.unwrap().len(), 2, "before it is known who asks");
        }

        let write = store.scoped(&Scope::partner(contoso())).begin().await.unwrap();
        let select = Query::select().column("id").from("customer").take();
        assert_eq!(write.rows(&select).await.unwrap().len(), 2);
        std::mem::drop(write);
        let rows = store.db.query_all(&select).await.unwrap();
        assert!(rows.is_empty(), "a connection that wrote stands for nobody afterwards");

        let bare = Store::clone(&store).without_row_level_security();
        assert_eq!(all_customers(&bare.scoped(&Scope::partner(contoso()))).await.len(), 4, "the wall was what held");
        std::mem::drop((store, bare));
        for statement in drop.split("; ") {
            admin.db.execute_unprepared(statement).await.unwrap();
        }
    }
}
