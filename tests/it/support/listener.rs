//! Somebody who listens, past the transports.

use std::{task::Poll, time::Duration};

use futures::StreamExt;
use serde_json::Value;
use supportgraph::engine::{Feed, Payload};

/// How long a test waits for what must come.
const DEADLINE: Duration = Duration::from_secs(20);

pub struct Listener(Feed);

impl Listener {
    pub fn new(feed: Feed) -> Self {
        Self(feed)
    }

    /// The next payload as it goes out.
    pub async fn payload(&mut self) -> Payload {
        match self.item().await {
            Some(Ok(payload)) => payload,
            Some(Err(refused)) => panic!("the feed ended with {}", String::from_utf8_lossy(&refused.body)),
            None => panic!("the feed ended"),
        }
    }

    /// The next event: the only member of `data`.
    pub async fn next(&mut self) -> Value {
        event(self.payload().await)
    }

    /// The next event if it comes within a few turns of the runtime.
    pub async fn next_if_ready(&mut self) -> Option<Value> {
        for _ in 0..100 {
            if let Poll::Ready(item) = futures::poll!(self.0.next()) {
                return Some(event(
                    item.expect("the feed goes on").map_err(|refused| refused.body).expect("a payload"),
                ));
            }
            tokio::task::yield_now().await;
        }
        None
    }

    /// Everything up to the end of the snapshot, without its mark.
    pub async fn snapshot(&mut self) -> Vec<Value> {
        self.snapshot_and_cursor().await.0
    }

    /// The snapshot, and the cursor of its mark.
    pub async fn snapshot_and_cursor(&mut self) -> (Vec<Value>, Value) {
        let mut events = Vec::new();
        loop {
            let event = self.next().await;
            if event["kind"] == "SNAPSHOT_COMPLETE" {
                return (events, event["cursor"].clone());
            }
            events.push(event);
        }
    }

    /// The code of the error that ends the feed next.
    pub async fn end(&mut self) -> String {
        match self.item().await {
            Some(Err(refused)) => code(&refused.body),
            other => panic!("no error, but {other:?}"),
        }
    }

    /// What has come already, if anything; for events that must not come.
    pub async fn is_silent(&mut self) -> bool {
        futures::poll!(self.0.next()).is_pending()
    }

    async fn item(&mut self) -> Option<Result<Payload, supportgraph::engine::Response>> {
        tokio::time::timeout(DEADLINE, self.0.next()).await.expect("something within the deadline")
    }
}

fn event(payload: Payload) -> Value {
    let mut answer: Value = serde_json::from_slice(&payload.body).expect("JSON");
    assert_eq!(answer.get("errors"), None, "no errors");
    let data = answer["data"].as_object_mut().expect("data");
    let event = data.values_mut().next().expect("a field").take();
    if let Some(cursor) = event.get("cursor") {
        assert_eq!(cursor.as_str(), payload.cursor.as_deref(), "one cursor");
    }
    event
}

/// The code of the only error of an answer.
pub fn code(body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).expect("JSON");
    answer["errors"][0]["extensions"]["code"].as_str().unwrap_or_else(|| panic!("a code in {answer}")).to_owned()
}
