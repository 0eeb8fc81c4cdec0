//! The public keys of an issuer: fetched, kept, and fetched again when a token names one that is not known.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use chrono::{DateTime, TimeDelta, Utc};
use jsonwebtoken::{
    Algorithm, DecodingKey,
    jwk::{AlgorithmParameters, Jwk, PublicKeyUse},
};
use reqwest::{Client, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use tokio::{sync::Mutex, task::JoinHandle};

use crate::{
    config::{IssuerConfig, TENANT, is_safe},
    domain::{Error, Result, clock::Clock},
};

/// However many tokens name keys that are not known: the issuer is asked no more often than that.
const ASKED_EVERY: TimeDelta = TimeDelta::seconds(10);
/// After that the keys are fetched again even if nobody misses one, since the issuer may have withdrawn one.
const KEPT_FOR: TimeDelta = TimeDelta::hours(1);
/// Time for one of the issuer's documents.
const PATIENCE: Duration = Duration::from_secs(5);
/// Nobody has so many keys.
const LARGEST: usize = 1024 * 1024;

/// The keys of one issuer. Cheap to clone.
#[derive(Clone)]
pub struct KeySet(Arc<Inner>);

struct Inner {
    issuer: String,
    /// Where the keys are; without it the discovery document tells.
    jwks_url: Option<String>,
    http: Client,
    clock: Clock,
    known: RwLock<Option<Known>>,
    /// When the issuer was asked last. Who holds this asks; the others wait for what comes.
    asked_at: Mutex<Option<DateTime<Utc>>>,
}

struct Known {
    keys: HashMap<String, Key>,
    fetched_at: DateTime<Utc>,
}

/// One public key.
#[derive(Clone)]
struct Key {
    key: Arc<DecodingKey>,
    /// The only algorithm it is for, if the issuer says so.
    algorithm: Option<Algorithm>,
    /// Where the keys of many tenants stand together: whose tokens alone it signs. Microsoft says so.
    issuer: Option<String>,
}

/// The issuer's keys were never fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NeverFetched;

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    jwks_uri: String,
}

#[derive(Deserialize)]
struct Document {
    keys: Vec<Value>,
}

impl KeySet {
    /// # Errors
    ///
    /// If no HTTPS client can be made.
    pub fn new(config: &IssuerConfig, clock: &Clock) -> Result<Self> {
        // Fails if somebody was first, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().timeout(PATIENCE).redirect(Policy::none());
        // A proxy would look for an issuer on this machine on its own.
        let is_here = config.jwks_url.as_ref().unwrap_or(&config.issuer).starts_with("http://");
        let client = if is_here { client.no_proxy() } else { client };
        Ok(Self(Arc::new(Inner {
            issuer: config.issuer.clone(),
            jwks_url: config.jwks_url.clone(),
            http: client.build().map_err(Error::internal)?,
            clock: clock.clone(),
            known: RwLock::default(),
            asked_at: Mutex::default(),
        })))
    }

    /// The key with this id, if it may sign tokens of `issuer` with `algorithm`. The issuer is asked if it is not known.
    ///
    /// # Errors
    ///
    /// If nothing is known of the issuer's keys.
    pub async fn key(
        &self,
        id: &str,
        algorithm: Algorithm,
        issuer: &str,
    ) -> Result<Option<Arc<DecodingKey>>, NeverFetched> {
        if !self.has(id) {
            // It fails only where the issuer's answer made us panic, and then nothing was learnt.
            let _ = self.refreshing().await;
        }
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let key = known.as_ref().ok_or(NeverFetched)?.keys.get(id);
        let fits = key.filter(|key| {
            key.algorithm.is_none_or(|only| only == algorithm)
                && key.issuer.as_ref().is_none_or(|only| only == issuer || *only == self.0.issuer)
        });
        Ok(fits.map(|key| Arc::clone(&key.key)))
    }

    /// Whether the issuer has a key with this id, as far as is known.
    pub fn has(&self, id: &str) -> bool {
        let known = self.0.known.read().unwrap_or_else(PoisonError::into_inner);
        let Some(known) = known.as_ref() else { return false };
        let now = self.0.clock.now();
        // Whoever holds the lock is asking already.
        let was_asked = || self.0.asked_at.try_lock().map_or(true, |asked| is_recent(*asked, now));
        if now - known.fetched_at >= KEPT_FOR && !was_asked() {
            self.refreshing();
        }
        known.keys.contains_key(id)
    }

    /// A task of its own: whoever made us ask may go away, and all others go by what the issuer answers.
    fn refreshing(&self) -> JoinHandle<()> {
        let keys = self.clone();
        tokio::spawn(async move { keys.refresh().await })
    }

    /// Asks the issuer, unless it was asked just now. What is known stays if it does not answer.
    async fn refresh(&self) {
        let inner = &self.0;
        let mut asked_at = inner.asked_at.lock().await;
        let now = inner.clock.now();
        if is_recent(*asked_at, now) {
            return;
        }
        *asked_at = Some(now);
        match inner.fetch().await {
            Ok(keys) => {
                let known = Known { keys, fetched_at: now };
                *inner.known.write().unwrap_or_else(PoisonError::into_inner) = Some(known);
            }
            Err(error) => tracing::warn!(issuer = inner.issuer, error, "the keys of an issuer could not be fetched"),
        }
    }
}

impl Inner {
    async fn fetch(&self) -> Result<HashMap<String, Key>, String> {
        let url = match &self.jwks_url {
            Some(url) => url.clone(),
            None => self.discover().await?,
        };
        let document: Document = self.get(&url).await?;
        // One key that is not understood must not cost the others.
        let keys: HashMap<String, Key> = document.keys.into_iter().filter_map(usable).collect();
        if keys.is_empty() { Err(format!("{url} has no key that can be used")) } else { Ok(keys) }
    }

    /// Where the issuer says that its keys are.
    async fn discover(&self) -> Result<String, String> {
        // Microsoft's name for all tenants at once.
        let base = self.issuer.replace(TENANT, "common");
        let url = format!("{}/.well-known/openid-configuration", base.trim_end_matches('/'));
        let Discovery { issuer, jwks_uri } = self.get(&url).await?;
        if issuer != self.issuer {
            return Err(format!("{url} is of another issuer, {issuer:?}"));
        }
        if is_safe(&jwks_uri) { Ok(jwks_uri) } else { Err(format!("{url} names keys without https: {jwks_uri:?}")) }
    }

    async fn get<T: DeserializeOwned>(&self, url: &str) -> Result<T, String> {
        let failed = |error: reqwest::Error| format!("{url}: {:#}", anyhow::Error::from(error));
        let response = self.http.get(url).send().await.map_err(failed)?;
        let mut response = response.error_for_status().map_err(failed)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            body.extend_from_slice(&chunk);
            if body.len() > LARGEST {
                return Err(format!("{url} is larger than {LARGEST} bytes"));
            }
        }
        serde_json::from_slice(&body).map_err(|error| format!("{url} is not understood: {error}"))
    }
}

fn is_recent(asked_at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> bool {
    asked_at.is_some_and(|asked| now - asked < ASKED_EVERY)
}

/// A public key that signs, with its id.
fn usable(key: Value) -> Option<(String, Key)> {
    let issuer = key.get("issuer").and_then(Value::as_str).map(str::to_owned);
    let jwk: Jwk = serde_json::from_value(key).ok()?;
    let signs = jwk.common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
    let is_public = !matches!(jwk.algorithm, AlgorithmParameters::OctetKey(_));
    let algorithm = match jwk.common.key_algorithm {
        Some(algorithm) => Some(algorithm.to_string().parse().ok()?),
        None => None,
    };
    let key = DecodingKey::from_jwk(&jwk).ok().filter(|_| signs && is_public)?;
    Some((jwk.common.key_id?, Key { key: Arc::new(key), algorithm, issuer }))
}
