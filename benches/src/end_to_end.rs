//! One table from end to end: generated, notarized in a ledger on disk, claims proved and verified.

use std::{error::Error, path::Path, sync::Arc, time::Instant};

use serde::{Deserialize, Serialize};
use zkl_circuits::scan::{ColumnCommitments, TablePlan};
use zkl_ledger::{
    EntryRef, Ledger, Table, Trust,
    circuit::KeyStore,
    receipt::{Predicate, ProfileEvidence, VerifiedStatement},
    requests::ProofSetting,
    storage::StorageBackend as _,
    verify,
};
use zkl_snark::keys::SRS_LOG_POWERS;

use crate::{
    clock::{Clock, Spent, StageClock, StageSpent, peak_memory},
    mixed_table::{CLAIMS, MixedTable},
};

const NAME: &str = "mixed";
/// Verifications per claim. Many, so that a CPU clock of 10 ms tells what one takes.
const VERIFICATIONS: u32 = 101;
/// First verifications, each by a verifier that knows nothing.
const FIRST_VERIFICATIONS: u32 = 11;

/// Everything that is measured about one table.
#[derive(Debug, Serialize, Deserialize)]
pub struct Figures {
    /// Rows.
    pub rows: u64,
    /// Columns.
    pub columns: u32,
    /// How everything was proved.
    pub proofs: ProofSetting,
    /// Length of the CSV file in bytes.
    pub csv_bytes: u64,
    /// Stages of the notarization.
    pub stages: Vec<StageSpent>,
    /// The whole notarization, from the call to the durable entry.
    pub notarize: Spent,
    /// Peak memory of the process up to the end of the notarization, in bytes.
    pub peak_bytes: u64,
    /// The proof over every row.
    pub scan: ScanFigures,
    /// Claims about the table.
    pub claims: Vec<ClaimFigures>,
}

/// What is measured about a proof over every row.
#[derive(Debug, Serialize, Deserialize)]
pub struct ScanFigures {
    /// Its circuits.
    pub circuits: Vec<String>,
    /// Segments that the table is proved in.
    pub segments: usize,
    /// Bytes of the commitments to the columns.
    pub commitment_bytes: usize,
    /// Bytes of everything else in the proof.
    pub proof_bytes: usize,
    /// The first verification of the notarization's receipt: the verifier makes the keys of its circuits.
    pub first_verify: Spent,
    /// A verification of that receipt, as for claims.
    pub verify: Spent,
    /// Length of that receipt in bytes.
    pub receipt_bytes: usize,
}

/// What is measured about a claim.
#[derive(Debug, Serialize, Deserialize)]
pub struct ClaimFigures {
    /// The claim.
    pub claim: String,
    /// Its circuit.
    pub circuit: String,
    /// Stages of the first proof, which makes the keys when they are not there.
    pub first: Vec<StageSpent>,
    /// The same claim proved anew, by a process that finds the keys on disk: from the call to the durable entry.
    pub prove: Spent,
    /// Its stages.
    pub stages: Vec<StageSpent>,
    /// The first verification of the receipt: the verifier makes the keys of its circuits.
    pub first_verify: Spent,
    /// A verification of the receipt, from bytes to verdict, by a verifier that knows its circuits: median of the wall times, mean of the CPU times.
    pub verify: Spent,
    /// Length of the proof in bytes.
    pub proof_bytes: usize,
    /// Length of the receipt in bytes.
    pub receipt_bytes: usize,
}

/// Measures one table. Files are made in `dir`, which should be on the disk to measure; keys are kept in `keys`.
///
/// # Errors
/// Whatever the ledger answers.
pub async fn run(table: MixedTable, proofs: ProofSetting, dir: &Path, keys: &Path) -> Result<Figures, Box<dyn Error>> {
    let file = dir.join("mixed.csv");
    let csv_bytes = table.write_file(&file)?;
    let home = dir.join("ledger");
    let ledger = Ledger::builder()
        .proofs(proofs)
        .keys(KeyStore::open(keys)?)
        .create(&home, "example.com/bench".parse()?)
        .await?;
    let mixed = Table::path(file).named(NAME.parse()?).options(MixedTable::read_options());

    let whole = Clock::start();
    let stages = Arc::new(StageClock::start(crate::clock::INFER));
    stages.time_spans()?;
    let notarized = ledger.notarize(mixed).progress(Arc::clone(&stages)).await?;
    let (notarize, stages) = (whole.spent(), stages.finish());
    let notarized_at = EntryRef::Id(notarized.entry.id);
    drop(notarized);
    let peak_bytes = peak_memory()?;

    let scan = scan_figures(&ledger, notarized_at).await?;
    let mut first = Vec::new();
    for claim in CLAIMS {
        first.push(prove(&ledger, notarized_at, claim).await?.stages);
    }
    // A new ledger value has no keys in memory, as a new process.
    drop(ledger);
    let ledger = Ledger::builder().proofs(proofs).keys(KeyStore::open(keys)?).open(&home).await?;
    let mut claims = Vec::new();
    for (claim, first) in CLAIMS.into_iter().zip(first) {
        claims.push(ClaimFigures { first, ..prove(&ledger, notarized_at, claim).await? });
    }
    Ok(Figures {
        rows: table.rows,
        columns: table.width.columns(),
        proofs,
        csv_bytes,
        stages,
        notarize,
        peak_bytes,
        scan,
        claims,
    })
}

async fn scan_figures(ledger: &Ledger, notarized: EntryRef) -> Result<ScanFigures, Box<dyn Error>> {
    let receipt = ledger.receipt(&ledger.entry(notarized).await?).await?.encode()?;
    let trust = Trust::default().with_log(ledger.log_key());
    let verified = verify(&receipt, &trust)?;
    let Some(VerifiedStatement::Notarization { layout, profile: ProfileEvidence::Proved(report), .. }) =
        verified.subject().map(|subject| subject.statement.clone())
    else {
        return Err("the notarization is proved".into());
    };
    let plan = TablePlan::new(layout, SRS_LOG_POWERS)?;
    let commitment_bytes: usize =
        plan.segments().map(|segment| ColumnCommitments::encoded_bytes(segment.scan, segment.groups)).sum();
    let (first_verify, verify) = time_verification(&receipt, || Trust::default().with_log(ledger.log_key()))?;
    Ok(ScanFigures {
        circuits: report.keys.iter().map(|key| key.circuit.to_string()).collect(),
        segments: report.segments,
        commitment_bytes,
        proof_bytes: report.bytes - commitment_bytes,
        first_verify,
        verify,
        receipt_bytes: receipt.len(),
    })
}

/// The first verification, and those that follow. Median of the wall times, mean of the CPU times.
fn time_verification(receipt: &[u8], trust: impl Fn() -> Trust) -> Result<(Spent, Spent), Box<dyn Error>> {
    let first = time_verifications(receipt, FIRST_VERIFICATIONS, &trust)?;
    let known = trust();
    verify(receipt, &known)?;
    // Clones share the keys that were made.
    Ok((first, time_verifications(receipt, VERIFICATIONS, || known.clone())?))
}

fn time_verifications(receipt: &[u8], times: u32, trust: impl Fn() -> Trust) -> Result<Spent, Box<dyn Error>> {
    let mut walls = Vec::new();
    let all = Clock::start();
    for _ in 0..times {
        let trust = trust();
        let clock = Instant::now();
        verify(receipt, &trust)?;
        walls.push(clock.elapsed());
    }
    let cpu = all.spent().cpu / times;
    walls.sort_unstable();
    Ok(Spent { wall: walls[walls.len() / 2], cpu })
}

async fn prove(ledger: &Ledger, notarized: EntryRef, claim: &str) -> Result<ClaimFigures, Box<dyn Error>> {
    let parsed = claim.parse()?;
    let whole = Clock::start();
    let stages = Arc::new(StageClock::start("open the seal"));
    let entry = ledger.dataset_at(notarized).await?.prove(&parsed).progress(Arc::clone(&stages)).await?;
    let (prove, stages) = (whole.spent(), stages.finish());
    let Predicate::Claim(record) = entry.predicate() else {
        return Err("the entry of a claim is a claim".into());
    };
    let proof = ledger.storage().blob(record.proof.digest).await?.ok_or("the proof is stored")?;
    let receipt = ledger.receipt(&entry).await?.encode()?;
    let (first_verify, verify) = time_verification(&receipt, || Trust::default().with_log(ledger.log_key()))?;
    Ok(ClaimFigures {
        claim: claim.to_owned(),
        circuit: record.proof.circuit.to_string(),
        first: Vec::new(),
        prove,
        stages,
        first_verify,
        verify,
        proof_bytes: proof.len(),
        receipt_bytes: receipt.len(),
    })
}
