//! Hashes of rows, by which the prover finds those that are equal. They decide what columns it commits to, and nothing that is proved.

use std::hash::{BuildHasher as _, Hasher};

use foldhash::quality::RandomState;
use zkl_core::{
    ark::{Fr, ff::PrimeField as _},
    hashed::DIGEST_CELLS,
};
use zkl_kernel::{Entry, threads::prelude::*};

use super::{SealedColumn, SealedTable, UnitCells, shape::ColumnShape};
use crate::{relation::shape::TableShape, shape::LIMB_BITS, witness::CellData};

/// Two hashes of 64 bits: rows that share both are not to be expected.
pub(super) type RowHash = [u64; 2];

/// A table with its seal and its units.
pub(super) type Rows<'a> = (&'a TableShape, &'a SealedTable<Fr>, &'a [UnitCells<'a>]);

/// Hashes that can be compared with each other.
pub(super) struct RowHasher([RandomState; 2]);

impl RowHasher {
    pub(super) fn new() -> Self {
        Self([RandomState::default(), RandomState::default()])
    }

    fn hash(&self, write: impl Fn(&mut dyn Hasher)) -> RowHash {
        self.0.each_ref().map(|state| {
            let mut hasher = state.build_hasher();
            write(&mut hasher);
            hasher.finish()
        })
    }

    /// Hashes of the values of every row in the columns that count, null included, `[unit][row]`. Values have one hash however their table
    /// commits to them.
    pub(super) fn values(
        &self,
        (table, sealed, units): Rows<'_>,
        is_in: &(dyn Fn(usize) -> bool + Sync),
    ) -> Vec<Vec<RowHash>> {
        let mut columns = Vec::with_capacity(table.columns.len());
        let mut first = 0;
        for (index, column) in table.columns.iter().enumerate() {
            if is_in(index) {
                columns.push((first, ColumnValues::new(*column, sealed.columns.get(index))));
            }
            first += column.cells();
        }
        let of_unit = |unit: &UnitCells<'_>| -> Vec<RowHash> {
            let row_hash = |row| {
                self.hash(|hasher| {
                    for (first, column) in &columns {
                        column.write(unit.cells.get(*first..).unwrap_or_default(), row, hasher);
                    }
                })
            };
            (0..unit.rows).into_par_iter().map(row_hash).collect()
        };
        units.iter().map(of_unit).collect()
    }

    /// Hashes of all cells of every row, `[unit][row]`: within one table equal values have equal cells.
    pub(super) fn cells(&self, units: &[UnitCells<'_>]) -> Vec<Vec<RowHash>> {
        let of_unit = |unit: &UnitCells<'_>| -> Vec<RowHash> {
            let row_hash =
                |row| self.hash(|hasher| unit.cells.iter().for_each(|cell| write_entry(cell.entry(row), hasher)));
            (0..unit.rows).into_par_iter().map(row_hash).collect()
        };
        units.iter().map(of_unit).collect()
    }
}

/// How the values of a column follow from its cells.
enum ColumnValues {
    Numeric {
        limbs: usize,
        nullable: bool,
        fraction_bits: u32,
        min: i128,
    },
    /// Of a dictionary the digest counts, and not the code.
    Digest,
    Hashed,
}

impl ColumnValues {
    fn new(column: ColumnShape, sealed: Option<&SealedColumn<Fr>>) -> Self {
        match (column, sealed) {
            (ColumnShape::Numeric { limbs, nullable, fraction_bits }, Some(SealedColumn::Numeric { min })) => {
                let fraction_bits = fraction_bits.into();
                Self::Numeric { limbs: limbs.into(), nullable, fraction_bits, min: integer(*min) }
            }
            (ColumnShape::Hashed, _) => Self::Hashed,
            _ => Self::Digest,
        }
    }

    fn write(&self, cells: &[CellData<'_>], row: usize, hasher: &mut dyn Hasher) {
        let cell = |index: usize| cells.get(index).map_or(Entry::Small(0), |cell| cell.entry(row));
        match *self {
            Self::Numeric { limbs, nullable, fraction_bits, min } => {
                let limb = |index: usize| small(cell(index)).wrapping_shl((LIMB_BITS * index) as u32);
                let sum = (0..limbs).map(limb).fold(0i128, i128::wrapping_add);
                let valid = if nullable { small(cell(limbs)) } else { 1 };
                let committed = sum.wrapping_add(min.wrapping_mul(valid));
                // The value is this over 2^f: in lowest terms it is the same in tables of another f.
                let common = committed.trailing_zeros().min(fraction_bits);
                hasher.write_i128(committed >> common);
                hasher.write_u64(u64::from(fraction_bits - common) << 1 | (valid & 1) as u64);
            }
            Self::Digest => write_entry(cell(1), hasher),
            Self::Hashed => (0..DIGEST_CELLS).for_each(|part| write_entry(cell(part), hasher)),
        }
    }
}

fn write_entry(entry: Entry, hasher: &mut dyn Hasher) {
    match entry {
        Entry::Small(value) => hasher.write_u32(value),
        Entry::Field(value) => value.0.0.iter().for_each(|word| hasher.write_u64(*word)),
    }
}

/// A cell as an integer. Columns of numbers hold small ones; of anything else this is some number.
fn small(entry: Entry) -> i128 {
    match entry {
        Entry::Small(value) => value.into(),
        Entry::Field(value) => integer(value),
    }
}

/// An element that stands for an integer of less than 128 bits, and of others some number.
fn integer(value: Fr) -> i128 {
    let low = |value: Fr| {
        let [low, high, ..] = value.into_bigint().0;
        (u128::from(high) << 64 | u128::from(low)) as i128
    };
    let is_negative = value.into_bigint() > Fr::MODULUS_MINUS_ONE_DIV_TWO;
    if is_negative { low(-value).wrapping_neg() } else { low(value) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::relation::Side;

    fn u16s(values: &[u16]) -> CellData<'static> {
        CellData::U16(values.to_vec().into())
    }

    fn hashes(
        hasher: &RowHasher,
        column: ColumnShape,
        sealed: SealedColumn<Fr>,
        cells: Vec<CellData<'_>>,
    ) -> Vec<RowHash> {
        let rows = cells[0].len();
        let shape = TableShape { side: Side::Left, units: 1, columns: vec![column] };
        let sealed = SealedTable { rows: vec![Fr::from(rows as u64)], columns: vec![sealed] };
        hasher.values((&shape, &sealed, &[UnitCells { rows, cells }]), &|_| true).remove(0)
    }

    #[test]
    fn every_part_of_a_digest_counts() {
        // Row i differs from the last one, which is 0, in part i.
        let parts = (0..DIGEST_CELLS).map(|part| {
            let rows: Vec<u16> = (0..=DIGEST_CELLS).map(|row| u16::from(row == part)).collect();
            u16s(&rows)
        });
        let mut found = hashes(&RowHasher::new(), ColumnShape::Hashed, SealedColumn::Hashed, parts.collect());
        found.sort_unstable();
        found.dedup();
        assert_eq!(found.len(), DIGEST_CELLS + 1);
    }

    #[test]
    fn numbers_have_one_hash_whatever_their_table_commits_to() {
        let hasher = RowHasher::new();
        let numeric = |limbs, nullable, fraction_bits| ColumnShape::Numeric { limbs, nullable, fraction_bits };
        let min = |min: i64| SealedColumn::Numeric { min: Fr::from(min) };
        // -3, 65,534 and 65,537 above a minimum of -3, and times 4 above one of -20.
        let plain = hashes(&hasher, numeric(2, false, 0), min(-3), vec![u16s(&[0, 1, 4]), u16s(&[0, 1, 1])]);
        let bits = CellData::Bits(vec![true, true, true, false].into());
        let times_four =
            hashes(&hasher, numeric(2, true, 2), min(-20), vec![u16s(&[8, 12, 24, 0]), u16s(&[0, 4, 4, 0]), bits]);
        assert_eq!(plain, times_four[..3]);
        let zero = hashes(&hasher, numeric(1, false, 0), min(0), vec![u16s(&[0, 1])]);
        assert!(!zero.contains(&times_four[3]), "null is no number");
        // A half is no whole number.
        let half = hashes(&hasher, numeric(1, false, 1), min(0), vec![u16s(&[1, 2])]);
        assert_ne!(half[0], zero[1]);
        assert_eq!(half[1], zero[1]);
    }

    #[test]
    fn of_a_dictionary_digests_count() {
        let hasher = RowHasher::new();
        let of = |codes: &[u16], digests: &[u64]| {
            let digests: Vec<Fr> = digests.iter().copied().map(Fr::from).collect();
            let sealed = SealedColumn::Category { counts: Vec::new(), values: Vec::new() };
            let column = ColumnShape::Category { capacity: 4 };
            hashes(&hasher, column, sealed, vec![u16s(codes), CellData::Field(digests.into())])
        };
        let (one, other) = (of(&[1, 2, 0], &[7, 8, 0]), of(&[3, 0, 1], &[8, 0, 7]));
        assert_eq!([one[0], one[1], one[2]], [other[2], other[0], other[1]]);
        assert_ne!(one[0], one[1]);
    }
}
