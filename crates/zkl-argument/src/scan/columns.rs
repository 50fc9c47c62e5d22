//! Where the scan argument meets the commitments: its last claim, opened.

use tracing::info_span;
use zkl_core::ark::Fr;
use zkl_kernel::{Form, Kernel, KernelTask};

use super::weights::cell_weights;
use crate::{
    commit::{Blinders, CommitError, Commitment, CommitmentSeed, RowGroups, commit_column},
    error::{ColumnsError, ScanError},
    hyperkzg::{
        CombinedColumns, CommittedColumn, Mask, MaskedOpening, OpenError, OpeningColumn, masked_opening, verify_masked,
    },
    opening::Opening,
    plan::ScanPlan,
    srs::{Srs, SrsVerifierKey},
    witness::{ScanWitness, kernel_form},
};

/// Commitments of every column of `witness`, `[column][row group]`; column c of the plan takes blinder number c.
///
/// # Errors
/// [`CommitError`] when the groups or the reference string are too short.
pub fn commit_columns(
    srs: &Srs,
    groups: RowGroups,
    witness: &ScanWitness<'_>,
    seed: &CommitmentSeed,
) -> Result<Vec<Vec<Commitment>>, CommitError> {
    let _span = info_span!("commit").entered();
    let columns = witness.cells().iter().enumerate();
    columns.map(|(column, cell)| commit_column(srs, groups, column as u32, cell.scalars(), seed)).collect()
}

/// Opens the claim of a proof. `context` holds `t0` and every public input of the outer proof; the mask is the one that was
/// committed before `t0`, and is used up.
///
/// # Errors
/// [`OpenError`] when the shapes do not fit.
#[expect(clippy::too_many_arguments, reason = "the statement of the opening has these parts")]
pub fn open_columns(
    srs: &Srs,
    context: &[u8],
    groups: RowGroups,
    plan: &ScanPlan,
    witness: &ScanWitness<'_>,
    blinders: &dyn Blinders,
    commitments: &[Vec<Commitment>],
    mask: Mask,
    opening: &Opening<Fr>,
) -> Result<MaskedOpening, OpenError> {
    let _span = info_span!("opening").entered();
    let combined = combine_columns(groups, plan, witness, blinders, opening)?;
    let weights = cell_weights(plan, opening);
    let committed = weighted(&weights, commitments);
    let (point, rho) = (&opening.r_star, &opening.rho);
    let (_, proof) = masked_opening(srs, context, groups, point, &combined, &committed, mask, rho)?;
    Ok(proof)
}

/// The weighted sum of the columns of `witness` that a claim is about, without the mask.
///
/// # Errors
/// [`OpenError`] when the shapes do not fit.
pub fn combine_columns(
    groups: RowGroups,
    plan: &ScanPlan,
    witness: &ScanWitness<'_>,
    blinders: &dyn Blinders,
    opening: &Opening<Fr>,
) -> Result<CombinedColumns, OpenError> {
    let weights = cell_weights(plan, opening);
    let blinders: Vec<Vec<Fr>> = (0..weights.len() as u32)
        .map(|column| (0..groups.count() as u32).map(|group| blinders.blinder(column, group)).collect())
        .collect();
    let columns: Vec<OpeningColumn<'_>> = weights
        .iter()
        .zip(witness.cells())
        .zip(&blinders)
        .map(|((&weight, cell), blinders)| OpeningColumn { weight, values: cell.scalars(), blinders })
        .collect();
    CombinedColumns::new(groups, &opening.r_star, &columns)
}

/// The columns that a claim is about, as a verifier has them.
///
/// # Errors
/// [`ColumnsError::ColumnCount`] unless there is one list of commitments per column of the plan.
pub fn weighted_columns<'a>(
    plan: &ScanPlan,
    commitments: &'a [Vec<Commitment>],
    opening: &Opening<Fr>,
) -> Result<Vec<CommittedColumn<'a>>, ColumnsError> {
    let weights = cell_weights(plan, opening);
    if commitments.len() != weights.len() {
        return Err(ColumnsError::ColumnCount { expected: weights.len(), got: commitments.len() });
    }
    Ok(weighted(&weights, commitments))
}

/// Verifies that the committed columns and the mask open to `opening.y`.
///
/// # Errors
/// [`ColumnsError::Masked`] with one variant per check; [`ColumnsError::ColumnCount`] unless there is one list of commitments per column of the plan.
///
/// # Soundness
/// `opening` must be bound by the proof that the scan argument verifies, and `context` hold everything public in it.
#[expect(clippy::too_many_arguments, reason = "the statement of the opening has these parts")]
pub fn verify_columns(
    key: &SrsVerifierKey,
    context: &[u8],
    groups: RowGroups,
    plan: &ScanPlan,
    commitments: &[Vec<Commitment>],
    mask: &Commitment,
    opening: &Opening<Fr>,
    proof: &MaskedOpening,
) -> Result<(), ColumnsError> {
    let committed = weighted_columns(plan, commitments, opening)?;
    let Opening { r_star, rho, y, .. } = opening;
    Ok(verify_masked(key, context, groups, r_star, &committed, mask, rho, y, proof)?)
}

fn weighted<'a>(weights: &[Fr], commitments: &'a [Vec<Commitment>]) -> Vec<CommittedColumn<'a>> {
    let columns = weights.iter().zip(commitments);
    columns.map(|(&weight, commitments)| CommittedColumn { weight, commitments }).collect()
}

/// The same check in the clear, for the plain protocol: the columns and the mask have the claimed value.
///
/// # Errors
/// [`ScanError::OpeningEnd`] when they do not.
pub fn check_columns(
    plan: &ScanPlan,
    witness: &ScanWitness<'_>,
    mask: &[Fr],
    opening: &Opening<Fr>,
) -> Result<(), ScanError> {
    let form: Vec<(usize, Fr)> = cell_weights(plan, opening).into_iter().enumerate().collect();
    let low = opening.r_star.get(..mask.len().trailing_zeros() as usize).ok_or(ScanError::OpeningEnd)?;
    let form = kernel_form(witness.cells(), &form);
    let value = Evaluate { form: &form, point: &opening.r_star, rows: plan.shape().rows() };
    let v = zkl_kernel::selection().choice.run(value).ok_or(ScanError::OpeningEnd)?;
    let w = crate::mle::evaluate(mask, low).ok_or(ScanError::OpeningEnd)?;
    if v + opening.rho * w == opening.y { Ok(()) } else { Err(ScanError::OpeningEnd) }
}

/// The value of a form of columns at a row point; `None` when the point has fewer coordinates than the rows have bits.
struct Evaluate<'a> {
    form: &'a Form<'a>,
    point: &'a [Fr],
    rows: usize,
}

impl KernelTask for Evaluate<'_> {
    type Output = Option<Fr>;

    fn run<K: Kernel>(self, kernel: K) -> Option<Fr> {
        kernel.eq_sum(self.point, &kernel.tabulate(self.form, self.rows)).ok()
    }
}
