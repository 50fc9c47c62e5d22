//! The verifier.

use zkl_argument::{
    chain::HashChain,
    commit::{Commitment, RowGroups},
    hyperkzg::{CommittedColumn, verify_masked},
    srs::SrsVerifierKey,
};

use super::{
    key::VerifyingKey,
    masks::MaskCommitments,
    proof::Proof,
    rounds::{InnerClaim, outer_claim},
    sizes::Sizes,
    transcript::{Batch, Oracle, Statement, Transcript},
    weights::Weights,
};
use crate::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    proof_system::{Linked, Part, VerifyError},
};

pub(super) fn verify(
    key: &VerifyingKey,
    srs: &SrsVerifierKey,
    x: &[Fr],
    link: Option<&Linked>,
    proof: &Proof,
) -> Result<(), VerifyError> {
    verify_in(Transcript::<HashChain>::chain(), key, srs, x, link, proof)
}

/// [`verify`] with challenges of `oracle`.
pub(super) fn verify_in(
    oracle: impl Oracle,
    key: &VerifyingKey,
    srs: &SrsVerifierKey,
    x: &[Fr],
    link: Option<&Linked>,
    proof: &Proof,
) -> Result<(), VerifyError> {
    let Claim { groups, point, delta, value, terms, context } = reduce(oracle, key, srs, x, link, proof)?;
    let (columns, mask) = (columns(&terms), &proof.masks.d);
    Ok(verify_masked(srs, &context, groups, &point, &columns, mask, &delta, &value, &proof.opening)?)
}

/// What both sumchecks leave to be opened.
pub(super) struct Claim {
    pub(super) groups: RowGroups,
    /// `r_y`.
    pub(super) point: Vec<Fr>,
    pub(super) delta: Fr,
    /// Of all terms and the mask.
    pub(super) value: Fr,
    pub(super) terms: Vec<(Fr, Commitment)>,
    pub(super) context: [u8; 64],
}

/// Follows the rounds down to one claim about the commitments. Fails for what is wrong in form only.
pub(super) fn reduce(
    oracle: impl Oracle,
    key: &VerifyingKey,
    srs: &SrsVerifierKey,
    x: &[Fr],
    link: Option<&Linked>,
    proof: &Proof,
) -> Result<Claim, VerifyError> {
    // Every length follows from key and link, and is checked before anything is zipped: a short vector would skip checks.
    let sizes = key.sizes(link.map(|link| link.point().len()))?;
    if x.len() != sizes.inputs {
        return Err(VerifyError::Inputs { expected: sizes.inputs, got: x.len() });
    }
    count(Part::Witness, sizes.blocks, proof.witness.len())?;
    count(Part::Outer, sizes.rounds, proof.outer.len())?;
    count(Part::Inner, sizes.kappa, proof.inner.len())?;

    let statement = Statement { key: key.digest(), srs: srs.digest(), link, x };
    let mut transcript = Transcript::new(oracle, &statement);
    let t = transcript.committed(&proof.witness, &proof.masks, &proof.sigma, sizes.rounds);
    let (mut e, mut rx) = (Fr::ZERO, Vec::with_capacity(sizes.rounds));
    for (message, t) in proof.outer.iter().zip(&t) {
        let r = transcript.outer(message);
        e = outer_claim(e, *t, *message, r);
        rx.push(r);
    }
    let batch = transcript.ends(&proof.ends)?;
    let (mut inner, mut ry) = (InnerClaim::new(), Vec::with_capacity(sizes.kappa));
    for message in &proof.inner {
        let r = transcript.inner(message);
        inner.bind(*message, r);
        ry.push(r);
    }
    let delta = transcript.mask(&proof.d)?;

    // The matrices come last: what is drawn depends on them through the key alone.
    let weights = Weights { matrices: key.matrices(), sizes: &sizes, t: &t, rx: &rx, rho: batch.rho };
    let evaluated = weights.evaluate(x, &ry);
    let first = first_claim(&batch, proof, e, evaluated.public, link);
    Ok(Claim {
        groups: row_group(&sizes)?,
        delta,
        value: inner.end(first) + delta * proof.d,
        terms: terms(&batch, &ry, &evaluated.blocks, (&proof.witness, &proof.masks), link),
        context: transcript.context(),
        point: ry,
    })
}

/// `a + rho b + rho^2 (a b - e) - pub + gamma y + alpha sigma`. `C z` is not sent: `a b - e` is what `(C z - p)(r_x)` must be.
fn first_claim(batch: &Batch, proof: &Proof, e: Fr, public: Fr, link: Option<&Linked>) -> Fr {
    let Batch { rho, gamma, alpha } = *batch;
    let [a, b] = proof.ends;
    let linked = link.map_or(Fr::ZERO, |link| gamma * link.value());
    a + rho * b + rho.square() * (a * b - e) - public + linked + alpha * proof.sigma
}

/// Every commitment with its weight in the opening, the opening's mask apart: blocks, terms of the link, `U`, `V`.
pub(super) fn terms(
    batch: &Batch,
    ry: &[Fr],
    blocks: &[Fr],
    (witness, masks): (&[Commitment], &MaskCommitments),
    link: Option<&Linked>,
) -> Vec<(Fr, Commitment)> {
    let mut terms: Vec<(Fr, Commitment)> = blocks.iter().copied().zip(witness.iter().copied()).collect();
    if let Some(link) = link {
        let weight = batch.gamma * eq(link.point(), ry);
        terms.extend(link.terms().iter().map(|(term, commitment)| (weight * term, *commitment)));
    }
    let sum: Fr = ry.iter().sum();
    terms.extend([(batch.alpha, masks.u), (batch.alpha * sum, masks.v)]);
    terms
}

/// Terms as columns of one row group.
pub(super) fn columns(terms: &[(Fr, Commitment)]) -> Vec<CommittedColumn<'_>> {
    terms
        .iter()
        .map(|(weight, commitment)| CommittedColumn { weight: *weight, commitments: std::slice::from_ref(commitment) })
        .collect()
}

/// One row group of `2^kappa` entries.
pub(super) fn row_group(sizes: &Sizes) -> Result<RowGroups, VerifyError> {
    let unsupported = |_| VerifyError::LinkVariables { max: zkl_argument::hyperkzg::MAX_VARS, got: sizes.kappa };
    RowGroups::new(sizes.kappa as u32, 1).map_err(unsupported)
}

/// `eq` of two points of as many coordinates: the link's variables are the sizes' kappa.
pub(super) fn eq(a: &[Fr], b: &[Fr]) -> Fr {
    let factor = |(a, b): (&Fr, &Fr)| {
        let both = *a * b;
        Fr::ONE - a - b + both.double()
    };
    a.iter().zip(b).map(factor).product()
}

const fn count(part: Part, expected: usize, got: usize) -> Result<(), VerifyError> {
    if got == expected { Ok(()) } else { Err(VerifyError::Count { part, expected, got }) }
}
