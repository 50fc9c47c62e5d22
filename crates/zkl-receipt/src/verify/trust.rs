//! What a verifier trusts before it sees a receipt.

use std::{
    collections::BTreeSet,
    fmt,
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
};

use thiserror::Error;
use zkl_argument::srs::SrsVerifierKey;
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};
use zkl_merkle::{note::NoteVerifier, policy::Policy};
use zkl_snark::{
    keys::{KeyError, Setup, builtin_srs_setup, srs_setup},
    proof_system::{ProofSystem, VerifyingKey},
};

use crate::rotation::Rotation;
use crate::trust_store::{DistrustError, Place, TrustStore};

/// A key that anybody can make out of its circuit, and how it is made.
pub(crate) type DerivedKey = (Arc<dyn VerifyingKey>, Setup);

/// Which key it is: name of the proof system, description of the circuit.
type KeyPlace = (&'static str, String);

/// Derived keys that are kept: a receipt about a table needs fewer than ten. Each may take tens of megabytes.
const KEPT_KEYS: usize = 16;

/// Pinned keys. By default no log is pinned, and the built-in verifying keys are trusted.
#[derive(Clone, Default)]
pub struct Trust {
    logs: Vec<NoteVerifier>,
    keys: BTreeSet<(CircuitId, KeyDigest)>,
    srs: BTreeSet<KeyDigest>,
    policy: Option<Policy>,
    store: Option<Arc<TrustStore>>,
    circuits: Vec<Arc<dyn Circuit>>,
    /// Keys that this process made out of circuits, shared by clones that know the same circuits: no file and no receipt had a say in
    /// them. The last used one is at the end.
    derived: Arc<Mutex<Vec<(KeyPlace, DerivedKey)>>>,
}

/// A text that is no key to trust.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("expected a log key (origin+hash+base64), vk:CIRCUIT:DIGEST or srs:DIGEST")]
pub struct TrustParseError;

impl Trust {
    /// Trusts `log`; receipts of logs that are not trusted are refused from then on.
    #[must_use]
    pub fn with_log(mut self, log: NoteVerifier) -> Self {
        self.logs.push(log);
        self
    }

    /// Trusts a verifying key that is not built in, as an embedder's or one from a ceremony, for one circuit. Trust in a
    /// key is always trust in it for a circuit: the key of an embedder's circuit must not pass for that of a claim.
    #[must_use]
    pub fn with_verifying_key(mut self, circuit: CircuitId, digest: KeyDigest) -> Self {
        self.keys.insert((circuit, digest));
        self
    }

    /// Trusts a reference string that is not built in: the digest is that of its verifier's part, kind of set-up included.
    #[must_use]
    pub fn with_srs(mut self, digest: KeyDigest) -> Self {
        self.srs.insert(digest);
        self
    }

    /// Knows an embedder's circuit, and with it the key that follows from its constraints. A blank instance will do.
    #[must_use]
    pub fn with_circuit(mut self, circuit: impl Circuit + 'static) -> Self {
        self.circuits.push(Arc::new(circuit));
        // Another clone may know another circuit by this id.
        self.derived = Arc::default();
        self
    }

    /// Demands that checkpoints satisfy `policy`, and trusts the logs that it lists.
    #[must_use]
    pub fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = Some(policy);
        self
    }

    /// Trusts what a store names, where it counts there; and limits what stands in it to that, whatever else names it.
    #[must_use]
    pub fn with_trust_store(mut self, store: TrustStore) -> Self {
        self.store = Some(Arc::new(store));
        self
    }

    /// Trusts what `text` names: a log key, a verifying key as `vk:CIRCUIT:DIGEST`, or a reference string as `srs:DIGEST`.
    ///
    /// # Errors
    /// [`TrustParseError`].
    pub fn with_text(self, text: &str) -> Result<Self, TrustParseError> {
        if let Some(key) = text.strip_prefix("vk:") {
            let (circuit, digest) = key.rsplit_once(':').ok_or(TrustParseError)?;
            let circuit = circuit.parse().map_err(|_| TrustParseError)?;
            let digest = digest.parse().map_err(|_| TrustParseError)?;
            return Ok(self.with_verifying_key(circuit, digest));
        }
        if let Some(digest) = text.strip_prefix("srs:") {
            return Ok(self.with_srs(digest.parse().map_err(|_| TrustParseError)?));
        }
        NoteVerifier::from_str(text).map(|log| self.with_log(log)).map_err(|_| TrustParseError)
    }

    /// Whether `log` is pinned, by itself, by the policy or by the store, or `None` when no log is.
    pub(crate) fn pins(&self, log: &NoteVerifier) -> Option<bool> {
        let mut pinned = self.pinned().peekable();
        pinned.peek()?;
        Some(pinned.any(|pinned| pinned == log))
    }

    /// The pinned key from which rotations of the log's tree lead to `log`, if there is one.
    ///
    /// # Errors
    /// [`DistrustError`] when the store does not let a key name the next one.
    pub(crate) fn follows(
        &self,
        rotations: &[Rotation],
        log: &NoteVerifier,
    ) -> Result<Option<&NoteVerifier>, DistrustError> {
        let mut distrusted = None;
        for pinned in self.pinned() {
            let path = Rotation::path(rotations, pinned);
            if path.last().is_none_or(|last| last.new != *log) {
                continue;
            }
            let mut steps = path.iter();
            let store = self.store();
            match steps.try_for_each(|step| store.map_or(Ok(()), |store| store.check_rotation(&step.old, step.index))) {
                Ok(()) => return Ok(Some(pinned)),
                Err(error) => distrusted = Some(error),
            }
        }
        distrusted.map_or(Ok(None), Err)
    }

    fn pinned(&self) -> impl Iterator<Item = &NoteVerifier> {
        let listed = self.policy.iter().flat_map(Policy::logs).map(|listed| &listed.key);
        let stored = self.store.iter().flat_map(|store| store.logs()).map(|stored| &stored.item);
        self.logs.iter().chain(listed).chain(stored)
    }

    /// The caller's trust store.
    pub(crate) fn store(&self) -> Option<&TrustStore> {
        self.store.as_deref()
    }

    pub(crate) const fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// What the caller trusts at one place of a log.
    pub(crate) const fn at<'a>(&'a self, place: Place<'a>) -> TrustAt<'a> {
        TrustAt { trust: self, place }
    }

    /// The circuit with this id that the caller handed in.
    pub(crate) fn circuit(&self, id: &CircuitId) -> Option<&dyn Circuit> {
        self.circuits.iter().find(|circuit| circuit.id() == *id).map(AsRef::as_ref)
    }

    /// The key that follows from `circuit`, if it has this digest. Some are kept, so that many receipts about the same circuits
    /// are verified faster; what a receipt only claims to be the key is not among them.
    pub(crate) fn derived_key(
        &self,
        system: &'static dyn ProofSystem,
        circuit: &dyn Circuit,
        digest: KeyDigest,
    ) -> Result<Option<DerivedKey>, KeyError> {
        let place = (system.name(), circuit.description());
        let derived = || self.derived.lock().unwrap_or_else(PoisonError::into_inner);
        let take = |kept: &mut Vec<_>| {
            let at = kept.iter().position(|(of, _)| *of == place)?;
            let found: (_, DerivedKey) = kept.remove(at);
            kept.push(found.clone());
            Some(found.1)
        };
        let found = take(&mut derived());
        let key = match found {
            Some(key) => key,
            None => system.derived_key(circuit)?,
        };
        if key.0.digest() != digest {
            return Ok(None);
        }
        let mut kept = derived();
        if take(&mut kept).is_none() {
            if kept.len() == KEPT_KEYS {
                kept.remove(0);
            }
            kept.push((place.clone(), key.clone()));
        }
        Ok(Some(key))
    }

    #[cfg(test)]
    pub(crate) fn kept_keys(&self) -> usize {
        self.derived.lock().unwrap_or_else(PoisonError::into_inner).len()
    }
}

/// What a caller trusts at one place of a log: where an entry entered it.
#[derive(Clone, Copy)]
pub(crate) struct TrustAt<'a> {
    pub(crate) trust: &'a Trust,
    place: Place<'a>,
}

impl TrustAt<'_> {
    /// Whether the caller trusts this key for this circuit. A store that has it count elsewhere speaks of built-in keys as well.
    pub(crate) fn trusts_key(&self, circuit: &CircuitId, digest: KeyDigest) -> Result<bool, DistrustError> {
        let stored = self.store().map(|store| store.names_circuit(circuit, digest, self.place)).transpose()?;
        Ok(stored == Some(true) || self.trust.keys.contains(&(circuit.clone(), digest)))
    }

    /// Where a trusted reference string comes from, or `None` for one that is not trusted. A string says itself that it is a
    /// dev string: whoever trusts its digest may not know.
    pub(crate) fn srs_setup(&self, string: &SrsVerifierKey) -> Result<Option<Setup>, DistrustError> {
        let digest = string.digest();
        let stored = self.store().map(|store| store.names_string(digest, self.place)).transpose()?;
        let listed = stored == Some(true) || self.trust.srs.contains(&digest);
        Ok(builtin_srs_setup(digest).or_else(|| listed.then_some(srs_setup(string))))
    }

    fn store(&self) -> Option<&TrustStore> {
        self.trust.store.as_deref()
    }
}

impl fmt::Debug for Trust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { logs, keys, srs, policy, store, circuits, .. } = self;
        let circuits: Vec<CircuitId> = circuits.iter().map(Circuit::id).collect();
        f.debug_struct("Trust")
            .field("logs", logs)
            .field("keys", keys)
            .field("srs", srs)
            .field("policy", policy)
            .field("store", store)
            .field("circuits", &circuits)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use zkl_argument::srs::Srs;

    use super::*;
    use zkl_core::tree::LeafIndex;

    #[test]
    fn a_dev_string_that_is_trusted_by_digest_is_still_a_dev_string() {
        let string = Srs::dev(16, b"a string that nobody pins").unwrap();
        let origin = "example.com/log".parse().unwrap();
        let place = Place::of_entry(&origin, LeafIndex(0));
        let setup = |trust: Trust| trust.at(place).srs_setup(string.verifier_key()).unwrap();
        assert_eq!(setup(Trust::default()), None);
        assert_eq!(setup(Trust::default().with_srs(string.digest())), Some(Setup::Dev));
    }
}
