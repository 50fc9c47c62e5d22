//! The prover: tuples and pairs as leaves of the fractional sum.

use tracing::info_span;
use zeroize::{Zeroize as _, Zeroizing};
use zkl_core::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
    },
    hashed::DIGEST_CELLS,
};
use zkl_kernel::{
    Cells, Form, Kernel, KernelTask,
    fraction::{Denominator, Leaf, Numerator},
    threads::prelude::*,
};

use super::{
    LeafPoint, RELATION_DOMAIN, RelationOpening, SealedColumn, SealedTable,
    chain::digest,
    check_sealed, committed_part,
    posting::{Column, Posting, Weight, cells_of},
    public_weights,
    shape::{ColumnShape, RelationBlock, RelationShape, Side, TableShape},
};
use crate::{
    context::Native,
    error::PlanError,
    fraction, mle, polynomial,
    shape::LIMB_BITS,
    transcript::{ProverTape, TranscriptSeed},
    witness::CellData,
};

/// Rows that one task adds the parts of digests up for.
const CHUNK: usize = 4_096;

/// The committed columns of one unit.
pub struct UnitCells<'a> {
    /// Rows that count.
    pub rows: usize,
    /// In the order of [`relation_weights`](super::relation_weights).
    pub cells: Vec<CellData<'a>>,
}

/// Private messages and what they leave to be opened.
pub struct RelationProof {
    /// All messages in absorb order.
    pub messages: Vec<Fr>,
    /// The public claim about the committed columns.
    pub opening: RelationOpening<Fr>,
}

impl Drop for RelationProof {
    fn drop(&mut self) {
        self.messages.zeroize();
    }
}

/// Proves the relation between `units`, which come table by table, with the field kernel that this process has chosen. `mask` are the
/// `2^kappa` entries that were committed before `t0`, `firsts` the elements that precede the first challenge.
///
/// The messages are computed from the columns: for a false relation they do not verify.
///
/// # Errors
/// [`PlanError::Degenerate`] with probability about 2^-240: prove again with a fresh salt. [`PlanError::Column`] and
/// [`PlanError::Size`] for units or a mask that do not fit the shape.
pub fn prove_relation(
    shape: &RelationShape,
    sealed: &[SealedTable<Fr>],
    units: &[UnitCells<'_>],
    firsts: &[Fr],
    mask: &[Fr],
    seed: &TranscriptSeed,
) -> Result<RelationProof, PlanError> {
    let _span = info_span!("relation").entered();
    let rows = 1 << shape.log_rows();
    if !mask.len().is_power_of_two() || mask.len() > rows {
        return Err(PlanError::Size { what: "mask", got: mask.len(), min: 1, max: rows });
    }
    check_sealed(shape, sealed).map_err(|_| PlanError::Profile { index: 0 })?;
    let (expected, got) = (shape.first_count(), firsts.len());
    if expected != got {
        return Err(PlanError::Size { what: "number of first messages", got, min: expected, max: expected });
    }
    let count = shape.units().count();
    if units.len() != count {
        return Err(PlanError::Size { what: "number of units", got: units.len(), min: count, max: count });
    }
    for (index, ((table, cells), unit)) in shape.units().zip(units).enumerate() {
        let fits = |cell: &CellData<'_>| (unit.rows..=rows).contains(&cell.len());
        // Multiplicities have the length of the limb table.
        let own = unit.cells.iter().take(cells_of(&table.columns));
        let is_short = unit.cells.iter().all(|cell| cell.len() <= rows);
        if unit.cells.len() != cells || unit.rows == 0 || !own.into_iter().all(fits) || !is_short {
            return Err(PlanError::Column { index });
        }
    }
    zkl_kernel::selection().choice.run(Prove { shape, sealed, units, firsts, mask, seed })
}

struct Prove<'a> {
    shape: &'a RelationShape,
    sealed: &'a [SealedTable<Fr>],
    units: &'a [UnitCells<'a>],
    firsts: &'a [Fr],
    mask: &'a [Fr],
    seed: &'a TranscriptSeed,
}

/// What the leaves are made of beside committed columns.
struct Own {
    /// Per unit, which rows do not count; empty where no posting asks for it.
    beyond: Vec<Vec<bool>>,
    /// Per unit, where the parts of each hashed column begin, and its digests: one number a row, where there are eight columns.
    digests: Vec<Vec<(usize, Zeroizing<Vec<Fr>>)>>,
}

impl Own {
    fn digest(&self, unit: usize, first: usize) -> Option<Cells<'_>> {
        let (_, values) = self.digests.get(unit)?.iter().find(|(own, _)| *own == first)?;
        Some(Cells::Field(values))
    }
}

impl KernelTask for Prove<'_> {
    type Output = Result<RelationProof, PlanError>;

    fn run<K: Kernel>(self, kernel: K) -> Self::Output {
        let Self { shape, sealed, mask, seed, .. } = self;
        let mut tape = ProverTape::in_domain(RELATION_DOMAIN, seed);
        if !self.firsts.is_empty() {
            tape.send(self.firsts);
        }
        let x = tape.challenge();
        let y = tape.challenge();
        let powers = shape.powers(&y);
        let own = Own { beyond: self.beyond(), digests: self.digests() };
        let mut blocks: Vec<Leaf<'_>> = Vec::with_capacity(1 << shape.block_bits());
        for block in shape.blocks() {
            let leaf = match *block {
                RelationBlock::Posting(index) => {
                    shape.posting(index).and_then(|posting| self.posting(posting, &own, x, y))
                }
                _ => self.leaf(block, &own, x, y, &powers),
            };
            blocks.push(leaf.ok_or(PlanError::Degenerate)?);
        }
        blocks.resize_with(1 << shape.block_bits(), || Leaf::TRIVIAL);

        let leaf = fraction::prove(kernel, &mut tape, blocks, shape.log_rows())?;
        let mut z_row = leaf.point;
        let z_blk = z_row.split_off(shape.log_rows().min(z_row.len()));
        let mut values: Vec<Fr> =
            self.valid_columns().map(|cells| value(kernel, cells, &z_row, shape)).collect::<Result<_, _>>()?;
        tape.send(&values);
        let eq = mle::eq_values(&mut Native, &z_blk);
        let below = self.units.iter().map(|unit| below(unit.rows, &z_row)).collect::<Vec<_>>();
        let point = LeafPoint { eq: &eq, below: &below, z_row: &z_row };
        let f = committed_part(&mut Native, shape, sealed, (&x, &y), &point, &leaf.value.q, &values);
        if shape.has_committed_weights() {
            values.push(leaf.value.p - public_weights(&mut Native, shape, &eq, &below));
        }

        let low = z_row.get(..mask.len().trailing_zeros() as usize).ok_or(PlanError::Degenerate)?;
        let w = mle::evaluate(mask, low).ok_or(PlanError::Degenerate)?;
        tape.send(&[w]);
        let eta = tape.challenge();
        let rho = tape.challenge();
        if rho == Fr::ZERO {
            return Err(PlanError::Degenerate);
        }
        let value = f + eta * polynomial::horner(&values, eta) + rho * w;
        let opening = RelationOpening { r_star: z_row, z_blk, tuple: y, eta, rho, value };
        Ok(RelationProof { messages: tape.into_messages(), opening })
    }
}

impl<'a> Prove<'a> {
    /// Per unit, which rows do not count; empty where no posting asks for it.
    fn beyond(&self) -> Vec<Vec<bool>> {
        let rows = 1 << self.shape.log_rows();
        let is_asked = |own: usize| {
            self.shape.blocks().iter().any(|block| match *block {
                RelationBlock::Posting(index) => self.shape.posting(index).is_some_and(|posting| {
                    let is_term = posting.terms.iter().any(|term| term.2 == Column::Beyond);
                    posting.unit == own && (is_term || matches!(posting.weight, Weight::BelowAnd(_)))
                }),
                RelationBlock::Rows { table, unit } => {
                    unit == own && self.shape.selector(table).is_some_and(|selector| selector.is_inverted)
                }
                RelationBlock::Dictionary { .. } => false,
            })
        };
        let of_unit = |(unit, own): (usize, &UnitCells<'_>)| match is_asked(unit) {
            true => (0..rows).map(|row| row >= own.rows).collect(),
            false => Vec::new(),
        };
        self.units.iter().enumerate().map(of_unit).collect()
    }

    /// Per unit, where the parts of each hashed column begin, and its digests.
    fn digests(&self) -> Vec<Vec<(usize, Zeroizing<Vec<Fr>>)>> {
        let of_unit = |((table, _), unit): ((&TableShape, usize), &UnitCells<'_>)| {
            let mut first = 0;
            let mut digests = Vec::new();
            for column in &table.columns {
                if *column == ColumnShape::Hashed {
                    let parts = unit.cells.get(first..).unwrap_or_default();
                    let mut values =
                        Zeroizing::new(vec![
                            Fr::ZERO;
                            parts.iter().take(DIGEST_CELLS).map(CellData::len).max().unwrap_or(0)
                        ]);
                    values.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, values)| {
                        for (value, row) in values.iter_mut().zip(chunk * CHUNK..) {
                            *value = digest(parts, row);
                        }
                    });
                    digests.push((first, values));
                }
                first += column.cells();
            }
            digests
        };
        self.shape.units().zip(self.units).map(of_unit).collect()
    }

    fn posting<'b>(&self, posting: &Posting, own: &'b Own, x: Fr, y: Fr) -> Option<Leaf<'b>>
    where
        'a: 'b,
    {
        let beyond = own.beyond.as_slice();
        let unit = self.units.get(posting.unit)?;
        let sign = if posting.negative { -Fr::ONE } else { Fr::ONE };
        let mut constant = match posting.weight {
            Weight::NonZero => Fr::ZERO,
            _ => sign * (x - Fr::from(posting.space) - y * Fr::from(posting.shift)),
        };
        let mut terms = Vec::with_capacity(posting.terms.len());
        for &(power, factor, column) in &posting.terms {
            let factor = -sign * factor * y.pow([power as u64]);
            let cells = match column {
                Column::Cell(cell) => unit.cells.get(cell)?.cells(),
                Column::Digest(first) => own.digest(posting.unit, first)?,
                Column::Beyond => Cells::Bits(beyond.get(posting.unit)?),
                Column::Index => Cells::Periodic { bits: self.shape.limb_bits() as u32 },
                Column::One => {
                    constant += factor;
                    continue;
                }
                Column::Min { table, column } => {
                    let sealed = self.sealed.get(table)?.columns.get(column)?;
                    let SealedColumn::Numeric { min } = sealed else { return None };
                    match self.shape.valid_value(posting.unit, column) {
                        Some(at) => {
                            let cell = self.shape.valid_columns().get(at)?.cell;
                            terms.push((factor * min, unit.cells.get(cell)?.cells()));
                        }
                        None => constant += factor * min,
                    }
                    continue;
                }
            };
            terms.push((factor, cells));
        }
        let form = |constant: Fr, weights: &[(Fr, usize)]| {
            let term = |&(factor, cell): &(Fr, usize)| Some((factor, unit.cells.get(cell)?.cells()));
            let terms = weights.iter().map(term).collect::<Option<Vec<_>>>()?;
            Some(Form { constant, terms })
        };
        let p = match &posting.weight {
            Weight::Below => Numerator::Below(unit.rows),
            Weight::All => Numerator::One,
            Weight::NonZero => Numerator::Zero,
            Weight::Form(constant, terms) => Numerator::Form(form(Fr::from(*constant), terms)?),
            Weight::BelowAnd(terms) => {
                let mut form = form(Fr::ONE, terms)?;
                form.terms.push((-Fr::ONE, Cells::Bits(beyond.get(posting.unit)?)));
                Numerator::Form(form)
            }
        };
        Some(Leaf { p, q: Denominator::Form(Form { constant, terms }) })
    }

    fn leaf<'b>(&self, block: &RelationBlock, own: &'b Own, x: Fr, y: Fr, powers: &[[Fr; 2]]) -> Option<Leaf<'b>>
    where
        'a: 'b,
    {
        let (RelationBlock::Rows { unit: index, .. } | RelationBlock::Dictionary { unit: index, .. }) = *block else {
            return None;
        };
        let unit = self.units.get(index)?;
        let mut p = Numerator::Below(unit.rows);
        let form = match *block {
            RelationBlock::Posting(_) => return None,
            RelationBlock::Rows { table, .. } => {
                if let Some(selector) = self.shape.selector(table) {
                    let cells = unit.cells.get(selector.cell)?.cells();
                    p = Numerator::Form(match selector.is_inverted {
                        false => Form { constant: Fr::ZERO, terms: vec![(Fr::ONE, cells)] },
                        true => {
                            let beyond = Cells::Bits(own.beyond.get(index)?);
                            Form { constant: Fr::ONE, terms: vec![(-Fr::ONE, beyond), (-Fr::ONE, cells)] }
                        }
                    });
                }
                self.tuple(table, index, own, x, powers)?
            }
            RelationBlock::Dictionary { table, column, .. } => {
                let columns = &self.shape.tables().get(table)?.columns;
                let code: usize = columns.iter().take(column).map(|column| column.cells()).sum();
                let [codes, digests] = unit.cells.get(code..code + 2)? else { return None };
                let constant = x - Fr::from(self.shape.space(table, column));
                Form { constant, terms: vec![(-y, codes.cells()), (-y.square(), digests.cells())] }
            }
        };
        Some(Leaf { p, q: Denominator::Form(form) })
    }

    /// `X - F`, or `F - X` on the right.
    fn tuple<'b>(&self, table: usize, index: usize, owned: &'b Own, x: Fr, powers: &[[Fr; 2]]) -> Option<Form<'b>>
    where
        'a: 'b,
    {
        let (own, sealed) = (self.shape.tables().get(table)?, self.sealed.get(table)?);
        let unit = self.units.get(index)?;
        let sign = match own.side {
            Side::Left => Fr::ONE,
            Side::Right => -Fr::ONE,
        };
        let base = Fr::from(1u64 << LIMB_BITS);
        let mut constant = x - Fr::ONE;
        let mut terms = Vec::with_capacity(unit.cells.len());
        let mut place = 0;
        for ((column, sealed), [first, second]) in own.columns.iter().zip(&sealed.columns).zip(powers) {
            let mut cells = unit.cells.get(place..)?.iter();
            match (*column, sealed) {
                (ColumnShape::Numeric { limbs, nullable, .. }, SealedColumn::Numeric { min }) => {
                    let first = *first * column.unit();
                    let mut coefficient = first;
                    for _ in 0..limbs {
                        terms.push((-sign * coefficient, cells.next()?.cells()));
                        coefficient *= base;
                    }
                    let shift = first * min + second;
                    if nullable {
                        terms.push((-sign * shift, cells.next()?.cells()));
                    } else {
                        constant -= shift;
                    }
                }
                (ColumnShape::Category { .. }, SealedColumn::Category { .. }) => {
                    cells.next()?;
                    terms.push((-sign * first, cells.next()?.cells()));
                }
                (ColumnShape::Hashed, _) => terms.push((-sign * first, owned.digest(index, place)?)),
                _ => return None,
            }
            place += column.cells();
        }
        Some(Form { constant: sign * constant, terms })
    }

    /// The validity columns whose values are sent.
    fn valid_columns(&self) -> impl Iterator<Item = &'a CellData<'a>> {
        let units = self.units;
        self.shape.valid_columns().iter().filter_map(move |valid| units.get(valid.unit)?.cells.get(valid.cell))
    }
}

/// The value of a column at a row point.
fn value<K: Kernel>(kernel: K, cells: &CellData<'_>, point: &[Fr], shape: &RelationShape) -> Result<Fr, PlanError> {
    let form = Form { constant: Fr::ZERO, terms: vec![(Fr::ONE, cells.cells())] };
    let table = kernel.tabulate(&form, 1 << shape.log_rows());
    kernel.eq_sum(point, &table).map_err(|_| PlanError::Degenerate)
}

/// The extension of the rows below `rows`.
fn below(rows: usize, point: &[Fr]) -> Fr {
    let bits: Vec<Fr> = (0..=point.len()).map(|bit| Fr::from((rows >> bit & 1) as u64)).collect();
    mle::below(&mut Native, &bits, point)
}
