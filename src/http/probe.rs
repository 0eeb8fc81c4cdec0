//! Whether the process lives, whether it can answer, and what it counts.

use std::time::Duration;

use axum::{
    extract::{Extension, State},
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
};

use super::{
    Http,
    accept::Connection,
    error::Refusal,
    identity::{Claims, CorrelationId},
};
use crate::store::MigrationState;

/// The process answers.
pub async fn alive() -> &'static str {
    "alive\n"
}

/// The database answers, and has the tables of this program.
pub async fn ready(State(http): State<Http>) -> Result<&'static str, Refusal> {
    let store = &http.0.store;
    let asking = async {
        store.ping().await?;
        store.migration_state().await
    };
    let unready = |message| Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE", message));
    match tokio::time::timeout(Duration::from_secs(5), asking).await {
        Err(_) => unready("the database does not answer"),
        Ok(Err(error)) => {
            tracing::warn!(%error, "not ready");
            unready("the database is not reachable")
        }
        Ok(Ok(MigrationState::UpToDate)) => Ok("ready\n"),
        Ok(Ok(_)) => {
            unready("the database and this program are of different versions; run `supportgraph migrate --check`")
        }
    }
}

/// The metrics, where nobody has to show anything. They are of all partners together, so no credential is good for them.
pub async fn metrics(
    State(http): State<Http>,
    Extension(id): Extension<CorrelationId>,
    Extension(connection): Extension<Connection>,
    headers: HeaderMap,
) -> Result<impl IntoResponse, Refusal> {
    if http.0.auth.is_required() {
        let viewer = http.admit(&Claims::of_headers(&headers)?, connection.address, &id).await?;
        let message = "metrics are of the whole installation and for its operator alone, who finds them at the address that \
                       server.metrics_listen names";
        return Err(Refusal::forbidden(message).told(viewer.proven()));
    }
    Ok(all_metrics(State(http)).await)
}

/// The metrics in the text format of Prometheus.
pub async fn all_metrics(State(http): State<Http>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], http.0.metrics.text())
}
