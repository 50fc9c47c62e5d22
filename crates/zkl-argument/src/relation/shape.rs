//! How many tables, units and columns a relation has: every size of the argument follows from it.

use std::sync::LazyLock;

use zkl_core::{
    ark::{Fr, ff::Field as _},
    hashed::DIGEST_CELLS,
    layout::ColumnLayout,
};

use super::{
    condition::{self, ColumnTest},
    kinds::{Counted, Features, Given, Reads, RelationKind},
    posting::{Column, ExtraColumn, Posting, Postings, Target, cells_of},
};
use crate::{context::Value, error::PlanError, shape::LIMB_BITS};

/// Binary logarithm of the arity of the tree.
const LOG_ARITY: usize = 2;
/// The space of rows; those of dictionaries follow.
const ROWS_SPACE: u64 = 1;

/// The side of a table: each row on the left is one on the right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Its rows count once.
    Left,
    /// Its rows count against those on the left.
    Right,
}

/// A compared column of one table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnShape {
    /// Limbs, and validity if it is nullable.
    Numeric {
        /// 16-bit limbs.
        limbs: u8,
        /// Whether validity is committed.
        nullable: bool,
        /// f, where committed integers are values times `2^f`. 0 where cells are compared and not values.
        fraction_bits: u8,
    },
    /// Codes of a dictionary, and for this relation the digests of their values.
    Category {
        /// Codes.
        capacity: u32,
    },
    /// Codes of a dictionary alone: rows of one table are told apart by them.
    Code {
        /// Codes.
        capacity: u32,
    },
    /// The parts of the digests of text. Digests say the same in every table, and 0 is null: nothing that is sealed enters.
    Hashed,
}

impl ColumnShape {
    /// Most fraction bits: with more, a column would have another limb.
    pub const MAX_FRACTION_BITS: u8 = ColumnLayout::MAX_FRACTION_BITS;

    /// Columns that are committed to in a unit.
    pub(crate) const fn cells(self) -> usize {
        match self {
            Self::Numeric { limbs, nullable, .. } => limbs as usize + nullable as usize,
            Self::Category { .. } => 2,
            Self::Code { .. } => 1,
            Self::Hashed => DIGEST_CELLS,
        }
    }

    /// Columns that a form over all of them has: a digest is one number.
    const fn terms(self) -> usize {
        match self {
            Self::Hashed => 1,
            other => other.cells(),
        }
    }

    /// Whether the sealed profile has a record that the argument is about.
    pub const fn is_sealed(self) -> bool {
        !matches!(self, Self::Hashed)
    }

    /// What committed integers are multiplied with to be values: `2^-f`. As long as these are integers below 2^65 in size, products with
    /// powers of two up to 2^15 do not wrap around r, and equal elements are equal values.
    pub(crate) fn unit(self) -> Fr {
        static POWERS: LazyLock<[Fr; 1 + ColumnShape::MAX_FRACTION_BITS as usize]> = LazyLock::new(|| {
            let half = Fr::from(2u64).inverse().unwrap_or(Fr::ONE);
            std::array::from_fn(|bits| half.pow([bits as u64]))
        });
        let fraction_bits = match self {
            Self::Numeric { fraction_bits, .. } => fraction_bits,
            _ => 0,
        };
        POWERS.get(usize::from(fraction_bits)).copied().unwrap_or(Fr::ONE)
    }

    /// Whether columns of two tables can be compared: both are numbers, or dictionaries, or text by its digests.
    const fn is_like(self, other: Self) -> bool {
        match self {
            Self::Numeric { .. } => matches!(other, Self::Numeric { .. }),
            Self::Category { .. } | Self::Code { .. } => matches!(other, Self::Category { .. } | Self::Code { .. }),
            Self::Hashed => matches!(other, Self::Hashed),
        }
    }

    /// Whether its pairs of code and digest are posted.
    const fn is_category(self) -> bool {
        matches!(self, Self::Category { .. })
    }
}

/// A table of a relation.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableShape {
    /// Its side.
    pub side: Side,
    /// The compared columns; those of all tables correspond, one by one.
    pub columns: Vec<ColumnShape>,
    /// Units, at least one.
    pub units: usize,
}

/// A block of leaves. The unit counts over all tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RelationBlock {
    /// The tuples of a unit.
    Rows { table: usize, unit: usize },
    /// Code and digest of a dictionary column of a unit.
    Dictionary { table: usize, unit: usize, column: usize },
    /// Another posting, by its position.
    Posting(usize),
}

/// The sizes of a relation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationShape {
    kind: RelationKind,
    log_rows: usize,
    limb_bits: usize,
    tables: Vec<TableShape>,
    tests: Vec<ColumnTest>,
    blocks: Vec<RelationBlock>,
    block_bits: usize,
    /// Space of every dictionary column, `[table][column]`; 0 for others.
    spaces: Vec<Vec<u64>>,
    postings: Postings,
    valid: Vec<ValidColumn>,
}

/// A validity column whose value at the leaf point the prover sends, for a minimum to be multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ValidColumn {
    /// Counted over all tables.
    pub(crate) unit: usize,
    /// The compared column.
    pub(crate) column: usize,
    /// Its position among the committed columns of the unit.
    pub(crate) cell: usize,
}

/// The weights of the rows of a table that are some of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    /// The committed column.
    pub(crate) cell: usize,
    /// Whether the rows count that it does not select.
    pub(crate) is_inverted: bool,
}

impl RelationShape {
    /// Most tables.
    pub const MAX_TABLES: usize = 4;
    /// Largest binary logarithm of the rows of a unit.
    pub const MAX_LOG_ROWS: usize = 20;
    /// Most committed columns of a unit, where the parts of a digest are one: what a form of the kernel holds.
    pub const MAX_CELLS: usize = 64;
    /// Largest binary logarithm of the leaves: bounds the prover's memory for them at about 3 GB.
    pub const MAX_LOG_LEAVES: usize = 27;
    /// Most codes of all dictionaries together: bounds the circuit.
    pub const MAX_CODES: usize = 8_192;

    /// The shape of a relation of `kind` without tests. Look-ups are in a table of `2^limb_bits` entries, which the rows of the first unit hold.
    ///
    /// # Errors
    /// As [`Self::new`]; [`PlanError::Column`] also for [`ColumnShape::Code`] where values are compared, and for
    /// [`ColumnShape::Category`] where they are not.
    pub fn of(
        kind: RelationKind,
        limb_bits: usize,
        log_rows: usize,
        tables: Vec<TableShape>,
    ) -> Result<Self, PlanError> {
        Self::with_tests(kind, limb_bits, log_rows, tables, Vec::new())
    }

    /// As [`Self::of`], with what rows of the first table are asked for.
    ///
    /// # Errors
    /// As [`Self::of`]; [`PlanError::Column`] also for a test that its column cannot meet.
    pub fn with_tests(
        kind: RelationKind,
        limb_bits: usize,
        log_rows: usize,
        tables: Vec<TableShape>,
        tests: Vec<ColumnTest>,
    ) -> Result<Self, PlanError> {
        let bounded = |what, got: usize, min: usize, max: usize| {
            if (min..=max).contains(&got) { Ok(()) } else { Err(PlanError::Size { what, got, min, max }) }
        };
        bounded("binary logarithm of the rows", log_rows, 1, Self::MAX_LOG_ROWS)?;
        let Features { tables: count, tests: asked, .. } = kind.features();
        bounded("number of tables", tables.len(), *count.start(), *count.end())?;
        if kind.has_limbs() {
            bounded("bits of a looked-up limb", limb_bits, 1, log_rows.min(LIMB_BITS))?;
        }
        let first = tables.first().map(|table| table.columns.as_slice()).unwrap_or_default();
        let mut codes = 0usize;
        for table in &tables {
            bounded("number of segments of a table", table.units, 1, 1 << Self::MAX_LOG_LEAVES)?;
            bounded("number of compared columns", table.columns.len(), 1, Self::MAX_CELLS)?;
            bounded("number of compared columns", table.columns.len(), first.len(), first.len())?;
            for (index, (own, first)) in table.columns.iter().zip(first).enumerate() {
                if !own.is_like(*first) {
                    return Err(PlanError::Column { index });
                }
                match (*own, kind.has_digests()) {
                    (ColumnShape::Numeric { fraction_bits: 0..=ColumnShape::MAX_FRACTION_BITS, .. }, _)
                    | (ColumnShape::Hashed, _) => {}
                    (ColumnShape::Category { capacity }, true) | (ColumnShape::Code { capacity }, false) => {
                        codes = codes.saturating_add(capacity as usize);
                    }
                    _ => return Err(PlanError::Column { index }),
                }
            }
        }
        bounded("number of codes", codes, 0, Self::MAX_CODES)?;
        condition::check(asked, first, &tests)?;
        let max_blocks = 1 << (Self::MAX_LOG_LEAVES - log_rows);
        let per_unit = |table: &TableShape| 1 + table.columns.iter().filter(|column| column.is_category()).count();
        let count: usize = tables.iter().map(|table| table.units.saturating_mul(per_unit(table))).sum();
        // Before anything is made of so many.
        bounded("number of units and dictionaries", count, 1, max_blocks)?;
        let spaces = spaces(&tables);
        let space = spaces.iter().flatten().copied().max().unwrap_or(0).max(ROWS_SPACE) + 1;
        let mut postings = Postings::new(tables.iter().map(|table| table.units).sum());
        // Their bits were checked, and are in the circuit's id, for kinds that have limbs.
        let given_bits = if kind.has_limbs() { limb_bits } else { 0 };
        kind.post(&Given { tables: &tables, tests: &tests, limb_bits: given_bits, space }, &mut postings)?;
        let mut blocks = blocks(&tables, kind);
        blocks.extend((0..postings.postings.len()).map(RelationBlock::Posting));
        bounded("number of blocks", blocks.len(), 1, max_blocks)?;
        let extra = postings.extra.iter().map(Vec::len).max().unwrap_or(0);
        let terms = |table: &TableShape| table.columns.iter().map(|column| column.terms()).sum::<usize>();
        let cells = tables.iter().map(terms).max().unwrap_or(0);
        bounded("number of committed columns", cells + extra, 1, Self::MAX_CELLS)?;
        let block_bits = (blocks.len().next_power_of_two().trailing_zeros() as usize).max(LOG_ARITY);
        let valid = valid_columns(&tables, &blocks, &postings);
        Ok(Self { kind, log_rows, limb_bits, tables, tests, blocks, block_bits, spaces, postings, valid })
    }

    /// What is shown of the tables.
    pub const fn kind(&self) -> RelationKind {
        self.kind
    }

    /// Binary logarithm of the size of the limb table.
    pub const fn limb_bits(&self) -> usize {
        self.limb_bits
    }

    /// Binary logarithm of the rows of the longest unit.
    pub const fn log_rows(&self) -> usize {
        self.log_rows
    }

    /// Binary logarithm of the number of blocks.
    pub const fn block_bits(&self) -> usize {
        self.block_bits
    }

    /// The tables.
    pub fn tables(&self) -> &[TableShape] {
        &self.tables
    }

    /// What rows of the first table are asked for.
    pub fn tests(&self) -> &[ColumnTest] {
        &self.tests
    }

    /// Values of validity columns that the prover sends, for minima to be multiplied with.
    pub const fn value_count(&self) -> usize {
        self.valid.len()
    }

    /// The validity columns whose values the prover sends, in their order.
    pub(crate) fn valid_columns(&self) -> &[ValidColumn] {
        &self.valid
    }

    /// Which of these values is that of a unit's column; `None` for a column that is never null.
    pub(crate) fn valid_value(&self, unit: usize, column: usize) -> Option<usize> {
        self.valid.iter().position(|valid| (valid.unit, valid.column) == (unit, column))
    }

    /// The columns of a unit, counted over all tables, that are committed to beside those of its table and its digests.
    pub fn extra(&self, unit: usize) -> &[ExtraColumn] {
        self.postings.extra.get(unit).map(Vec::as_slice).unwrap_or_default()
    }

    /// Elements that the prover sends before the first challenge.
    pub const fn first_count(&self) -> usize {
        self.postings.firsts
    }

    /// Field elements that the prover sends: those before the first challenge, root, layers, values, mask.
    pub fn message_count(&self) -> usize {
        let mut bound = 0;
        let mut messages = self.first_count() + 2;
        for log_arity in self.layers() {
            messages += bound * (1 << log_arity) + (2 << log_arity);
            bound += log_arity;
        }
        messages + self.value_count() + 1
    }

    /// Binary logarithms of the arities of the tree, from the root.
    pub(crate) fn layers(&self) -> Vec<usize> {
        let num_vars = self.log_rows + self.block_bits;
        let mut layers = vec![1; num_vars % LOG_ARITY];
        layers.resize(num_vars % LOG_ARITY + num_vars / LOG_ARITY, LOG_ARITY);
        layers
    }

    pub(crate) fn blocks(&self) -> &[RelationBlock] {
        &self.blocks
    }

    pub(crate) fn posting(&self, index: usize) -> Option<&Posting> {
        self.postings.postings.get(index)
    }

    pub(crate) fn targets(&self) -> &[Target] {
        &self.postings.targets
    }

    /// The weights of a table's rows; `None` if every row counts once.
    pub(crate) fn selector(&self, table: usize) -> Option<Selector> {
        let Reads::Rows(counted) = self.kind.features().reads else { return None };
        let is_inverted = match counted {
            Counted::All => return None,
            Counted::Selected => false,
            Counted::Unselected => true,
        };
        let own = self.tables.get(table).filter(|_| table == 0)?;
        Some(Selector { cell: cells_of(&own.columns), is_inverted })
    }

    /// Whether the weights of some blocks are committed columns: then their sum joins the opening.
    pub(crate) fn has_committed_weights(&self) -> bool {
        let is_committed = |posting: &Posting| !posting.weight.committed().is_empty();
        self.selector(0).is_some() || self.postings.postings.iter().any(is_committed)
    }

    /// Tables, and how many committed columns each of their units has, unit by unit.
    pub(crate) fn units(&self) -> impl Iterator<Item = (&TableShape, usize)> {
        let tables = self.tables.iter().flat_map(|table| std::iter::repeat_n(table, table.units));
        let extra = self.postings.extra.iter().map(Vec::len);
        tables.zip(extra).map(|(table, extra)| (table, cells_of(&table.columns) + extra))
    }

    /// Whether rows of a table are told apart by the codes of a dictionary.
    pub(crate) fn tells_apart(&self, table: usize, column: usize) -> bool {
        self.postings.keys.contains(&(table, column))
    }

    /// The space of a dictionary's pairs.
    pub(crate) fn space(&self, table: usize, column: usize) -> u64 {
        self.spaces.get(table).and_then(|spaces| spaces.get(column)).copied().unwrap_or(0)
    }

    /// The powers of Y of every column: of its value, and of its validity. A dictionary uses the first alone; null is the digest 0.
    pub(crate) fn powers<V: Value>(&self, y: &V) -> Vec<[V; 2]> {
        let columns = self.tables.first().map_or(0, |table| table.columns.len());
        let mut power = y.clone();
        let mut powers = Vec::with_capacity(columns);
        for _ in 0..columns {
            let second = power.clone() * y;
            let next = second.clone() * y;
            powers.push([power, second]);
            power = next;
        }
        powers
    }
}

/// Unit by unit: its rows if they are compared, then its dictionaries.
fn blocks(tables: &[TableShape], kind: RelationKind) -> Vec<RelationBlock> {
    let compares_rows = matches!(kind.features().reads, Reads::Rows(_));
    let mut blocks = Vec::new();
    let mut unit = 0;
    for (table, own) in tables.iter().enumerate() {
        for _ in 0..own.units {
            if compares_rows {
                blocks.push(RelationBlock::Rows { table, unit });
            }
            let dictionaries = own.columns.iter().enumerate().filter(|(_, column)| column.is_category());
            blocks.extend(dictionaries.map(|(column, _)| RelationBlock::Dictionary { table, unit, column }));
            unit += 1;
        }
    }
    blocks
}

/// The validity columns of compared rows, block by block, then those that only postings have.
fn valid_columns(tables: &[TableShape], blocks: &[RelationBlock], postings: &Postings) -> Vec<ValidColumn> {
    let mut valid: Vec<ValidColumn> = Vec::new();
    let mut add = |table: usize, unit: usize, column: usize| {
        let Some(own) = tables.get(table) else { return };
        if let Some(&ColumnShape::Numeric { limbs, nullable: true, .. }) = own.columns.get(column) {
            let before: usize = own.columns.iter().take(column).map(|column| column.cells()).sum();
            let new = ValidColumn { unit, column, cell: before + usize::from(limbs) };
            if !valid.contains(&new) {
                valid.push(new);
            }
        }
    };
    for block in blocks {
        match *block {
            RelationBlock::Rows { table, unit } => {
                let columns = tables.get(table).map_or(0, |own| own.columns.len());
                (0..columns).for_each(|column| add(table, unit, column));
            }
            RelationBlock::Dictionary { .. } => {}
            RelationBlock::Posting(index) => {
                let Some(posting) = postings.postings.get(index) else { continue };
                for term in &posting.terms {
                    if let Column::Min { table, column } = term.2 {
                        add(table, posting.unit, column);
                    }
                }
            }
        }
    }
    valid
}

/// Each dictionary of each table has a space of its own.
fn spaces(tables: &[TableShape]) -> Vec<Vec<u64>> {
    let mut next = ROWS_SPACE;
    let mut space = |column: &ColumnShape| {
        if !column.is_category() {
            return 0;
        }
        next += 1;
        next
    };
    tables.iter().map(|table| table.columns.iter().map(&mut space).collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(side: Side, columns: &[ColumnShape]) -> TableShape {
        TableShape { side, columns: columns.to_vec(), units: 1 }
    }

    #[test]
    fn shapes_are_bounded_and_their_columns_correspond() {
        let number = ColumnShape::Numeric { limbs: 1, nullable: false, fraction_bits: 0 };
        let code = |capacity| ColumnShape::Category { capacity };
        let pair = |left: &[ColumnShape], right: &[ColumnShape]| {
            RelationShape::new(16, vec![table(Side::Left, left), table(Side::Right, right)])
        };
        assert!(pair(&[number, code(4)], &[number, code(16)]).is_ok());
        assert_eq!(pair(&[number, code(4)], &[code(4), number]), Err(PlanError::Column { index: 0 }));
        let what = |error| match error {
            Err(PlanError::Size { what, .. }) => what,
            other => panic!("{other:?}"),
        };
        assert_eq!(what(pair(&[number], &[number, number])), "number of compared columns");
        assert_eq!(what(pair(&[], &[])), "number of compared columns");
        assert_eq!(what(pair(&[number; 65], &[number; 65])), "number of compared columns");
        let fraction = ColumnShape::Numeric { limbs: 2, nullable: false, fraction_bits: 16 };
        assert_eq!(pair(&[number, fraction], &[number, number]), Err(PlanError::Column { index: 1 }));
        let wide = ColumnShape::Numeric { limbs: 4, nullable: false, fraction_bits: 0 };
        assert_eq!(what(pair(&[wide; 17], &[wide; 17])), "number of committed columns");
        assert_eq!(what(pair(&[code(256); 17], &[code(256); 17])), "number of codes");
        let hashed = ColumnShape::Hashed;
        assert!(pair(&[hashed; 64], &[hashed; 64]).is_ok(), "the parts of a digest are one number");
        assert_eq!(pair(&[number, hashed], &[number, code(4)]), Err(PlanError::Column { index: 1 }));
        assert_eq!(pair(&[number, code(4)], &[number, hashed]), Err(PlanError::Column { index: 1 }));
        assert_eq!(pair(&[hashed], &[number]), Err(PlanError::Column { index: 0 }));
        assert_eq!(what(RelationShape::new(16, vec![table(Side::Left, &[number])])), "number of tables");
        let five = vec![table(Side::Left, &[number]); 5];
        assert_eq!(what(RelationShape::new(16, five)), "number of tables");
        let two = |units| {
            let left = TableShape { units, ..table(Side::Left, &[number]) };
            RelationShape::new(20, vec![left, table(Side::Right, &[number])])
        };
        assert_eq!(what(two(128)), "number of units and dictionaries");
        assert_eq!(what(two(0)), "number of segments of a table");
        assert!(two(127).is_ok());
        assert_eq!(what(RelationShape::new(21, Vec::new())), "binary logarithm of the rows");
    }

    #[test]
    fn every_dictionary_of_every_table_has_a_space_of_its_own() {
        let columns = [ColumnShape::Category { capacity: 4 }; 3];
        let shape = RelationShape::new(4, vec![table(Side::Left, &columns), table(Side::Right, &columns)]).unwrap();
        let mut seen: Vec<u64> = (0..2)
            .flat_map(|table| (0..3).map(move |column| (table, column)))
            .map(|(table, column)| shape.space(table, column))
            .collect();
        seen.push(ROWS_SPACE);
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen.len(), 7);
        assert_eq!(shape.block_bits(), 3);
    }
}
