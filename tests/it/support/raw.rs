//! Bytes on a connection, for clients that do not behave.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection to the server.
pub struct Raw(TcpStream);

impl Raw {
    pub async fn connect(addr: SocketAddr) -> Self {
        Self(TcpStream::connect(addr).await.expect("a connection"))
    }

    pub async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("the server reads");
    }

    /// Everything until the server closes, at most ten seconds long.
    pub async fn read_to_end(&mut self) -> String {
        let mut bytes = Vec::new();
        let reading = self.0.read_to_end(&mut bytes);
        let _ = tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the server closes");
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Whether nothing arrives for a while.
    pub async fn is_silent_for(&mut self, time: Duration) -> bool {
        tokio::time::timeout(time, self.0.peek(&mut [0])).await.is_err()
    }

    /// Reads until `text` has arrived.
    pub async fn read_until(&mut self, text: &str) -> String {
        let mut bytes = Vec::new();
        let reading = async {
            while !String::from_utf8_lossy(&bytes).contains(text) {
                assert!(self.0.read_buf(&mut bytes).await.expect("an open connection") > 0, "closed before {text:?}");
            }
        };
        tokio::time::timeout(Duration::from_secs(10), reading).await.expect("the text arrives");
        String::from_utf8_lossy(&bytes).into_owned()
    }
}
