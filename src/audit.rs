//! Records that no request waits for: uses of keys, and what was refused. They are written behind the requests, many at
//! once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

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

/// So many records wait at most, each of a few hundred bytes.
const MOST_WAITING: usize = 20_000;
/// So many are written at once: a statement's parameters are limited.
const MOST_AT_ONCE: usize = 500;
/// How long to wait before a database that did not answer is tried again.
const PAUSE: Duration = Duration::from_secs(1);
/// How long the end of the server waits for records to be written.
const PATIENCE: Duration = Duration::from_secs(5);

/// Takes records. Cheap to clone.
#[derive(Clone)]
pub struct AuditLog {
    waiting: mpsc::Sender<AuditRecord>,
    lost: Lost,
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
        let lost = Lost { untold: Arc::default(), counter };
        let (stop, stopped) = oneshot::channel();
        let writing = tokio::spawn(write(store, clock, records, lost.clone(), stopped));
        (Self { waiting, lost }, AuditWriter { stop, writing })
    }

    /// Never waits. A record that finds no room is lost: that is counted, told in the log, and recorded itself.
    pub fn tell(&self, record: AuditRecord) {
        if self.waiting.try_send(record).is_err() {
            self.lost.untold.fetch_add(1, Ordering::Relaxed);
            self.lost.counter.inc();
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

async fn write(
    store: Store,
    clock: Clock,
    mut records: mpsc::Receiver<AuditRecord>,
    lost: Lost,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut batch = Vec::new();
    loop {
        tokio::select! {
            // A dropped sender stops it as well. Nothing more is taken then, and what waits is written.
            _ = &mut stopped, if !records.is_closed() => records.close(),
            taken = records.recv_many(&mut batch, MOST_AT_ONCE) => {
                if taken == 0 {
                    return;
                }
                batch.extend(lost.record(&clock));
                while let Err(error) = store.record(&batch).await {
                    tracing::error!(%error, records = batch.len(), "the audit log cannot be written; trying again");
                    tokio::time::sleep(PAUSE).await;
                }
                batch.clear();
            }
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
        let log = AuditLog { waiting, lost: Lost { untold: Arc::default(), counter: counter.clone() } };
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
