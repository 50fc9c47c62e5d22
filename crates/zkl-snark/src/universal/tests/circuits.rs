//! Proofs of circuits through the public functions.

use zkl_core::circuit::Circuit;

use super::{
    super::{Link, Proof, ProveError, VerifyError, VerifyingKey},
    fixture::{Columns, system},
};
use crate::{
    ark::{
        Fr,
        ff::{Field as _, Zero as _},
    },
    gadgets::{Cs, FieldVar, GadgetError},
    testing::TestCircuit,
};

/// Knows x with `x^2 = y` and `x y = z`, for public y and z.
fn cube(x: u64, announced: [Fr; 2], rows: usize) -> TestCircuit<impl Fn(&Cs) -> Result<(), GadgetError> + Send + Sync> {
    let x = Fr::from(x);
    let body = move |cs: &Cs| {
        let y = FieldVar::input(cs, Some(x.square()))?;
        let z = FieldVar::input(cs, Some(announced[1]))?;
        let x = FieldVar::witness(cs, Some(x))?;
        for _ in 0..rows {
            FieldVar::enforce_product(cs, &x, &x, &y)?;
        }
        FieldVar::enforce_product(cs, &x, &y, &z)?;
        Ok(())
    };
    TestCircuit { inputs: announced.to_vec(), body }
}

fn powers(x: u64) -> [Fr; 2] {
    let x = Fr::from(x);
    [x.square(), x.square() * x]
}

#[test]
fn any_circuit_proves_and_its_proof_is_for_its_inputs() {
    let circuit = cube(7, powers(7), 1);
    let key = VerifyingKey::of(&circuit, false).unwrap();
    assert_eq!(key.digest(), VerifyingKey::of(&cube(2, powers(2), 1), false).unwrap().digest());
    assert_eq!((key.num_inputs(), key.num_constraints(), key.id()), (2, 2, &circuit.id()));
    let proof = system().prove(&key, &circuit, None).unwrap();
    let again = system().prove(&key, &circuit, None).unwrap();
    let chunks = |proof: &Proof| proof.to_bytes().as_chunks::<32>().0.to_vec();
    let equal = chunks(&proof).iter().zip(chunks(&again)).filter(|(a, b)| **a == *b).count();
    assert_eq!(equal, 0, "randomness is fresh");
    let srs = system().srs().verifier_key();
    let read = Proof::from_bytes(&key.sizes(None).unwrap(), &proof.to_bytes()).unwrap();
    assert_eq!(key.verify(srs, &powers(7), None, &read), Ok(()));
    assert!(matches!(key.verify(srs, &powers(8), None, &read), Err(VerifyError::Opening(_))));
    assert_eq!(key.verify(srs, &[Fr::zero()], None, &read), Err(VerifyError::Inputs { expected: 2, got: 1 }));
}

#[test]
fn a_prover_refuses_what_would_not_verify() {
    let key = VerifyingKey::of(&cube(7, powers(7), 1), false).unwrap();
    let refused = |circuit: &dyn Circuit| system().prove(&key, circuit, None).unwrap_err();
    let [y, z] = powers(7);
    let unsatisfied = refused(&cube(7, [y, z + Fr::ONE], 1));
    assert!(matches!(unsatisfied, ProveError::Unsatisfied { constraint: 1, .. }), "{unsatisfied}");
    let inputs = refused(&cube(7, [z, z], 1));
    assert!(matches!(inputs, ProveError::Inputs { announced: 2, allocated: 2, .. }), "{inputs}");
    let other = TestCircuit::new(|cs: &Cs| FieldVar::witness(cs, Some(Fr::ONE)).map(|_| ()));
    assert!(matches!(refused(&other), ProveError::Key { .. }));

    let link = || Columns::random(2, 4).link();
    let shape = system().prove(&key, &cube(7, powers(7), 1), Some(link())).unwrap_err();
    assert!(matches!(shape, ProveError::Shape(VerifyError::Link { needed: false })), "{shape}");

    // Other columns than those that are committed to.
    let circuit = cube(7, powers(7), 1);
    let key = VerifyingKey::of(&circuit, true).unwrap();
    let proof = system().prove(&key, &circuit, Some(link())).unwrap();
    assert_eq!(key.verify(system().srs().verifier_key(), &powers(7), Some(&link().linked), &proof), Ok(()));
    let value = Link { combined: Columns::random(2, 5).link().combined, ..link() };
    assert!(matches!(system().prove(&key, &circuit, Some(value)).unwrap_err(), ProveError::LinkValue));
}
