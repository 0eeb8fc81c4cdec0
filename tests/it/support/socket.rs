//! A client of `graphql-transport-ws` that says exactly what a test wants.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{
    io::AsyncReadExt,
    net::{TcpSocket, TcpStream},
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{
        self, Bytes, Message,
        client::IntoClientRequest,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

use super::Client;

const PATIENCE: Duration = Duration::from_secs(20);

/// A WebSocket to `/graphql`.
pub struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// Opened, and nothing said yet.
    pub async fn open(app: &Client) -> Self {
        Self::open_with(app, &[("sec-websocket-protocol", "graphql-transport-ws")]).await.expect("an open socket")
    }

    /// With these headers.
    ///
    /// # Errors
    ///
    /// The status, if the server did not switch protocols.
    pub async fn open_with(app: &Client, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let stream = TcpStream::connect(app.addr).await.expect("a connection");
        Self::open_on(stream, app, headers).await
    }

    async fn open_on(stream: TcpStream, app: &Client, headers: &[(&'static str, &str)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/graphql", app.addr).into_client_request().expect("a request");
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().expect("a header"));
        }
        match client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(response)) => Err(response.status().as_u16()),
            // The server chose no subprotocol, which this client takes for a failure of the handshake.
            Err(error) => panic!("{error}"),
        }
    }

    /// Opened and acknowledged.
    pub async fn start(app: &Client) -> Self {
        let mut socket = Self::open(app).await;
        socket.initialise().await;
        socket
    }

    /// Like [`Socket::start`], where little fits on the way to the client.
    pub async fn start_with_a_small_buffer(app: &Client) -> Self {
        let tcp = TcpSocket::new_v4().expect("a socket");
        tcp.set_recv_buffer_size(4096).expect("a small buffer");
        let stream = tcp.connect(app.addr).await.expect("a connection");
        let opened = Self::open_on(stream, app, &[("sec-websocket-protocol", "graphql-transport-ws")]).await;
        let mut socket = opened.expect("an open socket");
        socket.initialise().await;
        socket
    }

    async fn initialise(&mut self) {
        self.send(json!({ "type": "connection_init" })).await;
        assert_eq!(self.next().await["type"], "connection_ack");
    }

    pub async fn send(&mut self, message: Value) {
        self.send_text(&message.to_string()).await;
    }

    pub async fn send_text(&mut self, text: &str) {
        self.send_message(Message::text(text)).await;
    }

    pub async fn send_message(&mut self, message: Message) {
        self.0.send(message).await.expect("the server reads");
    }

    pub async fn subscribe(&mut self, id: &str, query: &str) {
        self.send(json!({ "id": id, "type": "subscribe", "payload": { "query": query } })).await;
    }

    /// The next message of the protocol.
    pub async fn next(&mut self) -> Value {
        self.next_or_close().await.unwrap_or_else(|code| panic!("the server closed with {code}"))
    }

    /// The next message of the protocol, or the code that the server closes with.
    pub async fn next_or_close(&mut self) -> Result<Value, u16> {
        match self.receive().await {
            Message::Text(text) => Ok(serde_json::from_str(&text).expect("JSON")),
            Message::Close(Some(CloseFrame { code, .. })) => Err(code.into()),
            other => panic!("{other:?} instead of a message"),
        }
    }

    /// Everything up to the first message that is `wanted`.
    pub async fn next_where(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let message = self.next().await;
            if wanted(&message) {
                return message;
            }
        }
    }

    /// The code and the reason that the server closes with. Messages before are passed over.
    pub async fn closed(&mut self) -> (u16, String) {
        loop {
            if let Message::Close(frame) = self.receive().await {
                let CloseFrame { code, reason } = frame.expect("a close frame with a code");
                return (CloseCode::into(code), reason.to_string());
            }
        }
    }

    /// Whatever comes next but the library's own pings; those are seen by [`Socket::pinged`].
    async fn receive(&mut self) -> Message {
        loop {
            match self.receive_any().await {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// Waits for a ping of the server, and answers it, which is what reading does.
    pub async fn pinged(&mut self) {
        while !matches!(self.receive_any().await, Message::Ping(_)) {}
        self.0.flush().await.expect("the pong leaves");
    }

    /// Waits for a ping of the server and answers it, or for the end of the socket and gives its code and reason.
    pub async fn pinged_or_closed(&mut self) -> Option<(u16, String)> {
        loop {
            match self.receive_any().await {
                Message::Ping(_) => {
                    self.0.flush().await.expect("the pong leaves");
                    return None;
                }
                Message::Close(frame) => {
                    let CloseFrame { code, reason } = frame.expect("a close frame with a code");
                    return Some((CloseCode::into(code), reason.to_string()));
                }
                _ => {}
            }
        }
    }

    /// Waits until bytes arrive, and does not answer them, as a client that hangs.
    pub async fn hang_until_pinged(&mut self) {
        let arriving = self.0.get_mut().read_u8();
        tokio::time::timeout(PATIENCE, arriving).await.expect("a ping in time").expect("a ping");
    }

    /// Sends a ping and waits for its pong: what was sent before has been read by the server then.
    pub async fn settle(&mut self) {
        self.send_message(Message::Ping(Bytes::from_static(b"settled"))).await;
        while !matches!(self.receive_any().await, Message::Pong(_)) {}
    }

    async fn receive_any(&mut self) -> Message {
        let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("the server says something");
        message.expect("an open socket").expect("a whole frame")
    }
}
