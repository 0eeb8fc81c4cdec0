//! Which customer sees which incident and which message.

use sea_orm::{
    ColumnTrait,
    sea_query::{Expr, Query, SelectStatement},
};

use super::table::col;
use crate::domain::access::Scope;

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

/// The messages that a customer of the scope sees; none where every message of the partner is in scope.
pub(super) fn messages_in(scope: &Scope) -> Option<SelectStatement> {
    let customers = scope.customers.as_ref()?;
    let seen = message::Column::CustomerId.is_in(customers.iter().map(|id| id.0));
    Some(Query::select().expr(col(message::Column::MessageId)).from(message::Entity).and_where(seen).take())
}
