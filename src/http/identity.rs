//! Who asks, and under which id the request is known in the log.

use std::{str::FromStr, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::{Http, error::Refusal};
use crate::{
    domain::{
        self, PartnerId,
        access::{Role, Scope, Viewer},
        clock::Clock,
    },
    store::Store,
};

/// Chooses among several partners, by tenant id.
pub const PARTNER: HeaderName = HeaderName::from_static("x-supportgraph-partner");
/// Comes in if the caller has an id of its own, and goes out with every response.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id that ties a response to the lines in our log.
#[derive(Clone, Debug)]
pub struct CorrelationId(pub Arc<str>);

impl CorrelationId {
    /// The caller's id if it is short and harmless in a log, else a new one.
    pub fn of(headers: &HeaderMap) -> Self {
        let own = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
        let sane = own.filter(|id| (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic()));
        Self(sane.map_or_else(|| Uuid::new_v4().simple().to_string().into(), Arc::from))
    }

    pub fn header(&self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.0).ok()
    }
}

/// What a caller says of itself: in headers, or on a WebSocket in the payload of `connection_init` and `ping`, since
/// browsers let no page set a header there.
#[derive(Clone, Debug, Default)]
pub struct Claims {
    /// Tenant id of the partner to act for.
    partner: Option<String>,
}

impl Claims {
    /// # Errors
    ///
    /// 400 if a header is not text.
    pub fn of_headers(headers: &HeaderMap) -> Result<Self, Refusal> {
        let partner = headers.get(PARTNER).map(|value| value.to_str().map(str::to_owned));
        Ok(Self { partner: partner.transpose().map_err(|_| unknown_partner())? })
    }

    /// Takes over what a payload says; headers go by the same names there.
    ///
    /// # Errors
    ///
    /// 400 if it is not text.
    pub fn update(&mut self, payload: &Map<String, Value>) -> Result<(), Refusal> {
        let named = payload.iter().find(|(name, _)| name.eq_ignore_ascii_case(PARTNER.as_str()));
        if let Some((_, tenant)) = named {
            self.partner = Some(tenant.as_str().ok_or_else(unknown_partner)?.to_owned());
        }
        Ok(())
    }
}

impl Http {
    /// Who asks. There is no authentication yet, hence [`crate::app`] listens on loopback only, and whoever calls acts for
    /// one partner: the one that the request names, else the configured one, else the only one.
    ///
    /// # Errors
    ///
    /// 400 if that is none of those in the database. The text names none of them.
    pub(super) async fn viewer(&self, claims: &Claims) -> Result<Viewer, Refusal> {
        let shared = &self.0;
        let named = claims.partner.as_deref().or(shared.server.partner.as_deref());
        let partner = shared.partners.choose(&shared.store, &shared.clock, named).await?;
        let session = i64::try_from(shared.listening.session_seconds).ok().filter(|seconds| *seconds > 0);
        let scope = Scope::partner(partner.ok_or_else(unknown_partner)?);
        Ok(Viewer {
            expires_at: session.map(|seconds| shared.clock.now() + TimeDelta::seconds(seconds)),
            ..Viewer::new("local", "local", [Role::GlobalAdmin], scope)
        })
    }
}

/// Refuses the page of another origin. A browser lets any page open a WebSocket or an event stream anywhere and tells
/// where the page came from; whoever is no browser tells nothing.
///
/// # Errors
///
/// 403 with what would help.
pub fn require_own_origin(headers: &HeaderMap, allowed: &[String]) -> Result<(), Refusal> {
    let Some(origin) = headers.get(header::ORIGIN) else { return Ok(()) };
    let origin = origin.to_str().unwrap_or_default();
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let is_own = host.is_some_and(|host| origin.split_once("://").is_some_and(|(_, name)| name == host));
    if is_own || allowed.iter().any(|allowed| allowed == "*" || allowed == origin) {
        return Ok(());
    }
    let message = "pages of this origin may not listen; add it to `server.cors_origins`";
    Err(Refusal::new(StatusCode::FORBIDDEN, "ORIGIN_REFUSED", message))
}

/// The same text for a partner that is missing, misspelt or not chosen: it cannot be used to find out who is there.
fn unknown_partner() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "PARTNER_REQUIRED",
        "it is not clear for which partner to answer; send the header `x-supportgraph-partner` with the tenant id of a \
         partner in this database, or set `server.partner`",
    )
}

/// The partners in the database, read again when a second has passed, or one is asked for that is not there.
#[derive(Default)]
pub struct Partners(Mutex<Option<Known>>);

struct Known {
    /// By tenant id, lower case.
    partners: Vec<(String, PartnerId)>,
    read_at: DateTime<Utc>,
}

impl Known {
    /// The partner that is named, else the only one. An empty database has the partner that owns nothing, so that the
    /// schema can be looked at before anything was imported.
    fn choose(&self, named: Option<&str>) -> Option<PartnerId> {
        match (named, self.partners.as_slice()) {
            (Some(tenant), partners) => {
                partners.iter().find(|(known, _)| known.eq_ignore_ascii_case(tenant)).map(|(_, partner)| *partner)
            }
            (None, []) => Some(PartnerId(Uuid::nil())),
            (None, [(_, only)]) => Some(*only),
            (None, _) => None,
        }
    }
}

impl Partners {
    async fn choose(&self, store: &Store, clock: &Clock, named: Option<&str>) -> domain::Result<Option<PartnerId>> {
        let mut known = self.0.lock().await;
        let now = clock.now();
        let fresh = known.as_ref().filter(|known| now - known.read_at < TimeDelta::seconds(1));
        if let Some(partner) = fresh.and_then(|known| known.choose(named)).filter(|partner| !partner.0.is_nil()) {
            return Ok(Some(partner));
        }
        let partners = store.partners().await?;
        let partners = partners.into_iter().map(|(id, tenant, _)| (tenant, id)).collect();
        Ok(known.insert(Known { partners, read_at: now }).choose(named))
    }
}

/// Whether a request was meant for this machine, by the name it was sent to.
pub fn is_local_host(host: &str, further: &[String]) -> bool {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let name = name.trim_end_matches('.');
    let address = std::net::IpAddr::from_str(name.trim_start_matches('[').trim_end_matches(']'));
    let lower = name.to_ascii_lowercase();
    address.is_ok_and(|address| address.is_loopback())
        || lower == "localhost"
        || lower.ends_with(".localhost")
        || further.iter().any(|further| further.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_is_taken_over_if_it_is_sane() {
        let id = |text: &str| {
            let headers = HeaderMap::from_iter([(REQUEST_ID, HeaderValue::from_bytes(text.as_bytes()).unwrap())]);
            CorrelationId::of(&headers).0
        };
        assert_eq!(&*id("7b5c-e1"), "7b5c-e1");
        for odd in ["", "two words", &"x".repeat(65), "ä"] {
            assert_eq!(id(odd).len(), 32, "{odd:?} is replaced");
        }
    }

    #[test]
    fn only_names_of_this_machine_and_configured_ones_are_local() {
        let further = ["gateway.example".to_owned()];
        for host in
            ["127.0.0.1:8080", "localhost", "LOCALHOST:1", "a.localhost:9", "[::1]:8080", "gateway.example:8080"]
        {
            assert!(is_local_host(host, &further), "{host}");
        }
        for host in ["evil.example:8080", "localhost.evil.example", "10.0.0.1", "127.0.0.1.evil.example", ""] {
            assert!(!is_local_host(host, &further), "{host}");
        }
    }

    #[test]
    fn a_partner_is_named_or_the_only_one() {
        let known = |tenants: &[&str]| Known {
            partners: tenants.iter().map(|tenant| ((*tenant).to_owned(), PartnerId::of_tenant(tenant))).collect(),
            read_at: DateTime::UNIX_EPOCH,
        };
        assert_eq!(known(&["a", "b"]).choose(Some("B")), Some(PartnerId::of_tenant("b")));
        assert_eq!(known(&["a", "b"]).choose(None), None);
        assert_eq!(known(&["a"]).choose(None), Some(PartnerId::of_tenant("a")));
        assert_eq!(known(&["a"]).choose(Some("b")), None);
        assert_eq!(known(&[]).choose(Some("a")), None);
    }
}
