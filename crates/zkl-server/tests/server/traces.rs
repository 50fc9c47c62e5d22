//! Traces, as a collector that others could have written receives them.

use std::{
    io::{BufReader, Read as _, Write as _},
    net::TcpListener,
    process::{Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::any_value::Value,
    trace::v1::{Span, Status, span::SpanKind, status::StatusCode},
};
use prost::Message as _;

use crate::{
    common::{CSV, Home, proving_keys},
    restart::Program,
};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

/// A collector on a free port, which takes what is sent for as long as the test goes on.
struct Collector {
    url: String,
    spans: Arc<Mutex<Vec<Span>>>,
    services: Arc<Mutex<Vec<String>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (spans, services) = (Arc::<Mutex<Vec<Span>>>::default(), Arc::<Mutex<Vec<String>>>::default());
        let collector = Self { url, spans: Arc::clone(&spans), services: Arc::clone(&services) };
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut reader = BufReader::new(stream.unwrap());
                // Several requests come over one connection.
                while let Some(body) = body(&mut reader) {
                    let taken = ExportTraceServiceRequest::decode(body.as_slice()).unwrap();
                    for resource in taken.resource_spans {
                        let attributes = resource.resource.unwrap().attributes;
                        let name = attributes.iter().find(|attribute| attribute.key == "service.name").unwrap();
                        services.lock().unwrap().push(format!("{:?}", name.value));
                        spans.lock().unwrap().extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
                    }
                    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/x-protobuf\r\ncontent-length: 0\r\n\r\n";
                    reader.get_mut().write_all(head.as_bytes()).unwrap();
                }
            }
        });
        collector
    }

    /// The first span that is wanted, as soon as it has come.
    #[track_caller]
    fn wait_for(&self, wanted: impl Fn(&Span) -> bool) -> Span {
        let begun = Instant::now();
        loop {
            if let Some(span) = self.spans.lock().unwrap().iter().find(|span| wanted(span)) {
                return span.clone();
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "{:#?}", self.spans.lock().unwrap());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

/// The body of the next request.
fn body(reader: &mut impl std::io::BufRead) -> Option<Vec<u8>> {
    let (mut len, mut first) = (None, None);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end().to_ascii_lowercase();
        if line.is_empty() {
            break;
        }
        len = line.strip_prefix("content-length: ").map(|len| len.parse().unwrap()).or(len);
        first.get_or_insert(line);
    }
    assert_eq!(first.unwrap(), "post /v1/traces http/1.1");
    let mut body = vec![0; len.unwrap()];
    reader.read_exact(&mut body).unwrap();
    Some(body)
}

fn attribute<'s>(span: &'s Span, key: &str) -> Option<&'s Value> {
    let found = span.attributes.iter().find(|attribute| attribute.key == key)?;
    found.value.as_ref()?.value.as_ref()
}

/// The program itself, because a process has one log.
#[test]
fn a_trace_leads_from_whoever_asks_to_the_store_and_names_nobody() {
    let home = Home::new();
    let key = home.everything();
    let collector = Collector::start();
    let mut command = Command::new(env!("CARGO_BIN_EXE_zkl-server"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--proof", "dev", "--otlp", &collector.url, "--ledger"])
        .arg(home.ledger())
        .arg("--keys")
        .arg(proving_keys())
        .env("OTEL_BSP_SCHEDULE_DELAY", "100");
    let (mut child, line) = Program::start(&mut command);
    let base = line.strip_prefix("listening on ").expect(&line).to_owned();
    let config = ureq::Agent::config_builder().http_status_as_error(false).build();
    let agent = ureq::Agent::new_with_config(config);
    let bearer = format!("Bearer {key}");
    let context = format!("00-{TRACE}-{PARENT}-01");
    let get = |path: &str| {
        let request = agent.get(format!("{base}{path}")).header("authorization", &bearer);
        request.header("traceparent", &context).header("x-request-id", "mine").call().unwrap().status().as_u16()
    };
    // Reads: the answer is part of the caller's trace, and the store's call is part of the answer.
    assert_eq!(get("/api/v1/datasets/team%2Fpatients"), 200);
    let answer = collector.wait_for(|span| span.name == "GET /api/v1/datasets/{name}");
    assert_eq!((hex::encode(&answer.trace_id).as_str(), hex::encode(&answer.parent_span_id).as_str()), (TRACE, PARENT));
    assert_eq!(answer.kind(), SpanKind::Server);
    assert_eq!(attribute(&answer, "http.response.status_code"), Some(&Value::IntValue(200)));
    assert_eq!(attribute(&answer, "zkl.request_id"), Some(&Value::StringValue("mine".to_owned())));
    let call = collector.wait_for(|span| span.name == "find" && span.parent_span_id == answer.span_id);
    assert_eq!(call.trace_id, answer.trace_id);
    assert!(call.start_time_unix_nano >= answer.start_time_unix_nano);
    assert!(call.end_time_unix_nano <= answer.end_time_unix_nano);
    // Without a context of the caller's it is a trace of its own.
    assert_eq!(agent.get(format!("{base}/livez")).call().unwrap().status().as_u16(), 200);
    let alone = collector.wait_for(|span| span.name == "GET /livez");
    assert!(alone.parent_span_id.is_empty() && hex::encode(&alone.trace_id) != TRACE);
    // Work goes on when the request was answered, in the same trace, down to the append.
    let versions = format!("{base}/api/v1/datasets/team%2Fpatients/versions?evidence=attestation");
    let post = agent.post(versions).header("authorization", &bearer).header("traceparent", &context);
    assert_eq!(post.send(CSV.as_bytes()).unwrap().status().as_u16(), 202);
    let operation = collector.wait_for(|span| span.name == "notarize");
    let accepted = collector.wait_for(|span| span.name == "POST /api/v1/datasets/{name}/versions");
    assert_eq!((&operation.trace_id, &operation.parent_span_id), (&accepted.trace_id, &accepted.span_id));
    assert_eq!(attribute(&operation, "zkl.outcome"), Some(&Value::StringValue("succeeded".to_owned())));
    let append = collector.wait_for(|span| span.name == "append" && span.parent_span_id == operation.span_id);
    assert_eq!(append.trace_id, operation.trace_id);
    // A claim that is not true has failed, and so has its span.
    let claims = format!("{base}/api/v1/datasets/team%2Fpatients/claims");
    let post = agent.post(claims).header("authorization", &bearer);
    assert_eq!(post.send(r#"{"claim":"mean(age) between 1 and 2"}"#).unwrap().status().as_u16(), 202);
    let failed = collector.wait_for(|span| span.name == "prove");
    assert_eq!(failed.status.as_ref().map(Status::code), Some(StatusCode::Error));
    // What is left is sent when the server ends.
    assert_eq!(get("/readyz"), 200);
    let ended = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status().unwrap();
    assert!(ended.success() && child.wait().unwrap().success());
    let all = collector.spans.lock().unwrap();
    assert!(all.iter().any(|span| span.name == "GET /readyz"));
    assert!(collector.services.lock().unwrap().iter().all(|name| name.contains("\"zkl-server\"")));
    // Neither datasets nor claims nor people are in it, and nothing of the log.
    let told = format!("{all:?}");
    for secret in ["patients", "age", key.split('_').nth(1).unwrap(), key.rsplit('_').next().unwrap()] {
        assert!(!told.contains(&format!("{secret}\"")) && !told.contains(&format!("{secret} ")), "{secret}");
    }
    assert!(!told.contains("patients") && all.iter().all(|span| span.events.is_empty()));
}

#[test]
fn a_server_does_not_mind_a_collector_that_is_not_there() {
    let home = Home::new();
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let (mut child, address) = crate::restart::run_with(&home, &["--otlp", &url], Stdio::piped());
    assert_eq!(ureq::get(format!("http://{address}/livez")).call().unwrap().status().as_u16(), 200);
    drop(Command::new("kill").arg("-TERM").arg(child.id().to_string()).status());
    let mut log = String::new();
    child.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    assert!(child.wait().unwrap().success());
    assert!(log.contains("the collector does not take traces"), "{log}");
}
