//! Microsoft's answers, turned into changes in domain terms. JSON in, [`Change`](crate::domain::change::Change)s out.
//!
//! [`recognise`] tells what a document is by its shape; [`read`] turns it into a batch. Both work on what was saved to
//! a file as on what a client just fetched. Each upstream has its own folder: `wire.rs` is its JSON, one item each, and
//! `map` holds pure functions from there to the domain.

mod azure_health;
pub mod demo;
mod document;
mod html;
mod json;
mod key;
mod microsoft_graph;
mod not_understood;
mod partner_center;
mod partner_file;
mod shape;
#[cfg(test)]
mod testing;
mod time;
mod word;

pub use document::{DocumentKind, Origin, partner_tenant, read, recognise};
pub use not_understood::NotUnderstood;
pub use partner_file::{Problem, Problems, read_partner_file, tenant_in_partner_file};
