//! Who asks, and under which id the request is known in the log.

use std::{net::IpAddr, str::FromStr, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use chrono::TimeDelta;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Http,
    error::{Challenge, Refusal},
};
use crate::{
    auth::{Credential, Denied},
    domain::{
        access::{Lane, Viewer},
        audit::{AuditAction, AuditRecord},
    },
};

/// Chooses among several partners, by tenant id.
pub const PARTNER: HeaderName = HeaderName::from_static("x-supportgraph-partner");
/// Asks for a lane that can wait: `bi` or `playground`.
pub const LANE: HeaderName = HeaderName::from_static("x-supportgraph-lane");
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
    /// What proves who it is.
    credential: Option<Credential>,
    /// Whether a browser or an office program would ask a person for a name and a password.
    may_ask: bool,
    /// The lane to run in, unless the caller's own is a later one.
    lane: Option<Lane>,
}

impl Claims {
    /// # Errors
    ///
    /// 400 if a header is not text, or there is no such lane.
    pub fn of_headers(headers: &HeaderMap) -> Result<Self, Refusal> {
        let partner = headers.get(PARTNER).map(|value| value.to_str().map(str::to_owned));
        let credential =
            headers.get(header::AUTHORIZATION).map(|value| Credential::read(value.to_str().unwrap_or_default()));
        let lane = headers.get(LANE).map(|value| lane(value.to_str().unwrap_or_default()));
        Ok(Self {
            partner: partner.transpose().map_err(|_| unclear_partner())?,
            credential,
            may_ask: may_ask(headers),
            lane: lane.transpose()?,
        })
    }

    /// Takes over what a payload says; headers go by the same names there, at the top or in `headers`.
    ///
    /// # Errors
    ///
    /// 400 if it is not text.
    pub fn update(&mut self, payload: &Map<String, Value>) -> Result<(), Refusal> {
        if let Some(tenant) = said(payload, &PARTNER) {
            self.partner = Some(tenant.as_str().ok_or_else(unclear_partner)?.to_owned());
        }
        if let Some(authorization) = said(payload, &header::AUTHORIZATION) {
            self.credential = Some(Credential::read(authorization.as_str().unwrap_or_default()));
        }
        if let Some(named) = said(payload, &LANE) {
            self.lane = Some(lane(named.as_str().unwrap_or_default())?);
        }
        Ok(())
    }

    /// Whether a payload brings a credential.
    pub fn renews(payload: &Map<String, Value>) -> bool {
        said(payload, &header::AUTHORIZATION).is_some()
    }

    /// The same for one look: a socket that is open for days need not hold the credential.
    pub fn hand_over(&mut self) -> Self {
        let credential = self.credential.take();
        Self { credential, ..self.clone() }
    }
}

/// What a payload says under the name of a header.
fn said<'a>(payload: &'a Map<String, Value>, name: &HeaderName) -> Option<&'a Value> {
    let find = |members: &'a Map<String, Value>| {
        members.iter().find(|(member, _)| member.eq_ignore_ascii_case(name.as_str())).map(|(_, value)| value)
    };
    find(payload).or_else(|| find(payload.get("headers")?.as_object()?))
}

/// Whether somebody would be asked for a password if we invited to it. A page that fetches does not want the browser to
/// put its own dialogue over it; browsers say that a page asks, by `origin` or `sec-fetch-mode`. Excel and the address bar
/// do want it.
fn may_ask(headers: &HeaderMap) -> bool {
    let mode = headers.get("sec-fetch-mode");
    !headers.contains_key(header::ORIGIN) && mode.is_none_or(|mode| mode == "navigate")
}

impl Http {
    /// Who asks: whoever the credential proves, or without one, where none is required, somebody on this machine.
    ///
    /// # Errors
    ///
    /// 401 or 403 if nobody is proven; 429 if too many from there were not; 400 if it is not clear for which partner,
    /// without naming one.
    async fn viewer(&self, claims: &Claims, from: IpAddr) -> Result<Viewer, Refusal> {
        let shared = &self.0;
        if let Some(credential) = &claims.credential {
            shared.failures.admit(from, || shared.auth.knows(credential))?;
        }
        let viewer = shared.auth.viewer(claims.credential.as_ref(), claims.partner.as_deref()).await;
        if let Err(Denied::Invalid | Denied::Expired | Denied::NothingGranted(_)) = &viewer {
            shared.failures.count(from);
        }
        let viewer = viewer.map_err(|denied| refusal(denied, claims.may_ask && shared.auth.accepts_keys()))?;
        let session = i64::try_from(shared.listening.session_seconds).ok().filter(|seconds| *seconds > 0);
        let session = session.map(|seconds| shared.clock.now() + TimeDelta::seconds(seconds));
        let viewer = Viewer { expires_at: viewer.expires_at.into_iter().chain(session).min(), ..viewer };
        Ok(viewer.in_lane(claims.lane.unwrap_or(Lane::Screen)))
    }

    /// [`Http::viewer`], with where it asks from; every use of an API key is recorded.
    pub(super) async fn admit(&self, claims: &Claims, from: IpAddr, id: &CorrelationId) -> Result<Viewer, Refusal> {
        let viewer = Viewer { address: Some(from), ..self.viewer(claims, from).await? };
        if viewer.shows_key() {
            let record = AuditRecord::of(AuditAction::ApiKeyUse, &viewer, &id.0, self.0.clock.now());
            self.0.audit.tell(record);
        }
        Ok(viewer)
    }

    /// Where a request comes from that `peer` sent; see [`origin`].
    pub(super) fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        origin(peer, headers, |address| self.0.trusted_proxies.iter().any(|network| network.contains(&address)))
    }
}

fn refusal(denied: Denied, may_ask: bool) -> Refusal {
    let unauthenticated = |error, message| Refusal::unauthenticated(Challenge { error, may_ask }, message);
    match denied {
        Denied::Missing => unauthenticated(
            None,
            "this needs a credential: send the header `authorization: Bearer` with a token or an API key, or an API key as \
             the password of Basic; on a WebSocket, send `authorization` in the payload of connection_init",
        ),
        Denied::Invalid => unauthenticated(
            Some("the credential is not good here"),
            "the credential is not good here; get a new token for this server, or check the API key",
        ),
        Denied::Expired => unauthenticated(Some("the token expired"), "the token expired; get a new one"),
        Denied::NothingGranted(reason) => Refusal::new(StatusCode::FORBIDDEN, "FORBIDDEN", reason),
        Denied::PartnerUnclear => unclear_partner(),
        Denied::IssuerUnreachable => Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNAVAILABLE",
            "the keys of the token's issuer cannot be had at the moment; try again in a few seconds",
        ),
        Denied::Failed(error) => error.into(),
    }
}

/// The lane of that name.
fn lane(name: &str) -> Result<Lane, Refusal> {
    let message = "there is no such lane; send `x-supportgraph-lane: bi` or `playground`, or leave it out";
    name.parse().map_err(|_| Refusal::bad_request(message))
}

/// The last address in `x-forwarded-for` that is no trusted proxy's, if a trusted one handed the request over, else
/// `peer`: anybody could write that header.
fn origin(peer: IpAddr, headers: &HeaderMap, is_trusted: impl Fn(IpAddr) -> bool) -> IpAddr {
    let named = headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = named.flat_map(|value| value.split(',')).map(str::trim).collect();
    let mut hops = hops.iter().rev().map_while(|hop| hop.parse::<IpAddr>().ok());
    let mut address = peer.to_canonical();
    while is_trusted(address) {
        match hops.next() {
            Some(hop) => address = hop.to_canonical(),
            None => break,
        }
    }
    address
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
fn unclear_partner() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "PARTNER_REQUIRED",
        "it is not clear for which partner to answer; send the header `x-supportgraph-partner` with the tenant id of a \
         partner that you may act for; for callers on the server's machine `server.partner` may name it",
    )
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
    use serde_json::json;

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
    fn only_a_trusted_proxy_tells_where_a_request_comes_from() {
        let from = |peer: &str, forwarded: &str| {
            let header = (HeaderName::from_static("x-forwarded-for"), HeaderValue::from_str(forwarded).unwrap());
            let is_trusted = |address: IpAddr| address.to_string().starts_with("10.");
            origin(peer.parse().unwrap(), &HeaderMap::from_iter([header]), is_trusted).to_string()
        };
        assert_eq!(from("203.0.113.9", "198.51.100.1"), "203.0.113.9", "anybody can write the header");
        assert_eq!(from("10.0.0.1", "198.51.100.1"), "198.51.100.1");
        assert_eq!(from("::ffff:10.0.0.1", "192.0.2.7, 198.51.100.1, 10.0.0.2"), "198.51.100.1");
        assert_eq!(from("10.0.0.1", "nonsense"), "10.0.0.1");
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
    fn a_payload_says_what_headers_would() {
        let credential = |payload: Value| {
            let mut claims = Claims::default();
            claims.update(payload.as_object().expect("an object")).expect("texts");
            claims.credential
        };
        for payload in [
            json!({ "authorization": "Bearer a" }),
            json!({ "Authorization": "Bearer a" }),
            json!({ "headers": { "Authorization": "Bearer a" } }),
        ] {
            assert!(matches!(credential(payload.clone()), Some(Credential::Token(_))), "{payload}");
        }
        assert!(matches!(credential(json!({ "authorization": 7 })), Some(Credential::Unusable)));
        assert!(credential(json!({ "token": "a" })).is_none());
    }

    #[test]
    fn only_who_would_ask_a_person_is_invited_to() {
        let may_ask_with = |pairs: &[(&'static str, &str)]| {
            let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), value.parse().unwrap()));
            may_ask(&pairs.collect())
        };
        assert!(may_ask_with(&[]) && may_ask_with(&[("sec-fetch-mode", "navigate")]));
        assert!(!may_ask_with(&[("sec-fetch-mode", "cors")]));
        assert!(!may_ask_with(&[("origin", "http://localhost:8080")]));
    }
}
