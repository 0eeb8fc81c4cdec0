//! supportgraph: one GraphQL gateway for a Microsoft cloud partner.
//!
//! Read in this order: [`domain`] says what is true, [`store`] keeps it, [`live`] tells what happens, [`auth`] knows whom to
//! let in, [`engine`] answers a selection level by level, [`quota`] shares the server out, [`graphql`] describes the schema,
//! [`http`] carries bytes, and [`app`] joins the parts. `docs/ARCHITECTURE.md` tells where everything lives and what may
//! depend on what.

// They panic when nobody reads; `cli/output.rs` has what commands say.
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod actions;
pub mod app;
pub mod audit;
pub mod auth;
pub mod cli;
pub mod config;
pub mod domain;
pub mod engine;
pub mod graphql;
pub mod http;
pub mod live;
pub mod quota;
pub mod store;
pub mod telemetry;
pub mod upstream;
