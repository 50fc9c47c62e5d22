//! Subscriptions over websockets, by `graphql-transport-ws`.

use std::{net::TcpStream, time::Duration};

use serde_json::{Value, json};
use tungstenite::{Message, WebSocket, client::IntoClientRequest as _, handshake::HandshakeError, http::HeaderValue};
use zkl_server::access::KeyRing;

use super::code;
use crate::common::{CSV, Client, Home, Server, Setup};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";

/// A socket of a client.
pub(crate) struct Socket {
    socket: WebSocket<TcpStream>,
    /// How the server closed it.
    pub(crate) closed: Option<u16>,
}

impl Socket {
    /// Opens one; with these headers besides.
    pub(crate) fn open(server: &Server, protocol: &str, headers: &[(&'static str, String)]) -> Result<Self, u16> {
        let mut request = format!("ws://{}/graphql", server.address).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_str(protocol).unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, HeaderValue::from_str(value).unwrap());
        }
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        match tungstenite::client(request, stream) {
            Ok((socket, _)) => Ok(Self { socket, closed: None }),
            Err(HandshakeError::Failure(tungstenite::Error::Http(answer))) => Err(answer.status().as_u16()),
            Err(error) => panic!("{error}"),
        }
    }

    /// Opens one and says who asks.
    pub(crate) fn begin(server: &Server, token: &str) -> Self {
        let mut socket = Self::open(server, "graphql-transport-ws", &[]).unwrap();
        let payload = if token.is_empty() { json!({}) } else { json!({ "authorization": format!("Bearer {token}") }) };
        socket.send(&json!({ "type": "connection_init", "payload": payload }));
        socket
    }

    pub(crate) fn send(&mut self, message: &Value) {
        self.send_text(message.to_string());
    }

    pub(crate) fn send_text(&mut self, text: String) {
        // Who is sent away may find the connection closed.
        drop(self.socket.send(Message::text(text)));
    }

    pub(crate) fn subscribe(&mut self, id: &str, question: &str) {
        self.send(&json!({ "id": id, "type": "subscribe", "payload": { "query": question } }));
    }

    /// The next message, until the server closes.
    pub(crate) fn receive(&mut self) -> Option<Value> {
        loop {
            match self.socket.read() {
                Ok(Message::Text(text)) => return Some(serde_json::from_str(text.as_str()).unwrap()),
                Ok(Message::Close(frame)) => self.closed = frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(tungstenite::Error::Io(error)) if error.kind() == std::io::ErrorKind::WouldBlock => {
                    panic!("the server says nothing")
                }
                Err(_) => return None,
            }
        }
    }

    /// The next message, which is of this type.
    #[track_caller]
    pub(crate) fn expect(&mut self, kind: &str) -> Value {
        let message = self.receive().unwrap_or_else(|| panic!("closed with {:?}", self.closed));
        assert_eq!(message["type"], kind, "{message}");
        message
    }
}

fn notarize(client: Client<'_>) {
    client.follow(client.post(VERSIONS, CSV).expect(202).header("location"));
}

#[test]
fn entries_and_operations_are_told_as_they_happen() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let mut socket = Socket::begin(&server, &key);
    socket.expect("connection_ack");
    socket.subscribe("new", "subscription { entries(dataset: \"team/patients\", from: 0) { index kind } }");
    let first = socket.expect("next");
    assert_eq!(first["payload"]["data"]["entries"], json!({ "index": 0, "kind": "notarization" }));
    notarize(server.client(&key));
    assert_eq!(socket.expect("next")["payload"]["data"]["entries"]["index"], 2);
    socket.send(&json!({ "id": "new", "type": "complete" }));
    socket.expect("complete");
    let accepted = server.client(&key).post(VERSIONS, CSV).expect(202).json();
    let id = accepted["id"].as_str().unwrap();
    socket.subscribe("op", &format!("subscription {{ operation(id: \"{id}\") {{ status entry {{ index }} }} }}"));
    let mut last = Value::Null;
    loop {
        let message = socket.receive().unwrap();
        if message["type"] == "complete" {
            break;
        }
        last = message["payload"]["data"]["operation"].clone();
    }
    assert_eq!(last, json!({ "status": "SUCCEEDED", "entry": { "index": 3 } }));
    // Questions are answered here as well.
    socket.subscribe("q", "{ entries(first: 1) { nodes { index } } }");
    assert_eq!(socket.expect("next")["payload"]["data"]["entries"]["nodes"][0]["index"], 3);
    socket.expect("complete");
    // A server that stops says so.
    server.stop();
    assert!(socket.receive().is_none());
    assert_eq!(socket.closed, Some(1001));
}

#[test]
fn the_key_is_in_the_head_or_in_the_first_message_and_good() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let bearer = format!("Bearer {key}");
    let mut socket = Socket::open(&server, "graphql-transport-ws", &[("authorization", bearer.clone())]).unwrap();
    socket.send(&json!({ "type": "connection_init" }));
    socket.expect("connection_ack");
    socket.subscribe("q", "{ checkpoint }");
    assert!(code(&socket.expect("next")["payload"]).is_none());
    let refused = Socket::open(&server, "graphql-transport-ws", &[("authorization", "Bearer nonsense".to_owned())]);
    assert_eq!(refused.err(), Some(401));
    assert_eq!(Socket::open(&server, "graphql-ws", &[]).err(), Some(400));
    // One that is not good, none that can be read, and two.
    for payload in
        [json!({ "authorization": "Bearer nonsense" }), json!({ "authorization": 1 }), json!({ "authorization": "x" })]
    {
        let mut socket = Socket::open(&server, "graphql-transport-ws", &[]).unwrap();
        socket.send(&json!({ "type": "connection_init", "payload": payload }));
        assert!(socket.receive().is_none() && socket.closed.is_some(), "{payload}");
    }
    let mut socket = Socket::open(&server, "graphql-transport-ws", &[("authorization", bearer.clone())]).unwrap();
    socket.send(&json!({ "type": "connection_init", "payload": { "authorization": bearer } }));
    assert!(socket.receive().is_none() && socket.closed.is_some());
    // Whoever shows none is nobody, and is told what everybody is.
    let mut socket = Socket::begin(&server, "");
    socket.expect("connection_ack");
    socket.subscribe("q", "subscription { entries { index } }");
    assert_eq!(
        code(&json!({ "errors": socket.expect("next")["payload"]["errors"] })).as_deref(),
        Some("unauthenticated")
    );
}

/// A socket that was opened with a key is good as long as the key is.
#[test]
fn a_revoked_key_is_told_nothing_and_asks_nothing_any_more() {
    let home = Home::new();
    let (team, everything) = (home.key(&["read:team/*"]), home.everything());
    let server = home.start(Setup::default());
    let mut socket = Socket::begin(&server, &team);
    socket.expect("connection_ack");
    socket.subscribe("new", "subscription { entries(from: 0) { index } }");
    assert_eq!(socket.expect("next")["payload"]["data"]["entries"]["index"], 0);
    let ring = KeyRing::open(&home.server_dir()).unwrap();
    ring.revoke(team.split('_').nth(1).unwrap()).unwrap();
    crate::limits::wait_until(|| server.client(&team).get("/api/v1/datasets").status == 401);
    notarize(server.client(&everything));
    let ended = socket.expect("next");
    assert_eq!(code(&ended["payload"]).as_deref(), Some("unauthenticated"), "{ended}");
    assert!(!ended.to_string().contains("\"index\""), "{ended}");
    socket.expect("complete");
    socket.subscribe("q", "{ dataset(name: \"team/patients\") { latest } }");
    assert_eq!(code(&socket.expect("next")["payload"]).as_deref(), Some("unauthenticated"));
}

#[test]
fn sockets_are_bounded() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let begin = || {
        let mut socket = Socket::begin(&server, &key);
        socket.expect("connection_ack");
        socket
    };
    let mut socket = begin();
    for id in 0..16 {
        socket.subscribe(&id.to_string(), "subscription { entries { index } }");
    }
    socket.subscribe("16", "subscription { entries { index } }");
    // Of those that are begun together one is refused, whichever that is.
    let refused = socket.expect("next");
    assert_eq!(code(&refused["payload"]).as_deref(), Some("rate-limited"));
    assert_eq!(refused["payload"]["errors"][0]["extensions"]["hint"], "wait a second");
    assert_eq!(socket.expect("complete")["id"], refused["id"]);
    // One that ends makes room.
    let other = if refused["id"] == "0" { "1" } else { "0" };
    socket.send(&json!({ "id": other, "type": "complete" }));
    assert_eq!(socket.expect("complete")["id"], other);
    socket.subscribe("more", "{ checkpoint }");
    assert!(code(&socket.expect("next")["payload"]).is_none());
    // Depth and complexity are those of questions that are posted.
    socket.expect("complete");
    socket.subscribe("bomb", &super::limits::aliases(40));
    assert_eq!(code(&socket.expect("next")["payload"]).as_deref(), Some("invalid-request"));
    // Too long, unreadable, too early, twice.
    let mut long = begin();
    long.subscribe("q", &"x".repeat(70_000));
    assert!(long.receive().is_none());
    let mut unreadable = begin();
    unreadable.send_text("{".to_owned());
    assert!(unreadable.receive().is_none());
    let mut early = Socket::open(&server, "graphql-transport-ws", &[]).unwrap();
    early.subscribe("q", "{ checkpoint }");
    assert!(early.receive().is_none() && early.closed == Some(1011), "{:?}", early.closed);
    let mut twice = begin();
    twice.send(&json!({ "type": "connection_init" }));
    assert!(twice.receive().is_none() && twice.closed == Some(4429), "{:?}", twice.closed);
    // Who says nothing at all.
    let mut silent = Socket::open(&server, "graphql-transport-ws", &[]).unwrap();
    assert!(silent.receive().is_none() && silent.closed == Some(4408), "{:?}", silent.closed);
    server.anonymous().get("/livez").expect(200);
}
