//! The `partner` table, its relations to other partners, and its qualifications.

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Order},
};

use super::{
    ScopedStore,
    row::{Row, word},
    table::{Column, Stored, owned},
};
use crate::domain::{
    PartnerId, PartnerRelationId, QualificationId, Result,
    access::Scope,
    page::Wants,
    partner::{Partner, PartnerRelation, Qualification},
};

/// Private: outside of this file only [`Partner`] exists. The table has one column more, the position of the log.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "partner")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: String,
        pub name: String,
        pub domain: Option<String>,
        pub country: Option<String>,
        pub culture: Option<String>,
        pub partner_type: String,
        pub cloud: String,
        pub support_email: Option<String>,
        pub support_phone: Option<String>,
        pub support_website: Option<String>,
        pub legal_name: Option<String>,
        pub vetting_status: Option<String>,
        pub network_id: Option<String>,
        pub network_name: Option<String>,
        pub billing_currency: Option<String>,
        pub source: String,
        pub observed_at: DateTimeUtc,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`PartnerRelation`] exists.
pub(super) mod relation {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "partner_relation")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub tenant_id: String,
        pub name: String,
        pub relation_type: String,
        pub state: Option<String>,
        pub network_id: Option<String>,
        pub country: Option<String>,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`Qualification`] exists.
pub(super) mod qualification {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "qualification")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub code: String,
        pub level: String,
        pub is_cloud: Option<bool>,
        pub valid_from: Date,
        pub valid_until: Option<Date>,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for Partner {
    type Entity = row::Entity;
    const UNREAD: usize = 0;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: PartnerId(row.take()?),
            tenant_id: row.take()?,
            name: row.take()?,
            domain: row.take()?,
            country: row.take()?,
            culture: row.take()?,
            partner_type: row.word()?,
            cloud: row.word()?,
            support_email: row.take()?,
            support_phone: row.take()?,
            support_website: row.take()?,
            legal_name: row.take()?,
            vetting_status: row.take()?,
            network_id: row.take()?,
            network_name: row.take()?,
            billing_currency: row.take()?,
            source: row.word()?,
            observed_at: row.take()?,
        })
    }

    fn row(&self, _: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            tenant_id: self.tenant_id.clone(),
            name: self.name.clone(),
            domain: self.domain.clone(),
            country: self.country.clone(),
            culture: self.culture.clone(),
            partner_type: word(self.partner_type),
            cloud: word(self.cloud),
            support_email: self.support_email.clone(),
            support_phone: self.support_phone.clone(),
            support_website: self.support_website.clone(),
            legal_name: self.legal_name.clone(),
            vetting_status: self.vetting_status.clone(),
            network_id: self.network_id.clone(),
            network_name: self.network_name.clone(),
            billing_currency: self.billing_currency.clone(),
            source: word(self.source),
            observed_at: self.observed_at,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        Condition::all().add(row::Column::Id.eq(scope.partner.0))
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Stored for PartnerRelation {
    type Entity = relation::Entity;
    const UNREAD: usize = 1;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: PartnerRelationId(row.take()?),
            tenant_id: row.take()?,
            name: row.take()?,
            relation_type: row.take()?,
            state: row.take()?,
            network_id: row.take()?,
            country: row.take()?,
            observed_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> relation::Model {
        relation::Model {
            id: self.id.0,
            tenant_id: self.tenant_id.clone(),
            name: self.name.clone(),
            relation_type: self.relation_type.clone(),
            state: self.state.clone(),
            network_id: self.network_id.clone(),
            country: self.country.clone(),
            observed_at: self.observed_at,
            partner_id: partner.0,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        owned(relation::Column::PartnerId, scope)
    }

    fn id_column() -> Column<Self> {
        relation::Column::Id
    }
}

impl Stored for Qualification {
    type Entity = qualification::Entity;
    const UNREAD: usize = 1;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: QualificationId(row.take()?),
            code: row.take()?,
            level: row.take()?,
            is_cloud: row.take()?,
            valid_from: row.take()?,
            valid_until: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> qualification::Model {
        qualification::Model {
            id: self.id.0,
            code: self.code.clone(),
            level: self.level.clone(),
            is_cloud: self.is_cloud,
            valid_from: self.valid_from,
            valid_until: self.valid_until,
            partner_id: partner.0,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        owned(qualification::Column::PartnerId, scope)
    }

    fn id_column() -> Column<Self> {
        qualification::Column::Id
    }
}

impl ScopedStore {
    /// The partner itself; none before anything was imported for it.
    pub async fn partner(&self) -> Result<Option<Partner>> {
        Ok(self.by_ids(&[self.scope.partner], &Wants::Everything).await?.pop())
    }

    /// The other partners with these ids, in no order.
    pub async fn partner_relations_by_id(&self, ids: &[PartnerRelationId]) -> Result<Vec<PartnerRelation>> {
        self.by_ids(ids, &Wants::Everything).await
    }

    /// All qualifications of the partner, by code, newest first.
    pub async fn qualifications(&self) -> Result<Vec<Qualification>> {
        use qualification::Column::{Code, Id, ValidFrom};
        self.all(&[(Code, Order::Asc), (ValidFrom, Order::Desc), (Id, Order::Asc)]).await
    }
}
