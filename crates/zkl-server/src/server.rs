//! Connections: accepted within bounds, and ended without cutting anybody off.
//!
//! HTTP/1.1 in the clear, meant for the loopback interface or for a proxy in front that brings TLS.

use std::{future::Future, pin::pin, sync::Arc, time::Duration};

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};

use crate::{
    error::ServerError,
    http::{self, RequestLimits},
    service::Service,
};

/// Longest head of a request, in bytes.
const MAX_HEAD: usize = 32 * 1024;
/// Most headers of a request.
const MAX_HEADERS: usize = 64;
/// How long nothing is accepted when the system has no more files.
const NO_FILES: Duration = Duration::from_millis(100);

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

/// Serves `service` on `listener` until `shutdown` is done. Requests and operations under way are given [`ServerLimits::grace`] to end;
/// an operation that does not is marked as interrupted.
///
/// # Errors
/// [`ServerError::Document`].
pub async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    limits: ServerLimits,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServerError> {
    let router = http::router(Arc::clone(&service), limits.requests)?;
    let places = Arc::new(Semaphore::new(limits.connections));
    let stop = watch::Sender::new(false);
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
            () = &mut shutdown => break,
            Some(_) = connections.join_next() => continue,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                let connection = connection(stream, router.clone(), limits.head, stop.subscribe());
                connections.spawn(async move {
                    connection.await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection was not accepted");
                tokio::time::sleep(NO_FILES).await;
            }
        }
    }
    drop(listener);
    stop.send_replace(true);
    let ended = async { while connections.join_next().await.is_some() {} };
    let (_, ()) = tokio::join!(tokio::time::timeout(limits.grace, ended), service.operations().drain(limits.grace));
    Ok(())
}

async fn connection(stream: TcpStream, router: Router, head: Duration, mut stop: watch::Receiver<bool>) {
    // Small answers go out at once.
    let _ = stream.set_nodelay(true);
    let mut server = http1::Builder::new();
    server.timer(TokioTimer::new()).header_read_timeout(head).max_buf_size(MAX_HEAD).max_headers(MAX_HEADERS);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router)));
    let told = async { drop(stop.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        // Clients go away, are slow or send what is no HTTP: nothing that an operator can do about.
        tracing::debug!(%error, "a connection ended early");
    }
}
