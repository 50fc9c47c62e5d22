//! Connections: accepted within bounds, and ended without cutting anybody off.
//!
//! HTTP/1.1, and HTTP/2 for gRPC on a listener of its own, over TLS if there is a certificate, in the clear for the loopback interface or
//! for a proxy that brings TLS.

#[cfg(feature = "grpc")]
mod http2;

use std::{
    future::Future,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{Extension, Router};
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
    time::timeout,
};
use tower::Layer as _;

use crate::{
    error::ServerError,
    http::{self, Alive, Peer, RequestLimits},
    service::Service,
    tls::{Protocol, Tls},
};

/// Longest head of a request, in bytes.
const MAX_HEAD: usize = 32 * 1024;
/// Most headers of a request.
const MAX_HEADERS: usize = 64;
/// How long nothing is accepted when the system has no more files.
const NO_FILES: Duration = Duration::from_millis(100);

/// Connections at a time of the listener for the operator's machines.
const INTERNAL: usize = 32;
/// What is left to connections after the grace, so that whoever follows an operation hears that it was interrupted.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// Where a server is reached.
#[derive(Debug)]
pub struct Listeners {
    /// By its clients.
    pub clients: TcpListener,
    /// By clients that speak gRPC.
    #[cfg(feature = "grpc")]
    pub grpc: Option<TcpListener>,
    /// How TLS is spoken with clients; in the clear, if there is none.
    pub tls: Option<Tls>,
    /// By the operator's machines: metrics and health, in the clear and without a key.
    pub internal: Option<TcpListener>,
}

impl Listeners {
    /// Where clients find the server. With port 0 the system chose one.
    ///
    /// # Errors
    /// [`ServerError::Address`].
    pub fn url(&self) -> Result<String, ServerError> {
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let address = self.clients.local_addr().map_err(ServerError::Address)?;
        Ok(format!("{scheme}://{address}"))
    }

    /// Where clients find the gRPC face, if it is served.
    ///
    /// # Errors
    /// [`ServerError::Address`].
    #[cfg(feature = "grpc")]
    pub fn grpc_address(&self) -> Result<Option<SocketAddr>, ServerError> {
        self.grpc.as_ref().map(TcpListener::local_addr).transpose().map_err(ServerError::Address)
    }
}

impl From<TcpListener> for Listeners {
    fn from(clients: TcpListener) -> Self {
        Self {
            clients,
            #[cfg(feature = "grpc")]
            grpc: None,
            tls: None,
            internal: None,
        }
    }
}

/// Bounds of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// Longest time for the head of a request, and longest silence between two requests.
    pub head: Duration,
    /// Times and sizes of requests.
    pub requests: RequestLimits,
    /// How long requests and operations are given to end when the server stops.
    pub grace: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        let (head, grace) = (Duration::from_secs(10), Duration::from_secs(30));
        Self { connections: 1_024, head, requests: RequestLimits::default(), grace }
    }
}

/// Serves `service` until `shutdown` is done. Requests and operations under way are given [`ServerLimits::grace`] to end;
/// an operation that does not is marked as interrupted. What is left of that time witnesses have, to cosign what was recorded last.
///
/// # Errors
/// [`ServerError::Document`]; [`ServerError::Service`] or [`ServerError::Ledger`] when it cannot be recorded who may do what.
pub async fn serve(
    service: Arc<Service>,
    listeners: impl Into<Listeners> + Send,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServerError> {
    let listeners: Listeners = listeners.into();
    // Who may do what holds when the log says so.
    service.settle_policy().await?;
    let _policy = service.watch_policy();
    let _uploads = service.watch_uploads();
    let cosigning = service.watch_witnesses();
    let tls = listeners.tls.map(Arc::new);
    let router = http::router(&service, limits.requests)?;
    let stop = watch::Sender::new(false);
    #[cfg(feature = "grpc")]
    let grpc = match listeners.grpc {
        Some(listener) => {
            let router = crate::grpc::router(&service, limits.requests)?;
            let (service, tls) = (Arc::clone(&service), tls.clone());
            Some((Front { service, protocol: Protocol::Http2, tls, router }, listener))
        }
        None => None,
    };
    // Told whether the server is ready until the very end.
    let watched = listeners.internal.map(|listener| {
        let front = Front {
            service: Arc::clone(&service),
            protocol: Protocol::Http1,
            tls: None,
            router: http::internal(Arc::clone(&service), limits.requests),
        };
        let limits = ServerLimits { connections: INTERNAL, ..limits };
        tokio::spawn(async move {
            front.accept(&listener, limits, std::future::pending(), &watch::Sender::new(false)).await
        })
    });
    let front = Front { service: Arc::clone(&service), protocol: Protocol::Http1, tls, router };
    let closing = watch::Sender::new(false);
    let shutdown = async {
        shutdown.await;
        closing.send_replace(true);
    };
    let first = front.accept(&listeners.clients, limits, shutdown, &stop);
    #[cfg(feature = "grpc")]
    let (mut connections, mut others) = {
        let mut told = closing.subscribe();
        let closed = async move { drop(told.wait_for(|closing| *closing).await) };
        let second = async {
            match &grpc {
                Some((front, listener)) => front.accept(listener, limits, closed, &stop).await,
                None => JoinSet::new(),
            }
        };
        tokio::join!(first, second)
    };
    #[cfg(not(feature = "grpc"))]
    let (mut connections, mut others) = (first.await, JoinSet::<()>::new());
    let told = Instant::now();
    service.stop();
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() || others.join_next().await.is_some() {} };
    let ended = timeout(limits.grace + LAST_WORDS, ended);
    let (_, ()) = tokio::join!(ended, service.operations().drain(limits.grace));
    if let Some(cosigning) = cosigning {
        cosigning.end(limits.grace.saturating_sub(told.elapsed())).await;
    }
    if let Some(watched) = watched {
        watched.abort();
    }
    Ok(())
}

/// What answers on a listener.
struct Front {
    service: Arc<Service>,
    protocol: Protocol,
    tls: Option<Arc<Tls>>,
    router: Router,
}

impl Front {
    /// Accepts connections until `shutdown` is done, and returns those that are open.
    async fn accept(
        &self,
        listener: &TcpListener,
        limits: ServerLimits,
        shutdown: impl Future<Output = ()> + Send,
        stop: &watch::Sender<bool>,
    ) -> JoinSet<()> {
        let places = Arc::new(Semaphore::new(limits.connections));
        let mut connections = JoinSet::new();
        let mut shutdown = pin!(shutdown);
        loop {
            let accepted = async {
                // Never closed.
                let place = Arc::clone(&places).acquire_owned().await;
                (listener.accept().await, place)
            };
            let (accepted, place) = tokio::select! {
                biased;
                () = &mut shutdown => return connections,
                Some(_) = connections.join_next() => continue,
                accepted = accepted => accepted,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let connection = self.connection(stream, peer, limits.head, stop.subscribe());
                    let counted = self.service.metrics().connection();
                    connections.spawn(async move {
                        connection.await;
                        drop((place, counted));
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection was not accepted");
                    tokio::time::sleep(NO_FILES).await;
                }
            }
        }
    }

    fn connection(
        &self,
        stream: TcpStream,
        peer: SocketAddr,
        head: Duration,
        stop: watch::Receiver<bool>,
    ) -> impl Future<Output = ()> + Send + use<> {
        let protocol = self.protocol;
        let acceptor = self.tls.as_ref().map(|tls| tls.acceptor(protocol));
        let router = self.router.clone();
        async move {
            // Small answers go out at once.
            let _ = stream.set_nodelay(true);
            let Some(acceptor) = acceptor else { return answer(protocol, stream, router, peer, head, stop).await };
            // Who is slow to greet is as slow as with a head.
            match timeout(head, acceptor.accept(stream)).await {
                Ok(Ok(stream)) => answer(protocol, stream, router, peer, head, stop).await,
                Ok(Err(error)) => tracing::debug!(%error, "a client did not agree on TLS"),
                Err(_) => tracing::debug!("a client took too long to agree on TLS"),
            }
        }
    }
}

async fn answer(
    protocol: Protocol,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: SocketAddr,
    head: Duration,
    stop: watch::Receiver<bool>,
) {
    match protocol {
        Protocol::Http1 => http1(stream, router, peer, head, stop).await,
        #[cfg(feature = "grpc")]
        Protocol::Http2 => http2::serve(stream, router, peer, head, stop).await,
    }
}

async fn http1(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: SocketAddr,
    head: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS);
    let (alive, mut over) = Alive::new();
    let service = TowerToHyperService::new((Extension(Peer(peer.ip())), Extension(alive)).layer(router));
    let ended = {
        let mut connection = pin!(server.serve_connection(TokioIo::new(stream), service).with_upgrades());
        let told = async { drop(stop.wait_for(|stop| *stop).await) };
        tokio::select! {
            ended = connection.as_mut() => ended,
            () = told => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        }
    };
    if let Err(error) = ended {
        // Clients go away, are slow or send what is no HTTP: nothing that an operator can do about.
        tracing::debug!(%error, "a connection ended early");
    }
    // What became a websocket is a connection as long as that is open.
    let _ = over.recv().await;
}
