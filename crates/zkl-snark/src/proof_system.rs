//! What the rest of the project needs from a proof system.

use zkl_core::circuit::Circuit;

use crate::{
    ark::Fr,
    groth16::{ProveError, VerifyError},
};

/// A proof system with one set-up per circuit. Every [`Circuit`] proves with every implementation, as each of them runs
/// [`zkl_core::circuit::Synthesizer`].
pub trait ProofSystem: Send + Sync {
    /// What a prover needs.
    type ProvingKey;
    /// What a verifier needs.
    type VerifyingKey;
    /// A proof.
    type Proof;

    /// Name of the scheme, as it is written into receipts.
    fn name(&self) -> &'static str;

    /// Makes keys for the constraints of `circuit`; its assignment is not read. Whoever knows `seed` can forge proofs for
    /// these keys.
    ///
    /// # Errors
    /// [`ProveError::Synthesis`].
    fn danger_setup_from_seed(
        &self,
        circuit: &dyn Circuit,
        seed: [u8; 32],
    ) -> Result<(Self::ProvingKey, Self::VerifyingKey), ProveError>;

    /// Proves `circuit` with fresh randomness of the operating system and verifies the result.
    ///
    /// # Errors
    /// [`ProveError`]; an assignment that violates a constraint never leads to a proof.
    fn prove(&self, key: &Self::ProvingKey, circuit: &dyn Circuit) -> Result<Self::Proof, ProveError>;

    /// Verifies `proof` for `public_inputs`.
    ///
    /// # Soundness
    /// Says nothing about where `key` came from: see [`PinnedKeys`](crate::keys::PinnedKeys).
    ///
    /// # Errors
    /// [`VerifyError`].
    fn verify(&self, key: &Self::VerifyingKey, public_inputs: &[Fr], proof: &Self::Proof) -> Result<(), VerifyError>;
}
