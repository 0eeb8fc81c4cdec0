//! Requests as a client sends them.

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, StatusCode, header::HeaderMap, redirect::Policy};
use serde_json::{Value, json};

/// Sends to one server.
#[derive(Clone)]
pub struct Client {
    pub addr: SocketAddr,
    http: reqwest::Client,
    headers: HeaderMap,
}

/// What came back, read to its end.
#[derive(Debug)]
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    /// The body as it came, decompressed.
    pub text: String,
}

impl Client {
    pub fn new(addr: SocketAddr) -> Self {
        // Whoever comes first chooses for all; they choose alike.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let http = reqwest::Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
        Self { addr, http, headers: HeaderMap::new() }
    }

    /// The same client, sending this header with every request.
    pub fn with_header(&self, name: &'static str, value: &str) -> Self {
        let mut client = self.clone();
        client.headers.insert(name, value.parse().expect("a header"));
        client
    }

    /// The same client, asking for the partner with this tenant.
    pub fn as_partner(&self, tenant_id: &str) -> Self {
        self.with_header("x-supportgraph-partner", tenant_id)
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// A request to be completed and then sent with [`Answer::of`].
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http.request(method, self.url(path)).headers(self.headers.clone())
    }

    pub async fn get(&self, path: &str) -> Answer {
        Answer::of(self.request(Method::GET, path)).await
    }

    /// A body sent to `/graphql` as modern clients do.
    pub async fn post(&self, body: &Value) -> Answer {
        let request = self.request(Method::POST, "/graphql").header("accept", "application/graphql-response+json");
        Answer::of(request.json(body)).await
    }

    pub async fn query(&self, query: &str) -> Answer {
        self.post(&json!({ "query": query })).await
    }

    pub async fn query_with(&self, query: &str, variables: Value) -> Answer {
        self.post(&json!({ "query": query, "variables": variables })).await
    }
}

impl Answer {
    pub async fn of(request: RequestBuilder) -> Self {
        let response = request.send().await.expect("the server answers");
        let (status, headers) = (response.status(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a whole body") }
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    /// `data` of an answer without errors.
    #[track_caller]
    pub fn data(&self) -> Value {
        let mut json = self.json();
        assert_eq!(json.get("errors"), None, "no errors");
        json["data"].take()
    }

    /// `extensions.code` of the only error.
    #[track_caller]
    pub fn code(&self) -> String {
        let json = self.json();
        let errors = json["errors"].as_array().unwrap_or_else(|| panic!("errors in {json}"));
        assert_eq!(errors.len(), 1, "one error in {json}");
        assert!(errors[0]["message"].as_str().is_some_and(|message| !message.is_empty()), "a message in {json}");
        errors[0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("a code in {json}")).to_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header of ASCII"))
    }
}
