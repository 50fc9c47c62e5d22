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

use super::{TrustAt, VerifyError, decode_base64};

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

    /// The key, if the caller trusts it for its circuit, and what that rests on. A key that is not pinned may be the one that follows
    /// from the circuit alone, and then is that, whether or not the caller trusts its digest. Matrices are never taken from the receipt,
    /// which could name some that anything satisfies.
    pub(crate) fn trusted(&self, trust: TrustAt<'_>) -> Result<(Arc<dyn VerifyingKey>, Setup), VerifyError> {
        let Self { system, circuit, digest, .. } = *self;
        let bytes = self.bytes()?;
        // Also of a key that is built in: a store can end trust in it.
        let listed = trust.trusts_key(circuit, digest)?;
        let read = system.read_key(&bytes);
        let pinned = builtin_keys().setup(system, circuit, digest);
        if let (Some(setup), Ok(Some(key))) = (pinned, &read) {
            return Ok((Arc::clone(key), setup));
        }
        let known = pinned.or_else(|| listed.then_some(Setup::External));
        let is_derived = matches!(read, Ok(None));
        // The circuit gives the pinned key and no other: whoever names another one is refused before it is made.
        if is_derived && pinned.is_none() && builtin_keys().digest(system, circuit).is_some() {
            return Err(VerifyError::KeyNotTrusted { circuit: circuit.clone(), digest });
        }
        if let Some(instance) = self.instance
            && (self.derivable || is_derived && known.is_some())
        {
            let (key, setup) = trust.trust.derived_key(system, instance).map_err(VerifyError::DerivedKey)?;
            if key.digest() == digest {
                return Ok((key, setup));
            }
        }
        match (known, read) {
            (Some(setup), Ok(Some(key))) => Ok((key, setup)),
            (Some(_), Err(error)) => Err(VerifyError::Key(error)),
            (_, Ok(None)) if self.instance.is_none() => Err(VerifyError::CircuitUnknown { circuit: circuit.clone() }),
            _ => Err(VerifyError::KeyNotTrusted { circuit: circuit.clone(), digest }),
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

    #[test]
    fn another_key_than_the_pinned_one_is_refused_without_a_look_at_the_circuit() {
        let refusal = |id: &str| {
            let circuit = Unwritten(id.parse().unwrap());
            let (text, digest) = (BASE64_STANDARD.encode("a key"), KeyDigest::of(b"a key"));
            let (id, instance) = (circuit.id(), Some(&circuit as &dyn Circuit));
            let named = NamedKey { system: UNIVERSAL, circuit: &id, digest, text: &text, instance, derivable: true };
            // Trust in the digest does not help: it cannot be that of the circuit.
            let trust = Trust::default().with_verifying_key(id.clone(), digest);
            named.trusted(trust.at(Place::of_entry(&"example.com/log".parse().unwrap(), LeafIndex(0)))).unwrap_err()
        };
        assert!(matches!(refusal("claim/mean@1"), VerifyError::KeyNotTrusted { .. }));
        assert!(matches!(refusal("example/other@1"), VerifyError::DerivedKey(_)));
    }
}
