//! The rows that meet conditions, or those that do not.
//!
//! # Statement
//! The rows of the second table are those of the first that meet all tests, each as often; or those that do not.
//!
//! # Relation
//! A selector s is 1 in the rows that meet all [`ColumnTest`]s, else 0. Rows of the first table count with s, or with `ind - s`.
//!
//! Constants are public, minima are sealed, b is validity (1 if the column is never null). Each line is a posting in a space of its own, but for look-ups.
//! Per test, with a bit t of its own (s itself, if it is the only one) that is 1 in `count` rows:
//! ```text
//! v >= c        t [d - (v - c b), 1 - b] = count [0, 0]         (ind - t) [d - ((c - 1) b - v)] = (n - count) [0]     limbs of d looked up
//! v <= c        t [d - (c b - v), 1 - b] = count [0, 0]         (ind - t) [d - (v - (c + 1) b)] = (n - count) [0]
//! v = c         t [v - c b, 1 - b] = count [0, 0]               t Y + (v - c b) Y + (1 - b) Y^2 + (1 - ind) Y^3 is not 0
//! all of m      ind [t_1 + .. + t_m - m s] = sum_(i < m) f_i [i]
//! ```
//! `count` and `f_i` are messages that precede X.
//!
//! # Soundness
//! Distances do not wrap around (`relation/condition.rs`): of `v >= c` and `v < c` a row satisfies one. All t are bits, and 0 beyond n
//! (`relation/posting.rs`), so their weights are 0 and 1. With s a bit, `t_1 + .. + t_m - m s` is in `[0, m)` exactly if s is their product. Numbers of
//! rows are below 2^32.

use zkl_core::ark::{Fr, ff::Field as _};

use super::{Counted, Features, Given, Kind, Reads, exactly};
use crate::{
    error::PlanError,
    relation::{
        column::{Place, Values, signed},
        condition::{ColumnTest, Test, Tests},
        extra::ExtraCells,
        limbs::{Limbs, limb_terms},
        posting::{Amount, Column, ExtraColumn, Posting, Postings, Target, Term, Weight, cells_of},
        row_hash::Rows,
        shape::{RelationShape, TableShape},
    },
    witness::CellData,
};

/// Bits of the distance between a value and a constant: both are 64-bit integers.
const DISTANCE_BITS: usize = 64;

pub(super) struct Filter;

impl Kind for Filter {
    const FEATURES: Features = features(Counted::Selected);

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        postings.conditions(given, [Amount::Rows(1), Amount::RowsLeft])
    }

    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        test_columns(shape, tables)
    }
}

/// All rows but those of a filter.
pub(super) struct Erase;

impl Kind for Erase {
    const FEATURES: Features = features(Counted::Unselected);

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        postings.conditions(given, [Amount::RowsLeft, Amount::Rows(1)])
    }

    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        test_columns(shape, tables)
    }
}

const fn features(counted: Counted) -> Features {
    Features { tables: 2..=2, reads: Reads::Rows(counted), tests: Tests::Any, has_limbs: true }
}

impl Postings {
    /// The selector of the rows that meet all tests, of which there are so many, and as many others; and what shows that it is right.
    fn conditions(&mut self, given: &Given<'_>, counts: [Amount; 2]) -> Result<(), PlanError> {
        let &Given { tests, limb_bits, space, .. } = given;
        let [table, _] = exactly(given.tables)?;
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
        Ok(())
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
                let mut terms: Vec<Term> = limb_terms(first, limbs, limb_bits, 1).collect();
                terms.extend(place.value(1, -sign));
                terms.push(place.constant(1, sign * constant));
                terms
            };
            let posting = |space, weight, terms| Posting { unit, space, negative: false, weight, terms, shift: 0 };
            let mut terms = from(sign, met);
            terms.extend(null.iter().copied());
            self.push(posting(space, Weight::Form(0, vec![(Fr::ONE, bit)]), terms));
            if test.test.is_ordered() {
                let rest = Weight::BelowAnd(vec![(-Fr::ONE, bit)]);
                self.push(posting(space + 1, rest, from(-sign, unmet)));
                self.look_up(unit, first, limbs, ExtraColumn::Distance);
            } else {
                let (mut terms, next) = place.difference(1, met);
                terms.push((1, Fr::ONE, Column::Cell(bit)));
                terms.push((next, Fr::ONE, Column::Beyond));
                self.push(posting(space + 1, Weight::NonZero, terms));
            }
        }
        self.targets.push(Target::zeros(space, ones, len));
        if test.test.is_ordered() {
            self.targets.push(Target::zeros(space + 1, zero, 1));
        }
        (space + 2, first + limbs)
    }

    /// Shows that a bit is the product of others. How many rows meet how many tests are messages after the counts of each.
    fn all_of(&mut self, table: &TableShape, product: usize, bits: &[usize], space: u64) {
        let count = bits.len();
        for unit in 0..table.units {
            let mut terms: Vec<Term> = bits.iter().map(|&bit| (1, Fr::ONE, Column::Cell(bit))).collect();
            terms.push((1, -Fr::from(count as u64), Column::Cell(product)));
            self.push(Posting { unit, space, negative: false, weight: Weight::Below, terms, shift: 0 });
        }
        for met in 0..count {
            let tuple = vec![Amount::Constant(met as u64)];
            self.targets.push(Target { space, negative: false, weight: Amount::First(count + met), tuple });
        }
        self.firsts = 2 * count;
    }
}

impl Test {
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

fn integer(value: i128) -> Fr {
    let size = Fr::from(value.unsigned_abs());
    if value < 0 { -size } else { size }
}

/// Selectors and distances of the first table.
fn test_columns(shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
    let &[(table, sealed, units), _] = exactly(tables)?;
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
    Ok(ExtraCells { columns, firsts })
}
