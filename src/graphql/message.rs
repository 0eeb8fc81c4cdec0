//! `Message`: announcements of the message center.

use async_graphql::{Enum, InputObject};

use super::{
    context::Ask,
    filter::{DateTimeRange, FilterInput, OrderDirection, Terms, TextFilter, restrict},
    loaders::*,
    service_health::Source,
};
use crate::{
    domain::{
        self, Result,
        access::Permission,
        event::EntityKind,
        filter::Filter,
        message::{Message, MessageKey, MessagePredicate},
        page::{List, Order, Wants},
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for Message {
    const NAME: &'static str = "Message";
    const NEEDS: Option<Permission> = Some(Permission::ReadHealth);
    const MADE_FROM: &'static [EntityKind] = &[EntityKind::Message];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "An announcement of the message center: a change that is coming, not a fault. Source: Graph's service \
             update messages in the customers' tenants, as of `observedAt`; kept once per partner.",
        );
        object.node("msg", |m| m.id.0, |context| MessageById { store: context.store(), wants: Wants::Everything });
        object.text("externalId", "Microsoft's id, e.g. `MC172851`.", |m| &m.external_id);
        object.text("title", "Microsoft's title.", |m| &m.title);
        object.word::<MessageCategory>("category", "What is to be done with it.", |m| m.category.into());
        object.text("categoryText", "Microsoft's own word for the category. Empty if omitted.", |m| &m.category_text);
        object.word::<MessageSeverity>("severity", "How much it weighs.", |m| m.severity.into());
        object.text("severityText", "Microsoft's own word for the severity. Empty if omitted.", |m| &m.severity_text);
        object.nullable_flag("isMajorChange", "Whether it is a major change. Null if not told.", |m| m.is_major_change);
        object.nullable_time("actionRequiredBy", "By when somebody has to act. Null if nobody has to.", |m| {
            m.action_required_by
        });
        object.texts("services", "The services that it is about, by name.", |m| &m.services);
        object.texts("tags", "Microsoft's tags.", |m| &m.tags);
        object.text("body", "Its text: sanitised HTML.", |m| &m.body);
        object.nullable_time("startsAt", "From when on it is shown. Null if not told.", |m| m.starts_at);
        object.nullable_time("endsAt", "Until when it is shown. Null if not told.", |m| m.ends_at);
        object.nullable_time("expiresAt", "When it expires. Null if it does not.", |m| m.expires_at);
        object.time(
            "modifiedAt",
            "When Microsoft last changed it; if not told, when it began or else was observed.",
            |m| m.modified_at,
        );
        object.word::<Source>("source", "Which upstream tells of messages.", |_| {
            domain::service_health::Source::MicrosoftGraph.into()
        });
        object.time("observedAt", "When Graph last said this.", |m| m.observed_at);
    }
}

impl Paged for Message {
    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<MessageFilter>>("filter", "Only messages that this selects."),
            argument::<Option<Vec<MessageOrder>>>(
                "orderBy",
                "By several keys, the first weighs most. Last changed first if not given.",
            ),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, MessageFilter, MessageOrder>(args, list)
    }
}

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::message::MessageCategory")]
pub enum MessageCategory {
    /// Act, or something breaks.
    PreventOrFixIssue,
    /// Prepare for a change.
    PlanForChange,
    /// Know it.
    StayInformed,
    /// Not told, or a word that this version does not know; see `categoryText`.
    Unknown,
}

/// How much a message weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::message::MessageSeverity")]
pub enum MessageSeverity {
    /// The usual.
    Normal,
    /// More than usual.
    High,
    /// The most.
    Critical,
    /// Not told, or a word that this version does not know; see `severityText`.
    Unknown,
}

/// Which messages. Members of one filter hold together; `and`, `or` and `not` combine whole filters.
#[derive(Clone, Debug, Default, InputObject)]
pub struct MessageFilter {
    /// Every one of these holds.
    and: Option<Vec<MessageFilter>>,
    /// At least one of these holds.
    or: Option<Vec<MessageFilter>>,
    /// This does not hold.
    not: Option<Box<MessageFilter>>,
    /// By title.
    title: Option<TextFilter>,
    /// By category.
    category: Option<Vec<MessageCategory>>,
    /// By severity.
    severity: Option<Vec<MessageSeverity>>,
    /// By when somebody has to act.
    action_required_by: Option<DateTimeRange>,
}

impl FilterInput for MessageFilter {
    type Predicate = MessagePredicate;

    fn filter(self) -> Result<Filter<MessagePredicate>> {
        use MessagePredicate as P;
        Ok(Terms::new(self.and, self.or, self.not)?
            .text(self.title, P::Title)
            .one_of(self.category, P::Category)
            .one_of(self.severity, P::Severity)
            .is(self.action_required_by, P::ActionRequiredBy)
            .all())
    }
}

/// One key of an order of messages.
#[derive(Clone, Debug, InputObject)]
pub struct MessageOrder {
    /// By what.
    field: MessageOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What messages can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "MessageKey")]
pub enum MessageOrderField {
    /// By when Microsoft last changed it.
    ModifiedAt,
    /// By when somebody has to act; those without come last in ascending order.
    ActionRequiredBy,
    /// By title, without regard to letter case.
    Title,
}

impl From<MessageOrder> for Order<MessageKey> {
    fn from(order: MessageOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
