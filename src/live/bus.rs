//! How nodes tell each other that there is something to read. Events themselves never travel: there is no second truth.

use futures::{
    StreamExt,
    stream::{self, BoxStream},
};
use tokio::sync::broadcast;

use crate::domain::event::Standing;

/// Carries news between nodes. It may lose some: readers look for themselves now and then.
pub trait Bus: Send + Sync + 'static {
    /// Tells the others how far a log has come.
    fn publish(&self, standing: Standing);

    /// What is told from now on; one's own news may come back.
    fn listen(&self) -> BoxStream<'static, Standing>;
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

    fn listen(&self) -> BoxStream<'static, Standing> {
        let next = |mut receiver: broadcast::Receiver<Standing>| async move {
            loop {
                match receiver.recv().await {
                    Ok(standing) => return Some((standing, receiver)),
                    // What was lost is found when the next is read, or by looking.
                    Err(broadcast::error::RecvError::Lagged(_)) => {}
                    Err(broadcast::error::RecvError::Closed) => return None,
                }
            }
        };
        stream::unfold(self.0.subscribe(), next).boxed()
    }
}
