//! Clients that do not read, or not in time: nobody else waits for them, and nothing is kept for them but the log.

use serde_json::{Value, json};
use supportgraph::domain::{access::Scope, change::Change};

use crate::support::{
    Socket, Streamed, TestApp,
    given::{ADATUM, FABRIKAM, Given},
};

const EVENTS: usize = 100;
/// Together the events are several times what the buffers of two sockets hold.
const IMPACT: usize = 10_000;
const FEED: &str = "subscription { incidentChanged { kind cursor incident {
    a: impact b: impact c: impact d: impact e: impact f: impact g: impact h: impact } } }";

/// As many incidents, one after another, as the feed has events.
async fn disturb_often(app: &TestApp) {
    let given = Given::new(FABRIKAM, "sudden", app.clock.now());
    app.apply(given.id, [Change::Service(given.service("mail"))]).await;
    for number in 0..EVENTS {
        let mut change = given.incident(&format!("mail {number}"), &[]);
        if let Change::Incident { incident, .. } = &mut change {
            incident.impact = Some("x".repeat(IMPACT));
        }
        app.apply(given.id, [change]).await;
    }
}

fn cursor(event: &Value) -> String {
    event["data"]["incidentChanged"]["cursor"].as_str().unwrap_or_else(|| panic!("a cursor in {event}")).to_owned()
}

/// The cursors of the next events on a socket.
async fn cursors(socket: &mut Socket) -> Vec<String> {
    let mut cursors = Vec::with_capacity(EVENTS);
    while cursors.len() < EVENTS {
        cursors.push(cursor(&socket.next_where(|message| message["type"] == "next").await["payload"]));
    }
    cursors
}

async fn listening(mut socket: Socket) -> Socket {
    socket.subscribe("feed", FEED).await;
    let is_end = |message: &Value| message["payload"]["data"]["incidentChanged"]["kind"] == "SNAPSHOT_COMPLETE";
    socket.next_where(is_end).await;
    socket
}

#[tokio::test]
async fn a_socket_that_is_not_read_holds_nobody_up_and_hears_everything_later() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let mut slow = listening(Socket::start_with_a_small_buffer(&app).await).await;
    let mut prompt = listening(Socket::start(&app).await).await;

    let (heard, ()) = tokio::join!(cursors(&mut prompt), disturb_often(&app));
    assert_eq!(app.metrics().live.fell_back.get(), 0, "the slow one waits in its own socket");
    app.query("{ viewer { name } }").await.data();

    assert_eq!(cursors(&mut slow).await, heard, "each once, in order");
    assert_eq!(app.metrics().live.fell_back.get(), 1, "it went back to the log: the events were not kept for it");
    app.disturb().await;
    assert_eq!(cursor(&slow.next().await["payload"]), cursor(&prompt.next().await["payload"]));
}

#[tokio::test]
async fn a_stream_that_is_not_read_hears_everything_later() {
    let app = TestApp::to_listen_to(|_| ()).await;
    let ask = app.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream");
    let mut slow = Streamed::of(ask.json(&json!({ "query": FEED }))).await;
    slow.until("SNAPSHOT_COMPLETE").await;
    let mut prompt = listening(Socket::start(&app).await).await;

    let (heard, ()) = tokio::join!(cursors(&mut prompt), disturb_often(&app));
    for expected in heard {
        slow.until("\nid: ").await;
        assert_eq!(slow.until("\n").await.trim_end(), expected, "each once, in order");
    }
    assert_eq!(app.metrics().live.fell_back.get(), 1, "it went back to the log");
}

#[tokio::test]
async fn what_is_being_answered_on_a_socket_is_answered_before_the_server_stops() {
    let app = TestApp::start().await;
    let fabrikam = Given::put(&app, FABRIKAM, "fabrikam").await;
    let customers = "{ customers { nodes { id tenantId } } }";
    let customers = app.query(customers).await.data()["customers"]["nodes"].take();
    let adatum = customers.as_array().into_iter().flatten().find(|one| one["tenantId"] == ADATUM).expect("a customer");
    let mut socket = listening(Socket::start(&app).await).await;

    // Another writer is at work: the answer takes until it ends.
    let other = app.store().scoped(&Scope::partner(fabrikam.id)).begin().await.expect("a transaction");
    let open = format!(
        "mutation {{ serviceRequestOpen(input: {{ idempotencyKey: \"before-the-stop\", customerId: {}, title: \"Mail\", \
         description: \"It bounces.\", severity: MODERATE }}) {{ serviceRequest {{ title }} userErrors {{ message }} }} }}",
        adatum["id"]
    );
    socket.subscribe("act", &open).await;
    socket.settle().await;
    let listening = async {
        let mut said = Vec::new();
        loop {
            match socket.next_or_close().await {
                Ok(message) => said.push(message),
                Err(code) => return (said, code),
            }
        }
    };
    let stopping = async {
        let stopping = app.stop();
        drop(other);
        stopping.await
    };
    let ((said, code), cut_off) = tokio::join!(listening, stopping);

    assert_eq!((cut_off, code), (0, 1001));
    let answer = said.iter().find(|message| message["id"] == "act" && message["type"] == "next");
    let answer = answer.unwrap_or_else(|| panic!("an answer among {said:?}"));
    assert_eq!(answer["payload"]["data"]["serviceRequestOpen"]["serviceRequest"]["title"], "Mail", "{answer}");
}
