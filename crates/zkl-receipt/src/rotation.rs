//! From the key that somebody pinned to the key that a log, or its notary, has now (ADR 21).
//!
//! ```text
//! K0 --entry i0, signed by K0--> K1 --entry i1, signed by K1--> K2        i0 < i1
//! ```
//!
//! # What following shows
//! Each key named the next one, in entries of a tree that the last key signed. Whoever holds a pinned key can name a successor in a
//! tree of their own, as they can sign checkpoints with it: following a key trusts its holder no more than pinning it did.

use zkl_core::tree::LeafIndex;
use zkl_merkle::{
    keys::{Origin, VerifyingKey},
    note::NoteVerifier,
};

use crate::kind::{KeyChange, KeyRecord};

/// A rotation: an entry in which a key names its successor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rotation {
    /// Index of the entry.
    pub index: LeafIndex,
    /// The key that signed it.
    pub old: NoteVerifier,
    /// The key that it names.
    pub new: NoteVerifier,
}

impl Rotation {
    /// The rotation of the log's key that an entry of the log `origin` records, if it does. The entry's signature was checked.
    pub fn of(index: LeafIndex, record: &KeyRecord, origin: &str) -> Option<Self> {
        (record.change == KeyChange::Rotation).then(|| Self::of_any(index, record, origin)).flatten()
    }

    /// As [`Self::of`], for the key of a notary under the log's name.
    pub fn of_notary(index: LeafIndex, record: &KeyRecord, origin: &str) -> Option<Self> {
        (record.change == KeyChange::NotaryRotation).then(|| Self::of_any(index, record, origin)).flatten()
    }

    fn of_any(index: LeafIndex, record: &KeyRecord, origin: &str) -> Option<Self> {
        let own = record.log.as_str() == origin;
        own.then(|| Self { index, old: record.old_verifier(), new: record.new_verifier() })
    }

    /// The rotations that lead to `newest`, the latest first, out of those of one tree in any order. Of several entries that name one
    /// key the first counts: nobody knew the key before it, and anybody whose entries are logged can name it afterwards.
    pub fn leading_to(rotations: &[Self], newest: &NoteVerifier) -> Vec<Self> {
        let mut chain: Vec<Self> = Vec::new();
        loop {
            let (key, before) = chain.last().map_or((newest, None), |step| (&step.old, Some(step.index)));
            let naming = |step: &&Self| step.new == *key && before.is_none_or(|before| step.index < before);
            // Indices go down, so this ends.
            let Some(first) = rotations.iter().filter(naming).min_by_key(|step| step.index) else { return chain };
            chain.push(first.clone());
        }
    }

    /// The rotations by which a log that had the key `from` came to another one, out of those of its tree, which are in the order of the
    /// log. What is signed by a key that the log does not have at that place, as one that was rotated away, changes nothing.
    pub fn path<'a>(rotations: &'a [Self], from: &NoteVerifier) -> Vec<&'a Self> {
        let mut path: Vec<&Self> = Vec::new();
        for step in rotations {
            if step.old == *path.last().map_or(from, |last| &last.new) {
                path.push(step);
            }
        }
        path
    }
}

/// What notaries and the log's keys have named, in the order of the log. Where the log's key signs entries, its rotation is its notary's.
#[derive(Clone, Debug, Default)]
pub struct NotaryRotations {
    notaries: Vec<Rotation>,
    /// Those, and the ones of the log's key.
    all: Vec<Rotation>,
}

impl NotaryRotations {
    /// Adds what an entry of the log `origin` records, after those before it.
    pub fn add(&mut self, index: LeafIndex, record: &KeyRecord, origin: &str) {
        let notary = Rotation::of_notary(index, record, origin);
        self.all.extend(notary.clone().or_else(|| Rotation::of(index, record, origin)));
        self.notaries.extend(notary);
    }

    /// The rotations that led to a notary which signed the entry `index`, the latest first.
    pub fn leading_to(&self, notary: &VerifyingKey, origin: &Origin, index: LeafIndex) -> Vec<Rotation> {
        Rotation::leading_to(self.before(index), &notary.note_verifier(origin.clone()))
    }

    /// The rotation by which a notary ended before the entry `index`.
    pub(crate) fn away_from(&self, notary: &VerifyingKey, index: LeafIndex) -> Option<&Rotation> {
        self.notaries.iter().find(|step| step.old.key() == notary && step.index < index)
    }

    /// The entry in which `listed` begins to lead to `notary`, if it does before the entry `index`.
    pub(crate) fn first_towards(
        &self,
        notary: &VerifyingKey,
        listed: &VerifyingKey,
        origin: &Origin,
        index: LeafIndex,
    ) -> Option<LeafIndex> {
        let path = Rotation::path(self.before(index), &listed.note_verifier(origin.clone()));
        let (first, last) = (path.first()?, path.last()?);
        (last.new.key() == notary).then_some(first.index)
    }

    /// Whether the entries of `earlier` are those of `notary`, which signs the entry `index`: it is the same key, or has led to it before.
    pub fn is_same(&self, earlier: &VerifyingKey, notary: &VerifyingKey, origin: &Origin, index: LeafIndex) -> bool {
        earlier == notary || self.first_towards(notary, earlier, origin, index).is_some()
    }

    fn before(&self, index: LeafIndex) -> &[Rotation] {
        &self.all[..self.all.partition_point(|step| step.index < index)]
    }
}

#[cfg(test)]
mod tests {
    use zkl_merkle::keys::SigningKey;

    use super::*;

    fn key(seed: u8) -> NoteVerifier {
        SigningKey::from_seed(&[seed; 32]).verifying_key().note_verifier("example.com/log".parse().unwrap())
    }

    fn step(index: u64, old: u8, new: u8) -> Rotation {
        Rotation { index: LeafIndex(index), old: key(old), new: key(new) }
    }

    fn indices<'a>(path: impl IntoIterator<Item = &'a Rotation>) -> Vec<u64> {
        path.into_iter().map(|step| step.index.0).collect()
    }

    #[test]
    fn a_chain_leads_from_any_of_its_keys_to_the_last() {
        let rotations = [step(3, 1, 2), step(7, 2, 3)];
        assert_eq!(indices(Rotation::path(&rotations, &key(1))), [3, 7]);
        assert_eq!(indices(Rotation::path(&rotations, &key(2))), [7]);
        assert_eq!(indices(Rotation::path(&rotations, &key(3))), [0; 0]);
        assert_eq!(indices(&Rotation::leading_to(&rotations, &key(3))), [7, 3]);
        assert_eq!(indices(&Rotation::leading_to(&rotations, &key(2))), [3]);
    }

    #[test]
    fn a_key_that_was_rotated_away_names_nobody() {
        // Key 1 names key 2, and whoever finds key 1 afterwards names key 9.
        let rotations = [step(3, 1, 2), step(5, 1, 9), step(7, 2, 3)];
        assert_eq!(indices(Rotation::path(&rotations, &key(1))), [3, 7]);
    }

    #[test]
    fn a_stranger_who_names_the_newest_key_hides_nobody() {
        let rotations = [step(3, 1, 2), step(4, 8, 2), step(7, 2, 3), step(8, 8, 3)];
        assert_eq!(indices(&Rotation::leading_to(&rotations, &key(3))), [7, 3]);
        assert_eq!(indices(Rotation::path(&rotations, &key(1))), [3, 7]);
    }

    #[test]
    fn keys_that_name_one_another_do_not_hold_a_reader_up() {
        let rotations = [step(1, 2, 1), step(2, 1, 2), step(3, 2, 1)];
        assert_eq!(indices(&Rotation::leading_to(&rotations, &key(2))), [2, 1]);
        assert_eq!(indices(Rotation::path(&rotations, &key(1))), [2, 3]);
    }
}
