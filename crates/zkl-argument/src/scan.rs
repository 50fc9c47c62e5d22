//! The scan argument: the sealed profile is the profile of the committed columns, over every row.
//!
//! # Statement
//! Given a layout, committed columns and a sealed profile, over the rows below n: limbs are below 2^16 and the top limb is
//! at most T; codes are inside their dictionary, counts and joint counts exact; bits are bits and null cells 0; sums and
//! valid counts exact over the integers. Rows from n on are ignored.
//!
//! # Relation
//! [`lookup`], then [`moments`], which also take the lookups' claims about columns to their own point, then
//! [`opening`]. [`verify`] is the whole verifier; it runs natively and, with another [`Context`], inside
//! the transcript circuit.
//!
//! # Soundness
//! The sum of the parts, below 2^-200, given that every committed column, every multiplicity, the mask and the sealed
//! profile are bound by `t0`, and that the caller checks that the columns open to [`Opening::y`](crate::Opening).

mod columns;
mod prove;
mod weights;

pub use columns::{check_columns, combine_columns, commit_columns, open_columns, verify_columns, weighted_columns};
pub use prove::{PlainProof, prove_plain, prove_plain_with};
pub use weights::cell_weights;
pub(crate) use weights::lookup_form;

use zkl_core::ark::Fr;

use crate::{
    context::{Context, PlainVerifier},
    error::ScanError,
    lookup, moments, opening,
    opening::Opening,
    plan::ScanPlan,
    shape::Shape,
    statement::{LayoutVector, SealedProfile},
    transcript::TranscriptSeed,
};

/// Verifies the scan argument down to the opening of the committed columns.
///
/// # Errors
/// The first [`ScanError`] among the checks, or whatever the context answers.
///
/// # Soundness
/// `layout` and `sealed` must be what `t0` binds (the layout vector derived from the layout, the profile opened from `h`),
/// their lengths those of `shape`; the columns must open to `y`.
pub fn verify<C: Context>(
    ctx: &mut C,
    shape: &Shape,
    layout: &LayoutVector<C::Value>,
    sealed: &SealedProfile<C::Value>,
) -> Result<Opening<C::Value>, C::Error> {
    let check = ScanError::RowCount { log_rows: shape.log_rows() };
    let n_bits = ctx.bits(&layout.rows, shape.log_rows() + 1, check.clone())?;
    ctx.inverse(&layout.rows, check.clone())?;
    if let Some(top) = n_bits.last() {
        let over = layout.rows.clone() - ctx.constant(shape.rows() as u64);
        let zero = ctx.constant(0);
        ctx.assert_equal(&(over * top), &zero, check)?;
    }
    let lookups = lookup::verify(ctx, shape, layout, &n_bits, sealed)?;
    let moments = moments::verify(ctx, shape, layout, &n_bits, sealed, &lookups)?;
    opening::verify(ctx, &lookups.z_blk, moments)
}

/// Verifies the messages of the plain protocol natively.
///
/// # Errors
/// The first [`ScanError`] among the checks.
///
/// # Soundness
/// As [`verify`].
pub fn verify_plain(
    plan: &ScanPlan,
    sealed: &SealedProfile<Fr>,
    seed: &TranscriptSeed,
    messages: &[Fr],
) -> Result<Opening<Fr>, ScanError> {
    let shape = plan.shape();
    // A profile of another shape would be read slot by slot as if it were one of this shape.
    let elements = sealed.elements();
    let (expected, got) = (SealedProfile::<Fr>::len(shape), elements.len());
    if SealedProfile::from_elements(shape, elements)? != *sealed {
        return Err(ScanError::StatementLength { what: "a record of the sealed profile", expected, got });
    }
    let mut ctx = PlainVerifier::new(seed, messages, shape.message_count())?;
    verify(&mut ctx, shape, plan.vector(), sealed)
}
