//! An OpenID Connect issuer: a real server whose keys a test changes.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, AtomicUsize, Ordering},
};

use axum::{Router, extract::State, http::StatusCode, routing::get};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode, jwk::Jwk};
use serde_json::{Value, json};
use supportgraph::config::IssuerConfig;
use tokio::{
    net::TcpListener,
    sync::{OwnedRwLockWriteGuard, RwLock},
    task::JoinHandle,
};

use super::{TestApp, given::FABRIKAM};

pub const AUDIENCE: &str = "api://supportgraph";

/// A key that signs tokens. Made for these tests and good for nothing else.
#[derive(Clone)]
pub struct SigningKey {
    pub id: &'static str,
    pub algorithm: Algorithm,
    key: EncodingKey,
}

impl SigningKey {
    pub fn rsa_one() -> Self {
        Self::rsa("one", include_bytes!("keys/rsa_one.der"))
    }

    pub fn rsa_two() -> Self {
        Self::rsa("two", include_bytes!("keys/rsa_two.der"))
    }

    pub fn ec() -> Self {
        let key = EncodingKey::from_ec_der(include_bytes!("keys/ec_one.der"));
        Self { id: "ec", algorithm: Algorithm::ES256, key }
    }

    fn rsa(id: &'static str, der: &[u8]) -> Self {
        Self { id, algorithm: Algorithm::RS256, key: EncodingKey::from_rsa_der(der) }
    }

    /// A header that names this key.
    pub fn header(&self) -> Header {
        Header { kid: Some(self.id.to_owned()), ..Header::new(self.algorithm) }
    }

    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    pub fn sign_with(&self, header: &Header, claims: &Value) -> String {
        encode(header, claims, &self.key).expect("a token")
    }

    /// As the issuer publishes it.
    pub fn public(&self) -> Jwk {
        let mut jwk = Jwk::from_encoding_key(&self.key, self.algorithm).expect("a public key");
        jwk.common.key_id = Some(self.id.to_owned());
        jwk
    }
}

/// Stopped when dropped.
pub struct FakeIssuer {
    pub url: String,
    said: Arc<Said>,
    serving: JoinHandle<()>,
}

struct Said {
    keys: Mutex<Value>,
    /// What the discovery document calls the issuer.
    name: Mutex<String>,
    url: String,
    is_up: AtomicBool,
    asked: AtomicUsize,
    held: Arc<RwLock<()>>,
}

impl FakeIssuer {
    /// Has the key that [`SigningKey::ec`] is, which signs faster than those of RSA.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let said = Arc::new(Said {
            keys: Mutex::default(),
            name: Mutex::new(url.clone()),
            url: url.clone(),
            is_up: AtomicBool::new(true),
            asked: AtomicUsize::new(0),
            held: Arc::default(),
        });
        let router = Router::new()
            .route("/.well-known/openid-configuration", get(discovery))
            .route("/common/v2.0/.well-known/openid-configuration", get(discovery))
            .route("/keys", get(keys))
            .with_state(Arc::clone(&said));
        let serving = tokio::spawn(async move { axum::serve(listener, router).await.expect("it serves") });
        let issuer = Self { url, said, serving };
        issuer.publish(&[SigningKey::ec()]);
        issuer
    }

    /// From now on these are its keys.
    pub fn publish(&self, keys: &[SigningKey]) {
        let keys: Vec<Jwk> = keys.iter().map(SigningKey::public).collect();
        self.publish_as_it_is(json!({ "keys": keys }));
    }

    pub fn publish_as_it_is(&self, document: Value) {
        *self.said.keys.lock().expect("no panic") = document;
    }

    /// Answers nothing but errors while it is down.
    pub fn set_up(&self, is_up: bool) {
        self.said.is_up.store(is_up, Ordering::SeqCst);
    }

    /// Lets who asks for its keys wait until this is dropped.
    pub async fn hold(&self) -> OwnedRwLockWriteGuard<()> {
        Arc::clone(&self.said.held).write_owned().await
    }

    /// How often its keys were asked for.
    pub fn asked(&self) -> usize {
        self.said.asked.load(Ordering::SeqCst)
    }

    /// As a gateway is told of it.
    pub fn config(&self) -> IssuerConfig {
        let algorithms = vec!["RS256".to_owned(), "ES256".to_owned()];
        IssuerConfig { algorithms, ..IssuerConfig::new(&self.url, AUDIENCE) }
    }

    /// The same, with an issuer for each tenant as Microsoft has it.
    pub fn config_of_many_tenants(&self) -> IssuerConfig {
        let name = format!("{}/{{tenantid}}/v2.0", self.url);
        name.clone_into(&mut self.said.name.lock().expect("no panic"));
        IssuerConfig { issuer: name, ..self.config() }
    }

    /// What a good token says: a helpdesk agent of Fabrikam, for an hour.
    pub fn claims(&self, app: &TestApp) -> Value {
        let now = app.clock.now().timestamp();
        json!({
            "iss": self.url, "aud": AUDIENCE, "sub": "subject", "oid": "ada", "preferred_username": "ada@fabrikam.example",
            "tid": FABRIKAM, "roles": ["HELPDESK_AGENT"], "iat": now, "nbf": now, "exp": now + 3600,
        })
    }

    /// The same for somebody of another tenant, by the issuer of that tenant.
    pub fn claims_of(&self, app: &TestApp, tenant: &str) -> Value {
        with(&self.claims(app), json!({ "iss": format!("{}/{tenant}/v2.0", self.url), "tid": tenant }))
    }

    /// A good token.
    pub fn token(&self, app: &TestApp) -> String {
        SigningKey::ec().sign(&self.claims(app))
    }
}

impl Drop for FakeIssuer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// `claims` with others over them; null takes one away.
pub fn with(claims: &Value, others: Value) -> Value {
    let mut claims = claims.clone();
    let members = claims.as_object_mut().expect("claims");
    for (name, value) in others.as_object().expect("claims") {
        match value {
            Value::Null => drop(members.remove(name)),
            value => drop(members.insert(name.clone(), value.clone())),
        }
    }
    claims
}

/// A part of a token.
pub fn part(value: &Value) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(value.to_string())
}

async fn discovery(State(said): State<Arc<Said>>) -> Result<String, StatusCode> {
    said.up()?;
    let name = said.name.lock().expect("no panic").clone();
    Ok(json!({ "issuer": name, "jwks_uri": format!("{}/keys", said.url) }).to_string())
}

async fn keys(State(said): State<Arc<Said>>) -> Result<String, StatusCode> {
    said.asked.fetch_add(1, Ordering::SeqCst);
    drop(said.held.read().await);
    said.up()?;
    Ok(said.keys.lock().expect("no panic").to_string())
}

impl Said {
    fn up(&self) -> Result<(), StatusCode> {
        self.is_up.load(Ordering::SeqCst).then_some(()).ok_or(StatusCode::BAD_GATEWAY)
    }
}
