//! One WebSocket, read by hand: ten thousand of them must take less than the server that is measured.

use std::{
    net::{IpAddr, Ipv4Addr, SocketAddr, SocketAddrV4},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    time::timeout,
};

use super::Result;

/// How long a server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(30);

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;
const CLOSE: u8 = 0x88;

pub struct Socket {
    stream: TcpStream,
    /// What was read; the bytes up to `done` were given out.
    read: Vec<u8>,
    done: usize,
}

impl Socket {
    /// Connects from the address `own`.
    pub async fn connect(own: Ipv4Addr, address: SocketAddrV4) -> Result<Self> {
        let socket = TcpSocket::new_v4()?;
        // Its port is free again as soon as it is gone.
        socket.set_zero_linger()?;
        socket.bind(SocketAddr::new(IpAddr::V4(own), 0))?;
        let mut stream = socket.connect(SocketAddr::V4(address)).await?;
        stream.set_nodelay(true)?;
        let request = format!(
            "GET /graphql HTTP/1.1\r\nhost: {address}\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
             sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut read = Vec::new();
        let head = loop {
            if stream.read_buf(&mut read).await? == 0 {
                return Err("the server closed the connection before it was a WebSocket".into());
            }
            if let Some(end) = read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
        };
        if !read.starts_with(b"HTTP/1.1 101") {
            return Err(format!("no WebSocket: {}", String::from_utf8_lossy(&read)).into());
        }
        Ok(Self { stream, read, done: head })
    }

    /// Sends a text.
    pub async fn say(&mut self, text: &str) -> Result<()> {
        let mut frame = vec![TEXT];
        // A client's frames are masked; a mask of zeros changes nothing.
        match text.len() {
            length @ 0..126 => frame.push(0x80 | length as u8),
            length => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length)?.to_be_bytes());
            }
        }
        frame.extend([0; 4]);
        frame.extend(text.as_bytes());
        Ok(self.stream.write_all(&frame).await?)
    }

    /// Passes over messages up to one that contains `mark`.
    pub async fn hear(&mut self, mark: &str) -> Result<()> {
        let mut last = String::new();
        let heard = timeout(PATIENCE, async {
            while !last.contains(mark) {
                last = self.message().await?.to_owned();
            }
            Result::Ok(())
        });
        match heard.await {
            Ok(heard) => heard,
            Err(_) => Err(format!("the server does not say {mark:?}, but last {last:?}").into()),
        }
    }

    /// The next text.
    pub async fn message(&mut self) -> Result<&str> {
        loop {
            match frame(&self.read[self.done..]) {
                Some((kind, start, end)) => {
                    let (start, end) = (self.done + start, self.done + end);
                    self.done = end;
                    match kind {
                        TEXT => return Ok(std::str::from_utf8(&self.read[start..end])?),
                        PING => {}
                        CLOSE => {
                            let reason = String::from_utf8_lossy(&self.read[(start + 2).min(end)..end]);
                            return Err(format!("the server closes: {reason}").into());
                        }
                        kind => return Err(format!("a frame of kind {kind:#x}").into()),
                    }
                }
                None => {
                    self.read.drain(..self.done);
                    self.done = 0;
                    if self.stream.read_buf(&mut self.read).await? == 0 {
                        return Err("the server closed the connection".into());
                    }
                }
            }
        }
    }
}

/// The first frame: its first byte, where its content begins, and where it ends. None if it is not complete.
fn frame(bytes: &[u8]) -> Option<(u8, usize, usize)> {
    let (start, length) = match *bytes.get(1)? {
        126 => (4, usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?))),
        127 => (10, u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?) as usize),
        length => (2, usize::from(length)),
    };
    let end = start + length;
    (bytes.len() >= end).then_some((bytes[0], start, end))
}
