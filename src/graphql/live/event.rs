//! What all live events have in common.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::kind::{self, LiveEventKind, shown};
use crate::{
    domain::{
        Result,
        access::Permission,
        event::{EntityKind, Happening},
        page::Listed,
    },
    engine::{Described, Object},
    live::{Change, Part, Row},
    store::ScopedStore,
};

/// An event about a `V`.
#[derive(Clone)]
pub struct LiveEvent<V> {
    pub header: Header,
    /// None when a snapshot is complete, and where the feed tells no rows.
    pub row: Option<V>,
}

/// What live events of one type are about.
pub trait About: Clone + Send + Sync + 'static {
    /// The events' type in the schema.
    const EVENT: &'static str;
    /// What is needed to listen at all.
    const EVENT_NEEDS: Option<Permission>;
    const EVENT_MADE_FROM: &'static [EntityKind];

    /// Describes what these events have besides what all have.
    fn describe_event(event: &mut Object<LiveEvent<Self>>);
}

impl<V: About> Described for LiveEvent<V> {
    const NAME: &'static str = V::EVENT;
    const NEEDS: Option<Permission> = V::EVENT_NEEDS;
    const MADE_FROM: &'static [EntityKind] = V::EVENT_MADE_FROM;

    fn describe(object: &mut Object<Self>) {
        describe_header(object);
        V::describe_event(object);
    }
}

/// What is told of an event besides the object it is about.
#[derive(Clone)]
pub struct Header {
    position: i64,
    cursor: Arc<str>,
    kind: LiveEventKind,
    pub happening: Option<Happening>,
    /// What the event is about; none when a snapshot is complete.
    pub entity: Option<(EntityKind, Uuid)>,
    occurred_at: Option<DateTime<Utc>>,
    observed_at: Option<DateTime<Utc>>,
    merged_steps: usize,
    pub changes: Vec<MemberChange>,
}

/// One member that changed.
#[derive(Clone)]
pub struct MemberChange {
    name: String,
    /// Before and after; none if only that it changed is told.
    values: Option<(Value, Value)>,
}

impl MemberChange {
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Header {
    pub fn new(position: i64, cursor: Arc<str>, part: &Part) -> Self {
        let empty = Self {
            position,
            cursor,
            kind: LiveEventKind::SnapshotComplete,
            happening: None,
            entity: None,
            occurred_at: None,
            observed_at: None,
            merged_steps: 0,
            changes: Vec::new(),
        };
        match part {
            Part::Complete => empty,
            Part::Row(row) => {
                let (kind, observed_at) = match row {
                    Row::ServiceHealth(row) => (EntityKind::ServiceHealth, row.observed_at),
                    Row::Incident(row) => (EntityKind::Incident, row.observed_at),
                    Row::ServiceRequest(row) => (EntityKind::ServiceRequest, row.observed_at),
                };
                let entity = Some((kind, row.id()));
                Self { kind: LiveEventKind::Snapshot, entity, observed_at: Some(observed_at), ..empty }
            }
            Part::Change(change) => {
                let last = &change.last.event;
                let is_new = change.steps().any(|step| step.event.happening == Happening::Added);
                Self {
                    kind: LiveEventKind::Live,
                    happening: Some(if is_new { Happening::Added } else { last.happening }),
                    entity: Some((last.kind, last.entity_id)),
                    occurred_at: Some(last.occurred_at),
                    observed_at: Some(last.observed_at),
                    merged_steps: change.steps().count(),
                    changes: member_changes(change),
                    ..empty
                }
            }
        }
    }

    /// A member before and after, as words of an enum; none if it did not change.
    pub fn words(&self, member: &str) -> Option<(&str, &str)> {
        let change = self.changes.iter().find(|change| change.name == member)?;
        let (before, after) = change.values.as_ref()?;
        Some((before.as_str()?, after.as_str()?))
    }
}

/// Each member before the first step that changed it and after the last.
fn member_changes(change: &Change) -> Vec<MemberChange> {
    let mut changes: Vec<MemberChange> = Vec::new();
    let nothing = Map::new();
    for step in change.steps() {
        for (name, value) in step.event.difference.as_object().unwrap_or(&nothing) {
            let name = camel_case(name);
            let values = match value.as_array().map(Vec::as_slice) {
                Some([before, after]) => Some((before.clone(), after.clone())),
                _ => None,
            };
            match changes.iter_mut().find(|known| known.name == name) {
                Some(known) => match (&mut known.values, values) {
                    (Some((_, after)), Some((_, now))) => *after = now,
                    (known, _) => *known = None,
                },
                None => changes.push(MemberChange { name, values }),
            }
        }
    }
    changes
}

/// A column's name as fields are named.
fn camel_case(name: &str) -> String {
    let mut parts = name.split('_');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut camel, part| {
        let mut letters = part.chars();
        camel.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        camel.extend(letters);
        camel
    })
}

/// A value as text: a text as it is, anything else as JSON.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        value => Some(value.to_string()),
    }
}

impl<V> LiveEvent<V> {
    /// Where a listener stands that has seen it.
    pub fn mark(&self) -> (i64, Arc<str>) {
        (self.header.position, Arc::clone(&self.header.cursor))
    }
}

/// The fields that every live event has.
fn describe_header<V: About>(object: &mut Object<LiveEvent<V>>) {
    object.word::<LiveEventKind>("kind", "Which part of the feed this belongs to.", |e| shown(e.header.kind));
    object.text(
        "cursor",
        "Where to go on after this event, as `after` of the same field. Good for as long as the log is kept.",
        |e| &e.header.cursor,
    );
    object.nullable_word::<kind::Happening>("happening", "What befell it. Null in a snapshot.", |e| {
        e.header.happening.map(|happening| shown(kind::Happening::from(happening)))
    });
    object.nullable_time(
        "occurredAt",
        "When it happened, as far as upstream tells; else when it was observed. Null in a snapshot.",
        |e| e.header.occurred_at,
    );
    object.nullable_time(
        "observedAt",
        "When upstream last said this, or it was done here. Null when a snapshot is complete.",
        |e| e.header.observed_at,
    );
    object.int(
        "mergedSteps",
        "How many steps this event stands for: 1, or more for a listener that was late on a feed of states. 0 in a \
         snapshot.",
        |e| e.header.merged_steps as i64,
    );
    object.parts(
        "changes",
        "The members that changed, before and after. Empty for what is new, and in a snapshot.",
        |e| e.header.changes.as_slice(),
    );
}

impl Described for MemberChange {
    const NAME: &'static str = "MemberChange";
    const NEEDS: Option<Permission> = None;
    const MADE_FROM: &'static [EntityKind] = &[];

    fn describe(object: &mut Object<Self>) {
        object.about(
            "One member of an entity that changed. Source: the difference between what was known before and what upstream \
             said or somebody did here, recorded when it was stored.",
        );
        object.text(
            "name",
            "The member as it is stored: named like its field, but for a few such as `friendlyName`, which is \
             `CustomerSubscription.name`. What leads to another entity ends in `Id`.",
            |c| &c.name,
        );
        object.nullable_owned_text(
            "before",
            "Its value before: a text as it is, anything else as JSON. Null if there was none, or if it is withheld.",
            |c| text(&c.values.as_ref()?.0),
        );
        object.nullable_owned_text(
            "after",
            "Its value afterwards, written like `before`. Null if there is none, or if it is withheld.",
            |c| text(&c.values.as_ref()?.1),
        );
        object.flag(
            "isWithheld",
            "Whether only that it changed is told: so with long texts, personal data, and members that are lists.",
            |c| c.values.is_none(),
        );
    }
}

/// The entities that have changed and are to be read, each once. The rows that events come with are the whole partner's:
/// whoever may see less, or sees other words, reads its own.
fn changed<K: From<Uuid>>(store: &ScopedStore, parts: &[(Header, Part)]) -> Vec<K> {
    let is_to_be_read = |part: &Part| match part {
        Part::Change(change) => !store.is_whole() || change.last.row.is_none(),
        Part::Row(_) | Part::Complete => false,
    };
    let mut ids: Vec<Uuid> = parts
        .iter()
        .filter(|(_, part)| is_to_be_read(part))
        .filter_map(|(header, _)| header.entity.map(|(_, id)| id))
        .collect();
    ids.sort_unstable();
    ids.dedup();
    ids.into_iter().map(K::from).collect()
}

/// Events with their rows: those of a snapshot as they came, others as they came or as `load` reads them. What it does not
/// find is left out, since it is not in scope. `own` takes a row of the feed's type.
pub async fn with_rows<V: Listed, K: From<Uuid>, F: Future<Output = Result<Vec<V>>>>(
    store: &ScopedStore,
    parts: Vec<(Header, Part)>,
    own: fn(Row) -> Option<V>,
    load: impl FnOnce(Vec<K>) -> F,
) -> Result<Vec<LiveEvent<V>>> {
    let changed = changed(store, &parts);
    let loaded = if changed.is_empty() { Vec::new() } else { load(changed).await? };
    let loaded: HashMap<Uuid, V> = loaded.into_iter().map(|row| (row.row_id(), row)).collect();
    let event = |(header, part): (Header, Part)| {
        let row = match part {
            Part::Complete => None,
            Part::Row(row) => Some(own(row)?),
            Part::Change(change) => match loaded.get(&change.last.event.entity_id) {
                Some(row) => Some(row.clone()),
                None if store.is_whole() => Some(own(change.last.row.clone()?)?),
                None => return None,
            },
        };
        Some(LiveEvent { header, row })
    };
    Ok(parts.into_iter().filter_map(event).collect())
}
