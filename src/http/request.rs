//! From HTTP to GraphQL requests: the body of a POST, the query string of a GET.

use std::time::Duration;

use axum::{
    body::{Body, Bytes},
    http::{HeaderMap, StatusCode, Uri, header},
};
use futures::StreamExt;
use serde_json::value::RawValue;

use super::error::Refusal;
use crate::{config::ResponseStatus, engine::Request};

/// One request, or several at once.
#[derive(Debug)]
pub enum Requests {
    One(Box<Request>),
    Batch(Vec<Request>),
}

impl Requests {
    /// Goes on after the event that an event stream ended with: `last-event-id` holds its cursor.
    pub fn after(mut self, headers: &HeaderMap) -> Self {
        if let Self::One(request) = &mut self {
            let cursor = headers.get("last-event-id").and_then(|value| value.to_str().ok());
            request.after = cursor.filter(|cursor| !cursor.is_empty()).map(str::to_owned);
        }
        self
    }
}

/// The whole body, if it comes in time and is not too large.
///
/// # Errors
///
/// 413 or 408. A body that is somewhat too large is read to its end, so that its sender hears the answer instead of a
/// broken connection.
pub async fn read_body(body: Body, limit: u64, timeout: Duration) -> Result<Bytes, Refusal> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let reading = async {
        let (mut kept, mut size) = (Vec::new(), 0_usize);
        let mut pieces = body.into_data_stream();
        while let Some(piece) = pieces.next().await {
            let piece = piece.map_err(|_| Refusal::bad_request("the body ended too early"))?;
            size = size.saturating_add(piece.len());
            if size <= limit {
                kept.extend_from_slice(&piece);
            } else if size > limit.saturating_mul(16) {
                break;
            }
        }
        if size <= limit { Ok(Bytes::from(kept)) } else { Err(too_large(limit)) }
    };
    let late = || {
        let message = format!("the body did not arrive within {} seconds", timeout.as_secs());
        Refusal::new(StatusCode::REQUEST_TIMEOUT, "REQUEST_TIMEOUT", message)
    };
    tokio::time::timeout(timeout, reading).await.unwrap_or_else(|_| Err(late()))
}

fn too_large(limit: usize) -> Refusal {
    let message =
        format!("the body is larger than {limit} bytes; ask in smaller pieces, or raise `server.body_limit_bytes`");
    Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "PAYLOAD_TOO_LARGE", message)
}

/// What the body of a POST asks.
///
/// # Errors
///
/// 400 if it is not JSON, or not the members and types of a GraphQL request.
pub fn from_body(body: &[u8], batch_limit: usize, status: ResponseStatus) -> Result<Requests, Refusal> {
    let text = std::str::from_utf8(body).map_err(|error| {
        Refusal::bad_request(format!("the body is not UTF-8 at byte {}; send JSON in UTF-8", error.valid_up_to()))
    })?;
    if !text.trim_start().starts_with('[') {
        return Ok(Requests::One(Box::new(one(text, "the body", status)?)));
    }
    let parts: Vec<&RawValue> = parse(text, "the body", status)?;
    if parts.is_empty() || parts.len() > batch_limit {
        let message = format!("the batch has {} requests; send 1 to {batch_limit}", parts.len());
        return Err(ill_formed(status, message));
    }
    let requests = parts.iter().enumerate();
    let requests = requests.map(|(index, part)| one(part.get(), &format!("request {index} of the batch"), status));
    Ok(Requests::Batch(requests.collect::<Result<_, _>>()?))
}

/// What the query string of a GET asks.
///
/// # Errors
///
/// As [`from_body`].
pub fn from_query(uri: &Uri, status: ResponseStatus) -> Result<Request, Refusal> {
    let pairs = axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
        .map_err(|_| Refusal::bad_request("the query string cannot be read; encode it as a form"))?;
    let mut request = Request::default();
    let mut seen = Vec::new();
    for (name, value) in pairs.0 {
        match name.as_str() {
            "query" => request.query = Some(value),
            "documentId" => request.document_id = Some(value),
            "operationName" => request.operation_name = Some(value).filter(|name| !name.is_empty()),
            "variables" => request.variables = parse(&value, "the parameter `variables`", status)?,
            "extensions" => request.extensions = parse(&value, "the parameter `extensions`", status)?,
            _ => continue,
        }
        if seen.contains(&name) {
            return Err(ill_formed(status, format!("the parameter `{name}` is given twice")));
        }
        seen.push(name);
    }
    require_document(request, "the query string", status)
}

/// One request as JSON; `what` is how messages call it.
///
/// # Errors
///
/// As [`from_body`].
pub fn one(text: &str, what: &str, status: ResponseStatus) -> Result<Request, Refusal> {
    if !text.trim_start().starts_with('{') {
        // A struct can also be read from a list, which is no GraphQL request.
        parse::<&RawValue>(text, what, status)?;
        return Err(ill_formed(status, format!("{what} is not a JSON object; send {{\"query\": \"…\"}}")));
    }
    require_document(parse(text, what, status)?, what, status)
}

/// A document may also be named, by its own member or in `extensions`, which the engine looks at.
fn require_document(request: Request, what: &str, status: ResponseStatus) -> Result<Request, Refusal> {
    let named = request.extensions.as_ref().is_some_and(|extensions| extensions.contains_key("persistedQuery"));
    if request.query.is_none() && request.document_id.is_none() && !named {
        let message =
            format!("{what} has no `query`; send the GraphQL document as a text, or name one by `documentId`");
        return Err(ill_formed(status, message));
    }
    Ok(request)
}

fn parse<'a, T: serde::Deserialize<'a>>(text: &'a str, what: &str, status: ResponseStatus) -> Result<T, Refusal> {
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => ill_formed(status, format!("{what} is not a GraphQL request: {error}")),
        _ => Refusal::bad_request(format!("{what} is not JSON: {error}")),
    })
}

/// JSON, but not a GraphQL request.
fn ill_formed(status: ResponseStatus, message: String) -> Refusal {
    match status {
        ResponseStatus::Suite => Refusal::bad_request(message),
        ResponseStatus::Draft => Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, "BAD_REQUEST", message),
    }
}

/// Refuses a GET that another page could make a visitor's browser send without asking: as a picture, a script, a frame, a
/// form or a fetch that reads nothing. It would make us work.
///
/// Browsers say how a request came about (`sec-fetch-mode`), and no page can forge that; only `cors` and `same-origin`
/// come from a script that has to respect CORS. Browsers that do not say it send pictures and forms with `accept` of
/// their own, without JSON or events. Headers that need a preflight are proof as well.
///
/// # Errors
///
/// 403 with the header that would help.
pub fn refuse_blind_get(headers: &HeaderMap) -> Result<(), Refusal> {
    const PROOFS: [&str; 4] =
        ["x-supportgraph-partner", "apollo-require-preflight", "graphql-require-preflight", "x-apollo-operation-name"];
    let is = |name: &str, values: &[&str]| {
        headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| values.contains(&value))
    };
    let is_json =
        headers.get(header::CONTENT_TYPE).is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    let allowed = if is_json || PROOFS.iter().any(|name| headers.contains_key(*name)) {
        true
    } else if headers.contains_key("sec-fetch-mode") {
        is("sec-fetch-mode", &["cors", "same-origin"]) || is("sec-fetch-site", &["none", "same-origin"])
    } else {
        headers.get(header::ACCEPT).is_none_or(|accept| {
            let accept = accept.to_str().unwrap_or_default();
            let what_no_picture_is = ["application/json", "application/graphql-response+json", "text/event-stream"];
            accept == "*/*" || what_no_picture_is.iter().any(|media_type| accept.contains(media_type))
        })
    };
    let refusal = || {
        let message =
            "another web page could have sent this; use POST, or add the header `graphql-require-preflight: 1`";
        Refusal::new(StatusCode::FORBIDDEN, "CSRF_REFUSED", message)
    };
    allowed.then_some(()).ok_or_else(refusal)
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn refused(body: &str) -> String {
        from_body(body.as_bytes(), 3, ResponseStatus::Suite).expect_err(body).message.into_owned()
    }

    #[test]
    fn a_body_that_is_no_request_says_why() {
        for (body, reason) in [
            ("", "the body is not JSON"),
            ("{\"query\":", "the body is not JSON"),
            ("7", "the body is not a JSON object"),
            ("{}", "the body has no `query`"),
            ("{\"query\":7}", "expected a string"),
            ("{\"query\":\"{a}\",\"variables\":[]}", "expected a map"),
            ("{\"query\":\"{a}\",\"query\":\"{b}\"}", "duplicate field"),
            ("[]", "the batch has 0 requests; send 1 to 3"),
            ("[{},{},{},{}]", "the batch has 4 requests; send 1 to 3"),
            ("[{\"query\":\"{a}\"},[]]", "request 1 of the batch is not a JSON object"),
        ] {
            assert!(refused(body).contains(reason), "{body} gave {:?}", refused(body));
        }
        let deep = format!("{{\"query\":\"{{a}}\",\"variables\":{}{}}}", "{\"a\":".repeat(500), "}".repeat(500));
        assert!(refused(&deep).contains("recursion limit"), "{}", refused(&deep));
        assert!(from_body(b"{\"query\":\"\xff\"}", 3, ResponseStatus::Suite).is_err());
    }

    #[test]
    fn the_draft_tells_json_from_requests() {
        let status = |body: &str| from_body(body.as_bytes(), 3, ResponseStatus::Draft).expect_err(body).status;
        assert_eq!(status("{"), StatusCode::BAD_REQUEST);
        assert_eq!(status("{}"), StatusCode::UNPROCESSABLE_ENTITY);
    }

    #[test]
    fn a_query_string_is_a_form() {
        let uri: Uri = "/graphql?query=%7Ba+b%7D&variables=%7B%22a%22%3A1%7D&operationName=&other=1".parse().unwrap();
        let request = from_query(&uri, ResponseStatus::Suite).unwrap();
        assert_eq!(request.query.as_deref(), Some("{a b}"));
        assert_eq!(request.variables.unwrap()["a"], 1);
        assert_eq!(request.operation_name, None);
        for wrong in
            ["/graphql", "/graphql?query=a&query=b", "/graphql?query=a&variables=7", "/graphql?query=a&variables={"]
        {
            assert!(from_query(&wrong.parse().unwrap(), ResponseStatus::Suite).is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_a_page_can_send_unasked_is_refused() {
        let allowed = |headers: &[(&'static str, &'static str)]| {
            let headers =
                headers.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
            refuse_blind_get(&headers.collect()).is_ok()
        };
        let picture = ("accept", "image/avif,image/webp,*/*;q=0.8");
        assert!(!allowed(&[picture]));
        assert!(!allowed(&[("accept", "text/html,application/xhtml+xml,*/*;q=0.8")]));
        assert!(!allowed(&[picture, ("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")]));
        assert!(!allowed(&[
            ("accept", "application/json"),
            ("sec-fetch-mode", "no-cors"),
            ("sec-fetch-site", "same-site")
        ]));
        assert!(!allowed(&[("accept", "*/*"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "cross-site")]));
        let events = ("accept", "text/event-stream");
        assert!(!allowed(&[events, ("sec-fetch-mode", "no-cors"), ("sec-fetch-site", "cross-site")]));

        assert!(allowed(&[("accept", "*/*")]), "curl");
        assert!(allowed(&[("accept", "*/*"), ("sec-fetch-mode", "cors")]), "fetch");
        assert!(allowed(&[("accept", "application/graphql-response+json")]));
        assert!(allowed(&[events]) && allowed(&[events, ("sec-fetch-mode", "cors")]), "EventSource");
        assert!(allowed(&[picture, ("graphql-require-preflight", "1")]));
        assert!(
            allowed(&[("accept", "text/html"), ("sec-fetch-mode", "navigate"), ("sec-fetch-site", "none")]),
            "typed"
        );
    }
}
