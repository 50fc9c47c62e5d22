//! Universal proofs behind the contract of proof systems.

use std::sync::Arc;

use zkl_argument::{
    commit::RowGroups,
    hyperkzg::Mask,
    srs::{Srs, SrsVerifierKey},
};
use zkl_core::{
    circuit::{Circuit, CircuitId},
    digest::KeyDigest,
};

use super::{Proof, Prover, VerifyingKey, stated::StatedKey};
use crate::{
    ark::Fr,
    keys::{KeyError, KeyEvent, KeyStore, Setup},
    matrices::Matrices,
    proof_system::{self, KeyDecodeError, Link, Linked, ProofSystem, ProveError, VerifyError},
    random::fresh_rng,
};

/// Proofs of every circuit under one reference string.
#[derive(Clone, Copy, Debug, Default)]
pub struct Universal;

/// What marks its proofs.
const TAG: u8 = 1;

impl ProofSystem for Universal {
    fn name(&self) -> &'static str {
        "universal"
    }

    fn tag(&self) -> Option<u8> {
        Some(TAG)
    }

    fn needs_srs(&self) -> bool {
        true
    }

    fn proving_key(
        &self,
        circuit: &dyn Circuit,
        store: &KeyStore,
        _progress: &dyn Fn(KeyEvent<'_>),
    ) -> Result<Arc<dyn proof_system::ProvingKey>, KeyError> {
        let id = circuit.id();
        let key = key_of(circuit)?;
        match store.pinned().digest(self, &id) {
            Some(pinned) if pinned != key.digest() => Err(KeyError::NotPinned { circuit: id }),
            _ => {
                Ok(Arc::new(UniversalKey { key, prove: |prover, key, circuit, link| prover.prove(key, circuit, link) }))
            }
        }
    }

    fn derives_keys(&self) -> bool {
        true
    }

    /// The bytes name matrices by their digest, and only whoever has the circuit has them.
    fn read_key(&self, bytes: &[u8]) -> Result<Arc<dyn proof_system::VerifyingKey>, KeyDecodeError> {
        StatedKey::from_bytes(bytes).map(|key| Arc::new(key) as _).map_err(|error| KeyDecodeError(Box::new(error)))
    }

    fn derived_key(&self, circuit: &dyn Circuit) -> Result<(Arc<dyn proof_system::VerifyingKey>, Setup), KeyError> {
        // There is no setup that anybody could have cheated in.
        Ok((Arc::new(key_of(circuit)?), Setup::Ceremony))
    }
}

fn key_of(circuit: &dyn Circuit) -> Result<VerifyingKey, KeyError> {
    VerifyingKey::of(circuit, circuit.is_linked())
        .map_err(|source| KeyError::Matrices { circuit: circuit.id(), source: Box::new(source) })
}

/// Prover and verifier have the same key.
struct UniversalKey {
    key: VerifyingKey,
    prove: Prove,
}

/// What makes proofs under a key: an honest [`Prover`], or one of a test.
type Prove = fn(&Prover<'_>, &VerifyingKey, &dyn Circuit, Option<Link>) -> Result<Proof, ProveError>;

/// The key of a prover who proves what is false as well, for tests of what a verifier does.
#[cfg(feature = "testing")]
pub(crate) fn forced_key(circuit: &dyn Circuit) -> Result<impl proof_system::ProvingKey + use<>, KeyError> {
    Ok(UniversalKey { key: key_of(circuit)?, prove: |prover, key, circuit, link| prover.force(key, circuit, link) })
}

impl proof_system::ProvingKey for UniversalKey {
    fn id(&self) -> &CircuitId {
        self.key.id()
    }

    fn setup(&self) -> Setup {
        Setup::Ceremony
    }

    fn verifying(&self) -> &dyn proof_system::VerifyingKey {
        &self.key
    }

    /// One random entry hides the value; the opening has a mask of its own.
    fn mask(&self, groups: RowGroups) -> Result<Mask, ProveError> {
        Ok(Mask::sample_first(groups, &mut fresh_rng().map_err(ProveError::Entropy)?))
    }

    fn prove(&self, circuit: &dyn Circuit, srs: Option<&Srs>, link: Option<Link>) -> Result<Vec<u8>, ProveError> {
        let srs = srs.ok_or(ProveError::SrsMissing)?;
        Ok((self.prove)(&Prover::new(srs), &self.key, circuit, link)?.to_bytes())
    }
}

impl proof_system::VerifyingKey for VerifyingKey {
    fn system(&self) -> &'static dyn ProofSystem {
        &Universal
    }

    fn as_bytes(&self) -> &[u8] {
        self.as_bytes()
    }

    fn digest(&self) -> KeyDigest {
        self.digest()
    }

    fn matrices(&self) -> Option<&Matrices> {
        Some(self.matrices())
    }

    fn proof_len(&self, link: Option<usize>) -> Result<usize, VerifyError> {
        Ok(self.sizes(link)?.proof_bytes())
    }

    fn verify(
        &self,
        x: &[Fr],
        srs: Option<&SrsVerifierKey>,
        link: Option<&Linked>,
        proof: &[u8],
    ) -> Result<(), VerifyError> {
        let srs = srs.ok_or(VerifyError::SrsMissing)?;
        let sizes = self.sizes(link.map(|link| link.point().len()))?;
        let proof = Proof::from_bytes(&sizes, proof)?;
        self.verify(srs, x, link, &proof)
    }
}
