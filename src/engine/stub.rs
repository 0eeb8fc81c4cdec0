//! Stands in until the engine is there: answers through async-graphql alone.

use async_graphql::{EmptyMutation, EmptySubscription, Object, Schema, Variables, parser::types::OperationType};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::{Allowed, Outcome, Request, Response};

struct QueryRoot;

#[Object(name = "Query")]
impl QueryRoot {
    async fn stub(&self) -> bool {
        true
    }
}

#[derive(Clone)]
pub struct Engine {
    schema: Schema<QueryRoot, EmptyMutation, EmptySubscription>,
    sdl: std::sync::Arc<str>,
}

pub struct Context {
    pub correlation_id: String,
}

impl Engine {
    pub(crate) fn stub() -> Self {
        let schema = Schema::new(QueryRoot, EmptyMutation, EmptySubscription);
        let sdl = schema.sdl().into();
        Self { schema, sdl }
    }

    pub async fn execute(&self, request: Request, allowed: Allowed, context: Context) -> Response {
        let id = &context.correlation_id;
        let Some(query) = request.query else {
            return refusal(Outcome::Malformed, "GRAPHQL_PARSE_FAILED", "there is no document", id);
        };
        let document = match async_graphql::parser::parse_query(&query) {
            Ok(document) => document,
            Err(error) => return refusal(Outcome::Malformed, "GRAPHQL_PARSE_FAILED", &error.to_string(), id),
        };
        let changes = document.operations.iter().any(|(_, operation)| operation.node.ty != OperationType::Query);
        if changes && allowed == Allowed::Queries {
            return refusal(Outcome::NotAllowed, "METHOD_NOT_ALLOWED", "a GET may only read; use POST", id);
        }
        let mut inner = async_graphql::Request::new(query)
            .variables(Variables::from_json(Value::Object(request.variables.unwrap_or_default())));
        inner.operation_name = request.operation_name;
        let answer = self.schema.execute(inner).await;
        match answer.errors.first() {
            Some(error) if error.path.is_empty() => {
                refusal(Outcome::Invalid, "GRAPHQL_VALIDATION_FAILED", &error.message, id)
            }
            Some(_) => body(Outcome::Partial, &json!(answer)),
            None => body(Outcome::Complete, &json!({ "data": answer.data })),
        }
    }

    pub fn sdl(&self) -> &str {
        &self.sdl
    }
}

/// A response without data, made outside of execution.
pub fn refusal(outcome: Outcome, code: &str, message: &str, correlation_id: &str) -> Response {
    let mut extensions = Map::new();
    extensions.insert("code".to_owned(), code.into());
    extensions.insert("correlationId".to_owned(), correlation_id.into());
    body(outcome, &json!({ "errors": [{ "message": message, "extensions": extensions }] }))
}

fn body(outcome: Outcome, body: &Value) -> Response {
    Response { outcome, body: Bytes::from(body.to_string()) }
}
