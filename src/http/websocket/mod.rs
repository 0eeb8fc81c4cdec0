//! `graphql-transport-ws` at `/graphql`: queries, mutations and live operations on one WebSocket.

mod protocol;
mod socket;

use axum::{
    extract::ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    http::HeaderMap,
    response::Response,
};

use super::{
    Http,
    accept::Connection,
    error::Refusal,
    identity::{Claims, CorrelationId},
    origin,
};
use protocol::{Close, SUBPROTOCOL};
use socket::Socket;

/// Bytes that are read at once. Every listener keeps so many for the little that it says; the default is 128 KiB.
const READ_BUFFER: usize = 1024;
/// Bytes that wait for more before they are written, unless nothing more is ready.
const WRITE_BUFFER: usize = 2 * 1024;

/// Turns the connection into a WebSocket.
///
/// # Errors
///
/// If the headers of the handshake are wrong, or the page of another origin asks.
pub fn upgrade(
    http: &Http,
    id: &CorrelationId,
    connection: Connection,
    headers: &HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Refusal> {
    origin::require_own_origin(headers, &http.0.server.cors_origins)?;
    let upgrade = upgrade.map_err(|rejection| {
        Refusal::new(rejection.status(), "BAD_REQUEST", format!("no WebSocket handshake: {rejection}"))
    })?;
    let limit = usize::try_from(http.0.server.body_limit_bytes).unwrap_or(usize::MAX);
    let upgrade = upgrade
        .protocols([SUBPROTOCOL])
        .read_buffer_size(READ_BUFFER)
        .write_buffer_size(WRITE_BUFFER)
        .max_message_size(limit)
        .max_frame_size(limit);
    let understood = upgrade.selected_protocol().is_some();
    let (http, id, claims) = (http.clone(), id.clone(), Claims::of_handshake(headers)?);
    Ok(upgrade.on_upgrade(move |socket| {
        let socket = Socket::new(socket, http, id, claims, connection);
        async move { if understood { socket.run().await } else { Box::pin(socket.close(Close::subprotocol())).await } }
    }))
}
