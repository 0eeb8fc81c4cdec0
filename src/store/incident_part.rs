//! The posts of incidents, and the services and regions that Azure incidents touch.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr, Order},
};

use super::{
    ScopedStore,
    row::Row,
    table::{Column, Parent, Stored, Table},
    told, visibility,
};
use crate::domain::{
    IncidentId, IncidentImpactId, IncidentPostId, PartnerId, Result,
    access::Scope,
    incident::{IncidentImpact, IncidentPost, IncidentPostKey},
    page::{List, Page, Wants},
};

/// Private: outside of this file only [`IncidentPost`] exists.
pub(super) mod post {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_post")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub incident_id: Uuid,
        pub created_at: DateTimeUtc,
        pub post_type: String,
        pub content: String,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// Private: outside of this file only [`IncidentImpact`] exists.
pub(super) mod impact {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_impact")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub incident_id: Uuid,
        pub service_name: String,
        pub region: String,
        pub status_text: Option<String>,
        pub updated_at: Option<DateTimeUtc>,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for IncidentPost {
    type Entity = post::Entity;
    const UNREAD: usize = 1;
    const ALWAYS: Option<&'static [&'static str]> = Some(&["id", "incident_id", "created_at"]);

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: IncidentPostId(row.take()?),
            incident_id: IncidentId(row.take()?),
            created_at: row.take()?,
            post_type: row.take()?,
            content: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> post::Model {
        post::Model {
            id: self.id.0,
            incident_id: self.incident_id.0,
            created_at: self.created_at,
            post_type: self.post_type.clone(),
            content: self.content.clone(),
            partner_id: partner.0,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        Condition::all().add(post::Column::PartnerId.eq(scope.partner.0)).add_option(told::post_was_told(scope))
    }

    fn id_column() -> Column<Self> {
        post::Column::Id
    }
}

impl Table for IncidentPost {
    fn holds((): &(), _: &Scope) -> Expr {
        Expr::val(true)
    }

    fn key_column(key: IncidentPostKey) -> (Column<Self>, bool) {
        match key {
            IncidentPostKey::CreatedAt => (post::Column::CreatedAt, false),
        }
    }
}

impl Stored for IncidentImpact {
    type Entity = impact::Entity;
    const UNREAD: usize = 1;

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: IncidentImpactId(row.take()?),
            incident_id: IncidentId(row.take()?),
            service_name: row.take()?,
            region: row.take()?,
            status_text: row.take()?,
            updated_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> impact::Model {
        impact::Model {
            id: self.id.0,
            incident_id: self.incident_id.0,
            service_name: self.service_name.clone(),
            region: self.region.clone(),
            status_text: self.status_text.clone(),
            updated_at: self.updated_at,
            partner_id: partner.0,
        }
    }

    fn visible(scope: &Scope) -> Condition {
        Condition::all()
            .add(impact::Column::PartnerId.eq(scope.partner.0))
            .add_option(visibility::incidents_in(scope).map(|seen| impact::Column::IncidentId.in_subquery(seen)))
    }

    fn id_column() -> Column<Self> {
        impact::Column::Id
    }
}

impl ScopedStore {
    /// The newest post of each incident that has one.
    pub async fn latest_posts_of(
        &self,
        incidents: &[IncidentId],
        wants: Wants,
    ) -> Result<HashMap<IncidentId, IncidentPost>> {
        let newest = List { wants, ..List::first(1) };
        let pages = self.posts_of(incidents, &newest).await?;
        Ok(pages.into_iter().filter_map(|(incident, mut page)| Some((incident, page.items.pop()?))).collect())
    }

    /// The posts of each incident.
    pub async fn posts_of(
        &self,
        incidents: &[IncidentId],
        list: &List<IncidentPost>,
    ) -> Result<HashMap<IncidentId, Page<IncidentPost>>> {
        self.pages_of(incidents, Parent::Column(post::Column::IncidentId), list).await
    }

    /// The services and regions that each Azure incident touches, by service and region.
    pub async fn impacts_of(&self, incidents: &[IncidentId]) -> Result<HashMap<IncidentId, Vec<IncidentImpact>>> {
        use impact::Column::{Id, IncidentId, Region, ServiceName};
        self.children_of(incidents, IncidentId, &[(ServiceName, Order::Asc), (Region, Order::Asc), (Id, Order::Asc)])
            .await
    }
}
