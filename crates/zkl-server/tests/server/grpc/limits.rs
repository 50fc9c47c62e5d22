//! Clients of gRPC that are slow, greedy or up to no good.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    num::NonZeroU32,
    time::Duration,
};

use futures::{StreamExt as _, stream};
use tonic::Code;
use zkl_server::{
    ServerLimits,
    grpc::{MAX_MESSAGE, proto},
    http::RequestLimits,
    operations::OperationLimits,
};

use super::{channel, client, refused, upload};
use crate::common::{CSV, Home, Server, Setup, runtime};

fn impatient() -> Setup {
    let requests = RequestLimits { pause: Duration::from_secs(1), ..RequestLimits::default() };
    let limits = ServerLimits { head: Duration::from_secs(1), requests, ..ServerLimits::default() };
    Setup { limits, ..Setup::default() }
}

fn part(len: usize) -> proto::ReceiptPart {
    proto::ReceiptPart { data: vec![b'x'; len] }
}

#[test]
fn messages_uploads_and_receipts_are_bounded() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    runtime().block_on(async {
        let mut client = client(&channel(&server), &key);
        let long = client.verify_receipt(stream::iter([part(MAX_MESSAGE)])).await.unwrap_err();
        assert!([Code::OutOfRange, Code::ResourceExhausted].contains(&long.code()), "{long:?}");
        let claim = proto::ProveClaimRequest { claim: "x".repeat(MAX_MESSAGE), ..Default::default() };
        let long = client.prove_claim(claim).await.unwrap_err();
        assert!([Code::OutOfRange, Code::ResourceExhausted].contains(&long.code()), "{long:?}");
        // As much as goes is taken, and no more than an upload may have.
        let parts = (0..9).map(|_| proto::NotarizeRequest {
            part: Some(proto::notarize_request::Part::Data(vec![b'x'; MAX_MESSAGE - 100])),
        });
        let upload = upload("team/patients", "").chain(parts);
        refused(client.notarize(stream::iter(upload)).await, Code::ResourceExhausted, "TOO_LARGE");
        let receipt = stream::iter((0..300).map(|_| part(MAX_MESSAGE - 100)));
        refused(client.verify_receipt(receipt).await, Code::ResourceExhausted, "TOO_LARGE");
    });
    assert_eq!(std::fs::read_dir(home.server_dir().join("uploads")).unwrap().count(), 0);
}

#[test]
fn slow_clients_are_let_go() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(impatient());
    runtime().block_on(async {
        let mut client = client(&channel(&server), &key);
        let paused = upload("team/patients", CSV).take(2);
        let paused = stream::iter(paused).chain(stream::pending());
        refused(client.notarize(paused).await, Code::DeadlineExceeded, "REQUEST_TIMEOUT");
        let silent = client.verify_receipt(stream::pending()).await;
        refused(silent, Code::DeadlineExceeded, "REQUEST_TIMEOUT");
    });
    // Who says nothing at all, and who greets and asks for nothing.
    for greeting in [&b""[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"] {
        let mut stream = TcpStream::connect(server.grpc).unwrap();
        stream.write_all(greeting).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut said = Vec::new();
        // To the end, which a time that is over would not be.
        stream.read_to_end(&mut said).unwrap();
    }
}

#[test]
fn shares_and_queues_are_those_of_rest() {
    let home = Home::new();
    let (key, other) = (home.everything(), home.key(&["write:team/*"]));
    let operations = OperationLimits { waiting: 0, ..OperationLimits::default() };
    let server = home.start(Setup { rate: NonZeroU32::new(5), operations, ..Setup::default() });
    runtime().block_on(async {
        let channel = channel(&server);
        let mut client = client(&channel, &key);
        let mut limited = None;
        for _ in 0..100 {
            limited = client.list_keys(proto::ListKeysRequest {}).await.err();
            // Both faces count the same.
            if limited.is_some() || server.client(&key).get("/api/v1/datasets").status == 429 {
                break;
            }
        }
        let answer = match limited {
            Some(status) => Err(status),
            None => loop {
                if let Err(status) = client.list_keys(proto::ListKeysRequest {}).await {
                    break Err::<(), _>(status);
                }
            },
        };
        let status = refused(answer, Code::ResourceExhausted, "RATE_LIMITED");
        let details = tonic_types::StatusExt::get_error_details(&status);
        assert_eq!(details.retry_info().unwrap().retry_delay, Some(Duration::from_secs(1)));
        // An upload that goes on holds the one place.
        let (mut first, mut second) = (super::client(&channel, &other), super::client(&channel, &other));
        let (go_on, rest) = tokio::sync::oneshot::channel::<()>();
        let parts = upload("team/patients", CSV);
        let held = stream::iter(parts.take(1)).chain(stream::once(async move {
            drop(rest.await);
            proto::NotarizeRequest { part: Some(proto::notarize_request::Part::Data(CSV.into())) }
        }));
        let held = tokio::spawn(async move { first.notarize(held).await });
        let uploads = || std::fs::read_dir(home.server_dir().join("uploads")).unwrap().count();
        while uploads() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let busy = second.notarize(stream::iter(upload("team/patients", CSV))).await;
        refused(busy, Code::Unavailable, "BUSY");
        drop(go_on);
        held.await.unwrap().unwrap();
    });
}

/// A client that speaks HTTP/2 frame by frame, as no library lets one.
struct Raw(TcpStream);

const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const GOAWAY: u8 = 7;
const END_HEADERS: u8 = 4;

impl Raw {
    fn connect(server: &Server) -> Self {
        let stream = TcpStream::connect(server.grpc).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let mut raw = Self(stream);
        raw.0.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        raw.send(SETTINGS, 0, 0, &[]);
        raw
    }

    fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let len = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&len[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // Who is sent away may find the connection closed.
        drop(self.0.write_all(&[&head, payload].concat()));
    }

    fn receive(&mut self) -> Option<(u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).ok()?;
        let mut payload = vec![0; u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize];
        self.0.read_exact(&mut payload).ok()?;
        Some((head[3], u32::from_be_bytes([head[5], head[6], head[7], head[8]]), payload))
    }

    /// Begins a request and leaves it open.
    fn open(&mut self, stream: u32, key: &str, more: &str) {
        let bearer = format!("Bearer {key}");
        let fields = [
            (":method", "POST"),
            (":scheme", "http"),
            (":path", "/zkl.v1.Ledger/VerifyReceipt"),
            (":authority", "x"),
            ("content-type", "application/grpc"),
            ("te", "trailers"),
            ("authorization", &bearer),
            ("x", more),
        ];
        let text = |text: &str| [&integer(text.len()), text.as_bytes()].concat();
        let block: Vec<u8> =
            fields.iter().flat_map(|(name, value)| [vec![0], text(name), text(value)].concat()).collect();
        // In frames that are no longer than frames may be.
        let mut frames = block.chunks(16_000).peekable();
        let mut kind = HEADERS;
        while let Some(frame) = frames.next() {
            self.send(kind, if frames.peek().is_none() { END_HEADERS } else { 0 }, stream, frame);
            kind = 9;
        }
    }
}

/// A length of HPACK (RFC 7541, section 5.1) with a prefix of seven bits.
fn integer(value: usize) -> Vec<u8> {
    let Some(mut rest) = value.checked_sub(127) else { return vec![u8::try_from(value).unwrap()] };
    let mut bytes = vec![127];
    while rest >= 128 {
        bytes.push(u8::try_from(rest % 128).unwrap() | 128);
        rest /= 128;
    }
    bytes.push(u8::try_from(rest).unwrap());
    bytes
}

#[test]
fn a_connection_has_so_many_streams_and_heads_of_so_many_bytes() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let mut raw = Raw::connect(&server);
    let settings = loop {
        match raw.receive().unwrap() {
            (SETTINGS, 0, payload) if !payload.is_empty() => break payload,
            _ => {}
        }
    };
    let setting = |id: u8| {
        let found = settings.chunks(6).find(|setting| setting[..2] == [0, id]).unwrap();
        u32::from_be_bytes(found[2..].try_into().unwrap())
    };
    let (streams, head) = (setting(3), setting(6));
    assert_eq!((streams, head), (64, 32 * 1024));
    raw.send(SETTINGS, 1, 0, &[]);
    // Each waits for its first message, and one more is refused.
    for stream in 0..=streams {
        raw.open(2 * stream + 1, &key, "y");
    }
    let refused = loop {
        match raw.receive().unwrap() {
            (RST_STREAM, stream, code) => break (stream, code),
            (GOAWAY, ..) => panic!("it was sent away"),
            _ => {}
        }
    };
    assert_eq!(refused, (2 * streams + 1, vec![0, 0, 0, 7]));
    // A head that is too long.
    let mut raw = Raw::connect(&server);
    raw.open(1, &key, &"y".repeat(40_000));
    let mut answered = Vec::new();
    while let Some((kind, stream, payload)) = raw.receive() {
        if [HEADERS, RST_STREAM, GOAWAY].contains(&kind) {
            answered = vec![(kind, stream, payload)];
            break;
        }
    }
    assert!(!answered.is_empty());
    let (kind, _, payload) = &answered[0];
    // 431, if it is answered; `:status` is written out.
    assert!(*kind != HEADERS || payload.windows(3).any(|part| part == b"431") || payload.len() < 20, "{payload:?}");
    server.anonymous().get("/livez").expect(200);
}
