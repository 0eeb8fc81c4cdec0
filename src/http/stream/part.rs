//! `multipart/mixed` with `subscriptionSpec=1.0`, as Apollo's clients read it. A part is closed at once, not when the next
//! one comes: a client shows it only then.

use bytes::Bytes;
use serde_json::json;

use crate::http::operations::{Said, What};

pub const CONTENT_TYPE: &str = "multipart/mixed;boundary=\"graphql\";subscriptionSpec=1.0";
pub const START: &str = "--graphql";
/// After the boundary that closed the last part.
pub const END: &str = "--\r\n";

pub fn push(text: &mut String, said: &Said) {
    match &said.what {
        What::Event(payload) => push_payload(text, &payload.body),
        What::Answer(response) | What::Failure(response) => push_payload(text, &response.body),
        What::End => {}
    }
}

pub fn push_heartbeat(text: &mut String) {
    push_part(text, "{}");
}

/// The last words before the server closes. Apollo's clients tell a link that retries of such errors.
pub fn push_farewell(text: &mut String, code: &str, why: &str) {
    let error = json!({ "message": why, "extensions": { "code": code } });
    push_part(text, &json!({ "payload": null, "errors": [error] }).to_string());
}

fn push_payload(text: &mut String, body: &Bytes) {
    push_part(text, &format!("{{\"payload\":{}}}", std::str::from_utf8(body).unwrap_or_default()));
}

fn push_part(text: &mut String, json: &str) {
    text.push_str("\r\ncontent-type: application/json\r\n\r\n");
    text.push_str(json);
    text.push_str("\r\n--graphql");
}
