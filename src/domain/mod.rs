//! What is true whoever asks and wherever it is kept: types, rules and errors. No GraphQL, HTTP, SQL or tokio.

pub mod access;
pub mod api_key;
pub mod audit;
pub mod change;
pub mod clock;
pub mod document;
pub mod error;
pub mod event;
pub mod filter;
mod id;
pub mod network;
pub mod page;

pub mod customer;
pub mod incident;
pub mod message;
pub mod partner;
pub mod product_family;
pub mod service_health;
pub mod service_request;
pub mod service_request_act;
pub mod subscription;
pub mod support_offering;
pub mod support_plan;

pub use error::{Error, Result};
pub use id::*;
