//! The circuit contract: anything that can be proved and put on the ledger, the embedder's own circuits included.

use std::fmt;

use crate::ark::{
    Fr,
    relations::gr1cs::{ConstraintSynthesizer, ConstraintSystemRef, SynthesisError},
};
pub use crate::circuit_id::CircuitId;

/// A constraint system over the scalar field of BN254 together with one assignment to it.
pub trait Circuit: Send + Sync {
    /// Which constraint system this is.
    fn id(&self) -> CircuitId;

    /// A text that no other constraint system has: the id, unless that shortens what it stands for, so that who tries long enough finds two circuits
    /// with one id. Keys are kept by it.
    fn description(&self) -> String {
        self.id().to_string()
    }

    /// The public inputs, in the order in which [`Circuit::synthesize`] allocates them.
    fn public_inputs(&self) -> Vec<Fr>;

    /// Writes the constraints into `cs`. The constraints depend on [`Circuit::id`] only, never on values: in set-up mode
    /// assignments are not evaluated, and the key made then serves every later instance.
    ///
    /// # Errors
    /// Whatever the gadgets answer. An assignment that violates a constraint is not an error here; proving refuses it.
    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError>;

    /// Whether proofs of this circuit open committed columns beside it: a *link*. A property of the circuit, as its constraints
    /// are.
    fn is_linked(&self) -> bool {
        false
    }
}

macro_rules! forward_circuit {
    ($($wrapper:ty),*) => {
        $(impl<C: Circuit + ?Sized> Circuit for $wrapper {
            fn id(&self) -> CircuitId {
                (**self).id()
            }

            fn description(&self) -> String {
                (**self).description()
            }

            fn public_inputs(&self) -> Vec<Fr> {
                (**self).public_inputs()
            }

            fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
                (**self).synthesize(cs)
            }

            fn is_linked(&self) -> bool {
                (**self).is_linked()
            }
        })*
    };
}

forward_circuit!(&C, Box<C>, std::sync::Arc<C>);

/// Makes any [`Circuit`] an arkworks [`ConstraintSynthesizer`], so that it proves with any `ark_snark::SNARK`.
#[derive(Clone, Copy)]
pub struct Synthesizer<'a>(pub &'a dyn Circuit);

impl ConstraintSynthesizer<Fr> for Synthesizer<'_> {
    fn generate_constraints(self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        self.0.synthesize(cs)
    }
}

impl fmt::Debug for Synthesizer<'_> {
    /// The id only: the assignment is secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Synthesizer").field(&self.0.id()).finish()
    }
}

/// A circuit to be proved, by what it is for. All families go through the same keys, prover, verifier and ledger.
pub enum CircuitType {
    /// A table's sealed profile is the profile of its committed rows.
    DatasetNotarization(Box<dyn Circuit>),
    /// A table was derived from another one.
    TransformationProof(Box<dyn Circuit>),
    /// A statistic of a sealed profile lies in a range.
    StatisticalProperties(Box<dyn Circuit>),
    /// A privacy property of a sealed profile holds, as a smallest group.
    PrivacyPreserving(Box<dyn Circuit>),
    /// A circuit of the embedder's own.
    Custom(Box<dyn Circuit>),
}

impl CircuitType {
    /// The circuit, whatever it is for.
    pub fn circuit(&self) -> &dyn Circuit {
        match self {
            Self::DatasetNotarization(circuit)
            | Self::TransformationProof(circuit)
            | Self::StatisticalProperties(circuit)
            | Self::PrivacyPreserving(circuit)
            | Self::Custom(circuit) => circuit.as_ref(),
        }
    }
}

impl fmt::Debug for CircuitType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let family = match self {
            Self::DatasetNotarization(_) => "DatasetNotarization",
            Self::TransformationProof(_) => "TransformationProof",
            Self::StatisticalProperties(_) => "StatisticalProperties",
            Self::PrivacyPreserving(_) => "PrivacyPreserving",
            Self::Custom(_) => "Custom",
        };
        f.debug_tuple(family).field(&self.circuit().id()).finish()
    }
}
