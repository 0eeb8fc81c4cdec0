//! What a request has to pass before it is executed. Who may use how much, and when, is not known here.

use futures::future::BoxFuture;

use crate::domain::Result;

/// Lets requests of one caller in, and takes what they cost.
pub trait Gate: Send + Sync {
    /// Waits until a request may be executed whose answer holds up to `estimated` objects, and takes that much.
    ///
    /// # Errors
    ///
    /// [`crate::domain::Error::RateLimited`] if it may not within a reasonable time; nothing is taken then.
    fn enter(&self, estimated: u64) -> BoxFuture<'static, Result<Leave>>;

    /// Takes `cost` at once, without waiting.
    ///
    /// # Errors
    ///
    /// As [`Gate::enter`].
    fn charge(&self, cost: u64) -> Result<()>;

    /// Takes `cost` whether it is there or not, for what was done already.
    fn settle(&self, cost: u64);
}

/// Called at the end with the number of objects that the answer held, to pay for these and not for the estimate. A request
/// that drops it, since its sender went away, pays the estimate.
pub type Leave = Box<dyn FnOnce(u64) + Send>;
