//! Websockets for subscriptions, by the protocol `graphql-transport-ws`.
//!
//! The key is shown in the head or in the payload of `connection_init`, and is looked at again for every question: a socket that was opened
//! with a key that is good no more asks nothing.

use std::{
    net::IpAddr,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_graphql::{
    Data, Executor, Request, Response as Answer,
    http::{WebSocket as Conversation, WebSocketProtocols, WsMessage},
};
use axum::{
    Extension,
    extract::{
        State,
        ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, rejection::WebSocketUpgradeRejection},
    },
    http::{HeaderMap, header},
    response::Response,
};
use futures::{
    SinkExt as _, StreamExt as _,
    future::ready,
    stream::{self, BoxStream},
};
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::{Face, Graph, failure};
use crate::{
    access::Subject,
    error::ServiceError,
    failure::{Code, Failure},
    http::{Alive, MAX_JSON, Peer, Problem, Shared, bearer, identify},
    service::Service,
};

const PROTOCOL: &str = "graphql-transport-ws";
/// Questions at a time of one socket.
const MAX_OPEN: usize = 16;
/// How long a client may take to say who it is.
const TO_INIT: Duration = Duration::from_secs(10);
/// How often a client is asked whether it is there, and how long it may take to read.
const ASK: Duration = Duration::from_secs(30);
/// Bytes that wait for a client that reads slowly.
const MAX_UNSENT: usize = 1 << 20;

/// Opens a websocket.
pub(super) async fn open(
    State(shared): State<Shared>,
    Extension(face): Extension<Face>,
    peer: Option<Extension<Peer>>,
    alive: Option<Extension<Alive>>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let invalid = |detail: &str| Failure::new(Code::InvalidRequest, detail);
    let upgrade = upgrade.map_err(|_| invalid("questions are POSTed; subscriptions open a websocket here"))?;
    let upgrade = upgrade.protocols([PROTOCOL]);
    if upgrade.selected_protocol().is_none() {
        return Err(invalid("the protocol of the websocket is graphql-transport-ws").into());
    }
    let place = Arc::clone(&face.sockets).try_acquire_owned().map_err(|_| ServiceError::Busy)?;
    let peer = peer.map(|Extension(peer)| peer);
    let shown = if headers.contains_key(header::AUTHORIZATION) {
        Some(identify(&shared.service, &headers, peer).await?)
    } else {
        None
    };
    let asker = Asker {
        graph: face.graph,
        service: shared.service,
        peer: peer.map(|peer| peer.0),
        subject: Arc::new(OnceLock::new()),
        open: Arc::default(),
    };
    let upgrade = upgrade.max_message_size(MAX_JSON).max_frame_size(MAX_JSON).max_write_buffer_size(MAX_UNSENT);
    Ok(upgrade.on_upgrade(move |socket| async move {
        converse(socket, asker, shown).await;
        drop((place, alive));
    }))
}

/// Answers until the client goes, is silent, or the server stops.
async fn converse(socket: WebSocket, asker: Asker, shown: Option<Subject>) {
    let (mut sink, input) = socket.split();
    let (heard, begun) = (Arc::new(AtomicBool::new(true)), Instant::now());
    let hear = Arc::clone(&heard);
    // What cannot be read ends the conversation.
    let messages = input.take_while(|message| ready(message.is_ok())).filter_map(move |message| {
        hear.store(true, Ordering::Relaxed);
        ready(match message {
            Ok(Message::Text(text)) => Some(text.as_str().as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
            _ => None,
        })
    });
    let mut stop = asker.service.stopped();
    let init = asker.clone();
    let conversation = Conversation::new(asker.clone(), messages.boxed(), WebSocketProtocols::GraphQLWS)
        .on_connection_init(move |payload| async move { init.init(&payload, shown).await });
    let mut conversation = std::pin::pin!(conversation);
    let mut tick = interval(ASK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tick.reset();
    let close = |code, reason: &str| Message::Close(Some(CloseFrame { code, reason: reason.into() }));
    loop {
        let message = tokio::select! {
            said = conversation.next() => match said {
                Some(WsMessage::Text(text)) => Message::Text(text.into()),
                Some(WsMessage::Close(code, reason)) => close(code, &short(&reason)),
                None => break,
            },
            () = tokio::time::sleep_until(begun + TO_INIT), if asker.subject.get().is_none() => {
                close(4408, "connection initialisation timeout")
            }
            _ = tick.tick() => {
                if !heard.swap(false, Ordering::Relaxed) {
                    break;
                }
                Message::Ping(Default::default())
            }
            _ = stop.wait_for(|stop| *stop) => close(1001, "the server is stopping"),
        };
        let last = matches!(message, Message::Close(_));
        // Whoever does not read is let go.
        if !matches!(timeout(ASK, sink.send(message)).await, Ok(Ok(()))) || last {
            break;
        }
    }
    let _ = timeout(TO_INIT, sink.close()).await;
}

/// A reason fits a control frame, which has 125 bytes.
fn short(reason: &str) -> String {
    reason.chars().filter(char::is_ascii).take(120).collect()
}

/// Whoever asks over a socket.
#[derive(Clone)]
struct Asker {
    graph: Graph,
    service: Arc<Service>,
    peer: Option<IpAddr>,
    /// Known when the conversation has begun.
    subject: Arc<OnceLock<Subject>>,
    open: Arc<AtomicUsize>,
}

impl Asker {
    /// Says who it is.
    async fn init(self, payload: &serde_json::Value, shown: Option<Subject>) -> async_graphql::Result<Data> {
        let given = ["authorization", "Authorization"].iter().find_map(|name| payload.get(name));
        let subject = match (given, shown) {
            (None, Some(subject)) => subject,
            (None, None) => self.service.identify(None, self.peer).await?,
            // Two keys are none, and so is what is no text.
            (Some(given), shown) => {
                let token = given.as_str().filter(|_| shown.is_none()).and_then(bearer);
                self.service.identify(Some(token.unwrap_or_default()), self.peer).await?
            }
        };
        let _ = self.subject.set(subject);
        Ok(Data::default())
    }

    /// Who asks now, if it may ask one more.
    async fn admit(&self) -> Result<(Subject, Open), ServiceError> {
        let subject = self.subject.get().ok_or(ServiceError::BadKey)?;
        let subject = self.service.admit(subject, self.peer).await?;
        let open = Open::new(&self.open).ok_or(ServiceError::TooManyRequests)?;
        Ok((subject, open))
    }
}

impl Executor for Asker {
    async fn execute(&self, request: Request) -> Answer {
        match self.admit().await {
            Ok((subject, _open)) => failure::complete(self.graph.execute(request.data(subject)).await),
            Err(error) => failure::refusal(error),
        }
    }

    fn execute_stream(&self, request: Request, _: Option<Arc<Data>>) -> BoxStream<'static, Answer> {
        let this = self.clone();
        let answers = async move {
            match this.admit().await {
                Ok((subject, open)) => {
                    let answers = this.graph.execute_stream(request.data(subject));
                    answers
                        .map(move |answer| {
                            let _ = &open;
                            failure::complete(answer)
                        })
                        .boxed()
                }
                Err(error) => stream::iter([failure::refusal(error)]).boxed(),
            }
        };
        stream::once(answers).flatten().boxed()
    }
}

/// A question that is being answered.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn new(open: &Arc<AtomicUsize>) -> Option<Self> {
        let free = |open: usize| (open < MAX_OPEN).then_some(open + 1);
        open.fetch_update(Ordering::Relaxed, Ordering::Relaxed, free).ok()?;
        Some(Self(Arc::clone(open)))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
