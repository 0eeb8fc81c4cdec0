//! Answers a selection level by level; knows GraphQL and none of our entities.
//!
//! [`execute`] leads a request through: [`stored`] finds the document that it names, [`response_cache`] may have the answer,
//! [`document`] reads and [`plan`]s the document once, [`limits`] and [`cost`] refuse what asks for too much, [`run`] loads the
//! levels, [`write`] writes them.

mod access;
mod argument;
mod context;
mod cost;
mod cursor;
mod document;
mod dry_run;
mod error;
mod execute;
mod feed;
mod gate;
mod json;
mod leaf;
mod limits;
mod live;
mod node;
mod object;
mod part;
mod plan;
mod refused;
mod relation;
mod request;
mod response_cache;
mod run;
mod scalar;
mod schema;
mod selection;
mod stored;
mod suggestion;
mod syntax;
#[cfg(test)]
mod tests;
mod types;
mod write;

use std::sync::Arc;

use apollo_compiler::{Name, Schema, collections::HashMap, schema::Implementers, validation::Valid};

pub use access::Access;
pub use argument::{Args, Argument, argument};
pub use context::Context;
pub use cost::Cost;
pub use cursor::CursorKey;
pub use dry_run::{Rehearsal, Rehearse};
pub use error::refusal;
pub use feed::{Feed, Opened, Payload};
pub use gate::{Gate, Leave};
pub use json::{global_id, parse_id};
pub use leaf::next_midnight;
pub use limits::Limits;
pub use live::{Answers, Listen, Listening, Payloads};
pub use node::{FindRefs, NodeRef};
pub use object::{Described, Field, Object};
pub use refused::{HearRefused, Refused};
pub use relation::{Paged, Wanted};
pub use request::{Allowed, Outcome, Request, Response};
pub use response_cache::{ReadVersions, Versions};
pub use scalar::{Date, DateTime, Duration};
pub use schema::union_of;
pub use stored::FindDocument;

use self::{
    document::Documents, error::refuse_with, live::outcome_of, response_cache::ResponseCache, run::Rows,
    stored::Stored, types::Types,
};

/// What an engine is built with.
pub struct Settings {
    pub limits: Limits,
    /// How many read documents are kept.
    pub documents: usize,
    /// How many bytes of documents are kept that clients send once and then name by their hash; 0 turns that off.
    pub automatic_bytes: usize,
    /// Finds registered documents.
    pub find_document: FindDocument,
    /// How many bytes of answers are kept; none turns the response cache off.
    pub response_bytes: Option<usize>,
    pub cursor_key: CursorKey,
    /// Tells the cache what has changed.
    pub read_versions: ReadVersions,
    /// Lets a dry run see what would be asked of the database.
    pub rehearse: Rehearse,
}

/// A schema that can be asked. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    sdl: String,
    schema: Valid<Schema>,
    implementers: HashMap<Name, Implementers>,
    types: Types,
    query: Box<Rows>,
    mutation: Box<Rows>,
    documents: Documents,
    stored: Stored,
    cache: Option<ResponseCache>,
    limits: Limits,
    cursors: CursorKey,
    rehearse: Rehearse,
}

impl Engine {
    /// The engine of everything that can be reached from the roots of queries `Q`, of mutations `M`, and of live feeds `L`.
    ///
    /// # Panics
    ///
    /// If the descriptions do not make a valid schema: a fault that every start and every test finds.
    pub fn new<Q: Described + Default, M: Described + Default, L: Described>(settings: Settings) -> Self {
        let sdl = schema::sdl::<Q, M, L>();
        let schema = Schema::parse_and_validate(&sdl, "schema.graphql");
        let schema =
            schema.unwrap_or_else(|refused| panic!("the descriptions make no valid schema: {}", refused.errors));
        let implementers = schema.implementers_map();
        let mut types = Types::default();
        types.add::<Q>();
        types.add::<M>();
        types.add::<L>();
        Self(Arc::new(Inner {
            sdl,
            schema,
            implementers,
            types,
            query: Box::new(vec![Q::default()]),
            mutation: Box::new(vec![M::default()]),
            documents: Documents::new(settings.documents),
            stored: Stored::new(settings.find_document, settings.documents, settings.automatic_bytes),
            cache: settings.response_bytes.map(|bytes| ResponseCache::new(bytes, settings.read_versions)),
            limits: settings.limits,
            cursors: settings.cursor_key,
            rehearse: settings.rehearse,
        }))
    }

    /// The schema as clients see it.
    pub fn sdl(&self) -> &str {
        &self.0.sdl
    }

    /// Who may see what: each type, each followed by its fields.
    pub fn access(&self) -> Vec<Access> {
        access::all(&self.0.types)
    }

    /// Answers a query or mutation, or begins a live operation.
    pub async fn open(&self, request: Request, allowed: Allowed, context: Context) -> Opened {
        let gate = context.gate.clone();
        let request = match self.0.resolved(request, allowed, &context).await {
            Ok(request) => request,
            Err(refused) => return Opened::Answered(refused.charged(gate.as_deref())),
        };
        let begun = match self.0.begun(&request, allowed, context).await {
            Ok(Ok(begun)) => begun,
            Ok(Err(context)) => return Opened::Answered(self.0.answered(&request, allowed, &context).await),
            Err(refused) => return Opened::Answered(refused.charged(gate.as_deref())),
        };
        let id = begun.context.correlation_id.clone();
        let forbidden = begun.forbidden();
        // Who may hear nothing pays for being told so.
        let cost = forbidden.as_ref().map_or(begun.estimated, |answer| answer.cost.actual);
        if let Err(error) = begun.context.charge(cost) {
            return Opened::Answered(refuse_with(outcome_of(&error), &error, &id));
        }
        if let Some(answer) = forbidden {
            return Opened::Answered(self.0.completed(&request, answer));
        }
        match begun.listen(&request).await {
            Ok(feed) => Opened::Live(feed),
            Err(error) => Opened::Answered(refuse_with(outcome_of(&error), &error, &id)),
        }
    }

    /// Answers one request. Never fails: what goes wrong is told in the response.
    pub async fn execute(&self, request: Request, allowed: Allowed, context: Context) -> Response {
        match self.0.resolved(request, allowed, &context).await {
            Ok(request) => self.0.answered(&request, allowed, &context).await,
            Err(refused) => refused.charged(context.gate.as_deref()),
        }
    }

    /// The names of the operations in a document that can be executed, none for one without a name.
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with it.
    pub fn check(&self, text: &str) -> Result<Vec<Option<String>>, Response> {
        let Inner { documents, schema, limits, .. } = &*self.0;
        let document = documents.read(text, schema, limits, Allowed::Live, true, "check")?;
        let operations = document.executable.operations.iter();
        Ok(operations.map(|operation| operation.name.as_ref().map(ToString::to_string)).collect())
    }
}
