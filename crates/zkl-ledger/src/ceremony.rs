//! Keys of single circuits from ceremonies, for compact proofs (`docs/ceremony.md`).

use std::{fs, path::Path};

use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};
use zkl_snark::{keys::KeyStore, proof_system::COMPACT};

use crate::error::LedgerError;

/// A key that was taken into the directory of keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedKey {
    /// The circuit that it proves.
    pub circuit: CircuitId,
    /// What entries name it by, and what verifiers trust.
    pub digest: KeyDigest,
}

/// Takes the key of `circuit`, whose assignment is not read, from a `.zkey` file of snarkjs into the directory of keys, where it replaces
/// an earlier one. Blocking: a minute for the largest circuits.
///
/// # Errors
/// [`LedgerError::Io`]; [`LedgerError::ImportKey`] by the check that fails: the file is no key, it is for another circuit, or a point is invalid.
///
/// # Soundness
/// Whether the ceremony was honest, and for this circuit, is for its transcript to show (`snarkjs zkey verify`). Everybody who verifies trusts the
/// digest, or refuses the proofs.
pub fn import(keys: &KeyStore, circuit: &dyn Circuit, zkey: &Path) -> Result<ImportedKey, LedgerError> {
    let bytes = fs::read(zkey).map_err(|source| LedgerError::Io { action: "read", path: zkey.to_owned(), source })?;
    let key = keys.import_key(COMPACT, circuit, &bytes)?;
    Ok(ImportedKey { circuit: key.id().clone(), digest: key.verifying().digest() })
}
