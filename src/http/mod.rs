//! Bytes in, bytes out: HTTP around the engine.

mod accept;
mod edge;
mod error;
mod graphql;
mod identity;
mod media_type;
mod playground;
mod probe;
mod request;

use std::{sync::Arc, time::Duration};

use axum::{
    Router,
    extract::State,
    http::header::{self, HeaderName, HeaderValue},
    middleware,
    response::Redirect,
    routing::{any, get},
};
use tower_http::{
    CompressionLevel,
    compression::CompressionLayer,
    cors::{AllowOrigin, Any, CorsLayer},
};

use crate::{config::ServerConfig, domain::clock::Clock, engine::Engine, live::Live, store::Store};
pub use accept::{Limits, serve};
use error::Refusal;
use identity::Partners;

/// What every handler shares.
#[derive(Clone)]
pub struct Http(Arc<Shared>);

struct Shared {
    engine: Engine,
    store: Store,
    clock: Clock,
    live: Live,
    server: ServerConfig,
    /// Requests in one batch at most.
    batch: usize,
    partners: Partners,
}

impl Http {
    pub fn new(engine: Engine, store: Store, clock: Clock, live: Live, server: ServerConfig, batch: u64) -> Self {
        let batch = usize::try_from(batch).unwrap_or(usize::MAX);
        Self(Arc::new(Shared { engine, store, clock, live, server, batch, partners: Partners::default() }))
    }

    /// Every path there is.
    pub fn router(self) -> Router {
        let home = if self.0.server.playground { "/playground" } else { "/schema.graphql" };
        let mut router = Router::new()
            .route("/graphql", any(graphql::answer))
            .route("/schema.graphql", get(schema))
            .route("/livez", get(probe::alive))
            .route("/readyz", get(probe::ready))
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
            .layer(CompressionLayer::new().quality(CompressionLevel::Fastest));
        if !self.0.server.cors_origins.is_empty() {
            router = router.layer(cors(&self.0.server.cors_origins));
        }
        router.layer(middleware::from_fn_with_state(self.clone(), edge::guard)).with_state(self)
    }
}

/// The SDL, as text that a browser shows.
async fn schema(State(http): State<Http>) -> ([(HeaderName, &'static str); 1], String) {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], http.0.engine.sdl().to_owned())
}

/// Without origins a browser lets no other page read an answer, nor send JSON.
fn cors(origins: &[String]) -> CorsLayer {
    let layer = CorsLayer::new()
        .allow_methods(["GET", "POST"].map(|name| name.parse().expect("a method")))
        .allow_headers([
            header::ACCEPT,
            header::CONTENT_TYPE,
            identity::PARTNER,
            identity::REQUEST_ID,
            HeaderName::from_static("apollo-require-preflight"),
            HeaderName::from_static("graphql-require-preflight"),
            HeaderName::from_static("apollographql-client-name"),
            HeaderName::from_static("apollographql-client-version"),
        ])
        .expose_headers([identity::REQUEST_ID])
        .max_age(Duration::from_secs(3600));
    match origins {
        [any] if any == "*" => layer.allow_origin(Any),
        origins => layer
            .allow_origin(AllowOrigin::list(origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()))),
    }
}
