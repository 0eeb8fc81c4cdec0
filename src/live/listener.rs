//! One listener: reads the log for itself until it has reached its group, and again when it was too slow.

use std::sync::Arc;

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::error::RecvError;

use super::{
    Live, PAUSE, Shared,
    group::{Key, Sheet},
    hub::{Hub, Member, PAGE},
    moment::{Change, Row, merged, moments},
    topic::{Part, Place, Telling, Told, Topic},
};
use crate::{
    domain::{Error, Result},
    store::{LogPage, Slice},
};

/// What a listener begins with.
pub struct Listening {
    /// The same for all who listen alike.
    pub key: Key,
    pub topic: Arc<dyn Topic>,
    /// Where it stopped before; none to begin with the present state.
    pub after: Option<Place>,
}

impl Live {
    /// Begins to listen. The stream ends with an error when it cannot go on.
    ///
    /// # Errors
    ///
    /// [`Error::CursorExpired`] if what happened after `after` is no longer known.
    pub async fn listen(&self, Listening { key, topic, after }: Listening) -> Result<BoxStream<'static, Result<Told>>> {
        let scope = &topic.interest().scope;
        let hub = self.0.hub(scope.partner).await?;
        let place = match after {
            Some(place) => {
                self.0.metrics.resumed.inc();
                // Refused at once rather than after a while.
                if let Err(error) = hub.store().log_after(place.position, 1).await {
                    self.0.count_end(&error);
                    return Err(error);
                }
                place
            }
            None => Place::before_all_rows(hub.store().log_position().await?),
        };
        let listener = Listener {
            live: Arc::clone(&self.0),
            place,
            said: Said::Own(Vec::new().into_iter()),
            mode: Mode::Reading { key, topic, hub },
        };
        let next = |mut listener: Listener| async move {
            let told = listener.next().await?;
            if told.is_err() {
                listener.mode = Mode::Ended;
            }
            Some((told, listener))
        };
        Ok(stream::unfold(listener, next).boxed())
    }
}

impl Shared {
    fn count_end(&self, error: &Error) {
        if let Error::CursorExpired(_) = error {
            self.metrics.expired.inc();
        }
    }
}

/// Small, since most listeners do nothing but wait.
struct Listener {
    live: Arc<Shared>,
    /// How far it has read.
    place: Place,
    said: Said,
    mode: Mode,
}

/// What is ready to go out.
enum Said {
    /// What it read for itself.
    Own(std::vec::IntoIter<Told>),
    /// What its group was told, and how much of that went out.
    Shared(Arc<[Told]>, usize),
}

enum Mode {
    /// Reads the log for itself, without a group.
    Reading {
        key: Key,
        topic: Arc<dyn Topic>,
        hub: Arc<Hub>,
    },
    /// Listens with others; reads the log for itself up to where it joined them.
    Joined {
        member: Member,
        is_late: bool,
    },
    Ended,
}

impl Listener {
    async fn next(&mut self) -> Option<Result<Told>> {
        loop {
            if let Some(told) = self.said() {
                return Some(Ok(told));
            }
            match &mut self.mode {
                Mode::Joined { member, is_late: false } if self.place.position >= member.joined_at => {
                    match member.sheets.recv().await {
                        Ok(Sheet::Told(sheet)) => self.said = Said::Shared(sheet, 0),
                        Ok(Sheet::Gap) | Err(RecvError::Lagged(_)) => self.fall_back(),
                        Err(RecvError::Closed) => return None,
                    }
                }
                Mode::Ended => return None,
                // In a box of its own: its size would be that of every listener.
                _ => {
                    if let Err(error) = Box::pin(self.read_on()).await {
                        self.live.count_end(&error);
                        return Some(Err(error));
                    }
                }
            }
        }
    }

    /// What is ready, without what was said already.
    fn said(&mut self) -> Option<Told> {
        match &mut self.said {
            Said::Own(told) => told.next(),
            Said::Shared(sheet, from) => {
                let position = self.place.position;
                let next = sheet[*from..].iter().position(|told| told.position > position)? + *from;
                *from = next + 1;
                self.place.position = sheet[next].position;
                Some(sheet[next].clone())
            }
        }
    }

    /// Was too slow: goes back to the log where it stands.
    fn fall_back(&mut self) {
        if let Mode::Joined { member, is_late } = &mut self.mode {
            self.live.metrics.fell_back.inc();
            Arc::clone(&member.group.hub).rejoin(member);
            *is_late = true;
        }
    }

    /// Reads the next page of the log, and of the snapshot as long as that lasts.
    async fn read_on(&mut self) -> Result<()> {
        let (topic, hub, is_late) = match &self.mode {
            Mode::Reading { topic, hub, .. } => (Arc::clone(topic), Arc::clone(hub), false),
            Mode::Joined { member, is_late } => {
                (Arc::clone(&member.group.topic), Arc::clone(&member.group.hub), *is_late)
            }
            Mode::Ended => return Ok(()),
        };
        let page = loop {
            let reading = Page::read(Arc::clone(&self.live), Arc::clone(&hub), Arc::clone(&topic), self.place, is_late);
            // In a task of its own: whoever stops listening in the middle of it must not keep the database waiting.
            match tokio::spawn(reading).await.map_err(Error::internal)? {
                // What it is owed is still there when the database answers again.
                Err(Error::Unavailable(_)) => tokio::time::sleep(PAUSE).await,
                page => break page?,
            }
        };
        self.place = page.place;
        self.said = Said::Own(page.told.into_iter());
        match &mut self.mode {
            Mode::Reading { key, .. } if page.is_last && page.place.is_after_all_rows() => {
                self.mode = Mode::Joined { member: hub.join(*key, &topic), is_late: false };
            }
            Mode::Joined { is_late, .. } => *is_late = false,
            _ => {}
        }
        Ok(())
    }
}

/// What one reading gave.
struct Page {
    /// How far it leads.
    place: Place,
    /// Nothing followed in the log.
    is_last: bool,
    told: Vec<Told>,
}

impl Page {
    /// Reads what follows `place`.
    async fn read(
        live: Arc<Shared>,
        hub: Arc<Hub>,
        topic: Arc<dyn Topic>,
        mut place: Place,
        is_late: bool,
    ) -> Result<Self> {
        let _turn = live.telling.acquire().await;
        if is_late {
            // What was forgotten since it last heard something was offered to it long before it became slow.
            place.position = place.position.max(hub.store().log_start().await?);
        }
        let Slice { log, rows, is_last } = if place.is_after_all_rows() {
            let log = hub.store().log_after(place.position, PAGE).await?;
            Slice { log, rows: Vec::new(), is_last: true }
        } else {
            topic.slice(place).await?
        };
        let (position, log_is_last) = (log.position, log.is_last);
        let mut telling = changes(&live, &hub, &*topic, place, log).await?;
        telling.extend(rows.iter().map(|row| (Place { position, upper: row.id() }, Part::Row(row.clone()))));
        let mut read_to = Place { position, upper: rows.last().map_or(place.upper, Row::id) };
        if !place.is_after_all_rows() && is_last {
            read_to = Place::after_all_rows(position);
            telling.push((read_to, Part::Complete));
        }
        Ok(Self { place: read_to, is_last: log_is_last, told: topic.tell(telling).await? })
    }
}

/// What happened to rows that the listener was told of, or to anything if it has no rows.
async fn changes(live: &Shared, hub: &Hub, topic: &dyn Topic, place: Place, log: LogPage) -> Result<Telling> {
    let mut wanted = moments(hub.store(), log.events).await?;
    wanted.retain(|moment| {
        moment.event.entity_id <= place.upper && topic.interest().admits(moment) && topic.wants(moment)
    });
    let count = wanted.len();
    let changes: Vec<Change> = match topic.may_merge() {
        true => merged(wanted),
        false => wanted.into_iter().map(Change::from).collect(),
    };
    live.metrics.conflated.inc_by((count - changes.len()) as u64);
    let told = |change: Change| (Place { position: change.last.position, upper: place.upper }, Part::Change(change));
    Ok(changes.into_iter().map(told).collect())
}
