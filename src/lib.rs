//! supportgraph: one GraphQL gateway for a Microsoft cloud partner.

pub mod domain;
pub mod engine;
pub mod graphql;
pub mod store;
pub mod upstream;
