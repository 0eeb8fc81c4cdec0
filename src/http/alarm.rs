//! Waits for an instant of the server's clock.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use crate::domain::clock::Clock;

/// Rings once its instant has come. It can be set again.
pub struct Alarm {
    clock: Clock,
    ringing: BoxFuture<'static, ()>,
}

impl Alarm {
    pub fn at(clock: &Clock, instant: DateTime<Utc>) -> Self {
        Self { clock: clock.clone(), ringing: Box::pin(reached(clock.clone(), instant)) }
    }

    pub fn set(&mut self, instant: DateTime<Utc>) {
        self.ringing = Box::pin(reached(self.clock.clone(), instant));
    }

    /// Ready once. It must be set again before the next call after that.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.ringing).poll(cx)
    }
}

async fn reached(clock: Clock, instant: DateTime<Utc>) {
    clock.reached(instant).await;
}
