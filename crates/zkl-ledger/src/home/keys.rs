//! The keys of a ledger: where they are, and the public halves that readers need.
//!
//! The public half is a file of its own, which says what it is. It is also what a private key is held to: one that has another
//! public half is refused, wherever it is.

use std::{fs, io, path::PathBuf};

use zkl_merkle::{keys::VerifyingKey, note::NoteVerifier, signer::Signer};
use zkl_signer::{KeyPlace, KeyPlaceError, read_pem};

use super::{LedgerHome, io_error, read_small_file};
use crate::{
    error::LedgerError,
    files::{create_private_dir, write_private_file},
};

/// Whose key it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRole {
    /// Signs checkpoints, and entries where there is no notary.
    Log,
    /// Signs entries.
    Notary,
}

impl KeyRole {
    /// `log` or `notary`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Log => "log",
            Self::Notary => "notary",
        }
    }

    const fn setting(self) -> &'static str {
        match self {
            Self::Log => "log_key",
            Self::Notary => "notary_key",
        }
    }
}

/// What moving a key did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MovedKey {
    /// Where it was.
    pub from: KeyPlace,
    /// Where it is.
    pub to: KeyPlace,
    /// Whether the old file is gone.
    pub removed: bool,
}

impl LedgerHome {
    /// Where the private key is; `None` for a notary that is the log.
    pub const fn key_place(&self, role: KeyRole) -> Option<&KeyPlace> {
        match role {
            KeyRole::Log => Some(&self.log_key),
            KeyRole::Notary => self.notary_key.as_ref(),
        }
    }

    /// The file of the public key.
    pub fn public_key_path(&self, role: KeyRole) -> PathBuf {
        self.dir.join(format!("{}-public.txt", role.name()))
    }

    /// The log's public key. Ledgers of earlier versions have no file of it until they are opened for writing once, and only then is the
    /// private key read.
    ///
    /// # Errors
    /// [`LedgerError::Io`], [`LedgerError::PublicKey`], [`LedgerError::KeyPlace`].
    pub fn log_key(&self) -> Result<NoteVerifier, LedgerError> {
        match self.recorded(KeyRole::Log)? {
            Some(key) => Ok(key.note_verifier(self.origin.clone())),
            None => Ok(self.unrecorded(&self.log_key)?.note_verifier(self.origin.clone())),
        }
    }

    /// The public key of what signs entries.
    ///
    /// # Errors
    /// As [`LedgerHome::log_key`].
    pub fn notary_key(&self) -> Result<VerifyingKey, LedgerError> {
        let Some(place) = &self.notary_key else { return Ok(*self.log_key()?.key()) };
        self.recorded(KeyRole::Notary)?.map_or_else(|| self.unrecorded(place), Ok)
    }

    /// What signs entries, where that is not the log. Blocks while a token works.
    ///
    /// # Errors
    /// As [`LedgerHome::log_signer`].
    pub fn notary_signer(&self) -> Result<Option<Box<dyn Signer>>, LedgerError> {
        let Some(place) = &self.notary_key else { return Ok(None) };
        if let (Some(next), Some(recorded)) = (&self.next_notary_key, self.recorded(KeyRole::Notary)?) {
            // All of a rotation was done but for the settings.
            let next = next.signer(None)?;
            if next.verifying_key() == recorded {
                return Ok(Some(next));
            }
        }
        self.signer(KeyRole::Notary, place).map(Some)
    }

    /// Moves a key to another place: it is put there, signs there, and the settings name the new place, before the old file is
    /// removed. Interrupted before that, the key is in both places, and nothing is lost.
    ///
    /// # Errors
    /// [`LedgerError::KeyStays`] for a key on a token; [`LedgerError::KeyPlace`], [`LedgerError::Io`], [`LedgerError::Settings`].
    pub fn move_key(&mut self, role: KeyRole, to: &KeyPlace, keep: bool) -> Result<MovedKey, LedgerError> {
        let from = self.key_place(role).cloned().ok_or(LedgerError::NoNotary)?;
        let KeyPlace::File(old) = &from else { return Err(LedgerError::KeyStays { place: from.to_string() }) };
        let expected = match self.recorded(role)? {
            Some(key) => key,
            None => read_pem(old)?.verifying_key(),
        };
        let to = to.clone().relative_to(&self.dir);
        let key = read_pem(old)?;
        if key.verifying_key() != expected {
            let place = from.to_string();
            let (expected, got) = (expected.fingerprint(), key.verifying_key().fingerprint());
            return Err(KeyPlaceError::OtherKey { place, expected, got }.into());
        }
        match to.import(&key) {
            // Put there by an attempt that was interrupted, or beforehand: then it must be this key.
            Err(KeyPlaceError::Occupied { .. }) => to.signer(Some(&expected))?,
            other => other?,
        };
        self.record(role, &expected)?;
        self.set(&[(role.setting(), Some(&self.setting_of(&to)))])?;
        match role {
            KeyRole::Log => self.log_key = to.clone(),
            KeyRole::Notary => self.notary_key = Some(to.clone()),
        }
        let removed = !keep && !same_file(&to, old);
        if removed {
            fs::remove_file(old).map_err(|source| io_error("remove", old, source))?;
        }
        Ok(MovedKey { from, to, removed })
    }

    pub(super) fn signer(&self, role: KeyRole, place: &KeyPlace) -> Result<Box<dyn Signer>, LedgerError> {
        Ok(place.signer(self.recorded(role)?.as_ref())?)
    }

    fn unrecorded(&self, place: &KeyPlace) -> Result<VerifyingKey, LedgerError> {
        match place {
            KeyPlace::File(path) => Ok(read_pem(path)?.verifying_key()),
            KeyPlace::Token(_) => {
                let path = self.public_key_path(KeyRole::Log);
                Err(io_error("read", &path, io::ErrorKind::NotFound.into()))
            }
        }
    }

    pub(crate) fn recorded(&self, role: KeyRole) -> Result<Option<VerifyingKey>, LedgerError> {
        let path = self.public_key_path(role);
        let text = match read_small_file(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(io_error("read", &path, source)),
        };
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(LedgerError::PublicKey { path });
        };
        let key = match role {
            KeyRole::Log => {
                line.parse::<NoteVerifier>().ok().filter(|key| *key.name() == self.origin).map(|key| *key.key())
            }
            KeyRole::Notary => line.parse().ok(),
        };
        key.map(Some).ok_or(LedgerError::PublicKey { path })
    }

    pub(crate) fn record(&self, role: KeyRole, key: &VerifyingKey) -> Result<(), LedgerError> {
        let path = self.public_key_path(role);
        let line = match role {
            KeyRole::Log => key.note_verifier(self.origin.clone()).to_string(),
            KeyRole::Notary => key.to_string(),
        };
        let text = format!(
            "# The public key of this ledger's {}. It is no secret: verifiers pin it (zkl verify --trust).\n{line}\n",
            role.name()
        );
        create_private_dir(&self.dir).map_err(|source| io_error("create", &self.dir, source))?;
        write_private_file(&path, text.as_bytes()).map_err(|source| io_error("write", &path, source))
    }
}

/// Whether the new place is the old file under another name.
pub(super) fn same_file(to: &KeyPlace, old: &std::path::Path) -> bool {
    let KeyPlace::File(new) = to else { return false };
    matches!((fs::canonicalize(new), fs::canonicalize(old)), (Ok(new), Ok(old)) if new == old)
}
