//! Checking a file against a notarization, with its opening: the owner shows an auditor the data itself.

use std::path::Path;

use thiserror::Error;
use zkl_circuits::seal::Seal;
use zkl_snark::keys::KeyStore;

use crate::{
    error::LedgerError,
    opening::{Opening, commitment_seed, dictionary_key},
    predicate::{FileEvidence, Notarization},
    scan::commitment_root,
    stage::{Stage, StageReporter},
};

/// A file that is the notarized table, and how that was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataCheck {
    /// Rows that were read.
    pub rows: u64,
}

/// A file that is not the notarized table, by the check that it fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DataMismatch {
    /// The opening belongs to another notarization.
    #[error("the opening is of another notarization")]
    Opening,
    /// The file's digests are not the notarized ones.
    #[error("the file's digests are not the notarized ones")]
    Digests,
    /// The table has another layout than the notarized one.
    #[error("the table's layout is not the notarized one")]
    Layout,
    /// The table's profile is not the sealed one.
    #[error("the table's profile is not the sealed one")]
    Profile,
    /// The columns, committed to again, have another dataset commitment than the notarized one.
    #[error("the commitments to the table's columns are not the notarized ones")]
    Commitments,
}

/// Reads `file` as it was read when it was notarized, and checks digests, layout, seal and, when the notarization has a scan
/// proof, the commitments to every column, which it makes again. Nothing but the opening's seed and reading options is
/// believed. `keys` has or makes the reference string. Blocking.
///
/// # Errors
/// The outer error: the file cannot be read. The inner one: it is not the notarized table.
pub fn check_data(
    file: &Path,
    opening: &Opening,
    notarization: &Notarization,
    keys: &KeyStore,
    reporter: &dyn StageReporter,
) -> Result<Result<DataCheck, DataMismatch>, LedgerError> {
    if opening.dataset_id != notarization.dataset_id {
        return Ok(Err(DataMismatch::Opening));
    }
    let digests = zkl_dataset::hash_file(file)?;
    let evidence = FileEvidence::new(notarization.privacy, &digests, &opening.file_salt());
    if evidence != notarization.file {
        return Ok(Err(DataMismatch::Digests));
    }
    let mut progress = |update: zkl_dataset::ProgressUpdate| reporter.stage(Stage::from(update));
    let (scan, key) = (opening.read.scan(file), dictionary_key(&opening.seed));
    let (scanned, root) = match &notarization.scan {
        Some(record) => {
            let seed = commitment_seed(&opening.seed);
            let (scanned, root) = commitment_root(keys, record.srs, seed, reporter, |sink| {
                scan.run_with_sink(&key, &mut progress, sink)
            })?;
            (scanned, Some(root))
        }
        None => (scan.run(&key, &mut progress)?, None),
    };
    let manifest = crate::receipt::Manifest::new(scanned.layout.clone());
    if manifest.digest()? != notarization.manifest {
        return Ok(Err(DataMismatch::Layout));
    }
    let seal = Seal::new(&scanned.layout, &scanned.profile, &opening.seed)?;
    if seal.commitment() != notarization.seal {
        return Ok(Err(DataMismatch::Profile));
    }
    if root != notarization.scan.as_ref().map(|record| record.commitments) {
        return Ok(Err(DataMismatch::Commitments));
    }
    Ok(Ok(DataCheck { rows: scanned.layout.rows() }))
}
