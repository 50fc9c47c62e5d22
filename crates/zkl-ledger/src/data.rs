//! Checking a file against a notarization, with its opening: the owner shows an auditor the data itself.

use std::sync::Arc;

use thiserror::Error;
use zkl_circuits::seal::Seal;
use zkl_core::{digest::Sha256Digest, profile::Profile};
use zkl_dataset::{ProfileSink, Scanned};
use zkl_receipt::{FileEvidence, Manifest, Notarization};
use zkl_snark::keys::KeyStore;

use crate::{
    dataset_version::Dataset,
    error::LedgerError,
    opening::{Opening, commitment_seed, dictionary_key},
    scan::commit_again,
    stage::StageReporter,
    table::Table,
    work::{self, Work},
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

/// Reads `table` as it was read when it was notarized, whatever its own reading options are, and checks digests, layout, seal
/// and, when the notarization has a scan proof, the commitments to every column, which it makes again. Nothing but the opening's
/// seed, reading options and fraction bits is believed. `keys` has or makes the reference string. When the future is dropped, the work stops soon.
///
/// # Errors
/// The outer error: the table cannot be read. The inner one: it is not the notarized table.
pub async fn check_data(
    table: Table,
    opening: Arc<Opening>,
    notarization: Notarization,
    keys: Arc<KeyStore>,
    reporter: impl StageReporter + 'static,
) -> Result<Result<DataCheck, DataMismatch>, LedgerError> {
    work::run(Arc::new(reporter), move |work| check(&table, &opening, &notarization, &keys, work)).await
}

impl Dataset {
    /// Whether `table` is the notarized one, as [`check_data`] finds out with this version's own opening.
    ///
    /// # Errors
    /// As [`check_data`] and [`Dataset::opening`].
    pub async fn check(
        &self,
        table: Table,
        reporter: impl StageReporter + 'static,
    ) -> Result<Result<DataCheck, DataMismatch>, LedgerError> {
        let (secrets, notarization) = (self.secrets().await?, self.notarization().clone());
        let keys = Arc::clone(&self.ledger().keys);
        work::run(Arc::new(reporter), move |work| check(&table, &secrets.opening, &notarization, &keys, work)).await
    }
}

fn check(
    table: &Table,
    opening: &Opening,
    notarization: &Notarization,
    keys: &KeyStore,
    work: &Work,
) -> Result<Result<DataCheck, DataMismatch>, LedgerError> {
    if opening.dataset_id != notarization.dataset_id {
        return Ok(Err(DataMismatch::Opening));
    }
    let is_notarized =
        |digests| FileEvidence::new(notarization.privacy, digests, &opening.file_salt()) == notarization.file;
    let (scanned, profile, root) = match read_again(table, opening, notarization, keys, work) {
        Ok(read) => read,
        // Other bytes need not be a table at all.
        Err(error @ LedgerError::Dataset(_)) => {
            let (_, digests) = table.source().digests()?;
            return if is_notarized(&digests) { Err(error) } else { Ok(Err(DataMismatch::Digests)) };
        }
        Err(error) => return Err(error),
    };
    let covered = notarization.covers.is_none_or(|rule| rule == scanned.digest_rule);
    if !covered || !is_notarized(&scanned.digests) {
        return Ok(Err(DataMismatch::Digests));
    }
    let manifest = Manifest::new(scanned.layout.clone(), scanned.notes.clone());
    if ![manifest.digest()?, manifest.without_reading().digest()?].contains(&notarization.manifest) {
        return Ok(Err(DataMismatch::Layout));
    }
    let seal = Seal::new(&scanned.layout, &profile, &opening.seed)?;
    if seal.commitment() != notarization.seal {
        return Ok(Err(DataMismatch::Profile));
    }
    if root != notarization.scan.as_ref().map(|record| record.commitments) {
        return Ok(Err(DataMismatch::Commitments));
    }
    Ok(Ok(DataCheck { rows: scanned.layout.rows() }))
}

/// What is found, the profile and, when the notarization has a scan proof, the dataset commitment.
fn read_again(
    table: &Table,
    opening: &Opening,
    notarization: &Notarization,
    keys: &KeyStore,
    work: &Work,
) -> Result<(Scanned, Profile, Option<Sha256Digest>), LedgerError> {
    let mut progress = work;
    let (scan, key) = (opening.scan_again(table), dictionary_key(&opening.seed));
    if let Some(record) = &notarization.scan {
        let seed = commitment_seed(&opening.seed);
        let (scanned, committed) =
            commit_again(keys, record.srs, &seed, work, |sink| scan.run_with_sink(&key, &mut progress, sink))?;
        return Ok((scanned, committed.profile, Some(committed.commitment_root)));
    }
    let mut sums = ProfileSink::default();
    let scanned = scan.run_with_sink(&key, &mut progress, &mut sums)?;
    let profile = sums.finish(&scanned.layout).ok_or(LedgerError::NoRows)?;
    Ok((scanned, profile, None))
}
