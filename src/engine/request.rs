//! What comes in and what goes out: one GraphQL request, one response as bytes.

use apollo_compiler::ast::OperationType;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    cost::{Cost, LEAST, extended},
    gate::Gate,
    limits::Limits,
    refused::Refused,
};

/// One GraphQL request, strictly typed: members of another type than the specification's are refused when it is read.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The document. None is a request error, unless something else names a document.
    pub query: Option<String>,
    /// Names a registered document in place of `query`: `sha256:…`, or its name.
    pub document_id: Option<String>,
    pub operation_name: Option<String>,
    pub variables: Option<Map<String, Value>>,
    pub extensions: Option<Map<String, Value>>,
    /// The cursor after which a live operation goes on, where its transport names one beside the document. It stands in
    /// for the argument `after` of the live field.
    #[serde(skip)]
    pub after: Option<String>,
}

/// What a request may wish for in its `extensions`.
const WISHES: [&str; 2] = ["cost", "dryRun"];

impl Request {
    /// # Errors
    ///
    /// What is wrong with a wish. Were it passed over, whoever writes `"true"` would see done what was only to be tried.
    pub(super) fn check_wishes(&self) -> Result<(), String> {
        let unclear = WISHES.into_iter().find(|wish| {
            let wish = self.extensions.as_ref().and_then(|extensions| extensions.get(*wish));
            wish.is_some_and(|wish| !matches!(wish, Value::Bool(_) | Value::Null))
        });
        unclear.map_or(Ok(()), |wish| Err(format!("`extensions.{wish}` must be true or false")))
    }

    /// Whether `extensions` says `true` to this.
    pub(super) fn wants(&self, what: &str) -> bool {
        self.extensions.as_ref().is_some_and(|extensions| extensions.get(what) == Some(&Value::Bool(true)))
    }
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
    pub cost: Cost,
    /// What its caller asked for and may not see or do.
    pub refused: Vec<Refused>,
}

impl Response {
    /// A refusal with what it costs, unless that was paid: to be told so took some work, unless that is why.
    pub(super) fn charged(mut self, gate: Option<&dyn Gate>) -> Self {
        if self.cost.actual == 0 && !matches!(self.outcome, Outcome::TooSoon { .. }) {
            self.cost.actual = LEAST;
            if let Some(gate) = gate {
                gate.settle(LEAST);
            }
        }
        self
    }

    /// Tells its cost in `extensions`, beside what it may be at most.
    pub(super) fn with_cost(self, limits: &Limits) -> Self {
        let Cost { estimated, actual } = self.cost;
        let cost = json!({ "cost": { "estimated": estimated, "actual": actual, "limit": limits.cost } });
        match self.outcome.is_executed() && actual > 0 {
            true => Self { body: extended(&self.body, &cost), ..self },
            false => self,
        }
    }
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
    /// Not executed: the caller may not ask this, whatever it is about. There is no `data`.
    Forbidden {
        /// As in the error.
        code: &'static str,
    },
    /// Not executed: the operation is of a kind that is not allowed here. There is no `data`.
    NotAllowed,
    /// Not executed: it asks for more than it may. There is no `data`.
    TooMuch,
    /// Not executed: the caller has used up what it may for now. There is no `data`.
    TooSoon {
        /// When it is worth to try again.
        retry_after_seconds: u64,
    },
    /// Not executed: something of ours is not available. There is no `data`.
    Failed,
}

impl Outcome {
    /// Whether there is `data`, if only null.
    pub fn is_executed(self) -> bool {
        matches!(self, Self::Complete | Self::Partial)
    }
}
