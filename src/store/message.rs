//! The `message` table.

use std::collections::HashMap;

use sea_orm::{
    ColumnTrait,
    sea_query::{Condition, Expr},
};

use super::{
    ScopedStore,
    row::{Row, join, word},
    table::{Column, Parent, Stored, Table, col, within, words},
    text, visibility,
};
use crate::domain::{
    CustomerId, MessageId, PartnerId, Result,
    access::Scope,
    filter::fold,
    message::{Message, MessageKey, MessagePredicate},
    page::{List, Page, Wants},
};

/// Private: outside of this file only [`Message`] exists.
pub(super) mod row {
    use sea_orm::entity::prelude::*;

    #[sea_orm::model]
    #[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
    #[sea_orm(table_name = "message")]
    pub struct Model {
        #[sea_orm(primary_key, auto_increment = false)]
        pub id: Uuid,
        pub external_id: String,
        pub title: String,
        pub category: String,
        pub category_text: String,
        pub severity: String,
        pub severity_text: String,
        pub is_major_change: Option<bool>,
        pub action_required_by: Option<DateTimeUtc>,
        pub services: String,
        pub tags: String,
        pub body: String,
        pub starts_at: Option<DateTimeUtc>,
        pub ends_at: Option<DateTimeUtc>,
        pub expires_at: Option<DateTimeUtc>,
        pub modified_at: DateTimeUtc,
        pub observed_at: DateTimeUtc,
        pub partner_id: Uuid,
        pub title_key: String,
    }

    impl ActiveModelBehavior for ActiveModel {}
}

impl Stored for Message {
    type Entity = row::Entity;
    const UNREAD: usize = 2;
    const ALWAYS: Option<&'static [&'static str]> = Some(&["id", "title", "action_required_by", "modified_at"]);

    fn decode(row: &mut Row<'_>) -> Result<Self> {
        Ok(Self {
            id: MessageId(row.take()?),
            external_id: row.take()?,
            title: row.take()?,
            category: row.word()?,
            category_text: row.take()?,
            severity: row.word()?,
            severity_text: row.take()?,
            is_major_change: row.take()?,
            action_required_by: row.take()?,
            services: row.list()?,
            tags: row.list()?,
            body: row.take()?,
            starts_at: row.take()?,
            ends_at: row.take()?,
            expires_at: row.take()?,
            modified_at: row.take()?,
            observed_at: row.take()?,
        })
    }

    fn row(&self, partner: PartnerId) -> row::Model {
        row::Model {
            id: self.id.0,
            external_id: self.external_id.clone(),
            title: self.title.clone(),
            category: word(self.category),
            category_text: self.category_text.clone(),
            severity: word(self.severity),
            severity_text: self.severity_text.clone(),
            is_major_change: self.is_major_change,
            action_required_by: self.action_required_by,
            services: join(&self.services),
            tags: join(&self.tags),
            body: self.body.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            expires_at: self.expires_at,
            modified_at: self.modified_at,
            observed_at: self.observed_at,
            partner_id: partner.0,
            title_key: fold(&self.title),
        }
    }

    fn visible(scope: &Scope) -> Condition {
        Condition::all()
            .add(row::Column::PartnerId.eq(scope.partner.0))
            .add_option(visibility::messages_in(scope).map(|seen| row::Column::Id.in_subquery(seen)))
    }

    fn id_column() -> Column<Self> {
        row::Column::Id
    }
}

impl Table for Message {
    fn holds(predicate: &MessagePredicate, _: &Scope) -> Expr {
        use MessagePredicate as P;
        match predicate {
            P::Title(wanted) => text::matches(col(row::Column::TitleKey), wanted),
            P::Category(wanted) => row::Column::Category.is_in(words(wanted)),
            P::Severity(wanted) => row::Column::Severity.is_in(words(wanted)),
            P::ActionRequiredBy(range) => within(col(row::Column::ActionRequiredBy), range),
        }
    }

    fn key_column(key: MessageKey) -> (Column<Self>, bool) {
        match key {
            MessageKey::ModifiedAt => (row::Column::ModifiedAt, false),
            MessageKey::ActionRequiredBy => (row::Column::ActionRequiredBy, true),
            MessageKey::Title => (row::Column::TitleKey, false),
        }
    }
}

impl ScopedStore {
    /// Messages, filtered and ordered.
    pub async fn message_page(&self, list: &List<Message>) -> Result<Page<Message>> {
        self.page(list).await
    }

    /// The customers that see each of these messages.
    pub async fn customers_seeing_messages(&self, ids: &[MessageId]) -> Result<HashMap<MessageId, Vec<CustomerId>>> {
        self.seeing(ids, "message_visibility", "message_id").await
    }

    /// The messages with these ids, in no order.
    pub async fn messages_by_id(&self, ids: &[MessageId], wants: &Wants) -> Result<Vec<Message>> {
        self.by_ids(ids, wants).await
    }

    /// The messages that each customer sees.
    pub async fn messages_of(
        &self,
        customers: &[CustomerId],
        list: &List<Message>,
    ) -> Result<HashMap<CustomerId, Page<Message>>> {
        let seen = Parent::Through { table: "message_visibility", child: "message_id", parent: "customer_id" };
        self.pages_of(customers, seen, list).await
    }
}
