//! How nodes tell each other that there is something to read. Events themselves never travel: there is no second truth.

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::domain::event::Standing;

/// Carries news between nodes. It may lose some: readers look for themselves now and then.
pub trait Bus: Send + Sync + 'static {
    /// Tells the others how far a log has come.
    fn publish(&self, standing: Standing);

    /// What is told from now on; one's own news may come back. None: some was missed, of whichever partner.
    fn listen(&self) -> BoxStream<'static, Option<Standing>>;
}

/// Between nodes of one process.
pub struct InProcess(broadcast::Sender<Standing>);

impl Default for InProcess {
    fn default() -> Self {
        Self(broadcast::Sender::new(256))
    }
}

impl Bus for InProcess {
    fn publish(&self, standing: Standing) {
        // Nobody may be listening.
        let _ = self.0.send(standing);
    }

    fn listen(&self) -> BoxStream<'static, Option<Standing>> {
        told(self.0.subscribe())
    }
}

/// What a channel brings, as [`Bus::listen`] gives it.
pub(super) fn told(receiver: broadcast::Receiver<Standing>) -> BoxStream<'static, Option<Standing>> {
    let next = |mut receiver: broadcast::Receiver<Standing>| async move {
        match receiver.recv().await {
            Ok(standing) => Some((Some(standing), receiver)),
            Err(RecvError::Lagged(_)) => Some((None, receiver)),
            Err(RecvError::Closed) => None,
        }
    };
    stream::unfold(receiver, next).boxed()
}
