//! Answers that go on: server-sent events and multipart, over plain HTTP.

mod event;
mod part;
pub mod reservation;

use std::{
    any::Any,
    convert::Infallible,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
};

use axum::{
    body::Body,
    http::{HeaderName, StatusCode, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, Stream, future::BoxFuture, task::AtomicWaker};

use super::{
    Http,
    accept::Connection,
    alarm::Alarm,
    error::Refusal,
    identity::CorrelationId,
    listener::{Seat, Transport},
    operations::{NotStarted, Opening, Operations, Said, What},
    standing::Standing,
};
use crate::domain::access::Viewer;

/// Bytes that are written at once; what else is ready follows when these are on their way.
const CHUNK: usize = 16 * 1024;
/// The id of the only operation where there are no ids.
const ONLY: &str = "";

/// How events are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One operation as server-sent events.
    Events,
    /// Several operations as server-sent events, each event with the id of its operation.
    EventsWithIds,
    /// One operation as parts.
    Parts,
}

impl Format {
    fn transport(self) -> Transport {
        match self {
            Self::Events | Self::EventsWithIds => Transport::EventStream,
            Self::Parts => Transport::Multipart,
        }
    }
}

/// The operations of a stream. Other requests may start and stop some.
pub struct Channel {
    operations: Mutex<Operations>,
    reader: AtomicWaker,
}

impl Channel {
    fn new(http: &Http, most: u64, format: Format, id: &CorrelationId) -> Self {
        let operations = http.operations(most, format.transport(), id);
        Self { operations: Mutex::new(operations), reader: AtomicWaker::new() }
    }

    fn start(&self, id: &str, seat: &Seat, opening: impl FnOnce() -> Opening) -> Result<(), NotStarted> {
        let started = self.operations().start(id, seat, opening);
        self.reader.wake();
        started
    }

    fn stop(&self, id: &str) {
        self.operations().stop(id);
    }

    fn operations(&self) -> MutexGuard<'_, Operations> {
        self.operations.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Http {
    /// The response that tells what one operation says.
    ///
    /// # Errors
    ///
    /// 429 if the viewer has as many streams as it may.
    pub(super) fn stream(
        &self,
        opening: Opening,
        format: Format,
        viewer: &Viewer,
        connection: &Connection,
        id: &CorrelationId,
    ) -> Result<Response, Refusal> {
        let seat = self.0.listeners.seat(viewer)?;
        let channel = Channel::new(self, 1, format, id);
        // There is room for one.
        let _ = channel.start(ONLY, &seat, || opening);
        Ok(Streaming::new(self, Arc::new(channel), format, viewer, connection, seat).into_response())
    }
}

/// The body of a stream.
struct Streaming {
    http: Http,
    format: Format,
    channel: Arc<Channel>,
    viewer: Viewer,
    heartbeat: DateTime<Utc>,
    alarm: Alarm,
    standing: Standing,
    stop: BoxFuture<'static, ()>,
    is_stopping: bool,
    has_begun: bool,
    /// Why it ends, once it has.
    ended: Option<&'static str>,
    _held: Box<dyn Any + Send>,
}

impl Streaming {
    fn new(
        http: &Http,
        channel: Arc<Channel>,
        format: Format,
        viewer: &Viewer,
        connection: &Connection,
        held: impl Any + Send,
    ) -> Self {
        let heartbeat = next_heartbeat(http);
        Self {
            alarm: Alarm::at(&http.0.clock, viewer.expires_at.map_or(heartbeat, |end| end.min(heartbeat))),
            http: http.clone(),
            format,
            channel,
            viewer: viewer.clone(),
            heartbeat,
            standing: Standing::default(),
            stop: connection.stop.clone().requested().boxed(),
            is_stopping: false,
            has_begun: false,
            ended: None,
            _held: Box::new(held),
        }
    }

    /// What there is to send now; nothing if it has to wait.
    fn turn(&mut self, cx: &mut Context<'_>) -> String {
        let mut text = String::new();
        if !self.has_begun {
            self.has_begun = true;
            text.push_str(match self.format {
                Format::Events | Format::EventsWithIds => event::COMMENT,
                Format::Parts => part::START,
            });
        }
        if !self.is_stopping && self.stop.poll_unpin(cx).is_ready() {
            self.is_stopping = true;
        }
        while self.ended.is_none() && self.alarm.poll(cx).is_ready() {
            self.ring(&mut text);
        }
        let is_known = self.standing.poll(cx).map(|stands| {
            if !stands {
                self.end(&mut text, "revoked", "UNAUTHENTICATED", "the API key is no longer good");
            }
        });
        let channel = Arc::clone(&self.channel);
        channel.reader.register(cx.waker());
        let mut operations = channel.operations();
        if self.is_stopping {
            operations.stop_live();
        }
        while is_known.is_ready() && self.ended.is_none() && text.len() < CHUNK {
            let Poll::Ready(said) = operations.poll_next(cx) else { break };
            self.say(&mut text, &said);
        }
        if self.ended.is_none() && self.is_stopping && operations.is_empty() {
            self.end(
                &mut text,
                "going_away",
                "GOING_AWAY",
                "the server is going away; subscribe again after your last cursor",
            );
        }
        text
    }

    fn say(&mut self, text: &mut String, said: &Said) {
        match self.format {
            Format::Events => event::push(text, said),
            Format::EventsWithIds => event::push_with_id(text, said),
            Format::Parts => part::push(text, said),
        }
        if self.format != Format::EventsWithIds && !matches!(said.what, What::Event(_)) {
            self.ended = Some("complete");
            if self.format == Format::Parts {
                text.push_str(part::END);
            }
        }
    }

    fn ring(&mut self, text: &mut String) {
        let now = self.http.0.clock.now();
        if self.viewer.expires_at.is_some_and(|end| now >= end) {
            return self.end(text, "expired", "UNAUTHENTICATED", "the token expired; subscribe again with a new one");
        }
        if now >= self.heartbeat {
            self.standing.ask(&self.http, &self.viewer);
            match self.format {
                Format::Events | Format::EventsWithIds => text.push_str(event::COMMENT),
                Format::Parts => part::push_heartbeat(text),
            }
            self.heartbeat = next_heartbeat(&self.http);
        }
        self.alarm.set(self.viewer.expires_at.map_or(self.heartbeat, |end| end.min(self.heartbeat)));
    }

    fn end(&mut self, text: &mut String, reason: &'static str, code: &str, why: &str) {
        self.ended = Some(reason);
        match self.format {
            Format::Events | Format::EventsWithIds => event::push_farewell(text, why),
            Format::Parts => {
                part::push_farewell(text, code, why);
                text.push_str(part::END);
            }
        }
    }
}

fn next_heartbeat(http: &Http) -> DateTime<Utc> {
    http.0.clock.now() + TimeDelta::seconds(i64::try_from(http.0.listening.heartbeat_seconds).unwrap_or(i64::MAX))
}

impl Stream for Streaming {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended.is_some() {
            return Poll::Ready(None);
        }
        let text = self.turn(cx);
        if text.is_empty() && self.ended.is_none() { Poll::Pending } else { Poll::Ready(Some(Ok(text.into()))) }
    }
}

impl Drop for Streaming {
    fn drop(&mut self) {
        self.http.0.listeners.closed(self.format.transport(), self.ended.unwrap_or("client_left"));
    }
}

impl IntoResponse for Streaming {
    fn into_response(self) -> Response {
        let content_type = match self.format {
            Format::Events | Format::EventsWithIds => "text/event-stream; charset=utf-8",
            Format::Parts => part::CONTENT_TYPE,
        };
        let headers = [
            (header::CONTENT_TYPE, content_type),
            // A proxy that collects an answer before it passes it on would hold events back.
            (HeaderName::from_static("x-accel-buffering"), "no"),
        ];
        (StatusCode::OK, headers, Body::from_stream(self)).into_response()
    }
}
