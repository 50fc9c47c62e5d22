//! Notarization: from a table to an entry.

use std::{future::IntoFuture, sync::Arc};

use futures::future::BoxFuture;
use zkl_circuits::{
    scan::{ScanContext, TableSecrets},
    seal::{Seal, SealSeed},
};
use zkl_core::{
    digest::{DatasetId, DigestRule, KeyDigest},
    layout::Layout,
    name::DatasetName,
    privacy::PrivacyLevel,
    table_note::TableNote,
    time::Timestamp,
};
use zkl_dataset::{InferenceReport, ProfileSink};
use zkl_receipt::{Assurance, FileEvidence, Manifest, Nonce, Notarization, Predicate};

use crate::{
    dataset_version::Dataset,
    entry::Entry,
    error::LedgerError,
    ledger::{Ledger, NotarizedEntry},
    opening::{OPENING_FORMAT, Opening, commitment_seed, dictionary_key},
    scan::{ProvedScan, ScanJob},
    stage::{SharedReporter, Stage, StageReporter},
    table::Table,
    work::{self, Work},
};

/// What is to back the sealed profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EvidenceRequest {
    /// A scan proof under the project's own reference string.
    #[default]
    Proof,
    /// A scan proof under an imported reference string.
    ProofUnder(KeyDigest),
    /// The notary's signature alone.
    Attestation,
}

/// A notarization that is durably in the log.
#[non_exhaustive]
pub struct Notarized {
    /// The dataset, to prove claims about.
    pub dataset: Dataset,
    /// The entry.
    pub entry: Entry,
    /// What it says.
    pub notarization: Notarization,
    /// The public shape of the table.
    pub layout: Layout,
    /// What the reader did to the table, as the entry says.
    pub notes: Vec<TableNote>,
    /// What was inferred about the table, for its owner.
    pub report: InferenceReport,
    /// Where the opening is: secret.
    pub opening: String,
}

/// A notarization that was asked for; awaiting it makes it. When the future is dropped before the first thing is stored, the work
/// stops soon and nothing is left of it.
#[must_use = "nothing is notarized until it is awaited"]
pub struct Notarize<'l> {
    ledger: &'l Ledger,
    table: Table,
    privacy: PrivacyLevel,
    evidence: EvidenceRequest,
    reporter: SharedReporter,
}

impl Ledger {
    /// Reads a table, seals its exact profile, proves it over every row, signs the statement and appends it.
    ///
    /// The opening is stored before the entry: an acknowledged entry always has its opening. A failure leaves the
    /// ledger unchanged, and at most an opening that nothing refers to.
    ///
    /// # Errors
    /// Of the future: [`LedgerError::Unnamed`]; the table cannot be read, the profile cannot be sealed or proved, or the store
    /// or the vault of openings fails.
    pub fn notarize(&self, table: Table) -> Notarize<'_> {
        Notarize {
            ledger: self,
            table,
            privacy: PrivacyLevel::default(),
            evidence: EvidenceRequest::default(),
            reporter: Arc::new(()),
        }
    }
}

impl Notarize<'_> {
    /// Sets what is published about the table's bytes.
    pub const fn privacy(mut self, privacy: PrivacyLevel) -> Self {
        self.privacy = privacy;
        self
    }

    /// Sets what backs the sealed profile.
    pub const fn evidence(mut self, evidence: EvidenceRequest) -> Self {
        self.evidence = evidence;
        self
    }

    /// Reports stages.
    pub fn progress(mut self, reporter: impl StageReporter + 'static) -> Self {
        self.reporter = Arc::new(reporter);
        self
    }

    async fn run(self) -> Result<Notarized, LedgerError> {
        let Self { ledger, table, privacy, evidence, reporter } = self;
        let notary = ledger.notary()?.verifying_key();
        let name = table.name().cloned().ok_or(LedgerError::Unnamed)?;
        let nonce = Nonce::generate().map_err(LedgerError::randomness)?;
        let origin = ledger.log_key().name().as_str().to_owned();
        let (keys, proofs) = (Arc::clone(&ledger.keys), ledger.proofs);
        let sealed = work::run(Arc::clone(&reporter), move |work| {
            let seed = SealSeed::generate()?;
            let job = |srs| ScanJob {
                keys: &keys,
                proofs,
                srs,
                context: ScanContext::new(&origin, notary.as_bytes(), &name, nonce.as_bytes()),
                secrets: TableSecrets { seal: seed.clone(), commitments: commitment_seed(&seed) },
                work,
            };
            let job = match evidence {
                EvidenceRequest::Proof => Some(job(None)),
                EvidenceRequest::ProofUnder(digest) => Some(job(Some(digest))),
                EvidenceRequest::Attestation => None,
            };
            seal_table(&table, &name, &seed, job.as_ref(), work)
        });
        let sealed = sealed.await?;
        let statement = Statement { privacy, notary, nonce };
        work::carry_out(record(ledger.clone(), sealed, statement, reporter)).await
    }
}

impl<'l> IntoFuture for Notarize<'l> {
    type Output = Result<Notarized, LedgerError>;
    type IntoFuture = BoxFuture<'l, Self::Output>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.run())
    }
}

/// A table that was read, sealed and, if it was asked for, proved.
pub(crate) struct SealedTable {
    pub(crate) opening: Opening,
    pub(crate) seal: Seal,
    /// What the digests of the opening cover.
    pub(crate) rule: DigestRule,
    pub(crate) report: InferenceReport,
    pub(crate) notes: Vec<TableNote>,
    pub(crate) scan: Option<ProvedScan>,
}

/// Reads and seals a table, and proves it if there is a job to. Its values are summed once: while it is proved by the prover,
/// otherwise by the reader.
fn seal_table(
    table: &Table,
    name: &DatasetName,
    seed: &SealSeed,
    job: Option<&ScanJob<'_>>,
    work: &Work,
) -> Result<SealedTable, LedgerError> {
    let mut progress = work;
    let (scan, key) = (table.scan(), dictionary_key(seed));
    let (scanned, profile, seal, proved) = match job {
        Some(job) => {
            let (scanned, proved) = job.prove(|sink| scan.run_with_sink(&key, &mut progress, sink))?;
            (scanned, proved.profile, proved.seal, Some(proved.scan))
        }
        None => {
            let mut sums = ProfileSink::default();
            let scanned = scan.run_with_sink(&key, &mut progress, &mut sums)?;
            let profile = sums.finish(&scanned.layout).ok_or(LedgerError::NoRows)?;
            work.stage(Stage::Seal)?;
            let seal = Seal::new(&scanned.layout, &profile, seed)?;
            (scanned, profile, seal, None)
        }
    };
    work.check()?;
    let opening = Opening {
        format: OPENING_FORMAT.to_owned(),
        dataset: name.clone(),
        // Follows from the statement; set before the opening is stored.
        dataset_id: DatasetId::new([0; 32]),
        seed: seed.clone(),
        digests: scanned.digests,
        read: table.read_options().pinned_to(&scanned.layout),
        layout: scanned.layout,
        profile,
    };
    let (rule, report, notes) = (scanned.digest_rule, scanned.report, scanned.notes);
    Ok(SealedTable { opening, seal, rule, report, notes, scan: proved })
}

/// What the statement says beside what was read.
pub(crate) struct Statement {
    pub(crate) privacy: PrivacyLevel,
    pub(crate) notary: zkl_merkle::keys::VerifyingKey,
    pub(crate) nonce: Nonce,
}

/// Stores blobs, opening and entry, in this order.
pub(crate) async fn record(
    ledger: Ledger,
    sealed: SealedTable,
    statement: Statement,
    reporter: SharedReporter,
) -> Result<Notarized, LedgerError> {
    let SealedTable { mut opening, seal, rule, report, notes, scan } = sealed;
    let Statement { privacy, notary, nonce } = statement;
    let manifest = Manifest::new(opening.layout.clone(), notes);
    let digest = ledger.storage.put_blob(&manifest.encode()?).await?;
    let scan = match scan {
        Some(ProvedScan { record, bundle, verifying_keys }) => {
            ledger.storage.put_blob(&bundle).await?;
            for key in &verifying_keys {
                ledger.storage.put_blob(key).await?;
            }
            Some(record)
        }
        None => None,
    };
    let file = FileEvidence::new(privacy, &opening.digests, &opening.file_salt());
    let commitment = seal.commitment();
    let mut notarization = Notarization {
        dataset: opening.dataset.clone(),
        // Follows from the rest.
        dataset_id: DatasetId::new([0; 32]),
        assurance: if scan.is_some() { Assurance::Proved } else { Assurance::Attested },
        privacy,
        seal: commitment,
        manifest: digest,
        covers: Some(rule),
        file,
        scan,
        notary,
        recorded_at: Timestamp::now(),
        nonce,
    };
    notarization.dataset_id = notarization.derived_id();
    let signed = ledger.sign(Predicate::Notarization(notarization.clone())).await?;
    opening.dataset_id = notarization.dataset_id;
    let id = opening.dataset_id;
    let vault = |source| LedgerError::Vault { action: "store", place: ledger.openings.place(id), source };
    ledger.openings.put(id, &opening.encode()?).await.map_err(vault)?;
    reporter.stage(Stage::Append);
    let entry = ledger.append(signed).await?;
    let place = ledger.openings.place(id);
    let found = NotarizedEntry { entry: entry.clone(), notarization: notarization.clone() };
    let dataset = Dataset::opened(ledger, found, opening, seal);
    let notes = manifest.notes().to_vec();
    Ok(Notarized { dataset, entry, notarization, layout: manifest.layout, notes, report, opening: place })
}
