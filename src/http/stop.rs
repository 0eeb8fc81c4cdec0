//! How everything that lasts hears that the server stops.

use tokio::sync::watch;

/// Held by the server. Dropping it cuts off whatever still runs.
pub struct Stopper(watch::Sender<bool>);

/// Held by each connection.
#[derive(Clone)]
pub struct Stop(watch::Receiver<bool>);

impl Stopper {
    pub fn new() -> (Self, Stop) {
        let (sender, receiver) = watch::channel(false);
        (Self(sender), Stop(receiver))
    }

    /// Asks everything to come to an end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

impl Stop {
    /// Ready once the server is to stop.
    pub async fn requested(mut self) {
        // An error says that the server is gone, which is reason enough.
        let _ = self.0.wait_for(|stopping| *stopping).await;
    }

    /// Ready once the time for an orderly end is over.
    pub async fn cut_off(mut self) {
        while self.0.changed().await.is_ok() {}
    }
}
