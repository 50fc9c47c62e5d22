//! Operations across a stop, a kill and a start.

use std::{
    io::{BufRead as _, BufReader},
    ops::{Deref, DerefMut},
    process::{Child, Command, Stdio},
    time::Duration,
};

use zkl_ledger::Ledger;
use zkl_server::{ServerError, Service, ServiceSettings};

use crate::common::{CSV, Home, Setup, proving_keys};

const VERSIONS: &str = "/api/v1/datasets/team%2Fpatients/versions?evidence=attestation";

fn large() -> String {
    std::iter::once("id\n".to_owned()).chain((0..3_000_000).map(|id| format!("{id}\n"))).collect()
}

fn patient(grace: Duration) -> Setup {
    let mut setup = Setup::default();
    setup.operations.upload = 64 << 20;
    setup.limits.grace = grace;
    setup
}

#[test]
fn a_server_that_stops_gives_its_operations_time() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(patient(Duration::from_secs(120)));
    let accepted =
        server.client(&key).send("POST", VERSIONS, &[("idempotency-key", "a")], large().as_bytes()).expect(202);
    let location = accepted.header("location").to_owned();
    server.stop();
    let server = home.start(patient(Duration::ZERO));
    let operation = server.client(&key).get(&location).expect(200).json();
    assert_eq!(operation["status"], "succeeded", "{operation}");
    // The request is still known by its key.
    let again = server.client(&key).send("POST", VERSIONS, &[("idempotency-key", "a")], large().as_bytes()).expect(202);
    assert_eq!(again.header("location"), location);
}

#[test]
fn what_was_not_finished_when_the_time_is_over_has_failed() {
    let home = Home::new();
    let key = home.everything();
    let server = home.start(patient(Duration::ZERO));
    let location = server.client(&key).post(VERSIONS, large()).expect(202).header("location").to_owned();
    server.stop();
    let server = home.start(patient(Duration::ZERO));
    let operation = server.client(&key).get(&location).expect(200).json();
    assert_eq!(operation["status"], "failed");
    assert_eq!(operation["problem"]["type"], "urn:zkp-dataset-ledger:problem:interrupted");
    assert!(operation["problem"]["hint"].as_str().unwrap().contains("history"));
}

/// The program itself, killed with an operation under way.
#[test]
fn a_killed_server_loses_no_operation() {
    let home = Home::new();
    let key = home.everything();
    let (mut child, address) = run(&home);
    let base = format!("http://{address}");
    let post = ureq::post(format!("{base}{VERSIONS}")).header("authorization", format!("Bearer {key}"));
    let accepted = post.send(large().as_bytes()).unwrap();
    assert_eq!(accepted.status().as_u16(), 202);
    let location = accepted.headers()["location"].to_str().unwrap().to_owned();
    child.kill().unwrap();
    child.wait().unwrap();
    let server = home.start(patient(Duration::ZERO));
    let operation = server.client(&key).get(&location).expect(200).json();
    assert_eq!(operation["problem"]["type"], "urn:zkp-dataset-ledger:problem:interrupted", "{operation}");
    assert_eq!(std::fs::read_dir(home.server_dir().join("uploads")).unwrap().count(), 0);
    let next = server.client(&key).post(VERSIONS, CSV).expect(202);
    assert_eq!(server.client(&key).follow(next.header("location"))["status"], "succeeded");
}

#[test]
fn two_servers_do_not_share_a_directory() {
    let dir = tempfile::tempdir().unwrap();
    let start = || Service::start(Ledger::in_memory().unwrap(), dir.path(), ServiceSettings::default());
    let first = start().unwrap();
    assert!(matches!(start(), Err(ServerError::Running { .. })));
    drop(first);
    start().unwrap();
    // Nor do they share a store.
    let home = Home::new();
    let _server = home.start(Setup::default());
    let output = Command::new(env!("CARGO_BIN_EXE_zkl-server"))
        .args(["serve", "--listen", "127.0.0.1:0", "--ledger"])
        .arg(home.ledger())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

/// The program, which ends with the test, however that ends.
pub(crate) struct Program(Child);

impl Program {
    /// Starts it, and returns the line that it printed first.
    pub(crate) fn start(command: &mut Command) -> (Self, String) {
        let mut program = Self(command.stdout(Stdio::piped()).spawn().unwrap());
        let mut line = String::new();
        BufReader::new(program.stdout.take().unwrap()).read_line(&mut line).unwrap();
        (program, line.trim().to_owned())
    }
}

impl Deref for Program {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Program {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Starts the program and returns the address that it printed.
pub(crate) fn run(home: &Home) -> (Program, String) {
    run_with(home, &[], Stdio::inherit())
}

/// The same with more arguments.
pub(crate) fn run_with(home: &Home, args: &[&str], stderr: Stdio) -> (Program, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_zkl-server"));
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--proof", "dev", "--ledger"])
        .arg(home.ledger())
        .arg("--keys")
        .arg(proving_keys())
        .args(args)
        .stderr(stderr);
    let (program, line) = Program::start(&mut command);
    let address = line.strip_prefix("listening on http://").expect(&line).to_owned();
    (program, address)
}
