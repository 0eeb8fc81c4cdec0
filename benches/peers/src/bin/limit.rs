//! The limit of live events: writes one frame, made beforehand, to every WebSocket that listens to a topic.
//!
//! `limit ADDRESS TOPICS FRAME_FILE`. Who says `listen TOPIC` hears `listening`, then the frame whenever somebody says
//! `tell TOPIC`, who hears `told`. Loopback only.

use std::{error::Error, fs, sync::Arc};

use futures_util::{SinkExt, StreamExt};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::broadcast,
};
use tokio_tungstenite::{
    accept_async_with_config,
    tungstenite::{Message, Utf8Bytes, protocol::WebSocketConfig},
};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

/// A channel for each: nobody looks at what is for others.
type Topics = Arc<[broadcast::Sender<Utf8Bytes>]>;

/// As small as supportgraph's.
const READ_BUFFER: usize = 1024;
const WRITE_BUFFER: usize = 2 * 1024;

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, topics, frame] = &arguments[..] else { return Err("usage: limit ADDRESS TOPICS FRAME_FILE".into()) };
    let topics: Topics = (0..topics.parse()?).map(|_| broadcast::Sender::new(16)).collect();
    let frame: Utf8Bytes = fs::read_to_string(frame)?.into();
    let listener = TcpListener::bind(address).await?;
    if !listener.local_addr()?.ip().is_loopback() {
        return Err("a peer listens on loopback only".into());
    }
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(serve(stream, Arc::clone(&topics), frame.clone()));
    }
}

/// Until the client goes away or says what it should not.
async fn serve(stream: TcpStream, topics: Topics, frame: Utf8Bytes) -> Result<()> {
    stream.set_nodelay(true)?;
    let config = WebSocketConfig::default().read_buffer_size(READ_BUFFER).write_buffer_size(WRITE_BUFFER);
    // In a box, which is gone when the handshake is over.
    let mut socket = Box::pin(accept_async_with_config(stream, Some(config))).await?;
    let mut events: Option<broadcast::Receiver<Utf8Bytes>> = None;
    loop {
        let answer = tokio::select! {
            Some(event) = next(&mut events) => Message::Text(event?),
            said = socket.next() => {
                let Some(Message::Text(said)) = said.transpose()? else { return Ok(()) };
                let topic = |number: &str| number.parse().ok().and_then(|number: usize| topics.get(number));
                match said.split_once(' ').map(|(verb, number)| (verb, topic(number))) {
                    Some(("listen", Some(topic))) => {
                        events = Some(topic.subscribe());
                        Message::text("listening")
                    }
                    Some(("tell", Some(topic))) => {
                        // Nobody may be listening.
                        let _ = topic.send(frame.clone());
                        Message::text("told")
                    }
                    _ => return Err("say `listen TOPIC` or `tell TOPIC`".into()),
                }
            }
        };
        socket.send(answer).await?;
    }
}

/// The next event, if the client listens.
async fn next(
    events: &mut Option<broadcast::Receiver<Utf8Bytes>>,
) -> Option<std::result::Result<Utf8Bytes, broadcast::error::RecvError>> {
    match events {
        Some(events) => Some(events.recv().await),
        None => None,
    }
}
