//! Notarization: from a file to an entry.

use std::path::PathBuf;

use zkl_circuits::{
    scan::{ScanContext, TableSecrets},
    seal::{Seal, SealSeed},
};
use zkl_core::{
    digest::KeyDigest, layout::Layout, name::DatasetName, privacy::PrivacyLevel, storage::StorageBackend,
    time::Timestamp,
};
use zkl_dataset::{InferenceReport, Pass, ProgressUpdate};
use zkl_receipt::{FileEvidence, Manifest, Nonce, Notarization, Predicate, SignedEntry};

use crate::{
    entry::Entry,
    error::LedgerError,
    ledger::Ledger,
    opening::{OPENING_FORMAT, Opening, commitment_seed, dictionary_key},
    scan::{ProvedScan, ScanJob},
    stage::{SharedReporter, Stage, StageReporter},
    table::ReadOptions,
};

/// What to notarize, and how.
#[derive(Clone, Debug)]
pub struct NotarizeRequest {
    /// The table.
    pub file: PathBuf,
    /// Name under which it is notarized.
    pub name: DatasetName,
    /// How it is read, and which pairs of columns are sealed.
    pub read: ReadOptions,
    /// What is published about the file.
    pub privacy: PrivacyLevel,
    /// Whether the profile is proved over every row, or only attested.
    pub evidence: EvidenceRequest,
}

/// What is to back the sealed profile.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum EvidenceRequest {
    /// A scan proof under the project's dev reference string.
    #[default]
    Proof,
    /// A scan proof under an imported reference string.
    ProofUnder(KeyDigest),
    /// The notary's signature alone.
    Attestation,
}

/// A notarization that is durably in the log.
#[derive(Clone, Debug)]
pub struct Notarized {
    /// The entry.
    pub entry: Entry,
    /// What it says.
    pub notarization: Notarization,
    /// The public shape of the table.
    pub layout: Layout,
    /// What was inferred about the table, for its owner.
    pub report: InferenceReport,
    /// Where the opening is: secret.
    pub opening: PathBuf,
}

impl<S: StorageBackend> Ledger<S> {
    /// Reads a table, seals its exact profile, proves it over every row, signs the statement and appends it.
    ///
    /// The opening is on disk before the entry is: an acknowledged entry always has its opening. A failure leaves the
    /// ledger unchanged, and at most an opening that nothing refers to.
    ///
    /// # Errors
    /// [`LedgerError`]: the table cannot be read, the profile cannot be sealed or proved, or the store fails.
    pub async fn notarize(&self, request: NotarizeRequest, reporter: SharedReporter) -> Result<Notarized, LedgerError> {
        let signer = self.signer()?;
        let notary = signer.key().verifying_key();
        let worker = reporter.clone();
        let nonce = Nonce::generate()?;
        let origin = signer.name().as_str().to_owned();
        let keys = self.keys.clone();
        let NotarizeRequest { file, name, read, privacy, evidence } = request;
        let sealed = tokio::task::spawn_blocking(move || {
            let seed = SealSeed::generate()?;
            let job = |srs| ScanJob {
                keys: &keys,
                srs,
                context: ScanContext::new(&origin, notary.as_bytes(), &name, nonce.as_bytes()),
                secrets: TableSecrets { seal: seed.clone(), commitments: commitment_seed(&seed) },
                reporter: worker.as_ref(),
            };
            let job = match evidence {
                EvidenceRequest::Proof => Some(job(None)),
                EvidenceRequest::ProofUnder(digest) => Some(job(Some(digest))),
                EvidenceRequest::Attestation => None,
            };
            seal_table(&file, &read, &name, &seed, job.as_ref(), worker.as_ref())
        });
        let SealedTable { mut opening, seal, report, scan } = sealed.await??;

        let manifest = Manifest::new(opening.layout.clone());
        let digest = self.storage.put_blob(&manifest.encode()?).await?;
        let scan = match scan {
            Some(ProvedScan { record, bundle, verifying_keys, .. }) => {
                self.storage.put_blob(&bundle).await?;
                for key in &verifying_keys {
                    self.storage.put_blob(key).await?;
                }
                Some(record)
            }
            None => None,
        };
        let file = FileEvidence::new(privacy, &opening.digests, &opening.file_salt());
        let commitment = seal.commitment();
        let commitments = scan.as_ref().map(|scan| scan.commitments);
        let notarization = Notarization {
            dataset: opening.dataset.clone(),
            dataset_id: Notarization::derive_dataset_id(digest, &file, &commitment, commitments),
            assurance: Notarization::assurance_of(scan.as_ref()),
            privacy,
            seal: commitment,
            manifest: digest,
            file,
            scan,
            notary,
            recorded_at: Timestamp::now(),
            nonce,
        };
        let signed = SignedEntry::sign(Predicate::Notarization(notarization.clone()), signer.key())
            .map_err(LedgerError::Sign)?;
        opening.dataset_id = notarization.dataset_id;
        let path = self.openings.write(&opening)?;
        reporter.stage(Stage::Append);
        let entry = self.append(signed).await?;
        Ok(Notarized { entry, notarization, layout: manifest.layout, report, opening: path })
    }
}

struct SealedTable {
    opening: Opening,
    seal: Seal,
    report: InferenceReport,
    scan: Option<ProvedScan>,
}

/// Reads and seals a table, and proves it if there is a job to.
fn seal_table(
    file: &std::path::Path,
    read: &ReadOptions,
    name: &DatasetName,
    seed: &SealSeed,
    job: Option<&ScanJob<'_>>,
    reporter: &dyn StageReporter,
) -> Result<SealedTable, LedgerError> {
    let mut progress = |update: ProgressUpdate| reporter.stage(Stage::from(update));
    let (scan, key) = (read.scan(file), dictionary_key(seed));
    let (scanned, proved) = match job {
        Some(job) => {
            let (scanned, proved) = job.prove(|sink| scan.run_with_sink(&key, &mut progress, sink))?;
            (scanned, Some(proved))
        }
        None => (scan.run(&key, &mut progress)?, None),
    };
    reporter.stage(Stage::Seal);
    let seal = Seal::new(&scanned.layout, &scanned.profile, seed)?;
    // Both are sums over the same rows, made apart.
    if proved.as_ref().is_some_and(|proved| proved.seal.commitment() != seal.commitment()) {
        return Err(LedgerError::SegmentProfiles);
    }
    let opening = Opening {
        format: OPENING_FORMAT.to_owned(),
        dataset: name.clone(),
        // Follows from the seal; set by the caller before the opening is written.
        dataset_id: zkl_core::digest::DatasetId::new([0; 32]),
        seed: seed.clone(),
        digests: scanned.digests,
        read: read.pinned_to(&scanned.schema),
        layout: scanned.layout,
        profile: scanned.profile,
    };
    Ok(SealedTable { opening, seal, report: scanned.report, scan: proved })
}

impl From<ProgressUpdate> for Stage {
    fn from(update: ProgressUpdate) -> Self {
        let pass = match update.pass {
            Pass::Infer => 1,
            Pass::Dictionary => 2,
            Pass::Encode => 3,
        };
        let ProgressUpdate { bytes_done, bytes_total, rows, .. } = update;
        Self::Read { pass, bytes_done, bytes_total, rows }
    }
}
