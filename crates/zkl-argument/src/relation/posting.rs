//! What is posted beside rows and dictionaries: bits, gaps of a chain, and the limbs that are looked up.
//!
//! In every row of its block a posting adds `weight / (X - tau - sum_i Y^i v_i)`. Weights and `v_i` are linear in committed columns, in
//! [`Column::Beyond`] and [`Column::Index`], which everybody computes. What the postings of a space must add up to is its [`Target`]s.
//! So no rule multiplies committed columns, and no sumcheck over rows is needed beside that of the tree.
//!
//! | posting | weight | tuple | says |
//! |---|---|---|---|
//! | selector s | 1, in all rows | `[s, 1 - ind]` | s is 1 in as many rows as its targets say, else 0, and 0 beyond n |
//! | look-up of a column V | `ind` | `[V]` of space 0 | V is in the limb table, in rows below n |
//! | limb table | `-m` | `[x mod 2^b]` of space 0 | the look-ups are multiplicities of its entries |
//! | chain | `ind`, `-ind` | `[kappa]`, `[kappa + d + 1]` | see [`super::chain`] |

use zkl_core::ark::{Fr, ff::Field as _};

use super::{
    chain::KeyLayout,
    shape::{ColumnShape, TableShape},
};
use crate::error::PlanError;

/// What is shown of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RelationKind {
    /// The rows on the left are those on the right, each as often.
    SameRows,
    /// The rows of the second table are some of those of the first, none more often than there.
    Subset,
    /// No two rows of the one table are equal in the columns.
    Unique,
}

/// A column that is committed to for one relation, beside the digests of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExtraColumn {
    /// 1 in the rows that are selected, else 0.
    Selector,
    /// A limb of the distance from a row's key to the next one, less 1; lowest first.
    Gap,
    /// How often each entry of the limb table is looked up by all units: in the first unit.
    Multiplicity,
}

/// A column that postings are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Column {
    /// A committed column of the unit.
    Cell(usize),
    /// 1 in the rows that do not count, else 0.
    Beyond,
    /// The row, modulo the size of the limb table.
    Index,
}

/// The weights of a posting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    /// 1 in the rows that count.
    Below,
    /// 1 in all rows.
    All,
    /// A committed column.
    Cell(usize),
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
    /// Power of Y, factor, column.
    pub(crate) terms: Vec<(usize, Fr, Column)>,
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
    /// The postings of `kind` between `tables`; spaces are numbered from `space`.
    pub(crate) fn new(
        kind: RelationKind,
        tables: &[TableShape],
        limb_bits: usize,
        space: u64,
    ) -> Result<Self, PlanError> {
        let units = tables.iter().map(|table| table.units).sum();
        let mut new = Self { extra: vec![Vec::new(); units], ..Self::default() };
        match (kind, tables) {
            (RelationKind::SameRows, _) => {}
            (RelationKind::Subset, [whole, ..]) => new.selectors(whole, space),
            (RelationKind::Unique, [table, ..]) => new.chain(table, limb_bits, space)?,
            _ => {}
        }
        Ok(new)
    }

    /// A selector of rows of the first table, as many as the second has.
    fn selectors(&mut self, table: &TableShape, space: u64) {
        let selector = cells_of(&table.columns);
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
        self.targets.push(target(Amount::Rows(1), [1, 0]));
        self.targets.push(target(Amount::RowsLeft, [0, 0]));
        self.targets.push(target(Amount::RowsBeyond, [0, 1]));
    }

    /// The chain through the keys of a table, and the limb table that its gaps are looked up in.
    fn chain(&mut self, table: &TableShape, limb_bits: usize, space: u64) -> Result<(), PlanError> {
        let layout = KeyLayout::new(&table.columns)?;
        let first = cells_of(&table.columns);
        let limbs = layout.gap_limbs(limb_bits);
        let two = |exponent: usize| Fr::from(2u64).pow([exponent as u64]);
        let key = || layout.terms().map(|(cell, exponent)| (1, two(exponent), Column::Cell(cell)));
        let gap = || (0..limbs).map(|limb| (1, two(limb_bits * limb), Column::Cell(first + limb)));
        for unit in 0..table.units {
            let posting = |negative, terms, shift| Posting { unit, space, negative, weight: Weight::Below, terms, shift };
            self.postings.push(posting(false, key().collect(), 0));
            self.postings.push(posting(true, key().chain(gap()).collect(), 1));
            for limb in 0..limbs {
                let terms = vec![(1, Fr::ONE, Column::Cell(first + limb))];
                self.postings.push(Posting { space: 0, ..posting(false, terms, 0) });
                self.push_extra(unit, ExtraColumn::Gap);
            }
        }
        self.postings.push(Posting {
            unit: 0,
            space: 0,
            negative: true,
            weight: Weight::Cell(first + limbs),
            terms: vec![(1, Fr::ONE, Column::Index)],
            shift: 0,
        });
        self.push_extra(0, ExtraColumn::Multiplicity);
        // The chain starts at the first message and ends at the second.
        for (message, negative) in [(0, false), (1, true)] {
            let tuple = vec![Amount::First(message)];
            self.targets.push(Target { space, negative, weight: Amount::Constant(1), tuple });
        }
        self.firsts = 2;
        Ok(())
    }

    fn push_extra(&mut self, unit: usize, column: ExtraColumn) {
        if let Some(extra) = self.extra.get_mut(unit) {
            extra.push(column);
        }
    }
}

/// Committed columns before the extra ones.
pub(crate) fn cells_of(columns: &[ColumnShape]) -> usize {
    columns.iter().map(|column| column.cells()).sum()
}
