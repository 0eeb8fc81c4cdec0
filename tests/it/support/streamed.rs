//! An answer that goes on, read piece by piece.

use std::time::Duration;

use reqwest::{RequestBuilder, Response};

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

    pub fn status(&self) -> u16 {
        self.response.status().as_u16()
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
