//! Tokens: whether they are what they say, and not too old or too young.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{Algorithm, Validation, dangerous::insecure_decode_claims, decode, decode_header};
use quick_cache::sync::Cache;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{
    Denied, TurnedAway,
    grant::{self, Claims, Person},
    jwks::{KeySet, NeverFetched},
    partner::Partners,
};
use crate::{
    config::{IssuerConfig, TENANT},
    domain::{Result, access::Viewer, clock::Clock},
    store::Store,
};

/// How far the clocks of an issuer and of this machine may be apart.
const SKEW: TimeDelta = TimeDelta::seconds(60);
/// Tokens that are remembered as verified.
const MOST: usize = 10_000;

/// Verifies tokens, and remembers those that were.
pub struct Tokens {
    issuers: Vec<Issuer>,
    store: Store,
    clock: Clock,
    /// By the hash of the token: a stolen memory dump should hold none that is good.
    verified: Cache<[u8; 32], Arc<Verified>>,
}

struct Issuer {
    config: IssuerConfig,
    algorithms: Vec<Algorithm>,
    keys: KeySet,
}

/// A token that was found good.
pub struct Verified {
    /// One for each partner that it is for.
    pub viewers: Vec<Viewer>,
    /// Whose, by its place among all.
    issuer: usize,
    key_id: String,
    expires_at: DateTime<Utc>,
}

impl Tokens {
    /// # Errors
    ///
    /// If no HTTPS client can be made.
    pub fn new(issuers: &[IssuerConfig], store: &Store, clock: &Clock) -> Result<Self> {
        let issuer = |config: &IssuerConfig| {
            let algorithms = config.algorithms.iter().filter_map(|name| name.parse().ok()).collect();
            Ok(Issuer { config: config.clone(), algorithms, keys: KeySet::new(config, clock)? })
        };
        Ok(Self {
            issuers: issuers.iter().map(issuer).collect::<Result<_>>()?,
            store: store.clone(),
            clock: clock.clone(),
            verified: Cache::new(MOST),
        })
    }

    /// Whether any token can be good.
    pub fn has_issuers(&self) -> bool {
        !self.issuers.is_empty()
    }

    /// See [`super::Auth::knows`].
    pub fn knows(&self, token: &SecretString) -> bool {
        self.verified.contains_key(&hash_of(token))
    }

    /// What a token grants. One that was verified before is good until its end, or until its key is withdrawn.
    pub async fn verified(&self, token: &SecretString, partners: &Partners) -> Result<Arc<Verified>, TurnedAway> {
        let (hash, token) = (hash_of(token), token.expose_secret());
        if let Some(known) = self.verified.get(&hash) {
            if !self.has_ended(known.expires_at) && self.issuers[known.issuer].keys.has(&known.key_id) {
                return Ok(known);
            }
            self.verified.remove(&hash);
        }
        let verified = Arc::new(self.verify(token, partners).await?);
        self.verified.insert(hash, Arc::clone(&verified));
        Ok(verified)
    }

    async fn verify(&self, token: &str, partners: &Partners) -> Result<Verified, TurnedAway> {
        let invalid = |_| Denied::Invalid;
        let header = decode_header(token).map_err(invalid)?;
        // A token does not say by which key it is to be checked, and nothing critical is understood.
        if header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.crit.is_some() {
            return Err(Denied::Invalid.into());
        }
        let key_id = header.kid.ok_or(Denied::Invalid)?;
        // Believed only as to whose keys to try.
        let claimed: Claims = insecure_decode_claims(token).map_err(invalid)?;
        let mut found =
            self.issuers.iter().enumerate().filter_map(|(at, issuer)| Some((at, issuer, issuer.named_by(&claimed)?)));
        let (at, issuer, name) = found.next().ok_or(Denied::Invalid)?;
        if !issuer.algorithms.contains(&header.alg) {
            return Err(Denied::Invalid.into());
        }
        let key = issuer.keys.key(&key_id, header.alg, &name).await;
        let key = key.map_err(|NeverFetched| Denied::IssuerUnreachable)?.ok_or(Denied::Invalid)?;

        let mut validation = Validation::new(header.alg);
        validation.set_required_spec_claims(&["iss", "aud", "exp"]);
        validation.set_issuer(&[&name]);
        validation.set_audience(&issuer.config.audiences);
        // The library would ask the system for the time.
        validation.validate_exp = false;
        let claims = decode::<Claims>(token, &key, &validation).map_err(invalid)?.claims;
        let person = Person::read(&issuer.config, &name, &claims, partners).await?;
        let known = |why| TurnedAway { why, who: Some(person.proven()) };
        let expires_at = self.in_time(&claims).map_err(known)?;
        let viewers = grant::viewers(&issuer.config, &claims, &person, expires_at, &self.store, partners).await;
        let viewers = viewers.map_err(known)?;
        Ok(Verified { viewers, issuer: at, key_id, expires_at })
    }

    /// When it ends, if it has begun and not ended.
    fn in_time(&self, claims: &Claims) -> Result<DateTime<Utc>, Denied> {
        let time = |name: &str| {
            let seconds = claims.get(name)?.as_f64()?;
            DateTime::from_timestamp(seconds as i64, 0)
        };
        let expires_at = time("exp").ok_or(Denied::Invalid)?;
        if self.has_ended(expires_at) {
            return Err(Denied::Expired);
        }
        if claims.contains_key("nbf") && time("nbf").ok_or(Denied::Invalid)? > self.clock.now() + SKEW {
            return Err(Denied::Invalid);
        }
        Ok(expires_at)
    }

    /// The skew is taken off our own time: a token may name the last second that there is.
    fn has_ended(&self, expires_at: DateTime<Utc>) -> bool {
        self.clock.now() - SKEW > expires_at
    }
}

fn hash_of(token: &SecretString) -> [u8; 32] {
    Sha256::digest(token.expose_secret()).into()
}

impl Issuer {
    /// The issuer's name as the token has to have it, if the token says that it is this one's and for this server.
    fn named_by(&self, claims: &Claims) -> Option<String> {
        let name = match self.config.issuer.contains(TENANT) {
            true => {
                let tenant = claims.get("tid")?.as_str().filter(|tenant| Uuid::try_parse(tenant).is_ok())?;
                self.config.issuer.replace(TENANT, tenant)
            }
            false => self.config.issuer.clone(),
        };
        let is_named = claims.get("iss").and_then(Value::as_str) == Some(&name);
        let is_for_us = grant::texts(claims, "aud").iter().any(|audience| self.config.audiences.contains(audience));
        (is_named && is_for_us).then_some(name)
    }
}
