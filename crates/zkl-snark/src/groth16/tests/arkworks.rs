//! Keys, assignments and proofs are those of arkworks.

use rand_chacha::ChaCha20Rng;

use super::*;
use crate::assignment::Assignment;
use crate::{
    ark::{
        ff::{AdditiveGroup as _, Field as _, UniformRand as _},
        r1cs_std::{
            GR1CSVar as _,
            alloc::AllocVar as _,
            eq::EqGadget as _,
            fields::{FieldVar as _, fp::FpVar},
            prelude::{Boolean, ToBitsGadget as _},
        },
    },
    gadgets::{BoolVar, GadgetError, IntVar, merkle_root},
    groth16::prove::create,
    testing::{Instance, TestCircuit},
};

/// A circuit of arkworks' own gadgets: its combinations are built from one another, and its values live in arkworks.
struct Foreign(u64);

impl Circuit for Foreign {
    fn id(&self) -> CircuitId {
        CircuitId::new("test/foreign", 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        vec![Fr::from(self.0).pow([9])]
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        let y = FpVar::new_input(cs.clone(), || Ok(self.public_inputs()[0]))?;
        let x = FpVar::new_witness(cs, || Ok(Fr::from(self.0)))?;
        let bits = x.to_bits_le()?;
        let sum = Boolean::le_bits_to_fp(&bits)?;
        let mixed = (&sum + &x) * FpVar::constant(Fr::from(2).inverse().unwrap());
        let power = mixed.pow_by_constant([9])?;
        power.enforce_equal(&y)?;
        assert!(power.cs().is_in_setup_mode() || power.value()? == y.value()?);
        Ok(())
    }
}

/// The project's own gadgets: an opening of a hash tree, and integers in a range.
fn opening(cs: &Cs) -> Result<(), GadgetError> {
    let leaf = IntVar::witness(cs, 40, Some(&1_000_003u32.into()))?;
    leaf.enforce_le(cs, &IntVar::constant(1_000_004)?)?;
    let sibling = FieldVar::witness(cs, Some(Fr::from(5)))?;
    let is_right = BoolVar::witness(cs, Some(true))?;
    let root = merkle_root(cs, leaf.field(), &[is_right], &[sibling])?;
    root.is_zero(cs)?.not().enforce_true(cs)
}

/// Small circuits of every origin; the keys of large ones take arkworks seconds.
fn circuits() -> Vec<Box<dyn Circuit>> {
    let mut circuits: Vec<Box<dyn Circuit>> = vec![Box::new(Cube::of(5)), Box::new(Foreign(7))];
    circuits.push(Box::new(TestCircuit::new(opening)));
    circuits
}

fn arkworks_key(circuit: &dyn Circuit, seed: u64) -> crate::ark::groth16::ProvingKey<Bn254> {
    let mut rng = ChaCha20Rng::seed_from_u64(seed);
    ArkGroth16::<Bn254>::circuit_specific_setup(Synthesizer(circuit), &mut rng).unwrap().0
}

fn our_key(circuit: &dyn Circuit, seed: u64) -> ProvingKey {
    let matrices = Matrices::of(circuit).unwrap();
    let key = generate::generate(&matrices, &mut ChaCha20Rng::seed_from_u64(seed), &mut |_| ()).unwrap();
    ProvingKey::from_ark(&key, matrices).unwrap()
}

#[test]
fn the_setup_makes_the_keys_of_arkworks_out_of_the_same_randomness() {
    for circuit in circuits() {
        assert!(our_key(&circuit, 3).to_ark() == arkworks_key(&circuit, 3), "{}", circuit.id());
        assert!(our_key(&circuit, 3).to_ark() != arkworks_key(&circuit, 4), "{}", circuit.id());
    }
}

#[test]
fn proofs_with_equal_blinding_are_the_points_that_arkworks_makes() {
    let mut rng = ChaCha20Rng::seed_from_u64(8);
    for circuit in [&Cube::of(5) as &dyn Circuit, &Foreign(7)] {
        let key = our_key(circuit, 3);
        let assignment = Assignment::of(circuit).unwrap();
        let combinations = key.matrices.evaluate(&assignment.values);
        assert_eq!(key.matrices.first_violated(&combinations), None);
        let random = [(); 2].map(|()| Fr::rand(&mut rng));
        for [r, s] in [random, [Fr::ZERO, random[1]], [random[0], Fr::ZERO], [Fr::ZERO; 2]] {
            let ours = create(&key, &assignment, &combinations, [r, s]).unwrap();
            let theirs =
                ArkGroth16::<Bn254>::create_proof_with_reduction(Synthesizer(circuit), &key.to_ark(), r, s).unwrap();
            assert_eq!(ours, Proof::from_ark(theirs), "{}", circuit.id());
            assert_eq!(verify(key.verifying_key(), &circuit.public_inputs(), &ours), Ok(()));
        }
        prove(&key, circuit).unwrap();
    }
}

#[test]
fn combinations_have_the_values_of_the_rows_that_they_stand_for() {
    for circuit in [&Cube::of(5) as &dyn Circuit, &Foreign(7)] {
        let instance = Instance::new(circuit).unwrap();
        let matrices = Matrices::of(circuit).unwrap();
        assert_eq!(matrices.num_constraints(), instance.num_constraints());
        assert_eq!((matrices.num_inputs, matrices.num_variables), (instance.num_inputs, instance.assignment.len()));
        let values = matrices.evaluate(&instance.assignment);
        for (index, row) in matrices.rows.iter().enumerate() {
            assert_eq!(row.map(|combination| values[combination as usize]), instance.row(index));
        }
        assert_eq!(matrices.first_violated(&values), instance.first_violated());
    }
}

#[test]
fn every_bit_and_nothing_else_counts_as_a_bit() {
    // x, its 254 bits, and what enforces that they are canonical and arkworks does not write as b (1 - b) = 0.
    let matrices = Matrices::of(&Foreign(7)).unwrap();
    let bits = matrices.bits();
    let assignment = Assignment::of(&Foreign(7)).unwrap();
    assert_eq!(bits.len(), assignment.values.len());
    assert_eq!(bits.iter().filter(|bit| **bit).count(), 254);
    let values = assignment.values.iter().zip(&bits).filter(|(_, bit)| **bit).map(|(value, _)| *value);
    let ones: u64 = values.map(|value| u64::from(value == Fr::ONE)).sum();
    assert_eq!(ones, 3, "7 has three bits");
    assert!(!bits[..matrices.num_inputs].contains(&true));
    assert!(!Matrices::of(&Cube::of(5)).unwrap().bits().contains(&true));
}
