//! The moments: every sum exact, every bit a bit, every null cell zero, every group counted; and the lookups' claims about
//! columns brought to the same point.
//!
//! # Statement
//! Over the rows below n: `sum u`, `sum u^2`, valid counts and the sums of declared pairs are the sealed ones; validity
//! columns hold bits; a null cell holds 0. For a grouped column with multiplicities m and sealed `nulls`, `D`, `k_min`:
//! `m(0) = nulls`, `m(t) = 0` for `t > D`, and `m(t) - k_min = lo(t) + 2^16 hi(t)` for `1 <= t <= D`. And, of
//! [`LookupClaim`]: `A = sum_E eq(e,z_blk) m_e(z_row)`, `Bq = sum_B eq(c,z_blk) L'_c(z_row)`.
//!
//! # Relation
//! One sumcheck over the rows, with powers of theta in the order of the table and `e(x) = eq(z_row, x)`:
//!
//! | per slot | weight | term | sum |
//! |---|---|---|---|
//! | numeric | `ind_n` | `u`, `u^2`, `b` | `S1`, `S2`, valid |
//! | numeric | `e ind_n` | `b^2 - b`, `u (1 - b)` | 0, 0 |
//! | opaque | `ind_n` | `b` | valid |
//! | opaque | `e ind_n` | `b^2 - b` | 0 |
//! | grouped | `eq(0, x)` | `m` | nulls |
//! | grouped | `e (1 - G)` | `m` | 0 |
//! | grouped | `e (G - eq(0, x))` | `m - k_min - rest` | 0 |
//! | product | `ind_n` | `u_l u_r`, `b_l b_r`, `u_l b_r`, `u_r b_l`, `u_l^2 b_r`, `u_r^2 b_l` | the six sealed sums |
//! | once, last | `e` | `F = sum_E eq(e,z_blk) m_e + beta sum_B eq(c,z_blk) L'_c` | `A + beta Bq` |
//!
//! Each kind of slot declares its lines in a file of `kinds`.
//!
//! `G` is the extension of `[t <= D]`; `b = b' + full` with `b'` committed, where `full` is 1 for a column that is never
//! null (then `b'` is absent, 0). An inactive slot has no columns, so its values and sums are 0.
//!
//! The last line costs no message: its degree is below that of the others. Without it the values at `z_row` and at `z2`
//! would need a sumcheck of their own to meet at one point.
//!
//! # Soundness
//! Lund-Fortnow-Karloff-Nisan sumcheck, `4 mu / |Fr|`; batching by theta, (number of terms) / |Fr|, and by beta, `1 / |Fr|`:
//! both are drawn after A and Bq are fixed; the rules that hold row by row, `mu / |Fr|`: `z_row` was drawn after every column was
//! committed. Sums are exact over the integers because entries are range-checked by [`lookup`](crate::lookup): each sum is
//! below 2^160. Groups: entries of m outside `0..=D` are 0, in rows beyond the dictionary too (its table repeats there, and
//! a negative multiplicity in one copy could otherwise lift the count in another), so no group hides outside `1..=D`.
//!
//! | symbol | here |
//! |---|---|
//! | `z2` | [`MomentsClaim::z2`] |
//! | `val_i` | [`MomentsClaim::values`], in the order of `Shape::value_count` |
//! | `F(z2)` | [`MomentsClaim::lookups`] |

mod prove;

pub(crate) use prove::{MomentsInput, prove};

use crate::{
    context::{Context, Value},
    error::ScanError,
    kinds::{self, Relation, Sizes, Summand, Taker, Visitor, Weights},
    lookup::LookupClaim,
    mle,
    shape::Shape,
    statement::{LayoutVector, SealedProfile},
    sumcheck::plain_round,
};

/// Degree per coordinate.
pub const DEGREE: usize = 4;

/// What remains of the moments: values of linear forms of committed columns at one row point.
pub struct MomentsClaim<V> {
    /// The row point, `mu` coordinates.
    pub z2: Vec<V>,
    /// Claimed values at `z2`.
    pub values: Vec<V>,
    /// Claimed value at `z2` of the columns of the lookups.
    pub lookups: V,
    /// What joins multiplicities and looked-up columns in it.
    pub beta: V,
}

/// Verifies the moments down to [`MomentsClaim`].
///
/// # Errors
/// [`ScanError::GroupCount`], [`ScanError::NullsInFullColumn`], [`ScanError::MomentsEnd`].
pub fn verify<C: Context>(
    ctx: &mut C,
    shape: &Shape,
    layout: &LayoutVector<C::Value>,
    n_bits: &[C::Value],
    sealed: &SealedProfile<C::Value>,
    lookups: &LookupClaim<C::Value>,
) -> Result<MomentsClaim<C::Value>, C::Error> {
    check_dictionaries(ctx, shape, layout, sealed)?;
    let theta = ctx.challenge()?;
    let beta = ctx.challenge()?;
    let powers = powers(ctx, shape, &theta);
    let joined = lookups.multiplicities.clone() + beta.clone() * &lookups.lookups;
    let mut claim = expected_sum(ctx, sealed, joined, &powers);
    let mut z2 = Vec::with_capacity(shape.log_rows());
    for _ in 0..shape.log_rows() {
        let (after, r) = plain_round(ctx, DEGREE, &claim)?;
        claim = after;
        z2.push(r);
    }
    let values = ctx.receive(shape.value_count())?;
    let joined = ctx.receive(1)?.into_iter().fold(ctx.constant(0), |sum, value| sum + value);

    let rows = mle::below(ctx, n_bits, &z2);
    let eq = mle::eq_points(ctx, &lookups.z_row, &z2);
    let mut groups = Vec::with_capacity(sealed.grouped.len());
    for (grouped, record) in sealed.grouped.iter().enumerate() {
        let codes = record.distinct.clone() + ctx.constant(1);
        let bits = ctx.bits(&codes, shape.log_rows() + 1, ScanError::GroupCount { grouped })?;
        groups.push(mle::below(ctx, &bits, &z2));
    }
    let (zero, one) = (ctx.constant(0), ctx.constant(1));
    let weights = Weights { rules: rows.clone() * &eq, rows, eq, origin: mle::at_origin(ctx, &z2), groups, zero, one };
    let of = |elements| Taker::new(elements, weights.zero.clone());
    let value = terms_at(layout, sealed, &weights, of(&powers), of(&values), &joined);
    ctx.assert_equal(&claim, &value, ScanError::MomentsEnd)?;
    Ok(MomentsClaim { z2, values, lookups: joined, beta })
}

/// `D` inside its dictionary, and no nulls where the layout says never null.
fn check_dictionaries<C: Context>(
    ctx: &mut C,
    shape: &Shape,
    layout: &LayoutVector<C::Value>,
    sealed: &SealedProfile<C::Value>,
) -> Result<(), C::Error> {
    let zero = ctx.constant(0);
    let category_nulls = sealed.category.iter().map(|counts| counts.first());
    let grouped_nulls = sealed.grouped.iter().map(|record| Some(&record.nulls));
    let full = layout.category_full.iter().chain(&layout.grouped_full);
    for (dictionary, (nulls, full)) in category_nulls.chain(grouped_nulls).zip(full).enumerate() {
        if let Some(nulls) = nulls {
            let check = ScanError::NullsInFullColumn { dictionary };
            ctx.assert_equal(&(nulls.clone() * full), &zero, check)?;
        }
    }
    for (grouped, (record, max)) in sealed.grouped.iter().zip(&layout.grouped_max).enumerate() {
        // Both bounds are needed: a negative D would make max - D look large but in range.
        ctx.bits(&record.distinct, shape.limb_bits(), ScanError::GroupCount { grouped })?;
        ctx.bits(&(max.clone() - &record.distinct), shape.limb_bits(), ScanError::GroupCount { grouped })?;
    }
    Ok(())
}

/// Powers of theta from 1 on, one per term, the lookups' last.
pub(crate) fn powers<C: Context>(ctx: &mut C, shape: &Shape, theta: &C::Value) -> Vec<C::Value> {
    let mut power = ctx.constant(1);
    let next = |_| {
        let now = power.clone();
        power = power.clone() * theta;
        now
    };
    (0..Sizes::of(shape.slots()).terms + 1).map(next).collect()
}

/// The right-hand side: the powers of theta over the sealed values, and `lookups` for `A + beta Bq`.
pub(crate) fn expected_sum<C: Context>(
    ctx: &mut C,
    sealed: &SealedProfile<C::Value>,
    lookups: C::Value,
    powers: &[C::Value],
) -> C::Value {
    struct Sum<'a, V> {
        sealed: &'a SealedProfile<V>,
        powers: Taker<'a, V>,
        sum: V,
    }

    impl<V: Value> Visitor for Sum<'_, V> {
        fn visit<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(&mut self)
        where
            R: Relation<FIELDS, VALUES, TERMS>,
        {
            for record in R::sealed(self.sealed) {
                let powers: [V; TERMS] = self.powers.take();
                for (power, sum) in powers.into_iter().zip(R::sums(record)) {
                    if let Some(sum) = sum {
                        self.sum += &(power * sum);
                    }
                }
            }
        }
    }

    let zero = ctx.constant(0);
    let mut sum = Sum { sealed, powers: Taker::new(powers, zero.clone()), sum: zero };
    kinds::each(&mut sum);
    let [power] = sum.powers.take();
    sum.sum + power * lookups
}

/// The summand at one point, from the weights and the values of the forms there.
fn terms_at<V: Value>(
    layout: &LayoutVector<V>,
    sealed: &SealedProfile<V>,
    weights: &Weights<V>,
    powers: Taker<'_, V>,
    values: Taker<'_, V>,
    lookups: &V,
) -> V {
    struct Terms<'a, V> {
        layout: &'a LayoutVector<V>,
        sealed: &'a SealedProfile<V>,
        weights: &'a Weights<V>,
        powers: Taker<'a, V>,
        values: Taker<'a, V>,
        summand: Summand<V>,
    }

    impl<V: Value> Visitor for Terms<'_, V> {
        fn visit<R, const FIELDS: usize, const VALUES: usize, const TERMS: usize>(&mut self)
        where
            R: Relation<FIELDS, VALUES, TERMS>,
        {
            for known in R::known(self.layout, self.sealed) {
                let (values, powers) = (self.values.take(), self.powers.take());
                R::add_terms(known, values, powers, self.weights, &mut self.summand);
            }
        }
    }

    let zero = weights.zero.clone();
    let summand = Summand { rows: zero.clone(), rules: zero.clone(), weighted: zero };
    let mut terms = Terms { layout, sealed, weights, powers, values, summand };
    kinds::each(&mut terms);
    let [power] = terms.powers.take();
    let Summand { rows, rules, weighted } = terms.summand;
    let weighted = weighted + power * (lookups.clone() * &weights.eq);
    rows * &weights.rows + rules * &weights.rules + weighted
}
