//! One opening for all columns at a row point, with a mask that hides everything but one uniform value.
//!
//! | symbol | here |
//! |---|---|
//! | `r* = (r_lo, r_hi)` | the row point: `kappa` coordinates inside a group, then those that number the groups |
//! | `w_c` | public weight of column `c` |
//! | `v = sum_c w_c sum_g eq(g, r_hi) V_{c,g}(r_lo)` | what the scan proof claims, private |
//! | `g`, `w = g(r_lo)` | the mask, uniform in `Fr^(2^kappa)`, and its value, private |
//! | `rho != 0`, `y = v + rho w` | weight of the mask, drawn after `v` and `w`; public value |
//! | `s = sum_c w_c sum_g eq(g, r_hi) r_{c,g} + rho r_g` | blinder of the combination, public |
//!
//! ```text
//! C* = sum_c w_c sum_g eq(g, r_hi) C_{c,g} + rho C_g - s H
//! ```
//!
//! commits without a blinder to `f* = sum_c w_c sum_g eq(g, r_hi) V_{c,g} + rho g`, which HyperKZG opens to `y` at
//! `r_lo`.
//!
//! # Zero knowledge
//! `f*` is uniform because `g` is, and `s` because `r_g` is: both are independent of the columns, and everything in the
//! opening is a function of `f*` and of public values. This holds once per mask: a mask under two weights reveals `v`,
//! so [`masked_opening`] consumes it.

use zeroize::{Zeroize, ZeroizeOnDrop};
use zkl_core::ark::{
    Fr, G1Affine, G1Projective,
    ec::{CurveGroup, VariableBaseMSM},
    ff::{Field, UniformRand, Zero},
    std::rand::{CryptoRng, RngCore},
};

use super::{
    combine::accumulate,
    error::{DecodeError, MaskedError, OpenError},
    proof::{HyperKzgProof, read_scalar},
    prover::open_in,
    transcript::{MASKED, Transcript},
    verifier::verify_in,
};
use crate::{
    chain::scalar_bytes,
    commit::{CommitError, Commitment, RowGroups, commit_group},
    msm::Scalars,
    srs::{Srs, SrsVerifierKey},
};

/// A column as its owner has it.
#[derive(Clone, Copy)]
pub struct OpeningColumn<'a> {
    /// `w_c`.
    pub weight: Fr,
    /// `V_c`, at most as many values as the groups have rows.
    pub values: Scalars<'a>,
    /// `r_{c,g}`, one per group.
    pub blinders: &'a [Fr],
}

/// A column as a verifier has it.
#[derive(Clone, Copy, Debug)]
pub struct CommittedColumn<'a> {
    /// `w_c`.
    pub weight: Fr,
    /// `C_{c,g}`, one per group.
    pub commitments: &'a [Commitment],
}

/// The weighted sum of all row groups of all columns. Secret: zeroised, not `Debug`.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct CombinedColumns {
    /// `sum_c w_c sum_g eq(g, r_hi) V_{c,g}`, `2^kappa` entries.
    values: Vec<Fr>,
    /// `sum_c w_c sum_g eq(g, r_hi) r_{c,g}`.
    blinder: Fr,
}

impl CombinedColumns {
    /// Combines the columns at the row point `point`, of which the coordinates from `kappa` on are used.
    ///
    /// # Errors
    /// [`MaskedError::PointLength`] and [`MaskedError::GroupCount`] inside [`OpenError::Shape`], and
    /// [`OpenError::Commit`] when a column has more values than the groups have rows.
    pub fn new(groups: RowGroups, point: &[Fr], columns: &[OpeningColumn<'_>]) -> Result<Self, OpenError> {
        let (_, high) = split_point(groups, point)?;
        let capacity = groups.rows() * groups.count();
        for (column, OpeningColumn { values, blinders, .. }) in columns.iter().enumerate() {
            check_groups(groups, column, blinders.len())?;
            if values.len() > capacity {
                return Err(CommitError::TooManyRows { rows: values.len(), max: capacity }.into());
            }
        }
        let eq = group_weights(high);
        let mut values = vec![Fr::zero(); groups.rows()];
        let terms: Vec<_> = columns
            .iter()
            .flat_map(|column| {
                eq.iter()
                    .enumerate()
                    .map(move |(group, eq)| (column.weight * eq, column.values.group(group, groups.rows())))
            })
            .collect();
        accumulate(&mut values, &terms);
        let blinder = columns.iter().map(|column| column.weight * inner_product(&eq, column.blinders)).sum();
        Ok(Self { values, blinder })
    }

    /// The sum of no columns.
    pub fn zero(groups: RowGroups) -> Self {
        Self { values: vec![Fr::zero(); groups.rows()], blinder: Fr::zero() }
    }

    /// Adds a combination in row groups of the same length.
    pub fn add(&mut self, other: &Self) {
        for (value, other) in self.values.iter_mut().zip(&other.values) {
            *value += other;
        }
        self.blinder += other.blinder;
    }

    /// Adds a weighted mask that the combination is committed to with, so that `rho g` is a part of what is opened.
    pub fn add_mask(&mut self, mask: &Mask, rho: &Fr) {
        for (value, mask) in self.values.iter_mut().zip(&mask.values) {
            *value += *rho * mask;
        }
        self.blinder += *rho * mask.blinder;
    }

    /// The combination, `2^kappa` entries.
    pub fn values(&self) -> &[Fr] {
        &self.values
    }

    /// The blinder of the combination.
    pub const fn blinder(&self) -> &Fr {
        &self.blinder
    }

    /// `v`: the value at the coordinates `low` inside a group.
    pub fn evaluate(&self, low: &[Fr]) -> Option<Fr> {
        evaluate(&self.values, low)
    }
}

/// A uniform multilinear polynomial and the blinder of its commitment. Secret: zeroised, not `Debug`, used once.
///
/// # Soundness
/// Sample it for each proof ATTEMPT from the operating system's randomness and never store it: a mask that is reused
/// after a crash reveals the value it hid.
#[derive(Zeroize, ZeroizeOnDrop)]
pub struct Mask {
    values: Vec<Fr>,
    blinder: Fr,
}

impl Mask {
    /// A fresh mask for row groups of this shape.
    pub fn sample<R: RngCore + CryptoRng>(groups: RowGroups, rng: &mut R) -> Self {
        Self { values: (0..groups.rows()).map(|_| Fr::rand(rng)).collect(), blinder: Fr::rand(rng) }
    }

    /// A mask whose first entry is random and whose others are 0: it hides the value at one point and not the combination, for
    /// proofs that mask the opening otherwise.
    ///
    /// # Soundness
    /// The value is hidden unless `eq(0, r_lo) = 0`.
    pub fn sample_first<R: RngCore + CryptoRng>(groups: RowGroups, rng: &mut R) -> Self {
        let mut values = vec![Fr::zero(); groups.rows()];
        if let Some(first) = values.first_mut() {
            *first = Fr::rand(rng);
        }
        Self { values, blinder: Fr::rand(rng) }
    }

    /// `C_g = <g, G> + r_g H`, to be absorbed into `t0`.
    ///
    /// # Errors
    /// [`CommitError::TooManyRows`] when the reference string is shorter than a row group.
    pub fn commit(&self, srs: &Srs) -> Result<Commitment, CommitError> {
        Ok(Commitment::new(commit_group(srs, Scalars::Full(&self.values), &self.blinder)?.into_affine()))
    }

    /// `g`, `2^kappa` entries, for the reduction that sends `w`.
    pub fn values(&self) -> &[Fr] {
        &self.values
    }

    /// `w = g(r_lo)`.
    pub fn evaluate(&self, low: &[Fr]) -> Option<Fr> {
        evaluate(&self.values, low)
    }
}

/// What a prover publishes beside `y`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaskedOpening {
    /// Blinder of the combination.
    pub s: Fr,
    /// Opening of `C*` to `y` at `r_lo`.
    pub proof: HyperKzgProof,
}

impl MaskedOpening {
    /// Bytes of an opening in row groups of `2^kappa` rows.
    ///
    /// # Errors
    /// [`DecodeError::Variables`] for a `kappa` that has no openings.
    pub const fn encoded_bytes(kappa: usize) -> Result<usize, DecodeError> {
        match HyperKzgProof::encoded_bytes(kappa) {
            Ok(bytes) => Ok(32 + bytes),
            Err(error) => Err(error),
        }
    }

    /// Canonical encoding: `s`, then the proof.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = scalar_bytes(&self.s).to_vec();
        bytes.extend(self.proof.to_bytes());
        bytes
    }

    /// Reads [`MaskedOpening::to_bytes`].
    ///
    /// # Errors
    /// [`DecodeError`]; `s` counts as field element 0 and the proof's own elements are numbered from 0 again.
    pub fn from_bytes(kappa: usize, bytes: &[u8]) -> Result<Self, DecodeError> {
        let length = DecodeError::Length { expected: Self::encoded_bytes(kappa)?, got: bytes.len() };
        let (s, proof) = bytes.split_first_chunk::<32>().ok_or(length)?;
        if bytes.len() != Self::encoded_bytes(kappa)? {
            return Err(length);
        }
        Ok(Self { s: read_scalar(0, s)?, proof: HyperKzgProof::from_bytes(kappa, proof)? })
    }
}

/// The terms `(w_c eq(g, r_hi), C_{c,g})` of a combination, column by column.
///
/// # Errors
/// [`MaskedError`] when the point or a column does not fit the groups.
pub fn combination_terms(
    groups: RowGroups,
    point: &[Fr],
    columns: &[CommittedColumn<'_>],
) -> Result<Vec<(Fr, Commitment)>, MaskedError> {
    let (_, high) = split_point(groups, point)?;
    let eq = group_weights(high);
    let mut terms = Vec::with_capacity(columns.len() * eq.len());
    for (index, column) in columns.iter().enumerate() {
        check_groups(groups, index, column.commitments.len())?;
        terms.extend(eq.iter().zip(column.commitments).map(|(eq, commitment)| (column.weight * eq, *commitment)));
    }
    Ok(terms)
}

/// `C*`, from public values alone.
///
/// # Errors
/// [`MaskedError`] when the point or a column does not fit the groups, or `rho` is zero.
pub fn combine_commitments(
    h: G1Affine,
    groups: RowGroups,
    point: &[Fr],
    columns: &[CommittedColumn<'_>],
    mask: &Commitment,
    rho: &Fr,
    s: &Fr,
) -> Result<Commitment, MaskedError> {
    if rho.is_zero() {
        return Err(MaskedError::ZeroRho);
    }
    let (mut scalars, mut bases): (Vec<Fr>, Vec<G1Affine>) = combination_terms(groups, point, columns)?
        .into_iter()
        .map(|(weight, commitment)| (weight, commitment.point()))
        .unzip();
    bases.extend([mask.point(), h]);
    scalars.extend([*rho, -*s]);
    Ok(Commitment::new(G1Projective::msm_unchecked(&bases, &scalars).into_affine()))
}

/// Opens `f*` to `y` at `r_lo`, and consumes the mask. Returns `y` beside the opening.
///
/// `context` is absorbed first and must hold `t0` and all public inputs of the outer proof; `committed` are the columns
/// behind `combined` as the verifier has them.
///
/// # Errors
/// [`OpenError`] when shapes do not fit or `rho` is zero.
#[expect(clippy::too_many_arguments, reason = "the statement of the opening has these parts")]
pub fn masked_opening(
    srs: &Srs,
    context: &[u8],
    groups: RowGroups,
    point: &[Fr],
    combined: &CombinedColumns,
    committed: &[CommittedColumn<'_>],
    mask: Mask,
    rho: &Fr,
) -> Result<(Fr, MaskedOpening), OpenError> {
    let (low, _) = split_point(groups, point)?;
    let rows = groups.rows();
    for got in [combined.values.len(), mask.values.len()] {
        if got != rows {
            return Err(OpenError::PolynomialLength { expected: rows, got });
        }
    }
    let mask_commitment = mask.commit(srs)?;
    let s = combined.blinder + *rho * mask.blinder;
    let commitment = combine_commitments(srs.h(), groups, point, committed, &mask_commitment, rho, &s)?;
    // f* is uniform whatever the columns are: it needs no wiping, the mask does.
    let opened: Vec<Fr> = combined.values.iter().zip(&mask.values).map(|(value, mask)| *value + *rho * mask).collect();
    drop(mask);
    let y = evaluate(&opened, low).unwrap_or_default();
    let mut transcript = Transcript::new(MASKED, context);
    transcript.blinder(&s);
    let proof = open_in(transcript, srs, &commitment, &opened, low, &y)?;
    Ok((y, MaskedOpening { s, proof }))
}

/// Checks that the combination of the committed columns and the mask opens to `y`.
///
/// # Errors
/// [`MaskedError`]: one per check.
///
/// # Soundness
/// The weights, `point` and `rho` are the caller's, as is the relation between `y` and the columns' claim. `context`
/// must be that of the prover.
#[expect(clippy::too_many_arguments, reason = "the statement of the opening has these parts")]
pub fn verify_masked(
    key: &SrsVerifierKey,
    context: &[u8],
    groups: RowGroups,
    point: &[Fr],
    columns: &[CommittedColumn<'_>],
    mask: &Commitment,
    rho: &Fr,
    y: &Fr,
    opening: &MaskedOpening,
) -> Result<(), MaskedError> {
    let (low, _) = split_point(groups, point)?;
    let commitment = combine_commitments(key.h(), groups, point, columns, mask, rho, &opening.s)?;
    let mut transcript = Transcript::new(MASKED, context);
    transcript.blinder(&opening.s);
    Ok(verify_in(transcript, key, &commitment, low, y, &opening.proof)?)
}

fn split_point(groups: RowGroups, point: &[Fr]) -> Result<(&[Fr], &[Fr]), MaskedError> {
    let expected = groups.kappa() + groups.group_vars();
    if point.len() != expected {
        return Err(MaskedError::PointLength { expected, got: point.len() });
    }
    Ok(point.split_at(groups.kappa()))
}

const fn check_groups(groups: RowGroups, column: usize, got: usize) -> Result<(), MaskedError> {
    if got != groups.count() {
        return Err(MaskedError::GroupCount { column, expected: groups.count(), got });
    }
    Ok(())
}

/// `eq(g, r_hi)` for every group `g`.
fn group_weights(high: &[Fr]) -> Vec<Fr> {
    let mut weights = vec![Fr::ONE];
    for x in high {
        let upper: Vec<_> = weights.iter().map(|weight| *weight * x).collect();
        for (weight, upper) in weights.iter_mut().zip(&upper) {
            *weight -= upper;
        }
        weights.extend(upper);
    }
    weights
}

fn inner_product(left: &[Fr], right: &[Fr]) -> Fr {
    left.iter().zip(right).map(|(left, right)| *left * right).sum()
}

/// Value of a table of `2^low.len()` entries; `None` for another length.
fn evaluate(values: &[Fr], low: &[Fr]) -> Option<Fr> {
    if values.len() != 1usize.checked_shl(u32::try_from(low.len()).ok()?)? {
        return None;
    }
    let mut table = zeroize::Zeroizing::new(values.to_vec());
    let mut len = table.len();
    for x in low {
        len /= 2;
        for j in 0..len {
            table[j] = table[2 * j] + *x * (table[2 * j + 1] - table[2 * j]);
        }
    }
    table.first().copied()
}
