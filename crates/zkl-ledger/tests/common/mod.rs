//! A ledger in memory with the bundled table.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use tempfile::TempDir;
use zkl_ledger::{
    Ledger, Table,
    circuit::KeyStore,
    openings::OpeningStore,
    receipt::{Evidence, Receipt, ReceiptEntry},
    requests::{EvidenceRequest, Notarized, ProofSetting},
    storage::memory::MemoryBackend,
    transparency::{keys::SigningKey, note::NoteSigner},
    types::LeafIndex,
};
use zkl_merkle::{
    checkpoint::Checkpoint,
    tile::RightEdge,
    tree::{InclusionPlan, leaf_hash},
};

/// Key generation is the slow part of these tests, so all of them share one directory of keys that outlives a run.
pub(crate) fn key_dir() -> &'static Path {
    static DIR: OnceLock<PathBuf> = OnceLock::new();
    DIR.get_or_init(|| Path::new(env!("CARGO_TARGET_TMPDIR")).join("zkl-keys"))
}

pub(crate) struct Fixture {
    pub(crate) ledger: Ledger,
    _dir: TempDir,
}

impl Fixture {
    pub(crate) fn new(origin: &str) -> Self {
        Self::signed_by(NoteSigner::new(origin.parse().expect("an origin"), SigningKey::generate().expect("a key")))
    }

    /// What is proved here is proved with dev keys, unless it is said otherwise.
    pub(crate) fn signed_by(log: NoteSigner) -> Self {
        Self::with(log, ProofSetting::Dev)
    }

    pub(crate) fn with(log: NoteSigner, proofs: ProofSetting) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let keys = KeyStore::open(key_dir()).expect("a key store");
        let openings = OpeningStore::new(dir.path().join("openings"));
        let builder = Ledger::builder().store(MemoryBackend::new()).keys(keys).openings(openings).proofs(proofs);
        Self { ledger: builder.build(log).expect("a ledger"), _dir: dir }
    }

    /// The bundled table, attested: what does not ask for the scan proof need not wait for it.
    pub(crate) async fn penguins(&self) -> Notarized {
        self.notarize(&penguins(), "penguins", EvidenceRequest::Attestation).await
    }

    pub(crate) async fn notarize(&self, file: &Path, name: &str, evidence: EvidenceRequest) -> Notarized {
        let table = Table::path(file)
            .named(name.parse().expect("a name"))
            .joint("species", "sex")
            .product("bill_length_mm", "body_mass_g");
        self.ledger.notarize(table).evidence(evidence).await.expect("the table is notarized")
    }
}

pub(crate) fn penguins() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/penguins.csv")
}

/// A log with these entries, signed by `log`, as a receipt of all of them without their evidence: what an operator can do
/// without this library.
pub(crate) fn log_of(log: &NoteSigner, entries: &[&str]) -> Receipt {
    let leaves: Vec<_> = entries.iter().map(|entry| leaf_hash(entry.as_bytes())).collect();
    let grown = RightEdge::empty().append(&leaves).expect("a log");
    let tiles: HashMap<_, _> = grown.tiles.into_iter().collect();
    let checkpoint = Checkpoint::new(log.name().clone(), grown.edge.size(), grown.edge.root()).expect("a checkpoint");
    let logged = |(index, entry): (usize, &&str)| {
        let index = LeafIndex(index as u64);
        let plan = InclusionPlan::new(index, grown.edge.size()).expect("an index of the log");
        let inclusion = plan.prove(&tiles).expect("every tile");
        ReceiptEntry { index, envelope: (*entry).to_owned(), inclusion, evidence: Evidence::default() }
    };
    Receipt {
        log: log.verifier().to_string(),
        witnesses: Vec::new(),
        checkpoint: checkpoint.sign(log).expect("a signature").to_string(),
        entries: entries.iter().enumerate().map(logged).collect(),
    }
}

/// The entries of `receipt` in a log of their own, signed by `log`, with their evidence.
pub(crate) fn logged_again(log: &NoteSigner, receipt: &Receipt) -> Receipt {
    let envelopes: Vec<&str> = receipt.entries.iter().map(|entry| entry.envelope.as_str()).collect();
    let mut again = log_of(log, &envelopes);
    for (entry, original) in again.entries.iter_mut().zip(&receipt.entries) {
        entry.evidence = original.evidence.clone();
    }
    again
}
