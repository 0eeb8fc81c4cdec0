//! One WebSocket: a single task reads what the client says and sends what its operations say.

use std::{
    collections::VecDeque,
    future::poll_fn,
    task::{Context, Poll},
    time::Duration,
};

use axum::extract::ws::{self, CloseFrame, WebSocket};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use futures::{FutureExt, SinkExt, StreamExt, future::BoxFuture};
use serde_json::{Map, Value, json};
use tokio_tungstenite::tungstenite::{self, error::ProtocolError};

use super::protocol::{Close, Message, errors, message};
use crate::{
    domain::access::Viewer,
    engine::{Allowed, Request},
    http::{
        Http,
        accept::Connection,
        alarm::Alarm,
        error::Refusal,
        identity::{Claims, CorrelationId},
        listener::{Seat, Transport},
        operations::{NotStarted, Operations, Said, What},
        standing::Standing,
    },
};

/// Messages read, and events sent, before another task gets its turn.
const TURN: usize = 32;
/// Replies that wait for a client that does not read; it is not read from either until it does.
const REPLIES: usize = 16;
/// How long a client may take to answer the end of its socket.
const CLOSING: Duration = Duration::from_secs(2);

pub struct Socket {
    socket: WebSocket,
    http: Http,
    id: CorrelationId,
    claims: Claims,
    connection: Connection,
    is_initialised: bool,
    /// Who listens, once that is known.
    member: Option<(Viewer, Seat)>,
    /// Finds out who the viewer is, at first or again.
    identifying: Option<BoxFuture<'static, Result<Viewer, Refusal>>>,
    /// Whether the viewer may go on.
    standing: Standing,
    operations: Operations,
    replies: VecDeque<ws::Message>,
    times: Times,
    alarm: Alarm,
    /// First the wish that the server stops, then the end of its patience.
    stop: BoxFuture<'static, ()>,
    is_stopping: bool,
}

/// What happens when.
struct Times {
    init: DateTime<Utc>,
    heartbeat: DateTime<Utc>,
    was_asked: bool,
    was_heard: bool,
}

/// Why the task ends.
enum End {
    /// The client went away, or cannot be reached.
    Left,
    Close(Close),
}

impl From<Close> for End {
    fn from(close: Close) -> Self {
        Self::Close(close)
    }
}

impl Socket {
    /// In a box, since a task would hold the memory of all its owners, one after another.
    pub fn new(socket: WebSocket, http: Http, id: CorrelationId, claims: Claims, connection: Connection) -> Box<Self> {
        let now = http.0.clock.now();
        let config = &http.0.listening;
        let after = |seconds: u64| now + TimeDelta::seconds(i64::try_from(seconds).unwrap_or(i64::MAX));
        let times = Times {
            init: after(config.init_timeout_seconds),
            heartbeat: after(config.heartbeat_seconds),
            was_asked: false,
            was_heard: false,
        };
        Box::new(Self {
            alarm: Alarm::at(&http.0.clock, times.init.min(times.heartbeat)),
            operations: http.operations(config.operations_per_socket, Transport::Websocket, &id),
            stop: connection.stop.clone().requested().boxed(),
            is_initialised: false,
            member: None,
            identifying: None,
            standing: Standing::default(),
            replies: VecDeque::new(),
            is_stopping: false,
            socket,
            http,
            id,
            claims,
            connection,
            times,
        })
    }

    /// Until the socket ends.
    pub async fn run(mut self: Box<Self>) {
        let end = poll_fn(|cx| match self.turn(cx) {
            Ok(false) => Poll::Pending,
            Ok(true) => {
                cx.waker().wake_by_ref();
                Poll::Pending
            }
            Err(end) => Poll::Ready(end),
        });
        match end.await {
            End::Left => self.http.0.listeners.closed(Transport::Websocket, "client_left"),
            // Boxed: it is rare, and every socket would hold its memory from the start.
            End::Close(close) => Box::pin(self.close(close)).await,
        }
    }

    /// Tells the client why, and waits a little for it to hear that.
    pub async fn close(self: Box<Self>, close: Close) {
        let Self { mut socket, http, operations, member, .. } = *self;
        drop((operations, member));
        http.0.listeners.closed(Transport::Websocket, close.reason);
        let frame = CloseFrame { code: close.code, reason: close.text.into() };
        let closing = async {
            if socket.send(ws::Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = socket.next().await {}
            }
        };
        let _ = tokio::time::timeout(CLOSING, closing).await;
    }

    /// Does what can be done without waiting. True if there may be more.
    fn turn(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        while self.stop.poll_unpin(cx).is_ready() {
            if self.is_stopping {
                return Err(End::Left);
            }
            self.is_stopping = true;
            self.stop = self.connection.stop.clone().cut_off().boxed();
        }
        let more_to_read = self.read(cx)?;
        if let Some(Poll::Ready(viewer)) = self.identifying.as_mut().map(|identifying| identifying.poll_unpin(cx)) {
            self.identifying = None;
            self.identified(viewer.map_err(Close::from)?)?;
        }
        while self.alarm.poll(cx).is_ready() {
            self.ring()?;
        }
        let may_say = match self.standing.poll(cx) {
            Poll::Ready(false) => return Err(Close::revoked().into()),
            standing => standing.is_ready(),
        };
        if self.is_stopping {
            self.operations.stop_live();
        }
        let more_to_write = self.write(cx, may_say)?;
        if self.is_stopping && self.operations.is_empty() && self.replies.is_empty() {
            return Err(Close::going_away().into());
        }
        Ok(more_to_read || more_to_write)
    }

    fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, End> {
        for _ in 0..TURN {
            if self.replies.len() >= REPLIES {
                break;
            }
            match self.socket.poll_next_unpin(cx) {
                Poll::Pending => return Ok(false),
                Poll::Ready(None) => return Err(End::Left),
                Poll::Ready(Some(Err(error))) => return Err(self.broken(error)),
                Poll::Ready(Some(Ok(message))) => {
                    self.times.was_heard = true;
                    self.hear(message)?;
                }
            }
        }
        Ok(true)
    }

    /// Sends replies first, then what the operations say if they may say anything. What was sent leaves together.
    fn write(&mut self, cx: &mut Context<'_>, may_say: bool) -> Result<bool, End> {
        let left = |_| End::Left;
        let mut sent = 0;
        let more = loop {
            match self.socket.poll_ready_unpin(cx) {
                // Its readiness wakes us.
                Poll::Pending => return Ok(false),
                Poll::Ready(ready) => ready.map_err(left)?,
            }
            let message = match self.replies.pop_front() {
                Some(reply) => reply,
                None if !may_say => break false,
                None if sent >= TURN => break true,
                None => match self.operations.poll_next(cx) {
                    Poll::Ready(said) => self.say(said),
                    Poll::Pending => break false,
                },
            };
            self.socket.start_send_unpin(message).map_err(left)?;
            sent += 1;
        };
        match self.socket.poll_flush_unpin(cx) {
            Poll::Ready(flushed) => flushed.map_err(left)?,
            Poll::Pending => return Ok(false),
        }
        Ok(more)
    }

    fn say(&mut self, Said { id, what }: Said) -> ws::Message {
        let text = match what {
            What::Event(payload) => message(&id, "next", &payload.body),
            What::Answer(response) => {
                self.replies.push_back(ws::Message::text(message(&id, "complete", &Bytes::new())));
                message(&id, "next", &response.body)
            }
            What::Failure(response) => message(&id, "error", &errors(&response.body)),
            What::End => message(&id, "complete", &Bytes::new()),
        };
        ws::Message::text(text)
    }

    fn hear(&mut self, message: ws::Message) -> Result<(), Close> {
        match message {
            ws::Message::Text(text) => self.obey(Message::read(&text)?),
            ws::Message::Binary(_) => Err(Close::invalid("a message must be text")),
            // Answered by the library.
            ws::Message::Ping(_) | ws::Message::Pong(_) | ws::Message::Close(_) => Ok(()),
        }
    }

    fn obey(&mut self, message: Message) -> Result<(), Close> {
        match message {
            Message::Init(_) if self.is_initialised => Err(Close::initialised_twice()),
            Message::Init(payload) => {
                self.is_initialised = true;
                self.identify(payload)
            }
            Message::Ping(payload) => {
                match payload.filter(Claims::renews) {
                    // The pong follows when it is known how long the new token lives.
                    Some(payload) if self.member.is_some() => self.identify(Some(payload))?,
                    _ => self.reply("pong", None),
                }
                Ok(())
            }
            Message::Pong => Ok(()),
            Message::Subscribe { id, request } => self.start(&id, *request),
            Message::Complete { id } => {
                self.operations.stop(&id);
                Ok(())
            }
        }
    }

    fn start(&mut self, id: &str, request: Request) -> Result<(), Close> {
        let Some((viewer, seat)) = &self.member else { return Err(Close::unauthorized()) };
        let opening = || self.http.open(request, Allowed::Live, viewer, &self.id);
        match self.operations.start(id, seat, opening) {
            // It does nothing before that is known.
            Ok(()) => self.standing.ask(&self.http, viewer),
            Err(NotStarted::IdTaken) => return Err(Close::duplicate(id)),
            Err(NotStarted::TooMany) => {
                let refused = self.http.too_many_operations().errors(&self.id.0);
                self.replies.push_back(ws::Message::text(message(id, "error", &errors(&refused.body))));
            }
        }
        Ok(())
    }

    fn identify(&mut self, payload: Option<Map<String, Value>>) -> Result<(), Close> {
        self.claims.update(&payload.unwrap_or_default())?;
        let (http, claims) = (self.http.clone(), self.claims.hand_over());
        let (from, id) = (self.connection.address, self.id.clone());
        let identifying = async move {
            let admitted = http.admit(&claims, from, &id).await;
            // There is no response that would be recorded where it leaves.
            if let Some(refused) = admitted.as_ref().err().and_then(Refusal::not_let_in) {
                http.record_not_let_in(&refused, "/graphql", from, &id);
            }
            admitted
        };
        self.identifying = Some(identifying.boxed());
        Ok(())
    }

    fn identified(&mut self, viewer: Viewer) -> Result<(), Close> {
        let expires_at = viewer.expires_at;
        let kind = match &mut self.member {
            None => {
                let seat = self.http.0.listeners.seat(&viewer)?;
                self.member = Some((viewer, seat));
                "connection_ack"
            }
            Some((known, _)) if known.is_same(&viewer) => {
                *known = viewer;
                "pong"
            }
            Some(_) => return Err(Close::another_viewer()),
        };
        self.reply(kind, expires_at);
        self.set_alarm();
        Ok(())
    }

    /// Answers `connection_init` or `ping`, and tells when the client has to renew its token, if ever.
    fn reply(&mut self, kind: &str, expires_at: Option<DateTime<Utc>>) {
        let message = match expires_at {
            Some(at) => json!({ "type": kind, "payload": { "expiresAt": at } }),
            None => json!({ "type": kind }),
        };
        self.replies.push_back(ws::Message::text(message.to_string()));
    }

    /// A moment has come that something was waiting for.
    fn ring(&mut self) -> Result<(), Close> {
        let now = self.http.0.clock.now();
        match &self.member {
            None if self.identifying.is_none() && now >= self.times.init => return Err(Close::late()),
            Some((viewer, _)) if viewer.expires_at.is_some_and(|end| now >= end) => return Err(Close::expired()),
            _ => {}
        }
        if now >= self.times.heartbeat {
            if self.times.was_asked && !self.times.was_heard {
                return Err(Close::silent());
            }
            if let Some((viewer, _)) = &self.member {
                self.standing.ask(&self.http, viewer);
            }
            self.times.was_asked = true;
            self.times.was_heard = false;
            let interval = i64::try_from(self.http.0.listening.heartbeat_seconds).unwrap_or(i64::MAX);
            self.times.heartbeat = now + TimeDelta::seconds(interval);
            self.replies.push_back(ws::Message::Ping(Bytes::new()));
        }
        self.set_alarm();
        Ok(())
    }

    fn set_alarm(&mut self) {
        let next = match &self.member {
            None if self.identifying.is_none() => Some(self.times.init),
            None => None,
            Some((viewer, _)) => viewer.expires_at,
        };
        self.alarm.set(next.map_or(self.times.heartbeat, |next| next.min(self.times.heartbeat)));
    }

    /// What to tell a client whose frames cannot be read.
    fn broken(&self, error: axum::Error) -> End {
        use tungstenite::Error::{Capacity, Protocol, Utf8};
        match error.into_inner().downcast_ref::<tungstenite::Error>() {
            Some(Capacity(_)) => Close::too_large(self.http.0.server.body_limit_bytes).into(),
            Some(Utf8(_)) => Close::not_text().into(),
            Some(Protocol(error)) if *error != ProtocolError::ResetWithoutClosingHandshake => {
                Close::broken_frame(&error.to_string()).into()
            }
            _ => End::Left,
        }
    }
}
