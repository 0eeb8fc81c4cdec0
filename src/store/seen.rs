//! Recording who sees which incident and message, who was promised what, and what could not be used.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, Value,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    database_error, dialect,
    row::Row,
    support_offering::promise,
    table::col,
    write::{Write, as_stored, values},
};
use crate::domain::{
    CustomerId, Result,
    change::{Applied, Quarantined},
    event::{EntityKind, Event, Happening},
    support_offering::CustomerOffering,
};

/// A table of who sees what.
pub(super) struct Seen {
    table: &'static str,
    column: &'static str,
    kind: EntityKind,
    /// The columns of [`Sight::own`].
    own: &'static [&'static str],
}

pub(super) const INCIDENTS: Seen = Seen {
    table: "incident_visibility",
    column: "incident_id",
    kind: EntityKind::Incident,
    own: &["text_id", "text_modified_at"],
};
pub(super) const MESSAGES: Seen =
    Seen { table: "message_visibility", column: "message_id", kind: EntityKind::Message, own: &[] };

/// That a customer saw something at a time.
pub(super) struct Sight {
    pub id: Uuid,
    pub customer: CustomerId,
    pub at: DateTime<Utc>,
    /// What else is recorded of it.
    pub own: Vec<Value>,
}

impl Write {
    /// Records sights, and gives an event for each customer that did not see it before.
    pub(super) async fn see(&mut self, what: &Seen, sights: Vec<Sight>) -> Result<Vec<Event>> {
        let mut latest: BTreeMap<(Uuid, CustomerId), (DateTime<Utc>, Vec<Value>)> = BTreeMap::new();
        for Sight { id, customer, at, own } in sights {
            let at = as_stored(at);
            if latest.get(&(id, customer)).is_none_or(|(last, _)| *last <= at) {
                latest.insert((id, customer), (at, own));
            }
        }
        let ids: BTreeSet<Uuid> = latest.keys().map(|(id, _)| *id).collect();
        let customers: BTreeSet<Uuid> = latest.keys().map(|(_, customer)| customer.0).collect();
        let known = self.last_seen(what, &Vec::from_iter(ids), &Vec::from_iter(customers)).await?;
        latest.retain(|key, (at, _)| known.get(key).is_none_or(|before| before < at));
        let new = latest.iter().filter(|(key, _)| !known.contains_key(key));
        let events: Vec<Event> = new
            .map(|((id, customer), (at, _))| Event {
                kind: what.kind,
                happening: Happening::Seen,
                entity_id: *id,
                customer_id: Some(*customer),
                occurred_at: *at,
                observed_at: *at,
                difference: json!({}),
            })
            .collect();
        if !events.is_empty() {
            self.touched.insert(what.kind);
        }
        let partner = self.scope.partner.0;
        let row = |((id, customer), (at, own)): ((Uuid, CustomerId), (DateTime<Utc>, Vec<Value>))| -> Vec<Value> {
            let mut row = vec![id.into(), customer.0.into(), partner.into(), at.into(), at.into()];
            row.extend(own);
            row
        };
        let rows = latest.into_iter().map(row).collect();
        let mut columns = vec![what.column, "customer_id", "partner_id", "first_seen_at", "last_seen_at"];
        columns.extend(what.own);
        let mut again = OnConflict::columns([what.column, "customer_id"]);
        again.update_column("last_seen_at").update_columns(what.own.iter().copied());
        self.insert(what.table, &columns, rows, Some(again)).await?;
        Ok(events)
    }

    async fn last_seen(
        &self,
        what: &Seen,
        ids: &[Uuid],
        customers: &[Uuid],
    ) -> Result<HashMap<(Uuid, CustomerId), DateTime<Utc>>> {
        let mut known = HashMap::new();
        for ids in ids.chunks(4096) {
            let mut select = Query::select();
            select.columns([what.column, "customer_id", "last_seen_at"]).from(what.table);
            select.and_where(Expr::col("partner_id").eq(self.scope.partner.0));
            select.and_where(dialect::is_one_of(self.backend(), Expr::col(what.column), ids));
            select.and_where(dialect::is_one_of(self.backend(), Expr::col("customer_id"), customers));
            for row in self.rows(&select).await? {
                let mut row = Row::new(&row);
                known.insert((row.take()?, CustomerId(row.take()?)), row.take()?);
            }
        }
        Ok(known)
    }

    /// Records what customers were promised; gives an event for each promise that is new or other than before.
    pub(super) async fn promise(
        &mut self,
        facts: Vec<CustomerOffering>,
        at: DateTime<Utc>,
        applied: &mut Applied,
    ) -> Result<Vec<Event>> {
        let partner = self.scope.partner.0;
        let mut wanted = BTreeMap::new();
        for fact in facts {
            let row = promise::Model {
                customer_id: fact.customer_id.0,
                offering_id: fact.offering_id.0,
                valid_from: fact.valid_from,
                valid_until: fact.valid_until,
                told_at: fact.told_at,
                partner_id: partner,
            };
            wanted.insert((row.customer_id, row.offering_id, row.valid_from), row);
        }
        let mut known = HashMap::new();
        let mut customers: Vec<Uuid> = wanted.keys().map(|(customer, ..)| *customer).collect();
        customers.dedup();
        for customers in customers.chunks(4096) {
            let theirs = dialect::is_one_of(self.backend(), col(promise::Column::CustomerId), customers);
            let rows = promise::Entity::find().filter(promise::Column::PartnerId.eq(partner)).filter(theirs);
            for row in rows.all(&self.transaction).await.map_err(database_error)? {
                known.insert((row.customer_id, row.offering_id, row.valid_from), values::<promise::Entity>(&row));
            }
        }
        let mut rows = Vec::new();
        let mut events = Vec::new();
        for (key, row) in &wanted {
            let row = values::<promise::Entity>(row);
            match known.get(key) {
                Some(before) if *before == row => applied.unchanged += 1,
                before => {
                    if before.is_some() {
                        applied.changed += 1
                    } else {
                        applied.added += 1
                    }
                    rows.push(row);
                    events.push(Event {
                        kind: EntityKind::SupportOffering,
                        happening: Happening::Changed,
                        entity_id: key.1,
                        customer_id: Some(CustomerId(key.0)),
                        occurred_at: at,
                        observed_at: at,
                        difference: json!({ "promised": "changed" }),
                    });
                }
            }
        }
        self.save::<promise::Entity>(rows).await?;
        Ok(events)
    }

    /// Keeps what could not be used; the same item of the same document once.
    pub(super) async fn quarantine(
        &mut self,
        document: &str,
        items: &[Quarantined],
        observed_at: DateTime<Utc>,
    ) -> Result<()> {
        let columns = ["id", "partner_id", "document", "place", "reason", "item", "observed_at"];
        let partner = self.scope.partner.0;
        let row = |item: &Quarantined| {
            let text = item.item.to_string();
            let id = Uuid::new_v5(&partner, format!("qrt:{document}:{}:{text}", item.place).as_bytes());
            let row: Vec<Value> = vec![
                id.into(),
                partner.into(),
                document.into(),
                item.place.as_str().into(),
                item.reason.as_str().into(),
                text.into(),
                observed_at.into(),
            ];
            (id, row)
        };
        let rows: BTreeMap<Uuid, Vec<Value>> = items.iter().map(row).collect();
        let mut once = OnConflict::column("id");
        once.do_nothing();
        self.insert("quarantine", &columns, rows.into_values().collect(), Some(once)).await
    }
}
