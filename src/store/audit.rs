//! The `audit_record` table. Records are added, read, and deleted when they are old; the database refuses everything else.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ConnectionTrait, Iden, Iterable, QueryResult, Value,
    sea_query::{Asterisk, Condition, Expr, ExprTrait, Func, InsertStatement, Query},
};
use uuid::Uuid;

use super::{
    ScopedStore, Store, database_error,
    row::{Row, join, join_words, word},
    table::{Column, Stored, Table, col, columns, decode_all, owned, within, words},
    wall::Reach,
    write::{Write, as_stored, values},
};
use crate::domain::{
    AuditRecordId, Error, PartnerId, Result,
    access::Scope,
    audit::{AuditKey, AuditPredicate, AuditRecord},
    filter::Range,
    page::{List, Page, Wants},
};

/// Private: outside of this file only [`AuditRecord`] exists.
mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "audit_record")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub occurred_at: DateTimeUtc,
        pub action: String,
        pub outcome: String,
        pub subject: Option<String>,
        pub name: Option<String>,
        pub roles: String,
        pub entity_id: Option<Uuid>,
        pub target: Option<String>,
        pub address: Option<String>,
        pub correlation_id: String,
        pub code: Option<String>,
        pub inputs: String,
        pub refused: String,
        pub partner_id: Option<Uuid>,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl From<&AuditRecord> for row::Model {
    fn from(record: &AuditRecord) -> Self {
        Self {
            id: record.id.0,
            occurred_at: record.occurred_at,
            action: word(record.action),
            outcome: word(record.outcome),
            subject: record.subject.clone(),
            name: record.name.clone(),
            roles: join_words(&record.roles),
            entity_id: record.entity_id,
            target: record.target.clone(),
            address: record.address.clone(),
            correlation_id: record.correlation_id.clone(),
            code: record.code.clone(),
            inputs: join(&record.inputs),
            refused: join(&record.refused),
            partner_id: record.partner_id.map(|partner| partner.0),
        }
    }
}

impl Stored for AuditRecord {
    type Entity = row::Entity;
    const UNREAD: usize = 0;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: AuditRecordId(row.take()?),
            occurred_at: row.take()?,
            action: row.word()?,
            outcome: row.word()?,
            subject: row.take()?,
            name: row.take()?,
            roles: row.words()?,
            entity_id: row.take()?,
            target: row.take()?,
            address: row.take()?,
            correlation_id: row.take()?,
            code: row.take()?,
            inputs: row.list()?,
            refused: row.list()?,
            partner_id: row.take::<Option<Uuid>>()?.map(PartnerId),
        })
    }

    fn row(&self, _: PartnerId) -> row::Model {
        self.into()
    }

    fn visible(scope: &Scope) -> Condition {
        owned(row::Column::PartnerId, scope)
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for AuditRecord {
    fn holds(predicate: &AuditPredicate, _: &Scope) -> Expr {
        use AuditPredicate as P;
        match predicate {
            P::OccurredAt(range) => within(col(row::Column::OccurredAt), range),
            P::Action(wanted) => row::Column::Action.is_in(words(wanted)),
            P::Outcome(wanted) => row::Column::Outcome.is_in(words(wanted)),
            P::Subject(wanted) => row::Column::Subject.is_in(wanted),
            P::Entity(wanted) => row::Column::EntityId.is_in(wanted.iter().copied()),
            P::Target(wanted) => row::Column::Target.is_in(wanted),
            P::Address(wanted) => row::Column::Address.is_in(wanted),
            P::CorrelationId(wanted) => row::Column::CorrelationId.is_in(wanted),
        }
    }

    fn key_column(key: AuditKey) -> (Column<Self>, bool) {
        match key {
            AuditKey::OccurredAt => (row::Column::OccurredAt, false),
        }
    }
}

impl Write {
    /// Records something together with what is written here.
    pub async fn record(&mut self, record: &AuditRecord) -> Result<()> {
        let names: Vec<String> = row::Column::iter().map(|column| column.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.insert("audit_record", &names, vec![values::<row::Entity>(&record.into())], None).await
    }
}

impl ScopedStore {
    /// Records of the partner, filtered and ordered.
    pub async fn audit_page(&self, list: &List<AuditRecord>) -> Result<Page<AuditRecord>> {
        self.page(list).await
    }

    /// The records with these ids, in no order.
    pub async fn audit_records_by_id(&self, ids: &[AuditRecordId]) -> Result<Vec<AuditRecord>> {
        self.by_ids(ids, &Wants::Everything).await
    }
}

impl Store {
    /// Records what has no transaction of its own, of any partners or none; all or nothing.
    pub async fn record(&self, records: &[AuditRecord]) -> Result<()> {
        let insert = insertion(records)?;
        let _turn = self.writer.lock().await;
        let transaction = self.begin(&Reach::Everything).await.map_err(database_error)?;
        transaction.execute(&insert).await.map_err(database_error)?;
        transaction.commit().await.map_err(database_error)
    }

    /// How many records are from before `before`, of each partner that has some, and of nobody's.
    pub async fn audit_before(&self, before: DateTime<Utc>) -> Result<Vec<(Option<PartnerId>, u64)>> {
        let mut count = Query::select();
        count.expr(col(row::Column::PartnerId)).expr(Func::count(Expr::col(Asterisk))).from(row::Entity);
        count.and_where(row::Column::OccurredAt.lt(as_stored(before))).add_group_by([col(row::Column::PartnerId)]);
        let counted = |row: &QueryResult| {
            let mut row = Row::new(row);
            Ok((row.take::<Option<Uuid>>()?.map(PartnerId), row.take::<i64>()? as u64))
        };
        self.rows(&count).await?.iter().map(counted).collect()
    }

    /// Deletes up to `most` records from before `before`, of one partner or of nobody's, the oldest first. `record` makes
    /// the record of that by their number, written in the same transaction; none if there were none.
    ///
    /// # Errors
    ///
    /// If some of them are younger than the database lets go; then all of them stay.
    pub async fn prune_audit(
        &self,
        owner: Option<PartnerId>,
        before: DateTime<Utc>,
        most: u64,
        record: impl FnOnce(u64) -> AuditRecord,
    ) -> Result<u64> {
        let owned = owner.map_or(row::Column::PartnerId.is_null(), |owner| row::Column::PartnerId.eq(owner.0));
        let mut oldest = Query::select();
        oldest.from(row::Entity).expr(col(row::Column::Id)).and_where(owned);
        oldest.and_where(row::Column::OccurredAt.lt(as_stored(before)));
        oldest.order_by_expr(col(row::Column::OccurredAt), sea_orm::Order::Asc).limit(most);
        let mut delete = Query::delete();
        delete.from_table(row::Entity).and_where(row::Column::Id.in_subquery(oldest));
        let _turn = self.writer.lock().await;
        let transaction = self.begin(&Reach::Everything).await.map_err(database_error)?;
        let count = transaction.execute(&delete).await.map_err(database_error)?.rows_affected();
        if count > 0 {
            transaction.execute(&insertion(&[record(count)])?).await.map_err(database_error)?;
        }
        transaction.commit().await.map_err(database_error)?;
        Ok(count)
    }

    /// Up to `most` records within `range`, oldest first, after `after`; of one partner, or of all and of nobody.
    pub async fn audit_after(
        &self,
        partner: Option<PartnerId>,
        range: &Range<DateTime<Utc>>,
        after: Option<&AuditRecord>,
        most: u64,
    ) -> Result<Vec<AuditRecord>> {
        let (columns, read) = columns::<AuditRecord>(&Wants::Everything);
        let mut select = Query::select();
        select.from(row::Entity).exprs(columns).and_where(within(col(row::Column::OccurredAt), range));
        if let Some(partner) = partner {
            select.and_where(row::Column::PartnerId.eq(partner.0));
        }
        if let Some(after) = after {
            let place = Expr::tuple([col(row::Column::OccurredAt), col(row::Column::Id)]);
            let known: [Value; 2] = [after.occurred_at.into(), after.id.0.into()];
            select.and_where(place.gt(Expr::tuple(known.map(Expr::val))));
        }
        let ascending = sea_orm::Order::Asc;
        select
            .order_by_expr(col(row::Column::OccurredAt), ascending.clone())
            .order_by_expr(col(row::Column::Id), ascending);
        decode_all(&self.rows(select.limit(most)).await?, read)
    }
}

fn insertion(records: &[AuditRecord]) -> Result<InsertStatement> {
    let mut insert = Query::insert();
    insert.into_table(row::Entity).columns(row::Column::iter());
    for record in records {
        let row = values::<row::Entity>(&record.into());
        insert.values(row.into_iter().map(Expr::val)).map_err(Error::internal)?;
    }
    Ok(insert)
}
