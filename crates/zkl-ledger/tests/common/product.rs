//! The custom circuit of the fixtures.

use zkl_ledger::circuit::{
    Circuit, CircuitId,
    ark::{
        Fr,
        r1cs_std::{alloc::AllocVar as _, eq::EqGadget as _, fields::fp::FpVar},
        relations::gr1cs::{ConstraintSystemRef, SynthesisError},
    },
};

/// `left * right = product`.
pub(crate) struct Product;

impl Circuit for Product {
    fn id(&self) -> CircuitId {
        CircuitId::new("example/product", 1).expect("a circuit id")
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(41u64 * 271)]
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let product = FpVar::new_input(cs.clone(), || Ok(Fr::from(41u64 * 271)))?;
        let left = FpVar::new_witness(cs.clone(), || Ok(Fr::from(41u64)))?;
        let right = FpVar::new_witness(cs, || Ok(Fr::from(271u64)))?;
        (left * right).enforce_equal(&product)
    }
}
