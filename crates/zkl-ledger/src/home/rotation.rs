//! The keys of a directory while others take over (ADR 21). The log's:
//!
//! ```text
//!                log_key  next_log_key  former_log_key  log-public.txt   who signs
//! before         old                                    old              old
//! 1  begin       old      new                           old              old, new
//!    the entry is appended
//! 2  switch      old      new                           new              new, old
//! 3  settle      new                    old             new              new, old
//! overlap ends   new                                    new              new
//! ```
//!
//! A notary's key changes in the same steps, without an overlap: an entry has one signature.
//!
//! Every step is one durable write, every row can be opened and appended to, and a repeated command goes on from any of them. The public
//! file says whose name the log has; all keys sign that the settings name.

use std::fs;

use zkl_merkle::{
    keys::{SigningKey, VerifyingKey},
    note::NoteSigner,
};
use zkl_signer::KeyPlace;

use super::{KeyRole, LedgerHome, io_error, keys::same_file};
use crate::error::LedgerError;

/// How many characters of a fingerprint tell the key files of a directory apart.
const SHORT: usize = 12;

/// What ended an overlap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedOverlap {
    /// Where the former key is, or was.
    pub place: KeyPlace,
    /// Whether its file is gone.
    pub removed: bool,
}

impl LedgerHome {
    /// Where the key is that takes over in a rotation that was interrupted.
    pub const fn next_log_key(&self) -> Option<&KeyPlace> {
        self.next_log_key.as_ref()
    }

    /// Where the log's former key is, while it still signs checkpoints as well.
    pub const fn former_log_key(&self) -> Option<&KeyPlace> {
        self.former_log_key.as_ref()
    }

    /// Lets the former key sign no more. Its file is removed, unless it is to be kept: a key that signs nothing is only there to be
    /// stolen. `None` when no former key signs.
    ///
    /// # Errors
    /// [`LedgerError::RotationUnfinished`], [`LedgerError::Settings`], [`LedgerError::Io`].
    pub fn end_overlap(&mut self, keep: bool) -> Result<Option<EndedOverlap>, LedgerError> {
        if let Some(place) = &self.next_log_key {
            return Err(LedgerError::RotationUnfinished { place: place.to_string() });
        }
        let Some(place) = self.former_log_key.clone() else { return Ok(None) };
        self.set(&[("former_log_key", None)])?;
        self.former_log_key = None;
        let removed = match &place {
            KeyPlace::File(path) if !keep && !same_file(&self.log_key, path) && path.exists() => {
                fs::remove_file(path).map_err(|source| io_error("remove", path, source))?;
                true
            }
            _ => false,
        };
        Ok(Some(EndedOverlap { place, removed }))
    }

    /// Where the notary's key is that takes over in a rotation that was interrupted.
    pub const fn next_notary_key(&self) -> Option<&KeyPlace> {
        self.next_notary_key.as_ref()
    }

    /// Step 1. The key is the one at `place`, or a new one in a file of the directory. Blocks while a token works.
    pub(crate) fn begin_rotation(&mut self, role: KeyRole, place: Option<KeyPlace>) -> Result<(), LedgerError> {
        let (setting, next) = match role {
            KeyRole::Log => ("next_log_key", &self.next_log_key),
            KeyRole::Notary => ("next_notary_key", &self.next_notary_key),
        };
        if let Some(next) = next {
            // Goes on with the key that it was begun with.
            return match place.map(|place| place.relative_to(&self.dir)) {
                Some(place) if place != *next => Err(LedgerError::RotationUnfinished { place: next.to_string() }),
                _ => Ok(()),
            };
        }
        let place = match place {
            Some(place) => place.relative_to(&self.dir),
            None => self.new_key_file(role)?,
        };
        let key = place.signer(None)?.verifying_key();
        // A notary with the log's key would be none.
        if key == *self.log_key()?.key() || key == self.notary_key()? {
            return Err(LedgerError::SameKey);
        }
        self.set(&[(setting, Some(&self.setting_of(&place)))])?;
        match role {
            KeyRole::Log => self.next_log_key = Some(place),
            KeyRole::Notary => self.next_notary_key = Some(place),
        }
        Ok(())
    }

    /// Takes step 1 back.
    pub(crate) fn abandon_rotation(&mut self, role: KeyRole) -> Result<(), LedgerError> {
        let (setting, next) = match role {
            KeyRole::Log => ("next_log_key", &mut self.next_log_key),
            KeyRole::Notary => ("next_notary_key", &mut self.next_notary_key),
        };
        *next = None;
        self.set(&[(setting, None)])
    }

    fn new_key_file(&self, role: KeyRole) -> Result<KeyPlace, LedgerError> {
        let key = SigningKey::generate()?;
        let fingerprint = key.verifying_key().fingerprint().to_string();
        let place = KeyPlace::File(self.dir.join(format!("{}-{}.key", role.name(), &fingerprint[..SHORT])));
        place.import(&key)?;
        Ok(place)
    }

    /// Steps 2 and 3: the log has this key, which its former key has named.
    pub(crate) fn finish_rotation(&mut self, new: &VerifyingKey) -> Result<(), LedgerError> {
        self.record(KeyRole::Log, new)?;
        let Some(next) = self.next_log_key.take() else { return Ok(()) };
        let former = std::mem::replace(&mut self.log_key, next);
        let (log_key, former_key) = (self.setting_of(&self.log_key), self.setting_of(&former));
        self.set(&[("log_key", Some(&log_key)), ("former_log_key", Some(&former_key)), ("next_log_key", None)])?;
        self.former_log_key = Some(former);
        Ok(())
    }

    /// The last steps for a notary: from now on its new key signs. Returns where the old one is.
    pub(crate) fn finish_notary_rotation(&mut self, new: &VerifyingKey) -> Result<Option<KeyPlace>, LedgerError> {
        self.record(KeyRole::Notary, new)?;
        let Some(next) = self.next_notary_key.take() else { return Ok(None) };
        let former = self.notary_key.replace(next.clone());
        self.set(&[("notary_key", Some(&self.setting_of(&next))), ("next_notary_key", None)])?;
        Ok(former)
    }

    /// What signs checkpoints: the log's key, which is the one of the public file, and during a rotation another one as well. Blocks while a
    /// token works.
    ///
    /// # Errors
    /// [`LedgerError::KeyPlace`], also when the key is not the one of the public file; [`LedgerError::Io`].
    pub fn log_signer(&self) -> Result<NoteSigner, LedgerError> {
        let signer = |key| NoteSigner::new(self.origin.clone(), key);
        let Some(other) = self.next_log_key.as_ref().or(self.former_log_key.as_ref()) else {
            return Ok(signer(self.signer(KeyRole::Log, &self.log_key)?));
        };
        let (first, second) = (self.log_key.signer(None)?, other.signer(None)?);
        Ok(match self.recorded(KeyRole::Log)? {
            // Between steps 2 and 3 the log's key is still in the second place.
            Some(key) if key == second.verifying_key() => signer(second).with_also(first),
            // As without an overlap: whatever the key is, if it is not the one of the public file, this is the error for it.
            Some(key) if key != first.verifying_key() => signer(self.log_key.signer(Some(&key))?).with_also(second),
            _ => signer(first).with_also(second),
        })
    }
}
