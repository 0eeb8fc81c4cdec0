//! Live fields: how one is described, begun, and how its events become payloads.
//!
//! Where events come from is not known here. A field's `listen` gets a [`Listening`], and with it what answers events.

use std::{marker::PhantomData, sync::Arc};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures::{
    StreamExt,
    future::{BoxFuture, FutureExt},
    stream::BoxStream,
};
use sha2::{Digest, Sha256};

use super::{
    Inner,
    access::needs_of_member,
    argument::{Args, Variables},
    context::Context,
    cost::{Cost, LEAST},
    error::{self, refuse_with},
    feed::{Feed, Payload},
    object::Described,
    plan::Plan,
    refused::{Refused, refused_in},
    request::{Outcome, Request, Response},
    selection::{ResponseKey, Selection, What},
    types::{Child, child},
    write::{Nulled, Writer},
};
use crate::domain::{Error, Result, access::Permissions, page::Position};

/// Payloads in order; an error is the last one.
pub type Payloads = BoxStream<'static, Result<Payload>>;

/// Begins a live field of events `E`.
pub type Listen<E> = fn(Listening<E>) -> BoxFuture<'static, Result<Payloads>>;

/// One operation on a live field.
pub struct Listening<E> {
    /// What the field was asked for.
    pub args: Args,
    /// The same for all whose events are answered alike: audience, document, operation, and variables but for `after`.
    pub key: [u8; 32],
    /// Answers its events.
    pub answers: Answers<E>,
}

/// Writes the payloads of one operation's events.
pub struct Answers<E> {
    begun: Begun,
    event: PhantomData<fn(E)>,
}

/// A live operation as it was planned.
#[derive(Clone)]
pub(super) struct Begun {
    pub(super) engine: Arc<Inner>,
    pub(super) plan: Arc<Plan>,
    pub(super) variables: Arc<Variables>,
    pub(super) context: Arc<Context>,
    /// What its opening may cost.
    pub(super) estimated: u64,
}

impl<E: Described> Answers<E> {
    /// Who listens, at the time when the operation was begun.
    pub fn context(&self) -> &Context {
        &self.begun.context
    }

    /// `{"data": …}` for each event, as of `now`. What is selected on them is loaded once for all.
    pub async fn answer(&self, events: Vec<E>, now: DateTime<Utc>) -> Vec<Bytes> {
        let Begun { engine, plan, variables, context, .. } = &self.begun;
        let Some((key, selection)) = plan.live() else { return Vec::new() };
        let context = context.at(now);
        let run = engine.run(&context, variables);
        let count = events.len();
        let events: Box<super::run::Rows> = Box::new(events);
        let joined = selection.object.join(&*events, selection, &run).await;
        let nothing = serde_json::Map::new();
        let mut writer = Writer::new(now, context.permissions, &nothing, engine.limits.answer_bytes);
        let write = |index| {
            let written =
                writer.root(key, |writer| selection.object.write(&*events, index, selection, &joined, writer));
            let is_null = matches!(written, Err(Nulled));
            let (body, refused) = finish(&mut writer, is_null, &context);
            context.tell_refused(&refused);
            body
        };
        let payloads = (0..count).map(write).collect();
        // Whose evaluation it was pays for it, however many hear of it.
        self.begun.context.settle(writer.objects + count as u64);
        payloads
    }

    /// Whether those who listen may see objects of that type.
    pub fn may_see(&self, type_name: &str) -> bool {
        let needs = self.begun.engine.types.get(type_name).map_or(Permissions::NONE, |object| object.needs());
        self.context().permissions.missing(needs).is_none()
    }

    /// Whether those who listen may be told of a member of objects of that type, named as events name members.
    pub fn may_be_told(&self, type_name: &str, member: &str) -> bool {
        let needs = needs_of_member(&self.begun.engine.types, type_name, member);
        self.context().permissions.missing(needs).is_none()
    }

    /// Seals a place in the list of that name.
    pub fn cursor(&self, list: &str, position: &Position) -> Arc<str> {
        self.begun.engine.cursors.seal(self.begun.context.scope, list, position).into()
    }

    /// The place that [`Answers::cursor`] sealed.
    ///
    /// # Errors
    ///
    /// [`Error::Invalid`] for anything else.
    pub fn open(&self, list: &str, argument: &'static str, cursor: &str) -> Result<Position> {
        self.begun.engine.cursors.open(self.begun.context.scope, list, argument, cursor).map_err(|_| {
            let reason = "this is not a cursor of this field, or was given for other customers than you reach now; take \
                          `cursor` of one of its events, or leave it out to begin anew";
            Error::invalid(argument, reason)
        })
    }
}

/// The bytes of one payload, and what it refuses; the writer is as new then. A copy, since the writer's buffer is larger
/// than most payloads.
fn finish(writer: &mut Writer<'_>, is_null: bool, context: &Context) -> (Bytes, Vec<Refused>) {
    if is_null {
        writer.json.truncate(0);
        writer.json.raw(b"{\"data\":null");
    }
    let problems = writer.take_problems();
    if !problems.is_empty() {
        writer.json.raw(b",\"errors\":");
        let errors = error::report(&problems, &context.correlation_id);
        writer.json.raw(errors.to_string().as_bytes());
    }
    writer.json.raw(b"}");
    let body = Bytes::copy_from_slice(writer.json.as_bytes());
    writer.json.truncate(0);
    (body, refused_in(&problems))
}

impl Plan {
    /// The only field of a live operation.
    fn live(&self) -> Option<(&ResponseKey, &Selection)> {
        match self.root.fields.as_slice() {
            [only] => match &only.what {
                What::Live(_, selection) => Some((&only.key, selection)),
                _ => None,
            },
            _ => None,
        }
    }
}

impl Begun {
    /// The answer to a caller that may not hear what it asks for.
    pub(super) fn forbidden(&self) -> Option<Response> {
        let [selected] = self.plan.root.fields.as_slice() else { return None };
        let permission = self.context.permissions.missing(selected.needs)?;
        let nothing = serde_json::Map::new();
        let most = self.engine.limits.answer_bytes;
        let mut writer = Writer::new(self.context.now, self.context.permissions, &nothing, most);
        let written = writer.root(&selected.key, |writer| writer.forbidden(selected, permission));
        let (body, refused) = finish(&mut writer, written.is_err(), &self.context);
        let cost = Cost { estimated: self.estimated, actual: LEAST };
        Some(Response { outcome: Outcome::Partial, body, cost, refused })
    }

    /// Begins to listen.
    ///
    /// # Errors
    ///
    /// What is wrong with the arguments, or with what was to be read.
    pub(super) async fn listen(self, request: &Request) -> Result<Feed> {
        let [selected] = self.plan.root.fields.as_slice() else {
            return Err(Error::invalid("subscription", "ask for exactly one field"));
        };
        let What::Live(field, _) = selected.what else {
            return Err(Error::invalid("subscription", "ask for a live field"));
        };
        let mut args = Args::new(&selected.arguments, &self.variables);
        if let Some(after) = &request.after {
            args.set("after", after.as_str());
        }
        let after = selected.arguments.iter().find(|argument| argument.name == "after");
        let after = after.and_then(|after| after.value.as_variable());
        let key = sharing_key(request, &self.context.audience, after.map(|name| name.as_str()));
        let object = Arc::clone(&self.plan.root.object);
        let correlation_id = self.context.correlation_id.clone();
        let payloads = object.listen(field, args, key, self).await?;
        let refuse = move |error: Error| refuse_with(outcome_of(&error), &error, &correlation_id);
        Ok(payloads.map(move |payload| payload.map_err(&refuse)).boxed())
    }
}

/// How far an operation came that ends with `error`.
pub(super) fn outcome_of(error: &Error) -> Outcome {
    match error {
        Error::Internal(_) | Error::Unavailable(_) => Outcome::Failed,
        Error::LimitExceeded { .. } => Outcome::TooMuch,
        Error::RateLimited { retry_after_seconds, .. } => {
            Outcome::TooSoon { retry_after_seconds: *retry_after_seconds }
        }
        _ => Outcome::Invalid,
    }
}

/// Those with the same key get the same payloads. Where each begins is its own affair, unless the variable that tells it
/// stands in a second place.
fn sharing_key(request: &Request, audience: &str, after: Option<&str>) -> [u8; 32] {
    let text = request.query.as_deref().unwrap_or_default();
    let after = after.filter(|name| uses(text, name) == 2);
    let mut hash = Sha256::new();
    let mut part = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_le_bytes());
        hash.update(bytes);
    };
    part(audience.as_bytes());
    part(text.as_bytes());
    part(request.operation_name.as_deref().unwrap_or_default().as_bytes());
    for (name, value) in request.variables.iter().flatten().filter(|(name, _)| Some(name.as_str()) != after) {
        part(name.as_bytes());
        part(value.to_string().as_bytes());
    }
    hash.finalize().into()
}

/// How often a document names a variable, its definition included.
fn uses(text: &str, variable: &str) -> usize {
    let is_whole = |rest: &str| !rest.starts_with(|next: char| next.is_ascii_alphanumeric() || next == '_');
    text.split('$').skip(1).filter(|rest| rest.strip_prefix(variable).is_some_and(is_whole)).count()
}

/// A live field of the root, whatever its events are.
pub(super) trait LiveField: Send + Sync {
    fn child(&self) -> Child;
    fn listen(&self, args: Args, key: [u8; 32], begun: Begun) -> BoxFuture<'static, Result<Payloads>>;
}

/// A live field of events `E`.
pub(super) struct LiveOf<E>(pub(super) Listen<E>);

impl<E: Described> LiveField for LiveOf<E> {
    fn child(&self) -> Child {
        child::<E>()
    }

    fn listen(&self, args: Args, key: [u8; 32], begun: Begun) -> BoxFuture<'static, Result<Payloads>> {
        (self.0)(Listening { args, key, answers: Answers { begun, event: PhantomData } }).boxed()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn key(query: &str, variables: serde_json::Value) -> [u8; 32] {
        let variables = variables.as_object().cloned();
        sharing_key(&Request { query: Some(query.to_owned()), variables, ..Request::default() }, "who", Some("after"))
    }

    #[test]
    fn those_who_begin_elsewhere_share_the_rest() {
        let query =
            "subscription($after: String, $afterwards: Int) { changed(after: $after) { name(n: $afterwards) } }";
        assert_eq!(key(query, json!({ "after": "a" })), key(query, json!({ "after": "b" })));
        assert_eq!(key(query, json!({ "after": "a" })), key(query, json!({})));
        assert_ne!(key(query, json!({ "afterwards": 1 })), key(query, json!({ "afterwards": 2 })));
    }

    #[test]
    fn a_variable_that_is_used_again_is_not_only_where_one_begins() {
        let query = "subscription($after: String) { changed(after: $after) { pages(after: $after) } }";
        assert_ne!(key(query, json!({ "after": "a" })), key(query, json!({ "after": "b" })));
    }
}
