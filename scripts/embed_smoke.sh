#!/usr/bin/env bash
# Uses the ledger as an embedder does: a new cargo project outside the workspace, in the default debug profile, without a store's library.
# ROWS=N chooses the size of the table; TARGET=DIR keeps the build.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/src"
cp "$root/Cargo.lock" "$root/rust-toolchain.toml" "$dir/" 2>/dev/null || cp "$root/Cargo.lock" "$dir/"
cat >"$dir/Cargo.toml" <<EOF
[package]
name = "embed-smoke"
version = "0.0.0"
edition = "2024"
[dependencies]
tokio = { version = "1", features = ["macros", "rt-multi-thread"] }
zkl-ledger = { path = "$root/crates/zkl-ledger", default-features = false }
[workspace]
EOF
cat >"$dir/src/main.rs" <<'EOF'
use std::{error::Error, fmt::Write as _, path::Path, time::Instant};
use zkl_ledger::{
    Ledger, Table, Trust, circuit::KeyStore, openings::MemoryVault, storage::memory::MemoryBackend,
    transparency::{keys::SigningKey, note::NoteSigner}, verify,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().collect();
    let mut csv = String::from("id,age,income,sector\n");
    for row in 0..args[1].parse::<u64>()? {
        writeln!(csv, "{row},{},{}.50,s{}", 18 + row * 7 % 60, row * row % 90_000, row % 5)?;
    }
    let keys = KeyStore::open(Path::new(&args[2]))?;
    let log = NoteSigner::new("embed-smoke.invalid".parse()?, SigningKey::generate()?);
    let ledger = Ledger::builder().store(MemoryBackend::new()).openings(MemoryVault::default()).keys(keys).build(log)?;
    let start = Instant::now();
    let table = Table::bytes(csv).named("people".parse()?);
    let people = ledger.notarize(table).progress(|stage| eprintln!("  {stage}")).await?.dataset;
    println!("notarized in {:.1} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    let entry = people.prove(&"mean(age) between 40 and 60".parse()?).await?;
    println!("claim proved in {:.1} s", start.elapsed().as_secs_f64());
    let receipt = ledger.receipt(&entry).await?.encode()?;
    let start = Instant::now();
    let verified = verify(&receipt, &Trust::default().with_log(ledger.log_key()))?;
    println!("receipt of {} bytes verified in {:.1} s", receipt.len(), start.elapsed().as_secs_f64());
    if verified.log.pinned { Ok(()) } else { Err("the log key is not pinned".into()) }
}
EOF
cd "$dir"
export CARGO_TARGET_DIR=${TARGET:-$dir/target}
cargo build --quiet
"$CARGO_TARGET_DIR/debug/embed-smoke" "${ROWS:-200}" "$dir/keys"
