//! kill -9 at random moments of `zkl notarize` and `zkl prove`: nothing acknowledged is lost, and the ledger always opens.
//!
//! `ZKL_CRASH_TRIALS` sets the number of kills; `make stress` makes 1,000.

use std::{
    collections::BTreeMap,
    process::Stdio,
    time::{Duration, Instant},
};

use crate::common::{Workdir, penguins};
use serde_json::Value;

/// Kills in a normal test run.
const DEFAULT_TRIALS: u32 = 12;

/// xorshift64*: reproducible delays without a dependency.
struct Delays(u64);

impl Delays {
    fn next(&mut self, below: Duration) -> Duration {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let fraction = (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 40) as f64 / (1u64 << 24) as f64;
        below.mul_f64(fraction)
    }
}

#[test]
fn a_killed_writer_loses_nothing_that_it_acknowledged() {
    let trials = std::env::var("ZKL_CRASH_TRIALS").ok().map_or(DEFAULT_TRIALS, |text| text.parse().unwrap());
    let workdir = Workdir::with_penguins();
    let table = penguins();
    let notarize = ["notarize", &table, "--name", "penguins", "--format", "json", "--attest-only"];
    let prove = ["prove", "penguins", "rows >= 300", "--format", "json"];
    // Both once to the end: keys are generated, and the time that each takes is known.
    let mut acknowledged: BTreeMap<u64, String> = BTreeMap::new();
    acknowledged.insert(0, workdir.json(&["show", "0"])["transaction"].as_str().unwrap().to_owned());
    let mut durations = Vec::new();
    for args in [notarize.as_slice(), &prove] {
        let start = Instant::now();
        acknowledge(&mut acknowledged, &workdir.ok(args));
        durations.push(start.elapsed());
    }
    let (mut killed, mut finished, mut in_flight, mut seed) = (0, 0, 0, Delays(0x9e37_79b9_7f4a_7c15));
    while killed < trials {
        for (args, duration) in [notarize.as_slice(), &prove].into_iter().zip(&durations) {
            let mut child = workdir.command(args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
            // A little longer than a whole run takes, so that the moments around the append are among the kills.
            std::thread::sleep(seed.next(duration.mul_f64(1.2)));
            child.kill().unwrap();
            let output = child.wait_with_output().unwrap();
            match output.status.code() {
                Some(0) => finished += 1,
                _ => killed += 1,
            }
            acknowledge(&mut acknowledged, &String::from_utf8(output.stdout).unwrap());
            in_flight += check(&workdir, &mut acknowledged);
        }
    }
    assert!(workdir.ok(&["doctor"]).contains("every entry is signed and in the tree"));
    workdir.ok(&["prove", "penguins", "rows >= 300", "-o", "last.receipt"]);
    workdir.ok(&["verify", "last.receipt"]);
    eprintln!(
        "{killed} kills, {finished} runs ended before theirs, {in_flight} appends were durable but unacknowledged"
    );
}

/// Records what a command printed before it ended: a whole JSON document is an acknowledgement.
fn acknowledge(acknowledged: &mut BTreeMap<u64, String>, stdout: &str) {
    if let Ok(report) = serde_json::from_str::<Value>(stdout) {
        let transaction = report["transaction"].as_str().unwrap().to_owned();
        let before = acknowledged.insert(report["index"].as_u64().unwrap(), transaction.clone());
        assert!(before.is_none_or(|before| before == transaction), "an index was given out twice");
    }
}

/// The log opens, holds everything acknowledged in its place, and at most one entry more, which counts from then on.
/// Returns how many more.
fn check(workdir: &Workdir, acknowledged: &mut BTreeMap<u64, String>) -> usize {
    let log = workdir.json(&["log", "--limit", "100000"]);
    let entries = log["entries"].as_array().unwrap();
    let found: BTreeMap<u64, String> = entries
        .iter()
        .map(|entry| (entry["index"].as_u64().unwrap(), entry["transaction"].as_str().unwrap().to_owned()))
        .collect();
    let known = acknowledged.len();
    for (index, transaction) in acknowledged.iter() {
        assert_eq!(found.get(index), Some(transaction), "entry {index} was acknowledged");
    }
    let more = found.len() - known;
    assert!(more <= 1, "{more} entries that nobody acknowledged");
    assert_eq!(found.keys().next_back(), Some(&(found.len() as u64 - 1)), "the log has no gap");
    *acknowledged = found;
    more
}
