//! What comes in and what goes out: one GraphQL request, one response as bytes.

use apollo_compiler::ast::OperationType;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value};

/// One GraphQL request, strictly typed: members of another type than the specification's are refused when it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The document. None is a request error, unless something else names a document.
    pub query: Option<String>,
    pub operation_name: Option<String>,
    pub variables: Option<Map<String, Value>>,
    pub extensions: Option<Map<String, Value>>,
    /// The cursor after which a live operation goes on, where its transport names one beside the document. It stands in
    /// for the argument `after` of the live field.
    #[serde(skip)]
    pub after: Option<String>,
}

/// Which operations a caller may run where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Allowed {
    /// A GET may only read.
    Queries,
    Everything,
    /// A GET whose answer can go on: reads, now and from now on.
    Watching,
    /// Where more than one answer can be given, live operations too.
    Live,
}

impl Allowed {
    /// Whether operations of this kind may run; those that could do so elsewhere only are told apart later.
    pub(super) fn admits(self, kind: OperationType) -> bool {
        match self {
            Self::Queries => kind == OperationType::Query,
            Self::Watching => kind != OperationType::Mutation,
            Self::Everything | Self::Live => true,
        }
    }
}

/// One response: `{"data": …, "errors": …}` as JSON, ready to be sent.
#[derive(Clone, Debug)]
pub struct Response {
    pub outcome: Outcome,
    pub body: Bytes,
}

/// How far a request came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Executed without errors.
    Complete,
    /// Executed; `errors` tells what is missing from `data`, or why `data` is null.
    Partial,
    /// Not executed, the document cannot be read, or the request has no document. There is no `data`.
    Malformed,
    /// Not executed, the document, its variables or the operation's name do not fit the schema. There is no `data`.
    Invalid,
    /// Not executed: the operation is of a kind that is not allowed here. There is no `data`.
    NotAllowed,
    /// Not executed: it asks for more than it may. There is no `data`.
    TooMuch,
    /// Not executed: something of ours is not available. There is no `data`.
    Failed,
}

impl Outcome {
    /// Whether there is `data`, if only null.
    pub fn is_executed(self) -> bool {
        matches!(self, Self::Complete | Self::Partial)
    }
}
