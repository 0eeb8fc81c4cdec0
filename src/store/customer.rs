//! The `customer` table and those that hang on it.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr},
};

use super::{
    ScopedStore,
    row::Row,
    table::{Column, Parent, Table, col, matching},
    text,
};
use crate::domain::{
    CustomerId, IncidentId, PartnerRelationId, Result,
    access::Scope,
    customer::{Customer, CustomerKey, CustomerPredicate},
    page::{List, Page},
    subscription::Subscription,
};

/// Private: outside of this file only [`Customer`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customer")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: String,
        pub commerce_id: Option<String>,
        pub name: String,
        pub primary_domain: Option<String>,
        pub custom_domains: String,
        pub country: Option<String>,
        pub culture: Option<String>,
        pub language: Option<String>,
        pub relationship: String,
        pub relationship_text: Option<String>,
        pub allow_delegated_access: Option<bool>,
        pub associated_partner_id: Option<String>,
        pub registration_number: Option<String>,
        pub reseller_id: Option<Uuid>,
        pub ended_at: Option<DateTimeUtc>,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
        /// The folded name: what rows are ordered and searched by.
        pub name_key: String,
        /// All domains, folded, each between blanks: what a search by domain looks through.
        pub domains_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Table for Customer {
    type Entity = row::Entity;
    const UNREAD: usize = 3;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: CustomerId(row.take()?),
            tenant_id: row.take()?,
            commerce_id: row.take()?,
            name: row.take()?,
            primary_domain: row.take()?,
            custom_domains: row.list()?,
            country: row.take()?,
            culture: row.take()?,
            language: row.take()?,
            relationship: row.word()?,
            relationship_text: row.take()?,
            allow_delegated_access: row.take()?,
            associated_partner_id: row.take()?,
            registration_number: row.take()?,
            reseller_id: row.take::<Option<_>>()?.map(PartnerRelationId),
            ended_at: row.take()?,
            observed_at: row.take()?,
        })
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        Condition::all()
            .add(row::Column::PartnerId.eq(scope.partner.0))
            .add_option(customers.map(|ids| row::Column::Id.is_in(ids.iter().map(|id| id.0))))
    }

    fn holds(predicate: &CustomerPredicate, scope: &Scope) -> Expr {
        use CustomerPredicate as P;
        match predicate {
            P::Id(ids) => row::Column::Id.is_in(ids.iter().map(|id| id.0)),
            P::TenantId(ids) => row::Column::TenantId.is_in(ids),
            P::Name(wanted) => text::matches(col(row::Column::NameKey), wanted),
            P::Domain(wanted) => text::any_word_matches(col(row::Column::DomainsKey), wanted),
            P::Country(codes) => row::Column::Country.is_in(codes),
            P::Relationship(ones) => row::Column::Relationship.is_in(ones.iter().map(|one| <&str>::from(*one))),
            P::Ended(true) => row::Column::EndedAt.is_not_null(),
            P::Ended(false) => row::Column::EndedAt.is_null(),
            P::Subscription(filter) => {
                let customers = matching::<Subscription>(super::subscription::row::Column::CustomerId, filter, scope);
                row::Column::Id.in_subquery(customers)
            }
            P::Incident(_) | P::ServiceHealth(_) | P::ServiceRequest(_) => Expr::val(true),
        }
    }

    fn key_column(key: CustomerKey) -> (Column<Self>, bool) {
        match key {
            CustomerKey::Name => (row::Column::NameKey, false),
            CustomerKey::Country => (row::Column::Country, true),
            CustomerKey::TenantId => (row::Column::TenantId, false),
        }
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl ScopedStore {
    /// Customers, filtered and ordered.
    pub async fn customer_page(&self, list: &List<Customer>) -> Result<Page<Customer>> {
        self.page(list).await
    }

    /// The customers with these ids, in no order.
    pub async fn customers_by_id(&self, ids: &[CustomerId]) -> Result<Vec<Customer>> {
        self.by_ids(ids, true).await
    }

    /// The customers that see each incident.
    pub async fn customers_of_incidents(
        &self,
        incidents: &[IncidentId],
        list: &List<Customer>,
    ) -> Result<HashMap<IncidentId, Page<Customer>>> {
        let seen_by = Parent::Through { table: "incident_visibility", child: "customer_id", parent: "incident_id" };
        self.pages_of(incidents, seen_by, list).await
    }
}
