//! The messages of `graphql-transport-ws`, and why a socket is closed.

use std::borrow::Cow;

use axum::http::StatusCode;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::{Map, Value, value::RawValue};

use crate::{
    config::ResponseStatus,
    engine::Request,
    http::{error::Refusal, request},
};

/// The only subprotocol that is spoken.
pub const SUBPROTOCOL: &str = "graphql-transport-ws";

/// Ids are kept and repeated with every event, so they are short.
const LONGEST_ID: usize = 128;
/// A close frame holds no more.
const LONGEST_REASON: usize = 123;

/// What a client says.
#[derive(Debug)]
pub enum Message {
    Init(Option<Map<String, Value>>),
    Ping(Option<Map<String, Value>>),
    Pong,
    Subscribe { id: String, request: Box<Request> },
    Complete { id: String },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    id: Option<String>,
    #[serde(borrow)]
    payload: Option<&'a RawValue>,
}

impl Message {
    /// # Errors
    ///
    /// 4400 with what is wrong.
    pub fn read(text: &str) -> Result<Self, Close> {
        if !text.trim_start().starts_with('{') {
            return Err(Close::invalid("a message must be a JSON object"));
        }
        let envelope: Envelope = serde_json::from_str(text).map_err(|error| Close::invalid(&error.to_string()))?;
        let payload = || match envelope.payload {
            Some(payload) => serde_json::from_str(payload.get())
                .map_err(|_| Close::invalid(&format!("the payload of {} must be an object", envelope.kind))),
            None => Ok(None),
        };
        match &*envelope.kind {
            "connection_init" => Ok(Self::Init(payload()?)),
            "ping" => Ok(Self::Ping(payload()?)),
            "pong" => payload().map(|_| Self::Pong),
            "subscribe" => {
                let text = envelope.payload.map_or("null", RawValue::get);
                let request = request::one(text, "the payload", ResponseStatus::Suite);
                let request = request.map_err(|refusal| Close::invalid(&refusal.message))?;
                Ok(Self::Subscribe { id: usable(envelope.id)?, request: Box::new(request) })
            }
            "complete" => Ok(Self::Complete { id: usable(envelope.id)? }),
            other => Err(Close::invalid(&format!("there is no message of type {other:?}"))),
        }
    }
}

fn usable(id: Option<String>) -> Result<String, Close> {
    match id {
        Some(id) if (1..=LONGEST_ID).contains(&id.len()) => Ok(id),
        _ => Err(Close::invalid(&format!("the message needs an id of 1 to {LONGEST_ID} bytes"))),
    }
}

/// The end of a socket: a code, a text for people, and a word for the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Close {
    pub code: u16,
    pub text: String,
    pub reason: &'static str,
}

impl Close {
    fn new(code: u16, reason: &'static str, text: &str) -> Self {
        let mut end = text.len().min(LONGEST_REASON);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Self { code, text: text[..end].to_owned(), reason }
    }

    pub fn going_away() -> Self {
        Self::new(1001, "going_away", "going away; resume with your last cursor")
    }

    pub fn broken_frame(text: &str) -> Self {
        Self::new(1002, "invalid", text)
    }

    pub fn not_text() -> Self {
        Self::new(1007, "invalid", "a text message must be UTF-8")
    }

    pub fn too_large(limit: u64) -> Self {
        Self::new(1009, "too_large", &format!("a message may have {limit} bytes (server.body_limit_bytes)"))
    }

    pub fn invalid(text: &str) -> Self {
        Self::new(4400, "invalid", text)
    }

    pub fn unauthorized() -> Self {
        Self::new(4401, "unauthorized", "Unauthorized; send connection_init and wait for connection_ack first")
    }

    pub fn expired() -> Self {
        Self::new(4403, "expired", "token expired; connect with a new one, or renew it in time by a ping")
    }

    pub fn revoked() -> Self {
        Self::new(4403, "revoked", "Forbidden; the API key is no longer good")
    }

    pub fn another_viewer() -> Self {
        Self::new(4403, "forbidden", "the renewed token is another viewer's; connect again")
    }

    pub fn subprotocol() -> Self {
        Self::new(4406, "subprotocol", "Subprotocol not acceptable; offer graphql-transport-ws")
    }

    pub fn late() -> Self {
        Self::new(4408, "init_timeout", "Connection initialisation timeout")
    }

    pub fn duplicate(id: &str) -> Self {
        Self::new(4409, "duplicate_id", &format!("Subscriber for {id} already exists"))
    }

    pub fn initialised_twice() -> Self {
        Self::new(4429, "init_twice", "Too many initialisation requests")
    }

    pub fn silent() -> Self {
        Self::new(1001, "dead", "no sign of life")
    }
}

/// What a response would have said by its status.
impl From<Refusal> for Close {
    fn from(refusal: Refusal) -> Self {
        match refusal.status {
            // Clients take 4401 for final; after 4403 they come back with a new credential.
            StatusCode::UNAUTHORIZED if refusal.challenge.is_some_and(|challenge| challenge.error.is_none()) => {
                Self::new(4401, "unauthorized", "Unauthorized; send `authorization` in the payload of connection_init")
            }
            StatusCode::UNAUTHORIZED => Self::new(4403, "forbidden", &format!("Forbidden; {}", refusal.message)),
            StatusCode::TOO_MANY_REQUESTS if refusal.not_let_in().is_some() => {
                Self::new(4429, "held_off", &refusal.message)
            }
            StatusCode::TOO_MANY_REQUESTS => Self::new(4429, "too_many_sockets", &refusal.message),
            StatusCode::SERVICE_UNAVAILABLE => Self::new(1013, "unavailable", &refusal.message),
            StatusCode::INTERNAL_SERVER_ERROR => Self::new(4500, "internal", &refusal.message),
            _ => Self::new(4403, "forbidden", &refusal.message),
        }
    }
}

/// `{"id":…,"type":…,"payload":…}`, or without the payload where that is empty.
pub fn message(id: &str, kind: &str, payload: &Bytes) -> String {
    // The engine writes JSON in UTF-8.
    let payload = std::str::from_utf8(payload).unwrap_or_default();
    let mut text = String::with_capacity(id.len() + kind.len() + payload.len() + 40);
    text.push_str("{\"id\":");
    push_string(&mut text, id);
    text.push_str(",\"type\":\"");
    text.push_str(kind);
    text.push('"');
    if !payload.is_empty() {
        text.push_str(",\"payload\":");
        text.push_str(payload);
    }
    text.push('}');
    text
}

/// The ids of every client that there is need no escaping.
fn push_string(text: &mut String, id: &str) {
    if id.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        text.push('"');
        text.push_str(id);
        text.push('"');
    } else {
        text.push_str(&Value::from(id).to_string());
    }
}

/// The list of errors in a response that has nothing else.
pub fn errors(body: &Bytes) -> Bytes {
    #[derive(Deserialize)]
    struct Errors<'a> {
        #[serde(borrow)]
        errors: &'a RawValue,
    }
    let errors = serde_json::from_slice::<Errors>(body).map(|body| body.errors.get().as_bytes());
    body.slice_ref(errors.unwrap_or(b""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_strictly() {
        for (text, reason) in [
            ("", "must be a JSON object"),
            ("[]", "must be a JSON object"),
            ("{", "EOF while parsing"),
            ("{}", "missing field `type`"),
            (r#"{"type":7}"#, "expected"),
            (r#"{"type":"start","id":"1"}"#, "no message of type \"start\""),
            (r#"{"type":"connection_init","payload":7}"#, "payload of connection_init must be an object"),
            (r#"{"type":"ping","payload":[]}"#, "payload of ping must be an object"),
            (r#"{"type":"subscribe","payload":{"query":"{a}"}}"#, "needs an id"),
            (r#"{"type":"subscribe","id":"","payload":{"query":"{a}"}}"#, "needs an id"),
            (r#"{"type":"subscribe","id":7,"payload":{"query":"{a}"}}"#, "expected a string"),
            (r#"{"type":"subscribe","id":"1"}"#, "is not a JSON object"),
            (r#"{"type":"subscribe","id":"1","payload":{}}"#, "has no `query`"),
            (r#"{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":"x"}}"#, "expected a map"),
            (r#"{"type":"complete"}"#, "needs an id"),
        ] {
            let close = Message::read(text).expect_err(text);
            assert_eq!(close.code, 4400, "{text}");
            assert!(close.text.contains(reason), "{text} gave {:?}", close.text);
            assert!(close.text.len() <= 123, "{text}");
        }
        assert!(matches!(Message::read(r#"{"type":"connection_init","payload":null}"#), Ok(Message::Init(None))));
        assert!(matches!(Message::read(r#" {"payload":{},"type":"ping"}"#), Ok(Message::Ping(Some(_)))));
    }

    #[test]
    fn a_reason_is_cut_between_letters() {
        let close = Close::invalid(&"ä".repeat(100));
        assert_eq!(close.text, "ä".repeat(61));
    }

    #[test]
    fn a_message_carries_the_payload_as_it_is() {
        let payload = Bytes::from_static(b"{\"data\":1}");
        assert_eq!(message("a-1", "next", &payload), r#"{"id":"a-1","type":"next","payload":{"data":1}}"#);
        assert_eq!(message("\"", "complete", &Bytes::new()), r#"{"id":"\"","type":"complete"}"#);
        assert_eq!(errors(&Bytes::from_static(b"{\"errors\":[{}]}")), Bytes::from_static(b"[{}]"));
    }
}
