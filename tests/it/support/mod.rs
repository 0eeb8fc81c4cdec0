//! What tests are written with.
//!
//! ```ignore
//! let app = TestApp::start().await;                                  // a fresh database, a real server
//! let app = TestApp::with(|config| config.limits.batch = 2).await;   // the same, configured
//! let fabrikam = app.partner(TENANT, "Fabrikam").await;              // then app.apply(fabrikam, [Change::…]).await
//! let answer = app.query("{ __typename }").await;                    // over HTTP
//! assert_eq!(answer.data()["__typename"], "Query");
//! ```

#![allow(dead_code, reason = "a harness offers more than the tests of one day need")]

mod app;
pub mod arguments;
pub mod attacks;
mod client;
pub mod given;
pub mod issuer;
mod listener;
#[cfg(feature = "nats")]
mod nats;
pub mod oracle;
mod postgres;
pub mod raw;
mod rows;
mod socket;
mod streamed;
pub mod walk;

pub use app::TestApp;
pub use client::{Answer, Client};
pub use listener::{Listener, code};
#[cfg(feature = "nats")]
pub use nats::{NatsServer, nats_url};
pub use postgres::{Database, admin_url, execute};
pub use socket::Socket;
pub use streamed::Streamed;
