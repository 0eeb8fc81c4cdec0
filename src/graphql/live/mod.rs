//! `Subscription`: the live fields. One file per field says what it tells and by what it is filtered.

mod change;
mod event;
mod incident;
mod kind;
mod service_health;
mod service_request;

use std::sync::Arc;

use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
};

pub use kind::{prefix, type_name};

use self::{
    change::Changes,
    event::{About, Header, LiveEvent},
    incident::IncidentChanges,
    service_health::ServiceHealthChanges,
    service_request::ServiceRequestChanges,
};
use super::context::Ask;
use crate::{
    domain::{
        CustomerId, Error, Result,
        access::Permission,
        clock::Clock,
        event::EntityKind,
        page::{KeyValue, Position},
    },
    engine::{Answers, Args, Described, Field, Listening, Object, Payload, Payloads, argument},
    live::{self, Interest, Moment, Part, Place, Row, Telling, Told, Topic},
    store::{ScopedStore, Slice},
};

/// `Subscription`, the root of all live feeds.
#[derive(Clone)]
pub struct LiveRoot;

impl Described for LiveRoot {
    const NAME: &'static str = "Subscription";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "What happens, as it happens. Each event carries a cursor; whoever comes back with it as `after` misses \
             nothing and hears nothing twice. Without `after` a feed begins with the present state, if it has one, then a \
             SNAPSHOT_COMPLETE, then what follows. A cursor that is too old ends the feed with the code CURSOR_EXPIRED.",
        );
        field::<ServiceHealthChanges>(
            object,
            "The state of services for customers. A listener that is late hears only the latest of each, with the number \
             of steps that were merged.",
        )
        .argument(argument::<Option<service_health::ServiceHealthChangedFilter>>("filter", FILTER));
        field::<IncidentChanges>(
            object,
            "Incidents and advisories: new ones, changes, posts, and customers that begin to see them. The snapshot has \
             those that are not resolved.",
        )
        .argument(argument::<Option<incident::IncidentChangedFilter>>("filter", FILTER));
        field::<ServiceRequestChanges>(
            object,
            "Tickets to Microsoft: new ones, changes and notes. The snapshot has those that are not closed.",
        )
        .argument(argument::<Option<service_request::ServiceRequestChangedFilter>>("filter", FILTER));
        field::<Changes>(
            object,
            "Everything that happens in scope, for integrations. There is no snapshot: without `after` it begins now, and \
             the first event is a SNAPSHOT_COMPLETE whose cursor marks the present.",
        )
        .argument(argument::<Option<Vec<kind::EntityKind>>>("kinds", "Only entities of these kinds. All if not given."));
    }
}

const FILTER: &str = "Only what this selects. Ids that are not in scope select nothing.";

fn field<'a, F: Feed>(object: &'a mut Object<LiveRoot>, about: &'static str) -> &'a mut Field<LiveRoot> {
    object
        .live::<LiveEvent<F::Row>>(F::NAME, about, listen::<F>)
        .argument(argument::<Option<String>>("after", F::AFTER))
}

/// What one live field tells, and what was asked of it.
trait Feed: Send + Sync + Sized + 'static {
    /// What its events are about.
    type Row: About;

    /// The field; its cursors are good for no other.
    const NAME: &'static str;

    /// What its argument `after` means.
    const AFTER: &'static str =
        "Go on after the event that had this cursor. Without it the feed begins with the present state.";

    /// Whether it tells a state, of which the latest will do for those who are late.
    const IS_STATE: bool;

    fn new(args: &Args) -> Result<Self>;

    fn kinds(&self) -> Vec<EntityKind>;

    /// The customers that it was asked for.
    fn customers(&self) -> Option<Vec<CustomerId>>;

    /// Whether it was asked for this event.
    fn wants(&self, moment: &Moment) -> bool;

    /// The next rows of its snapshot.
    fn slice<'a>(&'a self, store: &'a ScopedStore, place: Place) -> BoxFuture<'a, Result<Slice<Row>>>;

    /// Reads what the events are about, in the listener's scope, and leaves out what it does not reach.
    fn events<'a>(
        &'a self,
        store: &'a ScopedStore,
        parts: Vec<(Header, Part)>,
    ) -> BoxFuture<'a, Result<Vec<LiveEvent<Self::Row>>>>;
}

/// So many events are read with one slice of a snapshot.
const MOST_EVENTS: u32 = 500;

/// So many rows are told with one slice of a snapshot.
const MOST_ROWS: u32 = 100;

/// A feed with all that its listeners share.
struct FeedTopic<F: Feed> {
    feed: F,
    interest: Interest,
    store: ScopedStore,
    clock: Clock,
    answers: Answers<LiveEvent<F::Row>>,
}

impl<F: Feed> Topic for FeedTopic<F> {
    fn interest(&self) -> &Interest {
        &self.interest
    }

    fn may_merge(&self) -> bool {
        F::IS_STATE
    }

    fn wants(&self, moment: &Moment) -> bool {
        self.feed.wants(moment)
    }

    fn slice(&self, place: Place) -> BoxFuture<'_, Result<Slice<Row>>> {
        self.feed.slice(&self.store, place)
    }

    fn tell(&self, telling: Telling) -> BoxFuture<'_, Result<Vec<Told>>> {
        async move {
            if telling.is_empty() {
                return Ok(Vec::new());
            }
            // Rights count when an event is sent, not when it was asked for.
            let may_hear = |kind| self.answers.may_see(type_name(kind));
            let header = |place: Place, part: &Part| {
                let position = Position { keys: vec![KeyValue::Int(place.position)], id: place.upper };
                Header::new(place.position, self.answers.cursor(F::NAME, &position), part)
            };
            let mut parts: Vec<(Header, Part)> =
                telling.into_iter().map(|(place, part)| (header(place, &part), part)).collect();
            parts.retain(|(header, _)| header.entity.is_none_or(|(kind, _)| may_hear(kind)));
            for (header, _) in &mut parts {
                if let Some((kind, _)) = header.entity {
                    header.changes.retain(|change| self.answers.may_be_told(type_name(kind), change.name()));
                }
            }
            let events = self.feed.events(&self.store, parts).await?;
            let marks: Vec<(i64, Arc<str>)> = events.iter().map(LiveEvent::mark).collect();
            let bodies = self.answers.answer(events, self.clock.now()).await;
            let told = marks.into_iter().zip(bodies).map(|((position, cursor), body)| Told { position, body, cursor });
            Ok(told.collect())
        }
        .boxed()
    }
}

/// Begins to listen to a feed.
fn listen<F: Feed>(listening: Listening<LiveEvent<F::Row>>) -> BoxFuture<'static, Result<Payloads>> {
    async move {
        let Listening { args, key, answers } = listening;
        let feed = F::new(&args)?;
        let after: Option<String> = args.get("after")?;
        let after = after.map(|cursor| place(answers.open(F::NAME, "after", &cursor)?)).transpose()?;
        let (live, scope) = (answers.context().live().clone(), answers.context().viewer().scope.clone());
        let topic = FeedTopic {
            interest: Interest::new(scope, feed.kinds(), feed.customers()),
            store: answers.context().store(),
            clock: live.clock().clone(),
            feed,
            answers,
        };
        let told = live.listen(live::Listening { key, topic: Arc::new(topic), after }).await?;
        let payload = |told: Told| Payload { body: told.body, cursor: Some(told.cursor) };
        Ok(told.map(move |told| told.map(payload)).boxed())
    }
    .boxed()
}

/// The place that a cursor holds.
fn place(position: Position) -> Result<Place> {
    match position.keys.as_slice() {
        [KeyValue::Int(number)] => Ok(Place { position: *number, upper: position.id }),
        // Sealed by another version of the program.
        _ => Err(Error::CursorExpired("after")),
    }
}
