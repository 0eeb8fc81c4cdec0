//! supportgraph: one GraphQL gateway for a Microsoft cloud partner.

pub mod domain;
pub mod upstream;
