//! Accepts connections, with a bound on their number and on the time a client may take for its headers.

use std::{
    net::{IpAddr, SocketAddr},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use axum::Router;
use hyper::{Request, body::Incoming, service::service_fn};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
};
use tokio_io_timeout::TimeoutWriter;

use super::stop::{Stop, Stopper};

/// A connection writes to its socket before more than this waits to be sent, so a slow reader of a stream holds no more.
/// It bounds the head of a request as well.
const BUFFER: usize = 64 * 1024;

/// What one client may take of the server.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    pub connections: u64,
    pub header_timeout: Duration,
    /// How long a client may take nothing of what is sent to it.
    pub write_timeout: Duration,
    /// How long answers may take once the server is told to stop.
    pub drain_timeout: Duration,
}

/// The connection that a request came on; an extension of each request.
#[derive(Clone)]
pub struct Connection {
    pub stop: Stop,
    /// Where it comes from: at first whoever opened it, which may be a proxy.
    pub address: IpAddr,
    /// Given back when the connection, and the WebSocket that it may have become, are gone.
    _place: Arc<OwnedSemaphorePermit>,
}

/// Serves until `stop` is ready, then answers what is in flight and closes.
///
/// Returns how many connections were cut off because they took longer than the drain time.
pub async fn serve(listener: TcpListener, router: Router, limits: Limits, stop: impl Future<Output = ()>) -> usize {
    let most = u32::try_from(limits.connections).unwrap_or(u32::MAX);
    let places = Arc::new(Semaphore::new(most as usize));
    let (stopper, stopping) = Stopper::new();

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
        let Some(place) = place else { continue };
        let connection = Connection { stop: stopping.clone(), address: peer.ip(), _place: Arc::new(place) };
        tokio::spawn(answer(stream, peer, connection, router.clone(), limits));
    }

    drop(listener);
    stopper.stop();
    let drained = tokio::time::timeout(limits.drain_timeout, places.acquire_many(most)).await;
    if drained.is_ok() { 0 } else { most as usize - places.available_permits() }
}

/// Answers the requests on one connection until it ends, or becomes a WebSocket, which goes on by itself.
async fn answer(stream: TcpStream, peer: SocketAddr, connection: Connection, router: Router, limits: Limits) {
    let mut stream = TimeoutWriter::new(stream);
    stream.set_timeout(Some(limits.write_timeout));
    let (requested, cut_off) = (connection.stop.clone().requested(), connection.stop.clone().cut_off());
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(connection.clone());
        hyper::service::Service::call(&router, request)
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.header_timeout).max_buf_size(BUFFER);
    let mut answering = pin!(http.serve_connection(TokioIo::new(Box::pin(stream)), service).with_upgrades());
    let ended = tokio::select! {
        ended = answering.as_mut() => ended,
        () = requested => {
            answering.as_mut().graceful_shutdown();
            tokio::select! {
                ended = answering => ended,
                () = cut_off => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, %error, "a connection ended early");
    }
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
