//! Committed columns that a proof opens beside its own witness.
//!
//! ```text
//! F* = sum_c w_c sum_g eq(g, r*_hi) V_{c,g} + rho' g        F*(r*_lo) = y
//! ```
//! over row groups `V_{c,g}` of `2^kappa` entries. The verifier has the commitments and the weights, the prover the combination and
//! its blinder. Every column counts with its first `2^kappa` entries.
//!
//! # Soundness
//! `y` is the value of the committed columns. Whoever calls must take point, weights and value from the statement, and draw the weights
//! after the columns were fixed: the proof's own transcript absorbs all of them, so that no column can be chosen after its
//! challenges.

use zkl_argument::{
    chain::{scalar_bytes, scalars_bytes},
    commit::{Commitment, RowGroups},
    hyperkzg::{CombinedColumns, CommittedColumn, Mask, MaskedError, combination_terms},
};

use crate::ark::{Fr, ff::Zero as _};

/// Weight and commitment.
type Term = (Fr, Commitment);

/// A link as the verifier has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Linked {
    point: Vec<Fr>,
    value: Fr,
    /// The mask's term last.
    terms: Vec<(Fr, Commitment)>,
}

impl Linked {
    /// Columns at the row point `point`, all groups of it, with a mask of weight `rho`, and the value of the combination.
    ///
    /// # Errors
    /// [`MaskedError`] when the point or a column does not fit the groups, or the mask has no weight and would hide nothing.
    pub fn new(
        groups: RowGroups,
        point: &[Fr],
        columns: &[CommittedColumn<'_>],
        mask: &Commitment,
        rho: Fr,
        value: Fr,
    ) -> Result<Self, MaskedError> {
        let terms = combination_terms(groups, point, columns)?;
        Self::of_terms(point.get(..groups.kappa()).unwrap_or(point), terms, mask, rho, value)
    }

    /// Columns whose row groups were weighted before: those of several tables, which need not have equally many. `point` is `r*_lo`.
    ///
    /// # Errors
    /// [`MaskedError::ZeroRho`] when the mask has no weight and would hide nothing.
    pub fn of_terms(
        point: &[Fr],
        mut terms: Vec<(Fr, Commitment)>,
        mask: &Commitment,
        rho: Fr,
        value: Fr,
    ) -> Result<Self, MaskedError> {
        if rho.is_zero() {
            return Err(MaskedError::ZeroRho);
        }
        terms.push((rho, *mask));
        Ok(Self { point: point.to_vec(), value, terms })
    }

    /// `r*_lo`, as many coordinates as a row group has variables.
    pub fn point(&self) -> &[Fr] {
        &self.point
    }

    /// `y`.
    pub const fn value(&self) -> Fr {
        self.value
    }

    /// Weights and commitments of the terms of `F*`, the mask's last.
    pub fn terms(&self) -> &[(Fr, Commitment)] {
        &self.terms
    }

    /// Terms of the columns, and weight and commitment of the mask.
    pub(crate) fn columns_and_mask(&self) -> Option<(&[Term], &Term)> {
        self.terms.split_last().map(|(mask, columns)| (columns, mask))
    }

    /// `rho'`.
    pub(crate) fn mask_weight(&self) -> Fr {
        self.terms.last().map_or(Fr::zero(), |(weight, _)| *weight)
    }

    /// What the transcript absorbs: variables (1 byte), `r*_lo`, `y`, then weight and commitment of every term.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        // At most 17 variables.
        let mut bytes = vec![self.point.len() as u8];
        bytes.extend(scalars_bytes(&self.point));
        bytes.extend(scalar_bytes(&self.value));
        for (weight, commitment) in &self.terms {
            bytes.extend(scalar_bytes(weight));
            bytes.extend(commitment.to_bytes());
        }
        bytes
    }
}

/// A link as the prover has it. Secret but for the first field: not `Debug`; combination and mask are zeroised.
pub struct Link {
    /// What the verifier has.
    pub linked: Linked,
    /// The weighted columns and their blinder, without the mask.
    pub combined: CombinedColumns,
    /// The mask, used up by the proof.
    pub mask: Mask,
}
