//! Accepts connections, with a bound on their number and on the time a client may take for its headers.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use axum::Router;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
};

/// What one client may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: u64,
    pub header_timeout: Duration,
    /// How long answers may take once the server is told to stop.
    pub drain_timeout: Duration,
}

/// Serves until `stop` is ready, then answers what is in flight and closes.
///
/// Returns how many connections were cut off because they took longer than the drain time.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) -> usize {
    let places =
        Arc::new(Semaphore::new(usize::try_from(limits.connections).unwrap_or(usize::MAX).min(Semaphore::MAX_PERMITS)));
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout);

    tokio::pin!(stop);
    loop {
        let accepting = async {
            // Never closed, so a place is always given in the end.
            let place = Arc::clone(&places).acquire_owned().await.ok();
            (place, accept(&listener).await)
        };
        let (place, (stream, peer)) = tokio::select! {
            () = &mut stop => break,
            accepted = accepting => accepted,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        connections.spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%peer, %error, "a connection ended early");
            }
            drop(place);
        });
        while connections.try_join_next().is_some() {}
    }

    drop(listener);
    let drained = async {
        graceful.shutdown().await;
        while connections.join_next().await.is_some() {}
    };
    if tokio::time::timeout(limits.drain_timeout, drained).await.is_ok() {
        return 0;
    }
    while connections.try_join_next().is_some() {}
    let cut_off = connections.len();
    connections.shutdown().await;
    cut_off
}

/// The next connection. Errors of one connection are passed over; being out of descriptors is waited out.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok((stream, peer)) => {
                // Answers are small and complete; holding them back would only add latency.
                let _ = stream.set_nodelay(true);
                return (stream, peer);
            }
            Err(error) if error.kind() == std::io::ErrorKind::ConnectionAborted => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted at the moment");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
    }
}
