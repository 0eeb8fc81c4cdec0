//! A live operation on its way out.

use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;

use super::request::Response;

/// What one event says to its listeners.
#[derive(Clone, Debug)]
pub struct Payload {
    /// `{"data": …}` as JSON, ready to be sent; the same bytes for all who listen to the same.
    pub body: Bytes,
    /// Where a listener resumes that has seen this.
    pub cursor: Option<Arc<str>>,
}

/// Payloads in order. An error is the last item: the operation cannot go on, and the response tells why.
pub type Feed = BoxStream<'static, Result<Payload, Response>>;

/// What a request leads to.
pub enum Opened {
    /// A query or a mutation, or anything that is refused.
    Answered(Response),
    /// A live operation that was begun.
    Live(Feed),
}
