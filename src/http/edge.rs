//! What every request passes on its way in, and every response on its way out.

use std::{net::IpAddr, panic::AssertUnwindSafe};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use futures::FutureExt;
use tracing::Instrument;

use super::{
    Http,
    accept::Connection,
    error::Refusal,
    identity::{self, CorrelationId},
    media_type::MediaType,
    origin,
};

/// Gives the request its id, keeps foreign names out, catches panics, records who was refused, and completes what leaves.
pub async fn guard(State(http): State<Http>, request: Request, next: Next) -> Response {
    answer(&http, request, next, |_| false).await
}

/// The same for what the operator's tools ask, which call by address as well: no page can point a name of its own at one.
pub async fn guard_operators(State(http): State<Http>, request: Request, next: Next) -> Response {
    answer(&http, request, next, |host| origin::host_address(host).is_some()).await
}

/// `is_meant` tells of further values of `host` that will do.
async fn answer(http: &Http, mut request: Request, next: Next, is_meant: impl Fn(&str) -> bool) -> Response {
    let id = CorrelationId::of(request.headers());
    let uri = request.uri().clone();
    let from = tell_address(&mut request, http);
    let span = tracing::info_span!("request", method = %request.method(), path = uri.path(), id = &*id.0);
    let mut response = if is_misdirected(&request, http, is_meant) {
        misdirected().answer(MediaType::Json, &id.0)
    } else {
        request.extensions_mut().insert(id.clone());
        caught(next.run(request)).instrument(span.clone()).await
    };
    if let Some(refusal) = response.extensions_mut().remove::<Refusal>() {
        let answer = refusal.answer(MediaType::Json, &id.0);
        response.headers_mut().remove(header::CONTENT_LENGTH);
        response.headers_mut().extend(answer.headers().clone());
        response.extensions_mut().extend(answer.extensions().clone());
        *response.body_mut() = answer.into_body();
    }
    if let (Some(refused), Some(from)) = (response.extensions_mut().remove(), from) {
        http.record_not_let_in(&refused, uri.path(), from, &id);
    }
    span.in_scope(|| tracing::debug!(status = response.status().as_u16(), "answered"));
    secure(response.headers_mut());
    response.headers_mut().extend(id.header().map(|id| (identity::REQUEST_ID, id)));
    response
}

/// Where the request comes from; handlers hear it from its connection.
fn tell_address(request: &mut Request, http: &Http) -> Option<IpAddr> {
    let peer = request.extensions().get::<Connection>()?.address;
    let address = http.address(peer, request.headers());
    request.extensions_mut().get_mut::<Connection>()?.address = address;
    Some(address)
}

/// What a browser may do with whatever leaves here. A page that needs more says so itself.
///
/// Nothing says that only HTTPS will do from now on (`strict-transport-security`): this server speaks plain HTTP, so
/// whoever puts HTTPS in front of it has to say for which names and how long.
const SECURITY: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    // For browsers that do not know `frame-ancestors`.
    (header::X_FRAME_OPTIONS, "DENY"),
    (header::REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("permissions-policy"),
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()",
    ),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    // Pages that CORS lets in may read all the same; what it keeps out are pictures and scripts of other pages.
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
];

fn secure(headers: &mut HeaderMap) {
    for (name, value) in SECURITY {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
}

/// The response, or one that says nothing of the panic that came instead.
async fn caught(response: impl Future<Output = Response>) -> Response {
    let caught = AssertUnwindSafe(response).catch_unwind().await;
    caught.unwrap_or_else(|panic| Refusal::panicked(&*panic).into_response())
}

/// A page elsewhere can let its own name point here; the name in `host` tells. Every browser sends one.
fn is_misdirected(request: &Request, http: &Http, is_meant: impl Fn(&str) -> bool) -> bool {
    let is_ours = |host: &str| origin::is_local_host(host, &http.0.server.hosts) || is_meant(host);
    request.headers().get(header::HOST).is_some_and(|host| !host.to_str().is_ok_and(is_ours))
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
