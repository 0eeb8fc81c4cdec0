//! Server-sent events as GraphQL over SSE lays them out: `next` and `complete`.

use bytes::Bytes;

use crate::http::operations::{Said, What};

/// Says nothing, so that both ends and everything between them know that the other is there.
pub const COMMENT: &str = ":\n\n";

/// Events for a stream that carries one operation. `id:` is the cursor.
pub fn push(text: &mut String, said: &Said) {
    match &said.what {
        What::Event(payload) => {
            text.push_str("event: next\n");
            if let Some(cursor) = &payload.cursor {
                text.push_str("id: ");
                text.push_str(cursor);
                text.push('\n');
            }
            push_data(text, "", &payload.body, "");
        }
        What::Answer(response) | What::Failure(response) => {
            text.push_str("event: next\n");
            push_data(text, "", &response.body, "");
            text.push_str("event: complete\ndata:\n\n");
        }
        What::End => text.push_str("event: complete\ndata:\n\n"),
    }
}

/// Events for a stream that carries several operations, each under its id.
pub fn push_with_id(text: &mut String, said: &Said) {
    let id = serde_json::Value::from(&*said.id);
    let body = match &said.what {
        What::Event(payload) => Some(&payload.body),
        What::Answer(response) | What::Failure(response) => Some(&response.body),
        What::End => None,
    };
    if let Some(body) = body {
        text.push_str("event: next\n");
        push_data(text, &format!("{{\"id\":{id},\"payload\":"), body, "}");
    }
    if !matches!(said.what, What::Event(_)) {
        text.push_str(&format!("event: complete\ndata: {{\"id\":{id}}}\n\n"));
    }
}

/// The last words before the server closes: come back soon, and why.
pub fn push_farewell(text: &mut String, why: &str) {
    text.push_str(&format!("retry: 1000\n: {why}\n\n"));
}

/// JSON as the engine writes it has no line breaks, so it is one line of data.
fn push_data(text: &mut String, before: &str, body: &Bytes, after: &str) {
    text.push_str("data: ");
    text.push_str(before);
    text.push_str(std::str::from_utf8(body).unwrap_or_default());
    text.push_str(after);
    text.push_str("\n\n");
}
