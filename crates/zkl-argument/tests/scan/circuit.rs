//! The one verifier on the variables of a constraint system. Challenges come from a native transcript here: the sponge's
//! constraints belong to the transcript circuit.

use ark_r1cs_std::{
    GR1CSVar,
    alloc::AllocVar as _,
    boolean::Boolean,
    convert::ToBitsGadget as _,
    eq::EqGadget as _,
    fields::{FieldVar as _, fp::FpVar},
};
use zkl_argument::{Context, LayoutVector, PlainProof, ScanError, SealedProfile, Transcript, Value, verify};
use zkl_core::ark::{
    Fr,
    relations::gr1cs::{ConstraintSystem, ConstraintSystemRef, SynthesisError},
};

use super::table::{Case, Table, small};

struct Constraints<'a> {
    cs: ConstraintSystemRef<Fr>,
    transcript: Transcript,
    messages: std::slice::Iter<'a, Fr>,
}

impl Constraints<'_> {
    fn witness(&self, value: Fr) -> Result<FpVar<Fr>, SynthesisError> {
        FpVar::new_witness(self.cs.clone(), || Ok(value))
    }
}

impl Context for Constraints<'_> {
    type Value = FpVar<Fr>;
    type Error = SynthesisError;

    fn constant_field(&mut self, value: Fr) -> FpVar<Fr> {
        FpVar::constant(value)
    }

    fn receive(&mut self, len: usize) -> Result<Vec<FpVar<Fr>>, SynthesisError> {
        let values: Vec<Fr> = self.messages.by_ref().take(len).copied().collect();
        assert_eq!(values.len(), len);
        self.transcript.absorb(&values);
        values.into_iter().map(|value| self.witness(value)).collect()
    }

    fn absorb(&mut self, values: &[FpVar<Fr>]) -> Result<(), SynthesisError> {
        let values: Vec<Fr> = values.iter().map(GR1CSVar::value).collect::<Result<_, _>>()?;
        self.transcript.absorb(&values);
        Ok(())
    }

    fn challenge(&mut self) -> Result<FpVar<Fr>, SynthesisError> {
        let challenge = self.transcript.challenge();
        self.witness(challenge)
    }

    fn assert_equal(&mut self, left: &FpVar<Fr>, right: &FpVar<Fr>, _: ScanError) -> Result<(), SynthesisError> {
        left.enforce_equal(right)
    }

    fn inverse(&mut self, value: &FpVar<Fr>, _: ScanError) -> Result<FpVar<Fr>, SynthesisError> {
        value.inverse()
    }

    fn is_zero(&mut self, value: &FpVar<Fr>) -> Result<FpVar<Fr>, SynthesisError> {
        Ok(FpVar::from(value.is_zero()?))
    }

    fn bits(&mut self, value: &FpVar<Fr>, width: usize, _: ScanError) -> Result<Vec<FpVar<Fr>>, SynthesisError> {
        let bits = value.to_bits_le()?;
        for bit in &bits[width..] {
            bit.enforce_equal(&Boolean::FALSE)?;
        }
        Ok(bits[..width].iter().cloned().map(FpVar::from).collect())
    }
}

/// Runs the verifier as constraints; returns whether they hold, and how many there are.
fn run(case: &Case, proof: &PlainProof, sealed: &SealedProfile<Fr>) -> (bool, usize) {
    let cs = ConstraintSystem::<Fr>::new_ref();
    let shape = case.plan.shape();
    let mut ctx =
        Constraints { cs: cs.clone(), transcript: Transcript::new(&case.seed), messages: proof.messages.iter() };
    let vars = |ctx: &Constraints<'_>, values: Vec<Fr>| -> Vec<FpVar<Fr>> {
        values.into_iter().map(|value| ctx.witness(value).unwrap()).collect()
    };
    let layout = LayoutVector::from_elements(shape, vars(&ctx, case.plan.vector().elements())).unwrap();
    let sealed = SealedProfile::from_elements(shape, vars(&ctx, sealed.elements())).unwrap();
    let opening = verify(&mut ctx, shape, &layout, &sealed).unwrap();
    if cs.is_satisfied().unwrap() {
        assert_eq!(opening.y.value().unwrap(), proof.opening.y);
        assert_eq!(opening.beta.value().unwrap(), proof.opening.beta);
        let point: Vec<Fr> = opening.r_star.iter().map(|r| r.value().unwrap()).collect();
        assert_eq!(point, proof.opening.r_star);
    }
    (cs.is_satisfied().unwrap(), cs.num_constraints())
}

#[test]
fn circuit_variables_are_values_of_the_verifier() {
    fn is_value<V: Value>() {}
    is_value::<FpVar<Fr>>();
    is_value::<Fr>();
}

#[test]
fn the_verifier_agrees_with_itself_inside_a_constraint_system() {
    for case in [Table::random(51, 4, 13).case(), Table::random_grouped(52, 100).case()] {
        let proof = case.prove();
        let (satisfied, constraints) = run(&case, &proof, &case.sealed);
        assert!(satisfied);
        let mut sealed = case.sealed.clone();
        sealed.numeric[0].sum += small(1);
        let (satisfied, again) = run(&case, &proof, &sealed);
        assert!(!satisfied);
        assert_eq!(again, constraints);
    }
}

#[test]
fn the_constraints_depend_on_the_shape_only() {
    let (one, two) = (Table::random(53, 4, 16).case(), Table::random(54, 4, 2).case());
    let count = |case: &Case| run(case, &case.prove(), &case.sealed).1;
    assert_eq!(one.plan.shape(), two.plan.shape());
    assert_eq!(count(&one), count(&two));
}
