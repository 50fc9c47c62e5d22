//! Provers who deviate: they follow the transcript, so that only the check they attack can stop them.

mod fractions;

use std::sync::OnceLock;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use zkl_core::ark::{
    Fr,
    ec::CurveGroup,
    ff::{Field, UniformRand, Zero},
};

use super::{
    Challenge, Evaluations, HyperKzgError, HyperKzgProof, open,
    transcript::{OPEN, Transcript, nonzero},
    verify,
};
use crate::{commit::Commitment, msm::Scalars, srs::Srs};

const KAPPA: usize = 4;

fn srs() -> &'static Srs {
    static SRS: OnceLock<Srs> = OnceLock::new();
    SRS.get_or_init(|| Srs::dev(64, Srs::DEV_SEED).unwrap())
}

fn commit(f: &[Fr]) -> Commitment {
    Commitment::new(srs().bases().msm(Scalars::Full(f)).unwrap().into_affine())
}

fn at(f: &[Fr], u: Fr) -> Fr {
    f.iter().rev().fold(Fr::zero(), |sum, coefficient| sum * u + coefficient)
}

fn fold(f: &[Fr], x: Fr) -> Vec<Fr> {
    f.chunks(2).map(|pair| pair[0] + x * (pair[1] - pair[0])).collect()
}

struct Statement {
    polynomial: Vec<Fr>,
    point: Vec<Fr>,
    value: Fr,
}

fn statement() -> Statement {
    let mut rng = ChaCha20Rng::seed_from_u64(7);
    let polynomial: Vec<_> = (0..1 << KAPPA).map(|_| Fr::rand(&mut rng)).collect();
    let point: Vec<_> = (0..KAPPA).map(|_| Fr::rand(&mut rng)).collect();
    let value = point.iter().fold(polynomial.clone(), |f, x| fold(&f, *x))[0];
    Statement { polynomial, point, value }
}

/// A prover who commits to `polynomials` as `f_0, f_1, ..`, whatever they are, may change the evaluations, and is
/// honest otherwise.
fn deviate(
    polynomials: &[Vec<Fr>],
    point: &[Fr],
    value: Fr,
    change: impl FnOnce(Fr, &mut Vec<Evaluations>),
) -> Result<(), HyperKzgError> {
    let commitment = commit(&polynomials[0]);
    let mut transcript = Transcript::new(OPEN, b"");
    transcript.statement(srs().verifier_key(), &commitment, point, &value);
    let folds: Vec<_> = polynomials[1..].iter().map(|f| commit(f)).collect();
    let r = transcript.folds(&folds).unwrap();
    let evaluate = |f: &Vec<Fr>| Evaluations { at_r: at(f, r), at_minus_r: at(f, -r), at_r_squared: at(f, r.square()) };
    let mut evaluations: Vec<_> = polynomials.iter().map(evaluate).collect();
    change(r, &mut evaluations);
    let q = transcript.evaluations(&evaluations).unwrap();
    let len = polynomials.iter().map(Vec::len).max().unwrap();
    let mut batched = vec![Fr::zero(); len];
    for f in polynomials.iter().rev() {
        for (i, sum) in batched.iter_mut().enumerate() {
            *sum = *sum * q + f.get(i).copied().unwrap_or_default();
        }
    }
    let witnesses = [r, -r, r.square()].map(|u| {
        let mut quotient = batched[1..].to_vec();
        for i in (1..quotient.len()).rev() {
            let carry = quotient[i] * u;
            quotient[i - 1] += carry;
        }
        commit(&quotient)
    });
    let proof = HyperKzgProof { folds, evaluations, witnesses };
    verify(srs().verifier_key(), b"", &commitment, point, &value, &proof)
}

/// `f_0 .. f_{kappa-1}`, folded honestly.
fn honest(Statement { polynomial, point, .. }: &Statement) -> Vec<Vec<Fr>> {
    let mut polynomials = vec![polynomial.clone()];
    for x in &point[..KAPPA - 1] {
        polynomials.push(fold(&polynomials[polynomials.len() - 1], *x));
    }
    polynomials
}

#[test]
fn the_deviating_prover_without_a_deviation_is_accepted() {
    let statement = statement();
    assert_eq!(deviate(&honest(&statement), &statement.point, statement.value, |_, _| {}), Ok(()));
}

#[test]
fn a_wrong_value_fails_in_the_last_fold() {
    let statement = statement();
    let result = deviate(&honest(&statement), &statement.point, statement.value + Fr::ONE, |_, _| {});
    assert_eq!(result, Err(HyperKzgError::Fold { round: KAPPA - 1 }));
}

#[test]
fn a_prover_who_folds_wrongly_fails_in_that_fold() {
    let statement = statement();
    for round in 0..KAPPA - 1 {
        for place in [0, (1 << (KAPPA - 1 - round)) - 1] {
            // Wrong in one coefficient, and consistent from there on: it would prove another value.
            let mut polynomials = honest(&statement);
            polynomials.truncate(round + 2);
            polynomials[round + 1][place] += Fr::ONE;
            for x in &statement.point[round + 1..KAPPA - 1] {
                polynomials.push(fold(&polynomials[polynomials.len() - 1], *x));
            }
            let value = fold(&polynomials[KAPPA - 1], statement.point[KAPPA - 1])[0];
            let result = deviate(&polynomials, &statement.point, value, |_, _| {});
            assert_eq!(result, Err(HyperKzgError::Fold { round }));
        }
    }
}

#[test]
fn evaluations_that_satisfy_all_folds_but_not_the_commitments_fail_in_the_pairing() {
    let statement = statement();
    let x = statement.point[KAPPA - 1];
    let value = statement.value + Fr::ONE;
    // f(r) + d and f(-r) + d move the last fold by (1 - x) d.
    let result = deviate(&honest(&statement), &statement.point, value, |_, evaluations| {
        let d = (Fr::ONE - x).inverse().unwrap();
        evaluations[KAPPA - 1].at_r += d;
        evaluations[KAPPA - 1].at_minus_r += d;
    });
    assert_eq!(result, Err(HyperKzgError::Pairing));
    // The same through the odd part: (f(r) - f(-r)) / (2 r) moves by d / r.
    let result = deviate(&honest(&statement), &statement.point, value, |r, evaluations| {
        let d = r * x.inverse().unwrap();
        evaluations[KAPPA - 1].at_r += d;
        evaluations[KAPPA - 1].at_minus_r -= d;
    });
    assert_eq!(result, Err(HyperKzgError::Pairing));
}

#[test]
fn a_commitment_of_higher_degree_opens_only_in_its_first_block() {
    // The reference string is longer than 2^kappa. With a second block, the folds end in a polynomial instead of a
    // constant.
    let Statement { polynomial, point, value } = statement();
    let blocks = |second: Vec<Fr>| {
        let statement = Statement { polynomial: [polynomial.clone(), second].concat(), point: point.clone(), value };
        deviate(&honest(&statement), &point, value, |_, _| {})
    };
    assert_eq!(blocks(polynomial.clone()), Err(HyperKzgError::Fold { round: KAPPA - 1 }));
    // A second block that vanishes at the point changes nothing: the statement is about the first.
    let mut second = polynomial.clone();
    let weight: Fr = point.iter().map(|x| Fr::ONE - x).product();
    second[0] -= value / weight;
    assert_eq!(blocks(second), Ok(()));
}

#[test]
fn challenges_that_are_zero_are_refused() {
    for challenge in [Challenge::R, Challenge::Q, Challenge::D] {
        assert_eq!(nonzero(Fr::zero(), challenge), Err(HyperKzgError::ZeroChallenge { challenge }));
        assert_eq!(nonzero(Fr::ONE, challenge), Ok(Fr::ONE));
    }
}

#[test]
fn every_absorbed_part_changes_the_first_challenge() {
    let key = srs().verifier_key();
    let [a, b] = [commit(&[Fr::ONE]), commit(&[Fr::from(2u64)])];
    let point = [Fr::from(3u64), Fr::from(4u64)];
    let challenge =
        |protocol: &str, context: &[u8], s: Option<Fr>, c: Commitment, point: &[Fr], y: u64, folds: &[_]| {
            let mut transcript = Transcript::new(protocol, context);
            if let Some(s) = s {
                transcript.blinder(&s);
            }
            transcript.statement(key, &c, point, &Fr::from(y));
            transcript.folds(folds).unwrap()
        };
    let swapped = [point[1], point[0]];
    let all = [
        challenge(OPEN, b"x", None, a, &point, 5, &[b]),
        challenge("other", b"x", None, a, &point, 5, &[b]),
        challenge(OPEN, b"y", None, a, &point, 5, &[b]),
        challenge(OPEN, b"x", Some(Fr::ONE), a, &point, 5, &[b]),
        challenge(OPEN, b"x", Some(Fr::zero()), a, &point, 5, &[b]),
        challenge(OPEN, b"x", None, b, &point, 5, &[b]),
        challenge(OPEN, b"x", None, a, &swapped, 5, &[b]),
        challenge(OPEN, b"x", None, a, &point[..1], 5, &[b]),
        challenge(OPEN, b"x", None, a, &point, 6, &[b]),
        challenge(OPEN, b"x", None, a, &point, 5, &[a]),
        challenge(OPEN, b"x", None, a, &point, 5, &[b, b]),
        challenge(OPEN, b"x", None, a, &point, 5, &[]),
    ];
    for (i, challenge) in all.iter().enumerate() {
        assert!(!all[..i].contains(challenge), "{i}");
    }
}

#[test]
fn the_prover_is_deterministic_and_agrees_with_the_naive_one() {
    let Statement { polynomial, point, value } = statement();
    let proof = open(srs(), b"", &commit(&polynomial), &polynomial, &point, &value).unwrap();
    let again = open(srs(), b"", &commit(&polynomial), &polynomial, &point, &value).unwrap();
    assert_eq!(proof, again);
    let statement = Statement { polynomial, point, value };
    let folds: Vec<_> = honest(&statement)[1..].iter().map(|f| commit(f)).collect();
    assert_eq!(proof.folds, folds);
}
