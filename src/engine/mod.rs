//! Answers a selection level by level; knows GraphQL and none of our entities.

mod request;

pub use request::{Allowed, Outcome, Request, Response};
