//! Commitments to a polynomial and a proper fraction beside it, `f(X) + c / (X - a)`. Powers of a derived base have such a part, which a
//! prover might know of (ADR 17). Whoever knows tau can make any of them, and plays the prover who follows the protocol otherwise.

use sha2::{Digest as _, Sha512};
use zkl_core::ark::{
    Fr,
    ec::CurveGroup as _,
    ff::{Field as _, PrimeField as _, UniformRand as _},
};

use super::{
    super::{
        Evaluations, HyperKzgError, HyperKzgProof,
        transcript::{OPEN, Transcript},
        verify,
    },
    ChaCha20Rng, KAPPA, SeedableRng as _, Statement, at, fold, srs, statement,
};
use crate::{commit::Commitment, srs::Srs};

/// The secret of the dev string.
fn tau() -> Fr {
    let digest = Sha512::new().chain_update(b"zkp-dataset-ledger/srs/dev/v1\0").chain_update(Srs::DEV_SEED).finalize();
    let tau = Fr::from_le_bytes_mod_order(&digest);
    assert_eq!((srs().powers()[0] * tau).into_affine(), srs().powers()[1]);
    tau
}

/// A commitment to a function by its value at tau.
fn commit_to(at_tau: Fr) -> Commitment {
    Commitment::new((srs().powers()[0] * at_tau).into_affine())
}

#[derive(Clone)]
struct Fractional {
    polynomial: Vec<Fr>,
    numerator: Fr,
    pole: Fr,
}

impl Fractional {
    fn at(&self, u: Fr) -> Fr {
        at(&self.polynomial, u) + self.numerator / (u - self.pole)
    }

    /// The even part of `c / (X - a)` is `c a / (X^2 - a^2)`, the odd one `c X / (X^2 - a^2)`: a fraction folds to a fraction.
    fn fold(&self, x: Fr) -> Self {
        let numerator = self.numerator * ((Fr::ONE - x) * self.pole + x);
        Self { polynomial: fold(&self.polynomial, x), numerator, pole: self.pole.square() }
    }

    /// Follows the protocol with functions instead of polynomials.
    fn open(self, point: &[Fr], value: Fr) -> Result<(), HyperKzgError> {
        let tau = tau();
        let commitment = commit_to(self.at(tau));
        let mut transcript = Transcript::new(OPEN, b"");
        transcript.statement(srs().verifier_key(), &commitment, point, &value);
        let mut functions = vec![self];
        for x in &point[..KAPPA - 1] {
            functions.push(functions[functions.len() - 1].fold(*x));
        }
        let folds: Vec<_> = functions[1..].iter().map(|f| commit_to(f.at(tau))).collect();
        let r = transcript.folds(&folds).unwrap();
        let evaluate = |f: &Self| Evaluations { at_r: f.at(r), at_minus_r: f.at(-r), at_r_squared: f.at(r.square()) };
        let evaluations: Vec<_> = functions.iter().map(evaluate).collect();
        let q = transcript.evaluations(&evaluations).unwrap();
        let batched = |u: Fr| functions.iter().rev().fold(Fr::from(0u64), |sum, f| sum * q + f.at(u));
        let witnesses = [r, -r, r.square()].map(|u| commit_to((batched(tau) - batched(u)) / (tau - u)));
        let proof = HyperKzgProof { folds, evaluations, witnesses };
        verify(srs().verifier_key(), b"", &commitment, point, &value, &proof)
    }
}

#[test]
fn a_fraction_beside_the_polynomial_is_refused_unless_it_folds_to_nothing_and_then_the_value_is_the_polynomials() {
    let Statement { polynomial, point, value } = statement();
    let numerator = Fr::rand(&mut ChaCha20Rng::seed_from_u64(8));
    let with = |pole| Fractional { polynomial: polynomial.clone(), numerator, pole };
    // Whoever knows the point beforehand, which no prover does, folds to (1 - x) a + x = 0.
    let vanishes = with(point[0] / (point[0] - Fr::ONE));
    assert_eq!(vanishes.clone().open(&point, value), Ok(()));
    let another = vanishes.open(&point, value + Fr::ONE);
    assert_eq!(another, Err(HyperKzgError::Fold { round: KAPPA - 1 }));
    let stays = with(Fr::from(9u64)).open(&point, value);
    assert_eq!(stays, Err(HyperKzgError::Fold { round: KAPPA - 1 }));
}
