//! `/graphql`: POST and GET as the GraphQL over HTTP draft says, and the ways to what goes on.

use std::{panic::AssertUnwindSafe, time::Duration};

use axum::{
    body::Body,
    extract::{
        Extension, State,
        ws::{WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header, request::Parts},
    response::{IntoResponse, Response},
};
use bytes::{BufMut, Bytes, BytesMut};
use futures::{FutureExt, StreamExt, stream};

use super::{
    Http, Shared,
    accept::Connection,
    error::Refusal,
    identity::{Claims, CorrelationId},
    listener::Transport,
    media_type::{MediaType, Reply, require_json},
    operations::{Opening, Operations},
    origin,
    request::{self, Requests},
    stream::{Format, reservation},
    websocket,
};
use crate::{
    config::ResponseStatus,
    domain::access::{Lane, Viewer},
    engine::{self, Allowed, Context, Cost, Opened, Outcome, Request},
    graphql,
};

/// One request as it came, but for its body.
struct Asked {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    id: CorrelationId,
    connection: Connection,
    reply: Reply,
}

/// Answers one request or a batch, begins a stream, or turns the connection into a WebSocket.
pub async fn answer(
    State(http): State<Http>,
    Extension(id): Extension<CorrelationId>,
    Extension(connection): Extension<Connection>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    request: axum::extract::Request,
) -> Response {
    let (Parts { method, uri, headers, .. }, body) = request.into_parts();
    if headers.contains_key(header::UPGRADE) {
        let upgraded = websocket::upgrade(&http, &id, connection, &headers, upgrade);
        return upgraded.unwrap_or_else(|refusal| refusal.answer(MediaType::Json, &id.0));
    }
    let negotiated = Reply::negotiate(&headers);
    let reply = negotiated.as_ref().copied().unwrap_or(Reply::Whole(MediaType::Json));
    let asked = Asked { method, uri, headers, id, connection, reply };
    let answered = match negotiated {
        Ok(_) => http.reply(&asked, body).await,
        Err(refusal) => Err(refusal),
    };
    let mut response = answered.unwrap_or_else(|refusal| refusal.answer(reply.whole(), &asked.id.0));
    response
        .headers_mut()
        .insert(header::VARY, HeaderValue::from_static("accept, authorization, x-supportgraph-partner"));
    response
}

impl Http {
    async fn reply(&self, asked: &Asked, body: Body) -> Result<Response, Refusal> {
        let Asked { method, uri, headers, id, connection, reply } = asked;
        if matches!(*method, Method::GET | Method::HEAD) {
            origin::require_own_origin(headers, &self.0.server.cors_origins)?;
            request::refuse_blind_get(headers)?;
        }
        let claims = Claims::of_headers(headers)?;
        let viewer = || self.admit(&claims, connection.address, id);
        let token = reservation::token(headers, uri);
        match (method, token.as_deref(), reply) {
            (&Method::PUT, ..) => return self.reserve(viewer().await?, id),
            (&Method::DELETE, Some(token), _) => return self.stop_reserved(token, uri, &viewer().await?),
            (&Method::GET, Some(token), Reply::EventStream) => {
                return self.open_reserved(token, &viewer().await?, connection);
            }
            _ => {}
        }
        let (requests, allowed) = self.requests(asked, body).await?;
        let viewer = viewer().await?;
        match (requests, token, reply) {
            (Requests::One(request), Some(token), _) if method == Method::POST => {
                self.start_reserved(&token, *request, &viewer, id).await
            }
            (Requests::One(request), _, Reply::EventStream) => {
                let opening = self.open(*request, allowed, &viewer, id);
                self.stream(opening, Format::Events, &viewer, connection, id)
            }
            (Requests::One(request), _, Reply::Multipart(media_type)) => {
                match self.open(*request, allowed, &viewer, id).await {
                    Opened::Answered(response) => Ok(self.whole(response, *media_type, &viewer)),
                    live => self.stream(async { live }.boxed(), Format::Parts, &viewer, connection, id),
                }
            }
            (requests, ..) => self.execute(requests, allowed, &viewer, id, reply.whole()).await,
        }
    }

    async fn requests(&self, asked: &Asked, body: Body) -> Result<(Requests, Allowed), Refusal> {
        let Asked { method, uri, headers, reply, .. } = asked;
        let server = &self.0.server;
        let goes_on = !matches!(reply, Reply::Whole(_));
        match *method {
            Method::POST => {
                require_json(headers)?;
                let timeout = Duration::from_secs(server.request_timeout_seconds);
                let body = request::read_body(body, server.body_limit_bytes, timeout).await?;
                let requests = request::from_body(&body, self.0.batch, server.response_status)?;
                Ok((requests.after(headers), if goes_on { Allowed::Live } else { Allowed::Everything }))
            }
            Method::GET | Method::HEAD => {
                let request = request::from_query(uri, server.response_status)?;
                let requests = Requests::One(Box::new(request)).after(headers);
                Ok((requests, if goes_on { Allowed::Watching } else { Allowed::Queries }))
            }
            _ => Err(Refusal::method_not_allowed("GET, HEAD, POST, PUT, DELETE")),
        }
    }

    /// The operations of one socket or stream.
    pub(super) fn operations(&self, most: u64, transport: Transport, id: &CorrelationId) -> Operations {
        Operations::new(most, self.0.listeners.clone(), transport, id.clone())
    }

    /// What an operation more than those that may run on one socket or stream is told.
    pub(super) fn too_many_operations(&self) -> Refusal {
        let most = self.0.listening.operations_per_socket;
        Refusal::no_room(&format!("{most} operations run here; complete one first (live.operations_per_socket)"))
    }

    /// Begins one operation whose answer may go on.
    pub(super) fn open(&self, request: Request, allowed: Allowed, viewer: &Viewer, id: &CorrelationId) -> Opening {
        let context = self.context(viewer, id).telling_refused(self.hear_refused(viewer.clone(), id));
        let (http, viewer, timeout, id) = (self.clone(), viewer.clone(), self.timeout(viewer), id.clone());
        let opening = async move {
            let opened = AssertUnwindSafe(http.0.engine.open(request, allowed, context)).catch_unwind();
            let refusal = match tokio::time::timeout(timeout, opened).await {
                Ok(Ok(opened)) => {
                    if let Opened::Answered(answer) = &opened {
                        http.note_refused(answer, &viewer, &id);
                    }
                    return opened;
                }
                Ok(Err(panic)) => Refusal::panicked(&*panic),
                Err(_) => Refusal::timeout(timeout),
            };
            Opened::Answered(refusal.errors(&id.0))
        };
        opening.boxed()
    }

    /// What one request of `viewer` carries.
    fn context(&self, viewer: &Viewer, id: &CorrelationId) -> Context {
        let Shared { store, clock, live, quota, registered_only, .. } = &*self.0;
        graphql::context(store, clock, live, viewer.clone(), id.0.to_string())
            .behind(quota.gate(viewer))
            .introspecting(self.may_introspect(&viewer.roles))
            .running_registered_only(registered_only.binds(viewer))
    }

    /// Time for one answer.
    fn timeout(&self, viewer: &Viewer) -> Duration {
        Duration::from_secs(match viewer.lane {
            Lane::Bi => self.0.server.bi_timeout_seconds,
            Lane::Screen | Lane::Playground => self.0.server.request_timeout_seconds,
        })
    }

    /// The response that holds one answer to `viewer`.
    pub(super) fn whole(&self, answer: engine::Response, media_type: MediaType, viewer: &Viewer) -> Response {
        let status = status(answer.outcome, media_type, self.0.server.response_status);
        let mut response = whole(status, media_type, answer.body);
        if let Outcome::TooSoon { retry_after_seconds } = answer.outcome {
            response.headers_mut().insert(header::RETRY_AFTER, retry_after_seconds.into());
        }
        self.tell_cost(&mut response, answer.cost, viewer);
        response
    }

    async fn execute(
        &self,
        requests: Requests,
        allowed: Allowed,
        viewer: &Viewer,
        id: &CorrelationId,
        media_type: MediaType,
    ) -> Result<Response, Refusal> {
        let timeout = self.timeout(viewer);
        let answering = async {
            match requests {
                Requests::One(request) => self.whole(self.one(*request, allowed, viewer, id).await, media_type, viewer),
                Requests::Batch(requests) => {
                    let (body, cost) = self.batch(requests, allowed, viewer, id).await;
                    let mut response = whole(StatusCode::OK, media_type, body);
                    self.tell_cost(&mut response, cost, viewer);
                    response
                }
            }
        };
        tokio::time::timeout(timeout, answering).await.map_err(|_| Refusal::timeout(timeout))
    }

    async fn one(&self, request: Request, allowed: Allowed, viewer: &Viewer, id: &CorrelationId) -> engine::Response {
        let response = self.0.engine.execute(request, allowed, self.context(viewer, id)).await;
        self.note_refused(&response, viewer, id);
        response
    }

    /// The answers in the order of the requests. They run at the same time, unless one may change something: then each
    /// sees what those before it have done.
    async fn batch(
        &self,
        requests: Vec<Request>,
        allowed: Allowed,
        viewer: &Viewer,
        id: &CorrelationId,
    ) -> (Bytes, Cost) {
        let may_change = |request: &Request| request.query.as_ref().is_none_or(|query| query.contains("mutation"));
        let at_once = if requests.iter().any(may_change) { 1 } else { requests.len() };
        let answers = stream::iter(requests).map(|request| self.one(request, allowed, viewer, id)).buffered(at_once);
        let answers: Vec<engine::Response> = answers.collect().await;

        let cost = answers.iter().map(|answer| answer.cost).sum();
        let mut body = BytesMut::with_capacity(answers.iter().map(|answer| answer.body.len() + 1).sum::<usize>() + 2);
        body.put_u8(b'[');
        for (index, answer) in answers.into_iter().enumerate() {
            if index > 0 {
                body.put_u8(b',');
            }
            body.put(answer.body);
        }
        body.put_u8(b']');
        (body.freeze(), cost)
    }
}

fn whole(status: StatusCode, media_type: MediaType, body: Bytes) -> Response {
    let mut response = (status, [(header::CONTENT_TYPE, media_type.as_str())], body).into_response();
    if status == StatusCode::METHOD_NOT_ALLOWED {
        response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    response
}

/// The status code of one answered request. `application/json` says 200 to everything that could be read, since a client
/// cannot tell another code of ours from a proxy's; only a method that is wrong, a
/// failure of ours and a budget that is used up are told by status. See `docs/decisions/0005-status-codes.md`.
fn status(outcome: Outcome, media_type: MediaType, style: ResponseStatus) -> StatusCode {
    match (outcome, media_type, style) {
        (Outcome::NotAllowed, ..) => StatusCode::METHOD_NOT_ALLOWED,
        (Outcome::Failed, ..) => StatusCode::SERVICE_UNAVAILABLE,
        (Outcome::TooSoon { .. }, ..) => StatusCode::TOO_MANY_REQUESTS,
        (_, MediaType::Json, _) | (Outcome::Complete, ..) | (Outcome::Partial, _, ResponseStatus::Suite) => {
            StatusCode::OK
        }
        (Outcome::Partial, _, ResponseStatus::Draft) => partial_success(),
        (Outcome::Malformed, ..)
        | (Outcome::Invalid | Outcome::Forbidden { .. } | Outcome::TooMuch, _, ResponseStatus::Suite) => {
            StatusCode::BAD_REQUEST
        }
        (Outcome::Invalid | Outcome::Forbidden { .. } | Outcome::TooMuch, _, ResponseStatus::Draft) => {
            StatusCode::UNPROCESSABLE_ENTITY
        }
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
        use Outcome::{Complete, Failed, Invalid, Malformed, NotAllowed, Partial, TooMuch, TooSoon};
        for (outcome, json, suite, draft) in [
            (Complete, 200, 200, 200),
            (Partial, 200, 200, 294),
            (Malformed, 200, 400, 400),
            (Invalid, 200, 400, 422),
            (Outcome::Forbidden { code: "FORBIDDEN" }, 200, 400, 422),
            (TooMuch, 200, 400, 422),
            (NotAllowed, 405, 405, 405),
            (Failed, 503, 503, 503),
            (TooSoon { retry_after_seconds: 1 }, 429, 429, 429),
        ] {
            assert_eq!(status(outcome, Json, ResponseStatus::Suite), json, "{outcome:?}");
            assert_eq!(status(outcome, Json, ResponseStatus::Draft), json, "{outcome:?}");
            assert_eq!(status(outcome, GraphqlResponse, ResponseStatus::Suite), suite, "{outcome:?}");
            assert_eq!(status(outcome, GraphqlResponse, ResponseStatus::Draft), draft, "{outcome:?}");
        }
    }
}
