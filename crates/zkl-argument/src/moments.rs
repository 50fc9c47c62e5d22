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
    context::Context,
    error::ScanError,
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
    let weights = Weights { rules: rows.clone() * &eq, rows, eq, origin: mle::at_origin(ctx, &z2), groups };
    let value = terms_at(ctx, layout, sealed, &powers, &weights, &values, &joined);
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

/// Terms of the sumcheck, the lookups' among them.
fn term_count(shape: &Shape) -> usize {
    let slots = shape.slots();
    5 * slots.numeric + 2 * slots.opaque + 3 * slots.grouped + 6 * slots.products + 1
}

/// Powers of theta from 1 on, one per term.
pub(crate) fn powers<C: Context>(ctx: &mut C, shape: &Shape, theta: &C::Value) -> Vec<C::Value> {
    let mut power = ctx.constant(1);
    let next = |_| {
        let now = power.clone();
        power = power.clone() * theta;
        now
    };
    (0..term_count(shape)).map(next).collect()
}

/// The powers in their order.
struct Powers<'a, V> {
    left: std::slice::Iter<'a, V>,
    zero: V,
}

impl<V: crate::context::Value> Powers<'_, V> {
    /// The next power. Their number was taken from the shape, as that of the terms.
    fn times(&mut self, value: V) -> V {
        match self.left.next() {
            Some(power) => power.clone() * value,
            None => self.zero.clone(),
        }
    }

    fn skip(&mut self, terms: usize) {
        for _ in 0..terms {
            self.left.next();
        }
    }
}

/// The right-hand side: the powers of theta over the sealed values, and `lookups` for `A + beta Bq`.
pub(crate) fn expected_sum<C: Context>(
    ctx: &mut C,
    sealed: &SealedProfile<C::Value>,
    lookups: C::Value,
    powers: &[C::Value],
) -> C::Value {
    let zero = ctx.constant(0);
    let mut powers = Powers { left: powers.iter(), zero: zero.clone() };
    let mut sum = zero;
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
    sum + powers.times(lookups)
}

/// The summand at one point, from the weights and the values of the forms there.
fn terms_at<C: Context>(
    ctx: &mut C,
    layout: &LayoutVector<C::Value>,
    sealed: &SealedProfile<C::Value>,
    powers: &[C::Value],
    weights: &Weights<C::Value>,
    values: &[C::Value],
    lookups: &C::Value,
) -> C::Value {
    let one = ctx.constant(1);
    let zero = ctx.constant(0);
    let mut powers = Powers { left: powers.iter(), zero: zero.clone() };
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
    other = other + powers.times(lookups.clone() * &weights.eq);
    sums * &weights.rows + rules * &weights.rules + other
}
