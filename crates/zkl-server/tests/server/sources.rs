//! Tables that the server fetches: from where its operator allows, and from nowhere else.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};
use tonic::Code;
use zkl_server::grpc::proto;
use zkl_sources::allow::AllowedSources;

use crate::common::{CSV, Client, Home, Server, Setup, runtime};

const IMPORTS: &str = "/api/v1/datasets/team%2Fpatients/imports?evidence=attestation";

/// A web server that keeps the heads of requests, for as long as the test runs.
struct Web {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let (port, heads) = (listener.local_addr().unwrap().port(), Arc::<Mutex<Vec<String>>>::default());
        let kept = Arc::clone(&heads);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let lines = BufReader::new(stream.try_clone().unwrap()).lines();
                let head: Vec<String> = lines.map_while(Result::ok).take_while(|line| !line.is_empty()).collect();
                let path = head[0].split(' ').nth(1).unwrap().to_owned();
                kept.lock().unwrap().push(head.join("\n").to_lowercase());
                let (status, more, body) = match path.as_str() {
                    "/team/a.csv" | "/secret.csv" => ("200 OK", String::new(), CSV.to_owned()),
                    "/team/moved.csv" => ("302 Found", "location: /secret.csv\r\n".to_owned(), String::new()),
                    "/team/long.csv" => ("200 OK", String::new(), format!("a\n{}", "1\n".repeat(1 << 20))),
                    _ => ("404 Not Found", String::new(), "the secret of this server".to_owned()),
                };
                let length = body.len();
                let answer =
                    format!("HTTP/1.1 {status}\r\nconnection: close\r\n{more}content-length: {length}\r\n\r\n{body}");
                // Who has enough goes away.
                drop(stream.write_all(answer.as_bytes()));
            }
        });
        Self { port, heads }
    }

    fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    fn asked(&self) -> Vec<String> {
        self.heads.lock().unwrap().clone()
    }
}

fn start(home: &Home, public: &[String], private: &[String]) -> Server {
    let all = |from: AllowedSources, prefixes: &[String], with: fn(AllowedSources, _) -> AllowedSources| {
        prefixes.iter().fold(from, |all, prefix| with(all, prefix.parse().unwrap()))
    };
    let sources = all(AllowedSources::default(), public, AllowedSources::public);
    home.start_fetching(Setup::default(), all(sources, private, AllowedSources::private))
}

/// What came of notarizing from a place.
fn import(client: Client<'_>, source: &str) -> Value {
    let accepted = client.post(IMPORTS, json!({ "source": source }).to_string()).expect(202);
    client.follow(accepted.header("location"))
}

fn refused(client: Client<'_>, source: &str, status: u16, code: &str) -> String {
    let problem = client.post(IMPORTS, json!({ "source": source }).to_string()).problem(status, code);
    problem.to_string()
}

#[test]
fn a_table_is_fetched_from_where_it_is_allowed() {
    let (home, web) = (Home::new(), Web::start());
    let key = home.everything();
    let server = start(&home, &[], &[web.url("/team/")]);
    let client = server.client(&key);
    let done = import(client, &web.url("/team/a.csv"));
    assert_eq!(done["status"], "succeeded", "{done}");
    // It is the table that it is when it is sent.
    let sent =
        client.post("/api/v1/datasets/team%2Fsent/versions?evidence=attestation&privacy=public", CSV).expect(202);
    let sent = client.follow(sent.header("location"))["entry"]["index"].clone();
    let body = json!({ "source": web.url("/team/a.csv") }).to_string();
    let public = client.post(&format!("{IMPORTS}&privacy=public"), body).expect(202);
    let public = client.follow(public.header("location"))["entry"]["index"].clone();
    let digests = |index: &Value| {
        let entry = client.get(&format!("/api/v1/entries/{index}")).expect(200).json();
        entry["predicate"]["digests"].clone()
    };
    assert_eq!(digests(&sent), digests(&public));
    // Once, and nobody is told who asks.
    let asked = web.asked();
    assert!(asked.len() == 2 && asked[0].starts_with("get /team/a.csv http/1.1"), "{asked:?}");
    assert!(!asked[0].contains("authorization") && !asked[0].contains("cookie"), "{asked:?}");
    // A request that is sent again is carried out once.
    let keyed = |path: &str| {
        let body = json!({ "source": web.url(path) }).to_string();
        client.send("POST", IMPORTS, &[("idempotency-key", "k")], body.as_bytes())
    };
    let first = keyed("/team/a.csv").expect(202).header("location").to_owned();
    client.follow(&first);
    assert_eq!(keyed("/team/a.csv").expect(202).header("location"), first);
    keyed("/team/b.csv").problem(422, "idempotency-mismatch");
    assert_eq!(web.asked().len(), 3);
    runtime().block_on(async {
        let mut grpc = crate::grpc::client(&crate::grpc::channel(&server), &key);
        let options = proto::NotarizeOptions {
            dataset: "team/patients".to_owned(),
            evidence: proto::Evidence::Attestation.into(),
            ..Default::default()
        };
        let asked = |path: &str| proto::NotarizeFromRequest { options: Some(options.clone()), source: web.url(path) };
        let operation = grpc.notarize_from(asked("/team/a.csv")).await.unwrap().into_inner();
        assert_eq!(client.follow(&format!("/api/v1/operations/{}", operation.id))["status"], "succeeded");
        let other = grpc.notarize_from(asked("/secret.csv")).await;
        crate::grpc::refused(other, Code::PermissionDenied, "FORBIDDEN");
    });
}

#[test]
fn nothing_is_asked_of_a_place_that_is_not_allowed() {
    let (home, web) = (Home::new(), Web::start());
    let key = home.everything();
    let server = start(&home, &[], &[web.url("/team/")]);
    let client = server.client(&key);
    let elsewhere = format!("http://localhost:{}/team/a.csv", web.port);
    for other in [web.url("/secret.csv"), web.url("/teams/a.csv"), web.url("/"), elsewhere] {
        let (status, code) = if other.ends_with('/') { (400, "invalid-request") } else { (403, "forbidden") };
        assert!(refused(client, &other, status, code).contains("source"));
    }
    refused(client, "https://example.com/team/a.csv", 403, "forbidden");
    for hidden in ["/team/../secret.csv", "/team/..%2fsecret.csv", "/team/%2e%2e%2fsecret.csv"] {
        refused(client, &web.url(hidden), 400, "invalid-request");
    }
    for scheme in
        ["file:///etc/passwd", "gopher://127.0.0.1/", "http://169.254.169.254/latest/meta-data", "/etc/passwd", ""]
    {
        refused(client, scheme, 400, "invalid-request");
    }
    // Credentials are refused, and repeated nowhere.
    for place in [format!("http://me:hunter2@127.0.0.1:{}/team/a.csv", web.port), web.url("/team/a.csv?token=hunter2")]
    {
        assert!(!refused(client, &place, 400, "invalid-request").contains("hunter2"));
    }
    assert_eq!(web.asked(), [""; 0]);
    server.stop();
    let audit = std::fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap_or_default();
    assert!(!audit.contains("hunter2"));
    // Without a prefix nothing is.
    let server = start(&home, &[], &[]);
    refused(server.client(&key), &web.url("/team/a.csv"), 403, "forbidden");
}

#[test]
fn a_place_is_no_way_into_a_network_that_is_not_public() {
    let (home, web) = (Home::new(), Web::start());
    let key = home.everything();
    // Allowed by name, and its addresses are those of this machine.
    let named = format!("http://localhost:{}/team/", web.port);
    let server = start(&home, &[web.url("/team/"), named.clone()], &[]);
    for place in [web.url("/team/a.csv"), format!("{named}a.csv")] {
        let failed = import(server.client(&key), &place);
        assert_eq!(failed["status"], "failed", "{failed}");
        assert!(failed["problem"]["type"].as_str().unwrap().ends_with(":forbidden"), "{failed}");
        assert!(failed["problem"]["detail"].as_str().unwrap().contains("an address that is not public"), "{failed}");
    }
    assert_eq!(web.asked(), [""; 0]);
}

#[test]
fn what_a_place_answers_is_the_table_or_the_end_of_it() {
    let (home, web) = (Home::new(), Web::start());
    let key = home.everything();
    let server = start(&home, &[], &[web.url("/team/")]);
    let problem = |path: &str| {
        let failed = import(server.client(&key), &web.url(path));
        assert_eq!(failed["status"], "failed", "{failed}");
        let text = |field: &str| failed["problem"][field].as_str().unwrap().to_owned();
        (text("type").rsplit(':').next().unwrap().to_owned(), text("detail"))
    };
    // Elsewhere is not gone to.
    let (code, detail) = problem("/team/moved.csv");
    assert!(code == "unavailable" && detail.contains("302"), "{code}: {detail}");
    let (code, detail) = problem("/team/absent.csv");
    assert!(code == "unavailable" && detail.contains("404") && !detail.contains("secret"), "{code}: {detail}");
    let (code, detail) = problem("/team/long.csv");
    assert!(code == "too-large" && detail.contains("more bytes than are taken"), "{code}: {detail}");
    assert!(web.asked().iter().all(|head| !head.contains("secret")), "{:?}", web.asked());
}
