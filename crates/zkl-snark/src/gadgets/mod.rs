//! Building blocks of circuits: field elements, bits, integers that cannot wrap, Poseidon, Merkle openings.
//!
//! Every gadget takes the constraint system and returns [`GadgetError`]; in
//! [`Circuit::synthesize`](zkl_core::circuit::Circuit::synthesize) the `?` operator turns that into arkworks' own error.
//! Values are optional: in set-up mode nothing reads them, and when proving a missing one is
//! `SynthesisError::AssignmentMissing`.

mod bits;
mod error;
mod field;
mod int;
mod merkle;
mod poseidon;
#[cfg(test)]
mod tests;

pub use bits::{BoolVar, decompose, one_hot, recompose};
pub use error::GadgetError;
pub use field::FieldVar;
pub use int::IntVar;
pub use merkle::merkle_root;
pub use poseidon::{DuplexVar, SpongeVar, hash_many_var, hash2_var, permute_var};

use crate::ark::{Fr, relations::gr1cs::ConstraintSystemRef};

/// The constraint system that circuits write into.
pub type Cs = ConstraintSystemRef<Fr>;
