//! Reading the log: what happened after a position, and lists of rows as of a position.

use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseBackend, IsolationLevel, JoinType, Order, QueryResult, TransactionOptions,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use uuid::Uuid;

use super::{
    ScopedStore, database_error, dialect,
    row::Row,
    table::{Stored, Table, col, columns, condition, decode_all},
    wall::{Reach, stand_for},
};
use crate::domain::{
    CustomerId, Error, Result,
    access::Scope,
    customer::Customer,
    event::{EntityKind, Event, Logged},
    filter::Filter,
    incident::Incident,
    message::Message,
    page::Wants,
    partner::{Partner, PartnerRelation, Qualification},
    service_health::{Service, ServiceHealth},
    service_request::ServiceRequest,
    subscription::Subscription,
    support_offering::SupportOffering,
    support_plan::SupportPlan,
};

/// What happened after a position.
#[derive(Clone, Debug)]
pub struct LogPage {
    /// In order; without those that concern customers out of scope.
    pub events: Vec<Logged>,
    /// Everything up to here was read.
    pub position: i64,
    /// Nothing followed when this was read.
    pub is_last: bool,
}

/// Part of a list of rows, and what happened up to the moment at which they were read.
#[derive(Clone, Debug)]
pub struct Slice<T> {
    pub log: LogPage,
    /// As they were at the position of `log`, by id. None as long as the log has more to tell.
    pub rows: Vec<T>,
    /// No further rows follow.
    pub is_last: bool,
}

impl<T> Slice<T> {
    /// The same slice of other rows.
    pub fn map<U>(self, row: impl FnMut(T) -> U) -> Slice<U> {
        let Self { log, rows, is_last } = self;
        Slice { log, rows: rows.into_iter().map(row).collect(), is_last }
    }
}

impl ScopedStore {
    /// How far the partner's log has come; 0 for a partner of which nothing is known.
    pub async fn log_position(&self) -> Result<i64> {
        let mut select = Query::select();
        select.column("position").from("partner").and_where(Expr::col("id").eq(self.scope.partner.0));
        self.log_rows(&select).await?.first().map_or(Ok(0), |row| Row::new(row).take())
    }

    /// The position before the first event that is kept.
    pub async fn log_start(&self) -> Result<i64> {
        let mut first = Query::select();
        first.column("position").from("event").and_where(Expr::col("partner_id").eq(self.scope.partner.0));
        first.order_by("position", Order::Asc).limit(1);
        match self.log_rows(&first).await?.first() {
            Some(row) => Ok(Row::new(row).take::<i64>()? - 1),
            None => self.log_position().await,
        }
    }

    /// Up to `most` events after `position`.
    ///
    /// # Errors
    ///
    /// `CursorExpired` if events after `position` are no longer kept, or the log has not come so far.
    pub async fn log_after(&self, position: i64, most: u32) -> Result<LogPage> {
        let rows = self.log_rows(&select_log(&self.scope, position, most)).await?;
        read_log(&self.scope, position, most, &rows)
    }

    /// What happened after `position` and, unless there is more of it than `most_events`, the rows with ids beyond
    /// `beyond` that `filter` selects. Both as of one moment.
    ///
    /// # Errors
    ///
    /// As [`ScopedStore::log_after`].
    pub(super) async fn slice<T: Table>(
        &self,
        (position, most_events): (i64, u32),
        (beyond, most_rows): (Uuid, u32),
        filter: &Filter<T::Predicate>,
    ) -> Result<Slice<T>> {
        let one_moment = match self.backend() {
            // A transaction of SQLite that only reads sees one moment by itself.
            DatabaseBackend::Sqlite => TransactionOptions::default(),
            _ => TransactionOptions {
                isolation_level: Some(IsolationLevel::RepeatableRead),
                access_mode: Some(AccessMode::ReadOnly),
                ..TransactionOptions::default()
            },
        };
        let reach = self.whole_log();
        let transaction = self.store.repeating(|| self.store.begin_as(&reach, one_moment)).await?;
        let statement = select_log(&self.scope, position, most_events);
        let found = transaction.query_all(&statement).await.map_err(database_error)?;
        let log = read_log(&self.scope, position, most_events, &found)?;
        let (rows, is_last) = if log.is_last {
            if self.scope.customers.is_some() {
                stand_for(&transaction, &self.store.reach(&self.scope)).await.map_err(database_error)?;
            }
            let (columns, read) = columns::<T>(&Wants::Everything);
            let mut select = Query::select();
            select.from(T::source(&self.scope)).exprs(columns).cond_where(T::visible(&self.scope));
            select.and_where(condition::<T>(filter, &self.scope)).and_where(col(T::id_column()).gt(Expr::val(beyond)));
            select.order_by_expr(col(T::id_column()), Order::Asc).limit(u64::from(most_rows));
            let found = transaction.query_all(&select).await.map_err(database_error)?;
            (decode_all(&found, read)?, found.len() < most_rows as usize)
        } else {
            (Vec::new(), false)
        };
        transaction.commit().await.map_err(database_error)?;
        Ok(Slice { log, rows, is_last })
    }

    /// The rows of a statement about the log.
    async fn log_rows(&self, statement: &SelectStatement) -> Result<Vec<QueryResult>> {
        self.store.rows_as(&self.whole_log(), statement).await
    }

    /// The log is read whole, since positions have no gap: [`read_log`] leaves out what is not in scope.
    fn whole_log(&self) -> Reach {
        self.store.reach(&Scope::partner(self.scope.partner))
    }

    /// Which of these entities the scope reaches.
    pub async fn reachable(&self, kind: EntityKind, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        match kind {
            EntityKind::Partner => self.known::<Partner>(ids).await,
            EntityKind::PartnerRelation => self.known::<PartnerRelation>(ids).await,
            EntityKind::Qualification => self.known::<Qualification>(ids).await,
            EntityKind::Customer => self.known::<Customer>(ids).await,
            EntityKind::Subscription => self.known::<Subscription>(ids).await,
            EntityKind::SupportPlan => self.known::<SupportPlan>(ids).await,
            EntityKind::SupportOffering => self.known::<SupportOffering>(ids).await,
            EntityKind::Service => self.known::<Service>(ids).await,
            EntityKind::ServiceHealth => self.known::<ServiceHealth>(ids).await,
            EntityKind::Incident => self.known::<Incident>(ids).await,
            EntityKind::Message => self.known::<Message>(ids).await,
            EntityKind::ServiceRequest => self.known::<ServiceRequest>(ids).await,
        }
    }

    async fn known<T: Stored>(&self, ids: &[Uuid]) -> Result<Vec<Uuid>> {
        let mut select = Query::select();
        select.from(T::source(&self.scope)).expr(col(T::id_column()));
        select.and_where(dialect::beside_the_point(T::visible(&self.scope)));
        select.and_where(dialect::is_one_of(self.backend(), col(T::id_column()), ids));
        self.rows(&select).await?.iter().map(|row| Row::new(row).take()).collect()
    }
}

/// The log's position and what follows `position`, in one statement, so that both are of one moment.
fn select_log(scope: &Scope, position: i64, most: u32) -> SelectStatement {
    let event = |column: &'static str| Expr::col(("event", column));
    let partner = |column: &'static str| Expr::col(("partner", column));
    let theirs = event("partner_id").eq(partner("id")).and(event("position").gt(position));
    Query::select()
        .expr(partner("position"))
        .exprs(
            ["position", "kind", "happening", "entity_id", "customer_id", "occurred_at", "observed_at", "difference"]
                .map(event),
        )
        .from("partner")
        .join(JoinType::LeftJoin, "event", theirs)
        .and_where(partner("id").eq(scope.partner.0))
        .order_by_expr(event("position"), Order::Asc)
        .limit(u64::from(most))
        .take()
}

/// Positions have no gap: where the first event is not the next one, those before it were forgotten.
fn read_log(scope: &Scope, after: i64, most: u32, rows: &[QueryResult]) -> Result<LogPage> {
    let mut latest = 0;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        let mut row = Row::new(row);
        latest = row.take()?;
        let Some(position) = row.take::<Option<i64>>()? else { break };
        let event = Event {
            kind: row.take::<&str>()?.parse().map_err(Error::internal)?,
            happening: row.take::<&str>()?.parse().map_err(Error::internal)?,
            entity_id: row.take()?,
            customer_id: row.take::<Option<_>>()?.map(CustomerId),
            occurred_at: row.take()?,
            observed_at: row.take()?,
            difference: serde_json::from_str(row.take()?).map_err(Error::internal)?,
        };
        events.push(Logged { position, event });
    }
    if events.first().map_or(latest, |first| first.position - 1) != after {
        return Err(Error::CursorExpired("after"));
    }
    let is_last = events.len() < most as usize;
    let position = events.last().filter(|_| !is_last).map_or(latest, |last| last.position);
    if let Some(customers) = &scope.customers {
        events.retain(|logged| logged.event.customer_id.is_none_or(|customer| customers.contains(&customer)));
    }
    Ok(LogPage { events, position, is_last })
}
