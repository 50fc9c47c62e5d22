//! The rows of some tables are those of others, some of them, or all different, over columns that were committed to before.
//!
//! # Statement
//! Given committed columns of tables on two sides, and what is sealed of their columns (minima, dictionaries), one of the statements of
//! [`RelationKind`].
//!
//! Rows from a unit's n on are ignored.
//!
//! # Relation
//! A unit is one segment of a table. Row `x` of a unit posts its tuple, and its dictionary columns post pairs, as poles of a rational
//! function in X:
//! ```text
//! F(x)   = 1 + sum_j Y^(p_j) v_j(x)      v_j = 2^-f (u_j + min_j b_j), then b_j      numeric: u = sum_l 2^(16 l) V_l, b validity
//!                                        v_j = D_j                            dictionary: the digest of the row's value
//!                                        v_j = sum_l 2^(16 l) G_l             hashed: the digest of the row's text, by its parts
//! rows         sum_left ind / (X - F) - sum_right ind / (X - F) = 0
//! dictionary   sum_rows ind / (X - tau - Y code - Y^2 D) = sum_i count_i / (X - tau - Y i - Y^2 digest_i)
//! ```
//! with a space `tau` from 2 on of its own per table and dictionary. All sums are one: different tuples are different poles, so the whole
//! vanishes exactly if every part does. What is committed of numbers are values times `2^f`, with an f of each table's own. So a minimum, an f and
//! a code of one table never meet those of another one: values are compared. Digests of text say the same in every table; null is 0.
//!
//! Rows on the left count with a committed selector s instead of `ind` where those on the right are some of them, and what shows that
//! s is a bit is a posting too; so is all else that a kind has: `relation/posting.rs`, `relation/chain.rs`, `relation/kinds`. All of it is linear
//! in columns that are committed to before X.
//!
//! [`fraction`] reduces the sum to `p(z)`, `q(z)` of the leaves. `p` is public but for committed weights; their sum at z joins the claim with
//! a power of eta. `q` is linear in the committed columns but for
//! `min b`: the minimum is sealed, so the prover sends `b(z)`, which joins the claim with a power of eta; then the mask, as in
//! [`crate::opening`]. Public constants of tuples stay in the value: [`relation_constant`] takes them out, so that no circuit depends on them.
//!
//! # Soundness
//! `t0` must bind columns, digests `D`, mask and seals before X, Y are drawn. The error is that of the fractional sum and of Schwartz-Zippel
//! in X, Y: leaves x (length of a tuple + 1) / |Fr|, below 2^-215, and `(3 + values) / |Fr|` in eta, rho. Counts below 2^32 cannot sum to r.
//! A zero denominator makes the root's q zero.
//!
//! | symbol | here |
//! |---|---|
//! | X, Y | challenges; Y is public, since the weights of columns depend on it |
//! | `ind` | 1 for rows below n of a unit |
//! | `r*`, `z_blk`, eta, rho, `y` | [`RelationOpening`] |

mod chain;
mod column;
mod condition;
mod extra;
mod kinds;
mod limbs;
mod posting;
mod prove;
mod row_hash;
mod shape;
mod weights;

pub use chain::KEY_BITS;
pub use condition::{ColumnTest, Test};
pub use extra::{ExtraCells, extra_columns};
pub use kinds::{ColumnSet, RelationKind};
pub use posting::ExtraColumn;
pub use prove::{RelationProof, UnitCells, prove_relation};
pub use shape::{ColumnShape, RelationShape, Side, TableShape};
pub use weights::{relation_constant, relation_weights};

use zkl_core::ark::Fr;
use zkl_poseidon::Domain;

use crate::{
    context::{Context, PlainVerifier},
    error::ScanError,
    fraction::{self, Fraction},
    mle,
    transcript::TranscriptSeed,
};
use posting::{Amount, Column, Posting, Weight};
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
    /// Hashed text, of which nothing that is sealed is needed.
    Hashed,
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
    /// The value of the weighted columns, the mask, and the constants of [`relation_constant`] at `r*`.
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
/// `sealed` must be what the seals in `t0` hold, its lengths those of `shape` ([`check_sealed`]); the columns must open to the value less
/// [`relation_constant`], with [`relation_weights`].
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
    let firsts = if shape.first_count() > 0 { ctx.receive(shape.first_count())? } else { Vec::new() };
    let x = ctx.challenge()?;
    let y = ctx.challenge()?;
    one_code_each(ctx, shape, sealed)?;
    let sum = dictionaries(ctx, shape, sealed, &x, &y)? + targets(ctx, shape, sealed, &firsts, (&x, &y))?;

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
    let weights = public_weights(ctx, shape, &eq, &below);
    // Committed weights have the rest, which the opening decides.
    let committed = if shape.has_committed_weights() {
        Some(leaf.value.p.clone() - &weights)
    } else {
        ctx.assert_equal(&leaf.value.p, &weights, ScanError::PostingWeights)?;
        None
    };

    let mut values = ctx.receive(shape.value_count())?;
    let point = LeafPoint { eq: &eq, below: &below, z_row: &z_row };
    let mut value = committed_part(ctx, shape, sealed, (&x, &y), &point, &leaf.value.q, &values);
    values.extend(committed);
    let w = ctx.receive(1)?.into_iter().fold(ctx.constant(0), |sum, w| sum + w);
    let eta = ctx.challenge()?;
    let rho = ctx.challenge()?;
    ctx.inverse(&rho, ScanError::MaskChallenge)?;
    let zero = ctx.constant(0);
    value = values.iter().rev().fold(zero, |sum, value| (sum + value) * &eta) + value + w * &rho;
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
                (ColumnShape::Numeric { .. }, SealedColumn::Numeric { .. })
                | (ColumnShape::Hashed, SealedColumn::Hashed) => {}
                (
                    &(ColumnShape::Category { capacity } | ColumnShape::Code { capacity }),
                    SealedColumn::Category { counts, values },
                ) => {
                    check("a list of counts", capacity as usize, counts.len())?;
                    check("a list of values", capacity as usize, values.len())?;
                }
                (ColumnShape::Category { capacity } | ColumnShape::Code { capacity }, _) => {
                    check("a dictionary", *capacity as usize, 0)?;
                }
                (ColumnShape::Numeric { .. }, _) => check("a numeric column", 1, 0)?,
                (ColumnShape::Hashed, _) => check("a column of digests", 0, 1)?,
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

/// What the sealed dictionaries say that the pairs of their columns sum to, where these are posted.
fn dictionaries<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
    x: &C::Value,
    y: &C::Value,
) -> Result<C::Value, C::Error> {
    let mut sum = ctx.constant(0);
    if !shape.kind().has_digests() {
        return Ok(sum);
    }
    // A constraint of the circuit, even where no column is a dictionary.
    let square = y.clone() * y;
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

/// What the postings beside rows and dictionaries add up to.
fn targets<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
    firsts: &[C::Value],
    (x, y): (&C::Value, &C::Value),
) -> Result<C::Value, C::Error> {
    let rows = |ctx: &mut C, table: usize| {
        let none = ctx.constant(0);
        sealed.get(table).map_or_else(|| none.clone(), |own| own.rows.iter().fold(none.clone(), |sum, rows| sum + rows))
    };
    let all = |ctx: &mut C| {
        let units = shape.tables().first().map_or(0, |table| table.units) as u64;
        ctx.constant(units << shape.log_rows())
    };
    let first = |ctx: &mut C, at: usize| firsts.get(at).cloned().unwrap_or_else(|| ctx.constant(0));
    let mut sum = ctx.constant(0);
    for (index, target) in shape.targets().iter().enumerate() {
        let amount = |ctx: &mut C, amount: Amount| match amount {
            Amount::Constant(value) => ctx.constant(value),
            Amount::Rows(table) => rows(ctx, table),
            Amount::RowsLeft => rows(ctx, 0) - rows(ctx, 1),
            Amount::RowsBeyond => all(ctx) - rows(ctx, 0),
            Amount::RowsLessFirst(at) => rows(ctx, 0) - first(ctx, at),
            Amount::AllLessFirst => all(ctx) - first(ctx, 0),
            Amount::First(at) => first(ctx, at),
        };
        let mut denominator = x.clone() - ctx.constant(target.space);
        let mut power = y.clone();
        for (place, &component) in target.tuple.iter().enumerate() {
            if place > 0 {
                power = power * y;
            }
            if component != Amount::Constant(0) {
                denominator = denominator - amount(ctx, component) * &power;
            }
        }
        let pole = ctx.inverse(&denominator, ScanError::TargetDenominator { target: index })?;
        let weighted = pole * amount(ctx, target.weight);
        sum = if target.negative { sum - weighted } else { sum + weighted };
    }
    Ok(sum)
}

/// Checks of the dictionaries in a key that a value has one code: of two codes with one value, or both without, one has no rows. Else equal rows could
/// have different keys.
fn one_code_each<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
) -> Result<(), C::Error> {
    let columns = sealed.iter().enumerate().flat_map(|(table, sealed)| {
        sealed.columns.iter().enumerate().map(move |(column, sealed)| (shape.tells_apart(table, column), sealed))
    });
    for (column, (tells_apart, sealed)) in columns.enumerate() {
        let SealedColumn::Category { counts, values } = sealed else { continue };
        if !tells_apart {
            continue;
        }
        let (zero, check) = (ctx.constant(0), ScanError::CodesOfOneValue { column });
        let mut keys: Vec<C::Value> = Vec::with_capacity(values.len());
        for (code, (count, value)) in counts.iter().zip(values).enumerate() {
            let is_zero = ctx.is_zero(value)?;
            // 0 is null, whose code is 0.
            if code > 0 {
                ctx.assert_equal(&(is_zero.clone() * count), &zero, check.clone())?;
            }
            // Unused codes differ from each other, and from every value but with a chance of 2^-240.
            keys.push(value.clone() - is_zero * ctx.constant(code as u64));
        }
        let mut product = ctx.constant(1);
        for (index, key) in keys.iter().enumerate() {
            for other in keys.iter().take(index) {
                product = product * (key.clone() - other);
            }
        }
        ctx.inverse(&product, check)?;
    }
    Ok(())
}

/// The public part of the numerators' value at the leaf point.
fn public_weights<C: Context>(ctx: &mut C, shape: &RelationShape, eq: &[C::Value], below: &[C::Value]) -> C::Value {
    let mut weights = ctx.constant(0);
    for (block, eq) in shape.blocks().iter().zip(eq) {
        let unit = match *block {
            RelationBlock::Rows { table, .. } if shape.selector(table).is_some_and(|own| !own.is_inverted) => continue,
            RelationBlock::Rows { unit, .. } | RelationBlock::Dictionary { unit, .. } => unit,
            RelationBlock::Posting(index) => match shape.posting(index) {
                Some(Posting { weight: Weight::Below | Weight::BelowAnd(_), unit, .. }) => *unit,
                Some(Posting { weight: Weight::All | Weight::Form(1, _), .. }) => {
                    weights += eq;
                    continue;
                }
                Some(Posting { weight: Weight::Form(constant, _), .. }) if *constant > 0 => {
                    weights = weights + eq.clone() * ctx.constant(*constant);
                    continue;
                }
                _ => continue,
            },
        };
        if let Some(below) = below.get(unit) {
            weights = weights + eq.clone() * below;
        }
    }
    weights
}

/// What is public of the leaves at a point.
struct LeafPoint<'a, V> {
    /// Of the block point.
    eq: &'a [V],
    /// Extension of the rows that count, of each unit.
    below: &'a [V],
    z_row: &'a [V],
}

/// The value at `r*` of the committed part of `q`: what is public or sealed is taken out of the claim. `valid` are the values of the
/// validity columns, in the order of [`RelationShape::valid_columns`].
fn committed_part<C: Context>(
    ctx: &mut C,
    shape: &RelationShape,
    sealed: &[SealedTable<C::Value>],
    (x, y): (&C::Value, &C::Value),
    &LeafPoint { eq, below, z_row }: &LeafPoint<'_, C::Value>,
    q: &C::Value,
    valid: &[C::Value],
) -> C::Value {
    let powers = shape.powers(y);
    let shifts: Vec<Vec<Option<C::Value>>> = sealed
        .iter()
        .zip(shape.tables())
        .map(|(table, own)| {
            let columns = table.columns.iter().zip(&own.columns).zip(&powers);
            let mut shifts = Vec::with_capacity(own.columns.len());
            for ((column, own), power) in columns {
                shifts.push(match column {
                    SealedColumn::Numeric { min } => {
                        let shift = power[0].clone() * min;
                        let unit = own.unit();
                        Some(if unit == Fr::from(1u64) { shift } else { shift * ctx.constant_field(unit) })
                    }
                    SealedColumn::Category { .. } | SealedColumn::Hashed => None,
                });
            }
            shifts
        })
        .collect();
    let mut rest = q.clone();
    // Those of compared rows come first, block by block.
    let (values, mut valid) = (valid, valid.iter());
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
            RelationBlock::Posting(index) => {
                let Some(posting) = shape.posting(index) else { continue };
                let mut known = match posting.weight {
                    Weight::NonZero => ctx.constant(0),
                    _ => x.clone() - ctx.constant(posting.space) - y.clone() * ctx.constant(posting.shift),
                };
                for &(power, factor, column) in &posting.terms {
                    let value = match column {
                        // One is public.
                        Column::Cell(_) | Column::Digest(_) | Column::One => continue,
                        Column::Min { table, column } => {
                            let sealed = sealed.get(table).and_then(|table| table.columns.get(column));
                            let Some(SealedColumn::Numeric { min }) = sealed else { continue };
                            match shape.valid_value(posting.unit, column).and_then(|at| values.get(at)) {
                                Some(valid) => valid.clone() * min,
                                None => min.clone(),
                            }
                        }
                        Column::Beyond => match below.get(posting.unit) {
                            Some(below) => ctx.constant(1) - below,
                            None => continue,
                        },
                        Column::Index => mle::periodic(ctx, shape.limb_bits(), z_row),
                    };
                    let factor = ctx.constant_field(factor);
                    known = known - (1..power).fold(y.clone(), |product, _| product * y) * value * factor;
                }
                let part = known * eq;
                rest = if posting.negative { rest + part } else { rest - part };
            }
        }
    }
    // Blocks that are not in use are fractions 0 / 1.
    eq.iter().skip(shape.blocks().len()).fold(rest, |rest, eq| rest - eq)
}
