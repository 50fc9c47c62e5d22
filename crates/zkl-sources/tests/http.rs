//! Files over HTTP, from a server in this process that answers as it is told.

#![expect(clippy::unwrap_used, reason = "a test that fails should stop")]

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::Path,
    sync::{Arc, Mutex},
    thread,
};

use zkl_dataset::{DatasetError, Fault, Scan, ScanOutput, Source};
use zkl_sources::http::HttpError;

const TABLE: &[u8] = b"n,w\n1,x\n2,y\n3,z\n";

/// A server that answers the first request with the first answer, and so on, and keeps the requests.
struct Server {
    port: u16,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn new(answers: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, requests) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
        let kept = Arc::clone(&requests);
        thread::spawn(move || {
            for answer in answers {
                let (mut stream, _) = listener.accept().unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> = lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
                kept.lock().unwrap().push(head.join("\n").to_lowercase());
                stream.write_all(&answer).unwrap();
            }
        });
        Self { port, requests }
    }

    fn source(&self, credentials: &str) -> Source {
        zkl_sources::at(Path::new(&format!("http://{credentials}127.0.0.1:{}/dir/t.csv?key=hidden", self.port)))
            .unwrap()
    }

    fn read(&self) -> Result<ScanOutput, DatasetError> {
        Scan::new(self.source("me:h%26dden@")).run(&[0; 32], &mut ())
    }

    fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn answer(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\nConnection: close\r\n{headers}\r\n");
    [head.as_bytes(), body].concat()
}

/// The whole table, of which so many bytes come.
fn cut(etag: &str, bytes: usize) -> Vec<u8> {
    answer("200 OK", &format!("{etag}Content-Length: {}\r\n", TABLE.len()), &TABLE[..bytes])
}

fn rest(etag: &str, from: usize, to: usize) -> Vec<u8> {
    let range = format!("Content-Range: bytes {from}-{}/{}\r\n", TABLE.len() - 1, TABLE.len());
    answer("206 Partial Content", &format!("{etag}{range}Content-Length: {}\r\n", TABLE.len() - from), &TABLE[from..to])
}

fn why(error: &DatasetError) -> String {
    let Fault::Io(source) = error.fault() else { return error.to_string() };
    assert!(source.get_ref().unwrap().is::<HttpError>(), "{source}");
    let text = format!("{error}: {source}");
    assert!(!text.contains("hidden") && !text.contains("h&dden") && !text.contains("h%26dden"), "{text}");
    source.to_string()
}

#[test]
fn a_file_is_asked_for_once_and_is_the_table_of_its_bytes() {
    let server = Server::new(vec![cut("ETag: \"1\"\r\n", TABLE.len())]);
    let found = server.read().unwrap();
    let local = Scan::new(Source::bytes(TABLE).named("t.csv")).run(&[0; 32], &mut ()).unwrap();
    assert_eq!((found.digests, &found.layout, found.digest_rule), (local.digests, &local.layout, local.digest_rule));
    let requests = server.requests();
    assert_eq!(requests.len(), 1);
    assert!(requests[0].starts_with("get /dir/t.csv?key=hidden http/1.1"), "{requests:?}");
    // "me:h&dden"
    assert!(requests[0].contains("authorization: basic bwu6aczkzgvu"), "{requests:?}");
    assert_eq!(server.source("").name(), Path::new(&format!("http://127.0.0.1:{}/dir/t.csv", server.port)));
}

#[test]
fn the_rest_of_the_same_version_is_asked_for_when_the_connection_ends() {
    let etag = "ETag: \"v1\"\r\n";
    let server = Server::new(vec![cut(etag, 5), rest(etag, 5, 9), rest(etag, 9, TABLE.len())]);
    let found = server.read().unwrap();
    assert_eq!(found.profile.rows, 3);
    let requests = server.requests();
    assert!(requests[1].contains("range: bytes=5-") && requests[1].contains("if-match: \"v1\""), "{requests:?}");
    assert!(requests[2].contains("range: bytes=9-"), "{requests:?}");
}

#[test]
fn another_version_is_never_joined_to_what_came() {
    let etag = "ETag: \"v1\"\r\n";
    for second in [
        answer("412 Precondition Failed", "", b""),
        cut("ETag: \"v2\"\r\n", TABLE.len()),
        rest("ETag: \"v2\"\r\n", 5, TABLE.len()),
        rest(etag, 6, TABLE.len()),
    ] {
        let error = Server::new(vec![cut(etag, 5), second]).read().err().unwrap();
        assert_eq!(why(&error), HttpError::Replaced.to_string());
    }
}

#[test]
fn half_a_file_is_no_table() {
    // Without a strong tag the rest cannot be asked for.
    for etag in ["", "ETag: W/\"1\"\r\n"] {
        let error = Server::new(vec![cut(etag, 8)]).read().err().unwrap();
        assert_eq!(why(&error), "the connection ended after 8 of 16 bytes");
    }
    let chunked = answer("200 OK", "Transfer-Encoding: chunked\r\n", b"8\r\nn,w\n1,x\n\r\n");
    let error = Server::new(vec![chunked]).read().err().unwrap();
    assert!(matches!(error.fault(), Fault::Io(_)), "{error}");
}

#[test]
fn other_answers_are_errors() {
    for status in ["404 Not Found", "401 Unauthorized", "500 Internal Server Error"] {
        let error = Server::new(vec![answer(status, "Content-Length: 4\r\n", b"a\n1\n")]).read().err().unwrap();
        assert_eq!(why(&error), format!("the server answered {status}"));
    }
    let error = Server::new(Vec::new()).read().err().unwrap();
    why(&error);
    let page = answer("200 OK", "Content-Length: 15\r\n", b"<!doctype html>");
    let error = Server::new(vec![page]).read().err().unwrap();
    assert!(matches!(error.fault(), Fault::NoTable { .. }), "{error}");
}

#[test]
fn credentials_are_not_sent_elsewhere() {
    let elsewhere = Server::new(vec![cut("", TABLE.len())]);
    let location = format!("Location: http://localhost:{}/t.csv\r\nContent-Length: 0\r\n", elsewhere.port);
    let server = Server::new(vec![answer("302 Found", &location, b"")]);
    assert_eq!(server.read().unwrap().profile.rows, 3);
    assert!(server.requests()[0].contains("authorization") && !elsewhere.requests()[0].contains("authorization"));
}
