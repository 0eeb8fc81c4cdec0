//! What callers have spent on all nodes together. Only for PostgreSQL: with SQLite there is one node, which knows.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseBackend,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use uuid::Uuid;

use super::{Store, database_error, row::Row};
use crate::domain::{Result, access::Lane};

/// What one caller has spent since it was last told.
#[derive(Clone, Copy, Debug)]
pub struct Spending {
    /// Stands for a person or program of a partner.
    pub caller: Uuid,
    pub lane: Lane,
    /// May be negative, if more was given back.
    pub cost: f64,
    /// How much is granted again each second.
    pub per_second: f64,
}

/// Callers in one statement.
const AT_ONCE: usize = 1_000;

/// What is owed after what was granted since, and with what was spent. The clocks of nodes may differ a little.
const OWED: &str = "greatest(0, greatest(0, budget.debt - budget.per_second * greatest(0, extract(epoch from excluded.at - \
                    budget.at)::double precision)) + excluded.debt)";

impl Store {
    /// Whether other nodes may work on the same rows.
    pub fn is_shared(&self) -> bool {
        self.reader.backend() == DatabaseBackend::Postgres
    }

    /// Adds what was spent here, and gives what each has spent everywhere and was not granted again, in the same order.
    pub async fn spend(&self, spent: &[Spending], now: DateTime<Utc>) -> Result<Vec<f64>> {
        let mut debts = HashMap::with_capacity(spent.len());
        for chunk in spent.chunks(AT_ONCE) {
            let mut insert = Query::insert();
            insert.into_table("budget").columns(["caller", "lane", "debt", "per_second", "at"]);
            for Spending { caller, lane, cost, per_second } in chunk {
                let lane: &str = lane.into();
                let values: [Expr; 5] =
                    [Expr::val(*caller), Expr::val(lane), Expr::val(*cost), Expr::val(*per_second), Expr::val(now)];
                insert.values_panic(values);
            }
            let mut known = OnConflict::columns(["caller", "lane"]);
            known.value("debt", Expr::cust(OWED)).value("at", Expr::cust("greatest(budget.at, excluded.at)"));
            known.update_column("per_second");
            insert.on_conflict(known).returning(Query::returning().columns(["caller", "lane", "debt"]));
            for row in self.rows(&insert).await? {
                let mut row = Row::new(&row);
                let key: (Uuid, String) = (row.take()?, row.take()?);
                debts.insert(key, row.take::<f64>()?);
            }
        }
        let debt = |spending: &Spending| {
            let lane: &str = spending.lane.into();
            debts.get(&(spending.caller, lane.to_owned())).copied().unwrap_or_default()
        };
        Ok(spent.iter().map(debt).collect())
    }

    /// Forgets those who have spent nothing since `before`.
    pub async fn forget_spending(&self, before: DateTime<Utc>) -> Result<()> {
        let mut delete = Query::delete();
        delete.from_table("budget").and_where(Expr::col("at").lt(before));
        self.db.execute(&delete).await.map(|_| ()).map_err(database_error)
    }
}
