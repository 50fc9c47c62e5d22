//! The prover of openings.

use zeroize::Zeroizing;
use zkl_core::ark::{
    Fr, G1Projective,
    ec::CurveGroup,
    ff::{Field, Zero},
};
use zkl_kernel::threads::prelude::*;

use super::{
    error::OpenError,
    proof::{Evaluations, HyperKzgProof},
    transcript::{OPEN, Transcript},
    verifier::check_variables,
};
use crate::{
    commit::{CommitError, Commitment},
    msm::Scalars,
    srs::Srs,
};

/// Proves that `polynomial`, committed to in `commitment` without a blinder, has the value `value` at `point`.
///
/// `polynomial` has `2^point.len()` entries, indexed as in [`mle`](crate::mle).
///
/// # Errors
/// [`OpenError`] when lengths do not fit, or the value is another. That `commitment` belongs to `polynomial` is not
/// checked: if it does not, the proof does not verify.
pub fn open(
    srs: &Srs,
    context: &[u8],
    commitment: &Commitment,
    polynomial: &[Fr],
    point: &[Fr],
    value: &Fr,
) -> Result<HyperKzgProof, OpenError> {
    open_in(Transcript::new(OPEN, context), srs, commitment, polynomial, point, value)
}

pub(super) fn open_in(
    mut transcript: Transcript,
    srs: &Srs,
    commitment: &Commitment,
    polynomial: &[Fr],
    point: &[Fr],
    value: &Fr,
) -> Result<HyperKzgProof, OpenError> {
    let kappa = check_variables(point)?;
    if polynomial.len() != 1 << kappa {
        return Err(OpenError::PolynomialLength { expected: 1 << kappa, got: polynomial.len() });
    }
    transcript.statement(srs.verifier_key(), commitment, point, value);

    let folded = fold_all(polynomial, point);
    if folded.last().and_then(|last| last.first()) != Some(value) {
        return Err(OpenError::Value);
    }
    // f_kappa is the value itself: it is not committed to.
    let folded = &folded[..kappa - 1];
    let folds = commit_all(srs, folded)?;
    let r = transcript.folds(&folds)?;

    let mut polynomials: Vec<&[Fr]> = vec![polynomial];
    polynomials.extend(folded.iter().map(|fold| fold.as_slice()));
    let evaluations: Vec<_> = polynomials.par_iter().map(|f| evaluate(f, &r)).collect();
    let q = transcript.evaluations(&evaluations)?;

    let batched = batch(&polynomials, &q);
    let quotients: Vec<_> = [r, -r, r.square()].par_iter().map(|u| Zeroizing::new(quotient(&batched, u))).collect();
    let mut witnesses = [Commitment::default(); 3];
    for (slot, witness) in witnesses.iter_mut().zip(commit_all(srs, &quotients)?) {
        *slot = witness;
    }
    transcript.witnesses(&witnesses)?;
    Ok(HyperKzgProof { folds, evaluations, witnesses })
}

/// `f_1 .. f_kappa`.
fn fold_all(polynomial: &[Fr], point: &[Fr]) -> Vec<Zeroizing<Vec<Fr>>> {
    let mut folds: Vec<Zeroizing<Vec<Fr>>> = Vec::with_capacity(point.len());
    for x in point {
        let previous = folds.last().map_or(polynomial, |fold| fold.as_slice());
        let (pairs, _) = previous.as_chunks::<2>();
        let fold = pairs.par_iter().with_min_len(1 << 10).map(|[low, high]| *low + *x * (*high - low)).collect();
        folds.push(Zeroizing::new(fold));
    }
    folds
}

/// Commitments without blinders. The vectors are independent, so that their windows fill all threads.
fn commit_all(srs: &Srs, polynomials: &[Zeroizing<Vec<Fr>>]) -> Result<Vec<Commitment>, OpenError> {
    let points = polynomials
        .par_iter()
        .map(|polynomial| srs.bases().msm(Scalars::Full(polynomial)))
        .collect::<Result<Vec<_>, _>>()
        .map_err(CommitError::from)?;
    Ok(G1Projective::normalize_batch(&points).into_iter().map(Commitment::new).collect())
}

/// `f(r)` and `f(-r)` from the even and odd parts of `f` at `r^2`, and `f(r^2)`.
fn evaluate(f: &[Fr], r: &Fr) -> Evaluations {
    let square = r.square();
    let (pairs, _) = f.as_chunks::<2>();
    let mut even = Fr::zero();
    let mut odd = Fr::zero();
    for [low, high] in pairs.iter().rev() {
        even = even * square + low;
        odd = odd * square + high;
    }
    let at_r_squared = f.iter().rev().fold(Fr::zero(), |sum, coefficient| sum * square + coefficient);
    Evaluations { at_r: even + *r * odd, at_minus_r: even - *r * odd, at_r_squared }
}

/// `B = sum_i q^i f_i`, in place over a copy of `f_0`.
fn batch(polynomials: &[&[Fr]], q: &Fr) -> Zeroizing<Vec<Fr>> {
    let mut polynomials = polynomials.iter();
    let mut batched = Zeroizing::new(polynomials.next().map_or_else(Vec::new, |f| f.to_vec()));
    let mut power = *q;
    for f in polynomials {
        batched.par_iter_mut().zip(*f).with_min_len(1 << 10).for_each(|(sum, coefficient)| *sum += power * coefficient);
        power *= q;
    }
    batched
}

/// Coefficients of `(f(X) - f(u)) / (X - u)`.
fn quotient(f: &[Fr], u: &Fr) -> Vec<Fr> {
    let mut quotient = f.get(1..).unwrap_or_default().to_vec();
    let mut carry = Fr::zero();
    for coefficient in quotient.iter_mut().rev() {
        *coefficient += carry * u;
        carry = *coefficient;
    }
    quotient
}
