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
    Denied,
    grant::{self, Claims},
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
    pub async fn verified(&self, token: &SecretString, partners: &Partners) -> Result<Arc<Verified>, Denied> {
        let (hash, token) = (hash_of(token), token.expose_secret());
        if let Some(known) = self.verified.get(&hash) {
            if self.clock.now() <= known.expires_at + SKEW && self.issuers[known.issuer].keys.has(&known.key_id) {
                return Ok(known);
            }
            self.verified.remove(&hash);
        }
        let verified = Arc::new(self.verify(token, partners).await?);
        self.verified.insert(hash, Arc::clone(&verified));
        Ok(verified)
    }

    async fn verify(&self, token: &str, partners: &Partners) -> Result<Verified, Denied> {
        let invalid = |_| Denied::Invalid;
        let header = decode_header(token).map_err(invalid)?;
        // A token does not say by which key it is to be checked, and nothing critical is understood.
        if header.jku.is_some() || header.jwk.is_some() || header.x5u.is_some() || header.crit.is_some() {
            return Err(Denied::Invalid);
        }
        let key_id = header.kid.ok_or(Denied::Invalid)?;
        // Believed only as to whose keys to try.
        let claimed: Claims = insecure_decode_claims(token).map_err(invalid)?;
        let mut found =
            self.issuers.iter().enumerate().filter_map(|(at, issuer)| Some((at, issuer, issuer.named_by(&claimed)?)));
        let (at, issuer, name) = found.next().ok_or(Denied::Invalid)?;
        if !issuer.algorithms.contains(&header.alg) {
            return Err(Denied::Invalid);
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
        let expires_at = self.in_time(&claims)?;
        let viewers = grant::viewers(&issuer.config, &name, &claims, expires_at, &self.store, partners).await?;
        Ok(Verified { viewers, issuer: at, key_id, expires_at })
    }

    /// When it ends, if it has begun and not ended.
    fn in_time(&self, claims: &Claims) -> Result<DateTime<Utc>, Denied> {
        let time = |name: &str| {
            let seconds = claims.get(name)?.as_f64()?;
            DateTime::from_timestamp(seconds as i64, 0)
        };
        let now = self.clock.now();
        let expires_at = time("exp").ok_or(Denied::Invalid)?;
        if now > expires_at + SKEW {
            return Err(Denied::Expired);
        }
        if claims.contains_key("nbf") && time("nbf").ok_or(Denied::Invalid)? > now + SKEW {
            return Err(Denied::Invalid);
        }
        Ok(expires_at)
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
