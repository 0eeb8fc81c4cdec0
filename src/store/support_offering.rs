//! The `support_offering` table, and which customers were promised what.

use std::collections::HashMap;

use chrono::NaiveDate;
use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr, ExprTrait, Order, Query},
};

use super::{
    ScopedStore, dialect,
    row::{Row, join_words},
    table::{Column, Stored, Table, col, columns, valid_on},
};
use crate::domain::{
    CustomerId, PartnerId, Result, SupportOfferingId,
    access::Scope,
    filter::fold,
    page::Wants,
    support_offering::{SupportOffering, SupportOfferingKey},
};

/// Private: outside of this file only [`SupportOffering`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "support_offering")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub name: String,
        pub covers: String,
        pub hours: String,
        pub contact_email: Option<String>,
        pub contact_phone: Option<String>,
        pub contact_website: Option<String>,
        pub price_minor: Option<i64>,
        pub currency: Option<String>,
        pub provider: Option<String>,
        pub valid_from: Date,
        pub valid_until: Option<Date>,
        pub partner_id: Uuid,
        pub name_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Which customer was promised which offering, from when on.
pub(super) mod promise {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "customer_offering")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub customer_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub offering_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub valid_from: Date,
        pub valid_until: Option<Date>,
        pub told_at: Option<DateTimeUtc>,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for SupportOffering {
    type Entity = row::Entity;
    const UNREAD: usize = 2;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: SupportOfferingId(row.take()?),
            name: row.take()?,
            covers: row.words()?,
            hours: row.take()?,
            contact_email: row.take()?,
            contact_phone: row.take()?,
            contact_website: row.take()?,
            price_minor: row.take()?,
            currency: row.take()?,
            provider: row.take()?,
            valid_from: row.take()?,
            valid_until: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            name: self.name.clone(),
            covers: join_words(&self.covers),
            hours: self.hours.clone(),
            contact_email: self.contact_email.clone(),
            contact_phone: self.contact_phone.clone(),
            contact_website: self.contact_website.clone(),
            price_minor: self.price_minor,
            currency: self.currency.clone(),
            provider: self.provider.clone(),
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            partner_id: partner.0,
            name_key: fold(&self.name),
        }
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        let promised = customers.map(|ids| {
            let ids = promise::Column::CustomerId.is_in(ids.iter().map(|id| id.0));
            Query::select().expr(col(promise::Column::OfferingId)).from(promise::Entity).and_where(ids).take()
        });
        Condition::all()
            .add(row::Column::PartnerId.eq(scope.partner.0))
            .add_option(promised.map(|offerings| row::Column::Id.in_subquery(offerings)))
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for SupportOffering {
    fn holds((): &(), _: &Scope) -> Expr {
        Expr::val(true)
    }

    fn key_column(key: SupportOfferingKey) -> (Column<Self>, bool) {
        match key {
            SupportOfferingKey::Name => (row::Column::NameKey, false),
        }
    }
}

impl ScopedStore {
    /// What each customer is promised on `day`, by name.
    pub async fn support_offerings_of(
        &self,
        customers: &[CustomerId],
        day: NaiveDate,
    ) -> Result<HashMap<CustomerId, Vec<SupportOffering>>> {
        let customers: Vec<_> = customers.iter().map(|customer| customer.0).collect();
        let (columns, read) = columns::<SupportOffering>(&Wants::Everything);
        let mut select = Query::select();
        select.from(row::Entity).expr(col(promise::Column::CustomerId)).exprs(columns);
        select.inner_join(promise::Entity, col(promise::Column::OfferingId).eq(col(row::Column::Id)));
        select.cond_where(SupportOffering::visible(&self.scope));
        select.and_where(dialect::is_one_of(self.backend(), col(promise::Column::CustomerId), &customers));
        select.and_where(valid_on(promise::Column::ValidFrom, promise::Column::ValidUntil, day));
        select.and_where(valid_on(row::Column::ValidFrom, row::Column::ValidUntil, day));
        select.order_by(row::Column::NameKey, Order::Asc).order_by((row::Entity, row::Column::Id), Order::Asc);
        self.by_parent(&select, read).await
    }
}
