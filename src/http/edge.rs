//! What every request passes on its way in, and every response on its way out.

use std::panic::AssertUnwindSafe;

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tracing::Instrument;

use super::{
    Http,
    error::Refusal,
    identity::{self, CorrelationId},
    media_type::MediaType,
};

/// Gives the request its id, keeps foreign names out, catches panics, and completes what leaves.
pub async fn guard(State(http): State<Http>, mut request: Request, next: Next) -> Response {
    let id = CorrelationId::of(request.headers());
    let span = tracing::info_span!("request", method = %request.method(), path = request.uri().path(), id = &*id.0);
    let mut response = if is_misdirected(&request, &http) {
        misdirected().answer(MediaType::Json, &id.0)
    } else {
        request.extensions_mut().insert(id.clone());
        caught(next.run(request)).instrument(span.clone()).await
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let body = refusal.answer(MediaType::Json, &id.0);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(body.headers().clone());
        *response.body_mut() = body.into_body();
    }
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));

    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers
        .entry(header::CONTENT_SECURITY_POLICY)
        .or_insert(HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'"));
    if let Some(id) = id.header() {
        headers.insert(identity::REQUEST_ID, id);
    }
    response
}

/// The response, or one that says nothing of the panic that came instead.
async fn caught(response: impl Future<Output = Response>) -> Response {
    let caught = AssertUnwindSafe(response).catch_unwind().await;
    caught.unwrap_or_else(|panic| Refusal::panicked(&*panic).into_response())
}

/// A page elsewhere can let its own name point here; the name in `host` tells. Every browser sends one.
fn is_misdirected(request: &Request, http: &Http) -> bool {
    let host = request.headers().get(header::HOST);
    host.is_some_and(|host| !host.to_str().is_ok_and(|host| identity::is_local_host(host, &http.0.server.hosts)))
}

fn misdirected() -> Refusal {
    Refusal::new(
        StatusCode::MISDIRECTED_REQUEST,
        "MISDIRECTED_REQUEST",
        "this server does not answer to the name in `host`; call it as localhost, or add the name to `server.hosts`",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_becomes_an_internal_error_without_its_text() {
        let mut response = caught(async { panic!("secret") }).await;
        let refusal = response.extensions_mut().remove::<Refusal>().expect("a refusal");
        assert_eq!((refusal.status.as_u16(), refusal.code), (500, "INTERNAL"));
        assert_eq!(refusal.message, "internal error");
    }
}
