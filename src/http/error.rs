//! What could not be answered: a status, a stable code and a sentence, in the shape of a GraphQL response.

use std::{any::Any, borrow::Cow, sync::Arc, time::Duration};

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use super::media_type::MediaType;
use crate::{
    domain::{self, access::Proven},
    engine::{self, Outcome},
};

/// A request that does not reach the engine.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: Cow<'static, str>,
    allow: Option<&'static str>,
    pub challenge: Option<Challenge>,
    retry_after_seconds: Option<u64>,
    /// To whom it is told, where that is known.
    who: Option<Arc<Proven>>,
}

/// How to come back with a credential: `www-authenticate`.
#[derive(Clone, Copy, Debug)]
pub struct Challenge {
    /// What is wrong with the one that was sent; `None` if none was.
    pub error: Option<&'static str>,
    /// Whether a person may be asked for a name and a password.
    pub may_ask: bool,
}

/// Nobody knows when somebody leaves a place where all are taken.
const ROOM_AFTER_SECONDS: u64 = 5;

/// Why somebody was not let in, beside the response that tells it.
#[derive(Clone, Debug)]
pub struct NotLetIn {
    pub code: &'static str,
    /// Who, where that is known.
    pub who: Option<Arc<Proven>>,
}

impl Refusal {
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        let message = message.into();
        Self { status, code, message, allow: None, challenge: None, retry_after_seconds: None, who: None }
    }

    pub fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "FORBIDDEN", message)
    }

    /// The same for somebody who is known.
    pub fn told(self, who: Arc<Proven>) -> Self {
        Self { who: Some(who), ..self }
    }

    pub fn bad_request(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BAD_REQUEST", message)
    }

    /// 401, with what would be right in `www-authenticate`.
    pub fn unauthenticated(challenge: Challenge, message: &'static str) -> Self {
        Self { challenge: Some(challenge), ..Self::new(StatusCode::UNAUTHORIZED, "UNAUTHENTICATED", message) }
    }

    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "NOT_FOUND", "there is nothing here; the API is at /graphql")
    }

    pub fn timeout(after: Duration) -> Self {
        let message = format!("there was no answer within {} seconds; ask for less", after.as_secs());
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "TIMEOUT", message)
    }

    /// 429 for one more of what there may be so many of at once; `message` says of what.
    pub fn no_room(message: &str) -> Self {
        let message = format!("{message}; try again in {ROOM_AFTER_SECONDS} s");
        Self {
            retry_after_seconds: Some(ROOM_AFTER_SECONDS),
            ..Self::new(StatusCode::TOO_MANY_REQUESTS, "LIMIT_EXCEEDED", message)
        }
    }

    /// Says nothing of the panic; it is logged here.
    pub fn panicked(panic: &(dyn Any + Send)) -> Self {
        let text = panic.downcast_ref::<&str>().copied();
        let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("not a text");
        tracing::error!(cause = text, "a handler panicked");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL", "internal error")
    }

    /// `allow` names the methods that would be right.
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let message = format!("this method is not allowed here; use one of {allow}");
        Self { allow: Some(allow), ..Self::new(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", message) }
    }

    /// Whether somebody is not let in, rather than asks for something that makes no sense or has no room.
    pub fn not_let_in(&self) -> Option<NotLetIn> {
        let is_access = match self.code {
            "RATE_LIMITED" => true,
            // Who is known and named a partner has no business there; anybody else only forgot to name one.
            "PARTNER_REQUIRED" => self.who.is_some(),
            _ => matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN),
        };
        is_access.then(|| NotLetIn { code: self.code, who: self.who.clone() })
    }

    /// The same as an answer of the engine, for transports without status codes.
    pub fn errors(&self, correlation_id: &str) -> engine::Response {
        let outcome = match self.retry_after_seconds {
            Some(retry_after_seconds) => Outcome::TooSoon { retry_after_seconds },
            None if self.status.is_server_error() => Outcome::Failed,
            None => Outcome::Malformed,
        };
        engine::refusal(outcome, self.code, &self.message, correlation_id)
    }

    /// The whole response. The correlation id is filled in where the response leaves.
    pub fn answer(&self, media_type: MediaType, correlation_id: &str) -> Response {
        let body = self.errors(correlation_id).body;
        let mut response = (self.status, [(header::CONTENT_TYPE, media_type.as_str())], body).into_response();
        if let Some(refused) = self.not_let_in() {
            response.extensions_mut().insert(refused);
        }
        if let Some(allow) = self.allow {
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static(allow));
        }
        if let Some(challenge) = self.challenge {
            challenge.write(response.headers_mut());
        }
        if let Some(seconds) = self.retry_after_seconds {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

impl Challenge {
    fn write(self, headers: &mut HeaderMap) {
        let bearer = match self.error {
            Some(error) => {
                format!(r#"Bearer realm="supportgraph", error="invalid_token", error_description="{error}""#)
            }
            None => r#"Bearer realm="supportgraph""#.to_owned(),
        };
        headers.extend(HeaderValue::try_from(bearer).ok().map(|bearer| (header::WWW_AUTHENTICATE, bearer)));
        if self.may_ask {
            let basic = HeaderValue::from_static(r#"Basic realm="supportgraph", charset="UTF-8""#);
            headers.append(header::WWW_AUTHENTICATE, basic);
        }
    }
}

/// For handlers that know no correlation id: [`super::edge::guard`] writes the body.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<domain::Error> for Refusal {
    fn from(error: domain::Error) -> Self {
        use domain::Error::{
            Conflict, CursorExpired, Forbidden, Internal, Invalid, LimitExceeded, NotFound, OfInput, RateLimited,
            Unavailable,
        };
        let status = match &error {
            Invalid { .. } | OfInput { .. } => StatusCode::UNPROCESSABLE_ENTITY,
            Conflict(_) => StatusCode::CONFLICT,
            NotFound { .. } => StatusCode::NOT_FOUND,
            Forbidden(_) => StatusCode::FORBIDDEN,
            LimitExceeded { .. } => StatusCode::BAD_REQUEST,
            RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            CursorExpired(_) => StatusCode::GONE,
            Unavailable(_) => StatusCode::SERVICE_UNAVAILABLE,
            Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        if let Unavailable(cause) | Internal(cause) = &error {
            tracing::error!(%cause, code = error.code(), "a request could not be answered");
        }
        let retry_after_seconds = match &error {
            RateLimited { retry_after_seconds, .. } => Some(*retry_after_seconds),
            _ => None,
        };
        Self { retry_after_seconds, ..Self::new(status, error.code(), error.to_string()) }
    }
}
