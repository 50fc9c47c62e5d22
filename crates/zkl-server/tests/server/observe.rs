//! What an operator sees: metrics, health, logs, the audit log.

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::Stdio,
};

use serde_json::Value;

use crate::{
    common::{CSV, Home, Server, Setup},
    cosign::Witness,
    restart::run_with,
};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";
const CLAIMS: &str = "/api/v1/datasets/team%2Fpatients/claims";

/// The value of a sample, by its name and labels as they are written.
pub(crate) fn sample(server: &Server, name: &str) -> Option<f64> {
    let text = String::from_utf8(server.internal("/metrics").expect(200).bytes).unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.map(|value| value.parse().unwrap())
}

#[test]
fn metrics_count_what_was_done() {
    let home = Home::new();
    let key = home.everything();
    let reader = home.key(&["read:team/*"]);
    let server = home.start(Setup::default());
    let client = server.client(&key);
    for name in ["zkl_rows_notarized_total", "zkl_claims_proved_total", "zkl_claims_refused_total"] {
        assert_eq!(sample(&server, name), Some(0.0), "{name}");
    }
    let follow = |path: &str, body: &str| client.follow(client.post(path, body).expect(202).header("location"));
    assert_eq!(follow(VERSIONS, CSV)["status"], "succeeded");
    assert_eq!(follow(CLAIMS, r#"{"claim":"mean(age) between 40 and 50"}"#)["status"], "succeeded");
    assert_eq!(follow(CLAIMS, r#"{"claim":"mean(age) between 1 and 2"}"#)["status"], "failed");
    client.post("/api/v1/verify", "{}").expect(200);
    server.client(&reader).get("/api/v1/keys").problem(403, "forbidden");
    server.client("nonsense").get("/api/v1/keys").problem(401, "unauthenticated");
    for (name, value) in [
        ("zkl_versions_notarized_total", 1.0),
        ("zkl_rows_notarized_total", 3.0),
        ("zkl_claims_proved_total", 1.0),
        ("zkl_claims_refused_total", 1.0),
        ("zkl_operations_total{work=\"prove\",outcome=\"failed\"}", 1.0),
        ("zkl_verifications_total{verdict=\"invalid\"}", 1.0),
        ("zkl_security_events_total{event=\"refused\"}", 1.0),
        ("zkl_security_events_total{event=\"authentication-refused\"}", 1.0),
        ("zkl_requests_total{face=\"rest\",route=\"GET /api/v1/keys\",outcome=\"forbidden\"}", 1.0),
        ("zkl_request_duration_seconds_count{face=\"rest\",route=\"POST /api/v1/verify\"}", 1.0),
        ("zkl_operation_stage_seconds_count{stage=\"append\"}", 2.0),
        ("zkl_log_entries", 4.0),
        ("zkl_operations_open{state=\"running\"}", 0.0),
        ("zkl_queue_free", 17.0),
        ("zkl_ready", 1.0),
    ] {
        assert_eq!(sample(&server, name), Some(value), "{name}");
    }
    assert!((0.0..600.0).contains(&sample(&server, "zkl_checkpoint_age_seconds").unwrap()));
    // What clients send does not become a label.
    for path in ["/made/up/1", "/made/up/2", "/api/v1/datasets/a%2Fb"] {
        server.anonymous().get(path);
    }
    let text = String::from_utf8(server.internal("/metrics").bytes).unwrap();
    assert!(text.contains("route=\"GET none\"") && !text.contains("made/up") && !text.contains("patients"), "{text}");
    assert!(text.ends_with("# EOF\n"));
}

#[test]
fn the_listener_for_machines_tells_nothing_else_and_clients_are_not_told_that() {
    let home = Home::new();
    let server = home.start(Setup::default());
    server.anonymous().get("/metrics").problem(404, "not-found");
    for path in ["/api/v1/datasets", "/log/checkpoint", "/api/v1/openapi.json"] {
        assert_eq!(server.internal(path).status, 404, "{path}");
    }
    server.internal("/livez").expect(200);
    server.internal("/readyz").expect(200);
}

/// Every word of `text` that looks like the name of a metric.
fn named(text: &str) -> BTreeSet<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let words = text.split(|c| !word(c)).filter(|word| word.starts_with("zkl_"));
    // `zkl_server` is a program.
    words.filter(|word| *word != "zkl_server").map(ToOwned::to_owned).collect()
}

#[test]
fn dashboards_alerts_and_the_manual_name_metrics_that_there_are() {
    let home = Home::new();
    let key = home.everything();
    // It need not answer.
    home.add_witness(&Witness::start(&home, 1).key, "http://127.0.0.1:9/");
    let server = home.start(Setup::default());
    // What has labels that are not known before is there when it has counted something.
    server.client(&key).follow(server.client(&key).post(VERSIONS, CSV).expect(202).header("location"));
    let text = String::from_utf8(server.internal("/metrics").expect(200).bytes).unwrap();
    let mut there = BTreeSet::new();
    let mut families = BTreeSet::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# TYPE ")) {
        let (name, kind) = line.split_once(' ').unwrap();
        let suffixes: &[&str] = match kind {
            "counter" => &["_total"],
            "histogram" => &["_bucket", "_sum", "_count"],
            _ => &[""],
        };
        there.extend(suffixes.iter().map(|suffix| format!("{name}{suffix}")));
        families.insert(name.to_owned());
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    for file in ["deploy/grafana/zkl-server.json", "deploy/prometheus/alerts.yml"] {
        let named = named(&fs::read_to_string(root.join(file)).unwrap());
        let unknown: Vec<_> = named.difference(&there).collect();
        assert!(!named.is_empty() && unknown.is_empty(), "{file}: {unknown:?}");
    }
    let manual = fs::read_to_string(root.join("docs/server.md")).unwrap();
    for family in families {
        assert!(manual.contains(&format!("`{family}")), "docs/server.md does not say what {family} is");
    }
    let dashboard = fs::read_to_string(root.join("deploy/grafana/zkl-server.json")).unwrap();
    serde_json::from_str::<Value>(&dashboard).unwrap();
}

fn audit(home: &Home) -> Vec<Value> {
    let text = fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn every_verification_and_every_proof_that_was_asked_for_is_written_down() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    let receipt = client.get("/api/v1/entries/0/receipt").expect(200).bytes;
    client.post("/api/v1/verify", &receipt).expect(200);
    client.post("/api/v1/verify", "{}").expect(200);
    let claim = r#"{"claim":"mean(age) between 1 and 2"}"#;
    client.follow(client.post(CLAIMS, claim).expect(202).header("location"));
    client.follow(client.post(VERSIONS, CSV).expect(202).header("location"));
    // Nothing was asked for here.
    server.anonymous().post("/api/v1/verify", "{}").expect(401);
    let lines = audit(&home);
    let events: Vec<_> = lines.iter().map(|line| line["event"].as_str().unwrap()).collect();
    assert_eq!(events, ["verified", "verified", "accepted", "ended", "accepted", "ended"]);
    assert_eq!((&lines[0]["valid"], &lines[1]["valid"]), (&true.into(), &false.into()));
    assert!(lines[1]["reason"].is_string());
    let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&receipt));
    assert_eq!(lines[0]["receipt"], digest);
    assert_eq!(lines[2]["claim"], "mean(age) between 1 and 2");
    assert_eq!((&lines[3]["outcome"], &lines[3]["problem"]), (&"failed".into(), &"false-claim".into()));
    assert_eq!(lines[2]["operation"], lines[3]["operation"]);
    assert_eq!((&lines[5]["outcome"], &lines[5]["entry"]), (&"succeeded".into(), &2.into()));
    let id = key.split('_').nth(1).unwrap();
    for line in &lines {
        assert!(line["at"].is_string());
        assert!(line["event"] == "ended" || line["by"] == id, "{line}");
    }
    let text = fs::read_to_string(home.server_dir().join("audit.jsonl")).unwrap();
    assert!(!text.contains(key.rsplit('_').next().unwrap()));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(home.server_dir().join("audit.jsonl")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn what_cannot_be_written_down_is_not_done() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(Setup::default());
    let client = server.client(&key);
    fs::remove_file(home.server_dir().join("audit.jsonl")).unwrap();
    fs::create_dir(home.server_dir().join("audit.jsonl")).unwrap();
    client.post("/api/v1/verify", "{}").problem(500, "internal");
    client.post(VERSIONS, CSV).problem(500, "internal");
    client.post(CLAIMS, r#"{"claim":"mean(age) between 40 and 50"}"#).problem(500, "internal");
    let operations = client.get("/api/v1/operations").expect(200).json();
    assert_eq!(operations["operations"], serde_json::json!([]));
    let entries = client.get("/api/v1/entries").expect(200).json();
    assert_eq!(entries["entries"].as_array().unwrap().len(), 2);
    // Reading goes on.
    client.get("/api/v1/datasets").expect(200);
}

#[test]
fn every_answer_carries_the_id_of_its_request() {
    let home = Home::new();
    let server = home.start(Setup::default());
    for path in ["/livez", "/no/such/path", "/api/v1/datasets"] {
        let given = server.anonymous().send("GET", path, &[("x-request-id", "from-the-proxy.1")], b"");
        assert_eq!(given.header("x-request-id"), "from-the-proxy.1", "{path}");
        let bad = server.anonymous().send("GET", path, &[("x-request-id", "a \"b\"")], b"");
        let made = bad.header("x-request-id").to_owned();
        assert!(made.len() == 16 && made.bytes().all(|b| b.is_ascii_hexdigit()), "{made}");
        assert_ne!(made, server.anonymous().get(path).header("x-request-id"));
    }
}

/// The program itself, because a process has one log.
#[test]
fn the_log_is_json_tells_security_events_apart_and_holds_no_secret() {
    let home = Home::new();
    let (key, reader) = (home.everything(), home.key(&["read:team/*"]));
    let (mut child, address) = run_with(&home, &["--log", "json", "--rate", "5"], Stdio::piped());
    let send = |token: &str, path: &str| {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).get(format!("http://{address}{path}"));
        let request = request.header("x-request-id", "mine").header("authorization", format!("Bearer {token}"));
        request.call().unwrap().status().as_u16()
    };
    assert_eq!(send(&key, "/api/v1/datasets/team%2Fpatients"), 200);
    assert_eq!(send(&reader, "/api/v1/keys"), 403);
    let forged = format!("{}{}", &key[..key.len() - 1], if key.ends_with('0') { '1' } else { '0' });
    assert_eq!(send(&forged, "/api/v1/keys"), 401);
    let made = home.key(&["verify"]);
    crate::limits::wait_until(|| send(&made, "/api/v1/datasets") == 403);
    assert!((0..1_000).any(|_| send(&key, "/livez") == 200 && send(&key, "/api/v1/datasets") == 429));
    child.kill().unwrap();
    let lines: Vec<String> = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap).collect();
    child.wait().unwrap();
    let parsed: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect(line)).collect();
    let answered = parsed.iter().find(|line| line["target"] == "zkl_server::requests").unwrap();
    assert_eq!(answered["span"]["request_id"], "mine", "{answered}");
    assert_eq!(answered["span"]["route"], "GET /api/v1/datasets/{name}");
    assert_eq!((&answered["status"], &answered["outcome"]), (&200.into(), &"ok".into()));
    let security: Vec<_> = parsed.iter().filter(|line| line["target"] == "zkl_server::security").collect();
    let event = |name: &str| security.iter().find(|line| line["event"] == name).unwrap_or_else(|| panic!("{name}"));
    let id = |token: &str| token.split('_').nth(1).unwrap().to_owned();
    assert_eq!((&event("refused")["by"], &event("refused")["action"]), (&id(&reader).into(), &"Administer".into()));
    assert_eq!(event("authentication-refused")["key"], id(&forged));
    assert_eq!((&event("key-made")["key"], &event("key-made")["grants"]), (&id(&made).into(), &"verify".into()));
    assert!(security.iter().any(|line| line["event"] == "limited" && line["by"] == id(&key)));
    for token in [&key, &reader, &made, &forged] {
        let secret = token.rsplit('_').next().unwrap();
        assert!(lines.iter().all(|line| !line.contains(secret)));
    }
}

pub(crate) fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let target = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &target);
        } else {
            fs::copy(&path, &target).unwrap();
        }
    }
}

/// A backup that is older than what was acknowledged is not served as if nothing had happened.
#[test]
fn a_server_over_an_older_store_lives_and_is_not_ready() {
    let home = Home::new();
    let key = home.everything();
    let before = tempfile::tempdir().unwrap();
    copy(&home.ledger(), before.path());
    let server = home.start(Setup::default());
    let accepted = server.client(&key).post(VERSIONS, CSV).expect(202);
    assert_eq!(server.client(&key).follow(accepted.header("location"))["status"], "succeeded");
    server.anonymous().get("/readyz").expect(200);
    server.stop();
    for entry in fs::read_dir(home.ledger()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && path != home.server_dir() {
            fs::remove_dir_all(&path).unwrap();
        }
    }
    fs::remove_dir_all(before.path().join("server")).unwrap();
    copy(before.path(), &home.ledger());
    let server = home.start(Setup::default());
    server.anonymous().get("/livez").expect(200);
    server.anonymous().get("/readyz").problem(503, "unavailable");
    server.internal("/readyz").problem(503, "unavailable");
    assert_eq!(sample(&server, "zkl_ready"), Some(0.0));
}
