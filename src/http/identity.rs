//! Who asks, and under which id the request is known in the log.

use std::{net::IpAddr, sync::Arc};

use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use chrono::TimeDelta;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    Http,
    error::{Challenge, Refusal},
    origin,
};
use crate::{
    auth::{Credential, Denied, TurnedAway},
    domain::{
        access::{Lane, Viewer},
        audit::{AuditAction, AuditRecord},
    },
    quota::Failures,
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
        let authorization = headers.get(header::AUTHORIZATION).map(|value| value.to_str().unwrap_or_default());
        // A browser adds the password that a person typed for this server, whatever page asks.
        let is_lent = |shown: &&str| origin::foreign_page(headers).is_some() && Credential::is_basic(shown);
        let credential = authorization.filter(|shown| !is_lent(shown)).map(Credential::read);
        let lane = headers.get(LANE).map(|value| lane(value.to_str().unwrap_or_default()));
        Ok(Self {
            partner: partner.transpose().map_err(|_| unclear_partner())?,
            credential,
            may_ask: may_ask(headers),
            lane: lane.transpose()?,
        })
    }

    /// The same for the handshake of a WebSocket. No page can set a header there, so what its browser sends is not its own
    /// word.
    ///
    /// # Errors
    ///
    /// As [`Claims::of_headers`].
    pub fn of_handshake(headers: &HeaderMap) -> Result<Self, Refusal> {
        let claims = Self::of_headers(headers)?;
        Ok(if headers.contains_key(header::ORIGIN) { Self { credential: None, ..claims } } else { claims })
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
        let credential = claims.credential.as_ref();
        let mut look = match credential {
            Some(credential) => {
                shared.failures.admit(from, || shared.auth.knows(credential))?;
                Some(Look { failures: &shared.failures, from, has_failed: true })
            }
            None => None,
        };
        let viewer = shared.auth.viewer(credential, claims.partner.as_deref()).await;
        if let Some(look) = &mut look {
            look.has_failed = viewer.as_ref().is_err_and(|turned_away| {
                matches!(turned_away.why, Denied::Invalid | Denied::Expired | Denied::NothingGranted(_))
            });
        }
        let viewer =
            viewer.map_err(|turned_away| refusal(turned_away, claims.may_ask && shared.auth.accepts_keys()))?;
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

    /// Where a request comes from that `peer` sent; see [`origin::address`].
    pub(super) fn address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        origin::address(peer, headers, |address| {
            self.0.trusted_proxies.iter().any(|network| network.contains(&address))
        })
    }
}

/// A credential that is being looked at. Whoever goes away meanwhile has shown one that is not good: leaving early must
/// not make guesses free.
struct Look<'a> {
    failures: &'a Failures,
    from: IpAddr,
    has_failed: bool,
}

impl Drop for Look<'_> {
    fn drop(&mut self) {
        if self.has_failed {
            self.failures.count(self.from);
        }
    }
}

fn refusal(TurnedAway { why, who }: TurnedAway, may_ask: bool) -> Refusal {
    let refusal = refusal_of(why, may_ask);
    who.into_iter().fold(refusal, Refusal::told)
}

fn refusal_of(why: Denied, may_ask: bool) -> Refusal {
    let unauthenticated = |error, message| Refusal::unauthenticated(Challenge { error, may_ask }, message);
    match why {
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
        Denied::NothingGranted(reason) => Refusal::forbidden(reason),
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

/// The same text for a partner that is missing, misspelt or not chosen: it cannot be used to find out who is there.
fn unclear_partner() -> Refusal {
    Refusal::new(
        StatusCode::BAD_REQUEST,
        "PARTNER_REQUIRED",
        "it is not clear for which partner to answer; send the header `x-supportgraph-partner` with the tenant id of a \
         partner that you may act for; for callers on the server's machine `server.partner` may name it",
    )
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
