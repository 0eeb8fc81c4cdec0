//! The one door through which errors leave.

use apollo_compiler::response::GraphQLError;
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{
    cost::Cost,
    request::{Outcome, Response},
    write::Problem,
};
use crate::domain::Error;

/// The member of `extensions` that tells in whole seconds when it is worth to try again.
const RETRY_AFTER: &str = "retryAfterSeconds";

/// So many mistakes in a document are told at once.
const MOST_ERRORS: usize = 20;

/// An answer of errors alone: nothing was executed, so there is no `data`.
pub fn refusal(outcome: Outcome, code: &str, message: &str, correlation_id: &str) -> Response {
    let mut extensions = json!({ "code": code, "correlationId": correlation_id });
    if let Outcome::TooSoon { retry_after_seconds } = outcome {
        extensions[RETRY_AFTER] = retry_after_seconds.into();
    }
    refuse(outcome, vec![json!({ "message": message, "extensions": extensions })])
}

/// Like [`refusal`], for what the caller may not ask.
pub(super) fn forbid(code: &'static str, message: &str, correlation_id: &str) -> Response {
    refusal(Outcome::Forbidden { code }, code, message, correlation_id)
}

/// Like [`refusal`], for a failure of ours or of the sender that has a code of its own.
pub(super) fn refuse_with(outcome: Outcome, error: &Error, correlation_id: &str) -> Response {
    refuse(outcome, vec![json!({ "message": error.to_string(), "extensions": extensions(error, correlation_id, &[]) })])
}

/// What a parser or validator found first, each with its place in the document.
pub(super) fn refuse_document(
    outcome: Outcome,
    code: &str,
    found: impl IntoIterator<Item = GraphQLError>,
    correlation_id: &str,
) -> Response {
    let error = |error: GraphQLError| {
        let locations: Vec<Value> =
            error.locations.iter().map(|at| json!({ "line": at.line, "column": at.column })).collect();
        let mut shown = Map::from_iter([("message".to_owned(), error.message.into())]);
        if !locations.is_empty() {
            shown.insert("locations".to_owned(), locations.into());
        }
        shown.insert("extensions".to_owned(), json!({ "code": code, "correlationId": correlation_id }));
        Value::Object(shown)
    };
    refuse(outcome, found.into_iter().take(MOST_ERRORS).map(error).collect())
}

fn refuse(outcome: Outcome, errors: Vec<Value>) -> Response {
    let body = Bytes::from(json!({ "errors": errors }).to_string());
    Response { outcome, body, cost: Cost::default(), refused: Vec::new() }
}

/// The errors of an answer that was executed. Internal ones are logged here, once, with their causes; the client sees
/// nothing of them.
pub(super) fn report(problems: &[Problem], correlation_id: &str) -> Value {
    let shown = problems.iter().map(|Problem { error, path, location }| {
        let mut shown = json!({ "message": error.to_string() });
        if let Some((line, column)) = location {
            shown["locations"] = json!([{ "line": line, "column": column }]);
        }
        shown["path"] = path.clone().into();
        shown["extensions"] = extensions(error, correlation_id, path);
        shown
    });
    shown.collect()
}

fn extensions(error: &Error, correlation_id: &str, path: &[Value]) -> Value {
    if let Error::Internal(cause) | Error::Unavailable(cause) = error {
        tracing::error!(correlation_id, ?path, cause = %chain(&**cause), "{error}");
    }
    let mut extensions = json!({ "code": error.code(), "correlationId": correlation_id });
    if let Error::RateLimited { retry_after_seconds, .. } = error {
        extensions[RETRY_AFTER] = (*retry_after_seconds).into();
    }
    extensions
}

/// An error with all its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
