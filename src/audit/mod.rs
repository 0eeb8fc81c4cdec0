//! Records that no request waits for: uses of keys, and what was refused. They are written behind the requests, many at
//! once.

mod repeats;

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use chrono::TimeDelta;
use tokio::{
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use crate::{
    domain::{
        audit::{AuditAction, AuditOutcome, AuditRecord},
        clock::Clock,
    },
    store::Store,
    telemetry::IntCounter,
};
use repeats::Repeats;

/// So many records wait at most, each of a few hundred bytes.
const MOST_WAITING: usize = 20_000;
/// So many are written at once: a statement's parameters are limited.
const MOST_AT_ONCE: usize = 500;
/// How long to wait before a database that did not answer is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How often it is looked whether refusals were repeated, where none were lately.
const LOOK_EVERY: TimeDelta = TimeDelta::seconds(60);
/// How long the end of the server waits for records to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes records. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog {
    waiting: mpsc::Sender<AuditRecord>,
    lost: Lost,
    repeats: Arc<Repeats>,
}

/// How many records found no room.
#[derive(Clone)]
struct Lost {
    untold: Arc<AtomicU64>,
    counter: IntCounter,
}

/// Writes what an [`AuditLog`] takes, until it is stopped.
pub struct AuditWriter {
    stop: oneshot::Sender<()>,
    writing: JoinHandle<()>,
}

impl AuditLog {
    /// `counter` counts the records that found no room.
    pub fn start(store: Store, clock: Clock, counter: IntCounter) -> (Self, AuditWriter) {
        let (waiting, records) = mpsc::channel(MOST_WAITING);
        let log = Self { waiting, lost: Lost { untold: Arc::default(), counter }, repeats: Arc::default() };
        let (stop, stopped) = oneshot::channel();
        let (lost, repeats) = (log.lost.clone(), Arc::clone(&log.repeats));
        let writing = tokio::spawn(Writing { store, clock, lost, repeats }.run(records, stopped));
        (log, AuditWriter { stop, writing })
    }

    /// Never waits. A record that finds no room is lost: that is counted, told in the log, and recorded itself.
    pub fn tell(&self, record: AuditRecord) {
        if self.waiting.try_send(record).is_err() {
            self.lost.untold.fetch_add(1, Ordering::Relaxed);
            self.lost.counter.inc();
        }
    }

    /// The same for a refusal. Those that one caller repeats are counted, and recorded as one when the minute is over.
    pub fn tell_refused(&self, record: AuditRecord) {
        if let Some(record) = self.repeats.take(record) {
            self.tell(record);
        }
    }
}

impl AuditWriter {
    /// Writes what waits, for some seconds at most.
    pub async fn stop(self) {
        // The receiver is gone only if the task is.
        let _ = self.stop.send(());
        if tokio::time::timeout(PATIENCE, self.writing).await.is_err() {
            tracing::error!("records of the audit log were lost, as the database did not take them before the end");
        }
    }
}

/// What the task that writes has to know.
struct Writing {
    store: Store,
    clock: Clock,
    lost: Lost,
    repeats: Arc<Repeats>,
}

impl Writing {
    async fn run(self, mut records: mpsc::Receiver<AuditRecord>, mut stopped: oneshot::Receiver<()>) {
        let (mut batch, mut is_over) = (Vec::new(), false);
        while !is_over {
            let next_look = self.repeats.ends_at().unwrap_or_else(|| self.clock.now() + LOOK_EVERY);
            tokio::select! {
                // A dropped sender stops it as well. Nothing more is taken then, and what waits is written.
                _ = &mut stopped, if !records.is_closed() => {
                    records.close();
                    continue;
                }
                taken = records.recv_many(&mut batch, MOST_AT_ONCE) => is_over = taken == 0,
                () = self.clock.reached(next_look) => {}
            }
            batch.extend(self.lost.record(&self.clock));
            batch.extend(self.repeats.over(self.clock.now(), is_over));
            for records in batch.chunks(MOST_AT_ONCE) {
                self.write(records).await;
            }
            batch.clear();
        }
    }

    /// Tries until the database takes them.
    async fn write(&self, records: &[AuditRecord]) {
        while let Err(error) = self.store.record(records).await {
            tracing::error!(%error, records = records.len(), "the audit log cannot be written; trying again");
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Lost {
    /// The record that others were lost, if any were since the last one.
    fn record(&self, clock: &Clock) -> Option<AuditRecord> {
        let count = Some(self.untold.swap(0, Ordering::Relaxed)).filter(|count| *count > 0)?;
        tracing::error!(count, "records of the audit log were lost, as more came than could be written");
        let record = AuditRecord::of_nobody(AuditAction::RecordsLost, None, "", clock.now());
        Some(record.about(&count.to_string()).ended(AuditOutcome::Failed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_finds_no_room_is_counted_and_told_once() {
        let counter = IntCounter::new("lost", "lost").unwrap();
        let (waiting, _records) = mpsc::channel(2);
        let lost = Lost { untold: Arc::default(), counter: counter.clone() };
        let log = AuditLog { waiting, lost, repeats: Arc::default() };
        let clock = Clock::fixed(chrono::DateTime::UNIX_EPOCH);
        for _ in 0..5 {
            log.tell(AuditRecord::of_nobody(AuditAction::ApiKeyUse, None, "a", clock.now()));
        }
        assert_eq!(counter.get(), 3);
        let told = log.lost.record(&clock).expect("a record");
        assert_eq!((told.action, told.target.as_deref()), (AuditAction::RecordsLost, Some("3")));
        assert_eq!(log.lost.record(&clock), None);
    }
}
