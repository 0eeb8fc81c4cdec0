//! `AuditRecord`: who did what, when, from where, and what became of it.

use async_graphql::{Enum, ID, InputObject};

use super::{
    context::Ask,
    filter::{DateTimeRange, FilterInput, OrderDirection, Terms, read_ids, restrict, set},
    loaders::*,
    viewer::Role,
};
use crate::{
    domain::{
        self, Result, ServiceRequestId,
        access::Permission,
        audit::{AuditKey, AuditPredicate, AuditRecord},
        event::EntityKind,
        filter::Filter,
        page::{List, Order},
    },
    engine::{Args, Argument, Described, Object, Paged, argument},
};

impl Described for AuditRecord {
    const NAME: &'static str = "AuditRecord";
    const NEEDS: Option<Permission> = Some(Permission::ReadAudit);
    // Records are no entities whose changes are counted: what shows one says so, and is not kept.
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "One thing that somebody did or tried: a mutation, the use of an API key, or what was refused. Source: this \
             server, at the time. A record never changes, and holds nothing of what people wrote.",
        );
        object.node(
            "aud",
            |r| r.id.0,
            |context| {
                context.answer_is_for_now();
                AuditRecordById { store: context.store() }
            },
        );
        object.time("occurredAt", "When it happened.", |r| r.occurred_at);
        object.word::<AuditAction>("action", "What was done or tried.", |r| r.action.into());
        object.word::<AuditOutcome>("outcome", "What became of it.", |r| r.outcome.into());
        object.nullable_text(
            "subject",
            "Names the person or program for ever: what its token or key says of itself. Null if nobody was proven.",
            |r| r.subject.as_deref(),
        );
        object.nullable_text("name", "How that one was called at that time. Null if nobody was proven.", |r| {
            r.name.as_deref()
        });
        object.words::<Role>("roles", "What that one was at that time.", |r| {
            r.roles.iter().map(|role| (*role).into()).collect()
        });
        object.nullable_id(
            "targetId",
            "The object that it was about. Null if it was about none, or that one was never made.",
            |r| r.entity_id.map(|id| (r.action.prefix(), id)),
        );
        object.nullable_text(
            "target",
            "What it was about, where that is no object: the path that was asked, what begins the API key, or how \
             many others it stands for or tells of. Null otherwise.",
            |r| r.target.as_deref(),
        );
        object.nullable_text("address", "The IP address it came from. Null if it was the command line.", |r| {
            r.address.as_deref()
        });
        object.text("correlationId", "The `correlationId` of the response, and of the lines in the log.", |r| {
            &r.correlation_id
        });
        object.nullable_text("code", "Why it was not done, as `extensions.code` of the error. Null if it was.", |r| {
            r.code.as_deref()
        });
        object.texts("inputs", "Which members of the input were given; never their values.", |r| &r.inputs);
        object.texts("refused", "What was refused: each a permission and the field that needs it.", |r| &r.refused);
    }
}

impl Paged for AuditRecord {
    fn arguments() -> Vec<Argument> {
        vec![
            argument::<Option<AuditRecordFilter>>("filter", "Only records that this selects."),
            argument::<Option<Vec<AuditRecordOrder>>>("orderBy", "Newest first if not given."),
        ]
    }

    fn restrict(args: &Args, list: &mut List<Self>) -> Result<()> {
        restrict::<Self, AuditRecordFilter, AuditRecordOrder>(args, list)
    }
}

/// What was done, or tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::audit::AuditAction")]
pub enum AuditAction {
    /// The mutation `serviceRequestOpen`.
    ServiceRequestOpen,
    /// The mutation `serviceRequestAddNote`.
    ServiceRequestAddNote,
    /// The mutation `serviceRequestClose`.
    ServiceRequestClose,
    /// An API key was issued.
    ApiKeyIssue,
    /// An API key was revoked.
    ApiKeyRevoke,
    /// A request, a WebSocket or a stream was opened with an API key.
    ApiKeyUse,
    /// Something was asked for without the right to it, or without proof of who asks.
    Access,
    /// One caller was refused more often within a minute, for the reason in `code`, than is recorded one by one; `target`
    /// says how many times more. The rest is of the first of them.
    AccessRepeated,
    /// Records were deleted that were older than 90 days at least; `target` says how many, and from before when.
    AuditPrune,
    /// More happened at once than could be written; `target` says how many records are missing.
    RecordsLost,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "domain::audit::AuditOutcome")]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It had been done before, under the same idempotency key, and was not done again.
    DoneBefore,
    /// It was not done, for a reason that lies with whoever asked.
    Refused,
    /// It was not done, for a fault of this server.
    Failed,
}

/// Which records. Members of one filter hold together; `and`, `or` and `not` combine whole filters. Texts are compared
/// letter by letter.
#[derive(Clone, Debug, Default, InputObject)]
pub struct AuditRecordFilter {
    /// Every one of these holds.
    and: Option<Vec<AuditRecordFilter>>,
    /// At least one of these holds.
    or: Option<Vec<AuditRecordFilter>>,
    /// This does not hold.
    not: Option<Box<AuditRecordFilter>>,
    /// By when it happened.
    occurred_at: Option<DateTimeRange>,
    /// By what was done or tried.
    action: Option<Vec<AuditAction>>,
    /// By what became of it.
    outcome: Option<Vec<AuditOutcome>>,
    /// By who did it.
    subject: Option<Vec<String>>,
    /// By the service request that it was about.
    target_id: Option<Vec<ID>>,
    /// By the path or the API key that it was about.
    target: Option<Vec<String>>,
    /// By where it came from.
    address: Option<Vec<String>>,
    /// By the request.
    correlation_id: Option<Vec<String>>,
}

impl FilterInput for AuditRecordFilter {
    type Predicate = AuditPredicate;

    fn filter(self) -> Result<Filter<AuditPredicate>> {
        use AuditPredicate as P;
        let targets = read_ids::<ServiceRequestId>(self.target_id, ServiceRequestId::PREFIX)?;
        Ok(Terms::new(self.and, self.or, self.not)?
            .is(self.occurred_at, P::OccurredAt)
            .one_of(self.action, P::Action)
            .one_of(self.outcome, P::Outcome)
            .is(set(self.subject), P::Subject)
            .one_of(targets.map(Vec::from_iter), P::Entity)
            .is(set(self.target), P::Target)
            .is(set(self.address), P::Address)
            .is(set(self.correlation_id), P::CorrelationId)
            .all())
    }
}

/// One key of an order of records.
#[derive(Clone, Debug, InputObject)]
pub struct AuditRecordOrder {
    /// By what.
    field: AuditRecordOrderField,
    /// Which way.
    #[graphql(default_with = "OrderDirection::Asc")]
    direction: OrderDirection,
}

/// What records can be ordered by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "AuditKey")]
pub enum AuditRecordOrderField {
    /// By when it happened.
    OccurredAt,
}

impl From<AuditRecordOrder> for Order<AuditKey> {
    fn from(order: AuditRecordOrder) -> Self {
        Self { key: order.field.into(), direction: order.direction.into() }
    }
}
