//! A transaction: rows in bulk, then events under the partner's next positions.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use sea_orm::{
    ConnectionTrait, DatabaseBackend, DatabaseTransaction, EntityTrait, Iden, Iterable, ModelTrait, PrimaryKeyToColumn,
    QueryResult, StatementBuilder, Value,
    sea_query::{Expr, ExprTrait, LockType, OnConflict, Query, SelectStatement},
};
use tokio::sync::OwnedMutexGuard;
use uuid::Uuid;

use super::{
    ScopedStore, Store, database_error, dialect,
    row::{Row, word},
    table::{Stored, col, columns, decode_all},
};
use crate::domain::{
    Error, Result,
    access::Scope,
    event::{EntityKind, Event, Logged, News, Standing},
    page::Wants,
};

/// How many rows one statement inserts: more gains nothing, and every connection keeps what it prepared.
const MOST_ROWS: usize = 128;

/// The column in which a row counts its changes, if its table has one.
const VERSION: &str = "version";

/// What it begins with.
pub(super) const FIRST_VERSION: i64 = 1;

/// So many events are handed to this process's listeners with the news of a commit; they read more from the log.
const MOST_HANDED: usize = 64;

/// A transaction of one partner, in a scope. It ends only by [`Write::commit`], together with its events, or by being
/// dropped.
///
/// Whoever writes holds the lock on the partner's row from the beginning, so two writers of one partner never decide
/// on the same old rows, and the order of commits is the order of positions.
pub struct Write {
    pub(super) transaction: DatabaseTransaction,
    store: Store,
    pub(super) scope: Scope,
    /// Kinds of which rows changed; each counts one change more at the commit, whether or not there is an event.
    pub(super) touched: BTreeSet<EntityKind>,
    changed: bool,
    /// SQLite has one writer; waiting in a queue here is fair, and cheaper than asking again and again.
    _turn: Option<OwnedMutexGuard<()>>,
}

impl ScopedStore {
    /// Begins a transaction about something that may concern all of the partner's customers.
    ///
    /// # Errors
    ///
    /// `Conflict` if the scope is narrower than a partner.
    pub async fn begin_whole(&self) -> Result<Write> {
        if !self.is_whole() {
            return Err(Error::Conflict("this needs the scope of a whole partner".to_owned()));
        }
        self.begin().await
    }

    /// Begins a transaction about what is in scope.
    pub async fn begin(&self) -> Result<Write> {
        let turn = match self.backend() {
            DatabaseBackend::Sqlite => Some(self.store.writer.clone().lock_owned().await),
            _ => None,
        };
        let reach = self.store.reach(&self.scope);
        let mut lock = Query::select();
        lock.column("id").from("partner").and_where(Expr::col("id").eq(self.scope.partner.0)).lock(LockType::Update);
        let transaction = self.store.repeating(|| async {
            let transaction = self.store.begin(&reach).await?;
            transaction.query_all(&lock).await?;
            Ok(transaction)
        });
        Ok(Write {
            transaction: transaction.await?,
            store: self.store.clone(),
            scope: self.scope.clone(),
            touched: BTreeSet::new(),
            changed: false,
            _turn: turn,
        })
    }
}

impl Write {
    /// Ends the transaction. The events take the partner's next positions, without a gap: the update of the partner's
    /// row holds off every other writer of the partner until the commit. The number in `log_position` is another one:
    /// it counts commits that touched a kind, events or not, so that cached answers know that they are old.
    ///
    /// Gives the partner's position afterwards.
    ///
    /// # Errors
    ///
    /// `Conflict` if the partner itself was never written; `Internal` if something befell what is out of scope: whoever
    /// writes has looked for it in scope before.
    pub async fn commit(mut self, events: Vec<Event>) -> Result<i64> {
        if let Some(event) = events.iter().find(|event| !self.scope.reaches(event.customer_id)) {
            return Err(Error::internal(format!("{} {} is written out of scope", word(event.kind), event.entity_id)));
        }
        let last = self.advance(events.len() as i64).await?;
        self.touched.extend(events.iter().map(|event| event.kind));
        self.log(last - events.len() as i64, &events).await?;
        self.count_changes().await?;
        self.transaction.commit().await.map_err(database_error)?;
        let standing = Standing { partner: self.scope.partner, position: last };
        // Nobody may be listening.
        let _ = self.store.commits.send(news(standing, events));
        Ok(last)
    }

    /// Ends the transaction without events: nothing of what was written can be listened to.
    pub async fn end(self) -> Result<()> {
        self.transaction.commit().await.map_err(database_error)
    }

    /// Moves the partner's position and gives the new one.
    async fn advance(&self, by: i64) -> Result<i64> {
        let mut update = Query::update();
        update.table("partner").value("position", Expr::col("position").add(by));
        update.and_where(Expr::col("id").eq(self.scope.partner.0)).returning_col("position");
        let rows = self.rows(&update).await?;
        let unknown = || Error::Conflict("the partner is not known yet; enter its tenant id and name first".to_owned());
        Row::new(rows.first().ok_or_else(unknown)?).take()
    }

    async fn log(&mut self, after: i64, events: &[Event]) -> Result<()> {
        let columns = [
            "partner_id",
            "position",
            "kind",
            "happening",
            "entity_id",
            "customer_id",
            "occurred_at",
            "observed_at",
            "difference",
        ];
        let rows = events.iter().zip(after + 1..).map(|(event, position)| -> Vec<Value> {
            vec![
                self.scope.partner.0.into(),
                position.into(),
                word(event.kind).into(),
                word(event.happening).into(),
                event.entity_id.into(),
                event.customer_id.map(|customer| customer.0).into(),
                event.occurred_at.into(),
                event.observed_at.into(),
                event.difference.to_string().into(),
            ]
        });
        let rows = rows.collect();
        self.insert("event", &columns, rows, None).await
    }

    async fn count_changes(&mut self) -> Result<()> {
        let mut once_more = OnConflict::columns(["partner_id", "kind"]);
        once_more.value("version", Expr::col(("log_position", "version")).add(1_i64));
        let row = |kind: &EntityKind| vec![self.scope.partner.0.into(), word(*kind).into(), 1_i64.into()];
        let rows = self.touched.iter().map(row).collect();
        self.insert("log_position", &["partner_id", "kind", "version"], rows, Some(once_more)).await
    }

    /// Writes rows as they are now, new ones and old ones alike; never over a row of another partner, nor of a customer out
    /// of scope. Rows that count their changes count this one.
    ///
    /// # Errors
    ///
    /// `Internal` if a row of a customer out of scope stands where one was to be written, as PostgreSQL's wall has it.
    pub(super) async fn save<E: EntityTrait>(&mut self, rows: Vec<Vec<Value>>) -> Result<()> {
        let table = E::default().table_name().to_owned();
        let names: Vec<String> = E::Column::iter().map(|column| column.to_string()).collect();
        let key: Vec<String> = E::PrimaryKey::iter().map(|key| key.into_column().to_string()).collect();
        let is_counted = names.iter().any(|name| name == VERSION);
        let rest = names.iter().filter(|name| !key.contains(name) && *name != VERSION).cloned().collect::<Vec<_>>();
        let mut replace = OnConflict::columns(key);
        replace.update_columns(rest);
        if is_counted {
            replace.value(VERSION, Expr::col((table.clone(), VERSION)).add(1_i64));
        }
        if names.iter().any(|name| name == "partner_id") {
            let before = Expr::col((table.clone(), "partner_id"));
            replace.action_and_where(before.eq(Expr::col(("excluded", "partner_id"))));
        }
        if let Some(customers) = &self.scope.customers
            && names.iter().any(|name| name == "customer_id")
        {
            let before = Expr::col((table.clone(), "customer_id"));
            replace.action_and_where(before.is_in(customers.iter().map(|customer| customer.0)));
        }
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let wanted = rows.len() as u64;
        let written = self.insert_counted(&table, &names, rows, Some(replace)).await?;
        if self.scope.customers.is_some() && written < wanted {
            return Err(Error::internal(format!("a row of {table} out of scope would be written over")));
        }
        Ok(())
    }

    /// Counts a change of rows whose parts have changed, though not they themselves.
    pub(super) async fn count_change<T: Stored>(&mut self, ids: &[Uuid]) -> Result<()> {
        for ids in ids.chunks(4096) {
            let mut update = Query::update();
            update.table(T::Entity::default()).value(VERSION, Expr::col(VERSION).add(1_i64));
            update.and_where(dialect::beside_the_point(T::visible(&self.scope)));
            update.and_where(dialect::is_one_of(self.backend(), col(T::id_column()), ids));
            self.transaction.execute(&update).await.map_err(database_error)?;
        }
        Ok(())
    }

    /// Moves the time at which rows were seen, and nothing else.
    pub(super) async fn observe<T: Stored>(&mut self, ids: &[Uuid], at: DateTime<Utc>) -> Result<()> {
        self.changed = true;
        for ids in ids.chunks(4096) {
            let mut update = Query::update();
            update.table(T::Entity::default()).value("observed_at", at);
            update.and_where(dialect::beside_the_point(T::visible(&self.scope)));
            update.and_where(dialect::is_one_of(self.backend(), col(T::id_column()), ids));
            self.transaction.execute(&update).await.map_err(database_error)?;
        }
        Ok(())
    }

    /// Inserts rows in as few statements as the databases' limits on parameters allow. The number of rows of a
    /// statement is a power of two, so that few texts have to be prepared.
    pub(super) async fn insert(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: Vec<Vec<Value>>,
        conflict: Option<OnConflict>,
    ) -> Result<()> {
        self.insert_counted(table, columns, rows, conflict).await.map(drop)
    }

    /// The same; gives how many rows were written, without those at whose place another one stayed.
    async fn insert_counted(
        &mut self,
        table: &str,
        columns: &[&str],
        rows: Vec<Vec<Value>>,
        conflict: Option<OnConflict>,
    ) -> Result<u64> {
        let mut written = 0;
        self.changed |= !rows.is_empty();
        let most = prev_power_of_two((dialect::MOST_PARAMETERS / columns.len()).min(MOST_ROWS));
        let mut rows = rows.into_iter().peekable();
        while rows.peek().is_some() {
            let now = prev_power_of_two(rows.len().min(most));
            let mut insert = Query::insert();
            insert.into_table(table.to_owned()).columns(columns.iter().map(|column| (*column).to_owned()));
            for row in rows.by_ref().take(now) {
                insert.values(row.into_iter().map(Expr::val)).map_err(Error::internal)?;
            }
            if let Some(conflict) = &conflict {
                insert.on_conflict(conflict.clone());
            }
            written += self.transaction.execute(&insert).await.map_err(database_error)?.rows_affected();
        }
        Ok(written)
    }

    /// What is stored under these ids.
    pub(super) async fn stored<T: Stored>(&self, ids: &[Uuid]) -> Result<Vec<T>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(4096) {
            let mut select = Query::select();
            let (columns, read) = columns::<T>(&Wants::Everything);
            select.from(T::source(&self.scope)).exprs(columns);
            select.and_where(dialect::beside_the_point(T::visible(&self.scope)));
            select.and_where(dialect::is_one_of(self.backend(), col(T::id_column()), ids));
            found.extend(decode_all(&self.rows(&select).await?, read)?);
        }
        Ok(found)
    }

    /// What is stored under this id.
    ///
    /// # Errors
    ///
    /// `NotFound` if nothing in scope is.
    pub(super) async fn one<T: Stored>(&self, kind: &'static str, id: Uuid) -> Result<T> {
        let missing = || Error::NotFound { kind, id: id.to_string() };
        self.stored(&[id]).await?.pop().ok_or_else(missing)
    }

    /// Which of these ids are stored.
    pub(super) async fn known<T: Stored>(&self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let mut found = Vec::new();
        for ids in ids.chunks(4096) {
            let mut select = Query::select();
            select.from(T::source(&self.scope)).expr(col(T::id_column()));
            select.and_where(dialect::beside_the_point(T::visible(&self.scope)));
            select.and_where(dialect::is_one_of(self.backend(), col(T::id_column()), ids));
            found.extend(self.ids(&select).await?);
        }
        Ok(found)
    }

    /// The ids of the partner's rows that fulfil `condition`.
    pub(super) async fn ids_where<T: Stored>(&self, condition: Expr) -> Result<Vec<Uuid>> {
        let mut select = Query::select();
        select.from(T::source(&self.scope)).expr(col(T::id_column())).cond_where(T::visible(&self.scope));
        select.and_where(condition);
        self.ids(&select).await
    }

    async fn ids(&self, select: &SelectStatement) -> Result<Vec<Uuid>> {
        self.rows(select).await?.iter().map(|row| Row::new(row).take()).collect()
    }

    /// Whether anything was written so far.
    pub(super) fn has_changed(&self) -> bool {
        self.changed
    }

    pub(super) fn backend(&self) -> DatabaseBackend {
        self.transaction.get_database_backend()
    }

    pub(super) async fn rows(&self, statement: &impl StatementBuilder) -> Result<Vec<QueryResult>> {
        self.transaction.query_all(statement).await.map_err(database_error)
    }
}

/// The values of a row in the order of its columns, as both databases keep them: times are cut to microseconds, and
/// texts lose the character that PostgreSQL refuses, so that what is read is what was written.
pub(super) fn values<E: EntityTrait>(row: &E::Model) -> Vec<Value> {
    let value = |column| match row.get(column) {
        Value::ChronoDateTimeUtc(Some(at)) => as_stored(at).into(),
        Value::String(Some(text)) if text.contains('\0') => Value::String(Some(text.replace('\0', ""))),
        value => value,
    };
    E::Column::iter().map(value).collect()
}

/// A time as both databases keep it, cut to microseconds.
pub(super) fn as_stored(at: DateTime<Utc>) -> DateTime<Utc> {
    DateTime::from_timestamp_micros(at.timestamp_micros()).unwrap_or(at)
}

/// The greatest power of two that is at most `n`, which is at least one.
fn prev_power_of_two(n: usize) -> usize {
    1 << n.ilog2()
}

/// The news of a commit after which a log stands as given.
fn news(standing: Standing, events: Vec<Event>) -> News {
    if events.len() > MOST_HANDED {
        return standing.into();
    }
    let first = standing.position - events.len() as i64 + 1;
    News { standing, events: (first..).zip(events).map(|(position, event)| Logged { position, event }).collect() }
}
