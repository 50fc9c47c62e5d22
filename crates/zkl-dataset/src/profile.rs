//! Exact sums over encoded rows, of a whole table or of a part of it.

use num_bigint::BigUint;
use zkl_core::{
    layout::{Encoding, Layout, PairLayout},
    profile::{
        CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile,
        ProductSums, Profile,
    },
};

use crate::encode::{EncodedBatch, EncodedColumn, Frame, RowSink, SinkError};

/// A sum of up to 2^64 terms below 2^128.
#[derive(Clone, Copy, Debug, Default)]
struct Wide {
    low: u128,
    carries: u64,
}

impl Wide {
    #[inline]
    const fn add(&mut self, term: u128) {
        let (low, carry) = self.low.overflowing_add(term);
        self.low = low;
        self.carries += carry as u64;
    }

    #[inline]
    const fn add_product(&mut self, a: u64, b: u64) {
        self.add(a as u128 * b as u128);
    }

    fn total(self) -> BigUint {
        (BigUint::from(self.carries) << 128) + self.low
    }
}

enum ColumnSums {
    /// Valid rows, `sum u` (below 2^96 for 2^32 rows), `sum u^2`.
    Numeric { valid: u64, sum: u128, squares: Wide },
    /// Rows by code.
    Codes(Vec<u64>),
    /// Valid rows of text, hashed or not.
    Opaque { valid: u64 },
}

#[derive(Default)]
struct PairSums {
    valid: u64,
    products: Wide,
    left: u128,
    right: u128,
    left_squares: Wide,
    right_squares: Wide,
}

enum Pair {
    Joint { group: usize, label: usize, width: usize, counts: Vec<u64> },
    Product { left: usize, right: usize, sums: PairSums },
}

/// Sums the profile of every row that it receives.
#[derive(Default)]
pub struct ProfileSink(Option<(ProfileSums, Frame)>);

impl ProfileSink {
    /// The profile of the rows; `None` when the scan had not begun.
    pub fn finish(self, layout: &Layout) -> Option<Profile> {
        self.0.map(|(sums, frame)| sums.finish(layout, &frame))
    }
}

impl RowSink for ProfileSink {
    fn begin(&mut self, layout: &Layout, frame: &Frame) -> Result<(), SinkError> {
        self.0 = Some((ProfileSums::new(layout), frame.clone()));
        Ok(())
    }

    fn batch(&mut self, batch: &EncodedBatch) -> Result<(), SinkError> {
        let (sums, _) = self.0.as_mut().ok_or("rows before the layout")?;
        sums.add(batch);
        Ok(())
    }
}

/// Sums a profile batch by batch.
pub struct ProfileSums {
    rows: u64,
    columns: Vec<ColumnSums>,
    pairs: Vec<Pair>,
}

impl ProfileSums {
    /// Sums of no rows of a table with this layout.
    pub fn new(layout: &Layout) -> Self {
        let capacity = |index: u32| match layout.columns().get(index as usize).map(|column| column.encoding) {
            Some(Encoding::Category { capacity } | Encoding::Grouped { capacity }) => capacity as usize,
            _ => 0,
        };
        let columns = layout.columns().iter().map(|column| match column.encoding {
            Encoding::Numeric { .. } => ColumnSums::Numeric { valid: 0, sum: 0, squares: Wide::default() },
            Encoding::Category { capacity } | Encoding::Grouped { capacity } => {
                ColumnSums::Codes(vec![0; capacity as usize])
            }
            Encoding::Hashed | Encoding::Opaque => ColumnSums::Opaque { valid: 0 },
        });
        let pairs = layout.pairs().iter().map(|pair| match *pair {
            PairLayout::Joint { group, label } => Pair::Joint {
                group: group as usize,
                label: label as usize,
                width: capacity(label),
                counts: vec![0; capacity(group) * capacity(label)],
            },
            PairLayout::Product { left, right } => {
                Pair::Product { left: left as usize, right: right as usize, sums: PairSums::default() }
            }
        });
        Self { rows: 0, columns: columns.collect(), pairs: pairs.collect() }
    }

    /// Rows so far.
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Takes in a batch of the layout's columns.
    pub fn add(&mut self, batch: &EncodedBatch) {
        self.rows += batch.rows as u64;
        for (sums, column) in self.columns.iter_mut().zip(&batch.columns) {
            sums.add(column);
        }
        for pair in &mut self.pairs {
            pair.add(&batch.columns);
        }
    }

    /// The profile of the rows so far. Bounds and dictionaries are those of `frame`: when the rows are a part of the table,
    /// bounds need not be attained and counts may be 0.
    pub fn finish(self, layout: &Layout, frame: &Frame) -> Profile {
        let rows = self.rows;
        let parts = self.columns.into_iter().zip(layout.columns()).zip(&frame.bounds).zip(&frame.values);
        let columns = parts.map(|(((sums, column), &(min, max)), values)| match sums {
            ColumnSums::Numeric { valid, sum, squares } => {
                let stats = NumericStats { min, max, sum: sum.into(), sum_squares: squares.total() };
                ColumnProfile { valid, stats: ColumnStats::Numeric(stats) }
            }
            ColumnSums::Codes(counts) => {
                let entries = values.iter().zip(counts.iter().skip(1));
                let entries = entries.map(|(value, &count)| CategoryCount { value: value.clone(), count }).collect();
                let stats = match column.encoding {
                    Encoding::Grouped { .. } => ColumnStats::Grouped(GroupedStats { entries }),
                    _ => ColumnStats::Category(CategoryStats { entries }),
                };
                ColumnProfile { valid: rows - counts.first().copied().unwrap_or(0), stats }
            }
            ColumnSums::Opaque { valid } => ColumnProfile { valid, stats: ColumnStats::Opaque },
        });
        let pairs = self.pairs.into_iter().map(|pair| match pair {
            Pair::Joint { counts, .. } => PairProfile::Joint(JointCounts { counts }),
            Pair::Product { sums, .. } => PairProfile::Product(ProductSums {
                valid: sums.valid,
                products: sums.products.total(),
                left_sum: sums.left.into(),
                right_sum: sums.right.into(),
                left_squares: sums.left_squares.total(),
                right_squares: sums.right_squares.total(),
            }),
        });
        Profile { rows, columns: columns.collect(), pairs: pairs.collect() }
    }
}

impl ColumnSums {
    fn add(&mut self, column: &EncodedColumn) {
        match (self, column) {
            (Self::Numeric { valid, sum, squares }, EncodedColumn::Numeric { u, valid: bits }) => {
                // A null cell carries 0 and adds nothing.
                for &u in u {
                    *sum += u128::from(u);
                    squares.add_product(u, u);
                }
                *valid += count(bits);
            }
            (Self::Codes(counts), EncodedColumn::Codes(codes)) => {
                for &code in codes {
                    if let Some(count) = counts.get_mut(usize::from(code)) {
                        *count += 1;
                    }
                }
            }
            (
                Self::Opaque { valid },
                EncodedColumn::Opaque { valid: bits } | EncodedColumn::Hashed { valid: bits, .. },
            ) => {
                *valid += count(bits);
            }
            _ => {}
        }
    }
}

impl Pair {
    fn add(&mut self, columns: &[EncodedColumn]) {
        match self {
            Self::Joint { group, label, width, counts } => {
                let (Some(EncodedColumn::Codes(groups)), Some(EncodedColumn::Codes(labels))) =
                    (columns.get(*group), columns.get(*label))
                else {
                    return;
                };
                for (&g, &l) in groups.iter().zip(labels) {
                    if let Some(count) = counts.get_mut(usize::from(g) * *width + usize::from(l)) {
                        *count += 1;
                    }
                }
            }
            Self::Product { left, right, sums } => {
                let (
                    Some(EncodedColumn::Numeric { u: us, valid: left }),
                    Some(EncodedColumn::Numeric { u: ws, valid: right }),
                ) = (columns.get(*left), columns.get(*right))
                else {
                    return;
                };
                let rows = us.iter().zip(ws).zip(left.iter().zip(right));
                for ((&u, &w), _) in rows.filter(|(_, (left, right))| **left && **right) {
                    sums.valid += 1;
                    sums.products.add_product(u, w);
                    sums.left += u128::from(u);
                    sums.right += u128::from(w);
                    sums.left_squares.add_product(u, u);
                    sums.right_squares.add_product(w, w);
                }
            }
        }
    }
}

fn count(bits: &[bool]) -> u64 {
    bits.iter().map(|&bit| u64::from(bit)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_sums_carry_beyond_128_bits() {
        let mut sum = Wide::default();
        for _ in 0..5 {
            sum.add_product(u64::MAX, u64::MAX);
        }
        assert_eq!(sum.total(), BigUint::from(u64::MAX) * u64::MAX * 5u8);
    }
}
