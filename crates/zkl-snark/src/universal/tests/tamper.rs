//! Every field of a proof, and everything that it is about.

use zkl_argument::{hyperkzg::MaskedError, srs::Srs};

use super::{
    super::{DecodeError, Part, Proof, VerifyError},
    fixture::{Case, Columns},
};
use crate::ark::{
    Fr,
    ff::{BigInteger as _, Field as _, PrimeField as _},
};

fn cases() -> [Case; 2] {
    [Case::square(None), Case::square(Some(Columns::random(2, 7)))]
}

/// The error of every proof that has the right form and is false: rounds cannot contradict one another.
fn is_false(result: &Result<(), VerifyError>) -> bool {
    matches!(result, Err(VerifyError::Opening(MaskedError::Opening(_))))
}

#[test]
fn a_proof_is_read_back_and_every_chunk_of_it_counts() {
    for case in cases() {
        let (proof, sizes) = (case.prove(1), case.sizes());
        let bytes = proof.to_bytes();
        assert_eq!(Proof::from_bytes(&sizes, &bytes), Ok(proof));
        for chunk in 0..bytes.len() / 32 {
            // The lowest bit of an element: one more or one less, or another point or none.
            let mut changed = bytes.clone();
            changed[32 * chunk] ^= 1;
            match Proof::from_bytes(&sizes, &changed) {
                Ok(changed) => assert!(is_false(&case.verify(&changed)), "{chunk}"),
                Err(error) => {
                    assert!(matches!(error, DecodeError::Point { .. } | DecodeError::Opening(_)), "{chunk}: {error}");
                }
            }
            // The next chunk in its place, where both are elements of one kind.
            let mut swapped = bytes.clone();
            let next = 32 * ((chunk + 1) % (bytes.len() / 32));
            swapped[32 * chunk..32 * chunk + 32].copy_from_slice(&bytes[next..next + 32]);
            if let Ok(swapped) = Proof::from_bytes(&sizes, &swapped) {
                assert!(is_false(&case.verify(&swapped)), "{chunk}");
            }
        }
    }
}

#[test]
fn other_lengths_and_other_spellings_are_refused() {
    for case in cases() {
        let (bytes, sizes) = (case.prove(1).to_bytes(), case.sizes());
        let expected = bytes.len();
        for got in [0, 1, 31, 32, expected - 32, expected - 1] {
            assert_eq!(Proof::from_bytes(&sizes, &bytes[..got]), Err(DecodeError::Length { expected, got }));
        }
        let longer = [bytes.as_slice(), &[0; 32]].concat();
        assert_eq!(Proof::from_bytes(&sizes, &longer), Err(DecodeError::Length { expected, got: expected + 32 }));
        let points = sizes.blocks + 3;
        let scalars = 2 * sizes.rounds + 2 * sizes.kappa + 4;
        for index in 0..scalars {
            let mut changed = bytes.clone();
            let at = 32 * (points + index);
            changed[at..at + 32].copy_from_slice(&Fr::MODULUS.to_bytes_le());
            assert_eq!(Proof::from_bytes(&sizes, &changed), Err(DecodeError::Scalar { index }));
        }
        for index in 0..points {
            let mut changed = bytes.clone();
            changed[32 * index..32 * index + 32].fill(0xff);
            let error = Proof::from_bytes(&sizes, &changed).unwrap_err();
            assert!(matches!(error, DecodeError::Point { index: at, .. } if at == index), "{error}");
        }
    }
}

#[test]
fn parts_of_another_length_are_refused() {
    for case in cases() {
        let proof = case.prove(1);
        let refused = |part, expected: usize, changes: [&dyn Fn(&mut Proof); 3]| {
            for (change, got) in changes.into_iter().zip([expected - 1, expected + 1, 0]) {
                let mut changed = proof.clone();
                change(&mut changed);
                assert_eq!(case.verify(&changed), Err(VerifyError::Count { part, expected, got }));
            }
        };
        refused(
            Part::Witness,
            case.sizes().blocks,
            [&|p| p.witness.truncate(p.witness.len() - 1), &|p| p.witness.push(p.witness[0]), &|p| p.witness.clear()],
        );
        refused(
            Part::Outer,
            case.sizes().rounds,
            [&|p| p.outer.truncate(p.outer.len() - 1), &|p| p.outer.push(p.outer[0]), &|p| p.outer.clear()],
        );
        refused(
            Part::Inner,
            case.sizes().kappa,
            [&|p| p.inner.truncate(p.inner.len() - 1), &|p| p.inner.push(p.inner[0]), &|p| p.inner.clear()],
        );
    }
}

#[test]
fn a_proof_is_for_its_inputs_key_string_and_link() {
    let case = Case::square(None);
    let proof = case.prove(1);
    let x = case.x().to_vec();
    for index in 0..x.len() {
        let mut other = x.clone();
        other[index] += Fr::ONE;
        assert!(is_false(&case.verify_for(&other, None, &proof)), "{index}");
    }
    for got in [0, 1, 3] {
        let other = vec![x[0]; got];
        assert_eq!(case.verify_for(&other, None, &proof), Err(VerifyError::Inputs { expected: 2, got }));
    }
    let string = Srs::dev(256, b"another string").unwrap();
    assert!(is_false(&case.key.verify(string.verifier_key(), &x, None, &proof)));
    // Other matrices that the assignment satisfies as well.
    let mut rows = case.rows.clone();
    rows[0][0].push((Fr::ONE, 0));
    rows[2][0].push((Fr::ONE, 0));
    let other = Case::new(rows, 2, case.values.clone(), None);
    assert!(other.holds());
    assert!(is_false(&other.verify(&proof)));

    let linked = Case::square(Some(Columns::random(2, 7)));
    let proof = linked.prove(1);
    assert_eq!(linked.verify_for(&x, None, &proof), Err(VerifyError::Link { needed: true }));
    assert_eq!(case.verify_for(&x, linked.linked().as_ref(), &proof), Err(VerifyError::Link { needed: false }));
    let changes: [&dyn Fn(&mut Columns); 7] = [
        &|c| c.offset = Fr::ONE,
        &|c| c.weights[0] += Fr::ONE,
        &|c| c.weights.swap(0, 1),
        &|c| c.point[0] += Fr::ONE,
        &|c| c.point[2] += Fr::ONE,
        &|c| c.blinders.swap(0, 1),
        &|c| c.rho += Fr::ONE,
    ];
    for (index, change) in changes.into_iter().enumerate() {
        let mut columns = linked.columns.clone().unwrap();
        change(&mut columns);
        assert!(is_false(&linked.verify_for(&x, Some(&columns.linked()), &proof)), "{index}");
    }
    // Fewer and more variables than the proof has.
    for kappa in [1, 3] {
        let other = Columns::random(kappa, 7).linked();
        assert!(matches!(linked.verify_for(&x, Some(&other), &proof), Err(VerifyError::Count { .. })), "{kappa}");
    }
}

#[test]
fn a_column_with_entries_beyond_its_group_is_refused() {
    let mut case = Case::square(Some(Columns::random(2, 7)));
    let columns = case.columns.as_mut().unwrap();
    // A commitment to one entry more than a group has, and the same combination as before inside it.
    let honest = columns.linked();
    assert_eq!(case.verify(&case.prove(1)), Ok(()));
    let columns = case.columns.as_ref().unwrap();
    let extra = system_power(columns.groups.rows());
    let moved = super::fixture::shift_first(&columns.commitments(), extra);
    let linked = columns.linked_with(&moved);
    assert_ne!(linked, honest);
    assert!(is_false(&case.verify_for(case.x(), Some(&linked), &case.prove_for(linked.clone(), 1))));
}

/// `G_i`.
fn system_power(index: usize) -> crate::ark::G1Affine {
    super::fixture::system().srs().powers()[index]
}
