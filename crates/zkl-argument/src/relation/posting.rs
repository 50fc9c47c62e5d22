//! What is posted beside rows and dictionaries: bits, gaps of a chain, and the limbs that are looked up.
//!
//! In every row of its block a posting adds `weight / (X - tau - sum_i Y^i v_i)`. Weights and `v_i` are linear in committed columns, in
//! [`Column::Beyond`] and [`Column::Index`], which everybody computes, in public constants and in sealed minima. What the postings of a space must
//! add up to is its [`Target`]s. A posting of [`Weight::NonZero`] adds `0 / sum_i Y^i v_i`: where all `v_i` are 0 there is no sum.
//! So no rule multiplies committed columns, and no sumcheck over rows is needed beside that of the tree.
//!
//! What several kinds of relations post; the rest is in their files:
//!
//! | posting | weight | tuple | says |
//! |---|---|---|---|
//! | selector s | 1, in all rows | `[s, 1 - ind]` | s is 1 in as many rows as its targets say, else 0, and 0 beyond n |
//! | look-up of a column V, limb table | | | see [`super::limbs`] |
//! | chain | | | see [`super::chain`] |

use zkl_core::ark::{Fr, ff::Field as _};

use super::shape::{ColumnShape, TableShape};

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

impl Target {
    /// `weight` tuples of zeros.
    pub(super) fn zeros(space: u64, weight: Amount, len: usize) -> Self {
        Self { space, negative: false, weight, tuple: vec![Amount::Constant(0); len] }
    }
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
    /// Tables and columns of dictionaries by whose codes rows are told apart: a value must have one code.
    pub(crate) keys: Vec<(usize, usize)>,
}

impl Postings {
    /// No postings, of so many units.
    pub(super) fn new(units: usize) -> Self {
        Self { extra: vec![Vec::new(); units], ..Self::default() }
    }

    /// A selector of rows of the first table: how many it selects, and how many it leaves.
    pub(super) fn selectors(&mut self, table: &TableShape, selector: usize, space: u64, [ones, zeros]: [Amount; 2]) {
        for unit in 0..table.units {
            self.push(Posting {
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

    pub(super) fn push(&mut self, posting: Posting) {
        self.postings.push(posting);
    }

    pub(super) fn push_extra(&mut self, unit: usize, column: ExtraColumn) {
        if let Some(extra) = self.extra.get_mut(unit) {
            extra.push(column);
        }
    }
}

/// Committed columns before the extra ones.
pub(crate) fn cells_of(columns: &[ColumnShape]) -> usize {
    columns.iter().map(|column| column.cells()).sum()
}

/// `2^exponent`.
pub(crate) fn two(exponent: usize) -> Fr {
    Fr::from(2u64).pow([exponent as u64])
}
