//! Clients that are slow, greedy or up to no good.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::{Duration, Instant},
};

use zkl_server::{ServerLimits, http::RequestLimits, operations::OperationLimits};

use crate::common::{Answer, CSV, Home, Server, Setup};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";

/// Sends bytes as they are, and reads the one answer.
pub(crate) fn exchange(server: &Server, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    // Who is refused before the end is answered, and may find the connection closed while it writes.
    drop(stream.write_all(bytes));
    parse(&read_all(&mut stream))
}

fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return answer,
            Ok(n) => answer.extend_from_slice(&buffer[..n]),
        }
    }
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").expect("an answer with a head");
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    let mut headers = ureq::http::HeaderMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        headers.append(ureq::http::HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
    }
    Answer { status, headers, bytes: answer[end + 4..].to_vec() }
}

fn impatient() -> Setup {
    let requests =
        RequestLimits { pause: Duration::from_millis(300), upload: Duration::from_secs(2), ..RequestLimits::default() };
    let limits = ServerLimits { head: Duration::from_millis(300), requests, ..ServerLimits::default() };
    Setup { limits, ..Setup::default() }
}

#[test]
fn bodies_are_bounded_whatever_they_say_of_themselves() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let too_long = vec![b'x'; (1 << 20) + 1];
    let head = format!(
        "POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        too_long.len()
    );
    exchange(&server, &[head.as_bytes(), &too_long].concat()).problem(413, "too-large");
    // In chunks, without a length that could be believed.
    let mut chunked = format!("POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n").into_bytes();
    for part in too_long.chunks(1 << 16) {
        chunked.extend_from_slice(format!("{:x}\r\n", part.len()).as_bytes());
        chunked.extend_from_slice(part);
        chunked.extend_from_slice(b"\r\n");
    }
    exchange(&server, &chunked).problem(413, "too-large");
    let claim = format!(r#"{{"claim":"{}"}}"#, "x".repeat(70_000));
    server.client(&key).post("/api/v1/datasets/team%2Fpatients/claims", claim).problem(413, "too-large");
    let mut chunked = format!("POST /api/v1/datasets/team%2Fpatients/claims HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n").into_bytes();
    chunked.extend_from_slice(format!("{:x}\r\n{}\r\n0\r\n\r\n", 70_000, "x".repeat(70_000)).as_bytes());
    exchange(&server, &chunked).problem(413, "too-large");
    // A length alone is enough to be refused.
    let head = format!(
        "POST /api/v1/verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 99999999999\r\n\r\n"
    );
    exchange(&server, head.as_bytes()).problem(413, "too-large");
    assert_eq!(uploads(&home), 0);
    server.anonymous().get("/livez").expect(200);
}

fn uploads(home: &Home) -> usize {
    std::fs::read_dir(home.server_dir().join("uploads")).unwrap().count()
}

#[test]
fn slow_clients_are_let_go() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(impatient());
    // A head that never ends.
    let begun = Instant::now();
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost:").unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    read_all(&mut stream);
    assert!(begun.elapsed() < Duration::from_secs(10));
    // A body that pauses.
    let head = format!(
        "POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 1000\r\n\r\nage"
    );
    exchange(&server, head.as_bytes()).problem(408, "request-timeout");
    // One for which an upload's time does not count.
    let verify = format!(
        "POST /api/v1/verify HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: 1000\r\n\r\n{{"
    );
    exchange(&server, verify.as_bytes()).problem(408, "request-timeout");
    // A body that never pauses for long, and takes for ever.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    let begun = Instant::now();
    while stream.write_all(b"x").is_ok() && begun.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(begun.elapsed() < Duration::from_secs(10));
    // A body that is cut.
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    read_all(&mut stream);
    wait_until(|| uploads(&home) == 0);
    server.anonymous().get("/livez").expect(200);
    assert!(
        server.client(&key).get("/api/v1/operations").expect(200).json()["operations"].as_array().unwrap().is_empty()
    );
}

pub(crate) fn wait_until(done: impl Fn() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn heads_are_bounded_and_unambiguous() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let head = |headers: &str| format!("GET /livez HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{headers}\r\n");
    assert_eq!(exchange(&server, head("").as_bytes()).status, 200);
    let long = format!("x: {}\r\n", "y".repeat(90_000));
    assert_eq!(exchange(&server, head(&long).as_bytes()).status, 431);
    assert_eq!(exchange(&server, head(&"x: y\r\n".repeat(100)).as_bytes()).status, 431);
    // What two readers could read as two different requests is none.
    let post = |headers: &str, body: &str| {
        let head = format!(
            "POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nconnection: close\r\n{headers}\r\n{body}"
        );
        exchange(&server, head.as_bytes()).status
    };
    assert_eq!(post("content-length: 3\r\ncontent-length: 4\r\n", "a\n1\n"), 400);
    assert_eq!(post("content-length: +4\r\n", "a\n1\n"), 400);
    assert_eq!(post("transfer-encoding: gzip, identity\r\n", "a\n1\n"), 400);
    // The chunks count, and what stands behind them is no second request: the connection is closed.
    let smuggled = "0\r\n\r\nGET /api/v1/keys HTTP/1.1\r\nhost: x\r\n\r\n";
    let head = format!(
        "POST /api/v1/verify HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\ntransfer-encoding: chunked\r\n\r\n{smuggled}"
    );
    let mut stream = TcpStream::connect(server.address).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let answers = String::from_utf8_lossy(&read_all(&mut stream)).matches("HTTP/1.1 ").count();
    assert!(answers <= 1, "{answers} answers");
    // A key in two headers is none.
    let two = format!(
        "GET /api/v1/datasets HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nauthorization: Bearer {key}\r\nconnection: close\r\n\r\n"
    );
    exchange(&server, two.as_bytes()).problem(401, "unauthenticated");
}

/// The next answer on a connection, whose body has a length.
fn next_answer(stream: &mut TcpStream) -> Answer {
    let (mut answer, mut byte) = (Vec::new(), [0]);
    while !answer.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1, "the connection was closed");
        answer.push(byte[0]);
    }
    let mut head = parse(&answer);
    head.bytes = vec![0; head.header("content-length").parse().unwrap()];
    stream.read_exact(&mut head.bytes).unwrap();
    head
}

#[test]
fn who_is_refused_before_the_body_came_is_not_cut_off_without_a_word() {
    let home = Home::new();
    let server = home.start(Setup::default());
    let connect = || {
        let stream = TcpStream::connect(server.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        stream
    };
    let head = |more: &str| format!("POST {VERSIONS} HTTP/1.1\r\nhost: x\r\n{more}\r\n");
    // The rest comes later, and is short.
    let mut stream = connect();
    stream.write_all(head("content-length: 6\r\n").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    stream.write_all(b"age\n1\nGET /livez HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let refused = next_answer(&mut stream);
    assert!(!refused.headers.contains_key("connection"));
    refused.problem(401, "unauthenticated");
    assert_eq!(next_answer(&mut stream).status, 200);
    // It does not come, is long, or is not sent before it is asked for.
    for more in
        ["content-length: 6\r\n", "content-length: 999999999\r\n", "content-length: 6\r\nexpect: 100-continue\r\n"]
    {
        let mut stream = connect();
        stream.write_all(head(more).as_bytes()).unwrap();
        let refused = next_answer(&mut stream);
        assert_eq!(refused.header("connection"), "close", "{more}");
        refused.problem(401, "unauthenticated");
        assert!(read_all(&mut stream).is_empty());
    }
}

#[test]
fn a_content_encoding_is_not_taken() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let answer = server.client(&key).send("POST", VERSIONS, &[("content-encoding", "gzip")], CSV.as_bytes());
    answer.problem(415, "unsupported-media-type");
}

#[test]
fn a_full_queue_says_so() {
    let home = Home::new();
    let key = home.everything();
    let operations = OperationLimits { workers: 1, waiting: 0, ..OperationLimits::default() };
    let server = home.start(Setup { operations, ..Setup::default() });
    // An upload that goes on holds the one place.
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        CSV.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    wait_until(|| uploads(&home) == 1);
    let refused = server.client(&key).post(VERSIONS, CSV);
    assert_eq!(refused.header("retry-after"), "5");
    refused.problem(503, "busy");
    stream.write_all(CSV.as_bytes()).unwrap();
    let accepted = parse(&read_all(&mut stream)).expect(202);
    assert_eq!(server.client(&key).follow(accepted.header("location"))["status"], "succeeded");
    server.client(&key).post(VERSIONS, CSV).expect(202);
}

#[test]
fn a_request_that_is_being_received_is_not_begun_again() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\nidempotency-key: a\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        CSV.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    wait_until(|| uploads(&home) == 1);
    let again = || server.client(&key).send("POST", VERSIONS, &[("idempotency-key", "a")], CSV.as_bytes());
    again().problem(409, "conflict");
    stream.write_all(CSV.as_bytes()).unwrap();
    let accepted = parse(&read_all(&mut stream)).expect(202);
    assert_eq!(again().expect(202).header("location"), accepted.header("location"));
}

#[test]
fn nobody_asks_more_often_than_their_share() {
    let home = Home::new();
    let (key, other) = (home.everything(), home.key(&["read:*"]));
    let server = home.start(Setup { rate: std::num::NonZeroU32::new(5), ..Setup::default() });
    let ask = |token: &str| server.client(token).get("/api/v1/datasets");
    let begun = Instant::now();
    let answers: Vec<u16> = (0..40).map(|_| ask(&key).status).collect();
    let taken = answers.iter().filter(|status| **status == 200).count();
    let most = 6 + 5 * usize::try_from(begun.elapsed().as_secs() + 1).unwrap();
    assert!(taken >= 5 && taken <= most && answers.iter().all(|status| [200, 429].contains(status)), "{answers:?}");
    let refused = (0..20).map(|_| ask(&key)).find(|answer| answer.status == 429).unwrap();
    assert_eq!(refused.header("retry-after"), "1");
    refused.problem(429, "rate-limited");
    // It is the share of one key.
    ask(&other).expect(200);
    // Whoever guesses has one share with whoever shows no key, by address.
    let guesses: Vec<u16> = (0..20).map(|_| ask("zkl_0123456789abcdef_00").status).collect();
    assert!(guesses.contains(&401) && guesses.contains(&429), "{guesses:?}");
    assert!((0..20).any(|_| server.anonymous().get("/api/v1/datasets").status == 429));
    ask(&other).expect(200);
    // Health is nobody's share.
    assert!((0..40).all(|_| server.anonymous().get("/livez").status == 200));
}

#[test]
fn nobody_fills_the_queue_for_everybody_else() {
    let home = Home::new();
    let (key, other) = (home.everything(), home.key(&["write:team/*"]));
    let operations = OperationLimits { waiting: 8, per_subject: 1, ..OperationLimits::default() };
    let server = home.start(Setup { operations, ..Setup::default() });
    // An upload that goes on is an operation of its key.
    let mut stream = TcpStream::connect(server.address).unwrap();
    let head = format!(
        "POST {VERSIONS} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        CSV.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    wait_until(|| uploads(&home) == 1);
    server.client(&key).post(VERSIONS, CSV).problem(429, "rate-limited");
    let claim = r#"{"claim":"mean(age) between 40 and 50"}"#;
    server.client(&key).post("/api/v1/datasets/team%2Fpatients/claims", claim).problem(429, "rate-limited");
    let accepted = server.client(&other).post(VERSIONS, CSV).expect(202);
    server.client(&other).follow(accepted.header("location"));
    // One that is given up frees its place.
    drop(stream);
    wait_until(|| server.client(&key).post(VERSIONS, CSV).status == 202);
}
