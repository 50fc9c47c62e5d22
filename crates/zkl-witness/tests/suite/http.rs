//! Requests over a real socket, with the client of this crate and without it.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};
use zkl_core::tree::TreeSize;
use zkl_receipt::{
    WitnessClient as _,
    checkpoint::{Checkpoint, SignedCheckpoint},
    witness::Answer,
};
use zkl_witness::{HttpWitness, serve};

use crate::history::{History, witness, witness_signer};

struct Server {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<()>,
    _dir: TempDir,
}

async fn start() -> Server {
    let (witness, dir) = witness();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let interrupted = async {
        let _ = stopped.await;
    };
    let served = tokio::spawn(async move { serve(Arc::new(witness), listener, interrupted).await.unwrap() });
    Server { address, stop, served, _dir: dir }
}

impl Server {
    fn client(&self) -> HttpWitness {
        let prefix = format!("http://{}/", self.address);
        HttpWitness::new(witness_signer().verifier(), &prefix, Duration::from_secs(20))
    }

    async fn post(&self, body: impl Into<Vec<u8>>) -> (u16, String) {
        let answer = self.client().add_checkpoint(String::from_utf8(body.into()).unwrap()).await.unwrap();
        (answer.status, String::from_utf8(answer.body).unwrap())
    }

    async fn end(self) {
        self.stop.send(()).unwrap();
        self.served.await.unwrap();
    }
}

/// A request as it goes over the wire; the answer with its head.
async fn raw(address: SocketAddr, request: Vec<u8>) -> String {
    let asked = tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        // The server may answer and close before all of a long request is written.
        let _ = stream.write_all(&request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    });
    asked.await.unwrap()
}

#[tokio::test]
async fn the_client_gets_a_cosignature_that_verifies_and_monitors_see_it() {
    let (server, history) = (start().await, History::new(20, 20, 0));
    let mut old = 0;
    for new in [5, 5, 20] {
        let answer = server.client().add_checkpoint(history.request(old, new).encode()).await.unwrap();
        let signed = history.checkpoint(new);
        let key = witness_signer().verifier();
        assert!(matches!(Answer::read(answer.status, &answer.body, &signed, &key), Ok(Answer::Cosigned(_))));
        old = new;
    }
    // SHA-256 of "example.com/log".
    let hash = hex::encode(<sha2::Sha256 as sha2::Digest>::digest("example.com/log"));
    let get = |path: String| format!("GET {path} HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n").into_bytes();
    let answer = raw(server.address, get(format!("/{hash}/checkpoint"))).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK") && head.contains("content-type: text/plain; charset=utf-8"), "{head}");
    let published = SignedCheckpoint::parse(body.as_bytes()).unwrap();
    assert_eq!(published.open(&history.key()).unwrap().size(), TreeSize(20));
    assert!(witness_signer().verifier().verify(&published).is_ok());
    for path in [format!("/{}/checkpoint", hash.to_uppercase()), "/00/checkpoint".to_owned(), "/".to_owned()] {
        assert!(raw(server.address, get(path.clone())).await.starts_with("HTTP/1.1 404"), "{path}");
    }
    server.end().await;
}

#[tokio::test]
async fn attacks_are_refused_with_the_status_of_the_specification() {
    let (server, history, fork) = (start().await, History::new(20, 20, 0), History::new(20, 8, 3));
    assert_eq!(server.post(history.body(0, 12)).await.0, 200);

    // A fork, a rollback, the same size with another root, and each of them from the right old size.
    assert_eq!(server.post(fork.body(12, 15)).await.0, 422);
    assert_eq!(server.post(fork.body(12, 12)).await.0, 422);
    assert_eq!(server.post(history.body(5, 9)).await, (409, "12\n".to_owned()));
    assert_eq!(server.post(history.body(0, 9)).await, (409, "12\n".to_owned()));
    let mut reversed = history.request(9, 9);
    reversed.old_size = TreeSize(12);
    assert_eq!(server.post(reversed.encode()).await.0, 400);

    let stranger = zkl_receipt::note::NoteSigner::new(
        "example.com/log".parse().unwrap(),
        zkl_receipt::keys::SigningKey::from_seed(&[9; 32]),
    );
    let mut forged = history.request(12, 15);
    let statement = Checkpoint::new(stranger.name().clone(), TreeSize(15), history.roots[15]).unwrap();
    forged.checkpoint = statement.sign(&stranger).unwrap();
    assert_eq!(server.post(forged.encode()).await.0, 403);
    let unknown = history.request(12, 15).encode().replace("example.com/log", "example.com/lag");
    assert_eq!(server.post(unknown).await.0, 404);
    for garbage in ["", "old 12", "old 12\n\n", "old x\n\nfoo\n"] {
        assert_eq!(server.post(garbage).await.0, 400, "{garbage:?}");
    }

    // After all this it goes on from where it was.
    assert_eq!(server.post(history.body(12, 20)).await.0, 200);
    server.end().await;
}

#[tokio::test]
async fn the_old_size_is_answered_with_its_content_type() {
    let (server, history) = (start().await, History::new(3, 3, 0));
    let body = history.body(2, 3);
    let mut request = format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend(body);
    let answer = raw(server.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 409 "), "{answer}");
    assert!(answer.contains("content-type: text/x.tlog.size\r\n") && answer.ends_with("\r\n\r\n0\n"), "{answer}");
    server.end().await;
}

#[tokio::test]
async fn requests_that_are_too_long_or_of_another_method_are_refused() {
    let (server, history) = (start().await, History::new(3, 3, 0));
    let long = vec![b'a'; (1 << 20) + 1];
    let mut request = format!(
        "POST /add-checkpoint HTTP/1.1\r\nHost: w\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        long.len()
    )
    .into_bytes();
    request.extend(long);
    let answer = raw(server.address, request).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let get = b"GET /add-checkpoint HTTP/1.1\r\nHost: w\r\nConnection: close\r\n\r\n".to_vec();
    assert!(raw(server.address, get).await.starts_with("HTTP/1.1 405 "));
    // Others are served meanwhile and afterwards.
    assert_eq!(server.post(history.body(0, 3)).await.0, 200);
    server.end().await;
}

#[tokio::test]
async fn a_witness_that_cannot_be_reached_is_an_error_of_the_transport() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let client =
        |wait| HttpWitness::new(witness_signer().verifier(), &format!("http://{address}"), Duration::from_millis(wait));
    // It accepts and says nothing.
    let silent = client(300).add_checkpoint("old 0\n".to_owned()).await.unwrap_err();
    assert!(silent.url.ends_with("/add-checkpoint"));
    drop(listener);
    assert!(client(2_000).add_checkpoint("old 0\n".to_owned()).await.is_err());
}
