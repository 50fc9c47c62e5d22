//! Checking a file against a notarization, with its opening: the owner shows an auditor the data itself.

use std::path::Path;

use thiserror::Error;
use zkl_circuits::seal::Seal;

use crate::{
    error::LedgerError,
    opening::{Opening, dictionary_key},
    predicate::{FileEvidence, Notarization},
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
}

/// Reads `file` as it was read when it was notarized, and checks digests, layout and seal. Nothing but the opening's
/// seed and reading options is believed. Blocking.
///
/// # Errors
/// The outer error: the file cannot be read. The inner one: it is not the notarized table.
pub fn check_data(
    file: &Path,
    opening: &Opening,
    notarization: &Notarization,
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
    let scanned = opening.read.scan(file).run(&dictionary_key(&opening.seed), &mut progress)?;
    let manifest = crate::receipt::Manifest::new(scanned.layout.clone());
    if manifest.digest()? != notarization.manifest {
        return Ok(Err(DataMismatch::Layout));
    }
    let seal = Seal::new(&scanned.layout, &scanned.profile, &opening.seed)?;
    if seal.commitment() != notarization.seal {
        return Ok(Err(DataMismatch::Profile));
    }
    Ok(Ok(DataCheck { rows: scanned.layout.rows() }))
}
