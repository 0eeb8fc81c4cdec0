//! The `subscription` table.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr},
};

use super::{
    ScopedStore,
    row::{Row, join, word},
    table::{Column, Parent, Stored, Table, col},
    text,
    write::Write,
};
use crate::domain::{
    AzureEntitlementId, CustomerId, PartnerId, Result, SubscriptionId,
    access::Scope,
    filter::fold,
    page::{List, Page, Wants},
    subscription::{AzureEntitlement, Subscription, SubscriptionKey, SubscriptionPredicate, SupportContact},
};

/// Private: outside of this file only [`Subscription`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "subscription")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub customer_id: Uuid,
        pub external_id: String,
        pub parent_id: Option<Uuid>,
        pub offer_id: Option<String>,
        pub offer_name: String,
        pub friendly_name: String,
        pub product_family: String,
        pub product_family_signal: String,
        pub product_type: Option<String>,
        pub quantity: i64,
        pub unit_type: Option<String>,
        pub status: String,
        pub status_text: String,
        pub billing_type: String,
        pub billing_type_text: Option<String>,
        pub billing_cycle: String,
        pub billing_cycle_text: Option<String>,
        pub term: Option<String>,
        pub renewal_term: Option<String>,
        pub created_at: Option<DateTimeUtc>,
        pub starts_at: Option<DateTimeUtc>,
        pub commitment_ends_on: Option<Date>,
        pub cancellable_until: Option<DateTimeUtc>,
        pub is_auto_renewed: Option<bool>,
        pub is_trial: bool,
        pub is_microsoft_product: Option<bool>,
        pub publisher: Option<String>,
        pub reseller_network_id: Option<String>,
        pub suspension_reasons: String,
        pub order_id: Option<String>,
        pub contract_type: Option<String>,
        pub support_contact_applicability: String,
        pub support_contact_name: Option<String>,
        pub support_contact_tenant_id: Option<String>,
        pub support_contact_network_id: Option<String>,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
        pub name_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`AzureEntitlement`] exists.
pub(super) mod entitlement {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "azure_entitlement")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub customer_id: Uuid,
        pub subscription_id: Uuid,
        pub external_id: String,
        pub friendly_name: Option<String>,
        pub status_text: Option<String>,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for Subscription {
    type Entity = row::Entity;
    const UNREAD: usize = 2;
    const ALWAYS: Option<&'static [&'static str]> = Some(&[
        "id",
        "customer_id",
        "parent_id",
        "friendly_name",
        "product_family",
        "quantity",
        "status",
        "created_at",
        "commitment_ends_on",
        "is_microsoft_product",
    ]);

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: SubscriptionId(row.take()?),
            customer_id: CustomerId(row.take()?),
            external_id: row.take()?,
            parent_id: row.take::<Option<_>>()?.map(SubscriptionId),
            offer_id: row.take()?,
            offer_name: row.take()?,
            friendly_name: row.take()?,
            product_family: row.word()?,
            product_family_signal: row.take()?,
            product_type: row.take()?,
            quantity: row.take()?,
            unit_type: row.take()?,
            status: row.word()?,
            status_text: row.take()?,
            billing_type: row.word()?,
            billing_type_text: row.take()?,
            billing_cycle: row.word()?,
            billing_cycle_text: row.take()?,
            term: row.take()?,
            renewal_term: row.take()?,
            created_at: row.take()?,
            starts_at: row.take()?,
            commitment_ends_on: row.take()?,
            cancellable_until: row.take()?,
            is_auto_renewed: row.take()?,
            is_trial: row.take()?,
            is_microsoft_product: row.take()?,
            publisher: row.take()?,
            reseller_network_id: row.take()?,
            suspension_reasons: row.list()?,
            order_id: row.take()?,
            contract_type: row.take()?,
            support_contact: SupportContact {
                applicability: row.word()?,
                name: row.take()?,
                tenant_id: row.take()?,
                network_id: row.take()?,
            },
            observed_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            customer_id: self.customer_id.0,
            external_id: self.external_id.clone(),
            parent_id: self.parent_id.map(|id| id.0),
            offer_id: self.offer_id.clone(),
            offer_name: self.offer_name.clone(),
            friendly_name: self.friendly_name.clone(),
            product_family: word(self.product_family),
            product_family_signal: self.product_family_signal.clone(),
            product_type: self.product_type.clone(),
            quantity: self.quantity,
            unit_type: self.unit_type.clone(),
            status: word(self.status),
            status_text: self.status_text.clone(),
            billing_type: word(self.billing_type),
            billing_type_text: self.billing_type_text.clone(),
            billing_cycle: word(self.billing_cycle),
            billing_cycle_text: self.billing_cycle_text.clone(),
            term: self.term.clone(),
            renewal_term: self.renewal_term.clone(),
            created_at: self.created_at,
            starts_at: self.starts_at,
            commitment_ends_on: self.commitment_ends_on,
            cancellable_until: self.cancellable_until,
            is_auto_renewed: self.is_auto_renewed,
            is_trial: self.is_trial,
            is_microsoft_product: self.is_microsoft_product,
            publisher: self.publisher.clone(),
            reseller_network_id: self.reseller_network_id.clone(),
            suspension_reasons: join(&self.suspension_reasons),
            order_id: self.order_id.clone(),
            contract_type: self.contract_type.clone(),
            support_contact_applicability: word(self.support_contact.applicability),
            support_contact_name: self.support_contact.name.clone(),
            support_contact_tenant_id: self.support_contact.tenant_id.clone(),
            support_contact_network_id: self.support_contact.network_id.clone(),
            observed_at: self.observed_at,
            partner_id: partner.0,
            name_key: fold(&self.friendly_name),
        }
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        Condition::all()
            .add(row::Column::PartnerId.eq(scope.partner.0))
            .add_option(customers.map(|ids| row::Column::CustomerId.is_in(ids.iter().map(|id| id.0))))
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for Subscription {
    fn holds(predicate: &SubscriptionPredicate, _: &Scope) -> Expr {
        use SubscriptionPredicate as P;
        match predicate {
            P::Id(ids) => row::Column::Id.is_in(ids.iter().map(|id| id.0)),
            P::Customer(ids) => row::Column::CustomerId.is_in(ids.iter().map(|id| id.0)),
            P::Name(wanted) => text::matches(col(row::Column::NameKey), wanted),
            P::ProductFamily(ones) => row::Column::ProductFamily.is_in(ones.iter().map(|one| <&str>::from(*one))),
            P::Status(ones) => row::Column::Status.is_in(ones.iter().map(|one| <&str>::from(*one))),
            P::Quantity(range) => super::table::within(col(row::Column::Quantity), range),
            P::CommitmentEndsOn(range) => super::table::within(col(row::Column::CommitmentEndsOn), range),
            P::AutoRenewed(yes) => row::Column::IsAutoRenewed.eq(*yes),
            P::Trial(yes) => row::Column::IsTrial.eq(*yes),
            P::AddOn(true) => row::Column::ParentId.is_not_null(),
            P::AddOn(false) => row::Column::ParentId.is_null(),
            P::MicrosoftProduct(yes) => row::Column::IsMicrosoftProduct.eq(*yes),
        }
    }

    fn key_column(key: SubscriptionKey) -> (Column<Self>, bool) {
        match key {
            SubscriptionKey::Name => (row::Column::NameKey, false),
            SubscriptionKey::Quantity => (row::Column::Quantity, false),
            SubscriptionKey::Status => (row::Column::Status, false),
            SubscriptionKey::ProductFamily => (row::Column::ProductFamily, false),
            SubscriptionKey::CommitmentEndsOn => (row::Column::CommitmentEndsOn, true),
            SubscriptionKey::CreatedAt => (row::Column::CreatedAt, true),
        }
    }
}

impl Stored for AzureEntitlement {
    type Entity = entitlement::Entity;
    const UNREAD: usize = 1;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: AzureEntitlementId(row.take()?),
            customer_id: CustomerId(row.take()?),
            subscription_id: SubscriptionId(row.take()?),
            external_id: row.take()?,
            friendly_name: row.take()?,
            status_text: row.take()?,
            observed_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> entitlement::Model {
        entitlement::Model {
            id: self.id.0,
            customer_id: self.customer_id.0,
            subscription_id: self.subscription_id.0,
            external_id: self.external_id.clone(),
            friendly_name: self.friendly_name.clone(),
            status_text: self.status_text.clone(),
            observed_at: self.observed_at,
            partner_id: partner.0,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        let customers = scope.customers.as_ref();
        Condition::all()
            .add(entitlement::Column::PartnerId.eq(scope.partner.0))
            .add_option(customers.map(|ids| entitlement::Column::CustomerId.is_in(ids.iter().map(|id| id.0))))
    }

    fn id_column() -> Column<Self> {
        entitlement::Column::Id
    }
}

impl Table for AzureEntitlement {
    fn holds((): &(), _: &Scope) -> Expr {
        Expr::val(true)
    }

    fn key_column((): ()) -> (Column<Self>, bool) {
        (entitlement::Column::Id, false)
    }
}

impl Write {
    /// A subscription that something is to be linked to.
    ///
    /// # Errors
    ///
    /// `NotFound` if there is none in scope.
    pub async fn subscription(&self, id: SubscriptionId) -> Result<Subscription> {
        self.one("CustomerSubscription", id.0).await
    }
}

impl ScopedStore {
    /// Subscriptions of all customers, filtered and ordered.
    pub async fn subscription_page(&self, list: &List<Subscription>) -> Result<Page<Subscription>> {
        self.page(list).await
    }

    /// The subscriptions with these ids, in no order.
    pub async fn subscriptions_by_id(&self, ids: &[SubscriptionId], wants: &Wants) -> Result<Vec<Subscription>> {
        self.by_ids(ids, wants).await
    }

    /// The subscriptions of each customer.
    pub async fn subscriptions_of(
        &self,
        customers: &[CustomerId],
        list: &List<Subscription>,
    ) -> Result<HashMap<CustomerId, Page<Subscription>>> {
        self.pages_of(customers, Parent::Column(row::Column::CustomerId), list).await
    }

    /// The add-ons of each subscription.
    pub async fn add_ons_of(
        &self,
        parents: &[SubscriptionId],
        list: &List<Subscription>,
    ) -> Result<HashMap<SubscriptionId, Page<Subscription>>> {
        self.pages_of(parents, Parent::Column(row::Column::ParentId), list).await
    }

    /// The Azure subscriptions below each subscription.
    pub async fn azure_entitlements_of(
        &self,
        subscriptions: &[SubscriptionId],
        list: &List<AzureEntitlement>,
    ) -> Result<HashMap<SubscriptionId, Page<AzureEntitlement>>> {
        self.pages_of(subscriptions, Parent::Column(entitlement::Column::SubscriptionId), list).await
    }
}
