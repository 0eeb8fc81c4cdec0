//! `changes`: everything that happens, for integrations.

use std::collections::{BTreeMap, HashSet};

use futures::future::{BoxFuture, FutureExt};
use strum::VariantArray;
use uuid::Uuid;

use super::{
    Feed, MOST_EVENTS,
    event::{About, Header, LiveEvent},
    kind::{self, prefix, shown},
};
use crate::{
    domain::{CustomerId, Result, access::Permission, event::EntityKind},
    engine::{Args, Object},
    live::{Moment, Part, Place, Row},
    store::{ScopedStore, Slice},
};

/// What `changes` was asked for.
pub struct Changes {
    kinds: Vec<EntityKind>,
}

/// Its events hold no row: what they are about may be of any type.
#[derive(Clone, Copy)]
pub struct AnyRow;

impl Feed for Changes {
    type Row = AnyRow;
    const NAME: &'static str = "changes";
    const AFTER: &'static str = "Go on after the event that had this cursor. Without it the feed begins now.";
    const IS_STATE: bool = false;

    fn new(args: &Args) -> Result<Self> {
        let kinds: Option<Vec<kind::EntityKind>> = args.get("kinds")?;
        let every = || EntityKind::VARIANTS.to_vec();
        Ok(Self { kinds: kinds.map_or_else(every, |kinds| kinds.into_iter().map(Into::into).collect()) })
    }

    fn kinds(&self) -> Vec<EntityKind> {
        self.kinds.clone()
    }

    fn customers(&self) -> Option<Vec<CustomerId>> {
        None
    }

    fn wants(&self, _: &Moment) -> bool {
        true
    }

    /// There are no rows: the snapshot is complete as soon as the end of the log is reached.
    fn slice<'a>(&'a self, store: &'a ScopedStore, place: Place) -> BoxFuture<'a, Result<Slice<Row>>> {
        async move {
            let log = store.log_after(place.position, MOST_EVENTS).await?;
            let is_last = log.is_last;
            Ok(Slice { log, rows: Vec::new(), is_last })
        }
        .boxed()
    }

    fn events<'a>(
        &'a self,
        store: &'a ScopedStore,
        parts: Vec<(Header, Part)>,
    ) -> BoxFuture<'a, Result<Vec<LiveEvent<AnyRow>>>> {
        async move {
            let mut named: BTreeMap<EntityKind, Vec<Uuid>> = BTreeMap::new();
            for (kind, id) in parts.iter().filter_map(|(header, _)| header.entity) {
                named.entry(kind).or_default().push(id);
            }
            let mut reached: HashSet<(EntityKind, Uuid)> = HashSet::new();
            for (kind, ids) in named {
                reached.extend(store.reachable(kind, &ids).await?.into_iter().map(|id| (kind, id)));
            }
            let events = parts.into_iter().map(|(header, _)| LiveEvent { header, row: None });
            Ok(events.filter(|event| event.header.entity.is_none_or(|entity| reached.contains(&entity))).collect())
        }
        .boxed()
    }
}

impl About for AnyRow {
    const EVENT: &'static str = "Change";
    /// Each event needs what its entity needs.
    const EVENT_NEEDS: Option<Permission> = None;
    const EVENT_MADE_FROM: &'static [EntityKind] = &[];

    fn describe_event(object: &mut Object<LiveEvent<Self>>) {
        object.about(
            "Anything that happened, as the log has it. Source: every upstream and whatever is done here. Time of \
             observation alone makes no event.",
        );
        object.nullable_word::<kind::EntityKind>(
            "entityKind",
            "What kind of entity it befell. Null when a snapshot is complete.",
            |e| e.header.entity.map(|(kind, _)| shown(kind::EntityKind::from(kind))),
        );
        object.nullable_id(
            "nodeId",
            "Global id of the entity, whether or not `node` can give it. Null when a snapshot is complete.",
            |e| e.header.entity.map(|(kind, id)| (prefix(kind), id)),
        );
        object.nullable_ref_of(
            "node",
            "The entity as it is when this is sent, which may be later than the event. Null when a snapshot is complete, \
             and for entities that `node` does not give.",
            |e| e.header.entity.map(|(kind, id)| (prefix(kind).to_owned(), id)),
        );
    }
}
