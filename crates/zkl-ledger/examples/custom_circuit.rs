//! A custom circuit: prove it, put it on a ledger, verify the receipt.
//!
//! The statement: "I know two factors, both greater than 1, of a public number". Run with
//! `cargo run -p zkl-ledger --example custom_circuit`.

#![expect(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use zkl_ledger::{
    Ledger, Trust,
    circuit::{
        Circuit, CircuitId, CircuitType,
        ark::{
            Fr,
            ff::{Field as _, One as _},
            r1cs_std::{
                alloc::AllocVar as _,
                eq::EqGadget as _,
                fields::{FieldVar as _, fp::FpVar},
            },
            relations::gr1cs::{ConstraintSystemRef, SynthesisError},
        },
    },
    receipt::VerifiedStatement,
    verify,
};

/// `left * right = product` with `left, right` outside `{0, 1}`, over the scalar field.
struct Factors {
    id: CircuitId,
    left: Fr,
    right: Fr,
}

impl Circuit for Factors {
    fn id(&self) -> CircuitId {
        self.id.clone()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![self.left * self.right]
    }

    fn synthesize(&self, cs: ConstraintSystemRef<Fr>) -> Result<(), SynthesisError> {
        let product = FpVar::new_input(cs.clone(), || Ok(self.left * self.right))?;
        let left = FpVar::new_witness(cs.clone(), || Ok(self.left))?;
        let right = FpVar::new_witness(cs.clone(), || Ok(self.right))?;
        (&left * &right).enforce_equal(&product)?;
        // x (x - 1) has an inverse exactly if x is neither 0 nor 1.
        for (factor, value) in [(left, self.left), (right, self.right)] {
            let term = &factor * (&factor - FpVar::one());
            let inverse = (value * (value - Fr::one())).inverse().unwrap_or_default();
            let inverse = FpVar::new_witness(cs.clone(), || Ok(inverse))?;
            (term * inverse).enforce_equal(&FpVar::one())?;
        }
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let ledger = Ledger::in_memory()?;

    let id = CircuitId::new("example/factors", 1)?;
    let circuit = Factors { id: id.clone(), left: Fr::from(41u64), right: Fr::from(271u64) };
    let circuit = CircuitType::Custom(Box::new(circuit));
    let entry = ledger.prove_circuit(circuit, "the notary knows two factors of the public input").await?;
    let receipt = ledger.receipt(&entry).await?.encode()?;
    println!("entry {} of the log, receipt of {} bytes", entry.index, receipt.len());

    // A verifier does not know this circuit, so it refuses the receipt until the key is pinned for the circuit.
    if let Err(error) = verify(&receipt, &Trust::default()) {
        println!("without trust in the key: {error}");
    }
    let zkl_ledger::receipt::Predicate::Custom(record) = entry.predicate() else {
        return Err("the entry records a custom circuit".into());
    };
    let trust = Trust::default().with_verifying_key(id, record.proof.key).with_log(ledger.log_key());
    let verified = verify(&receipt, &trust)?;
    if let Some(VerifiedStatement::Custom { record, proof }) = verified.subject().map(|subject| &subject.statement) {
        println!("verified: {}", record.description);
        println!("public input {}, {}", record.public_inputs[0], proof.setup);
    }
    Ok(())
}
