//! What both peers need: a place to listen, ids as supportgraph shows them, and what can be told of a service's state; and
//! what clients need to tell what a server has used.

pub mod process;

use std::error::Error;

use axum::Router;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Serves the router that `connect` makes of the database's address. The command line names both: `ADDRESS URL`.
pub async fn serve(connect: impl AsyncFnOnce(&str) -> Result<Router>) -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(address), Some(url)) = (arguments.next(), arguments.next()) else {
        return Err("usage: ADDRESS DATABASE_URL".into());
    };
    let router = connect(&url).await?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    if !listener.local_addr()?.ip().is_loopback() {
        return Err("a peer listens on loopback only".into());
    }
    Ok(axum::serve(listener, router).await?)
}

/// The global form of an id, such as `cus_` and 22 characters.
pub struct GlobalId([u8; 26]);

impl GlobalId {
    pub fn new(prefix: &[u8; 3], id: Uuid) -> Self {
        let mut text = [b'_'; 26];
        text[..3].copy_from_slice(prefix);
        // 16 bytes are 22 characters.
        let _ = URL_SAFE_NO_PAD.encode_slice(id.as_bytes(), &mut text[4..]);
        Self(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Reads an id of that kind.
    pub fn parse(prefix: &str, text: &str) -> Option<Uuid> {
        let encoded = text.strip_prefix(prefix)?.strip_prefix('_')?;
        Uuid::from_slice(&URL_SAFE_NO_PAD.decode(encoded).ok()?).ok()
    }
}

/// The state that may be relied on now: an answer older than ten minutes is not believed.
pub fn status_now(reported: &str, observed_at: DateTime<Utc>, now: DateTime<Utc>) -> &str {
    if now >= observed_at + TimeDelta::minutes(10) { "UNKNOWN" } else { reported }
}

/// What a board shows for a state.
pub fn light(status: &str) -> &'static str {
    match status {
        "UNKNOWN" => "GREY",
        "SERVICE_INTERRUPTION" => "RED",
        "SERVICE_OPERATIONAL"
        | "SERVICE_RESTORED"
        | "FALSE_POSITIVE"
        | "RESOLVED"
        | "RESOLVED_EXTERNAL"
        | "POST_INCIDENT_REVIEW_PUBLISHED"
        | "INVESTIGATION_SUSPENDED" => "GREEN",
        _ => "YELLOW",
    }
}
