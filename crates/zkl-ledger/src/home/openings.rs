//! Turning the encryption of a ledger's openings on and off.
//!
//! The settings change first, so that whatever is written meanwhile is written the new way; then one opening after another is
//! replaced in its place. Interrupted, it can be repeated, and everything stays readable on the way.

use std::{
    fs,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use zeroize::Zeroizing;

use super::LedgerHome;
use crate::{
    error::LedgerError,
    files::write_private_file,
    opening::{MAX_OPENING_LEN, OpeningStore},
    vault::{EncryptedVault, OpeningIdentity, OpeningKey, OpeningKeyError, OpeningRecipient, Passphrase, is_encrypted},
};

/// What was done with the openings of a ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConvertedOpenings {
    /// What openings are encrypted to; for [`LedgerHome::decrypt_openings`], none.
    pub recipient: Option<OpeningRecipient>,
    /// Openings that were replaced.
    pub converted: u64,
    /// Openings that were that way already.
    pub already: u64,
    /// Files beside the openings that are none, and were left alone: what an interrupted write left may hold secrets.
    pub others: Vec<PathBuf>,
}

impl LedgerHome {
    /// The file that holds the key of the openings, encrypted to a passphrase.
    pub fn wrapped_key_path(&self) -> PathBuf {
        self.dir().join("openings-key.age")
    }

    /// The openings as a vault that reads encrypted ones with `key`, and writes them as the settings say.
    ///
    /// # Errors
    /// [`LedgerError::Io`]. A key that is wrong shows when an opening is read.
    pub fn vault(&self, key: Option<OpeningKey>) -> Result<EncryptedVault<OpeningStore>, LedgerError> {
        let vault = EncryptedVault::new(self.openings());
        let vault = match self.recipient() {
            Some(recipient) => vault.encrypting_to(recipient.clone()),
            None => vault,
        };
        Ok(match key {
            None => vault,
            Some(OpeningKey::Identity(identity)) => vault.opened_by(identity),
            Some(OpeningKey::Passphrase(passphrase)) => vault.opened_by_passphrase(self.wrapped_key()?, passphrase),
        })
    }

    /// Encrypts openings from now on, and those that there are. A passphrase opens the key in
    /// [`wrapped_key_path`](Self::wrapped_key_path), or gets a new one there.
    ///
    /// # Errors
    /// [`LedgerError::OpeningKey`], with [`OpeningKeyError::NotTheLedgers`] when the ledger encrypts to another key;
    /// [`LedgerError::Io`]; [`LedgerError::Settings`].
    pub fn encrypt_openings(&mut self, key: &OpeningKey) -> Result<ConvertedOpenings, LedgerError> {
        let identity = self.identity_or_new(key)?;
        let recipient = identity.recipient();
        match self.recipient() {
            Some(expected) => expect(expected, &identity)?,
            None => self.set_recipient(Some(recipient.clone()))?,
        }
        let converted = self.convert(|bytes| {
            if is_encrypted(bytes) {
                return Ok(None);
            }
            let envelope = Zeroizing::new(recipient.encrypt(bytes)?);
            // What cannot be opened again must not replace the only copy.
            match *identity.decrypt(&envelope)? == *bytes {
                true => Ok(Some(envelope)),
                false => Err(OpeningKeyError::OtherKey),
            }
        })?;
        Ok(ConvertedOpenings { recipient: Some(recipient.clone()), ..converted })
    }

    /// Keeps openings in the clear from now on, and decrypts those that there are. The encrypted key stays: older copies of the
    /// directory need it.
    ///
    /// # Errors
    /// As [`LedgerHome::encrypt_openings`].
    pub fn decrypt_openings(&mut self, key: &OpeningKey) -> Result<ConvertedOpenings, LedgerError> {
        let identity = self.opening_identity(key)?;
        if let Some(recipient) = self.recipient() {
            expect(recipient, &identity)?;
        }
        self.set_recipient(None)?;
        self.convert(|bytes| if is_encrypted(bytes) { identity.decrypt(bytes).map(Some) } else { Ok(None) })
    }

    /// How many openings are kept in the clear, and how many encrypted.
    ///
    /// # Errors
    /// [`LedgerError::Io`].
    pub fn count_openings(&self) -> Result<(u64, u64), LedgerError> {
        let (mut plain, mut encrypted) = (0, 0);
        for path in files(self.openings().dir())?.into_iter().filter(|path| is_opening(path)) {
            match begins_encrypted(&path).map_err(|source| LedgerError::Io { action: "read", path, source })? {
                true => encrypted += 1,
                false => plain += 1,
            }
        }
        Ok((plain, encrypted))
    }

    /// Encrypts the key in [`wrapped_key_path`](Self::wrapped_key_path) to another passphrase. Copies of the old file still open
    /// with the old one.
    ///
    /// # Errors
    /// As [`LedgerHome::encrypt_openings`].
    pub fn change_passphrase(&self, old: &Passphrase, new: &Passphrase) -> Result<(), LedgerError> {
        let wrapped = self.wrapped_key()?.ok_or(OpeningKeyError::NothingWrapped)?;
        self.write_wrapped(&OpeningIdentity::unwrap(&wrapped, old)?, new)
    }

    /// The identity of `key`; a passphrase without one gets a new one, durably.
    pub(crate) fn identity_or_new(&self, key: &OpeningKey) -> Result<OpeningIdentity, LedgerError> {
        match (key, self.wrapped_key()?, self.recipient()) {
            (OpeningKey::Passphrase(passphrase), None, None) => {
                let identity = OpeningIdentity::generate();
                self.write_wrapped(&identity, passphrase)?;
                Ok(identity)
            }
            _ => self.opening_identity(key),
        }
    }

    /// The identity of `key`: a passphrase opens the one in [`wrapped_key_path`](Self::wrapped_key_path).
    ///
    /// # Errors
    /// [`LedgerError::OpeningKey`], [`LedgerError::Io`].
    pub fn opening_identity(&self, key: &OpeningKey) -> Result<OpeningIdentity, LedgerError> {
        match key {
            OpeningKey::Identity(identity) => Ok(identity.clone()),
            OpeningKey::Passphrase(passphrase) => {
                let wrapped = self.wrapped_key()?.ok_or(OpeningKeyError::NothingWrapped)?;
                Ok(OpeningIdentity::unwrap(&wrapped, passphrase)?)
            }
        }
    }

    fn wrapped_key(&self) -> Result<Option<Vec<u8>>, LedgerError> {
        let path = self.wrapped_key_path();
        match fs::read(&path) {
            Ok(bytes) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(source) => Err(LedgerError::Io { action: "read", path, source }),
        }
    }

    fn write_wrapped(&self, identity: &OpeningIdentity, passphrase: &Passphrase) -> Result<(), LedgerError> {
        let (path, wrapped) = (self.wrapped_key_path(), identity.wrap(passphrase)?);
        write_private_file(&path, &wrapped).map_err(|source| LedgerError::Io { action: "write", path, source })
    }

    fn convert(
        &self,
        change: impl Fn(&[u8]) -> Result<Option<Zeroizing<Vec<u8>>>, OpeningKeyError>,
    ) -> Result<ConvertedOpenings, LedgerError> {
        let mut answer = ConvertedOpenings { recipient: None, converted: 0, already: 0, others: Vec::new() };
        for path in files(self.openings().dir())? {
            if !is_opening(&path) {
                answer.others.push(path);
                continue;
            }
            let failed = |action| {
                let path = path.clone();
                move |source| LedgerError::Io { action, path, source }
            };
            let bytes = Zeroizing::new(fs::read(&path).map_err(failed("read"))?);
            match change(&bytes)? {
                Some(bytes) => {
                    write_private_file(&path, &bytes).map_err(failed("write"))?;
                    answer.converted += 1;
                }
                None => answer.already += 1,
            }
        }
        Ok(answer)
    }
}

fn expect(expected: &OpeningRecipient, identity: &OpeningIdentity) -> Result<(), OpeningKeyError> {
    let got = identity.recipient();
    if *expected == got { Ok(()) } else { Err(OpeningKeyError::NotTheLedgers { expected: expected.clone(), got }) }
}

/// Regular files named `<64 hexadecimal digits>.json`, and not too long. A link is followed nowhere: what it leads to is not the
/// ledger's to replace.
fn is_opening(path: &Path) -> bool {
    let id = path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json"));
    let named = id.is_some_and(|id| id.parse::<zkl_core::digest::DatasetId>().is_ok());
    named && fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.len() <= MAX_OPENING_LEN)
}

fn begins_encrypted(path: &Path) -> io::Result<bool> {
    let mut start = Vec::new();
    fs::File::open(path)?.take(64).read_to_end(&mut start)?;
    Ok(is_encrypted(&start))
}

fn files(dir: &Path) -> Result<Vec<PathBuf>, LedgerError> {
    let failed = |source| LedgerError::Io { action: "read", path: dir.to_owned(), source };
    let entries = match fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut paths =
        entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>().map_err(failed)?;
    paths.sort();
    Ok(paths)
}
