//! The operations that run on one socket or stream.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use futures::{FutureExt, StreamExt, future::BoxFuture, ready};

use super::{
    identity::CorrelationId,
    listener::{Caller, Listeners, Listening, Seat, Transport},
};
use crate::engine::{Feed, Opened, Payload, Response};

/// A request on its way to its first answer.
pub type Opening = BoxFuture<'static, Opened>;

/// Operations by the ids that their client chose. Each gets its turn, however much another has to say.
pub struct Operations {
    running: Vec<Operation>,
    /// Whose turn it is.
    turn: usize,
    most: usize,
    listeners: Listeners,
    transport: Transport,
    correlation: CorrelationId,
}

struct Operation {
    id: Arc<str>,
    caller: Caller,
    state: State,
}

enum State {
    Opening(Opening),
    Live(Feed, Listening),
}

/// What one operation has to say.
pub struct Said {
    pub id: Arc<str>,
    pub what: What,
}

pub enum What {
    /// More may follow.
    Event(Payload),
    /// The only answer, and the end.
    Answer(Response),
    /// The operation was refused or cannot go on; the response has nothing but errors.
    Failure(Response),
    /// The end.
    End,
}

/// Why an operation cannot be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    IdTaken,
    TooMany,
}

impl Operations {
    /// At most so many at once.
    pub fn new(most: u64, listeners: Listeners, transport: Transport, correlation: CorrelationId) -> Self {
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        Self { running: Vec::new(), turn: 0, most, listeners, transport, correlation }
    }

    /// Starts an operation of whoever has this seat. It does nothing until the next [`Operations::poll_next`].
    ///
    /// # Errors
    ///
    /// If the id is in use, or there is no room.
    pub fn start(&mut self, id: &str, seat: &Seat, opening: impl FnOnce() -> Opening) -> Result<(), NotStarted> {
        if self.running.iter().any(|operation| &*operation.id == id) {
            return Err(NotStarted::IdTaken);
        }
        if self.running.len() >= self.most {
            return Err(NotStarted::TooMany);
        }
        self.running.push(Operation { id: id.into(), caller: seat.caller(), state: State::Opening(opening()) });
        Ok(())
    }

    /// Ends an operation; it says nothing more. Unknown ids are passed over: it may have ended by itself just now.
    pub fn stop(&mut self, id: &str) {
        self.running.retain(|operation| &*operation.id != id);
    }

    /// Ends what is live; what will be answered once is kept.
    pub fn stop_live(&mut self) {
        self.running.retain(|operation| matches!(operation.state, State::Opening(_)));
    }

    pub fn is_empty(&self) -> bool {
        self.running.is_empty()
    }

    /// The next thing that any of them says. Pending as long as none does, also when there is none.
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Said> {
        let count = self.running.len();
        for step in 0..count {
            let index = (self.turn + step) % count;
            let Poll::Ready(what) = self.poll_one(index, cx) else { continue };
            self.turn = index + 1;
            let id = match what {
                What::Event(_) => Arc::clone(&self.running[index].id),
                _ => self.running.swap_remove(index).id,
            };
            return Poll::Ready(Said { id, what });
        }
        Poll::Pending
    }

    fn poll_one(&mut self, index: usize, cx: &mut Context<'_>) -> Poll<What> {
        let Operation { caller, state, .. } = &mut self.running[index];
        loop {
            match state {
                State::Opening(opening) => match ready!(opening.poll_unpin(cx)) {
                    Opened::Live(feed) => match self.listeners.listening(caller, self.transport) {
                        Ok(listening) => *state = State::Live(feed, listening),
                        Err(full) => return Poll::Ready(What::Failure(full.errors(&self.correlation.0))),
                    },
                    Opened::Answered(response) => {
                        let is_executed = response.outcome.is_executed();
                        return Poll::Ready(if is_executed { What::Answer(response) } else { What::Failure(response) });
                    }
                },
                State::Live(feed, listening) => {
                    return Poll::Ready(match ready!(feed.poll_next_unpin(cx)) {
                        Some(Ok(payload)) => {
                            listening.sent();
                            What::Event(payload)
                        }
                        Some(Err(response)) => What::Failure(response),
                        None => What::End,
                    });
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use futures::{future, poll, stream};

    use super::*;
    use crate::{
        config::LiveConfig,
        domain::{
            PartnerId,
            access::{Scope, Viewer},
        },
        telemetry::Metrics,
    };

    fn operations(most: u64) -> (Operations, Seat) {
        let listeners = Listeners::new(&LiveConfig::default(), Metrics::default());
        let viewer = Viewer::new("a", "a", [], Scope::partner(PartnerId::of_tenant("a")));
        let seat = listeners.seat(&viewer).expect("there is room");
        (Operations::new(most, listeners, Transport::Websocket, CorrelationId("a-test".into())), seat)
    }

    /// An operation that always has more to say.
    fn busy() -> Opening {
        let payload = Payload { body: "{}".into(), cursor: None };
        let feed: Feed = stream::repeat_with(move || Ok(payload.clone())).boxed();
        future::ready(Opened::Live(feed)).boxed()
    }

    async fn next(operations: &mut Operations) -> Option<Arc<str>> {
        match poll!(pin!(future::poll_fn(|cx| operations.poll_next(cx)))) {
            Poll::Ready(said) => Some(said.id),
            Poll::Pending => None,
        }
    }

    #[tokio::test]
    async fn each_operation_gets_its_turn() {
        let (mut operations, seat) = operations(3);
        for id in ["a", "b", "c"] {
            operations.start(id, &seat, busy).expect("there is room");
        }
        let mut heard = String::new();
        for _ in 0..6 {
            heard += &next(&mut operations).await.expect("an event");
        }
        assert_eq!(heard, "abcabc");
    }

    #[tokio::test]
    async fn what_is_live_is_stopped_and_what_is_being_answered_is_not() {
        let (mut operations, seat) = operations(2);
        operations.start("live", &seat, busy).expect("there is room");
        operations.start("slow", &seat, || future::pending().boxed()).expect("there is room");
        assert_eq!(operations.start("slow", &seat, busy), Err(NotStarted::IdTaken));
        assert_eq!(operations.start("more", &seat, busy), Err(NotStarted::TooMany));
        assert_eq!(next(&mut operations).await.as_deref(), Some("live"));
        operations.stop_live();
        assert_eq!(next(&mut operations).await, None);
        assert!(!operations.is_empty());
        operations.stop("slow");
        assert!(operations.is_empty());
    }
}
