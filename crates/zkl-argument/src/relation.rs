//! The rows of some tables are those of others: one multiset of tuples, over columns that were committed to before.
//!
//! # Statement
//! Given committed columns of tables on two sides, and what is sealed of their columns (minima, dictionaries): the rows on the left,
//! as values, are those on the right, each as often. Rows from a unit's n on are ignored.
//!
//! # Relation
//! A unit is one segment of a table. Row `x` of a unit posts its tuple, and its dictionary columns post pairs, as poles of a rational
//! function in X:
//! ```text
//! F(x)   = 1 + sum_j Y^(p_j) v_j(x)      v_j = u_j + min_j b_j, then b_j      numeric: u = sum_l 2^(16 l) V_l, b validity
//!                                        v_j = D_j                            dictionary: the digest of the row's value
//! rows         sum_left ind / (X - F) - sum_right ind / (X - F) = 0
//! dictionary   sum_rows ind / (X - tau - Y code - Y^2 D) = sum_i count_i / (X - tau - Y i - Y^2 digest_i)
//! ```
//! with a space `tau` from 2 on of its own per table and dictionary. All sums are one: different tuples are different poles, so the whole
//! vanishes exactly if every part does. So a minimum and a code of one table never meet those of another one: values are compared.
//!
//! [`fraction`] reduces the sum to `p(z)`, `q(z)` of the leaves. `p` is public. `q` is linear in the committed columns but for
//! `min b`: the minimum is sealed, so the prover sends `b(z)`, which joins the claim with a power of eta; then the mask, as in
//! [`crate::opening`].
//!
//! # Soundness
//! `t0` must bind columns, digests `D`, mask and seals before X, Y are drawn. The error is that of the fractional sum and of Schwartz-Zippel
//! in X, Y: leaves x (length of a tuple + 1) / |Fr|, below 2^-215, and `(2 + values) / |Fr|` in eta, rho. Counts below 2^32 cannot sum to r.
//! A zero denominator makes the root's q zero.
//!
//! | symbol | here |
//! |---|---|
//! | X, Y | challenges; Y is public, since the weights of columns depend on it |
//! | `ind` | 1 for rows below n of a unit |
//! | `r*`, `z_blk`, eta, rho, `y` | [`RelationOpening`] |

mod prove;
mod shape;
mod weights;

pub use prove::{RelationProof, UnitCells, prove_relation};
pub use shape::{ColumnShape, RelationShape, Side, TableShape};
pub use weights::relation_weights;

use zkl_core::ark::Fr;
use zkl_poseidon::Domain;

use crate::{
    context::{Context, PlainVerifier},
    error::ScanError,
    fraction::{self, Fraction},
    mle,
    transcript::TranscriptSeed,
};
use shape::RelationBlock;

/// Separates the transcript of relations from that of scans.
pub const RELATION_DOMAIN: Domain = Domain::new("zkl/relation/transcript/v1");

/// What is sealed or public of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedTable<V> {
    /// Rows of each unit.
    pub rows: Vec<V>,
    /// The compared columns, in the order of the shape.
    pub columns: Vec<SealedColumn<V>>,
}

/// What is sealed of one column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SealedColumn<V> {
    /// A numeric column.
    Numeric {
        /// What every value is relative to.
        min: V,
    },
    /// A dictionary.
    Category {
        /// Rows of each code, in the whole table.
        counts: Vec<V>,
        /// Digest of each code's value, 0 for null.
        values: Vec<V>,
    },
}

/// What the argument leaves to a polynomial commitment: all of it is public.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationOpening<V> {
    /// `r*`, as many coordinates as the longest unit has.
    pub r_star: Vec<V>,
    /// The block point.
    pub z_blk: Vec<V>,
    /// Y, which joins the components of a tuple.
    pub tuple: V,
    /// Joins the values of validity columns.
    pub eta: V,
    /// The mask's coefficient.
    pub rho: V,
    /// The value of the weighted columns and the mask at `r*`.
    pub value: V,
}

impl<V: Clone> RelationOpening<V> {
    /// Elements of an opening of `shape`.
    pub fn len(shape: &RelationShape) -> usize {
        shape.log_rows() + shape.block_bits() + 4
    }

    /// In the order of the public inputs: `r*`, `z_blk`, Y, eta, rho, `y`.
    pub fn elements(&self) -> Vec<V> {
        let Self { r_star, z_blk, tuple, eta, rho, value } = self;
        r_star.iter().chain(z_blk).chain([tuple, eta, rho, value]).cloned().collect()
    }

    /// The opening with these elements; `None` unless there are [`Self::len`] of them.
    pub fn from_elements(shape: &RelationShape, elements: &[V]) -> Option<Self> {
        let (r_star, rest) = elements.split_at_checked(shape.log_rows())?;
        let (z_blk, rest) = rest.split_at_checked(shape.block_bits())?;
        let [tuple, eta, rho, value] = <&[V; 4]>::try_from(rest).ok()?.clone();
        Some(Self { r_star: r_star.to_vec(), z_blk: z_blk.to_vec(), tuple, eta, rho, value })
    }
}

/// Verifies the argument down to the opening of the committed columns.
///
/// # Errors
/// The first [`ScanError`] among the checks, or whatever the context answers.
///
/// # Soundness
/// `sealed` must be what the seals in `t0` hold, its lengths those of `shape` ([`check_sealed`]); the columns must open to the value, with
/// [`relation_weights`].
pub fn verify_relation<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
) -> Result<RelationOpening<C::Value>, C::Error> {
    let mut rows = Vec::new();
    for table in sealed {
        for count in &table.rows {
            rows.push(row_bits(ctx, shape, count)?);
        }
    }
    let x = ctx.challenge()?;
    let y = ctx.challenge()?;
    let sum = dictionaries(ctx, shape, sealed, &x, &y)?;

    let mut root = ctx.receive(2)?.into_iter();
    let (p, q) = match (root.next(), root.next()) {
        (Some(p), Some(q)) => (p, q),
        _ => (ctx.constant(1), ctx.constant(0)),
    };
    ctx.inverse(&q, ScanError::RootDenominator)?;
    ctx.assert_equal(&p, &(sum * &q), ScanError::PostingSum)?;
    let leaf = fraction::verify(ctx, Fraction { p, q }, &shape.layers())?;
    let mut z_row = leaf.point;
    let z_blk = z_row.split_off(shape.log_rows().min(z_row.len()));
    let eq = mle::eq_values(ctx, &z_blk);

    let below: Vec<C::Value> = rows.iter().map(|bits| mle::below(ctx, bits, &z_row)).collect();
    let mut weights = ctx.constant(0);
    for (block, eq) in shape.blocks().iter().zip(&eq) {
        if let Some(below) = below.get(block.unit()) {
            weights = weights + eq.clone() * below;
        }
    }
    ctx.assert_equal(&leaf.value.p, &weights, ScanError::PostingWeights)?;

    let valid = ctx.receive(shape.value_count())?;
    let mut value = committed_part(ctx, shape, sealed, (&x, &y), &eq, &leaf.value.q, &valid);
    let w = ctx.receive(1)?.into_iter().fold(ctx.constant(0), |sum, w| sum + w);
    let eta = ctx.challenge()?;
    let rho = ctx.challenge()?;
    ctx.inverse(&rho, ScanError::MaskChallenge)?;
    let zero = ctx.constant(0);
    value = valid.iter().rev().fold(zero, |sum, valid| (sum + valid) * &eta) + value + w * &rho;
    Ok(RelationOpening { r_star: z_row, z_blk, tuple: y, eta, rho, value })
}

/// Verifies messages in the clear.
///
/// # Errors
/// The first [`ScanError`] among the checks.
///
/// # Soundness
/// As [`verify_relation`].
pub fn verify_plain_relation(
    shape: &RelationShape,
    sealed: &[SealedTable<Fr>],
    seed: &TranscriptSeed,
    messages: &[Fr],
) -> Result<RelationOpening<Fr>, ScanError> {
    check_sealed(shape, sealed)?;
    let mut ctx = PlainVerifier::in_domain(RELATION_DOMAIN, seed, messages, shape.message_count())?;
    verify_relation(&mut ctx, shape, sealed)
}

/// Compares the lengths of what is sealed with those of the shape.
///
/// # Errors
/// [`ScanError::StatementLength`].
pub fn check_sealed<V>(shape: &RelationShape, sealed: &[SealedTable<V>]) -> Result<(), ScanError> {
    let check = |what, expected, got| {
        if expected == got { Ok(()) } else { Err(ScanError::StatementLength { what, expected, got }) }
    };
    check("the list of tables", shape.tables().len(), sealed.len())?;
    for (table, sealed) in shape.tables().iter().zip(sealed) {
        check("the list of a table's units", table.units, sealed.rows.len())?;
        check("the list of a table's columns", table.columns.len(), sealed.columns.len())?;
        for (column, sealed) in table.columns.iter().zip(&sealed.columns) {
            match (column, sealed) {
                (ColumnShape::Numeric { .. }, SealedColumn::Numeric { .. }) => {}
                (&ColumnShape::Category { capacity }, SealedColumn::Category { counts, values }) => {
                    check("a list of counts", capacity as usize, counts.len())?;
                    check("a list of values", capacity as usize, values.len())?;
                }
                (ColumnShape::Category { capacity }, SealedColumn::Numeric { .. }) => {
                    check("a dictionary", *capacity as usize, 0)?;
                }
                (ColumnShape::Numeric { .. }, SealedColumn::Category { counts, .. }) => {
                    check("a numeric column", 0, counts.len())?;
                }
            }
        }
    }
    Ok(())
}

/// The bits of a unit's row count, which is at least 1 and at most the rows of the shape.
fn row_bits<C: Context>(ctx: &mut C, shape: &RelationShape, rows: &C::Value) -> Result<Vec<C::Value>, C::Error> {
    let check = ScanError::RowCount { log_rows: shape.log_rows() };
    let bits = ctx.bits(rows, shape.log_rows() + 1, check.clone())?;
    ctx.inverse(rows, check.clone())?;
    if let Some(top) = bits.last() {
        let over = rows.clone() - ctx.constant(1 << shape.log_rows());
        let zero = ctx.constant(0);
        ctx.assert_equal(&(over * top), &zero, check)?;
    }
    Ok(bits)
}

/// What the sealed dictionaries say that the pairs of their columns sum to.
fn dictionaries<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
    x: &C::Value,
    y: &C::Value,
) -> Result<C::Value, C::Error> {
    let square = y.clone() * y;
    let mut sum = ctx.constant(0);
    let mut number = 0;
    for (table, sealed) in sealed.iter().enumerate() {
        for (column, sealed) in sealed.columns.iter().enumerate() {
            let SealedColumn::Category { counts, values } = sealed else { continue };
            let start = x.clone() - ctx.constant(shape.space(table, column));
            for (entry, (count, value)) in counts.iter().zip(values).enumerate() {
                let code = ctx.constant(entry as u64);
                let pair = y.clone() * code + square.clone() * value;
                let denominator = start.clone() - pair;
                let check = ScanError::TableDenominator { table: number, entry };
                sum = sum + ctx.inverse(&denominator, check)? * count;
            }
            number += 1;
        }
    }
    Ok(sum)
}

/// The value at `r*` of the committed part of `q`: what is public or sealed is taken out of the claim. `valid` are the values of the
/// validity columns, block by block.
fn committed_part<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
    (x, y): (&C::Value, &C::Value),
    eq: &[C::Value],
    q: &C::Value,
    valid: &[C::Value],
) -> C::Value {
    let powers = shape.powers(y);
    let shifts: Vec<Vec<Option<C::Value>>> = sealed
        .iter()
        .map(|table| {
            let columns = table.columns.iter().zip(&powers);
            let shift = |(column, power): (&SealedColumn<C::Value>, &[C::Value; 2])| match column {
                SealedColumn::Numeric { min } => Some(power[0].clone() * min),
                SealedColumn::Category { .. } => None,
            };
            columns.map(shift).collect()
        })
        .collect();
    let mut rest = q.clone();
    let mut valid = valid.iter();
    for (block, eq) in shape.blocks().iter().zip(eq) {
        match *block {
            RelationBlock::Rows { table, .. } => {
                let (Some(own), Some(shifts)) = (shape.tables().get(table), shifts.get(table)) else { continue };
                let mut known = x.clone() - ctx.constant(1);
                for ((column, shift), power) in own.columns.iter().zip(shifts).zip(&powers) {
                    match (column, shift) {
                        (ColumnShape::Numeric { nullable: true, .. }, Some(shift)) => {
                            let valid = valid.next().cloned().unwrap_or_else(|| ctx.constant(0));
                            known = known - valid * shift;
                        }
                        (ColumnShape::Numeric { nullable: false, .. }, Some(shift)) => {
                            known = known - shift - &power[1];
                        }
                        _ => {}
                    }
                }
                let part = known * eq;
                rest = match own.side {
                    Side::Left => rest - part,
                    Side::Right => rest + part,
                };
            }
            RelationBlock::Dictionary { table, column, .. } => {
                let known = x.clone() - ctx.constant(shape.space(table, column));
                rest = rest - known * eq;
            }
        }
    }
    // Blocks that are not in use are fractions 0 / 1.
    eq.iter().skip(shape.blocks().len()).fold(rest, |rest, eq| rest - eq)
}
