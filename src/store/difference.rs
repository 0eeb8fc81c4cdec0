//! What changed in a row, as events tell it.

use chrono::SecondsFormat;
use sea_orm::{Iden, Iterable, Value};
use serde_json::json;

use super::{
    fact::Fact,
    table::{Column, Stored},
};

/// When we saw it: moves without anything having changed.
const OBSERVED_AT: &str = "observed_at";

/// The members in which two rows differ, before and after; null if in none. Of long texts and personal data it is
/// told only that they changed.
pub(super) fn difference<T: Fact>(before: &[Value], after: &[Value]) -> serde_json::Value {
    let told = Column::<T>::iter().len() - <T as Stored>::UNREAD;
    let rows = Column::<T>::iter().zip(before.iter().zip(after)).take(told);
    let mut members = serde_json::Map::new();
    for (column, (before, after)) in rows {
        let name = column.to_string();
        if before != after && name != OBSERVED_AT {
            let quiet = T::QUIET.contains(&name.as_str());
            let told = if quiet { json!("changed") } else { json!([plain(before), plain(after)]) };
            members.insert(name, told);
        }
    }
    if members.is_empty() { serde_json::Value::Null } else { members.into() }
}

fn plain(value: &Value) -> serde_json::Value {
    match value {
        Value::Bool(value) => json!(value),
        Value::BigInt(value) => json!(value),
        Value::String(value) => json!(value),
        Value::Uuid(value) => json!(value),
        Value::ChronoDate(value) => json!(value),
        Value::ChronoDateTimeUtc(value) => {
            json!(value.map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)))
        }
        // No row has other types.
        _ => serde_json::Value::Null,
    }
}
