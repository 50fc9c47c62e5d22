//! Notarization: from a file to an entry.

use std::path::PathBuf;

use zkl_circuits::seal::{Seal, SealSeed};
use zkl_core::{layout::Layout, name::DatasetName, privacy::PrivacyLevel, storage::StorageBackend, time::Timestamp};
use zkl_dataset::{InferenceReport, Pass, ProgressUpdate};

use crate::{
    entry::{Entry, SignedEntry},
    error::LedgerError,
    ledger::Ledger,
    opening::{OPENING_FORMAT, Opening, dictionary_key},
    predicate::{Assurance, FileEvidence, Nonce, Notarization, Predicate},
    receipt::Manifest,
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
    /// Reads a table, seals its exact profile, signs the statement and appends it.
    ///
    /// The opening is on disk before the entry is: an acknowledged entry always has its opening. A failure leaves the
    /// ledger unchanged, and at most an opening that nothing refers to.
    ///
    /// # Errors
    /// [`LedgerError`]: the table cannot be read, the profile cannot be sealed, or the store fails.
    pub async fn notarize(&self, request: NotarizeRequest, reporter: SharedReporter) -> Result<Notarized, LedgerError> {
        let signer = self.signer()?;
        let notary = signer.key().verifying_key();
        let worker = reporter.clone();
        let NotarizeRequest { file, name, read, privacy } = request;
        let sealed = tokio::task::spawn_blocking(move || seal_table(&file, &read, name, worker.as_ref())).await??;
        let SealedTable { mut opening, seal, report } = sealed;

        let manifest = Manifest::new(opening.layout.clone());
        let digest = self.storage.put_blob(&manifest.encode()?).await?;
        let evidence = FileEvidence::new(privacy, &opening.digests, &opening.file_salt());
        let commitment = seal.commitment();
        let notarization = Notarization {
            dataset: opening.dataset.clone(),
            dataset_id: Notarization::derive_dataset_id(digest, &evidence, &commitment),
            assurance: Assurance::Attested,
            privacy,
            seal: commitment,
            manifest: digest,
            file: evidence,
            notary,
            recorded_at: Timestamp::now(),
            nonce: Nonce::generate()?,
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
}

fn seal_table(
    file: &std::path::Path,
    read: &ReadOptions,
    name: DatasetName,
    reporter: &dyn StageReporter,
) -> Result<SealedTable, LedgerError> {
    let seed = SealSeed::generate()?;
    let mut progress = |update: ProgressUpdate| reporter.stage(Stage::from(update));
    let scanned = read.scan(file).run(&dictionary_key(&seed), &mut progress)?;
    reporter.stage(Stage::Seal);
    let seal = Seal::new(&scanned.layout, &scanned.profile, &seed)?;
    let opening = Opening {
        format: OPENING_FORMAT.to_owned(),
        dataset: name,
        // Follows from the seal; set by the caller before the opening is written.
        dataset_id: zkl_core::digest::DatasetId::new([0; 32]),
        seed,
        digests: scanned.digests,
        read: read.pinned_to(&scanned.schema),
        layout: scanned.layout,
        profile: scanned.profile,
    };
    Ok(SealedTable { opening, seal, report: scanned.report })
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
