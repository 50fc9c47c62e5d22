//! What is posted beside rows and dictionaries: bits, gaps of a chain, and the limbs that are looked up.
//!
//! In every row of its block a posting adds `weight / (X - tau - sum_i Y^i v_i)`. Weights and `v_i` are linear in committed columns, in
//! [`Column::Beyond`] and [`Column::Index`], which everybody computes, in public constants and in sealed minima. What the postings of a space must
//! add up to is its [`Target`]s. A posting of [`Weight::NonZero`] adds `0 / sum_i Y^i v_i`: where all `v_i` are 0 there is no sum.
//! So no rule multiplies committed columns, and no sumcheck over rows is needed beside that of the tree.
//!
//! | posting | weight | tuple | says |
//! |---|---|---|---|
//! | selector s | 1, in all rows | `[s, 1 - ind]` | s is 1 in as many rows as its targets say, else 0, and 0 beyond n |
//! | look-up of a column V | `ind` | `[V]` of space 0 | V is in the limb table, in rows below n |
//! | limb table | `-m` | `[x mod 2^b]` of space 0 | the look-ups are multiplicities of its entries |
//! | chain | `ind`, `-ind` | `[kappa]`, `[kappa + d + 1]` | see [`super::chain`] |
//! | classes | `ind`, `-(k s + e)` | `[K]` | the rows of a key are as many as `k s + e` adds up to over them |
//! | remainders | `1 - s`, in all rows | `[e]` | e is 0 where s is 0, and beyond n |
//! | conditions, bounds | | | see [`super::condition`] |
//! | keys of two tables | | | see [`super::keys`] |
//! | keys, each once | | | see [`super::dedup`] |
//!
//! **Classes.** A selector s and limbs of a remainder e, `0 <= e < 2^32`, in every row. A class of c >= 1 rows has `c = sum (k s + e)`, whose terms
//! are 0 or at least k; so c is at least k. The number of 1s of s is a message that precedes X. `K` has a component for every column of the
//! key; cells of one table that are equal are equal values, so classes of values are made of whole classes of cells.

use std::ops::Range;

use zkl_core::ark::{Fr, ff::Field as _};

use super::{
    chain::KeyLayout,
    condition::ColumnTest,
    shape::{ColumnShape, TableShape},
};
use crate::{error::PlanError, shape::LIMB_BITS};

/// What is shown of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// The rows on the left are those on the right, each as often.
    SameRows,
    /// The rows of the second table are some of those of the first, none more often than there.
    Subset,
    /// No two rows of the one table are equal in the columns.
    Unique,
    /// Every row of the one table is equal to k - 1 others, at least, in the columns.
    KAnonymous {
        /// Rows of the smallest class that is allowed.
        k: u32,
    },
    /// Every value of the one column of the one table, a number, lies within bounds, which are values too.
    Bounds {
        /// The least value that is allowed, in the column's units.
        lower: i64,
        /// The largest one.
        upper: i64,
        /// Whether rows without a value are allowed.
        nulls: bool,
    },
    /// The rows of the second table are those of the first that meet all tests, each as often.
    Filter,
    /// The rows of the second table are those of the first that do not meet all tests, each as often.
    Erase,
    /// A row of the one table meets all tests, which are for equality.
    Present,
    /// No row of the one table meets all tests, which are for equality.
    Absent,
    /// No row of the first table is equal to one of the second in the columns, which are numbers.
    Disjoint,
    /// The rows of the second table are some of those of the first: for every key that the first one has there is one.
    Dedup {
        /// The columns of the key.
        key: ColumnSet,
    },
}

/// Some of the compared columns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ColumnSet(u64);

impl ColumnSet {
    /// These columns; `None` if one of them is the 65th or a later one, which no relation has.
    pub fn new(columns: impl IntoIterator<Item = usize>) -> Option<Self> {
        let bit = |column: usize| u32::try_from(column).ok().and_then(|column| 1u64.checked_shl(column));
        columns.into_iter().try_fold(0, |set, column| Some(set | bit(column)?)).map(Self)
    }

    /// Whether a column is one of them.
    pub fn contains(self, column: usize) -> bool {
        u32::try_from(column).ok().and_then(|column| self.0.checked_shr(column)).is_some_and(|rest| rest & 1 == 1)
    }

    /// The columns, in order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..u64::BITS as usize).filter(move |column| self.contains(*column))
    }
}

impl RelationKind {
    /// Whether rows of several tables are compared by value.
    pub(crate) const fn compares_rows(self) -> bool {
        self.is_selection() || matches!(self, Self::SameRows)
    }

    /// Whether the rows of the second table are some of those of the first.
    pub(crate) const fn is_selection(self) -> bool {
        matches!(self, Self::Subset | Self::Filter | Self::Erase | Self::Dedup { .. })
    }

    /// Whether rows of a table are told apart by a column's codes.
    pub(crate) fn tells_apart(self, table: usize, column: usize) -> bool {
        match self {
            Self::Unique => true,
            Self::Dedup { key } => table == 1 && key.contains(column),
            _ => false,
        }
    }

    /// Whether a dictionary's values are told by their digests, and not by the codes of one table.
    pub const fn has_digests(self) -> bool {
        self.compares_rows() || matches!(self, Self::Present | Self::Absent)
    }

    /// Whether numbers are looked at as values, and not as cells of one table.
    pub const fn has_values(self) -> bool {
        !matches!(self, Self::Unique | Self::KAnonymous { .. })
    }

    /// Whether constants decide which rows are meant.
    pub(crate) const fn has_tests(self) -> bool {
        matches!(self, Self::Bounds { .. } | Self::Filter | Self::Erase | Self::Present | Self::Absent)
    }

    /// Whether anything is looked up in a table of limbs, or may be.
    pub const fn has_limbs(self) -> bool {
        !matches!(self, Self::SameRows | Self::Subset | Self::Present | Self::Absent)
    }
}

/// A column that is committed to for one relation, beside the digests of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraColumn {
    /// 1 in the rows that are selected, else 0.
    Selector,
    /// A limb of the distance from a row's key to the next one, less 1; lowest first.
    Gap,
    /// A limb of the rows that a class has beyond k; lowest first.
    Remainder,
    /// A limb of the distance between a value and a constant; lowest first.
    Distance,
    /// How often a row is one that is looked for: anything, in rows that count.
    Match,
    /// The keys that a table has, each once, and others that no table has.
    Key,
    /// How often each entry of the limb table is looked up by all units: in the first unit.
    Multiplicity,
}

/// A column that postings are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// A committed column of the unit.
    Cell(usize),
    /// The digest whose parts are committed to in consecutive columns of the unit, of which this is the first.
    Digest(usize),
    /// 1 in the rows that do not count, else 0.
    Beyond,
    /// The row, modulo the size of the limb table.
    Index,
    /// 1 in all rows: what is posted is a public constant.
    One,
    /// The sealed minimum of a numeric column, in the rows that have a value.
    Min { table: usize, column: usize },
}

/// Power of Y, factor, column.
pub(crate) type Term = (usize, Fr, Column);

/// The weights of a posting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// 1 in the rows that count.
    Below,
    /// 1 in all rows.
    All,
    /// A linear form of committed columns: what is added in all rows, then factors and columns.
    Form(u64, Vec<(Fr, usize)>),
    /// The same, and 1 in the rows that count.
    BelowAnd(Vec<(Fr, usize)>),
    /// 0, over the terms alone, which must not be 0.
    NonZero,
}

impl Weight {
    /// The committed columns in it, with their factors.
    pub(crate) fn committed(&self) -> &[(Fr, usize)] {
        match self {
            Self::Form(_, terms) | Self::BelowAnd(terms) => terms,
            Self::Below | Self::All | Self::NonZero => &[],
        }
    }
}

/// A block of leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Posting {
    /// Counted over all tables.
    pub(crate) unit: usize,
    pub(crate) space: u64,
    /// Whether it counts against the others.
    pub(crate) negative: bool,
    pub(crate) weight: Weight,
    pub(crate) terms: Vec<Term>,
    /// What is added to the first component of the tuple.
    pub(crate) shift: u64,
}

/// A number that is fixed before X.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Amount {
    Constant(u64),
    /// Rows of a table.
    Rows(usize),
    /// Rows of the first table that are not in the second.
    RowsLeft,
    /// Rows of blocks of the first table that do not count.
    RowsBeyond,
    /// Rows of the first table, less a message.
    RowsLessFirst(usize),
    /// Rows of blocks of the first table, less the first message.
    AllLessFirst,
    /// A message that the prover sends before X is drawn.
    First(usize),
}

/// What the postings of a space add up to: a pole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) space: u64,
    pub(crate) negative: bool,
    pub(crate) weight: Amount,
    /// The components of the tuple.
    pub(crate) tuple: Vec<Amount>,
}

/// All that a kind of relation has beside rows and dictionaries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Postings {
    pub(crate) postings: Vec<Posting>,
    pub(crate) targets: Vec<Target>,
    /// Messages that are sent before X is drawn.
    pub(crate) firsts: usize,
    /// The columns of each unit.
    pub(crate) extra: Vec<Vec<ExtraColumn>>,
}

impl Postings {
    /// The postings of `kind` between `tables`, whose rows are asked for `tests`; spaces are numbered from `space`.
    pub(crate) fn new(
        kind: RelationKind,
        tables: &[TableShape],
        tests: &[ColumnTest],
        limb_bits: usize,
        space: u64,
    ) -> Result<Self, PlanError> {
        let units = tables.iter().map(|table| table.units).sum();
        let mut new = Self { extra: vec![Vec::new(); units], ..Self::default() };
        match (kind, tables) {
            (RelationKind::SameRows, _) => {}
            (RelationKind::Subset, [whole, ..]) => {
                new.selectors(whole, cells_of(&whole.columns), space, [Amount::Rows(1), Amount::RowsLeft]);
            }
            (RelationKind::Filter, [table, ..]) => {
                new.conditions(table, tests, limb_bits, space, [Amount::Rows(1), Amount::RowsLeft]);
            }
            (RelationKind::Erase, [table, ..]) => {
                new.conditions(table, tests, limb_bits, space, [Amount::RowsLeft, Amount::Rows(1)]);
            }
            (RelationKind::Bounds { lower, upper, nulls }, [table]) => {
                new.bounds(table, (lower, upper, nulls), limb_bits, space);
            }
            (RelationKind::Disjoint, [_, _]) => new.disjoint(tables, limb_bits, space)?,
            (RelationKind::Present, [table]) => new.constants(table, tests, true, space),
            (RelationKind::Absent, [table]) => new.constants(table, tests, false, space),
            (RelationKind::KAnonymous { k }, [table, ..]) => new.classes(table, k, limb_bits, space),
            (RelationKind::Unique, [table, ..]) => {
                let (key, first) = (KeyLayout::new(&table.columns, |_| true)?, cells_of(&table.columns));
                new.chain(0..table.units, &key, (first, limb_bits), space);
                new.limb_table(first + key.gap_limbs(limb_bits));
            }
            (RelationKind::Dedup { key }, [whole, kept]) => new.dedup(key, (whole, kept), limb_bits, space)?,
            _ => {}
        }
        Ok(new)
    }

    /// A selector of rows of the first table: how many it selects, and how many it leaves.
    pub(super) fn selectors(&mut self, table: &TableShape, selector: usize, space: u64, [ones, zeros]: [Amount; 2]) {
        for unit in 0..table.units {
            self.postings.push(Posting {
                unit,
                space,
                negative: false,
                weight: Weight::All,
                terms: vec![(1, Fr::ONE, Column::Cell(selector)), (2, Fr::ONE, Column::Beyond)],
                shift: 0,
            });
            self.push_extra(unit, ExtraColumn::Selector);
        }
        let target = |weight, tuple: [u64; 2]| Target {
            space,
            negative: false,
            weight,
            tuple: tuple.map(Amount::Constant).to_vec(),
        };
        self.targets.push(target(ones, [1, 0]));
        self.targets.push(target(zeros, [0, 0]));
        self.targets.push(target(Amount::RowsBeyond, [0, 1]));
    }

    /// The chain through the keys of some units, whose gaps start at a committed column.
    pub(super) fn chain(
        &mut self,
        units: Range<usize>,
        layout: &KeyLayout,
        (first, limb_bits): (usize, usize),
        space: u64,
    ) {
        let limbs = layout.gap_limbs(limb_bits);
        let two = |exponent: usize| Fr::from(2u64).pow([exponent as u64]);
        let key = || layout.terms().map(|(column, exponent)| (1, two(exponent), column));
        let gap = || (0..limbs).map(|limb| (1, two(limb_bits * limb), Column::Cell(first + limb)));
        for unit in units {
            let posting =
                |negative, terms, shift| Posting { unit, space, negative, weight: Weight::Below, terms, shift };
            self.postings.push(posting(false, key().collect(), 0));
            self.postings.push(posting(true, key().chain(gap()).collect(), 1));
            self.look_up(unit, first, limbs, ExtraColumn::Gap);
        }
        // The chain starts at the first message and ends at the second.
        for (message, negative) in [(0, false), (1, true)] {
            let tuple = vec![Amount::First(message)];
            self.targets.push(Target { space, negative, weight: Amount::Constant(1), tuple });
        }
        self.firsts = 2;
    }

    /// The classes of a table by all its columns.
    fn classes(&mut self, table: &TableShape, k: u32, limb_bits: usize, space: u64) {
        let selector = cells_of(&table.columns);
        self.selectors(table, selector, space, [Amount::First(0), Amount::RowsLessFirst(0)]);
        let limbs = REMAINDER_BITS.div_ceil(limb_bits);
        let (classes, remainders) = (space + 1, space + 2);
        let factor = |limb: usize| Fr::from(2u64).pow([(limb_bits * limb) as u64]);
        let remainder: Vec<(Fr, usize)> = (0..limbs).map(|limb| (factor(limb), selector + 1 + limb)).collect();
        for unit in 0..table.units {
            let posting = |space, negative, weight, terms| Posting { unit, space, negative, weight, terms, shift: 0 };
            let key = || components(&table.columns);
            let mut counted = vec![(Fr::from(k), selector)];
            counted.extend_from_slice(&remainder);
            self.postings.push(posting(classes, false, Weight::Below, key()));
            self.postings.push(posting(classes, true, Weight::Form(0, counted), key()));
            let terms = remainder.iter().map(|&(factor, cell)| (1, factor, Column::Cell(cell))).collect();
            self.postings.push(posting(remainders, false, Weight::Form(1, vec![(-Fr::ONE, selector)]), terms));
            for &(_, cell) in &remainder {
                self.postings.push(posting(0, false, Weight::Below, vec![(1, Fr::ONE, Column::Cell(cell))]));
                self.push_extra(unit, ExtraColumn::Remainder);
            }
        }
        self.limb_table(selector + 1 + limbs);
        let tuple = vec![Amount::Constant(0)];
        self.targets.push(Target { space: remainders, negative: false, weight: Amount::AllLessFirst, tuple });
        self.firsts = 1;
    }

    /// Looks up consecutive columns of a unit.
    pub(super) fn look_up(&mut self, unit: usize, first: usize, count: usize, column: ExtraColumn) {
        for cell in first..first + count {
            self.postings.push(Posting {
                unit,
                space: 0,
                negative: false,
                weight: Weight::Below,
                terms: vec![(1, Fr::ONE, Column::Cell(cell))],
                shift: 0,
            });
            self.push_extra(unit, column);
        }
    }

    /// The limb table, with the column of its multiplicities in the first unit.
    pub(super) fn limb_table(&mut self, multiplicities: usize) {
        self.postings.push(Posting {
            unit: 0,
            space: 0,
            negative: true,
            weight: Weight::Form(0, vec![(Fr::ONE, multiplicities)]),
            terms: vec![(1, Fr::ONE, Column::Index)],
            shift: 0,
        });
        self.push_extra(0, ExtraColumn::Multiplicity);
    }

    pub(super) fn push_extra(&mut self, unit: usize, column: ExtraColumn) {
        if let Some(extra) = self.extra.get_mut(unit) {
            extra.push(column);
        }
    }
}

/// Bits of what a class has beyond k.
pub(crate) const REMAINDER_BITS: usize = 32;

/// The components of a key within one table, column by column.
fn components(columns: &[ColumnShape]) -> Vec<Term> {
    let (mut terms, mut cell) = (Vec::new(), 0);
    for (column, power) in columns.iter().zip(1..) {
        match *column {
            // u + b: 0 for null, whose limbs are 0.
            ColumnShape::Numeric { limbs, nullable, .. } => {
                let limbs = usize::from(limbs);
                let factor = |limb: usize| Fr::from(2u64).pow([(LIMB_BITS * limb) as u64]);
                terms.extend((0..limbs).map(|limb| (power, factor(limb), Column::Cell(cell + limb))));
                if nullable {
                    terms.push((power, Fr::ONE, Column::Cell(cell + limbs)));
                }
            }
            ColumnShape::Category { .. } | ColumnShape::Code { .. } => {
                terms.push((power, Fr::ONE, Column::Cell(cell)));
            }
            ColumnShape::Hashed => terms.push((power, Fr::ONE, Column::Digest(cell))),
        }
        cell += column.cells();
    }
    terms
}

/// Committed columns before the extra ones.
pub(crate) fn cells_of(columns: &[ColumnShape]) -> usize {
    columns.iter().map(|column| column.cells()).sum()
}
