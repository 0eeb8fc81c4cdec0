//! Answers a selection level by level; knows GraphQL and none of our entities.

mod request;
mod stub;

pub use request::{Allowed, Outcome, Request, Response};
pub use stub::{Context, Engine, refusal};
