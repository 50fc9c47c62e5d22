//! The log is cosigned by the ledger's witnesses, whatever they do.

use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread::JoinHandle,
    time::Duration,
};

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::{Next, from_fn_with_state},
    response::{IntoResponse as _, Response},
};
use serde_json::Value;
use tempfile::TempDir;
use tokio::{
    net::TcpListener,
    sync::{oneshot, watch},
};
use zkl_ledger::{
    Ledger, Table, Trust,
    cosign::WitnessClient,
    receipt::VerifyError,
    requests::EvidenceRequest,
    transparency::{checkpoint::SignedCheckpoint, cosignature::WitnessVerifier, policy::Policy},
    types::TreeSize,
    verify,
};
use zkl_witness::{HttpWitness, WitnessHome};

use crate::{
    common::{CSV, Client, Home, Server, Setup, runtime},
    limits::wait_until,
    observe::{copy, sample},
    restart::{Program, run_with},
};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";

/// What stands between a witness and whoever asks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Manner {
    /// Nothing.
    Honest,
    /// Nobody is answered.
    Silent,
    /// A proxy says that there is nobody.
    Away,
    /// It answers, and not with a cosignature.
    Nonsense,
}

struct Front {
    manner: watch::Sender<Manner>,
    requests: AtomicUsize,
}

/// The project's witness on a free port, which ends with the test.
pub(crate) struct Witness {
    pub(crate) key: WitnessVerifier,
    url: String,
    front: Arc<Front>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _dir: TempDir,
}

async fn pass(State(front): State<Arc<Front>>, request: Request, next: Next) -> Response {
    front.requests.fetch_add(1, Ordering::SeqCst);
    let mut manner = front.manner.subscribe();
    let manner = *manner.wait_for(|manner| *manner != Manner::Silent).await.unwrap();
    match manner {
        Manner::Away => (StatusCode::SERVICE_UNAVAILABLE, "nobody is here\n").into_response(),
        Manner::Nonsense => "— witness1.example/w AAAA\n".into_response(),
        Manner::Honest | Manner::Silent => next.run(request).await,
    }
}

impl Witness {
    /// One that cosigns for the log of `home`.
    pub(crate) fn start(home: &Home, number: u8) -> Self {
        Self::behaving(home, number, Manner::Honest)
    }

    fn behaving(home: &Home, number: u8, manner: Manner) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let name = format!("witness{number}.example/w").parse().unwrap();
        let made = WitnessHome::create(&dir.path().join("w"), name, vec![home.log_key()], None).unwrap();
        let witness = Arc::new(made.witness().unwrap());
        let front = Arc::new(Front { manner: watch::Sender::new(manner), requests: AtomicUsize::new(0) });
        let (started, address) = std::sync::mpsc::channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let router = zkl_witness::router(witness).layer(from_fn_with_state(Arc::clone(&front), pass));
        let thread = std::thread::spawn(move || {
            runtime().block_on(async move {
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                started.send(listener.local_addr().unwrap()).unwrap();
                let served = axum::serve(listener, router).into_future();
                tokio::select! {
                    served = served => served.unwrap(),
                    _ = stopped => {}
                }
            });
        });
        let url = format!("http://{}/", address.recv().unwrap());
        let (stop, thread) = (Some(stop), Some(thread));
        Self { key: made.key().unwrap(), url, front, stop, thread, _dir: dir }
    }

    /// The same, named in the ledger's settings.
    fn of(home: &Home, number: u8, manner: Manner) -> Self {
        let witness = Self::behaving(home, number, manner);
        home.add_witness(&witness.key, &witness.url);
        witness
    }

    fn set(&self, manner: Manner) {
        self.front.manner.send_replace(manner);
    }

    fn requests(&self) -> usize {
        self.front.requests.load(Ordering::SeqCst)
    }

    /// Whether it has cosigned the checkpoint that the server publishes, and of how many entries that is.
    fn cosigned(&self, client: &Client<'_>) -> Option<u64> {
        let text = client.get("/log/checkpoint").expect(200).bytes;
        let signed = SignedCheckpoint::parse(&text).unwrap();
        self.key.verify(&signed).ok().map(|_| signed.unverified().size().0)
    }

    fn sample(&self, server: &Server, name: &str) -> f64 {
        sample(server, &format!("{name}{{witness=\"{}\"}}", self.key.name())).unwrap()
    }

    fn attempts(&self, server: &Server, outcome: &str) -> f64 {
        let name = self.key.name();
        let series = format!("zkl_cosign_attempts_total{{witness=\"{name}\",outcome=\"{outcome}\"}}");
        sample(server, &series).unwrap()
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let ended = thread.join();
            assert!(ended.is_ok() || std::thread::panicking(), "the witness ended abnormally");
        }
    }
}

/// A policy for the log of `home` that asks for all of these witnesses.
fn all_of(home: &Home, witnesses: &[&Witness]) -> Trust {
    let mut text = format!("log {}\n", home.log_key());
    let names: Vec<_> = (1..=witnesses.len()).map(|number| format!("w{number}")).collect();
    for (name, witness) in names.iter().zip(witnesses) {
        text += &format!("witness {name} {}\n", witness.key);
    }
    text += &format!("group g all {}\nquorum g\n", names.join(" "));
    Trust::default().with_policy(Policy::parse(text.as_bytes()).unwrap())
}

fn notarize(client: Client<'_>) -> u64 {
    let accepted = client.post(VERSIONS, CSV).expect(202);
    let operation = client.follow(accepted.header("location"));
    assert_eq!(operation["status"], "succeeded", "{operation}");
    operation["entry"]["index"].as_u64().unwrap()
}

#[test]
fn a_receipt_of_the_server_satisfies_a_policy_that_asks_for_the_witness() {
    let home = Home::new();
    let key = home.everything();
    let witness = Witness::of(&home, 1, Manner::Honest);
    let trust = all_of(&home, &[&witness]);
    let server = home.start(Setup { policy_entries: true, ..Setup::default() });
    let client = server.client(&key);
    // Entry 2 says who may do what, since the start.
    wait_until(|| witness.cosigned(&client) == Some(3));
    assert_eq!(notarize(client), 3);
    wait_until(|| witness.cosigned(&client) == Some(4));
    let receipt = client.get("/api/v1/entries/3/receipt").expect(200).bytes;
    let verified = verify(&receipt, &trust).unwrap();
    assert!(verified.log.policy && verified.verdict().is_valid());
    assert_eq!((verified.log.size, verified.log.witnesses.len()), (TreeSize(4), 1));
    // A change of who may do what as well.
    client.post("/api/v1/keys", r#"{"name":"ci","grants":["verify"]}"#).expect(201);
    wait_until(|| witness.cosigned(&client) == Some(5));
    assert_eq!(client.get("/api/v1/checkpoint").expect(200).bytes, client.get("/log/checkpoint").expect(200).bytes);
    client.get("/log/checkpoint.cosigned").expect(200);
    wait_until(|| witness.sample(&server, "zkl_cosigned_entries") == 5.0);
    assert_eq!(witness.sample(&server, "zkl_uncosigned_seconds"), 0.0);
    assert_eq!(witness.attempts(&server, "cosigned"), 3.0);
    assert_eq!((witness.attempts(&server, "failed"), witness.attempts(&server, "conflict")), (0.0, 0.0));
}

#[test]
fn witnesses_that_do_not_cosign_harm_nothing_and_are_counted() {
    let home = Home::new();
    let key = home.everything();
    let manners = [Manner::Honest, Manner::Away, Manner::Nonsense, Manner::Silent];
    let witnesses: Vec<_> = (1..).zip(manners).map(|(number, manner)| Witness::of(&home, number, manner)).collect();
    let [honest, away, nonsense, silent] = witnesses.as_slice() else { panic!("four witnesses") };
    // Nobody listens there.
    let gone = Witness::start(&home, 5);
    home.add_witness(&gone.key, "http://127.0.0.1:9/");
    let server = home.start(Setup { witness_timeout: Duration::from_millis(500), ..Setup::default() });
    let client = server.client(&key);
    assert_eq!(notarize(client), 2);
    wait_until(|| honest.cosigned(&client) == Some(3));
    for witness in [away, nonsense, silent, &gone] {
        wait_until(|| witness.attempts(&server, "failed") > 0.0);
        assert_eq!((witness.attempts(&server, "cosigned"), witness.attempts(&server, "conflict")), (0.0, 0.0));
        assert_eq!(witness.sample(&server, "zkl_cosigned_entries"), 0.0);
        assert!(witness.sample(&server, "zkl_uncosigned_seconds") > 0.0);
    }
    assert_eq!(honest.attempts(&server, "failed"), 0.0);
    client.get("/readyz").expect(200);
    let receipt = client.get("/api/v1/entries/2/receipt").expect(200).bytes;
    assert!(verify(&receipt, &all_of(&home, &[honest])).unwrap().log.policy);
    let short = verify(&receipt, &all_of(&home, &[honest, away]));
    assert!(matches!(short, Err(VerifyError::Policy(_))), "{short:?}");
    // Whoever comes back is asked again, also if nothing is recorded meanwhile.
    for witness in [away, nonsense, silent] {
        witness.set(Manner::Honest);
    }
    for witness in [away, nonsense, silent] {
        wait_until(|| witness.cosigned(&client) == Some(3));
    }
    let receipt = client.get("/api/v1/entries/2/receipt").expect(200).bytes;
    verify(&receipt, &all_of(&home, &[honest, away, nonsense, silent])).unwrap();
}

#[test]
fn what_is_recorded_while_a_witness_thinks_is_cosigned_together() {
    let home = Home::new();
    let key = home.everything();
    let witness = Witness::of(&home, 1, Manner::Silent);
    let server = home.start(Setup { witness_timeout: Duration::from_secs(300), ..Setup::default() });
    let client = server.client(&key);
    wait_until(|| witness.requests() == 1);
    // Nobody waits for the witness.
    for index in 2..10 {
        assert_eq!(notarize(client), index);
        client.get(&format!("/api/v1/entries/{index}/receipt")).expect(200);
    }
    assert_eq!((witness.requests(), witness.cosigned(&client)), (1, None));
    witness.set(Manner::Honest);
    wait_until(|| witness.cosigned(&client) == Some(10));
    assert_eq!(witness.requests(), 2);
    server.stop();
    // The first of them was about two entries.
    home.prepare(async |ledger| {
        let first = ledger.newest_cosigned(TreeSize(9)).await.unwrap().unwrap();
        assert_eq!(first.unverified().size(), TreeSize(2));
    });
}

/// Somebody's copy of the ledger went on, and the witness saw that first.
#[test]
fn a_witness_of_another_history_is_reported_and_not_asked_again() {
    let home = Home::new();
    let key = home.everything();
    let (told, other) = (Witness::of(&home, 1, Manner::Honest), Witness::of(&home, 2, Manner::Honest));
    let elsewhere = tempfile::tempdir().unwrap();
    copy(&home.ledger(), elsewhere.path());
    runtime().block_on(async {
        let fork = Ledger::open(elsewhere.path()).await.unwrap();
        for _ in 0..2 {
            let table = Table::bytes("x\n1\n").named("team/other".parse().unwrap());
            fork.notarize(table).evidence(EvidenceRequest::Attestation).await.unwrap();
        }
        let client = HttpWitness::new(told.key.clone(), &told.url, Duration::from_secs(60));
        let asked: [Box<dyn WitnessClient>; 1] = [Box::new(client)];
        let cosigned = fork.cosign(&asked).await.unwrap().unwrap();
        assert!(cosigned.outcomes[0].1.is_ok(), "{cosigned:?}");
    });

    // It has cosigned four entries, the ledger has two.
    let server = home.start(Setup::default());
    let client = server.client(&key);
    wait_until(|| told.attempts(&server, "conflict") == 1.0);
    let asked = told.requests();
    for index in 2..6 {
        assert_eq!(notarize(client), index);
    }
    wait_until(|| other.cosigned(&client) == Some(6));
    assert_eq!(
        (told.requests(), told.attempts(&server, "conflict"), told.attempts(&server, "failed")),
        (asked, 1.0, 0.0)
    );
    client.get("/readyz").expect(200);
    server.stop();

    // Now the ledger has more entries, and among them others. The program says so in its log.
    let (mut child, _) = run_with(&home, &["--log", "json"], Stdio::piped());
    let lines = BufReader::new(child.stderr.take().unwrap()).lines().map(Result::unwrap);
    let conflict = lines.map(|line| serde_json::from_str::<Value>(&line).expect(&line));
    let conflict = conflict.into_iter().find(|line| line["event"] == "witness-conflict").unwrap();
    assert_eq!((&conflict["target"], &conflict["level"]), (&"zkl_server::security".into(), &"ERROR".into()));
    assert_eq!(conflict["witness"], "witness1.example/w");
    assert!(conflict["error"].as_str().unwrap().contains("422"), "{conflict}");
}

#[test]
fn what_was_recorded_last_is_cosigned_before_the_server_ends() {
    let home = Home::new();
    let key = home.everything();
    let witness = Witness::of(&home, 1, Manner::Honest);
    let server = home.start(Setup::default());
    let accepted = server.client(&key).post(VERSIONS, CSV).expect(202);
    drop(accepted);
    server.stop();
    home.prepare(async |ledger| {
        let head = ledger.published_head().await.unwrap().unwrap();
        assert_eq!(head.unverified().size(), TreeSize(3));
        assert!(witness.key.verify(&head).is_ok());
    });
    assert_eq!(home.start(Setup::default()).client(&key).get("/api/v1/entries/2").status, 200);
    // It was cosigned before, so nobody was asked.
    assert!(witness.requests() <= 2);
}

/// Tells the program to end, and waits until it has, in order.
fn end(child: &mut Program, address: &str) {
    // Before it answers it does not hear that.
    wait_until(|| ureq::get(format!("http://{address}/livez")).call().is_ok());
    Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
    assert!(child.wait().unwrap().success());
}

/// A request that is under way cannot be broken off, but nobody need wait for it: no runtime, and no process.
#[test]
fn a_silent_witness_does_not_hold_up_the_end_for_longer_than_the_grace() {
    let home = Home::new();
    let witness = Witness::of(&home, 1, Manner::Silent);
    let mut setup = Setup { witness_timeout: Duration::from_secs(100_000), ..Setup::default() };
    setup.limits.grace = Duration::ZERO;
    let server = home.start(setup);
    wait_until(|| witness.requests() == 1);
    server.stop();
    let (mut child, address) = run_with(&home, &["--grace", "0"], Stdio::inherit());
    wait_until(|| witness.requests() == 2);
    end(&mut child, &address);
}

#[test]
fn servers_that_only_read_and_those_that_are_told_so_ask_nobody() {
    let home = Home::new();
    let witness = Witness::of(&home, 1, Manner::Honest);
    let names = |server: &Server| String::from_utf8(server.internal("/metrics").expect(200).bytes).unwrap();
    let reader = home.start_reader(Setup::default());
    assert!(!names(&reader).contains("witness1.example"));
    reader.stop();
    let (mut child, address) = run_with(&home, &["--no-cosign"], Stdio::inherit());
    end(&mut child, &address);
    assert_eq!(witness.requests(), 0);
    // Without that it has the witness cosign at the latest when it ends.
    let (mut child, address) = run_with(&home, &[], Stdio::inherit());
    wait_until(|| witness.requests() == 1);
    end(&mut child, &address);
    // What a reader then hands out carries it.
    fs::remove_dir_all(home.server_dir()).unwrap();
    let key = home.key(&["read:*"]);
    let reader = home.start_reader(Setup::default());
    assert!(witness.cosigned(&reader.client(&key)).is_some());
}
