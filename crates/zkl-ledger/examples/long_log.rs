//! Fills a ledger with made-up records of about 2 kB, each with a proof blob of its own, as fast as its store takes them: a
//! long log to measure on.
//!
//! `cargo run --release -p zkl-ledger --example long_log -- LEDGER ENTRIES`, where `zkl init` has made LEDGER.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error, path::PathBuf, sync::Arc, time::Instant};

use zkl_ledger::{
    Ledger,
    circuit::{CircuitId, KeyDigest, KeyStore, Setup},
    home::LedgerHome,
    receipt::{About, CustomRecord, Nonce, Predicate, ProofRecord, SignedEntry},
    storage::StorageBackend as _,
    transparency::signer::Signer,
    types::Timestamp,
};

/// Entries that wait for the store at the same time, and so share its syncs.
const CALLERS: u64 = 64;
/// Characters of the description that bring an entry to about 2,000 bytes.
const DESCRIPTION_LEN: usize = 800;
/// Bytes of a Groth16 proof.
const PROOF_LEN: usize = 128;
const START: u64 = 1_700_000_000_000;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(dir), Some(entries)) = (arguments.next().map(PathBuf::from), arguments.next()) else {
        return Err("usage: long_log LEDGER ENTRIES".into());
    };
    let share = entries.parse::<u64>()?.div_ceil(CALLERS);
    let key = Arc::clone(LedgerHome::open(&dir)?.log_signer()?.key());
    let ledger = Ledger::builder().keys(KeyStore::open(dir.join("keys"))?).open(&dir).await?;
    ledger.storage().put_blob(b"a verifying key").await?;
    let ledger = Arc::new(ledger);
    let start = Instant::now();
    let fill = |caller| {
        let (ledger, key) = (Arc::clone(&ledger), Arc::clone(&key));
        tokio::spawn(async move {
            for number in caller * share..(caller + 1) * share {
                append(&ledger, &*key, number).await.map_err(|error| error.to_string())?;
            }
            Ok::<_, String>(())
        })
    };
    for caller in (0..CALLERS).map(fill).collect::<Vec<_>>() {
        caller.await??;
    }
    let (entries, seconds) = (share * CALLERS, start.elapsed().as_secs_f64());
    println!("{entries} entries with a blob each in {seconds:.1} s: {:.0} a second", entries as f64 / seconds);
    Ok(())
}

async fn append(ledger: &Ledger, key: &dyn Signer, number: u64) -> Result<(), Box<dyn Error + Send + Sync>> {
    let mut proof = vec![0; PROOF_LEN];
    zkl_core::random::fill(&mut proof)?;
    let proof = ledger.storage().put_blob(&proof).await?;
    let record = CustomRecord {
        about: About::Named(format!("set-{}", number % 7).parse().ok()),
        description: format!("{number:0>DESCRIPTION_LEN$}"),
        setup: Setup::External,
        public_inputs: Vec::new(),
        proof: ProofRecord::unnamed(CircuitId::new("example/long-log", 1)?, KeyDigest::of(b"a verifying key"), proof),
        notary: key.verifying_key(),
        recorded_at: Timestamp(START + number * 1_000),
        nonce: Nonce::generate()?,
    };
    ledger.append(SignedEntry::sign(Predicate::Custom(record), key)?).await?;
    Ok(())
}
