//! A trust store: what a verifier trusts, and the sizes of a log between which it does (ADR 20).
//!
//! What stands in a store counts within its range and nowhere else, whatever else names it. Reading files is for callers: the type
//! deserializes from TOML and from everything else that serde reads.

mod error;
mod range;
mod wire;

use serde::Deserialize;
use zkl_core::{
    circuit::CircuitId,
    digest::KeyDigest,
    tree::{LeafIndex, TreeSize},
};
use zkl_merkle::{
    keys::{Origin, VerifyingKey},
    note::NoteVerifier,
};

use crate::rotation::NotaryRotations;
pub use error::{DistrustError, TrustStoreError};
pub use range::SizeRange;

/// What a verifier trusts. At least one log stands in it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "wire::StoreText")]
pub struct TrustStore {
    logs: Vec<Trusted<NoteVerifier>>,
    notaries: Vec<Trusted<VerifyingKey>>,
    strings: Vec<Trusted<KeyDigest>>,
    circuits: Vec<Trusted<(CircuitId, KeyDigest)>>,
}

/// Something that is trusted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Trusted<T> {
    /// What.
    pub item: T,
    /// In which log; `None` for every log of the store. A log's key is trusted in its own log.
    pub log: Option<Origin>,
    /// At which sizes of the log.
    pub range: SizeRange,
    /// Words for people, which mean nothing.
    pub label: Option<String>,
}

/// What a store says of something, in a log of some size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Nothing.
    Unlisted,
    /// It counts.
    Counts,
    /// It counts at other sizes only.
    Outside(SizeRange),
}

/// A log and one of its sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    pub(crate) origin: &'a Origin,
    pub(crate) size: TreeSize,
}

impl<'a> Place<'a> {
    /// Where an entry entered its log: at the first size that covers it.
    pub(crate) const fn of_entry(origin: &'a Origin, index: LeafIndex) -> Self {
        Self { origin, size: TreeSize(index.0.saturating_add(1)) }
    }
}

impl TrustStore {
    /// The logs, in the order of the store.
    pub fn logs(&self) -> &[Trusted<NoteVerifier>] {
        &self.logs
    }

    /// The entry of a log's key.
    pub fn log(&self, key: &NoteVerifier) -> Option<&Trusted<NoteVerifier>> {
        self.logs.iter().find(|log| log.item == *key)
    }

    /// Checks that a log's key stands in the store and counts for a checkpoint of this size.
    ///
    /// # Errors
    /// [`DistrustError::Log`], [`DistrustError::LogRange`].
    pub fn check_log(&self, key: &NoteVerifier, size: TreeSize) -> Result<(), DistrustError> {
        let range = self.log(key).ok_or_else(|| DistrustError::Log { got: key.to_string() })?.range;
        if range.contains(size) { Ok(()) } else { Err(DistrustError::LogRange { size, range }) }
    }

    /// Checks that a log's key, if it stands in the store, may name a successor in the entry `index`.
    ///
    /// # Errors
    /// [`DistrustError::Ended`] for a key that ends: whoever wrote that down knows the successor. [`DistrustError::LogRange`].
    pub fn check_rotation(&self, key: &NoteVerifier, index: LeafIndex) -> Result<(), DistrustError> {
        match self.log(key) {
            None => Ok(()),
            Some(listed) if listed.range.until().is_some() => Err(DistrustError::Ended { key: key.to_string() }),
            Some(_) => self.check_log(key, Place::of_entry(key.name(), index).size),
        }
    }

    /// Checks that a notary may sign the entry `index` of a log: it stands in the store, or one that does has named it in `rotations`, which
    /// are those of notaries and of the log's key that the log is known to have, in its order. Anybody may sign where the store
    /// names no notary for the log.
    ///
    /// # Errors
    /// [`DistrustError::Notary`], [`DistrustError::NotaryRange`], [`DistrustError::NotaryEnded`], [`DistrustError::NotaryReplaced`].
    pub fn check_notary(
        &self,
        origin: &Origin,
        index: LeafIndex,
        notary: &VerifyingKey,
        rotations: &NotaryRotations,
    ) -> Result<(), DistrustError> {
        if !self.notaries.iter().any(|listed| listed.is_about(origin)) {
            return Ok(());
        }
        let notary = *notary;
        if let Some(step) = rotations.away_from(&notary, index) {
            return Err(DistrustError::NotaryReplaced { index, notary, by: step.index });
        }
        match standing(&self.notaries, &notary, Place::of_entry(origin, index)) {
            Standing::Counts => Ok(()),
            Standing::Outside(range) => Err(DistrustError::NotaryRange { index, notary, range }),
            Standing::Unlisted => self.check_named_notary(origin, index, notary, rotations),
        }
    }

    /// Checks that a listed notary, which does not end, leads to this one.
    fn check_named_notary(
        &self,
        origin: &Origin,
        index: LeafIndex,
        notary: VerifyingKey,
        rotations: &NotaryRotations,
    ) -> Result<(), DistrustError> {
        let mut refused = DistrustError::Notary { index, notary };
        for listed in self.notaries.iter().filter(|listed| listed.is_about(origin)) {
            let Some(first) = rotations.first_towards(&notary, &listed.item, origin, index) else { continue };
            if listed.range.until().is_some() {
                refused = DistrustError::NotaryEnded { index, notary: listed.item };
            } else if listed.range.contains(Place::of_entry(origin, first).size) {
                return Ok(());
            }
        }
        Err(refused)
    }

    /// Whether a reference string stands in the store.
    pub(crate) fn names_string(&self, digest: KeyDigest, place: Place<'_>) -> Result<bool, DistrustError> {
        match standing(&self.strings, &digest, place) {
            Standing::Unlisted => Ok(false),
            Standing::Counts => Ok(true),
            Standing::Outside(range) => Err(DistrustError::StringRange { digest, size: place.size, range }),
        }
    }

    /// Whether a circuit's key stands in the store.
    pub(crate) fn names_circuit(
        &self,
        circuit: &CircuitId,
        key: KeyDigest,
        place: Place<'_>,
    ) -> Result<bool, DistrustError> {
        match standing(&self.circuits, &(circuit.clone(), key), place) {
            Standing::Unlisted => Ok(false),
            Standing::Counts => Ok(true),
            Standing::Outside(range) => {
                Err(DistrustError::CircuitRange { circuit: circuit.clone(), key, size: place.size, range })
            }
        }
    }
}

impl<T> Trusted<T> {
    fn is_about(&self, origin: &Origin) -> bool {
        self.log.as_ref().is_none_or(|log| log == origin)
    }
}

/// An item stands in a store once for each log, or once for all.
fn standing<T: PartialEq>(list: &[Trusted<T>], item: &T, place: Place<'_>) -> Standing {
    match list.iter().find(|trusted| trusted.item == *item && trusted.is_about(place.origin)) {
        None => Standing::Unlisted,
        Some(trusted) if trusted.range.contains(place.size) => Standing::Counts,
        Some(trusted) => Standing::Outside(trusted.range),
    }
}

#[cfg(test)]
mod tests;
