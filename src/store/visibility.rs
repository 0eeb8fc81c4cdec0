//! Which customer sees which incident and which message.

use std::{collections::HashMap, hash::Hash};

use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, ExprTrait, Query, SelectStatement},
};
use uuid::Uuid;

use super::{ScopedStore, dialect, row::Row, table::col};
use crate::domain::{CustomerId, Result, access::Scope};

pub(super) mod incident {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_visibility")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub incident_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer_id: Uuid,
        pub partner_id: Uuid,
        pub first_seen_at: DateTimeUtc,
        pub last_seen_at: DateTimeUtc,
        /// In which words the customer was told.
        pub text_id: Uuid,
        /// Upstream's time of the change that it was told last.
        pub text_modified_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

pub(super) mod message {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message_visibility")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub message_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer_id: Uuid,
        pub partner_id: Uuid,
        pub first_seen_at: DateTimeUtc,
        pub last_seen_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// The incidents that a customer of the scope sees; none where every incident of the partner is in scope.
pub(super) fn incidents_in(scope: &Scope) -> Option<SelectStatement> {
    let customers = scope.customers.as_ref()?;
    let seen = incident::Column::CustomerId.is_in(customers.iter().map(|id| id.0));
    Some(incidents_where(seen))
}

/// The incidents of which a row of `incident_visibility` fulfils `condition`.
pub(super) fn incidents_where(condition: Expr) -> SelectStatement {
    Query::select().expr(col(incident::Column::IncidentId)).from(incident::Entity).and_where(condition).take()
}

/// The customers that see one of `incidents`.
pub(super) fn customers_seeing(incidents: SelectStatement) -> SelectStatement {
    let seen = incident::Column::IncidentId.in_subquery(incidents);
    Query::select().expr(col(incident::Column::CustomerId)).from(incident::Entity).and_where(seen).take()
}

impl ScopedStore {
    /// The customers in scope that see each of these things, by a table of who sees what.
    pub(super) async fn seeing<K>(
        &self,
        ids: &[K],
        table: &'static str,
        column: &'static str,
    ) -> Result<HashMap<K, Vec<CustomerId>>>
    where
        K: Copy + Eq + Hash + Into<Uuid> + From<Uuid>,
    {
        let ids: Vec<Uuid> = ids.iter().map(|id| (*id).into()).collect();
        let mut select = Query::select();
        select.columns([column, "customer_id"]).from(table);
        select.and_where(Expr::col("partner_id").eq(self.scope.partner.0));
        select.and_where(dialect::is_one_of(self.backend(), Expr::col(column), &ids));
        let mut seeing: HashMap<K, Vec<CustomerId>> = HashMap::new();
        for row in self.rows(&select).await? {
            let mut row = Row::new(&row);
            let (id, customer) = (K::from(row.take::<Uuid>()?), CustomerId(row.take()?));
            if self.scope.customers.as_ref().is_none_or(|in_scope| in_scope.contains(&customer)) {
                seeing.entry(id).or_default().push(customer);
            }
        }
        Ok(seeing)
    }
}

/// The messages that a customer of the scope sees; none where every message of the partner is in scope.
pub(super) fn messages_in(scope: &Scope) -> Option<SelectStatement> {
    let customers = scope.customers.as_ref()?;
    let seen = message::Column::CustomerId.is_in(customers.iter().map(|id| id.0));
    Some(Query::select().expr(col(message::Column::MessageId)).from(message::Entity).and_where(seen).take())
}
