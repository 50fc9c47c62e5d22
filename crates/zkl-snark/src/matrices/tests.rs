//! One encoding, and a reader that refuses every other.

use super::{encoding::Counts, *};
use crate::ark::ff::{BigInteger as _, PrimeField as _};

/// Row by row, `(coefficient, variable)`.
type Rows = Vec<Vec<(Fr, usize)>>;

fn terms(terms: &[(u64, usize)]) -> Vec<(Fr, usize)> {
    terms.iter().map(|&(coefficient, variable)| (Fr::from(coefficient), variable)).collect()
}

fn rows() -> [Rows; 3] {
    [
        vec![terms(&[(1, 3)]), terms(&[(2, 1), (1, 4)]), terms(&[(1, 3)])],
        vec![terms(&[(1, 3)]), terms(&[(1, 0)]), terms(&[(1, 0), (7, 3)])],
        vec![terms(&[(1, 4)]), terms(&[(5, 2)]), vec![]],
    ]
}

fn matrices(rows: &[Rows; 3]) -> Matrices {
    Matrices::new(3, 5, [&rows[0], &rows[1], &rows[2]])
}

fn counts() -> Counts {
    Counts { num_inputs: 3, num_variables: 5, num_constraints: 3 }
}

fn refused(change: impl FnOnce(&mut Matrices)) -> MatricesError {
    let mut changed = matrices(&rows());
    change(&mut changed);
    Matrices::from_bytes(counts(), &changed.to_bytes()).unwrap_err()
}

#[test]
fn matrices_are_read_back() {
    let matrices = matrices(&rows());
    let bytes = matrices.to_bytes();
    assert_eq!(Matrices::from_bytes(counts(), &bytes), Ok(matrices.clone()));
    let head: Vec<u64> = bytes[..24].as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes)).collect();
    assert_eq!(head, [4, 7, 8]);
    assert_eq!(bytes.len(), 24 + 32 * 4 + 8 * 8 + 4 * 7 + 12 * 3);
    assert_eq!(matrices.digest(), zkl_core::digest::Sha256Digest::of(&bytes));
}

#[test]
fn equal_matrices_have_one_encoding_whatever_order_their_terms_are_given_in() {
    let expected = matrices(&rows()).to_bytes();
    let mut permuted = rows();
    permuted[0][1].reverse();
    permuted[1][2].reverse();
    assert_eq!(matrices(&permuted).to_bytes(), expected);
    let mut split = rows();
    // 2 = 5 - 3, and terms that cancel.
    split[0][1] = vec![(Fr::from(5), 1), (Fr::ONE, 4), (-Fr::from(3), 1)];
    split[2][2] = vec![(Fr::ONE, 2), (-Fr::ONE, 2), (Fr::ZERO, 4)];
    assert_eq!(matrices(&split).to_bytes(), expected);
}

#[test]
fn every_entry_of_the_matrices_is_in_the_digest() {
    let digest = matrices(&rows()).digest();
    for side in 0..3 {
        for row in 0..3 {
            let mut changed = rows();
            changed[side][row].push((Fr::ONE, 2));
            assert_ne!(matrices(&changed).digest(), digest, "{side} {row}");
        }
    }
    let [a, b, c] = rows();
    assert_ne!(matrices(&[b, a, c]).digest(), digest);
}

#[test]
fn other_spellings_are_refused() {
    assert_eq!(refused(|m| m.coefficients[1] = Fr::ZERO), MatricesError::Coefficient { index: 1 });
    assert_eq!(refused(|m| m.coefficients[3] = m.coefficients[0]), MatricesError::RepeatedCoefficient { index: 3 });
    // Exchanged coefficients, and terms to match: the same matrices in other bytes.
    let exchanged = refused(|m| {
        m.coefficients.swap(0, 1);
        m.terms.iter_mut().filter(|term| term.coefficient < 2).for_each(|term| term.coefficient ^= 1);
    });
    assert_eq!(exchanged, MatricesError::CoefficientOrder);
    assert_eq!(refused(|m| m.coefficients.push(Fr::from(9))), MatricesError::CoefficientOrder);
    assert_eq!(refused(|m| m.terms[0].coefficient = 4), MatricesError::CoefficientOrder);
    assert_eq!(refused(|m| m.terms[2].column = 5), MatricesError::Variable { index: 2 });
    let combination = matrices(&rows()).rows[1][0] as usize;
    assert_eq!(refused(|m| m.terms.swap(2, 3)), MatricesError::TermOrder { index: combination });
    assert_eq!(refused(|m| m.terms[3].column = m.terms[2].column), MatricesError::TermOrder { index: combination });
    assert_eq!(refused(|m| m.ends[1] = 9), MatricesError::Ends);
    assert_eq!(refused(|m| m.ends.swap(1, 2)), MatricesError::Ends);
    let repeated = refused(|m| {
        m.terms.push(m.terms[0]);
        m.ends.push(m.terms.len() as u32);
        m.rows[2][2] = m.ends.len() as u32 - 1;
    });
    assert_eq!(repeated, MatricesError::RepeatedCombination { index: 7 });
    assert_eq!(refused(|m| m.rows[0][0] = 1), MatricesError::CombinationOrder);
    assert_eq!(refused(|m| m.rows[2][2] = 7), MatricesError::CombinationOrder);
    // A combination that nothing uses.
    assert_eq!(refused(|m| m.rows[2][2] = 0), MatricesError::CombinationOrder);
}

#[test]
fn lengths_are_compared_before_anything_is_read() {
    let bytes = matrices(&rows()).to_bytes();
    let length = |bytes: &[u8]| match Matrices::from_bytes(counts(), bytes) {
        Err(MatricesError::Length { expected, got }) => (expected, got),
        other => panic!("{other:?}"),
    };
    for cut in [0, 23, 24, bytes.len() - 1] {
        assert_eq!(length(&bytes[..cut]).1, cut);
    }
    assert_eq!(length(&[bytes.as_slice(), &[0]].concat()), (bytes.len(), bytes.len() + 1));
    for count in 0..3 {
        let mut huge = bytes.clone();
        huge[8 * count..8 * count + 8].fill(0xff);
        assert_eq!(length(&huge), (usize::MAX, bytes.len()), "{count}");
    }
    let fewer = Counts { num_constraints: 2, ..counts() };
    assert_eq!(
        Matrices::from_bytes(fewer, &bytes),
        Err(MatricesError::Length { expected: bytes.len() - 12, got: bytes.len() })
    );
}

#[test]
fn a_coefficient_that_is_not_reduced_is_refused() {
    let mut bytes = matrices(&rows()).to_bytes();
    bytes[24..56].copy_from_slice(&Fr::MODULUS.to_bytes_le());
    assert_eq!(Matrices::from_bytes(counts(), &bytes), Err(MatricesError::Coefficient { index: 0 }));
}
