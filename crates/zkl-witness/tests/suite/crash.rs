//! kill -9 of a serving witness: what it answered it still knows, and so it never cosigns beside it.
//!
//! `ZKL_CRASH_TRIALS` sets the number of kills (10 by default).

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use tokio::net::TcpListener;
use zkl_receipt::{WitnessClient as _, witness::Answer};
use zkl_witness::{HttpWitness, serve};

use crate::history::{History, witness_signer};

const DIR: &str = "ZKL_WITNESS_DIR";
const DEFAULT_TRIALS: u64 = 10;

#[test]
#[ignore = "the child of the other test; does nothing by itself"]
fn child_serves_until_it_is_killed() {
    let Some(dir) = env::var_os(DIR) else {
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let log = History::new(0, 0, 0).key();
        let witness = zkl_witness::Witness::open(Path::new(&dir), witness_signer(), vec![log]).unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        println!("\naddress {}", listener.local_addr().unwrap());
        serve(Arc::new(witness), listener, std::future::pending()).await.unwrap();
    });
}

/// Starts a child and returns it with its address.
fn child(dir: &Path) -> (Child, String) {
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["--exact", "crash::child_serves_until_it_is_killed", "--ignored", "--nocapture"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.find_map(|line| Some(line.unwrap().strip_prefix("address ")?.to_owned())).unwrap();
    // The pipe must stay open: a child that writes to a closed one would die of that.
    std::thread::spawn(move || lines.for_each(drop));
    (child, address)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_witness_never_cosigns_beside_what_it_answered() {
    let trials = env::var("ZKL_CRASH_TRIALS").ok().map_or(DEFAULT_TRIALS, |text| text.parse().unwrap());
    let dir = tempfile::tempdir().unwrap();
    let mut history = History::new(1, 1, 0);
    let (mut answered, mut in_flight, mut seed) = (0_u64, 0_u64, 0x9e37_79b9_7f4a_7c15_u64);
    let mut acknowledged = 0_u64;
    for _ in 0..trials {
        let (mut process, address) = child(dir.path());
        let client =
            HttpWitness::new(witness_signer().verifier(), &format!("http://{address}"), Duration::from_secs(10));
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let killer = tokio::task::spawn_blocking(move || {
            std::thread::sleep(Duration::from_micros(seed % 150_000));
            process.kill().unwrap();
            process.wait().unwrap();
        });
        // From where the witness says that it is, one entry further at a time, until it is gone.
        let mut old = acknowledged;
        loop {
            let size = history.roots.len() as u64 - 1;
            let new = (old + 1).max(1);
            if new > size {
                history.push(size, 0);
            }
            let Ok(answer) = client.add_checkpoint(history.request(old, new).encode()).await else { break };
            match Answer::read(answer.status, &answer.body, &history.checkpoint(new), &witness_signer().verifier()) {
                Ok(Answer::Cosigned(_)) => {
                    acknowledged = new;
                    answered += 1;
                    old = new;
                }
                Ok(Answer::Conflict(latest)) => {
                    // At most the request that was under way when it died.
                    assert!(latest.0 == acknowledged || latest.0 == acknowledged + 1, "{latest} after {acknowledged}");
                    in_flight += u64::from(latest.0 > acknowledged);
                    acknowledged = latest.0;
                    old = latest.0;
                }
                Err(error) => panic!("{error:?}"),
            }
        }
        killer.await.unwrap();
    }
    // Whatever it knows now, a fork from before what it answered is refused.
    let (mut process, address) = child(dir.path());
    let client = HttpWitness::new(witness_signer().verifier(), &format!("http://{address}"), Duration::from_secs(10));
    let fork = History::new(acknowledged + 5, acknowledged.saturating_sub(1), 9);
    for old in [acknowledged.saturating_sub(1), acknowledged] {
        let answer = client.add_checkpoint(fork.request(old, acknowledged + 5).encode()).await.unwrap();
        assert!(matches!(answer.status, 409 | 422), "{}", answer.status);
    }
    process.kill().unwrap();
    process.wait().unwrap();
    assert!(answered > 0);
    eprintln!("{trials} kills, {answered} cosignatures, {in_flight} persisted without an answer, none forgotten");
}
