//! An HTTP proxy in front of one server that fails on command: above all, it can lose the answer to a request that the
//! server has carried out.
//!
//! It runs on a thread of its own, forwards requests byte for byte (signatures stay valid, because the `Host` header is the
//! client's), and goes on forwarding a request whose client has given up.

use std::{
    fmt, io,
    net::{SocketAddr, TcpListener as StdTcpListener, TcpStream as StdTcpStream},
    sync::{Arc, Mutex, PoisonError},
    thread::JoinHandle,
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{
    Method, Request, Response,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use thiserror::Error;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

/// Why a connection ends.
#[derive(Debug, Error)]
enum Failure {
    #[error("the fault that was asked for")]
    Wanted,
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error(transparent)]
    Response(#[from] hyper::http::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Task(#[from] tokio::task::JoinError),
}

/// What happens to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HttpFault {
    /// The connection ends; the server never sees the request.
    LoseRequest,
    /// The server carries out the request; then the connection ends without an answer.
    LoseResponse,
    /// The same, but the connection is reset.
    ResetAfterwards,
    /// The server sees the request this much later.
    DelayRequest(Duration),
    /// The server carries out the request at once; the client hears of it this much later.
    DelayResponse(Duration),
    /// The proxy answers with this status itself.
    Refuse(u16),
    /// The server carries out the request; the client gets this status.
    RefuseAfterwards(u16),
    /// The proxy answers with status 200 and these bytes.
    Answer(Vec<u8>),
}

/// A request as the proxy saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenRequest {
    /// `GET`, `PUT`, ...
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Number of the request, from 0.
    pub number: u64,
    /// Whether it carries `If-None-Match`.
    pub conditional: bool,
    /// The status that the server answered, if it was asked and has answered.
    pub status: Option<u16>,
}

type Rule = dyn Fn(&SeenRequest) -> Option<HttpFault> + Send + Sync;

/// The proxy could not be started.
#[derive(Debug, Error)]
#[error("the proxy cannot be started")]
pub struct ProxyError(#[from] io::Error);

/// A running proxy; dropping it ends it.
pub struct HttpProxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    present: watch::Sender<State>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    upstream: String,
    rule: Mutex<Arc<Rule>>,
    seen: Mutex<Vec<SeenRequest>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Listening,
    Gone,
    Ended,
}

impl HttpProxy {
    /// Starts a proxy on a free port of the loopback interface, in front of `upstream` (`host:port`). It forwards everything.
    ///
    /// # Errors
    /// When there is no free port.
    pub fn start(upstream: &str) -> Result<Self, ProxyError> {
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            rule: Mutex::new(Arc::new(|_: &SeenRequest| None)),
            seen: Mutex::default(),
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let listener = StdTcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (present, state) = watch::channel(State::Listening);
        let thread = std::thread::Builder::new().name("http-proxy".to_owned()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                runtime.block_on(async { serve(TcpListener::from_std(listener).ok(), address, shared, state).await });
            }
        })?;
        Ok(Self { address, shared, present, thread: Some(thread) })
    }

    /// The URL that clients use in place of the server's.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, `rule` says what happens to each request; `None` forwards it.
    pub fn set_rule(&self, rule: impl Fn(&SeenRequest) -> Option<HttpFault> + Send + Sync + 'static) {
        *self.shared.rule.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(rule);
    }

    /// From now on, everything is forwarded.
    pub fn forward_everything(&self) {
        self.set_rule(|_| None);
    }

    /// Ends all connections and accepts no new ones, until [`HttpProxy::come_back`].
    pub fn go_away(&self) {
        self.present.send_replace(State::Gone);
    }

    /// Listens again, at the same address.
    pub fn come_back(&self) {
        self.present.send_replace(State::Listening);
    }

    /// Every request since the last call, in the order of arrival.
    pub fn take_seen(&self) -> Vec<SeenRequest> {
        std::mem::take(&mut *self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl fmt::Debug for HttpProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpProxy").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Drop for HttpProxy {
    fn drop(&mut self) {
        self.present.send_replace(State::Ended);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; there is nothing to add.
            let _ = thread.join();
        }
    }
}

async fn serve(
    mut listener: Option<TcpListener>,
    address: SocketAddr,
    shared: Arc<Shared>,
    mut state: watch::Receiver<State>,
) {
    loop {
        let wanted = *state.borrow_and_update();
        match wanted {
            State::Ended => return,
            State::Gone => listener = None,
            State::Listening if listener.is_none() => {
                listener = TcpListener::bind(address).await.ok();
                if listener.is_none() {
                    // The port may still be in use for a moment.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    continue;
                }
            }
            State::Listening => {}
        }
        match &listener {
            None => drop(state.changed().await),
            Some(listener) => tokio::select! {
                _ = state.changed() => {}
                accepted = listener.accept() => {
                    if let Ok((stream, _)) = accepted {
                        tokio::spawn(connection(stream, Arc::clone(&shared), state.clone()));
                    }
                }
            },
        }
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, mut state: watch::Receiver<State>) {
    // Small packets with an answer behind each: nothing may wait for more.
    let _ = stream.set_nodelay(true);
    let Ok(stream) = stream.into_std() else {
        return;
    };
    let (Ok(clone), Ok(stream)) = (stream.try_clone(), TcpStream::from_std(stream)) else {
        return;
    };
    let line = Arc::new(Line { shared, socket: clone, upstream: tokio::sync::Mutex::new(None) });
    let service = service_fn(move |request| {
        let line = Arc::clone(&line);
        async move {
            // The request goes on even if its client hangs up.
            tokio::spawn(async move { line.handle(request).await }).await.unwrap_or_else(|error| Err(error.into()))
        }
    });
    let serving = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        _ = serving => {}
        _ = state.wait_for(|state| *state != State::Listening) => {}
    }
}

/// One client's connection, with one to the server.
struct Line {
    shared: Arc<Shared>,
    socket: StdTcpStream,
    upstream: tokio::sync::Mutex<Option<SendRequest<Full<Bytes>>>>,
}

impl Line {
    async fn handle(&self, request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Failure> {
        let (parts, body) = request.into_parts();
        let body = body.collect().await?.to_bytes();
        let seen = self.shared.see(&parts.method, parts.uri.to_string(), &parts.headers);
        let rule = Arc::clone(&self.shared.rule.lock().unwrap_or_else(PoisonError::into_inner));
        let fault = rule(&seen);
        match &fault {
            Some(HttpFault::LoseRequest) => return Err(Failure::Wanted),
            Some(HttpFault::Refuse(status)) => return answer(*status, Vec::new()),
            Some(HttpFault::Answer(bytes)) => return answer(200, bytes.clone()),
            Some(HttpFault::DelayRequest(time)) => tokio::time::sleep(*time).await,
            _ => {}
        }
        let response = self.forward(Request::from_parts(parts, Full::new(body))).await?;
        self.shared.answered(seen.number, response.status().as_u16());
        match fault {
            Some(HttpFault::LoseResponse) => Err(Failure::Wanted),
            Some(HttpFault::ResetAfterwards) => {
                socket2::SockRef::from(&self.socket).set_linger(Some(Duration::ZERO))?;
                Err(Failure::Wanted)
            }
            Some(HttpFault::RefuseAfterwards(status)) => answer(status, Vec::new()),
            Some(HttpFault::DelayResponse(time)) => {
                tokio::time::sleep(time).await;
                Ok(response)
            }
            _ => Ok(response),
        }
    }

    async fn forward(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Failure> {
        let mut upstream = self.upstream.lock().await;
        let mut sender = match upstream.take() {
            Some(sender) if !sender.is_closed() => sender,
            _ => {
                let stream = TcpStream::connect(&self.shared.upstream).await?;
                stream.set_nodelay(true)?;
                let (sender, connection) = handshake(TokioIo::new(stream)).await?;
                tokio::spawn(connection);
                sender
            }
        };
        sender.ready().await?;
        let response = sender.send_request(request).await?;
        let (mut parts, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        *upstream = Some(sender);
        parts.headers.remove(header::TRANSFER_ENCODING);
        Ok(Response::from_parts(parts, Full::new(body)))
    }
}

impl Shared {
    fn see(&self, method: &Method, target: String, headers: &hyper::HeaderMap) -> SeenRequest {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let conditional = headers.contains_key(header::IF_NONE_MATCH);
        let number = all.last().map_or(0, |last| last.number + 1);
        let seen = SeenRequest { method: method.to_string(), target, number, conditional, status: None };
        all.push(seen.clone());
        seen
    }

    fn answered(&self, number: u64, status: u16) {
        let mut all = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(request) = all.iter_mut().rev().find(|request| request.number == number) {
            request.status = Some(status);
        }
    }
}

fn answer(status: u16, body: Vec<u8>) -> Result<Response<Full<Bytes>>, Failure> {
    Ok(Response::builder().status(status).body(Full::new(body.into()))?)
}
