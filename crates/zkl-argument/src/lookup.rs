//! The lookups: every limb in range, every code in its dictionary, every count exact.
//!
//! # Statement
//! For every row below n and every active block, the looked-up value is an entry of the block's table; the multiplicity
//! columns and the sealed counts are the exact multiplicities.
//!
//! # Relation
//! LogUp (Haboeck 2022/1530, <https://eprint.iacr.org/2022/1530>) with the sum proved by [`fraction`]:
//! ```text
//! p(z) = ind_n(z_row) sum_R eq(c,z_blk) + sum_F eq(c,z_blk) - sum_E eq(e,z_blk) m_e(z_row)
//! q(z) = 1 + sum_c eq(c,z_blk) (X - Y tau_c - L_c(z_row) - 1)        over the active blocks, L_e = t_e for tables
//! root:  q != 0  and  p = q sum_s sum_t cnt_s[t] / (X - Y tau_s - t)
//! ```
//! An inactive or trivial block has p = 0, q = 1; since `sum_c eq(c, z) = 1`, that is the 1 in front.
//!
//! # Soundness
//! For random X, Y the sum is an identity of rational functions: poles of different tables are different because tau is,
//! whatever field elements the columns hold, and every multiplicity was fixed before X and Y. A zero denominator makes
//! `q_root` zero. Error `2^25 / |Fr|` for X, Y (number of leaves).
//!
//! | symbol | here |
//! |---|---|
//! | R, F | blocks counted in rows below n; in all N rows ([`Block::GroupLow`], [`Block::GroupHigh`]) |
//! | E | tables with committed multiplicities |
//! | `L_c = L'_c + d_c` | committed part and constant: `T` for [`Block::Top`], else 0 |
//! | A, Bq | [`LookupClaim::multiplicities`], [`LookupClaim::lookups`] |
//!
//! Why `lo` and `hi` count in all N rows: their rows are codes, not rows of the table, and a dictionary may have more
//! codes than the table has rows.

mod prove;

pub(crate) use prove::{LookupInput, prove};

use crate::{
    context::Context,
    error::ScanError,
    fraction::{self, Fraction, LeafClaim},
    mle,
    shape::{Block, Shape},
    statement::{LayoutVector, SealedProfile},
};

/// What remains of the lookups: values of committed columns at one row point.
pub struct LookupClaim<V> {
    /// The row point, `mu` coordinates.
    pub z_row: Vec<V>,
    /// The block point.
    pub z_blk: Vec<V>,
    /// A, claimed to be `sum_E eq(e, z_blk) m_e(z_row)`.
    pub multiplicities: V,
    /// Bq, claimed to be `sum_B eq(c, z_blk) L'_c(z_row)`.
    pub lookups: V,
}

/// Verifies the lookup tree down to [`LookupClaim`]. `n_bits` are the bits of n, lowest first, `mu + 1` of them.
///
/// # Errors
/// [`ScanError::TableDenominator`], [`ScanError::RootDenominator`], [`ScanError::RootSum`], [`ScanError::LayerEnd`].
pub fn verify<C: Context>(
    ctx: &mut C,
    shape: &Shape,
    layout: &LayoutVector<C::Value>,
    n_bits: &[C::Value],
    sealed: &SealedProfile<C::Value>,
) -> Result<LookupClaim<C::Value>, C::Error> {
    let x = ctx.challenge()?;
    let y = ctx.challenge()?;
    let mut sum = ctx.constant(0);
    for (table, counts) in sealed.category.iter().chain(&sealed.joint).enumerate() {
        let start = table_base(ctx, &x, &y, 1 + table as u64);
        for (entry, count) in counts.iter().enumerate() {
            let denominator = start.clone() - ctx.constant(entry as u64);
            let inverse = ctx.inverse(&denominator, ScanError::TableDenominator { table, entry })?;
            sum += &(inverse * count);
        }
    }
    let mut root = ctx.receive(2)?.into_iter();
    let (p, q) = match (root.next(), root.next()) {
        (Some(p), Some(q)) => (p, q),
        _ => (ctx.constant(1), ctx.constant(0)),
    };
    ctx.inverse(&q, ScanError::RootDenominator)?;
    ctx.assert_equal(&p, &(sum * &q), ScanError::RootSum)?;

    let leaf = fraction::verify(ctx, Fraction { p, q }, &shape.layers())?;
    Ok(open_leaf(ctx, shape, layout, n_bits, sealed, (&x, &y), leaf))
}

/// Takes what is public or sealed out of the claim about the leaves, so that only committed columns are left.
fn open_leaf<C: Context>(
    ctx: &mut C,
    shape: &Shape,
    layout: &LayoutVector<C::Value>,
    n_bits: &[C::Value],
    sealed: &SealedProfile<C::Value>,
    (x, y): (&C::Value, &C::Value),
    leaf: LeafClaim<C::Value>,
) -> LookupClaim<C::Value> {
    let mut z_row = leaf.point;
    let z_blk = z_row.split_off(shape.log_rows().min(z_row.len()));
    let eq = mle::eq_values(ctx, &z_blk);
    let below_n = mle::below(ctx, n_bits, &z_row);
    let entry = mle::periodic(ctx, shape.limb_bits(), &z_row);

    let one = ctx.constant(1);
    let (mut in_rows, mut in_all) = (ctx.constant(0), ctx.constant(0));
    let mut denominators = one.clone();
    for (&block, eq) in shape.blocks().iter().zip(&eq) {
        let start = table_base(ctx, x, y, shape.table(block));
        // Weight of the block, and the part of its denominator that is not committed.
        let (weight, known) = match block {
            Block::Limb(slot) => (at(&layout.limb, slot, eq), start),
            Block::Top(slot) => {
                let known =
                    sealed.numeric.get(slot).map_or_else(|| start.clone(), |record| start.clone() - &record.top);
                (at(&layout.numeric, slot, eq), known)
            }
            Block::Category(slot) => (at(&layout.category, slot, eq), start),
            Block::Joint(slot) => (at(&layout.joint, slot, eq), start),
            Block::GroupCode(slot) | Block::GroupLow(slot) | Block::GroupHigh(slot) => {
                (at(&layout.grouped, slot, eq), start)
            }
            Block::LimbTable => (eq.clone(), start - &entry),
            Block::GroupTable(slot) => (at(&layout.grouped, slot, eq), start - &entry),
        };
        match block {
            Block::LimbTable | Block::GroupTable(_) => {}
            Block::GroupLow(_) | Block::GroupHigh(_) => in_all += &weight,
            _ => in_rows += &weight,
        }
        denominators += &(weight * (known - &one));
    }
    LookupClaim {
        multiplicities: below_n * in_rows + in_all - &leaf.value.p,
        lookups: denominators - &leaf.value.q,
        z_row,
        z_blk,
    }
}

/// `X - Y tau`.
fn table_base<C: Context>(ctx: &mut C, x: &C::Value, y: &C::Value, tau: u64) -> C::Value {
    let tau = ctx.constant(tau);
    x.clone() - y.clone() * tau
}

/// `flags[slot] * eq`. Lengths were checked against the shape; a missing flag counts as inactive.
fn at<V: crate::context::Value>(flags: &[V], slot: usize, eq: &V) -> V {
    flags.get(slot).map_or_else(|| eq.clone() - eq, |flag| flag.clone() * eq)
}
