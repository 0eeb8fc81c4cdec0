//! The `customer` table and those that hang on it.

use std::collections::{BTreeSet, HashMap};

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr},
};

use super::{
    ScopedStore,
    row::{Row, join, word},
    table::{Column, Parent, Stored, Table, col, matching},
    text, visibility,
    write::Write,
};
use crate::domain::{
    CustomerId, IncidentId, PartnerId, PartnerRelationId, Result,
    access::Scope,
    customer::{Customer, CustomerKey, CustomerPredicate},
    filter::{Filter, TextMatch, fold},
    incident::Incident,
    page::{List, Page, Wants},
    service_health::ServiceHealth,
    service_request::ServiceRequest,
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

impl Stored for Customer {
    type Entity = row::Entity;
    const UNREAD: usize = 3;
    const ALWAYS: Option<&'static [&'static str]> =
        Some(&["id", "tenant_id", "name", "country", "allow_delegated_access", "reseller_id"]);

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

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            tenant_id: self.tenant_id.clone(),
            commerce_id: self.commerce_id.clone(),
            name: self.name.clone(),
            primary_domain: self.primary_domain.clone(),
            custom_domains: join(&self.custom_domains),
            country: self.country.clone(),
            culture: self.culture.clone(),
            language: self.language.clone(),
            relationship: word(self.relationship),
            relationship_text: self.relationship_text.clone(),
            allow_delegated_access: self.allow_delegated_access,
            associated_partner_id: self.associated_partner_id.clone(),
            registration_number: self.registration_number.clone(),
            reseller_id: self.reseller_id.map(|id| id.0),
            ended_at: self.ended_at,
            observed_at: self.observed_at,
            partner_id: partner.0,
            name_key: fold(&self.name),
            domains_key: domains_key(self),
        }
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        Condition::all()
            .add(row::Column::PartnerId.eq(scope.partner.0))
            .add_option(customers.map(|ids| row::Column::Id.is_in(ids.iter().map(|id| id.0))))
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for Customer {
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
            P::Incident(filter) => {
                let incidents = matching::<Incident>(super::incident::row::Column::Id, filter, scope);
                row::Column::Id.in_subquery(visibility::customers_seeing(incidents))
            }
            P::ServiceHealth(filter) => {
                let column = super::service_health::row::Column::CustomerId;
                row::Column::Id.in_subquery(matching::<ServiceHealth>(column, filter, scope))
            }
            P::ServiceRequest(filter) => {
                let column = super::service_request::row::Column::CustomerId;
                row::Column::Id.in_subquery(matching::<ServiceRequest>(column, filter, scope))
            }
        }
    }

    fn key_column(key: CustomerKey) -> (Column<Self>, bool) {
        match key {
            CustomerKey::Name => (row::Column::NameKey, false),
            CustomerKey::Country => (row::Column::Country, true),
            CustomerKey::TenantId => (row::Column::TenantId, false),
        }
    }
}

/// The domains as [`text::any_word_matches`] looks through them.
fn domains_key(customer: &Customer) -> String {
    let domains: Vec<_> = customer.primary_domain.iter().chain(&customer.custom_domains).map(|one| fold(one)).collect();
    match domains.is_empty() {
        true => String::new(),
        false => format!(" {} ", domains.join(" ")),
    }
}

impl Write {
    /// A customer that something is to be linked to.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none in scope.
    pub async fn customer(&self, id: CustomerId) -> Result<Customer> {
        self.one("Customer", id.0).await
    }
}

impl ScopedStore {
    /// Customers, filtered and ordered.
    pub async fn customer_page(&self, list: &List<Customer>) -> Result<Page<Customer>> {
        self.page(list).await
    }

    /// The customers with these ids, in no order.
    pub async fn customers_by_id(&self, ids: &[CustomerId], wants: &Wants) -> Result<Vec<Customer>> {
        self.by_ids(ids, wants).await
    }

    /// The customer with this tenant id, or with this domain, primary or custom; in any letter case.
    pub async fn customer_by_tenant_or_domain(&self, text: &str) -> Result<Option<Customer>> {
        let tenant = CustomerPredicate::TenantId(BTreeSet::from([fold(text.trim())]));
        let domain = CustomerPredicate::Domain(TextMatch::Equals(text.trim().to_owned()));
        let found = self.page(&List::first(1).filtered(Filter::Any(vec![tenant.into(), domain.into()]))).await?;
        Ok(found.items.into_iter().next())
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
