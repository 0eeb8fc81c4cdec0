//! supportgraph: one GraphQL gateway for a Microsoft cloud partner.

pub mod config;
pub mod domain;
pub mod engine;
pub mod store;
