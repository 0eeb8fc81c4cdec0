//! Everything through the front door, in one binary. SQLite by default; PostgreSQL when `SUPPORTGRAPH_TEST_POSTGRES`
//! holds the URL of a server where databases may be created. Nodes meet over the NATS server at `SUPPORTGRAPH_TEST_NATS`.

mod api_keys;
mod architecture;
mod attacks;
mod audits;
mod budgets;
mod cli;
mod config;
mod cost;
mod crash;
mod demo;
mod documents;
mod doors;
mod dry_run;
mod errors;
mod event_stream;
mod examples;
mod filters;
mod fuzz;
mod http;
mod import;
mod introspection;
mod isolation;
mod limits;
mod live;
mod live_interleavings;
mod live_nodes;
mod migrations;
#[cfg(feature = "nats")]
mod multi_node;
mod multipart;
mod paging;
mod response_cache;
mod roles;
mod roles_aside;
mod schema;
mod selections;
mod service_requests;
mod slow_clients;
mod statements;
mod support;
mod tokens;
mod told;
mod websocket;
