//! One request from its text to its answer.

use std::sync::Arc;

use apollo_compiler::{
    ExecutableDocument,
    ast::OperationType,
    executable::Operation,
    introspection,
    request::{RequestError, coerce_variable_values},
    validation::Valid,
};
use serde_json::{Map, Value};

use super::{
    Inner,
    argument::Variables,
    context::Context,
    cost::{self, Asked, Cost, estimate, objects_in},
    document::Document,
    dry_run::{Rehearsal, dry_run},
    error::{self, forbid, refusal, refuse_document, refuse_with},
    limits::check_cost,
    live::{Begun, outcome_of},
    plan::Plan,
    refused::refused_in,
    request::{Allowed, Outcome, Request, Response},
    run::{Rows, Run},
    write::{Nulled, Writer},
};
use crate::domain::{self, Error};

impl Inner {
    /// The request with the text of the document that it names.
    ///
    /// # Errors
    ///
    /// The response to a request that is refused.
    pub(super) async fn resolved(
        &self,
        request: Request,
        allowed: Allowed,
        context: &Context,
    ) -> Result<Request, Response> {
        let id = &context.correlation_id;
        request.check_wishes().map_err(|message| refusal(Outcome::Malformed, "BAD_REQUEST", &message, id))?;
        let (request, hash) = self.stored.resolve(request, context).await?;
        if let (Some(hash), Some(text)) = (hash, &request.query) {
            self.document(text, allowed, context).await?;
            self.stored.learn(context.scope, hash, text);
        }
        Ok(request)
    }

    /// The document with this text. One that was not read lately is read when its sender's lane has a place for it, and costs
    /// as much as it is long unless it can be executed.
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with it.
    async fn document(&self, text: &str, allowed: Allowed, context: &Context) -> Result<Arc<Document>, Response> {
        if let Some(known) = self.documents.known(text) {
            return Ok(known);
        }
        let (id, cost) = (&context.correlation_id, cost::reading(text));
        let leave = context.enter(cost).await.map_err(|error| refuse_with(outcome_of(&error), &error, id))?;
        let read = self.documents.read(text, &self.schema, &self.limits, allowed, context.may_introspect, id);
        leave(if read.is_ok() { 0 } else { cost });
        read.map_err(|refused| Response { cost: Cost { estimated: 0, actual: cost }, ..refused })
    }

    pub(super) async fn answered(&self, request: &Request, allowed: Allowed, context: &Context) -> Response {
        let answered = self.execute(request, allowed, context).await;
        self.completed(request, answered.unwrap_or_else(|refused| refused.charged(context.gate.as_deref())))
    }

    /// The response with what it cost, if the request wants to know.
    pub(super) fn completed(&self, request: &Request, response: Response) -> Response {
        if request.wants("cost") { response.with_cost(&self.limits) } else { response }
    }

    /// # Errors
    ///
    /// The response to a request that is not executed.
    async fn execute(&self, request: &Request, allowed: Allowed, context: &Context) -> Result<Response, Response> {
        let id = &context.correlation_id;
        let text = text_of(request, id)?;
        let is_dry_run = request.wants("dryRun");
        let place = match &self.cache {
            Some(cache) if !is_dry_run => match cache.look_up(request, context).await {
                Ok(Ok(body)) => {
                    context.charge(cost::LEAST).map_err(|error| refuse_with(outcome_of(&error), &error, id))?;
                    return Ok(Response { outcome: Outcome::Complete, body, cost: Cost::KEPT, refused: Vec::new() });
                }
                Ok(Err(place)) => Some((cache, place)),
                Err(error) => return Err(refuse_with(Outcome::Failed, &error, id)),
            },
            _ => None,
        };
        let document = self.document(text, allowed, context).await?;
        let operation = document.operation(request.operation_name.as_deref(), allowed, id)?;
        if operation.operation_type == OperationType::Subscription && !is_dry_run {
            return Err(refusal(Outcome::Invalid, "LIVE_TRANSPORT_REQUIRED", LIVE_TRANSPORTS, id));
        }
        let variables = self.variables(&document, operation, request.variables.as_ref(), id)?;
        let plan = document.plan(operation, &variables, &self.schema, &self.types);
        if plan.introspects && !context.may_introspect {
            return Err(forbid("FORBIDDEN", INTROSPECTION_CLOSED, id));
        }
        if is_dry_run {
            let leave = context.enter(cost::LEAST).await;
            let leave = leave.map_err(|error| refuse_with(outcome_of(&error), &error, id))?;
            let Rehearsal { context, noted } = (self.rehearse)(context);
            let run = Run { is_rehearsal: true, ..self.run(&context, &variables) };
            let answer = dry_run(&plan, self.limits.cost, &run, &*noted).await;
            leave(answer.cost.actual);
            return Ok(answer);
        }
        let estimated =
            self.affordable(&plan, &variables).map_err(|error| refuse_with(Outcome::TooMuch, &error, id))?;
        let leave = context.enter(estimated).await.map_err(|error| {
            let refused = refuse_with(outcome_of(&error), &error, id);
            Response { cost: Cost { estimated, actual: 0 }, ..refused }
        })?;
        let introspected = match plan.introspects {
            true => self.introspect(&document.executable, operation, &variables, id),
            false => Ok(Map::new()),
        };
        let introspected = match introspected {
            Ok(introspected) => introspected,
            Err(refused) => {
                leave(0);
                return Err(refused);
            }
        };
        let root = match operation.is_query() {
            true => &*self.query,
            false => &*self.mutation,
        };
        let mut answer = self.answer(root, &plan, &variables, &introspected, context).await;
        answer.response.cost.estimated = estimated;
        leave(answer.response.cost.actual);
        if let (true, Some((cache, place)), Outcome::Complete) = (operation.is_query(), place, answer.response.outcome)
        {
            cache.keep(place, &plan, &answer.response.body, answer.changes_at);
        }
        Ok(answer.response)
    }

    /// The live operation of a request, not charged yet; its context back if it is not live.
    ///
    /// # Errors
    ///
    /// The response to a request that is refused.
    pub(super) async fn begun(
        self: &Arc<Self>,
        request: &Request,
        allowed: Allowed,
        context: Context,
    ) -> Result<Result<Begun, Context>, Response> {
        let id = &context.correlation_id;
        let document = self.document(text_of(request, id)?, allowed, &context).await?;
        let operation = document.operation(request.operation_name.as_deref(), allowed, id)?;
        let is_live = operation.operation_type == OperationType::Subscription;
        if !is_live || allowed == Allowed::Everything || request.wants("dryRun") {
            return Ok(Err(context));
        }
        let variables = self.variables(&document, operation, request.variables.as_ref(), id)?;
        let plan = document.plan(operation, &variables, &self.schema, &self.types);
        let estimated =
            self.affordable(&plan, &variables).map_err(|error| refuse_with(Outcome::TooMuch, &error, id))?;
        let variables = Arc::new(variables.into_inner());
        Ok(Ok(Begun { engine: Arc::clone(self), plan, variables, context: Arc::new(context), estimated }))
    }

    /// What the answer may cost.
    ///
    /// # Errors
    ///
    /// If that is more than one request may.
    fn affordable(&self, plan: &Plan, variables: &Variables) -> domain::Result<u64> {
        let estimated = estimate(plan, Asked { variables, page_size: self.limits.page_size });
        check_cost(estimated, &self.limits).map(|()| estimated)
    }

    fn variables(
        &self,
        document: &Document,
        operation: &Operation,
        given: Option<&Map<String, Value>>,
        id: &str,
    ) -> Result<Valid<Variables>, Response> {
        let given = given.into_iter().flatten().map(|(name, value)| (name.as_str().into(), value.clone().into()));
        coerce_variable_values(&self.schema, operation, &given.collect())
            .map_err(|error| refuse_request(&document.executable, &error, id))
    }

    fn introspect(
        &self,
        document: &Valid<ExecutableDocument>,
        operation: &Operation,
        variables: &Valid<Variables>,
        id: &str,
    ) -> Result<Map<String, Value>, Response> {
        introspection::check_max_depth(document, operation).map_err(|_| {
            let reason = "lists stand too deep inside each other; ask for single types with `__type(name:)`";
            refuse_with(Outcome::TooMuch, &Error::invalid("introspection", reason), id)
        })?;
        let answer = introspection::partial_execute(&self.schema, &self.implementers, document, operation, variables)
            .map_err(|error| refuse_request(document, &error, id))?;
        match serde_json::to_value(answer.data) {
            Ok(Value::Object(data)) => Ok(data),
            _ => Ok(Map::new()),
        }
    }

    pub(super) fn run<'a>(&'a self, context: &'a Context, variables: &'a Variables) -> Run<'a> {
        let Self { types, cursors, limits, .. } = self;
        Run { context, types, variables, cursors, page_size: limits.page_size, is_rehearsal: false }
    }

    async fn answer(
        &self,
        root: &Rows,
        plan: &Plan,
        variables: &Variables,
        introspected: &Map<String, Value>,
        context: &Context,
    ) -> Answer {
        let run = self.run(context, variables);
        let joined = plan.root.object.join(root, &plan.root, &run).await;
        let mut writer = Writer::new(context.now, context.permissions, introspected, self.limits.answer_bytes);
        writer.json.raw(b"{\"data\":");
        let start = writer.json.len();
        if let Err(Nulled) = plan.root.object.write(root, 0, &plan.root, &joined, &mut writer) {
            writer.json.truncate(start);
            writer.json.null();
        }
        let problems = writer.take_problems();
        let outcome = if problems.is_empty() {
            Outcome::Complete
        } else {
            writer.json.raw(b",\"errors\":");
            let errors = error::report(&problems, &context.correlation_id);
            writer.json.raw(errors.to_string().as_bytes());
            Outcome::Partial
        };
        writer.json.raw(b"}");
        let changes_at = [writer.earliest_change(), context.changes_at()].into_iter().flatten().min();
        let objects = writer.objects + introspected.values().map(objects_in).sum::<u64>();
        let cost = Cost { estimated: 0, actual: objects.max(cost::LEAST) };
        let refused = refused_in(&problems);
        let body = writer.json.into_bytes();
        Answer { response: Response { outcome, body, cost, refused }, changes_at }
    }
}

/// An executed response, and when it would be another though nothing were written.
struct Answer {
    response: Response,
    changes_at: Option<chrono::DateTime<chrono::Utc>>,
}

/// Where live operations are answered.
const LIVE_TRANSPORTS: &str = "a live operation is answered more than once; open a WebSocket with the protocol \
                               graphql-transport-ws, or send the request with `accept: text/event-stream` or \
                               `accept: multipart/mixed; subscriptionSpec=1.0`";

const INTROSPECTION_CLOSED: &str = "your roles may not look at the schema; ask an administrator for a role that may, or to \
                                    name yours in limits.introspection. `__typename` is always answered";

fn text_of<'a>(request: &'a Request, id: &str) -> Result<&'a str, Response> {
    request.query.as_deref().ok_or_else(|| {
        let message = "the request has no `query`; send {\"query\": \"{ viewer { name } }\"}";
        refusal(Outcome::Malformed, "BAD_REQUEST", message, id)
    })
}

fn refuse_request(document: &ExecutableDocument, error: &RequestError, id: &str) -> Response {
    refuse_document(Outcome::Invalid, "BAD_USER_INPUT", [error.to_graphql_error(&document.sources)], id)
}
