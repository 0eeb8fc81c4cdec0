//! Whether who listens is still who it was.

use std::task::{Context, Poll};

use futures::{FutureExt, future::BoxFuture, ready};

use super::Http;
use crate::domain::access::Viewer;

/// Whether what somebody showed is still good, being looked up where that takes a while. Until it is known, whoever asks
/// goes on with nothing.
#[derive(Default)]
pub struct Standing(Option<BoxFuture<'static, bool>>);

impl Standing {
    /// Finds out. Only a key can be revoked.
    pub fn ask(&mut self, http: &Http, viewer: &Viewer) {
        if viewer.shows_key() && self.0.is_none() {
            let (auth, viewer) = (http.0.auth.clone(), viewer.clone());
            self.0 = Some(async move { auth.stands(&viewer).await }.boxed());
        }
    }

    /// Whether it is good; true where nobody asked.
    pub fn poll(&mut self, cx: &mut Context<'_>) -> Poll<bool> {
        let Some(asking) = &mut self.0 else { return Poll::Ready(true) };
        let stands = ready!(asking.poll_unpin(cx));
        self.0 = None;
        Poll::Ready(stands)
    }
}
