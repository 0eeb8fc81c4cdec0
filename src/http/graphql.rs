//! POST and GET `/graphql`, as the GraphQL over HTTP draft says.

use std::time::Duration;

use axum::{
    body::Body,
    extract::{Extension, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{StreamExt, stream};

use super::{
    Http,
    error::Refusal,
    identity::CorrelationId,
    media_type::{MediaType, require_json},
    request::{self, Requests},
};
use crate::{
    config::ResponseStatus,
    domain::access::Viewer,
    engine::{self, Allowed, Outcome, Request},
    graphql,
};

/// Answers one request or a batch.
pub async fn answer(
    State(http): State<Http>,
    Extension(id): Extension<CorrelationId>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let negotiated = MediaType::negotiate(&headers);
    let media_type = negotiated.as_ref().copied().unwrap_or(MediaType::Json);
    let answered = async {
        negotiated?;
        let (requests, allowed) = http.requests(&method, &uri, &headers, body).await?;
        let viewer = http.viewer(&headers).await?;
        http.execute(requests, allowed, &viewer, &id, media_type).await
    };
    let mut response = answered.await.unwrap_or_else(|refusal| refusal.answer(media_type, &id.0));
    response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, x-supportgraph-partner"));
    response
}

impl Http {
    async fn requests(
        &self,
        method: &Method,
        uri: &Uri,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<(Requests, Allowed), Refusal> {
        let server = &self.0.server;
        match *method {
            Method::POST => {
                require_json(headers)?;
                let timeout = Duration::from_secs(server.request_timeout_seconds);
                let body = request::read_body(body, server.body_limit_bytes, timeout).await?;
                Ok((request::from_body(&body, self.0.batch, server.response_status)?, Allowed::Everything))
            }
            Method::GET | Method::HEAD => {
                request::refuse_blind_get(headers)?;
                let request = request::from_query(uri, server.response_status)?;
                Ok((Requests::One(Box::new(request)), Allowed::Queries))
            }
            _ => Err(Refusal::method_not_allowed("GET, HEAD, POST")),
        }
    }

    async fn execute(
        &self,
        requests: Requests,
        allowed: Allowed,
        viewer: &Viewer,
        id: &CorrelationId,
        media_type: MediaType,
    ) -> Result<Response, Refusal> {
        let timeout = Duration::from_secs(self.0.server.request_timeout_seconds);
        let answering = async {
            match requests {
                Requests::One(request) => {
                    let response = self.one(*request, allowed, viewer, id).await;
                    let status = status(response.outcome, media_type, self.0.server.response_status);
                    (status, response.body)
                }
                Requests::Batch(requests) => (StatusCode::OK, self.batch(requests, allowed, viewer, id).await),
            }
        };
        let (status, body) = tokio::time::timeout(timeout, answering).await.map_err(|_| {
            let message = format!("there was no answer within {} seconds; ask for less", timeout.as_secs());
            Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
        })?;
        let mut response = (status, [(header::CONTENT_TYPE, media_type.as_str())], body).into_response();
        if status == StatusCode::METHOD_NOT_ALLOWED {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        Ok(response)
    }

    async fn one(&self, request: Request, allowed: Allowed, viewer: &Viewer, id: &CorrelationId) -> engine::Response {
        let shared = &self.0;
        let context = graphql::context(&shared.store, &shared.clock, &shared.live, viewer.clone(), id.0.to_string());
        shared.engine.execute(request, allowed, context).await
    }

    /// The answers in the order of the requests. They run at the same time, unless one may change something: then each
    /// sees what those before it have done.
    async fn batch(&self, requests: Vec<Request>, allowed: Allowed, viewer: &Viewer, id: &CorrelationId) -> Bytes {
        let may_change = |request: &Request| request.query.as_ref().is_none_or(|query| query.contains("mutation"));
        let at_once = if requests.iter().any(may_change) { 1 } else { requests.len() };
        let answers = stream::iter(requests).map(|request| self.one(request, allowed, viewer, id)).buffered(at_once);
        let answers: Vec<engine::Response> = answers.collect().await;

        let mut body = BytesMut::with_capacity(answers.iter().map(|answer| answer.body.len() + 1).sum::<usize>() + 2);
        body.put_u8(b'[');
        for (index, answer) in answers.into_iter().enumerate() {
            if index > 0 {
                body.put_u8(b',');
            }
            body.put(answer.body);
        }
        body.put_u8(b']');
        body.freeze()
    }
}

/// The status code of one answered request. `application/json` says 200 to everything that could be read, since a client
/// cannot tell another code of ours from a proxy's; only a method that is wrong and a failure of ours are told by status. See `docs/decisions/0005-status-codes.md`.
fn status(outcome: Outcome, media_type: MediaType, style: ResponseStatus) -> StatusCode {
    match (outcome, media_type, style) {
        (Outcome::NotAllowed, ..) => StatusCode::METHOD_NOT_ALLOWED,
        (Outcome::Failed, ..) => StatusCode::SERVICE_UNAVAILABLE,
        (_, MediaType::Json, _) | (Outcome::Complete, ..) | (Outcome::Partial, _, ResponseStatus::Suite) => {
            StatusCode::OK
        }
        (Outcome::Partial, _, ResponseStatus::Draft) => partial_success(),
        (Outcome::Malformed, ..) | (Outcome::Invalid | Outcome::TooMuch, _, ResponseStatus::Suite) => {
            StatusCode::BAD_REQUEST
        }
        (Outcome::Invalid | Outcome::TooMuch, _, ResponseStatus::Draft) => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// The draft's own code, which no registry knows yet.
fn partial_success() -> StatusCode {
    StatusCode::from_u16(294).unwrap_or(StatusCode::OK)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_codes_follow_the_media_type_and_the_style() {
        use MediaType::{GraphqlResponse, Json};
        use Outcome::{Complete, Failed, Invalid, Malformed, NotAllowed, Partial, TooMuch};
        for (outcome, json, suite, draft) in [
            (Complete, 200, 200, 200),
            (Partial, 200, 200, 294),
            (Malformed, 200, 400, 400),
            (Invalid, 200, 400, 422),
            (TooMuch, 200, 400, 422),
            (NotAllowed, 405, 405, 405),
            (Failed, 503, 503, 503),
        ] {
            assert_eq!(status(outcome, Json, ResponseStatus::Suite), json, "{outcome:?}");
            assert_eq!(status(outcome, Json, ResponseStatus::Draft), json, "{outcome:?}");
            assert_eq!(status(outcome, GraphqlResponse, ResponseStatus::Suite), suite, "{outcome:?}");
            assert_eq!(status(outcome, GraphqlResponse, ResponseStatus::Draft), draft, "{outcome:?}");
        }
    }
}
