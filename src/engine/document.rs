//! A document, read once: parsed, measured, validated, planned; then kept by its text.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use apollo_compiler::{
    ExecutableDocument, Name, Node, Schema, ast, executable::Operation, parser::Parser, response::GraphQLError,
    validation::Valid,
};
use apollo_parser::{Lexer, TokenKind};
use quick_cache::sync::Cache;

use super::{
    argument::Variables,
    error::{refusal, refuse_document, refuse_with},
    limits::{Limits, check_document, condition_variables, within},
    plan::{Plan, plan},
    request::{Allowed, Outcome, Response},
    suggestion::with_suggestion,
    syntax::first_error,
    types::Types,
};
use crate::domain;

/// Braces and brackets inside each other before the parser gives up; far beyond [`Limits::depth`], so that one tells.
const PARSER_RECURSION: usize = 200;

/// Longer documents, in bytes, are executed and not kept.
pub(super) const LARGEST_KEPT: usize = 64 * 1024;

/// Plans kept for one operation: one for each combination of its conditions.
const MOST_PLANS: usize = 16;

/// A document that may be executed.
pub(super) struct Document {
    pub(super) executable: Valid<ExecutableDocument>,
    conditions: Vec<Name>,
    plans: RwLock<HashMap<PlanKey, Arc<Plan>>>,
}

/// The operation's name, and which of the conditions hold.
type PlanKey = (Option<Name>, Vec<bool>);

/// All that was read lately.
pub(super) struct Documents(Cache<Arc<str>, Arc<Document>>);

impl Documents {
    /// Keeps up to `count` documents.
    pub(super) fn new(count: usize) -> Self {
        Self(Cache::new(count))
    }

    /// The document with this text, if it was read lately.
    pub(super) fn known(&self, text: &str) -> Option<Arc<Document>> {
        self.0.get(text)
    }

    /// Reads the document with this text. Who may look at the schema is told what mistakes may have meant (`suggests`).
    ///
    /// # Errors
    ///
    /// The answer that tells what is wrong with it.
    pub(super) fn read(
        &self,
        text: &str,
        schema: &Valid<Schema>,
        limits: &Limits,
        allowed: Allowed,
        suggests: bool,
        correlation_id: &str,
    ) -> Result<Arc<Document>, Response> {
        let document = Arc::new(read(text, schema, limits, allowed, suggests, correlation_id)?);
        if text.len() <= LARGEST_KEPT {
            self.0.insert(text.into(), Arc::clone(&document));
        }
        Ok(document)
    }
}

fn read(
    text: &str,
    schema: &Valid<Schema>,
    limits: &Limits,
    allowed: Allowed,
    suggests: bool,
    correlation_id: &str,
) -> Result<Document, Response> {
    check_levels(text, limits).map_err(|error| refuse_with(Outcome::TooMuch, &error, correlation_id))?;
    let mut parser = Parser::new().token_limit(limits.tokens).recursion_limit(PARSER_RECURSION);
    let parsed = parser.parse_ast(text, "query.graphql");
    check_reading(&parser, limits).map_err(|error| refuse_with(Outcome::TooMuch, &error, correlation_id))?;
    let parsed = parsed.map_err(|refused| {
        let found = first_error(text, &refused);
        refuse_document(Outcome::Malformed, "GRAPHQL_PARSE_FAILED", found, correlation_id)
    })?;
    // Before validation: a GET must hear that it may not write, not that there is nothing to write.
    let forbidden = |definition: &ast::Definition| match definition {
        ast::Definition::OperationDefinition(operation) => !allowed.admits(operation.operation_type),
        _ => false,
    };
    if !parsed.definitions.is_empty() && parsed.definitions.iter().all(forbidden) {
        return Err(not_allowed(correlation_id));
    }
    check_document(&parsed, limits).map_err(|error| refuse_with(Outcome::TooMuch, &error, correlation_id))?;
    let executable = parsed.to_executable_validate(schema).map_err(|refused| {
        let told = |error: GraphQLError| if suggests { with_suggestion(error, schema) } else { error };
        let found = refused.errors.iter().map(|error| told(error.to_json()));
        refuse_document(Outcome::Invalid, "GRAPHQL_VALIDATION_FAILED", found, correlation_id)
    })?;
    Ok(Document { executable, conditions: condition_variables(&parsed), plans: RwLock::default() })
}

/// Refuses a text that is deeper than the parser goes. It would note an error for each level beyond: 50 MB for 20 kB.
fn check_levels(text: &str, limits: &Limits) -> domain::Result<()> {
    let (mut level, mut deepest) = (0_u64, 0_u64);
    for token in Lexer::new(text).with_limit(limits.tokens).flatten() {
        match token.kind() {
            TokenKind::LCurly | TokenKind::LBracket | TokenKind::LParen => level += 1,
            TokenKind::RCurly | TokenKind::RBracket | TokenKind::RParen => level = level.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(level);
    }
    not_too_deep(deepest)
}

/// Refuses a text that the parser gave up.
fn check_reading(parser: &Parser, limits: &Limits) -> domain::Result<()> {
    let (tokens, levels) = (parser.tokens_reached() as u64, parser.recursion_reached() as u64);
    let shorter = "split the request, or put values into variables";
    within("the number of tokens in the document", tokens, limits.tokens as u64, shorter)?;
    not_too_deep(levels)
}

fn not_too_deep(levels: u64) -> domain::Result<()> {
    let flatter = "nest less, or put deep values into variables";
    within("the depth of the document, braces and brackets together,", levels, PARSER_RECURSION as u64, flatter)
}

fn not_allowed(correlation_id: &str) -> Response {
    let message = "only queries may be asked by GET; send a mutation or subscription by POST";
    refusal(Outcome::NotAllowed, "METHOD_NOT_ALLOWED", message, correlation_id)
}

impl Document {
    /// The operation that a request names, or the only one.
    pub(super) fn operation(
        &self,
        name: Option<&str>,
        allowed: Allowed,
        correlation_id: &str,
    ) -> Result<&Node<Operation>, Response> {
        let operation = self.executable.operations.get(name.filter(|name| !name.is_empty())).map_err(|_| {
            let message = match name {
                Some(name) => {
                    let shown: String = name.chars().take(100).collect();
                    format!("the document has no operation named {shown:?}")
                }
                None => "the document has several operations; name one with `operationName`".to_owned(),
            };
            refusal(Outcome::Invalid, "OPERATION_RESOLUTION_FAILURE", &message, correlation_id)
        })?;
        if !allowed.admits(operation.operation_type) {
            return Err(not_allowed(correlation_id));
        }
        Ok(operation)
    }

    /// The plan of `operation` under these variables.
    pub(super) fn plan(
        &self,
        operation: &Operation,
        variables: &Variables,
        schema: &Valid<Schema>,
        types: &Types,
    ) -> Arc<Plan> {
        let holds = |name: &Name| variables.get(name.as_str()).and_then(|value| value.as_bool()).unwrap_or(false);
        let decided: Vec<bool> = self.conditions.iter().map(holds).collect();
        let key = (operation.name.clone(), decided);
        if let Some(plan) = self.plans.read().unwrap_or_else(PoisonError::into_inner).get(&key) {
            return Arc::clone(plan);
        }
        let conditions: Vec<(Name, bool)> = self.conditions.iter().cloned().zip(key.1.iter().copied()).collect();
        let plan = Arc::new(plan(schema, types, &self.executable, operation, &conditions));
        let mut plans = self.plans.write().unwrap_or_else(PoisonError::into_inner);
        if plans.len() < MOST_PLANS {
            plans.insert(key, Arc::clone(&plan));
        }
        plan
    }
}
