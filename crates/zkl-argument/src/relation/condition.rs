//! Conditions: which rows have a value within bounds, or equal to a constant.
//!
//! # Statement
//! `v` is the value of a column in a row: `(min + u) 2^-f` of a number, the digest of a dictionary's value or of text. Null meets no condition. A selector s is 1 in the
//! rows that meet all [`ColumnTest`]s, else 0; every value of a column lies within bounds; a row is equal to constants, or none is.
//!
//! # Relation
//! Constants are public, minima are sealed, b is validity (1 if the column is never null). Each line is a posting in a space of its own, but for look-ups.
//! Per test, with a bit t of its own (s itself, if it is the only one) that is 1 in `count` rows:
//! ```text
//! v >= c        t [d - (v - c b), 1 - b] = count [0, 0]         (ind - t) [d - ((c - 1) b - v)] = (n - count) [0]     limbs of d looked up
//! v <= c        t [d - (c b - v), 1 - b] = count [0, 0]         (ind - t) [d - (v - (c + 1) b)] = (n - count) [0]
//! v = c         t [v - c b, 1 - b] = count [0, 0]               t Y + (v - c b) Y + (1 - b) Y^2 + (1 - ind) Y^3 is not 0
//! all of m      ind [t_1 + .. + t_m - m s] = sum_(i < m) f_i [i]
//! bounds        ind [d - (v - lower b), d' - (upper b - v), 1 - b] = n [0, 0, 0]              limbs of d, d' looked up
//! present       m [v - c b, 1 - b, .., 1 - ind] = 1 [0, 0, .., 0]                  m free
//! absent        (v - c b) Y + (1 - b) Y^2 + .. + (1 - ind) Y^k is not 0
//! ```
//! Where nulls are allowed, bounds have no `1 - b`; in a row without value u and b are 0, and d, d' with them. `count` and `f_i` are messages that precede X.
//!
//! # Soundness
//! `2^f v` and constants are integers below 2^65 in size, f at most 15, and d is in `[0, 2^80)`, so no difference times `2^f` wraps around r: d and d' are what
//! they seem, v with them an integer, and of `v >= c` and `v < c` a row satisfies one. All t are bits, and 0 beyond n (`relation/posting.rs`), so their weights are 0 and 1. With s a bit,
//! `t_1 + .. + t_m - m s` is in `[0, m)` exactly if s is their product. Numbers of rows are below 2^32.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, BigInteger as _, Field as _, PrimeField as _},
};

use super::{
    SealedColumn, SealedTable, UnitCells,
    chain::digest,
    extra::ExtraCells,
    posting::{Amount, Column, ExtraColumn, Posting, Postings, RelationKind, Target, Term, Weight, cells_of},
    shape::{ColumnShape, RelationShape, TableShape},
};
use crate::{error::PlanError, shape::LIMB_BITS, witness::CellData};

/// Most tests of one relation.
pub(crate) const MAX_TESTS: usize = 8;
/// Bits of the distance between a value and a constant: both are 64-bit integers.
const DISTANCE_BITS: usize = 64;

/// What a row of the first table is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColumnTest {
    /// Position among the columns of the relation.
    pub column: usize,
    /// What its value is compared with.
    pub test: Test,
}

/// A comparison with a constant, which null never meets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Test {
    /// A number of at least this, in the column's units: from `-2^63` to `2^63`.
    AtLeast(i128),
    /// A number of at most this, from `-2^63 - 1` to `2^63 - 1`.
    AtMost(i128),
    /// This number, or the value with this digest.
    Equal(Fr),
}

impl Test {
    /// Whether it compares sizes, and so needs distances.
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::AtLeast(_) | Self::AtMost(_))
    }

    fn is_in_range(self) -> bool {
        let (least, most) = (i128::from(i64::MIN), i128::from(i64::MAX));
        match self {
            Self::AtLeast(c) => (least..=most + 1).contains(&c),
            Self::AtMost(c) => (least - 1..=most).contains(&c),
            Self::Equal(_) => true,
        }
    }
}

/// Checks that tests are such as the kind has, and that columns have what they ask for.
pub(crate) fn check(kind: RelationKind, columns: &[ColumnShape], tests: &[ColumnTest]) -> Result<(), PlanError> {
    let (fewest, most) = match kind {
        RelationKind::Filter | RelationKind::Erase | RelationKind::Present | RelationKind::Absent => (1, MAX_TESTS),
        _ => (0, 0),
    };
    if !(fewest..=most).contains(&tests.len()) {
        return Err(PlanError::Size { what: "number of conditions", got: tests.len(), min: fewest, max: most });
    }
    for ColumnTest { column, test } in tests {
        let misfit = PlanError::Column { index: *column };
        let is_numeric = match columns.get(*column) {
            Some(ColumnShape::Numeric { .. }) => true,
            Some(ColumnShape::Category { .. } | ColumnShape::Hashed) => false,
            _ => return Err(misfit),
        };
        let is_key = matches!(kind, RelationKind::Present | RelationKind::Absent);
        if test.is_ordered() && (is_key || !is_numeric) || !test.is_in_range() {
            return Err(misfit);
        }
    }
    if let RelationKind::Bounds { lower, upper, .. } = kind
        && (lower > upper || !matches!(columns, [ColumnShape::Numeric { .. }]))
    {
        return Err(PlanError::Column { index: 0 });
    }
    Ok(())
}

/// Limbs of the distances of [`RelationKind::Bounds`]: those of the distance between the ends.
pub(crate) fn bounds_limbs(lower: i64, upper: i64, limb_bits: usize) -> usize {
    let bits = 64 - lower.abs_diff(upper).leading_zeros() as usize;
    bits.div_ceil(limb_bits).max(1)
}

/// A column of the first table, as terms of tuples.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    table: usize,
    column: usize,
    /// Its first committed column.
    cell: usize,
    shape: ColumnShape,
}

impl Place {
    pub(crate) fn new(table: usize, columns: &[ColumnShape], column: usize) -> Option<Self> {
        let cell = cells_of(columns.get(..column)?);
        Some(Self { table, column, cell, shape: *columns.get(column)? })
    }

    /// The value, times a factor: 0 for null.
    pub(crate) fn value(&self, power: usize, factor: Fr) -> Vec<Term> {
        match self.shape {
            ColumnShape::Numeric { limbs, .. } => {
                let factor = factor * self.shape.unit();
                let limb = |limb: usize| (power, factor * two(LIMB_BITS * limb), Column::Cell(self.cell + limb));
                let mut terms: Vec<Term> = (0..usize::from(limbs)).map(limb).collect();
                terms.push((power, factor, Column::Min { table: self.table, column: self.column }));
                terms
            }
            ColumnShape::Category { .. } => vec![(power, factor, Column::Cell(self.cell + 1))],
            ColumnShape::Code { .. } => vec![(power, factor, Column::Cell(self.cell))],
            ColumnShape::Hashed => vec![(power, factor, Column::Digest(self.cell))],
        }
    }

    /// A constant in the rows that have a value. Digests need no difference: null is the digest 0, which no value has.
    pub(crate) fn constant(&self, power: usize, factor: Fr) -> Term {
        match self.shape {
            ColumnShape::Numeric { limbs, nullable: true, .. } => {
                (power, factor, Column::Cell(self.cell + usize::from(limbs)))
            }
            _ => (power, factor, Column::One),
        }
    }

    /// `1 - b`, if the column may be null.
    pub(crate) fn null(&self, power: usize) -> Vec<Term> {
        match self.shape {
            ColumnShape::Numeric { nullable: true, .. } => {
                vec![(power, Fr::ONE, Column::One), self.constant(power, -Fr::ONE)]
            }
            _ => Vec::new(),
        }
    }

    /// `v - c b`, then `1 - b` if the column may be null: 0 in rows that hold the constant. With the next power of Y.
    fn difference(&self, power: usize, constant: Fr) -> (Vec<Term>, usize) {
        let mut terms = self.value(power, Fr::ONE);
        terms.push(self.constant(power, -constant));
        let null = self.null(power + 1);
        let next = power + 1 + usize::from(!null.is_empty());
        terms.extend(null);
        (terms, next)
    }
}

pub(crate) fn two(exponent: usize) -> Fr {
    Fr::from(2u64).pow([exponent as u64])
}

fn integer(value: i128) -> Fr {
    let size = Fr::from(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

/// The limbs of a distance in consecutive columns.
fn distance(first: usize, limbs: usize, limb_bits: usize, power: usize) -> impl Iterator<Item = Term> {
    (0..limbs).map(move |limb| (power, two(limb_bits * limb), Column::Cell(first + limb)))
}

/// `weight` zeros, in a tuple of `len` components.
fn zeros(space: u64, weight: Amount, len: usize) -> Target {
    Target { space, negative: false, weight, tuple: vec![Amount::Constant(0); len] }
}

impl Postings {
    /// The selector of the rows that meet all tests, of which there are so many, and as many others; and what shows that it is right.
    pub(super) fn conditions(
        &mut self,
        table: &TableShape,
        tests: &[ColumnTest],
        limb_bits: usize,
        space: u64,
        counts: [Amount; 2],
    ) {
        let selector = cells_of(&table.columns);
        self.selectors(table, selector, space, counts);
        let mut space = space + 1;
        let mut next = selector + 1;
        let mut bits = Vec::with_capacity(tests.len());
        for (index, test) in tests.iter().enumerate() {
            let (bit, counts) = match tests.len() {
                1 => (selector, counts),
                _ => {
                    let counts = [Amount::First(index), Amount::RowsLessFirst(index)];
                    self.selectors(table, next, space, counts);
                    (space, next) = (space + 1, next + 1);
                    (next - 1, counts)
                }
            };
            bits.push(bit);
            (space, next) = self.test(table, test, bit, (next, limb_bits), space, counts);
        }
        if tests.len() > 1 {
            self.all_of(table, selector, &bits, space);
        }
        if tests.iter().any(|test| test.test.is_ordered()) {
            self.limb_table(next);
        }
    }

    /// Shows that a bit is 1 exactly in the rows that meet a test. Answers the space and the column that are next.
    fn test(
        &mut self,
        table: &TableShape,
        test: &ColumnTest,
        bit: usize,
        (first, limb_bits): (usize, usize),
        space: u64,
        [ones, zero]: [Amount; 2],
    ) -> (u64, usize) {
        let Some(place) = Place::new(0, &table.columns, test.column) else { return (space, first) };
        let limbs = if test.test.is_ordered() { DISTANCE_BITS.div_ceil(limb_bits) } else { 0 };
        // The distance of a row that meets the test, and of one that does not: `sign (v - c)`, from another c each.
        let (sign, met, unmet) = match test.test {
            Test::AtLeast(c) => (Fr::ONE, integer(c), integer(c - 1)),
            Test::AtMost(c) => (-Fr::ONE, integer(c), integer(c + 1)),
            Test::Equal(c) => (Fr::ONE, c, c),
        };
        let null = place.null(2);
        let len = 1 + usize::from(!null.is_empty());
        for unit in 0..table.units {
            let from = |sign: Fr, constant: Fr| {
                let mut terms: Vec<Term> = distance(first, limbs, limb_bits, 1).collect();
                terms.extend(place.value(1, -sign));
                terms.push(place.constant(1, sign * constant));
                terms
            };
            let posting = |space, weight, terms| Posting { unit, space, negative: false, weight, terms, shift: 0 };
            let mut terms = from(sign, met);
            terms.extend(null.iter().copied());
            self.postings.push(posting(space, Weight::Form(0, vec![(Fr::ONE, bit)]), terms));
            if test.test.is_ordered() {
                let rest = Weight::BelowAnd(vec![(-Fr::ONE, bit)]);
                self.postings.push(posting(space + 1, rest, from(-sign, unmet)));
                self.look_up(unit, first, limbs, ExtraColumn::Distance);
            } else {
                let (mut terms, next) = place.difference(1, met);
                terms.push((1, Fr::ONE, Column::Cell(bit)));
                terms.push((next, Fr::ONE, Column::Beyond));
                self.postings.push(posting(space + 1, Weight::NonZero, terms));
            }
        }
        self.targets.push(zeros(space, ones, len));
        if test.test.is_ordered() {
            self.targets.push(zeros(space + 1, zero, 1));
        }
        (space + 2, first + limbs)
    }

    /// Shows that a bit is the product of others. How many rows meet how many tests are messages after the counts of each.
    fn all_of(&mut self, table: &TableShape, product: usize, bits: &[usize], space: u64) {
        let count = bits.len();
        for unit in 0..table.units {
            let mut terms: Vec<Term> = bits.iter().map(|&bit| (1, Fr::ONE, Column::Cell(bit))).collect();
            terms.push((1, -Fr::from(count as u64), Column::Cell(product)));
            self.postings.push(Posting { unit, space, negative: false, weight: Weight::Below, terms, shift: 0 });
        }
        for met in 0..count {
            let tuple = vec![Amount::Constant(met as u64)];
            self.targets.push(Target { space, negative: false, weight: Amount::First(count + met), tuple });
        }
        self.firsts = 2 * count;
    }

    /// Every value of the one column lies within bounds.
    pub(super) fn bounds(
        &mut self,
        table: &TableShape,
        (lower, upper, nulls): (i64, i64, bool),
        limb_bits: usize,
        space: u64,
    ) {
        let Some(place) = Place::new(0, &table.columns, 0) else { return };
        let (first, limbs) = (cells_of(&table.columns), bounds_limbs(lower, upper, limb_bits));
        let null = if nulls { Vec::new() } else { place.null(3) };
        for unit in 0..table.units {
            let mut terms: Vec<Term> = distance(first, limbs, limb_bits, 1).collect();
            terms.extend(place.value(1, -Fr::ONE));
            terms.push(place.constant(1, Fr::from(lower)));
            terms.extend(distance(first + limbs, limbs, limb_bits, 2));
            terms.extend(place.value(2, Fr::ONE));
            terms.push(place.constant(2, -Fr::from(upper)));
            terms.extend(null.iter().copied());
            self.postings.push(Posting { unit, space, negative: false, weight: Weight::Below, terms, shift: 0 });
            self.look_up(unit, first, 2 * limbs, ExtraColumn::Distance);
        }
        self.targets.push(zeros(space, Amount::Rows(0), 2 + usize::from(!null.is_empty())));
        self.limb_table(first + 2 * limbs);
    }

    /// Some row holds all constants, or none does.
    pub(super) fn constants(&mut self, table: &TableShape, tests: &[ColumnTest], is_present: bool, space: u64) {
        let (mut terms, mut power) = (Vec::new(), 1);
        for test in tests {
            let (Some(place), Test::Equal(constant)) = (Place::new(0, &table.columns, test.column), test.test) else {
                continue;
            };
            let (own, next) = place.difference(power, constant);
            terms.extend(own);
            power = next;
        }
        terms.push((power, Fr::ONE, Column::Beyond));
        let free = cells_of(&table.columns);
        for unit in 0..table.units {
            let weight = match is_present {
                true => Weight::Form(0, vec![(Fr::ONE, free)]),
                false => Weight::NonZero,
            };
            self.postings.push(Posting { unit, space, negative: false, weight, terms: terms.clone(), shift: 0 });
            if is_present {
                self.push_extra(unit, ExtraColumn::Match);
            }
        }
        if is_present {
            self.targets.push(zeros(space, Amount::Constant(1), power));
        }
    }
}

/// The values of a column, as its owner reads them.
struct Values<'a> {
    place: Place,
    sealed: &'a SealedColumn<Fr>,
}

impl<'a> Values<'a> {
    fn new(table: &TableShape, sealed: &'a SealedTable<Fr>, column: usize) -> Option<Self> {
        Some(Self { place: Place::new(0, &table.columns, column)?, sealed: sealed.columns.get(column)? })
    }

    /// The number of a row, or the digest of its value; `None` for null.
    fn at(&self, unit: &UnitCells<'_>, row: usize) -> Option<Fr> {
        let cell = |index: usize| unit.cells.get(self.place.cell + index).map_or(Fr::ZERO, |cell| cell.value(row));
        match (self.place.shape, self.sealed) {
            (ColumnShape::Numeric { limbs, nullable, .. }, SealedColumn::Numeric { min }) => {
                let limbs = usize::from(limbs);
                if nullable && cell(limbs) == Fr::ZERO {
                    return None;
                }
                let committed = (0..limbs).map(|limb| cell(limb) * two(LIMB_BITS * limb)).sum::<Fr>() + min;
                Some(committed * self.place.shape.unit())
            }
            (ColumnShape::Hashed, _) => {
                let parts = unit.cells.get(self.place.cell..).unwrap_or_default();
                Some(digest(parts, row)).filter(|digest| *digest != Fr::ZERO)
            }
            _ => Some(cell(1)).filter(|digest| *digest != Fr::ZERO),
        }
    }
}

impl Test {
    /// Whether a value meets it: a number, or the digest of a dictionary's value; `None` for null.
    pub fn holds(self, value: Option<Fr>) -> bool {
        value.is_some_and(|value| match self {
            Self::AtLeast(c) => signed(value) >= c,
            Self::AtMost(c) => signed(value) <= c,
            Self::Equal(c) => value == c,
        })
    }

    /// What a row's distance is: 0 for null.
    fn distance(self, value: Option<Fr>) -> u128 {
        let Some(value) = value.map(signed) else { return 0 };
        let distance = match self {
            Self::AtLeast(c) if value >= c => value - c,
            Self::AtLeast(c) => c - 1 - value,
            Self::AtMost(c) if value <= c => c - value,
            Self::AtMost(c) => value - (c + 1),
            Self::Equal(_) => 0,
        };
        distance.unsigned_abs()
    }
}

/// The integer that an element stands for; 0 if it has 127 bits or more.
pub(crate) fn signed(value: Fr) -> i128 {
    let size = |value: Fr| {
        let [low, high, ..] = value.into_bigint().0;
        (value.into_bigint().num_bits() < 127).then_some((u128::from(high) << 64 | u128::from(low)) as i128)
    };
    size(value).or_else(|| size(-value).map(|size| -size)).unwrap_or(0)
}

/// Cuts distances into limbs, and counts these.
pub(crate) struct Limbs {
    bits: usize,
    counts: Vec<u32>,
}

impl Limbs {
    pub(crate) fn new(bits: usize) -> Self {
        Self { bits, counts: vec![0; 1 << bits] }
    }

    /// `count` columns of limbs, lowest first.
    pub(crate) fn columns(&mut self, values: &[u128], count: usize) -> Vec<CellData<'static>> {
        let mut column = |limb: usize| {
            let limb = |value: &u128| {
                let entry =
                    (value.checked_shr((self.bits * limb) as u32).unwrap_or(0) as usize) & ((1 << self.bits) - 1);
                if let Some(count) = self.counts.get_mut(entry) {
                    *count += 1;
                }
                entry as u16
            };
            CellData::U16(values.iter().map(limb).collect::<Vec<_>>().into())
        };
        (0..count).map(&mut column).collect()
    }

    /// How often each limb was seen.
    pub(crate) fn multiplicities(self) -> CellData<'static> {
        CellData::U32(self.counts.into())
    }
}

/// Selectors and distances of a relation with tests. `units` are those of the first table.
pub(super) fn test_columns(
    shape: &RelationShape,
    (table, sealed): (&TableShape, &SealedTable<Fr>),
    units: &[UnitCells<'_>],
) -> ExtraCells {
    let tests = shape.tests();
    let values: Vec<Values<'_>> = tests.iter().filter_map(|test| Values::new(table, sealed, test.column)).collect();
    let mut limbs = Limbs::new(shape.limb_bits());
    let count = DISTANCE_BITS.div_ceil(shape.limb_bits());
    let (mut counts, mut met_by) = (vec![0u64; tests.len()], vec![0u64; tests.len() + 1]);
    let mut columns = Vec::with_capacity(units.len());
    for unit in units {
        let mut met = vec![0; unit.rows];
        let mut own = Vec::new();
        for ((test, values), total) in tests.iter().zip(&values).zip(&mut counts) {
            let values: Vec<Option<Fr>> = (0..unit.rows).map(|row| values.at(unit, row)).collect();
            let bits: Vec<bool> = values.iter().map(|value| test.test.holds(*value)).collect();
            for (met, bit) in met.iter_mut().zip(&bits) {
                *met += usize::from(*bit);
                *total += u64::from(*bit);
            }
            if tests.len() > 1 {
                own.push(CellData::Bits(bits.into()));
            }
            if test.test.is_ordered() {
                let distances: Vec<u128> = values.iter().map(|value| test.test.distance(*value)).collect();
                own.extend(limbs.columns(&distances, count));
            }
        }
        for &met in &met {
            if let Some(rows) = met_by.get_mut(met) {
                *rows += 1;
            }
        }
        let all: Vec<bool> = met.iter().map(|&met| met == tests.len()).collect();
        own.insert(0, CellData::Bits(all.into()));
        columns.push(own);
    }
    if tests.iter().any(|test| test.test.is_ordered())
        && let Some(first) = columns.first_mut()
    {
        first.push(limbs.multiplicities());
    }
    // A row that meets all of m tests leaves m - m s = 0.
    if let Some(all) = met_by.pop()
        && let Some(none) = met_by.first_mut()
    {
        *none += all;
    }
    let firsts = match tests.len() {
        0 | 1 => Vec::new(),
        _ => counts.into_iter().chain(met_by).map(Fr::from).collect(),
    };
    ExtraCells { columns, firsts }
}

/// The distances to both bounds.
pub(super) fn bounds_columns(
    shape: &RelationShape,
    (lower, upper): (i64, i64),
    (table, sealed): (&TableShape, &SealedTable<Fr>),
    units: &[UnitCells<'_>],
) -> Result<ExtraCells, PlanError> {
    let values = Values::new(table, sealed, 0).ok_or(PlanError::Column { index: 0 })?;
    let mut limbs = Limbs::new(shape.limb_bits());
    let count = bounds_limbs(lower, upper, shape.limb_bits());
    let mut columns = Vec::with_capacity(units.len());
    for unit in units {
        let values: Vec<Option<i128>> = (0..unit.rows).map(|row| values.at(unit, row).map(signed)).collect();
        let distances = |from: &dyn Fn(i128) -> i128| -> Vec<u128> {
            // Of a value out of bounds there is none: no proof either.
            values.iter().map(|value| value.map_or(0, from).max(0).unsigned_abs()).collect()
        };
        let mut own = limbs.columns(&distances(&|value| value - i128::from(lower)), count);
        own.extend(limbs.columns(&distances(&|value| i128::from(upper) - value), count));
        columns.push(own);
    }
    if let Some(first) = columns.first_mut() {
        first.push(limbs.multiplicities());
    }
    Ok(ExtraCells { columns, firsts: Vec::new() })
}

/// Points at the first row that holds all constants, if there is one.
pub(super) fn match_columns(
    shape: &RelationShape,
    (table, sealed): (&TableShape, &SealedTable<Fr>),
    units: &[UnitCells<'_>],
) -> ExtraCells {
    let tests = shape.tests();
    let values: Vec<Values<'_>> = tests.iter().filter_map(|test| Values::new(table, sealed, test.column)).collect();
    let mut found = false;
    let mut find = |unit: &UnitCells<'_>| {
        let mut is_first = |row: usize| {
            let holds = tests.iter().zip(&values).all(|(test, values)| test.test.holds(values.at(unit, row)));
            let first = holds && !found;
            found |= holds;
            first
        };
        vec![CellData::Bits((0..unit.rows).map(&mut is_first).collect::<Vec<_>>().into())]
    };
    ExtraCells { columns: units.iter().map(&mut find).collect(), firsts: Vec::new() }
}
