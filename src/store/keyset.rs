//! Where a page begins: orders, and the rows beyond a position in them.

use sea_orm::sea_query::{Expr, ExprTrait, NullOrdering, OrderedStatement};

use super::table::{Table, col};
use crate::domain::page::{Direction, KeyValue, List, Order, Position, Take};

/// The order in which rows are read: the list's, or its reverse if the last ones are wanted.
pub(super) fn ordered<T: Table>(statement: &mut impl OrderedStatement, list: &List<T>) {
    for Order { key, direction } in &list.order {
        let (column, nullable) = T::key_column(*key);
        let (order, nulls) = match reading(*direction, list.take) {
            Direction::Ascending => (sea_orm::Order::Asc, NullOrdering::Last),
            Direction::Descending => (sea_orm::Order::Desc, NullOrdering::First),
        };
        match nullable {
            true => statement.order_by_expr_with_nulls(col(column), order, nulls),
            false => statement.order_by_expr(col(column), order),
        };
    }
    let order = match reading(tie_break(&list.order), list.take) {
        Direction::Ascending => sea_orm::Order::Asc,
        Direction::Descending => sea_orm::Order::Desc,
    };
    statement.order_by_expr(col(T::id_column()), order);
}

/// Ids run the way of the last key, so that an index over all of them serves the whole order.
fn tie_break<K>(order: &[Order<K>]) -> Direction {
    order.last().map_or(Direction::Ascending, |last| last.direction)
}

fn reading(direction: Direction, take: Take) -> Direction {
    match (direction, take) {
        (direction, Take::First(_)) => direction,
        (Direction::Ascending, Take::Last(_)) => Direction::Descending,
        (Direction::Descending, Take::Last(_)) => Direction::Ascending,
    }
}

/// Rows that stand after `position`, or before it when reading from the end.
pub(super) fn beyond<T: Table>(order: &[Order<T::Key>], position: &Position, take: Take) -> Expr {
    let ties = tie_break(order);
    let keys = || order.iter().map(|order| T::key_column(order.key));
    if order.iter().all(|order| order.direction == ties) && keys().all(|(_, nullable)| !nullable) {
        let row = Expr::tuple(keys().map(|(column, _)| col(column)).chain([col(T::id_column())]));
        let values = position.keys.iter().map(value).chain([Expr::val(position.id)]);
        let values = Expr::tuple(values);
        return match reading(ties, take) {
            Direction::Ascending => row.gt(values),
            Direction::Descending => row.lt(values),
        };
    }
    // Beyond in the first key; or equal there and beyond in the second; and so on.
    let mut beyond_any = Vec::new();
    let mut equal_so_far = Expr::val(true);
    for (Order { key, direction }, at) in order.iter().zip(&position.keys) {
        let (column, nullable) = T::key_column(*key);
        let further = beyond_key(col(column), nullable, reading(*direction, take), at);
        beyond_any.push(equal_so_far.clone().and(further));
        equal_so_far = equal_so_far.and(match at {
            KeyValue::Null => col(column).is_null(),
            at => col(column).eq(value(at)),
        });
    }
    let id = col(T::id_column());
    beyond_any.push(equal_so_far.and(match reading(ties, take) {
        Direction::Ascending => id.gt(position.id),
        Direction::Descending => id.lt(position.id),
    }));
    beyond_any.into_iter().reduce(ExprTrait::or).unwrap_or_else(|| Expr::val(true))
}

/// Beyond `at` in one key; nulls come last when ascending and first when descending.
fn beyond_key(column: Expr, nullable: bool, direction: Direction, at: &KeyValue) -> Expr {
    match (direction, at) {
        (Direction::Ascending, KeyValue::Null) => Expr::val(false),
        (Direction::Descending, KeyValue::Null) => column.is_not_null(),
        (Direction::Ascending, at) if nullable => column.clone().gt(value(at)).or(column.is_null()),
        (Direction::Ascending, at) => column.gt(value(at)),
        (Direction::Descending, at) => column.lt(value(at)),
    }
}

fn value(value: &KeyValue) -> Expr {
    match value {
        KeyValue::Bool(value) => Expr::val(*value),
        KeyValue::Int(value) => Expr::val(*value),
        KeyValue::Text(value) => Expr::val(value.as_str()),
        KeyValue::Date(value) => Expr::val(*value),
        KeyValue::Time(value) => Expr::val(*value),
        KeyValue::Null => Expr::null(),
    }
}
