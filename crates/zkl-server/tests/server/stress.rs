//! Mixed load with faults of the store, and kills under load: nothing that was acknowledged is lost, nothing that is answered is wrong, and
//! every fault of the server is in its log.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    process::Stdio,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use serde_json::{Value, json};
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer, filter::LevelFilter, layer::Context, layer::SubscriberExt as _, registry::LookupSpan,
    util::SubscriberInitExt as _,
};
use ureq::{Agent, http::Request};
use zkl_ledger::{Ledger, Trust};
use zkl_testkit::faults::{Fault, FaultPlan, FaultyBackend, Operation as Call};

use crate::{
    common::{Home, Server, Setup},
    restart::run_with,
};

const BRIEFLY: Duration = Duration::from_millis(3);
/// What happens to calls of the store: before they are done, after, or later than is said.
const FAULTS: [Fault; 7] = [
    Fault::Fail { persisted: false },
    Fault::Fail { persisted: true },
    Fault::TimeOut { persisted: false },
    Fault::TimeOut { persisted: true },
    Fault::Delay(BRIEFLY),
    Fault::LandLate(BRIEFLY),
    Fault::Drop(Duration::from_millis(1)),
];
const CLIENTS: u64 = 6;

fn asked_for(variable: &str, usual: u64) -> u64 {
    std::env::var(variable).map_or(usual, |value| value.parse().unwrap())
}

/// A sequence that is the same in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// The ids of requests about which the log has an error.
static COMPLAINTS: Mutex<Option<HashSet<String>>> = Mutex::new(None);

/// Writes down which requests errors are about.
struct Complaints;

struct RequestId(String);

struct FindId(Option<String>);

impl Visit for FindId {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "request_id" {
            self.0 = Some(value.to_owned());
        }
    }

    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}
}

impl<S: Subscriber + for<'s> LookupSpan<'s>> Layer<S> for Complaints {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut found = FindId(None);
        attributes.record(&mut found);
        if let (Some(request), Some(span)) = (found.0, context.span(id)) {
            span.extensions_mut().insert(RequestId(request));
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if *event.metadata().level() != Level::ERROR {
            return;
        }
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(RequestId(id)) = span.extensions().get() {
                COMPLAINTS.lock().unwrap().get_or_insert_default().insert(id.clone());
            }
        }
    }
}

/// What all clients found, together.
#[derive(Default)]
struct Found {
    /// Ids of entries by index, as they were first answered.
    entries: Mutex<BTreeMap<u64, String>>,
    /// Operations that were accepted, and the request that asked for each.
    accepted: Mutex<Vec<(String, String)>>,
    /// Requests that the server failed at.
    failed: Mutex<Vec<(String, u16, String)>>,
    wrong: Mutex<Vec<String>>,
    answered: AtomicUsize,
}

impl Found {
    fn wrong(&self, what: String) {
        self.wrong.lock().unwrap().push(what);
    }

    /// Whether an entry is what it was.
    fn entry(&self, entry: &Value) {
        let (Some(index), Some(id)) = (entry["index"].as_u64(), entry["id"].as_str()) else {
            return self.wrong(format!("no entry: {entry}"));
        };
        let mut entries = self.entries.lock().unwrap();
        let before = entries.entry(index).or_insert_with(|| id.to_owned());
        if before != id {
            self.wrong(format!("entry {index} was {before} and is {id}"));
        }
    }
}

/// One of the clients.
struct Client<'t> {
    base: String,
    agent: Agent,
    bearer: String,
    trust: &'t Trust,
    found: &'t Found,
    dice: Dice,
    name: u64,
    sent: u64,
}

impl Client<'_> {
    /// The status and the body of an answer; `None` if the server failed, which is written down.
    fn ask(&mut self, method: &str, path: &str, body: &[u8]) -> Option<(u16, Vec<u8>)> {
        self.sent += 1;
        let id = format!("stress-{}-{}", self.name, self.sent);
        let request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        let request = request.header("authorization", &self.bearer).header("x-request-id", &id);
        let request = request.header("content-type", "application/json");
        let answer = match method {
            "POST" => self.agent.run(request.body(body).unwrap()),
            _ => self.agent.run(request.body(()).unwrap()),
        };
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                self.found.wrong(format!("{method} {path}: {error}"));
                return None;
            }
        };
        self.found.answered.fetch_add(1, Ordering::Relaxed);
        let status = answer.status().as_u16();
        if answer.headers().get("x-request-id").is_none_or(|given| given != id.as_str()) {
            self.found.wrong(format!("{method} {path} is answered under another id"));
        }
        let location = answer.headers().get("location").map(|location| location.to_str().unwrap().to_owned());
        let body = answer.body_mut().read_to_vec().unwrap();
        if status >= 500 {
            let problem: Value = serde_json::from_slice(&body).unwrap_or_default();
            let kind = problem["type"].as_str().unwrap_or("none").rsplit(':').next().unwrap_or_default().to_owned();
            self.found.failed.lock().unwrap().push((id, status, kind));
            return None;
        }
        if status == 202 {
            self.found.accepted.lock().unwrap().push((location.unwrap(), id));
        }
        Some((status, body))
    }

    fn get(&mut self, path: &str, expected: u16) -> Option<Vec<u8>> {
        let (status, body) = self.ask("GET", path, b"")?;
        if status != expected {
            self.found.wrong(format!("GET {path}: {status}, not {expected}: {}", String::from_utf8_lossy(&body)));
        }
        Some(body)
    }

    fn json(&mut self, path: &str) -> Option<Value> {
        let body = self.get(path, 200)?;
        Some(serde_json::from_slice(&body).unwrap_or_default())
    }

    fn known(&mut self) -> (u64, String) {
        let entries = self.found.entries.lock().unwrap();
        let place = usize::try_from(self.dice.roll(entries.len() as u64)).unwrap();
        entries.iter().nth(place).map(|(index, id)| (*index, id.clone())).unwrap()
    }

    /// One request of any kind.
    fn step(&mut self) {
        let (index, id) = self.known();
        match self.dice.roll(100) {
            0..30 => {
                if let Some(entry) = self.json(&format!("/api/v1/entries/{index}")) {
                    self.found.entry(&entry);
                }
            }
            30..40 => {
                if let Some(entry) = self.json(&format!("/api/v1/entries/{id}")) {
                    self.found.entry(&entry);
                }
            }
            40..52 => {
                let path = "/api/v1/datasets/team%2Fpatients/entries?limit=20";
                if let Some(page) = self.json(path) {
                    page["entries"].as_array().unwrap().iter().for_each(|entry| self.found.entry(entry));
                }
            }
            52..60 => {
                if let Some(page) = self.json("/api/v1/datasets") {
                    let names = page["datasets"].as_array().map(Vec::len);
                    if names != Some(2) {
                        self.found.wrong(format!("datasets: {page}"));
                    }
                }
            }
            60..68 => {
                if let Some(receipt) = self.get(&format!("/api/v1/entries/{index}/receipt"), 200) {
                    let verified = zkl_ledger::verify(&receipt, self.trust);
                    if !verified.is_ok_and(|verified| verified.verdict().is_valid()) {
                        self.found.wrong(format!("the receipt of {index} is not valid"));
                    }
                }
            }
            68..74 => {
                if let Some((200, body)) = self.ask("POST", "/api/v1/verify", b"{}") {
                    let verdict: Value = serde_json::from_slice(&body).unwrap_or_default();
                    if verdict["valid"] != json!(false) {
                        self.found.wrong(format!("what is no receipt: {verdict}"));
                    }
                }
            }
            74..80 => {
                let question = json!({ "query": format!("{{ entry(entry: \"{index}\") {{ index id }} }}") });
                if let Some((200, body)) = self.ask("POST", "/graphql", question.to_string().as_bytes()) {
                    let answer: Value = serde_json::from_slice(&body).unwrap_or_default();
                    match answer["errors"][0]["extensions"]["type"].as_str() {
                        None => self.found.entry(&answer["data"]["entry"]),
                        Some(kind) if kind.ends_with(":unavailable") || kind.ends_with(":internal") => {
                            let id = format!("stress-{}-{}", self.name, self.sent);
                            self.found.failed.lock().unwrap().push((id, 200, "graphql".to_owned()));
                        }
                        Some(kind) => self.found.wrong(format!("entry {index} by GraphQL: {kind}")),
                    }
                }
            }
            80..84 => drop(self.get("/api/v1/entries/99999999", 404)),
            84..87 => drop(self.get("/api/v1/entries?limit=0", 400)),
            87..90 => drop(self.json("/api/v1/checkpoint")),
            90..93 => drop(self.json("/api/v1/operations?limit=5")),
            _ => {
                let path = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";
                let table = format!("age\n{}\n{}\n", self.name, self.sent);
                // Its share may be used up.
                if let Some((status, _)) = self.ask("POST", path, table.as_bytes())
                    && ![202, 429].contains(&status)
                {
                    self.found.wrong(format!("a version: {status}"));
                }
            }
        }
    }
}

/// Waits for the end of operations, and returns those that succeeded, by index, and the requests of those that failed.
fn ends(server: &Server, key: &str, accepted: &[(String, String)]) -> (HashMap<u64, String>, Vec<String>) {
    let (mut recorded, mut failed) = (HashMap::new(), Vec::new());
    for (location, request) in accepted {
        let operation = server.client(key).follow(location);
        match operation["status"].as_str().unwrap() {
            "succeeded" => {
                let (index, id) = (&operation["entry"]["index"], &operation["entry"]["id"]);
                let before = recorded.insert(index.as_u64().unwrap(), id.as_str().unwrap().to_owned());
                assert!(before.is_none(), "two operations recorded entry {index}");
            }
            "failed" => failed.push(request.clone()),
            other => panic!("{other}: {operation}"),
        }
    }
    (recorded, failed)
}

/// The whole log, as it is read without any fault.
fn log(server: &Server, key: &str) -> BTreeMap<u64, String> {
    let mut entries = BTreeMap::new();
    let mut path = "/api/v1/entries?order=asc&limit=200".to_owned();
    loop {
        let page = server.client(key).get(&path).expect(200).json();
        for entry in page["entries"].as_array().unwrap() {
            entries.insert(entry["index"].as_u64().unwrap(), entry["id"].as_str().unwrap().to_owned());
        }
        let Some(next) =
            page["next"].as_str().map(str::to_owned).or_else(|| page["next"].as_u64().map(|n| n.to_string()))
        else {
            return entries;
        };
        path = format!("/api/v1/entries?order=asc&limit=200&cursor={next}");
    }
}

#[test]
fn under_load_and_faults_nothing_is_lost_nothing_is_wrong_and_every_failure_is_in_the_log() {
    let requests = asked_for("ZKL_SERVER_REQUESTS", 1_500);
    let _ = tracing_subscriber::registry().with(Complaints.with_filter(LevelFilter::INFO)).try_init();
    let home = Home::new();
    let key = home.everything();
    let mut setup = Setup::default();
    setup.operations.per_subject = 12;
    let (told, faulty) = std::sync::mpsc::channel();
    let server = home.start_around(setup, move |ledger: Ledger| {
        ledger.around_storage(|store| {
            let faulty = Arc::new(FaultyBackend::new(store, FaultPlan::none()));
            told.send(Arc::clone(&faulty)).unwrap();
            faulty
        })
    });
    let faulty = faulty.recv().unwrap();
    let log_key = server.client(&key).get("/log/log.key").expect(200).bytes;
    let trust = Trust::default().with_log(String::from_utf8(log_key).unwrap().trim().parse().unwrap());
    let found = Found::default();
    for index in [0, 1] {
        found.entry(&server.client(&key).get(&format!("/api/v1/entries/{index}")).expect(200).json());
    }
    faulty.set_plan(FaultPlan::none().randomly(1, &Call::ALL, 10, &FAULTS));
    let left = AtomicU64::new(requests);
    std::thread::scope(|scope| {
        for name in 0..CLIENTS {
            let config =
                Agent::config_builder().http_status_as_error(false).timeout_global(Some(Duration::from_secs(120)));
            let mut client = Client {
                base: server.url(""),
                agent: config.build().into(),
                bearer: format!("Bearer {key}"),
                trust: &trust,
                found: &found,
                dice: Dice(name),
                name,
                sent: 0,
            };
            let left = &left;
            scope.spawn(move || {
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    client.step();
                }
            });
        }
    });
    let accepted = found.accepted.lock().unwrap().clone();
    let (recorded, failed_operations) = ends(&server, &key, &accepted);
    faulty.set_plan(FaultPlan::none());
    let injected = faulty.injected().len();
    assert!(injected > 0, "no fault was injected");
    assert!(!recorded.is_empty(), "nothing was recorded");
    // What was acknowledged is there, and is what it was said to be.
    let log = log(&server, &key);
    for (index, id) in recorded.iter().chain(found.entries.lock().unwrap().iter()) {
        assert_eq!(log.get(index), Some(id), "entry {index}");
    }
    // What is there besides was asked for, and its outcome was not known.
    let besides = log.len() - 2 - recorded.len();
    assert!(besides <= failed_operations.len(), "{besides} entries more than {} failures", failed_operations.len());
    let wrong = found.wrong.lock().unwrap();
    assert!(wrong.is_empty(), "{} wrong: {:#?}", wrong.len(), &wrong[..wrong.len().min(20)]);
    let complaints = COMPLAINTS.lock().unwrap().clone().unwrap_or_default();
    let failed = found.failed.lock().unwrap();
    for (id, status, kind) in failed.iter().filter(|(_, _, kind)| kind != "busy") {
        assert!(complaints.contains(id), "{id} was answered {status} ({kind}), and the log has no cause");
    }
    for id in &failed_operations {
        assert!(complaints.contains(id), "the operation of {id} failed, and the log has no cause");
    }
    println!(
        "{} requests, {injected} faults, {} answers that failed, {} operations succeeded, {} failed",
        found.answered.load(Ordering::Relaxed),
        failed.len(),
        recorded.len(),
        failed_operations.len()
    );
    server.stop();
    // The last that has the store open.
    drop(faulty);
    home.prepare(async |ledger| {
        assert_eq!(ledger.verify_log().await.unwrap().0, log.len() as u64);
    });
}

#[test]
fn a_server_that_is_killed_under_load_loses_nothing_that_it_acknowledged() {
    let kills = asked_for("ZKL_SERVER_KILLS", 2);
    let home = Home::new();
    let keys: Vec<String> = (0..CLIENTS).map(|_| home.everything()).collect();
    let (accepted, seen) = (Mutex::new(Vec::new()), Mutex::new(HashMap::new()));
    let mut dice = Dice(7);
    for _ in 0..kills {
        // More operations end than a server keeps by default.
        let (mut child, address) =
            run_with(&home, &["--no-policy-entries", "--kept-operations", "1000000"], Stdio::null());
        std::thread::scope(|scope| {
            for (name, key) in keys.iter().enumerate() {
                let (accepted, seen, address) = (&accepted, &seen, &address);
                scope.spawn(move || {
                    let config = Agent::config_builder().http_status_as_error(false);
                    let agent = Agent::new_with_config(config.timeout_global(Some(Duration::from_secs(60))).build());
                    let bearer = format!("Bearer {key}");
                    let post =
                        format!("http://{address}/api/v1/datasets/team%2Fpatients/versions?evidence=attestation");
                    // Until the server is gone.
                    for n in 0_u64.. {
                        let table = format!("age\n{name}\n{n}\n");
                        let Ok(answer) = agent.post(&post).header("authorization", &bearer).send(table.as_bytes())
                        else {
                            return;
                        };
                        if answer.status().as_u16() != 202 {
                            continue;
                        }
                        let location = answer.headers()["location"].to_str().unwrap().to_owned();
                        accepted.lock().unwrap().push(location.clone());
                        let url = format!("http://{address}{location}");
                        let Ok(mut answer) = agent.get(&url).header("authorization", &bearer).call() else { return };
                        let Ok(body) = answer.body_mut().read_to_vec() else { return };
                        let operation: Value = serde_json::from_slice(&body).unwrap();
                        if operation["status"] == "succeeded" {
                            seen.lock().unwrap().insert(location, operation["entry"].clone());
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(300 + dice.roll(1_200)));
            child.kill().unwrap();
            child.wait().unwrap();
        });
    }
    let mut setup = Setup::default();
    setup.operations.kept = usize::MAX;
    let server = home.start(setup);
    let (accepted, seen) = (accepted.into_inner().unwrap(), seen.into_inner().unwrap());
    assert!(!accepted.is_empty());
    let log = log(&server, &keys[0]);
    let mut recorded = 0;
    for location in &accepted {
        let operation = server.client(&keys[0]).get(location).expect(200).json();
        match operation["status"].as_str().unwrap() {
            "succeeded" => {
                recorded += 1;
                let index = operation["entry"]["index"].as_u64().unwrap();
                assert_eq!(log.get(&index).map(String::as_str), operation["entry"]["id"].as_str());
            }
            "failed" => assert_eq!(operation["problem"]["type"], "urn:zkp-dataset-ledger:problem:interrupted"),
            other => panic!("{other}: {operation}"),
        }
        if let Some(entry) = seen.get(location) {
            assert_eq!(operation["entry"], *entry, "what was said before the kill");
        }
    }
    assert!(log.len() >= 2 + recorded && log.len() <= 2 + accepted.len());
    println!("{kills} kills, {} operations accepted, {recorded} succeeded, {} entries", accepted.len(), log.len());
    server.stop();
    home.prepare(async |ledger| {
        assert_eq!(ledger.verify_log().await.unwrap().0, log.len() as u64);
    });
}
