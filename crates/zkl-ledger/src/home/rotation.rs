//! The key files of a ledger while its key is being replaced.
//!
//! ```text
//! next.key     the successor, from the beginning of a rotation until it takes its place
//! ledger.key   the log's key
//! former.key   the one before it, during the overlap
//! ```
//!
//! Whatever of them is there signs checkpoints, so a rotation that was interrupted leaves nothing that only one of them signed.

use std::{fs, io, path::PathBuf};

use zkl_merkle::{
    keys::{SigningKey, VerifyingKey},
    note::NoteSigner,
};

use super::{LedgerHome, io_error, read_small_file};
use crate::{error::LedgerError, opening::write_private_file};

impl LedgerHome {
    /// What signs the log's checkpoints: the key of the ledger, and those beside it while it is being replaced.
    ///
    /// # Errors
    /// [`LedgerError::Io`], [`LedgerError::Key`].
    pub(crate) fn log_signer(&self) -> Result<NoteSigner, LedgerError> {
        let mut signer = NoteSigner::new(self.origin().clone(), self.signing_key()?);
        for key in [self.next_key()?, self.former_key()?].into_iter().flatten() {
            signer = signer.with_also(key);
        }
        Ok(signer)
    }

    /// The key that signs beside the ledger's during an overlap.
    ///
    /// # Errors
    /// [`LedgerError::Io`], [`LedgerError::Key`].
    pub fn overlapping_key(&self) -> Result<Option<VerifyingKey>, LedgerError> {
        Ok(self.former_key()?.map(|key| key.verifying_key()))
    }

    /// Ends the overlap after a rotation: the former key signs no more. Says whether there was one.
    ///
    /// # Errors
    /// [`LedgerError::Io`].
    pub fn end_overlap(&self) -> Result<bool, LedgerError> {
        let path = self.former_key_path();
        match fs::remove_file(&path) {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            Err(source) => Err(io_error("remove", &path, source)),
        }
    }

    /// The successor of the ledger's key, made unless a rotation had begun.
    pub(crate) fn successor(&self) -> Result<SigningKey, LedgerError> {
        if let Some(key) = self.next_key()? {
            return Ok(key);
        }
        let (key, path) = (SigningKey::generate()?, self.next_key_path());
        let pem = key.to_pkcs8_pem()?;
        write_private_file(&path, pem.as_bytes()).map_err(|source| io_error("write", &path, source))?;
        Ok(key)
    }

    /// Puts the successor in the place of the ledger's key, which stays beside it.
    pub(crate) fn switch_keys(&self) -> Result<(), LedgerError> {
        let (path, former, next) = (self.key_path(), self.former_key_path(), self.next_key_path());
        let pem = zeroize::Zeroizing::new(read_small_file(&path).map_err(|source| io_error("read", &path, source))?);
        write_private_file(&former, pem.as_bytes()).map_err(|source| io_error("write", &former, source))?;
        fs::rename(&next, &path).map_err(|source| io_error("replace", &path, source))
    }

    fn next_key(&self) -> Result<Option<SigningKey>, LedgerError> {
        key_at(self.next_key_path())
    }

    fn former_key(&self) -> Result<Option<SigningKey>, LedgerError> {
        key_at(self.former_key_path())
    }

    fn next_key_path(&self) -> PathBuf {
        self.dir.join("next.key")
    }

    fn former_key_path(&self) -> PathBuf {
        self.dir.join("former.key")
    }
}

fn key_at(path: PathBuf) -> Result<Option<SigningKey>, LedgerError> {
    match read_small_file(&path) {
        Ok(pem) => Ok(Some(SigningKey::from_pkcs8_pem(&zeroize::Zeroizing::new(pem))?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(io_error("read", &path, source)),
    }
}
