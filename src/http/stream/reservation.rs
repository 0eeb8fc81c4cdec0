//! GraphQL over SSE on a single connection: a client reserves a stream, opens it, and starts operations by other requests.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    extract::Query,
    http::{HeaderMap, HeaderName, StatusCode, Uri, header},
    response::{IntoResponse, Response},
};
use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use serde::Deserialize;
use tokio::sync::oneshot;
use uuid::Uuid;

use super::{Channel, Format, Streaming};
use crate::{
    domain::access::Viewer,
    engine::{self, Allowed, Outcome, Request},
    http::{
        Http, accept::Connection, error::Refusal, identity::CorrelationId, listener::Seat, media_type::MediaType,
        operations::NotStarted,
    },
};

/// Names the reserved stream.
pub const TOKEN: HeaderName = HeaderName::from_static("x-graphql-event-stream-token");

/// Streams by their tokens: reserved for a while, or open.
#[derive(Default)]
pub struct Reservations(Mutex<HashMap<Uuid, Arc<Reservation>>>);

struct Reservation {
    viewer: Viewer,
    channel: Arc<Channel>,
    expires_at: DateTime<Utc>,
    is_open: AtomicBool,
    seat: Seat,
}

/// Frees the token when the stream ends.
struct Opened {
    http: Http,
    token: Uuid,
}

#[derive(Deserialize)]
struct Parameters {
    token: Option<String>,
    #[serde(rename = "operationId")]
    operation_id: Option<String>,
}

impl Parameters {
    fn of(uri: &Uri) -> Self {
        Query::try_from_uri(uri).map_or(Self { token: None, operation_id: None }, |Query(parameters)| parameters)
    }
}

/// The token of a request, as header or parameter.
pub fn token(headers: &HeaderMap, uri: &Uri) -> Option<String> {
    let header = headers.get(TOKEN).and_then(|value| value.to_str().ok()).map(str::to_owned);
    header.or_else(|| Parameters::of(uri).token)
}

impl Http {
    /// PUT: reserves a stream and tells its token.
    ///
    /// # Errors
    ///
    /// 429 if the viewer has as many streams as it may.
    pub(crate) fn reserve(&self, viewer: Viewer, id: &CorrelationId) -> Result<Response, Refusal> {
        let shared = &self.0;
        let now = shared.clock.now();
        shared.reservations.all().retain(|_, known| known.is_open.load(Ordering::Acquire) || now < known.expires_at);
        let time = TimeDelta::seconds(i64::try_from(shared.listening.init_timeout_seconds).unwrap_or(i64::MAX));
        let reservation = Reservation {
            seat: shared.listeners.seat(&viewer)?,
            channel: Arc::new(Channel::new(self, shared.listening.operations_per_socket, Format::EventsWithIds, id)),
            expires_at: now + time,
            is_open: AtomicBool::new(false),
            viewer,
        };
        let token = Uuid::new_v4();
        shared.reservations.all().insert(token, Arc::new(reservation));
        let headers = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
        Ok((StatusCode::CREATED, headers, token.simple().to_string()).into_response())
    }

    /// GET: opens the reserved stream.
    ///
    /// # Errors
    ///
    /// 404 for a token that is not this viewer's, 409 if the stream is open.
    pub(crate) fn open_reserved(
        &self,
        token: &str,
        viewer: &Viewer,
        connection: &Connection,
    ) -> Result<Response, Refusal> {
        let (token, reservation) = self.reservation(token, viewer)?;
        if reservation.is_open.swap(true, Ordering::AcqRel) {
            return Err(Refusal::new(StatusCode::CONFLICT, "STREAM_IS_OPEN", "the stream of this token is open"));
        }
        let held = Opened { http: self.clone(), token };
        let channel = Arc::clone(&reservation.channel);
        Ok(Streaming::new(self, channel, Format::EventsWithIds, viewer, connection, held).into_response())
    }

    /// POST: starts an operation; what it says comes on the stream. What is refused before that is answered at once.
    ///
    /// # Errors
    ///
    /// As [`Http::open_reserved`]; 400 without an id, 409 if the id is in use, 429 if there are too many.
    pub(crate) async fn start_reserved(
        &self,
        token: &str,
        request: Request,
        viewer: &Viewer,
        id: &CorrelationId,
    ) -> Result<Response, Refusal> {
        let (_, reservation) = self.reservation(token, viewer)?;
        let named = request.extensions.as_ref().and_then(|extensions| extensions.get("operationId")?.as_str());
        let Some(operation) = named.filter(|operation| !operation.is_empty()).map(str::to_owned) else {
            return Err(Refusal::bad_request("`extensions.operationId` is missing; name the operation by a text"));
        };
        // The id is taken before anything runs, so that a request that is sent twice does not run twice.
        let (hand_over, opened) = oneshot::channel();
        let correlation = Arc::clone(&id.0);
        let opening = opened.map(move |opened| {
            let message = "the request that began this operation was given up";
            let gone = || engine::refusal(Outcome::Failed, "CANCELLED", message, &correlation);
            opened.unwrap_or_else(|_| engine::Opened::Answered(gone()))
        });
        match reservation.channel.start(&operation, &reservation.seat, || opening.boxed()) {
            Ok(()) => {}
            Err(NotStarted::IdTaken) => {
                return Err(Refusal::new(StatusCode::CONFLICT, "CONFLICT", "an operation with this id is running"));
            }
            Err(NotStarted::TooMany) => return Err(self.too_many_operations()),
        }
        match self.open(request, Allowed::Live, viewer, id).await {
            engine::Opened::Answered(refused) if !refused.outcome.is_executed() => {
                reservation.channel.stop(&operation);
                Ok(self.whole(refused, MediaType::GraphqlResponse, viewer))
            }
            opened => {
                // Nobody takes it if the operation was stopped meanwhile.
                let _ = hand_over.send(opened);
                Ok(StatusCode::ACCEPTED.into_response())
            }
        }
    }

    /// DELETE: stops an operation. One that has ended by itself is no mistake.
    ///
    /// # Errors
    ///
    /// As [`Http::open_reserved`]; 400 without an id.
    pub(crate) fn stop_reserved(&self, token: &str, uri: &Uri, viewer: &Viewer) -> Result<Response, Refusal> {
        let (_, reservation) = self.reservation(token, viewer)?;
        let Some(operation) = Parameters::of(uri).operation_id else {
            return Err(Refusal::bad_request("the parameter `operationId` is missing"));
        };
        reservation.channel.stop(&operation);
        Ok(StatusCode::OK.into_response())
    }

    fn reservation(&self, token: &str, viewer: &Viewer) -> Result<(Uuid, Arc<Reservation>), Refusal> {
        let now = self.0.clock.now();
        let token = Uuid::try_parse(token).unwrap_or_default();
        let known = self.0.reservations.all().get(&token).cloned();
        let usable = known.filter(|known| {
            let is_open = known.is_open.load(Ordering::Acquire);
            known.viewer.is_same(viewer) && (is_open || now < known.expires_at)
        });
        let message = "there is no stream with this token; reserve one by PUT and open it soon";
        let missing = || Refusal::new(StatusCode::NOT_FOUND, "STREAM_NOT_FOUND", message);
        usable.map(|known| (token, known)).ok_or_else(missing)
    }
}

impl Reservations {
    fn all(&self) -> MutexGuard<'_, HashMap<Uuid, Arc<Reservation>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Opened {
    fn drop(&mut self) {
        self.http.0.reservations.all().remove(&self.token);
    }
}
