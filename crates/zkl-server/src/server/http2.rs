//! Connections of HTTP/2, which carry many requests at a time: bounded in streams, heads and silence.

use std::{net::SocketAddr, pin::pin, time::Duration};

use axum::{Extension, Router, body::Body, extract::Request, response::Response};
use http_body_util::BodyExt as _;
use hyper::server::conn::http2;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
    time::timeout,
};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::MAX_HEAD;
use crate::http::Peer;

/// Requests at a time of one connection.
const MAX_STREAMS: u32 = 64;
/// How often a silent client is asked whether it is there, and how long it may take to say so.
const ASK: (Duration, Duration) = (Duration::from_secs(30), Duration::from_secs(10));
/// How long a connection may have no requests.
const IDLE: Duration = Duration::from_secs(300);
/// Bytes of answers that wait for a slow client, of one request.
const SEND_BUFFER: usize = 64 * 1024;
/// How long a client without requests is given to close.
const TO_CLOSE: Duration = Duration::from_secs(1);

/// Serves a connection. Its first request has to come within `first`.
pub(super) async fn serve(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    router: Router,
    peer: SocketAddr,
    first: Duration,
    mut stop: watch::Receiver<bool>,
) {
    let open = watch::Sender::new(0_usize);
    let mut requests = open.subscribe();
    let router = Extension(Peer(peer.ip())).layer(router);
    let counted = service_fn(move |request: Request<hyper::body::Incoming>| {
        let (router, open) = (router.clone(), Open::new(&open));
        async move {
            let response: Response = router.oneshot(request).await?;
            // It is open until the last of its answer was sent.
            Ok::<_, std::convert::Infallible>(response.map(|body| {
                Body::new(body.map_frame(move |frame| {
                    let _open = &open;
                    frame
                }))
            }))
        }
    });
    let mut server = http2::Builder::new(TokioExecutor::new());
    server
        .timer(TokioTimer::new())
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEAD as u32)
        .max_send_buf_size(SEND_BUFFER)
        .keep_alive_interval(ASK.0)
        .keep_alive_timeout(ASK.1);
    let mut connection = pin!(server.serve_connection(TokioIo::new(stream), TowerToHyperService::new(counted)));
    let told = async { drop(stop.wait_for(|stop| *stop).await) };
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = told => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
        () = idle(&mut requests, first) => {
            connection.as_mut().graceful_shutdown();
            // A client that said nothing at all does not hear that it should close.
            timeout(TO_CLOSE, connection).await.unwrap_or(Ok(()))
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, "a connection ended early");
    }
}

/// Done when there was no request for too long.
async fn idle(requests: &mut watch::Receiver<usize>, first: Duration) {
    let mut longest = first;
    loop {
        // Never closed while the connection is there.
        let _ = requests.wait_for(|open| *open == 0).await;
        if timeout(longest, requests.wait_for(|open| *open != 0)).await.is_err() {
            return;
        }
        longest = IDLE;
    }
}

/// A request that is being answered.
struct Open(watch::Sender<usize>);

impl Open {
    fn new(open: &watch::Sender<usize>) -> Self {
        open.send_modify(|open| *open += 1);
        Self(open.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.send_modify(|open| *open -= 1);
    }
}
