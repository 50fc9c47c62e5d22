//! What the server does in a second, over real sockets on the loopback interface: the table of `make bench-server`.
//!
//! The program itself is started on a ledger in a temporary directory, in the store that `ZKL_STORE` names, or the embedded one. Clients run in
//! this process, on the same processors: what is measured is both together. A program of its own is started for what memory is measured of, so
//! that nothing that was done before is counted, or hides what is taken now.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a measurement that fails should stop"
)]

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use http_body_util::BodyExt as _;
use hyper::{
    Request,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tungstenite::{Message, client::IntoClientRequest as _};
use zkl_ledger::{Ledger, Table, claim::Claim, requests::EvidenceRequest};

const CLIENTS: usize = 64;
/// Entries that are in the log before anything is measured.
const ENTRIES: usize = 1_000;
/// Requests a second of the paced measurement: see the targets in docs/figures.md.
const PACE: f64 = 2_000.0;

/// Number that a variable asks for.
fn number(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |value| value.parse().expect(variable))
}

struct Server {
    child: Child,
    address: String,
    started: Duration,
}

impl Server {
    fn start(ledger: &Path, keys: &Path, more: &[&str]) -> Self {
        let begun = Instant::now();
        let mut child = Command::new(env!("CARGO_BIN_EXE_zkl-server"))
            .args(["serve", "--listen", "127.0.0.1:0", "--proof", "dev", "--rate", "0"])
            .args(["--queue", "1000", "--queue-per-key", "1000", "--max-upload", "4294967296"])
            .args(more)
            .arg("--ledger")
            .arg(ledger)
            .arg("--keys")
            .arg(keys)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on http://").expect("an address").to_owned();
        // It has listened before it is ready: what was asked meanwhile is answered then.
        let mut stream = TcpStream::connect(&address).unwrap();
        write!(stream, "GET /readyz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        Self { child, address, started: begun.elapsed() }
    }

    /// Memory that it has, and the most that it had, in MiB.
    fn memory(&self) -> (f64, f64) {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap_or_default();
        let of = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok());
            kib.map_or(f64::NAN, |kib| kib / 1_024.0)
        };
        (of("VmRSS:"), of("VmHWM:"))
    }

    /// Lets the most that it had begin anew.
    fn forget_peak(&self) {
        drop(std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5"));
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A client with one connection.
struct Client {
    sender: SendRequest<Body>,
    bearer: String,
    host: String,
}

impl Client {
    async fn connect(server: &str, key: &str) -> Self {
        let stream = tokio::net::TcpStream::connect(server).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender, bearer: format!("Bearer {key}"), host: server.to_owned() }
    }

    /// Follows an operation by its events until it has ended, and checks that it succeeded.
    async fn follow(&mut self, location: &str) {
        let (status, _, events) = self.ask("GET", &format!("{location}/events"), Vec::new()).await;
        let last = String::from_utf8(events).unwrap();
        let last = last.lines().rev().find_map(|line| line.strip_prefix("data:")).expect("an event").trim().to_owned();
        let operation: Value = serde_json::from_str(&last).unwrap();
        assert_eq!((status, &operation["status"]), (200, &json!("succeeded")), "{operation}");
    }

    /// The status, the `location` and the body of an answer.
    async fn ask(&mut self, method: &str, path: &str, body: Vec<u8>) -> (u16, Option<String>, Vec<u8>) {
        let request = Request::builder().method(method).uri(path).header("host", &self.host);
        let request = request.header("authorization", &self.bearer).body(Body::from(body)).unwrap();
        self.sender.ready().await.unwrap();
        let answer = self.sender.send_request(request).await.unwrap();
        let status = answer.status().as_u16();
        let location = answer.headers().get("location").map(|place| place.to_str().unwrap().to_owned());
        (status, location, answer.into_body().collect().await.unwrap().to_bytes().to_vec())
    }
}

/// Times of requests, in milliseconds.
struct Times(Vec<f64>);

impl Times {
    fn percentile(&mut self, percent: f64) -> f64 {
        self.0.sort_by(f64::total_cmp);
        let place = (self.0.len() as f64 * percent / 100.0).ceil() as usize;
        self.0[place.clamp(1, self.0.len()) - 1]
    }
}

fn row(what: &str, load: Load) {
    let Load { rate, due: mut times, .. } = load;
    let (half, most) = (times.percentile(50.0), times.percentile(99.0));
    println!("| {what} | {rate:.0} | {half:.2} | {most:.2} |");
}

/// What several clients did: how often a second, and how long each time took.
struct Load {
    rate: f64,
    /// From when it was due; without a pace that is when it was sent.
    due: Times,
    /// From when it was sent.
    sent: Times,
}

/// What each of several clients does again and again, given its number and how often it did. With a pace, clients take turns, and a time
/// counts from when the request was due: a slow answer makes those after it late, as it does for people who do not wait for each other.
async fn load<F, A>(server: &str, key: &str, clients: usize, time: Duration, pace: Option<f64>, act: F) -> Load
where
    F: Fn(Client, usize, usize) -> A + Clone + Send + 'static,
    A: Future<Output = Client> + Send,
{
    let mut connected = Vec::with_capacity(clients);
    for _ in 0..clients {
        connected.push(Client::connect(server, key).await);
    }
    let begun = Instant::now();
    let mut tasks = Vec::new();
    for (number, mut client) in connected.into_iter().enumerate() {
        let act = act.clone();
        tasks.push(tokio::spawn(async move {
            let (mut times, mut count) = (Vec::new(), 0);
            let step = pace.map(|pace| Duration::from_secs_f64(clients as f64 / pace));
            let mut due = begun + step.unwrap_or_default().mul_f64(number as f64 / clients as f64);
            while begun.elapsed() < time {
                if let Some(step) = step {
                    tokio::time::sleep_until(due.into()).await;
                    due += step;
                }
                let sent = Instant::now();
                let since = step.map_or(sent, |step| due - step);
                client = act(client, number, count).await;
                count += 1;
                times.push((since.elapsed().as_secs_f64() * 1_000.0, sent.elapsed().as_secs_f64() * 1_000.0));
            }
            times
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.unwrap());
    }
    let rate = all.len() as f64 / begun.elapsed().as_secs_f64();
    let (due, sent) = all.into_iter().unzip();
    Load { rate, due: Times(due), sent: Times(sent) }
}

/// A ledger with some entries, of which the last but one is a table that was notarized with a proof, the last a claim about it, and a key that
/// may do everything.
fn prepare(dir: &Path, keys: &Path) -> (PathBuf, String) {
    let ledger = dir.join("ledger");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut builder = Ledger::builder().keys(zkl_ledger::circuit::KeyStore::open(keys).unwrap());
        if let Ok(url) = std::env::var("ZKL_STORE") {
            builder = builder.store_url(url.parse().expect("ZKL_STORE"));
        }
        let ledger = builder.create(&ledger, "example.com/bench".parse().unwrap()).await.unwrap();
        let notarize = |n: usize| {
            let table = Table::bytes(format!("age,smokes\n{n},no\n58,yes\n"))
                .named(format!("team/{}", n % 10).parse().unwrap());
            ledger.notarize(table).evidence(EvidenceRequest::Attestation).into_future()
        };
        for first in (0..ENTRIES).step_by(20) {
            futures::future::try_join_all((first..first + 20).map(notarize)).await.unwrap();
        }
        let rows: String = (0..1_000).map(|n| format!("{},{}\n", 20 + n % 60, ["no", "yes"][n % 2])).collect();
        let table = Table::bytes(format!("age,smokes\n{rows}")).named("team/proved".parse().unwrap());
        ledger.notarize(table).await.unwrap();
        let claim: Claim = "mean(age) between 40 and 60".parse().unwrap();
        ledger.dataset("team/proved").await.unwrap().prove(&claim).await.unwrap();
    });
    let key = Command::new(env!("CARGO_BIN_EXE_zkl-server"))
        .args(["key", "create", "bench", "--ledger"])
        .arg(&ledger)
        .args(["--grant", "read:*", "--grant", "write:*", "--grant", "verify"])
        .output()
        .unwrap();
    (ledger, String::from_utf8(key.stdout).unwrap().trim().to_owned())
}

/// Sends a table of this many bytes, and returns how long that took until it was accepted, and where the operation is.
fn upload(server: &str, key: &str, bytes: u64) -> (Duration, String) {
    let mut stream = TcpStream::connect(server).unwrap();
    let line = b"1234567,12345678,123456789,1234567890,abcdefghijkl\n";
    let lines = bytes / line.len() as u64;
    let head = b"a,b,c,d,e\n";
    let block = line.repeat(2_000);
    let begun = Instant::now();
    write!(
        stream,
        "POST /api/v1/datasets/team%2Flarge/versions?evidence=attestation HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        head.len() as u64 + lines * line.len() as u64
    )
    .unwrap();
    stream.write_all(head).unwrap();
    let mut left = lines * line.len() as u64;
    while left > 0 {
        let part = usize::try_from(left).unwrap_or(usize::MAX).min(block.len());
        stream.write_all(&block[..part]).unwrap();
        left -= part as u64;
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let took = begun.elapsed();
    assert!(answer.starts_with("HTTP/1.1 202"), "{answer}");
    let location = answer.lines().find_map(|line| line.strip_prefix("location: ")).unwrap().to_owned();
    (took, location)
}

/// Opens subscriptions that nothing happens to.
fn subscribe(server: &str, key: &str, sockets: usize, each: usize) -> Vec<tungstenite::WebSocket<TcpStream>> {
    let mut open = Vec::new();
    for _ in 0..sockets {
        let mut request = format!("ws://{server}/graphql").into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        let (mut socket, _) = tungstenite::client(request, TcpStream::connect(server).unwrap()).unwrap();
        let init = json!({ "type": "connection_init", "payload": { "authorization": format!("Bearer {key}") } });
        socket.send(Message::text(init.to_string())).unwrap();
        assert!(socket.read().unwrap().to_text().unwrap().contains("connection_ack"));
        for id in 0..each {
            let payload = json!({ "query": "subscription { entries { index } }" });
            let message = json!({ "id": id.to_string(), "type": "subscribe", "payload": payload });
            socket.send(Message::text(message.to_string())).unwrap();
        }
        open.push(socket);
    }
    open
}

/// How many entries are told of by each of these sockets, whose subscriptions all wait for the next one.
fn told(open: &mut [tungstenite::WebSocket<TcpStream>], each: usize) -> usize {
    let mut count = 0;
    for socket in open {
        socket.get_ref().set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        for _ in 0..each {
            let message: Value = serde_json::from_str(socket.read().unwrap().to_text().unwrap()).unwrap();
            assert_eq!(message["type"], "next", "{message}");
            count += 1;
        }
    }
    count
}

/// Reads: of what was read before, and, without caches, of the store.
async fn reads(server: &Server, key: &str, seconds: Duration, ids: &Arc<[String]>, what: &str) {
    let address = server.address.as_str();
    let by_id = {
        let ids = Arc::clone(ids);
        move |mut client: Client, number: usize, count: usize| {
            let path = format!("/api/v1/entries/{}", ids[(number * 7_919 + count * 104_729) % ids.len()]);
            async move {
                assert_eq!(client.ask("GET", &path, Vec::new()).await.0, 200);
                client
            }
        }
    };
    let mut paced = load(address, key, CLIENTS, seconds, Some(PACE), by_id.clone()).await;
    let sent = (paced.sent.percentile(50.0), paced.sent.percentile(99.0));
    row(&format!("entry by id, {what}, {CLIENTS} clients, due {PACE:.0} times a second"), paced);
    println!("| ... from when it was sent | | {:.2} | {:.2} |", sent.0, sent.1);
    row(&format!("entry by id, {what}, {CLIENTS} clients"), load(address, key, CLIENTS, seconds, None, by_id).await);
    let history = |mut client: Client, number: usize, _| async move {
        let path = format!("/api/v1/datasets/team%2F{}/entries?limit=50", number % 10);
        assert_eq!(client.ask("GET", &path, Vec::new()).await.0, 200);
        client
    };
    row(
        &format!("page of 50 of a history, {what}, {CLIENTS} clients"),
        load(address, key, CLIENTS, seconds, None, history).await,
    );
}

/// Verifies the receipt of an entry again and again.
async fn verifications(server: &Server, key: &str, seconds: Duration, entry: usize, what: &str) {
    let mut client = Client::connect(&server.address, key).await;
    let receipt: Arc<[u8]> = client.ask("GET", &format!("/api/v1/entries/{entry}/receipt"), Vec::new()).await.2.into();
    for clients in [1, 4] {
        let own = Arc::clone(&receipt);
        let verify = move |mut client: Client, _, _| {
            let receipt = own.to_vec();
            async move {
                let (status, _, body) = client.ask("POST", "/api/v1/verify", receipt).await;
                let verdict: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!((status, &verdict["valid"]), (200, &json!(true)), "{verdict}");
                client
            }
        };
        // What the first one makes, the others find.
        client = verify(client, 0, 0).await;
        let plural = if clients == 1 { "client" } else { "clients" };
        row(
            &format!("verify {what}, {clients} {plural}"),
            load(&server.address, key, clients, seconds, None, verify).await,
        );
    }
}

/// Notarizes small tables, from the request until whoever asked is told that the entry is durable.
async fn appends(server: &Server, key: &str, seconds: Duration, clients: usize, workers: usize) {
    let append = move |mut client: Client, number: usize, count: usize| async move {
        let table = format!("age,smokes\n{number},no\n{count},yes\n").into_bytes();
        let path = "/api/v1/datasets/team%2Fnew/versions?evidence=attestation";
        let (status, location, _) = client.ask("POST", path, table).await;
        assert_eq!(status, 202);
        client.follow(&location.unwrap()).await;
        client
    };
    let plural = if workers == 1 { "worker" } else { "workers" };
    let what = format!("notarize an attested table, to the entry, {clients} clients, {workers} {plural}");
    row(&what, load(&server.address, key, clients, seconds, None, append).await);
}

fn main() {
    // Whoever lists or filters tests means others.
    if std::env::args().any(|argument| argument == "--list" || argument == "--test") {
        return;
    }
    let seconds = Duration::from_secs(number("ZKL_BENCH_SECONDS", 10));
    let upload_bytes = number("ZKL_BENCH_UPLOAD_MIB", 1_024) << 20;
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("keys");
    let (ledger, key) = prepare(dir.path(), &keys);
    let start = |more: &[&str]| Server::start(&ledger, &keys, more);
    let mut starts: Vec<f64> = (0..5).map(|_| start(&[]).started.as_secs_f64() * 1_000.0).collect();
    starts.sort_by(f64::total_cmp);
    println!(
        "store: {}",
        std::env::var("ZKL_STORE").map_or("embedded".to_owned(), |url| url.split(':').next().unwrap().to_owned())
    );
    let server = start(&[]);
    println!(
        "start until /readyz answers 200: {:.0} ms (of 5, the middle one; each after a kill); memory then {:.0} MiB",
        starts[2],
        server.memory().0
    );
    println!("\n| request | a second | p50 ms | p99 ms |\n|---|--:|--:|--:|");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ids: Arc<[String]> = runtime.block_on(async {
        let (mut ids, mut client) = (Vec::new(), Client::connect(&server.address, &key).await);
        while ids.len() < ENTRIES {
            let path = format!("/api/v1/entries?order=asc&limit=200&cursor={}", ids.len());
            let page: Value = serde_json::from_slice(&client.ask("GET", &path, Vec::new()).await.2).unwrap();
            ids.extend(
                page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()),
            );
        }
        ids.into()
    });
    runtime.block_on(async {
        reads(&server, &key, seconds, &ids, "cached").await;
        verifications(&server, &key, seconds, 0, "an attested receipt").await;
        verifications(&server, &key, seconds, ENTRIES, "a receipt with a proof over every row").await;
        verifications(&server, &key, seconds, ENTRIES + 1, "a claim's receipt, with that proof").await;
        appends(&server, &key, seconds, 8, 1).await;
    });
    drop(server);
    let server = start(&["--cache-bytes", "0", "--workers", "16"]);
    runtime.block_on(async {
        reads(&server, &key, seconds, &ids, "no caches").await;
        appends(&server, &key, seconds, CLIENTS, 16).await;
    });
    drop(server);

    let server = start(&[]);
    let before = server.memory().0;
    server.forget_peak();
    let (took, location) = upload(&server.address, &key, upload_bytes);
    let peak = server.memory().1;
    let mib = upload_bytes as f64 / f64::from(1 << 20);
    println!(
        "\nupload of {mib:.0} MiB, until it is accepted: {:.0} MB/s; memory {before:.0} MiB before, at most {peak:.0} MiB",
        upload_bytes as f64 / 1e6 / took.as_secs_f64()
    );
    drop(
        ureq::delete(format!("http://{}{location}", server.address))
            .header("authorization", format!("Bearer {key}"))
            .call(),
    );
    drop(server);

    let server = start(&[]);
    runtime.block_on(async {
        // What the first request of its kind makes is no subscription's.
        drop(subscribe(&server.address, &key, 1, 1));
        let mut client = Client::connect(&server.address, &key).await;
        assert_eq!(client.ask("GET", "/api/v1/entries?limit=50", Vec::new()).await.0, 200);
    });
    std::thread::sleep(Duration::from_secs(1));
    let before = server.memory().0;
    let (sockets, each) = (100, 10);
    let mut open = subscribe(&server.address, &key, sockets, each);
    std::thread::sleep(Duration::from_secs(2));
    let taken = server.memory().0 - before;
    runtime.block_on(async {
        let mut client = Client::connect(&server.address, &key).await;
        let path = "/api/v1/datasets/team%2Fnew/versions?evidence=attestation";
        let (status, location, _) = client.ask("POST", path, b"age\n1\n".to_vec()).await;
        assert_eq!(status, 202);
        client.follow(&location.unwrap()).await;
    });
    let told = told(&mut open, each);
    println!("{told} idle subscriptions over {sockets} websockets: {taken:.1} MiB more than {before:.0}");
}
