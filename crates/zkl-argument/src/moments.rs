//! The moments: every sum exact, every bit a bit, every null cell zero, every group counted.
//!
//! # Statement
//! Over the rows below n: `sum u`, `sum u^2`, valid counts and the sums of declared pairs are the sealed ones; validity
//! columns hold bits; a null cell holds 0. For a grouped column with multiplicities m and sealed `nulls`, `D`, `k_min`:
//! `m(0) = nulls`, `m(t) = 0` for `t > D`, and `m(t) - k_min = lo(t) + 2^16 hi(t)` for `1 <= t <= D`.
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
//!
//! `G` is the extension of `[t <= D]`; `b = b' + full` with `b'` committed, where `full` is 1 for a column that is never
//! null (then `b'` is absent, 0). An inactive slot has no columns, so its values and sums are 0.
//!
//! # Soundness
//! Lund-Fortnow-Karloff-Nisan sumcheck, `4 mu / |Fr|`; batching by theta, (number of terms) / |Fr|; the rules that hold
//! row by row, `mu / |Fr|`: `z_row` was drawn after every column was committed. Sums are exact over the integers because
//! entries are range-checked by [`lookup`](crate::lookup): each sum is below 2^160. Groups: entries of m outside
//! `0..=D` are 0, in rows beyond the dictionary too (its table repeats there, and a negative multiplicity in one copy
//! could otherwise lift the count in another), so no group hides outside `1..=D`.
//!
//! | symbol | here |
//! |---|---|
//! | `z2` | [`MomentsClaim::z2`] |
//! | `val_i` | [`MomentsClaim::values`], in the order of `Shape::value_count` |

mod prove;

pub(crate) use prove::{MomentsInput, prove};

use crate::{
    context::Context,
    error::ScanError,
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
}

/// Weights of the terms at one point.
pub(crate) struct Weights<V> {
    /// `ind_n`.
    pub(crate) rows: V,
    /// `e ind_n`.
    pub(crate) rules: V,
    /// `e`.
    pub(crate) eq: V,
    /// `eq(0, .)`.
    pub(crate) origin: V,
    /// `G` of every grouped slot.
    pub(crate) groups: Vec<V>,
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
    z_row: &[C::Value],
) -> Result<MomentsClaim<C::Value>, C::Error> {
    check_dictionaries(ctx, shape, layout, sealed)?;
    let theta = ctx.challenge()?;
    let mut claim = expected_sum(ctx, sealed, &theta);
    let mut z2 = Vec::with_capacity(z_row.len());
    for _ in 0..shape.log_rows() {
        let (after, r) = plain_round(ctx, DEGREE, &claim)?;
        claim = after;
        z2.push(r);
    }
    let values = ctx.receive(shape.value_count())?;

    let rows = mle::below(ctx, n_bits, &z2);
    let eq = mle::eq_points(ctx, z_row, &z2);
    let mut groups = Vec::with_capacity(sealed.grouped.len());
    for (grouped, record) in sealed.grouped.iter().enumerate() {
        let codes = record.distinct.clone() + ctx.constant(1);
        let bits = ctx.bits(&codes, shape.log_rows() + 1, ScanError::GroupCount { grouped })?;
        groups.push(mle::below(ctx, &bits, &z2));
    }
    let weights = Weights { rules: rows.clone() * &eq, rows, eq, origin: mle::at_origin(ctx, &z2), groups };
    let value = terms_at(ctx, layout, sealed, &theta, &weights, &values);
    ctx.assert_equal(&claim, &value, ScanError::MomentsEnd)?;
    Ok(MomentsClaim { z2, values })
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

/// Powers of theta, one per term.
struct Powers<V> {
    theta: V,
    next: V,
}

impl<V: crate::context::Value> Powers<V> {
    fn times(&mut self, value: V) -> V {
        let power = self.next.clone();
        self.next = power.clone() * &self.theta;
        power * value
    }

    fn skip(&mut self, terms: usize) {
        for _ in 0..terms {
            self.next = self.next.clone() * &self.theta;
        }
    }
}

/// The right-hand side: the same powers of theta over the sealed values.
pub(crate) fn expected_sum<C: Context>(ctx: &mut C, sealed: &SealedProfile<C::Value>, theta: &C::Value) -> C::Value {
    let mut powers = Powers { theta: theta.clone(), next: ctx.constant(1) };
    let mut sum = ctx.constant(0);
    for record in &sealed.numeric {
        for value in [&record.sum, &record.sum_squares, &record.valid] {
            sum = sum + powers.times(value.clone());
        }
        powers.skip(2);
    }
    for valid in &sealed.opaque {
        sum = sum + powers.times(valid.clone());
        powers.skip(1);
    }
    for record in &sealed.grouped {
        sum = sum + powers.times(record.nulls.clone());
        powers.skip(2);
    }
    for record in &sealed.product {
        let sums = [&record.products, &record.valid, &record.left_sum, &record.right_sum];
        for value in sums.into_iter().chain([&record.left_squares, &record.right_squares]) {
            sum = sum + powers.times(value.clone());
        }
    }
    sum
}

/// The summand at one point, from the weights and the values of the forms there.
pub(crate) fn terms_at<C: Context>(
    ctx: &mut C,
    layout: &LayoutVector<C::Value>,
    sealed: &SealedProfile<C::Value>,
    theta: &C::Value,
    weights: &Weights<C::Value>,
    values: &[C::Value],
) -> C::Value {
    let one = ctx.constant(1);
    let zero = ctx.constant(0);
    let mut powers = Powers { theta: theta.clone(), next: one.clone() };
    let mut values = values.iter();
    let mut next = || values.next().cloned().unwrap_or_else(|| zero.clone());
    let (mut sums, mut rules, mut other) = (zero.clone(), zero.clone(), zero.clone());
    for full in &layout.numeric_full {
        let (u, b) = (next(), next() + full);
        sums = sums + powers.times(u.clone()) + powers.times(u.clone() * &u) + powers.times(b.clone());
        let invalid = one.clone() - &b;
        rules = rules - powers.times(b * &invalid);
        rules = rules + powers.times(u * &invalid);
    }
    for full in &layout.opaque_full {
        let b = next() + full;
        sums = sums + powers.times(b.clone());
        rules = rules - powers.times((one.clone() - &b) * &b);
    }
    for (record, group) in sealed.grouped.iter().zip(&weights.groups) {
        let (m, rest) = (next(), next());
        let outside = (one.clone() - group) * &weights.eq;
        let inside = (group.clone() - &weights.origin) * &weights.eq;
        other = other + powers.times(m.clone() * &weights.origin);
        other = other + powers.times(m.clone() * outside);
        other = other + powers.times((m - &record.smallest - rest) * inside);
    }
    for (left_full, right_full) in layout.left_full.iter().zip(&layout.right_full) {
        let (left, right) = (next(), next());
        let (left_valid, right_valid) = (next() + left_full, next() + right_full);
        let left_both = left.clone() * &right_valid;
        let right_both = right.clone() * &left_valid;
        sums = sums + powers.times(left.clone() * &right) + powers.times(left_valid * &right_valid);
        sums = sums + powers.times(left_both.clone()) + powers.times(right_both.clone());
        sums = sums + powers.times(left_both * left) + powers.times(right_both * right);
    }
    sums * &weights.rows + rules * &weights.rules + other
}
