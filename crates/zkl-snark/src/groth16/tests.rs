//! Tests of the prover, the verifier and the decoders.

mod arkworks;
mod ceremony;
mod encoding;

use std::sync::OnceLock;

use zkl_core::circuit::{Circuit, CircuitId, Synthesizer};

use super::*;
use crate::{
    ark::{Bn254, Fr, groth16::Groth16 as ArkGroth16, relations::gr1cs::SynthesisError},
    gadgets::{Cs, FieldVar},
};

/// Knows x with `x^2 = y` and `x y = z`, for public y and z.
struct Cube {
    x: Fr,
    y: Fr,
    z: Fr,
    announced: Option<Vec<Fr>>,
    extra: bool,
}

impl Cube {
    fn of(x: u64) -> Self {
        let x = Fr::from(x);
        Self { x, y: x * x, z: x * x * x, announced: None, extra: false }
    }
}

impl Circuit for Cube {
    fn id(&self) -> CircuitId {
        CircuitId::new("test/cube", 1).unwrap()
    }

    fn public_inputs(&self) -> Vec<Fr> {
        self.announced.clone().unwrap_or_else(|| vec![self.y, self.z])
    }

    fn synthesize(&self, cs: Cs) -> Result<(), SynthesisError> {
        let y = FieldVar::input(&cs, Some(self.y))?;
        let z = FieldVar::input(&cs, Some(self.z))?;
        let x = FieldVar::witness(&cs, Some(self.x))?;
        FieldVar::enforce_product(&cs, &x, &x, &y)?;
        FieldVar::enforce_product(&cs, &x, &y, &z)?;
        if self.extra {
            let _unused = FieldVar::witness(&cs, Some(self.x))?;
        }
        Ok(())
    }
}

fn keys() -> &'static (ProvingKey, VerifyingKey) {
    static KEYS: OnceLock<(ProvingKey, VerifyingKey)> = OnceLock::new();
    KEYS.get_or_init(|| danger_setup_from_seed(&Cube::of(1), [3; 32]).unwrap())
}

#[test]
fn a_proof_verifies_for_its_inputs_and_no_others() {
    let (proving, verifying) = keys();
    let circuit = Cube::of(5);
    let proof = prove(proving, &circuit).unwrap();
    let (y, z) = (circuit.y, circuit.z);
    assert_eq!(verify(verifying, &[y, z], &proof), Ok(()));
    assert_eq!(verify(verifying, &[y, z], &proof), Ok(()));
    assert_eq!(verify(verifying, &[z, y], &proof), Err(VerifyError::Invalid));
    assert_eq!(verify(verifying, &[y + Fr::from(1), z], &proof), Err(VerifyError::Invalid));
    assert_eq!(verify(verifying, &[y], &proof), Err(VerifyError::Inputs { expected: 2, got: 1 }));
    assert_eq!(verify(verifying, &[], &proof), Err(VerifyError::Inputs { expected: 2, got: 0 }));
    assert_eq!(verify(verifying, &[y, z, z], &proof), Err(VerifyError::Inputs { expected: 2, got: 3 }));
    let other = danger_setup_from_seed(&Cube::of(1), [4; 32]).unwrap().1;
    assert_eq!(verify(&other, &[y, z], &proof), Err(VerifyError::Invalid));
}

#[test]
fn two_proofs_of_one_statement_differ() {
    let proof = || prove(&keys().0, &Cube::of(5)).unwrap().to_bytes();
    assert_ne!(proof(), proof());
}

#[test]
fn the_setup_is_a_function_of_its_seed() {
    let again = danger_setup_from_seed(&Cube::of(9), [3; 32]).unwrap();
    assert_eq!(again.1, keys().1, "and does not depend on the assignment");
    assert_eq!(again.0.to_bytes(), keys().0.to_bytes());
    assert_ne!(danger_setup_from_seed(&Cube::of(1), [4; 32]).unwrap().1, keys().1);
}

#[test]
fn the_same_circuit_proves_through_the_generic_snark_interface() {
    let circuit = Cube::of(6);
    let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
    let proof = ArkGroth16::<Bn254>::prove(&keys().0.to_ark(), Synthesizer(&circuit), &mut rng).unwrap();
    assert_eq!(verify(&keys().1, &circuit.public_inputs(), &Proof::from_ark(proof)), Ok(()));
}

#[test]
fn a_false_statement_is_an_error_that_names_the_constraint() {
    let wrong_square = Cube { y: Fr::from(26), ..Cube::of(5) };
    assert!(matches!(prove(&keys().0, &wrong_square), Err(ProveError::Unsatisfied { constraint: 0, .. })));
    let wrong_cube = Cube { z: Fr::from(126), ..Cube::of(5) };
    assert!(matches!(prove(&keys().0, &wrong_cube), Err(ProveError::Unsatisfied { constraint: 1, .. })));
}

#[test]
fn a_circuit_that_announces_other_inputs_than_it_allocates_is_refused() {
    for announced in [vec![], vec![Fr::from(25)], vec![Fr::from(25), Fr::from(1)], vec![Fr::from(25); 3]] {
        let circuit = Cube { announced: Some(announced.clone()), ..Cube::of(5) };
        let refused = prove(&keys().0, &circuit);
        assert!(
            matches!(refused, Err(ProveError::Inputs { announced: got, allocated: 2, .. }) if got == announced.len())
        );
    }
}

#[test]
fn a_key_for_other_constraints_is_refused() {
    let circuit = Cube { extra: true, ..Cube::of(5) };
    assert!(matches!(prove(&keys().0, &circuit), Err(ProveError::Key { .. })));
}

#[test]
fn proofs_have_one_encoding_and_every_other_one_is_refused() {
    let proof = prove(&keys().0, &Cube::of(5)).unwrap();
    let bytes = proof.to_bytes();
    assert_eq!(Proof::from_bytes(&bytes).unwrap(), proof);
    for len in [0, 1, 127, 129, 256] {
        let mut other = bytes.to_vec();
        other.resize(len, 0);
        assert_eq!(Proof::from_bytes(&other).unwrap_err(), DecodeError::Length { expected: 128, got: len });
    }
    for position in 0..128 {
        for bit in [0x01, 0x40, 0x80] {
            let mut other = bytes;
            other[position] ^= bit;
            // Either it is no point of the group, or another proof, which then does not verify.
            match Proof::from_bytes(&other) {
                Ok(other) => {
                    assert_ne!(other, proof);
                    let inputs = Cube::of(5).public_inputs();
                    assert_eq!(verify(&keys().1, &inputs, &other), Err(VerifyError::Invalid));
                }
                Err(error) => assert_eq!(error, DecodeError::Point),
            }
        }
    }
    // The point at infinity with a coordinate that the decoder ignores, and coordinates that are not reduced.
    let mut infinity = bytes;
    infinity[31] = infinity[31] & 0x3f | 0x40;
    assert_eq!(Proof::from_bytes(&infinity).unwrap_err(), DecodeError::Point);
    assert_eq!(Proof::from_bytes(&[0xff; 128]).unwrap_err(), DecodeError::Point);
}

#[test]
fn verifying_keys_have_one_encoding_and_every_other_one_is_refused() {
    let key = &keys().1;
    let bytes = key.as_bytes();
    assert_eq!(bytes.len(), 32 + 3 * 64 + 8 + 3 * 32);
    let decoded = VerifyingKey::from_bytes(bytes).unwrap();
    assert_eq!((&decoded, decoded.digest(), decoded.num_inputs()), (key, key.digest(), 2));
    for len in [0, 31, 231, 232, 263, 327, 329] {
        let mut other = bytes.to_vec();
        other.resize(len, 0);
        assert!(matches!(VerifyingKey::from_bytes(&other), Err(DecodeError::Length { .. })), "{len}");
    }
    // A huge count must not be allocated from.
    let mut huge = bytes.to_vec();
    huge[224..232].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(matches!(VerifyingKey::from_bytes(&huge), Err(DecodeError::Length { .. })));
    let mut none = bytes[..232].to_vec();
    none[224..232].fill(0);
    assert!(matches!(VerifyingKey::from_bytes(&none), Err(DecodeError::Length { .. })));
    for point in [0..32, 32..96, 96..160, 160..224] {
        let mut other = bytes.to_vec();
        other[point.clone()].fill(0);
        other[point.end - 1] = 0x40;
        assert_eq!(VerifyingKey::from_bytes(&other).unwrap_err(), DecodeError::Identity);
        let mut other = bytes.to_vec();
        other[point].fill(0xff);
        assert_eq!(VerifyingKey::from_bytes(&other).unwrap_err(), DecodeError::Point);
    }
}
