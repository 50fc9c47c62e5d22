//! Reference strings from a ceremony, for notarizations that are not to rest on the dev string.

use std::{
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

use zkl_argument::srs::import_ptau;
use zkl_core::digest::KeyDigest;
use zkl_snark::keys::{KeyStore, SRS_LOG_POWERS};

use crate::error::LedgerError;

/// A reference string that was imported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedSrs {
    /// What notarizations name it by, and what verifiers trust.
    pub digest: KeyDigest,
    /// Powers that were taken over.
    pub powers: usize,
    /// Where it is kept.
    pub path: PathBuf,
}

/// Imports a `.ptau` file of snarkjs into the directory of keys: every point that is taken over is checked, and that they are
/// consecutive powers of one secret. Blocking: some seconds.
///
/// # Errors
/// [`LedgerError::Io`], [`LedgerError::Ptau`] by the check that fails, [`LedgerError::Keys`].
///
/// # Soundness
/// That the ceremony had an honest contributor is for its transcript to show: `docs/srs.md`.
pub fn import_reference_string(keys: &KeyStore, ptau: &Path) -> Result<ImportedSrs, LedgerError> {
    let open = |source| LedgerError::Io { action: "read", path: ptau.to_owned(), source };
    let reader = BufReader::new(File::open(ptau).map_err(open)?);
    let srs = import_ptau(reader, 1 << SRS_LOG_POWERS)?;
    let path = keys.add_srs(&srs)?;
    Ok(ImportedSrs { digest: srs.digest(), powers: srs.powers().len(), path })
}
