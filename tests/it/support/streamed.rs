//! An answer that goes on, read piece by piece.

use std::time::Duration;

use reqwest::{Method, RequestBuilder, Response, header::HeaderMap};
use serde_json::json;

use super::{Answer, Client};

const TOKEN: &str = "x-graphql-event-stream-token";

/// A response whose body is being read.
pub struct Streamed {
    response: Response,
    unread: String,
}

impl Streamed {
    /// Its head has arrived.
    pub async fn of(request: RequestBuilder) -> Self {
        Self { response: request.send().await.expect("the server answers"), unread: String::new() }
    }

    /// A live operation on each kind of stream: as events, as parts, and on a stream that was reserved before. All have told
    /// their snapshots.
    pub async fn of_each_kind(client: &Client, query: &str) -> [Self; 3] {
        let post = |accept: &'static str| {
            let request = client.request(Method::POST, "/graphql").header("accept", accept);
            request.json(&json!({ "query": query, "extensions": { "operationId": "feed" } }))
        };
        let token = Answer::of(client.request(Method::PUT, "/graphql")).await.text;
        let open = client.request(Method::GET, "/graphql").header("accept", "text/event-stream");
        let reserved = Self::of(open.header(TOKEN, &token)).await;
        let started = Answer::of(post("application/json").header(TOKEN, &token)).await;
        assert_eq!(started.status, 202, "{}", started.text);
        let parts = post("multipart/mixed;boundary=graphql;subscriptionSpec=1.0,application/json");
        let mut streams = [Self::of(post("text/event-stream")).await, Self::of(parts).await, reserved];
        for stream in &mut streams {
            stream.until("SNAPSHOT_COMPLETE").await;
        }
        streams
    }

    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
    }

    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    pub fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().expect("a header of ASCII"))
    }

    /// The body up to and with `text`.
    pub async fn until(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.unread.find(text) {
                let rest = self.unread.split_off(at + text.len());
                return std::mem::replace(&mut self.unread, rest);
            }
            assert!(self.more().await, "the stream ended before {text:?}; there was {:?}", self.unread);
        }
    }

    /// What arrives next, or nothing if the server has ended the body.
    pub async fn piece(&mut self) -> Option<String> {
        (!self.unread.is_empty() || self.more().await).then(|| std::mem::take(&mut self.unread))
    }

    /// The rest of the body, once the server has ended it.
    pub async fn rest(&mut self) -> String {
        while self.more().await {}
        std::mem::take(&mut self.unread)
    }

    async fn more(&mut self) -> bool {
        let chunk = tokio::time::timeout(Duration::from_secs(20), self.response.chunk()).await;
        let chunk = chunk.expect("the server says something").expect("a whole chunk");
        if let Some(chunk) = &chunk {
            self.unread.push_str(std::str::from_utf8(chunk).expect("text"));
        }
        chunk.is_some()
    }
}
