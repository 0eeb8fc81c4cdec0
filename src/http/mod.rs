//! Bytes in, bytes out: HTTP around the engine.

mod accept;
mod alarm;
mod cost;
mod edge;
mod error;
mod graphql;
mod identity;
mod listener;
mod media_type;
mod operations;
mod origin;
mod playground;
mod probe;
mod refused;
mod request;
mod standing;
mod stop;
mod stream;
mod websocket;

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Router,
    extract::State,
    http::{
        HeaderMap,
        header::{self, HeaderName, HeaderValue},
    },
    middleware,
    response::Redirect,
    routing::{any, get},
};
use ipnet::IpNet;
use tower_http::{
    CompressionLevel,
    compression::{CompressionLayer, DefaultPredicate, Predicate as _, predicate::NotForContentType},
    cors::{AllowOrigin, Any, CorsLayer},
};

use crate::{
    audit::AuditLog,
    auth::Auth,
    config::{self, LimitsConfig, LiveConfig, ServerConfig},
    domain::{
        access::{Role, Viewer},
        clock::Clock,
        document::RegisteredOnly,
    },
    engine::Engine,
    live::Live,
    quota::{Failures, Quota},
    store::Store,
    telemetry::Metrics,
};
use accept::Connection;
pub use accept::{Limits, serve};
use error::Refusal;
use identity::{Claims, CorrelationId};
use listener::Listeners;
use stream::reservation::Reservations;

/// What HTTP is put around.
pub struct Parts {
    pub auth: Auth,
    pub engine: Engine,
    pub store: Store,
    pub clock: Clock,
    pub live: Live,
    pub quota: Quota,
    pub failures: Failures,
    pub metrics: Metrics,
    /// The roles that may look at the schema.
    pub introspecting: Vec<Role>,
    pub registered_only: RegisteredOnly,
    pub audit: AuditLog,
}

/// What every handler shares.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

struct Shared {
    auth: Auth,
    engine: Engine,
    store: Store,
    clock: Clock,
    live: Live,
    quota: Quota,
    failures: Failures,
    metrics: Metrics,
    introspecting: Vec<Role>,
    registered_only: RegisteredOnly,
    audit: AuditLog,
    /// Whose word is taken for where a request comes from.
    trusted_proxies: Vec<IpNet>,
    server: ServerConfig,
    listening: LiveConfig,
    /// Requests in one batch at most.
    batch: usize,
    listeners: Listeners,
    reservations: Reservations,
}

impl Http {
    pub fn new(parts: Parts, server: ServerConfig, limits: &LimitsConfig, listening: LiveConfig) -> Self {
        let Parts { auth, engine, store, clock, live, quota, failures, metrics, introspecting, registered_only, audit } =
            parts;
        let networks = server.trusted_proxies.iter().filter_map(|network| config::network(network));
        let trusted_proxies = networks.collect();
        let batch = usize::try_from(limits.batch).unwrap_or(usize::MAX);
        let listeners = Listeners::new(&listening, metrics.clone());
        let reservations = Reservations::default();
        Self(Arc::new(Shared {
            auth,
            engine,
            store,
            clock,
            live,
            quota,
            failures,
            metrics,
            introspecting,
            registered_only,
            audit,
            trusted_proxies,
            server,
            listening,
            batch,
            listeners,
            reservations,
        }))
    }

    fn may_introspect(&self, roles: &[Role]) -> bool {
        roles.iter().any(|role| self.0.introspecting.contains(role))
    }

    /// Every path there is.
    pub fn router(self) -> Router {
        let home = if self.0.server.playground { "/playground" } else { "/schema.graphql" };
        // What is packed is held back until there is enough of it; events may not be.
        let is_whole = DefaultPredicate::new().and(NotForContentType::const_new("multipart/"));
        let mut router = Router::new()
            .route("/graphql", any(graphql::answer))
            .route("/schema.graphql", get(schema))
            .route("/livez", get(probe::alive))
            .route("/readyz", get(probe::ready))
            .route("/metrics", get(probe::metrics))
            .route("/", get(Redirect::temporary(home)));
        if self.0.server.playground {
            router = router
                .route("/playground", get(playground::index))
                .route("/playground/", get(playground::index))
                .route("/playground/{*path}", get(playground::file));
        }
        router = router
            .fallback(|| async { Refusal::not_found() })
            .method_not_allowed_fallback(|| async { Refusal::method_not_allowed("GET, HEAD") })
            // Answers are made anew each time, so they are packed quickly rather than tightly.
            .layer(CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(is_whole));
        if !self.0.server.cors_origins.is_empty() {
            router = router.layer(cors(&self.0.server.cors_origins));
        }
        router.layer(middleware::from_fn_with_state(self.clone(), edge::guard)).with_state(self)
    }

    /// What the operator's tools ask, without a credential.
    pub fn operators_router(self) -> Router {
        Router::new()
            .route("/livez", get(probe::alive))
            .route("/readyz", get(probe::ready))
            .route("/metrics", get(probe::all_metrics))
            .fallback(|| async { Refusal::not_found() })
            .method_not_allowed_fallback(|| async { Refusal::method_not_allowed("GET, HEAD") })
            .layer(middleware::from_fn_with_state(self.clone(), edge::guard_operators))
            .with_state(self)
    }
}

/// The SDL, as text that a browser shows.
async fn schema(
    State(http): State<Http>,
    Extension(id): Extension<CorrelationId>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
) -> Result<([(HeaderName, &'static str); 1], String), Refusal> {
    let viewer = match http.0.auth.is_required() {
        true => Some(http.admit(&Claims::of_headers(&headers)?, connection.address, &id).await?),
        false => None,
    };
    let roles = viewer.as_ref().map_or(http.0.auth.local_roles(), |viewer| &viewer.roles);
    if !http.may_introspect(roles) {
        let message = "your roles may not look at the schema; ask an administrator for a role that may, or to name yours in \
                       limits.introspection";
        return Err(viewer.iter().map(Viewer::proven).fold(Refusal::forbidden(message), Refusal::told));
    }
    Ok(([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], http.0.engine.sdl().to_owned()))
}

/// Without origins a browser lets no other page read an answer, nor send JSON.
fn cors(origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods(["GET", "POST", "PUT", "DELETE"].map(|name| name.parse().expect("a method")))
        .allow_headers([
            header::ACCEPT,
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            identity::PARTNER,
            identity::LANE,
            identity::REQUEST_ID,
            stream::reservation::TOKEN,
            HeaderName::from_static("last-event-id"),
            HeaderName::from_static("apollo-require-preflight"),
            HeaderName::from_static("graphql-require-preflight"),
            HeaderName::from_static("apollographql-client-name"),
            HeaderName::from_static("apollographql-client-version"),
        ])
        .expose_headers([&[identity::REQUEST_ID, header::WWW_AUTHENTICATE], cost::EXPOSED.as_slice()].concat())
        .max_age(Duration::from_secs(3600));
    match origins {
        [any] if any == "*" => layer.allow_origin(Any),
        origins => layer
            .allow_origin(AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))),
    }
}
