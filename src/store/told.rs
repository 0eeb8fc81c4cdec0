//! In which words each customer was told of an incident. Microsoft may write to every tenant in its own words, so nobody
//! is shown what only another tenant was told.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, EntityName, EntityTrait, Iterable, QueryFilter, Value,
    sea_query::{Expr, ExprTrait, Order, Query, SelectStatement, TableRef},
};
use serde_json::json;
use uuid::Uuid;

use super::{
    database_error, dialect, incident, incident_part,
    row::Row,
    seen::{INCIDENTS, Sight},
    subscription::entitlement,
    table::col,
    visibility,
    write::{Write, as_stored, values},
};
use crate::domain::{
    CustomerId, Result,
    access::Scope,
    event::{EntityKind, Event, Happening},
    filter::fold,
    incident::{Incident, IncidentPost},
};

mod text {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_text")]
    pub struct Model {
        /// Derived from all that it says.
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub partner_id: Uuid,
        pub incident_id: Uuid,
        pub title: String,
        pub impact: Option<String>,
        pub title_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

mod text_post {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "incident_text_post")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub text_id: Uuid,
        #[sea_orm(primary_key, auto_increment = false)]
        pub post_id: Uuid,
        pub partner_id: Uuid,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

/// What an answer says of an incident, and to whom.
pub(super) struct Telling {
    text: Text,
    modified_at: DateTime<Utc>,
    at: DateTime<Utc>,
    to: Vec<CustomerId>,
    /// Whoever holds one of these was told, too.
    azure_subscriptions: Vec<String>,
}

#[derive(Clone, PartialEq)]
struct Text {
    incident: Uuid,
    title: String,
    impact: Option<String>,
    posts: BTreeSet<Uuid>,
}

/// What a customer was told last.
struct Former {
    text: Uuid,
    modified_at: DateTime<Utc>,
    at: DateTime<Utc>,
}

impl Telling {
    pub fn new(
        incident: &Incident,
        posts: &[IncidentPost],
        to: Vec<CustomerId>,
        azure_subscriptions: Vec<String>,
    ) -> Self {
        let text = Text {
            incident: incident.id.0,
            title: incident.title.clone(),
            impact: incident.impact.clone(),
            posts: posts.iter().map(|post| post.id.0).collect(),
        };
        let (modified_at, at) = (as_stored(incident.modified_at), as_stored(incident.observed_at));
        let azure_subscriptions = azure_subscriptions.iter().map(|azure| azure.to_lowercase()).collect();
        Self { text, modified_at, at, to, azure_subscriptions }
    }
}

impl Text {
    /// The same words make the same id, whoever tells them and when.
    fn id(&self) -> Uuid {
        let words = json!([self.title, self.impact, self.posts]).to_string();
        Uuid::new_v5(&self.incident, format!("txt:{words}").as_bytes())
    }
}

/// Texts that were told before, and those that are told now for the first time.
struct Texts {
    known: HashMap<Uuid, Text>,
    new: BTreeMap<Uuid, Text>,
}

impl Texts {
    /// The text of whoever is told `now` after having been told `former`: posts are appended, and none is taken back.
    fn told(&mut self, former: Option<Uuid>, now: &Text) -> Uuid {
        let mut text = now.clone();
        if let Some((former, known)) = former.and_then(|id| self.known.get_key_value(&id)) {
            text.posts.extend(&known.posts);
            if text == *known {
                return *former;
            }
        }
        let id = text.id();
        self.new.insert(id, text);
        id
    }
}

impl Write {
    /// Records who was told what. Gives an event for each customer that did not see the incident before, or was told it in
    /// other words, unless it is among those of which everybody hears anyway.
    pub(super) async fn tell(&mut self, tellings: &[Telling], heard_by_all: &BTreeSet<Uuid>) -> Result<Vec<Event>> {
        let holders = self.holders_of(tellings).await?;
        let customers_of = |telling: &Telling| -> BTreeSet<CustomerId> {
            let holders = telling.azure_subscriptions.iter().filter_map(|azure| holders.get(azure)).flatten();
            telling.to.iter().chain(holders).copied().collect()
        };
        let tellings: Vec<_> = tellings.iter().map(|telling| (telling, customers_of(telling))).collect();
        let former = self.former(&tellings).await?;
        let known = self.texts(former.values().map(|former| former.text).collect()).await?;
        let mut texts = Texts { known, new: BTreeMap::new() };
        let mut sights = Vec::new();
        let mut retold = BTreeMap::new();
        for (Telling { text, modified_at, at, .. }, customers) in tellings {
            // Whoever was told the same before is told the same now.
            let mut now: HashMap<Option<Uuid>, Uuid> = HashMap::new();
            for customer in customers {
                let former = former.get(&(text.incident, customer));
                if former.is_some_and(|former| former.at >= *at) {
                    continue;
                }
                let (told, modified_at) = match former {
                    Some(former) if former.modified_at > *modified_at => (former.text, former.modified_at),
                    _ => {
                        let former = former.map(|former| former.text);
                        (*now.entry(former).or_insert_with(|| texts.told(former, text)), *modified_at)
                    }
                };
                if former.is_some_and(|former| former.text != told) {
                    self.touched.insert(EntityKind::Incident);
                    if !heard_by_all.contains(&text.incident) {
                        let event = Event {
                            kind: EntityKind::Incident,
                            happening: Happening::Seen,
                            entity_id: text.incident,
                            customer_id: Some(customer),
                            occurred_at: modified_at,
                            observed_at: *at,
                            difference: json!({}),
                        };
                        retold.insert((text.incident, customer), event);
                    }
                }
                let own = vec![told.into(), modified_at.into()];
                sights.push(Sight { id: text.incident, customer, at: *at, own });
            }
        }
        self.keep(&texts.new).await?;
        let first_seen = self.see(&INCIDENTS, sights).await?;
        Ok(retold.into_values().chain(first_seen).collect())
    }

    /// Writes texts; the same one once.
    async fn keep(&mut self, texts: &BTreeMap<Uuid, Text>) -> Result<()> {
        let partner_id = self.scope.partner.0;
        let row = |(id, text): (&Uuid, &Text)| {
            values::<text::Entity>(&text::Model {
                id: *id,
                partner_id,
                incident_id: text.incident,
                title: text.title.clone(),
                impact: text.impact.clone(),
                title_key: fold(&text.title),
            })
        };
        let post = |(id, text): (&Uuid, &Text)| -> Vec<Vec<Value>> {
            text.posts.iter().map(|post| vec![(*id).into(), (*post).into(), partner_id.into()]).collect()
        };
        self.save::<text::Entity>(texts.iter().map(row).collect()).await?;
        self.save::<text_post::Entity>(texts.iter().flat_map(post).collect()).await
    }

    /// What the customers that are told something now were told last.
    async fn former(
        &self,
        tellings: &[(&Telling, BTreeSet<CustomerId>)],
    ) -> Result<HashMap<(Uuid, CustomerId), Former>> {
        use visibility::incident::Column as V;
        let incidents: Vec<Uuid> = tellings.iter().map(|(telling, _)| telling.text.incident).collect();
        let customers: BTreeSet<Uuid> = tellings.iter().flat_map(|(_, customers)| customers).map(|id| id.0).collect();
        let customers: Vec<Uuid> = customers.into_iter().collect();
        let mut former = HashMap::new();
        for incidents in incidents.chunks(4096) {
            let mut select = Query::select();
            select.exprs([V::IncidentId, V::CustomerId, V::TextId, V::TextModifiedAt, V::LastSeenAt].map(col));
            select.from(visibility::incident::Entity).and_where(V::PartnerId.eq(self.scope.partner.0));
            select.and_where(dialect::is_one_of(self.backend(), col(V::IncidentId), incidents));
            select.and_where(dialect::is_one_of(self.backend(), col(V::CustomerId), &customers));
            for row in self.rows(&select).await? {
                let mut row = Row::new(&row);
                let key = (row.take()?, CustomerId(row.take()?));
                former.insert(key, Former { text: row.take()?, modified_at: row.take()?, at: row.take()? });
            }
        }
        Ok(former)
    }

    async fn texts(&self, ids: BTreeSet<Uuid>) -> Result<HashMap<Uuid, Text>> {
        let ids: Vec<Uuid> = ids.into_iter().collect();
        let mut texts = HashMap::with_capacity(ids.len());
        for ids in ids.chunks(4096) {
            let these = dialect::is_one_of(self.backend(), col(text::Column::Id), ids);
            for row in text::Entity::find().filter(these).all(&self.transaction).await.map_err(database_error)? {
                let text::Model { id, incident_id: incident, title, impact, .. } = row;
                texts.insert(id, Text { incident, title, impact, posts: BTreeSet::new() });
            }
            let these = dialect::is_one_of(self.backend(), col(text_post::Column::TextId), ids);
            for row in text_post::Entity::find().filter(these).all(&self.transaction).await.map_err(database_error)? {
                texts.entry(row.text_id).and_modify(|text| text.posts.extend([row.post_id]));
            }
        }
        Ok(texts)
    }

    /// Who holds each Azure subscription, and so sees the incident that names it.
    async fn holders_of(&self, tellings: &[Telling]) -> Result<HashMap<String, Vec<CustomerId>>> {
        use entitlement::Column::{CustomerId as Holder, ExternalId, PartnerId};
        let named: BTreeSet<&String> = tellings.iter().flat_map(|telling| &telling.azure_subscriptions).collect();
        let named: Vec<&String> = named.into_iter().collect();
        let mut holders: HashMap<String, Vec<CustomerId>> = HashMap::new();
        for named in named.chunks(4096) {
            let mut select = Query::select();
            select.from(entitlement::Entity).expr(col(ExternalId)).expr(col(Holder));
            select.and_where(PartnerId.eq(self.scope.partner.0));
            select.and_where(ExternalId.is_in(named.iter().copied()));
            for row in self.rows(&select).await? {
                let mut row = Row::new(&row);
                holders.entry(row.take()?).or_default().push(CustomerId(row.take()?));
            }
        }
        Ok(holders)
    }
}

/// What statements about incidents read from. For a scope of some customers it is the incidents that one of them sees, each
/// in the words that the customer was told which heard of it last; `text_id`, which only these rows have, names them.
pub(super) fn incidents_as_told(scope: &Scope) -> TableRef {
    use visibility::incident::Column as V;
    let Some(customers) = &scope.customers else { return incident::row::Entity.table_ref() };
    let in_scope = || V::CustomerId.is_in(customers.iter().map(|id| id.0));
    let last_told = Query::select()
        .expr(col(V::TextId))
        .from(visibility::incident::Entity)
        .and_where(col(V::IncidentId).eq(col(incident::row::Column::Id)))
        .and_where(in_scope())
        .order_by_expr(col(V::LastSeenAt), Order::Desc)
        .order_by_expr(col(V::CustomerId), Order::Asc)
        .limit(1)
        .take();
    let mut select = Query::select();
    for column in incident::row::Column::iter() {
        use incident::row::Column as I;
        match column {
            I::Title => select.expr(col(text::Column::Title)),
            I::Impact => select.expr(col(text::Column::Impact)),
            I::TitleKey => select.expr(col(text::Column::TitleKey)),
            column => select.expr(col(column)),
        };
    }
    select
        .expr_as(col(text::Column::Id), "text_id")
        .from(incident::row::Entity)
        .inner_join(text::Entity, col(text::Column::Id).eq(last_told))
        .and_where(incident::row::Column::Id.in_subquery(visibility::incidents_where(in_scope())));
    TableRef::SubQuery(Box::new(select), "incident".into())
}

/// The row comes from [`incidents_as_told`]: one with the words for everybody has no such column, and the statement fails.
pub(super) fn is_as_told() -> Expr {
    Expr::col(("incident", "text_id")).is_not_null()
}

/// The post of a row of `incident_post` was told to a customer of the scope; none where every post is in scope.
pub(super) fn post_was_told(scope: &Scope) -> Option<Expr> {
    use incident_part::post::Column as P;
    use visibility::incident::Column as V;
    let customers = scope.customers.as_ref()?;
    let told: SelectStatement = Query::select()
        .expr(Expr::val(1))
        .from(visibility::incident::Entity)
        .inner_join(text_post::Entity, col(text_post::Column::TextId).eq(col(V::TextId)))
        .and_where(col(V::IncidentId).eq(col(P::IncidentId)))
        .and_where(V::CustomerId.is_in(customers.iter().map(|id| id.0)))
        .and_where(col(text_post::Column::PostId).eq(col(P::Id)))
        .take();
    Some(Expr::exists(told))
}
