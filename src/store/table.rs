//! Pages of any table: filtered, ordered, by key, for one list or for many parents in one statement.

use std::{
    collections::{BTreeSet, HashMap},
    hash::Hash,
};

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait, DatabaseBackend, EntityName, EntityTrait, IdenStatic, Iterable, JoinType, QueryResult, Value,
    sea_query::{
        Asterisk, Condition, Expr, ExprTrait, Func, OverStatement, Query, SelectStatement, TableRef, WindowStatement,
    },
};
use uuid::Uuid;

use super::{
    ScopedStore, dialect,
    keyset::{beyond, ordered},
    row::{Columns, Row},
};
use crate::domain::{
    PartnerId, Result,
    access::Scope,
    filter::{Filter, Range},
    page::{List, Listed, Page, Take, Wants},
};

/// How a domain type lies in its table.
pub(super) trait Stored: Sized + Send {
    /// The row type. Its columns are those that [`Stored::decode`] takes, in that order, then [`Stored::UNREAD`] ones.
    type Entity: EntityTrait;

    /// How many columns at the end of a row only the database needs: the partner, folded texts.
    const UNREAD: usize;

    /// Columns that are read whatever anybody looks at: the id, what relations lead by, what rows are ordered by. None
    /// reads every column always.
    const ALWAYS: Option<&'static [&'static str]> = None;

    fn decode(row: &mut Row<'_>) -> Result<Self>;

    /// What is written for it.
    fn row(&self, partner: PartnerId) -> Model<Self>;

    /// What statements read from, under the table's own name.
    fn source(_: &Scope) -> TableRef {
        Self::Entity::default().table_ref()
    }

    /// Which rows the scope admits; every statement starts with it.
    fn visible(scope: &Scope) -> Condition;

    fn id_column() -> Column<Self>;
}

/// How an entity that stands in lists is filtered and ordered.
pub(super) trait Table: Stored + Listed {
    /// What a predicate is in SQL. Conditions over other tables are `id in (select …)` with those tables' own scope.
    fn holds(predicate: &Self::Predicate, scope: &Scope) -> Expr;

    /// The column of a key, and whether it may be null.
    fn key_column(key: Self::Key) -> (Column<Self>, bool);
}

pub(super) type Column<T> = <<T as Stored>::Entity as EntityTrait>::Column;
pub(super) type Model<T> = <<T as Stored>::Entity as EntityTrait>::Model;

/// How rows of a table belong to parents.
pub(super) enum Parent<T: Table> {
    /// By a column of their own.
    Column(Column<T>),
    /// By a table between: its name, its column with our id, its column with the parent's.
    Through { table: &'static str, child: &'static str, parent: &'static str },
}

/// `column` with its table in front, as statements over several tables need it.
pub(super) fn col<C: ColumnTrait>(column: C) -> Expr {
    Expr::col(column.as_column_ref())
}

/// Rows that belong to the partner as a whole: out of reach for a scope of some customers.
pub(super) fn owned(partner: impl ColumnTrait, scope: &Scope) -> Condition {
    let of_customers_only = scope.customers.as_ref().map(|_| Expr::val(false));
    Condition::all().add(partner.eq(scope.partner.0)).add_option(of_customers_only)
}

/// Ids as values.
pub(super) fn ids<I: Copy + Into<Uuid>>(ids: &BTreeSet<I>) -> impl Iterator<Item = Uuid> {
    ids.iter().map(|id| (*id).into())
}

/// Fixed words as values.
pub(super) fn words<W: Copy + Into<&'static str>>(words: &BTreeSet<W>) -> impl Iterator<Item = &'static str> {
    words.iter().map(|word| (*word).into())
}

/// `day` lies between two days, the last one included or open.
pub(super) fn valid_on(from: impl ColumnTrait, until: impl ColumnTrait, day: NaiveDate) -> Expr {
    let open_or_later = col(until).is_null().or(col(until).gte(Expr::val(day)));
    col(from).lte(Expr::val(day)).and(open_or_later)
}

/// What a filter is in SQL.
pub(super) fn condition<T: Table>(filter: &Filter<T::Predicate>, scope: &Scope) -> Expr {
    let all = |parts: &[Filter<T::Predicate>]| parts.iter().map(|part| condition::<T>(part, scope)).collect();
    match filter {
        Filter::All(parts) => joined(all(parts), ExprTrait::and).unwrap_or_else(|| Expr::val(true)),
        Filter::Any(parts) => joined(all(parts), ExprTrait::or).unwrap_or_else(|| Expr::val(false)),
        // A comparison with a missing value is neither true nor false in SQL; here it does not hold.
        Filter::Not(part) => Expr::from(Func::coalesce([condition::<T>(part, scope), Expr::val(false)])).not(),
        Filter::Is(predicate) => T::holds(predicate, scope),
    }
}

/// One condition of many; none of none. Halves of halves, since SQLite refuses expressions of more than 1,000 levels, and
/// counts those of a subquery once for each statement around it.
pub(super) fn joined(mut conditions: Vec<Expr>, join: fn(Expr, Expr) -> Expr) -> Option<Expr> {
    if conditions.len() < 2 {
        return conditions.pop();
    }
    let others = conditions.split_off(conditions.len() / 2);
    Some(join(joined(conditions, join)?, joined(others, join)?))
}

/// `column` lies in a half-open range; a missing value lies in none, not even in one without bounds.
pub(super) fn within<V: Clone + Into<Value>>(column: Expr, range: &Range<V>) -> Expr {
    let from = range.from.clone().map(|from| column.clone().gte(Expr::val(from)));
    let until = range.until.clone().map(|until| column.clone().lt(Expr::val(until)));
    [from, until].into_iter().flatten().reduce(ExprTrait::and).unwrap_or_else(|| column.is_not_null())
}

/// The ids of rows that a filter selects, for `id in (…)` conditions of other tables; `column` is what is matched.
pub(super) fn matching<T: Table>(column: Column<T>, filter: &Filter<T::Predicate>, scope: &Scope) -> SelectStatement {
    Query::select()
        .expr(col(column))
        .from(T::source(scope))
        .cond_where(T::visible(scope))
        .and_where(condition::<T>(filter, scope))
        .take()
}

impl ScopedStore {
    /// One page of all rows in scope: one statement, one more if the total was asked for.
    pub(super) async fn page<T: Table>(&self, list: &List<T>) -> Result<Page<T>> {
        let total = async {
            if !list.wants_total {
                return Ok(None);
            }
            let mut count = Query::select();
            count
                .expr(Func::count(Expr::col(Asterisk)))
                .from(T::source(&self.scope))
                .cond_where(T::visible(&self.scope));
            count.and_where(condition::<T>(&list.filter, &self.scope));
            let rows = self.rows(&count).await?;
            rows.first().map(|row| Row::new(row).take::<i64>()).transpose().map(|n| n.map(|n| n as u64))
        };
        let items = async {
            if !list.wants_items {
                return Ok(Vec::new());
            }
            let (columns, read) = columns::<T>(&list.wants);
            let mut select = Query::select();
            select.from(T::source(&self.scope)).exprs(columns).cond_where(T::visible(&self.scope));
            restrict(&mut select, list, &self.scope);
            ordered(&mut select, list);
            select.limit(list.rows_to_read());
            decode_all(&self.rows(&select).await?, read)
        };
        let (total, items) = futures::try_join!(total, items)?;
        Ok(list.page(items, total))
    }

    /// One page for each parent: one statement for all, one more if totals were asked for.
    pub(super) async fn pages_of<T: Table, K>(
        &self,
        parents: &[K],
        by: Parent<T>,
        list: &List<T>,
    ) -> Result<HashMap<K, Page<T>>>
    where
        K: Copy + Eq + Hash + Into<Uuid> + From<Uuid>,
    {
        let ids: Vec<Uuid> = parents.iter().map(|parent| (*parent).into()).collect();
        let totals = async {
            if !list.wants_total {
                return Ok(None);
            }
            let mut count = Query::select();
            let parent = by.join(&mut count, self.backend(), &ids);
            count.expr(parent.clone()).expr(Func::count(Expr::col(Asterisk)));
            count.from(T::source(&self.scope)).cond_where(by.visible(&self.scope));
            count.and_where(condition::<T>(&list.filter, &self.scope)).add_group_by([parent]);
            let mut totals = HashMap::new();
            for row in self.rows(&count).await? {
                let mut row = Row::new(&row);
                totals.insert(K::from(row.take::<Uuid>()?), row.take::<i64>()? as u64);
            }
            Ok(Some(totals))
        };
        let items = async {
            match list.wants_items {
                true => {
                    let (columns, read) = columns::<T>(&list.wants);
                    self.by_parent::<T, K>(&self.select_per_parent(&ids, &by, list, columns), read).await
                }
                false => Ok(HashMap::new()),
            }
        };
        let (totals, mut items) = futures::try_join!(totals, items)?;
        let page = |parent: &K| {
            let total = totals.as_ref().map(|totals| totals.get(parent).copied().unwrap_or(0));
            (*parent, list.page(items.remove(parent).unwrap_or_default(), total))
        };
        Ok(parents.iter().map(page).collect())
    }

    /// All children of each parent, in one statement; for lists that are short by nature.
    pub(super) async fn children_of<T: Stored, K>(
        &self,
        parents: &[K],
        parent: Column<T>,
        order: &[(Column<T>, sea_orm::Order)],
    ) -> Result<HashMap<K, Vec<T>>>
    where
        K: Copy + Eq + Hash + Into<Uuid> + From<Uuid>,
    {
        let ids: Vec<Uuid> = parents.iter().map(|parent| (*parent).into()).collect();
        let mut select = Query::select();
        let (columns, read) = columns::<T>(&Wants::Everything);
        select.from(T::source(&self.scope)).expr(col(parent)).exprs(columns);
        select.cond_where(T::visible(&self.scope));
        select.and_where(dialect::is_one_of(self.backend(), col(parent), &ids));
        for (column, order) in order {
            select.order_by_expr(col(*column), order.clone());
        }
        self.by_parent(&select, read).await
    }

    /// The rows of a statement whose first column is the parent, under each parent in the statement's order.
    pub(super) async fn by_parent<T: Stored, K>(
        &self,
        select: &SelectStatement,
        read: Columns,
    ) -> Result<HashMap<K, Vec<T>>>
    where
        K: Eq + Hash + From<Uuid>,
    {
        let mut children: HashMap<K, Vec<T>> = HashMap::new();
        for row in self.rows(select).await? {
            let mut row = Row::new(&row);
            let parent = K::from(row.take::<Uuid>()?);
            children.entry(parent).or_default().push(T::decode(&mut row.only(read))?);
        }
        Ok(children)
    }

    /// All rows in scope; for tables that are short by nature.
    pub(super) async fn all<T: Stored>(&self, order: &[(Column<T>, sea_orm::Order)]) -> Result<Vec<T>> {
        let mut select = Query::select();
        let (columns, read) = columns::<T>(&Wants::Everything);
        select.from(T::source(&self.scope)).exprs(columns).cond_where(T::visible(&self.scope));
        for (column, order) in order {
            select.order_by_expr(col(*column), order.clone());
        }
        decode_all(&self.rows(&select).await?, read)
    }

    /// The rows with these ids.
    pub(super) async fn by_ids<T: Stored>(&self, ids: &[impl Copy + Into<Uuid>], wants: &Wants) -> Result<Vec<T>> {
        let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
        let mut select = Query::select();
        let (columns, read) = columns::<T>(wants);
        select.from(T::source(&self.scope)).exprs(columns);
        select.and_where(dialect::beside_the_point(T::visible(&self.scope)));
        select.and_where(dialect::is_one_of(self.backend(), col(T::id_column()), &ids));
        decode_all(&self.rows(&select).await?, read)
    }

    /// The parent, the columns, and the row's number within its parent, cut where no more are wanted.
    fn select_per_parent<T: Table>(
        &self,
        ids: &[Uuid],
        by: &Parent<T>,
        list: &List<T>,
        columns: Vec<Expr>,
    ) -> SelectStatement {
        if self.backend() == DatabaseBackend::Postgres
            && let Parent::Column(column) = by
        {
            return self.select_beside_parents(ids, *column, list, columns);
        }
        let mut numbered = Query::select();
        let parent = by.join(&mut numbered, self.backend(), ids);
        numbered.expr_as(parent.clone(), "parent");
        numbered.from(T::source(&self.scope)).exprs(columns).cond_where(by.visible(&self.scope));
        restrict(&mut numbered, list, &self.scope);
        let mut window = WindowStatement::new();
        window.add_partition_by(parent);
        ordered(&mut window, list);
        numbered.expr_window_as(Func::cust("row_number"), window, "n");
        Query::select()
            .column(Asterisk)
            .from_subquery(numbered, "numbered")
            .and_where(Expr::col("n").lte(list.rows_to_read()))
            .order_by("n", sea_orm::Order::Asc)
            .take()
    }

    /// The same on PostgreSQL for children by a column of their own: beside each parent as many rows as are wanted, taken
    /// from the index in their order. A window would read and number all of them first.
    fn select_beside_parents<T: Table>(
        &self,
        ids: &[Uuid],
        column: Column<T>,
        list: &List<T>,
        columns: Vec<Expr>,
    ) -> SelectStatement {
        let parent = Expr::col(("parent", "parent"));
        let mut children = Query::select();
        children.from(T::source(&self.scope)).exprs(columns).cond_where(T::visible(&self.scope));
        children.and_where(col(column).eq(parent.clone()));
        restrict(&mut children, list, &self.scope);
        ordered(&mut children, list);
        children.limit(list.rows_to_read());
        Query::select()
            .expr(parent)
            .column(("child", Asterisk))
            .from_function(Func::cust("unnest").arg(dialect::array(ids)), "parent")
            .join_lateral(JoinType::InnerJoin, children, "child", Expr::val(true))
            .take()
    }
}

impl<T: Table> Parent<T> {
    /// Restricts a statement to children of `ids` and gives the expression of the parent's id.
    fn join(&self, select: &mut SelectStatement, backend: DatabaseBackend, ids: &[Uuid]) -> Expr {
        let parent = match self {
            Self::Column(column) => col(*column),
            Self::Through { table, child, parent } => {
                select.inner_join(*table, Expr::col((*table, *child)).eq(col(T::id_column())));
                Expr::col((*table, *parent))
            }
        };
        select.and_where(dialect::is_one_of(backend, parent.clone(), ids));
        parent
    }

    /// Which children the scope admits. Those of a table between are looked up by their ids.
    fn visible(&self, scope: &Scope) -> Condition {
        match self {
            Self::Column(_) => T::visible(scope),
            Self::Through { .. } => Condition::all().add(dialect::beside_the_point(T::visible(scope))),
        }
    }
}

/// The columns that [`Stored::decode`] takes.
pub(super) fn columns<T: Stored>(wants: &Wants) -> (Vec<Expr>, Columns) {
    let all = Column::<T>::iter();
    let decoded = all.len() - T::UNREAD;
    let is_read = |column: &str| T::ALWAYS.is_none_or(|always| always.contains(&column) || wants.has(column));
    let mut exprs = Vec::with_capacity(decoded);
    let mut read = Columns(0);
    for (place, column) in all.take(decoded).enumerate() {
        if is_read(column.as_str()) {
            exprs.push(col(column));
            read.0 |= 1 << place;
        }
    }
    // What follows the row type's own columns in a statement is always read.
    read.0 |= u64::MAX.checked_shl(decoded as u32).unwrap_or(0);
    (exprs, read)
}

pub(super) fn decode_all<T: Stored>(rows: &[QueryResult], read: Columns) -> Result<Vec<T>> {
    rows.iter().map(|row| T::decode(&mut Row::new(row).only(read))).collect()
}

fn restrict<T: Table>(select: &mut SelectStatement, list: &List<T>, scope: &Scope) {
    if list.filter != Filter::default() {
        select.and_where(condition::<T>(&list.filter, scope));
    }
    if let Some(after) = &list.after {
        select.and_where(beyond::<T>(&list.order, after, Take::First(0)));
    }
    if let Some(before) = &list.before {
        select.and_where(beyond::<T>(&list.order, before, Take::Last(0)));
    }
}
