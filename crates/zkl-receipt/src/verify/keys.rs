//! Which keys count, and where they come from.

use std::sync::Arc;

use zkl_argument::srs::SrsVerifierKey;
use zkl_circuits::keys::builtin_keys;
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};
use zkl_snark::{
    keys::Setup,
    proof_system::{ProofSystem, VerifyingKey},
};

use super::{TrustAt, VerifyError, decode_base64, trust::DerivedKey};

/// A key that an entry names for a circuit.
pub(crate) struct NamedKey<'a> {
    pub(crate) system: &'static dyn ProofSystem,
    pub(crate) circuit: &'a CircuitId,
    /// Digest in the entry.
    pub(crate) digest: KeyDigest,
    /// The key's bytes in the receipt, in base64.
    pub(crate) text: &'a str,
    /// The circuit, when the verifier has it: built in, called for by a layout, or handed in.
    pub(crate) instance: Option<&'a dyn Circuit>,
    /// Whether a key that is not pinned may be made out of the circuit. A layout is the notary's choice, and so is the work.
    pub(crate) derivable: bool,
}

impl NamedKey<'_> {
    /// The key's bytes, which have the logged digest.
    pub(crate) fn bytes(&self) -> Result<Vec<u8>, VerifyError> {
        let bytes = decode_base64("verifying key", self.text)?;
        let (expected, got) = (self.digest, KeyDigest::of(&bytes));
        if got == expected { Ok(bytes) } else { Err(VerifyError::KeyDigest { expected, got }) }
    }

    /// Whether the caller trusts the key for its circuit, as far as can be told without work; it may remain to be derived. Matrices
    /// are never taken from the receipt, which could name some that anything satisfies.
    pub(crate) fn admitted(&self, trust: TrustAt<'_>) -> Result<AdmittedKey<'_>, VerifyError> {
        let Self { system, circuit, digest, .. } = *self;
        let bytes = self.bytes()?;
        // Also of a key that is built in: a store can end trust in it.
        let listed = trust.trusts_key(circuit, digest)?;
        let pinned = builtin_keys().setup(system, circuit, digest);
        let known = pinned.or_else(|| listed.then_some(Setup::External));
        let read = || system.read_key(&bytes).map_err(VerifyError::Key);
        let untrusted = || VerifyError::KeyNotTrusted { circuit: circuit.clone(), digest };
        if system.derives_keys() {
            // The circuit gives the pinned key and no other.
            if pinned.is_none() && builtin_keys().digest(system, circuit).is_some() {
                return Err(untrusted());
            }
            let instance = self.instance.ok_or_else(|| VerifyError::CircuitUnknown { circuit: circuit.clone() })?;
            if !self.derivable && known.is_none() {
                return Err(untrusted());
            }
            return Ok(AdmittedKey::Derivable { key: self, instance, stated: Some(read()?), known: None });
        }
        // The program knows the dev key of some circuits: another one need not be compared with it again.
        let is_no_dev_key = pinned.is_none() && builtin_keys().digest(system, circuit).is_some();
        match (pinned, self.instance) {
            // A key that is not pinned may be the dev key of the circuit, whether or not the caller trusts its digest.
            (None, Some(instance)) if self.derivable && !is_no_dev_key => {
                let known = known.map(|setup| read().map(|key| (key, setup))).transpose()?;
                Ok(AdmittedKey::Derivable { key: self, instance, stated: None, known })
            }
            // A stranger's key is not read: decoding a long one is work.
            _ => {
                let setup = known.ok_or_else(untrusted)?;
                Ok(AdmittedKey::Known((read()?, setup)))
            }
        }
    }
}

/// A key that nothing cheap speaks against.
pub(crate) enum AdmittedKey<'a> {
    /// It is trusted, and this is what that rests on.
    Known(DerivedKey),
    /// It counts if it is the key that follows from the circuit.
    Derivable {
        key: &'a NamedKey<'a>,
        instance: &'a dyn Circuit,
        /// The key as the receipt states it, which tells how long proofs are.
        stated: Option<Arc<dyn VerifyingKey>>,
        /// What it is otherwise, if the caller trusts it anyhow.
        known: Option<DerivedKey>,
    },
}

impl AdmittedKey<'_> {
    /// The key as it is known before anything is derived: what tells the lengths of proofs.
    pub(crate) fn stated(&self) -> Option<&dyn VerifyingKey> {
        match self {
            Self::Known((key, _)) => Some(key.as_ref()),
            Self::Derivable { stated, .. } => stated.as_deref(),
        }
    }

    /// The key and what it rests on. It may have to be made, which takes up to some seconds.
    pub(crate) fn trusted(self, trust: TrustAt<'_>) -> Result<DerivedKey, VerifyError> {
        match self {
            Self::Known(known) => Ok(known),
            Self::Derivable { key: NamedKey { system, circuit, digest, .. }, instance, known, .. } => {
                let derived = trust.trust.derived_key(*system, instance, *digest).map_err(VerifyError::DerivedKey)?;
                let untrusted = || VerifyError::KeyNotTrusted { circuit: (*circuit).clone(), digest: *digest };
                derived.or(known).ok_or_else(untrusted)
            }
        }
    }
}

/// A reference string that has the logged digest and that the caller trusts, and what that rests on.
pub(crate) fn trusted_srs(srs: &SrsVerifierKey, expected: KeyDigest, trust: TrustAt<'_>) -> Result<Setup, VerifyError> {
    let got = srs.digest();
    if got != expected {
        return Err(VerifyError::SrsDigest { expected, got });
    }
    trust.srs_setup(srs)?.ok_or(VerifyError::SrsNotTrusted { digest: got })
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    use zkl_snark::{
        ark::{
            Fr,
            relations::gr1cs::{ConstraintSystemRef, SynthesisError},
        },
        gadgets::FieldVar,
        proof_system::UNIVERSAL,
    };

    use super::*;
    use crate::{trust_store::Place, verify::Trust};
    use zkl_core::tree::LeafIndex;

    /// The circuit of some claim, as far as its id says, which cannot be synthesized.
    struct Unwritten(CircuitId);

    impl Circuit for Unwritten {
        fn id(&self) -> CircuitId {
            self.0.clone()
        }

        fn public_inputs(&self) -> Vec<Fr> {
            Vec::new()
        }

        fn synthesize(&self, _: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
            Err(SynthesisError::Unsatisfiable)
        }
    }

    /// Something that has a key.
    struct Square;

    impl Circuit for Square {
        fn id(&self) -> CircuitId {
            "example/square@1".parse().unwrap()
        }

        fn public_inputs(&self) -> Vec<Fr> {
            Vec::new()
        }

        fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
            let x = FieldVar::witness(&cs, Some(Fr::from(1)))?;
            FieldVar::enforce_product(&cs, &x, &x, &x)?;
            Ok(())
        }
    }

    #[test]
    fn another_key_than_the_pinned_one_is_refused_without_a_look_at_the_circuit() {
        let refusal = |id: &str| {
            let circuit = Unwritten(id.parse().unwrap());
            let (key, _) = UNIVERSAL.derived_key(&Square).unwrap();
            let (text, digest) = (BASE64_STANDARD.encode(key.as_bytes()), key.digest());
            let (id, instance) = (circuit.id(), Some(&circuit as &dyn Circuit));
            let named = NamedKey { system: UNIVERSAL, circuit: &id, digest, text: &text, instance, derivable: true };
            // Trust in the digest does not help: it cannot be that of the circuit.
            let trust = Trust::default().with_verifying_key(id.clone(), digest);
            let origin = "example.com/log".parse().unwrap();
            let trust = trust.at(Place::of_entry(&origin, LeafIndex(0)));
            named.admitted(trust).and_then(|key| key.trusted(trust)).unwrap_err()
        };
        assert!(matches!(refusal("claim/mean@1"), VerifyError::KeyNotTrusted { .. }));
        assert!(matches!(refusal("example/other@1"), VerifyError::DerivedKey(_)));
    }
}
