//! Long tables, cut into segments of a few rows.

use std::ops::Range;

use zkl_argument::{ColumnData, ScanPlan, ScanWitness, SealedProfile, Shape, Slots, plan::slots_of};
use zkl_core::{
    ark::std::rand::{Rng as _, RngCore as _},
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{
        CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile,
        ProductSums, Profile,
    },
};

use super::super::plan::{Segment, TablePlan};
use crate::scan::tests::fixture::{Column, MIN, add, rng};

/// A table of any length. Minimum and maximum of numeric columns, and every code up to the largest, occur in it.
#[derive(Clone)]
pub(in crate::scan) struct Tall {
    pub(in crate::scan) log_rows: usize,
    pub(in crate::scan) limb_bits: usize,
    pub(in crate::scan) segment_rows: usize,
    pub(in crate::scan) rows: usize,
    pub(in crate::scan) columns: Vec<Column>,
    pub(in crate::scan) pairs: Vec<PairLayout>,
    /// Slots beyond those that the layout needs.
    pub(in crate::scan) spare: Slots,
}

/// The encoded rows of a segment.
pub(in crate::scan) struct Rows {
    columns: Vec<Column>,
    limbs: Vec<Vec<u16>>,
    bits: Vec<Vec<bool>>,
}

impl Tall {
    /// Every kind of record but grouped ones; limbs of 4 bits, one per number, so that the seal's bounds mean the same.
    pub(in crate::scan) fn mixed(seed: u64, rows: usize) -> Self {
        let mut rng = rng(seed);
        let mut numbers = |nullable: bool| {
            let mut values: Vec<Option<u64>> = (0..rows).map(|_| Some(rng.next_u64() % 16)).collect();
            values[0] = Some(0);
            for value in values.iter_mut().skip(1) {
                if nullable && rng.gen_ratio(1, 4) {
                    *value = None;
                }
            }
            Column::Numeric { limbs: 1, nullable, values }
        };
        let (a, b) = (numbers(false), numbers(true));
        // Codes ascend, so that most segments lack most values.
        let codes = |capacity: u32, from: u16, to: u16| {
            let span = usize::from(to - from);
            let codes = (0..rows).map(|row| from + (row * span / rows) as u16).collect();
            Column::Codes { encoding: Encoding::Category { capacity }, nullable: from == 0, codes }
        };
        let columns = vec![
            a,
            b,
            codes(4, 0, 4),
            codes(4, 1, 3),
            Column::Opaque { valid: (0..rows).map(|row| row % 3 != 1).collect() },
            codes(16, 0, 11),
        ];
        let pairs = vec![
            PairLayout::Joint { group: 2, label: 3 },
            PairLayout::Joint { group: 5, label: 2 },
            PairLayout::Product { left: 0, right: 1 },
        ];
        let spare = Slots::default();
        Self { log_rows: 4, limb_bits: 4, segment_rows: 13, rows, columns, pairs, spare }
    }

    /// The smallest table with a number and a dictionary.
    pub(in crate::scan) fn narrow(seed: u64, rows: usize) -> Self {
        let mut table = Self::mixed(seed, rows);
        table.columns = vec![table.columns[0].clone(), table.columns[3].clone()];
        table.pairs = Vec::new();
        table
    }

    /// A column of 20 groups that come one after another, a number, and limbs of 9 bits.
    pub(in crate::scan) fn grouped(seed: u64, rows: usize) -> Self {
        let mut rng = rng(seed);
        // Group sizes differ; code 0 is null.
        let codes = (0..rows).map(|row| (21 * row * row / (rows * rows)) as u16).collect();
        let values = (0..rows).map(|row| Some(if row == 0 { 0 } else { rng.gen_range(0..512) })).collect();
        let columns = vec![
            Column::Numeric { limbs: 1, nullable: false, values },
            Column::Codes { encoding: Encoding::Grouped { capacity: 512 }, nullable: true, codes },
        ];
        let pairs = Vec::new();
        Self { log_rows: 9, limb_bits: 9, segment_rows: 400, rows, columns, pairs, spare: Slots::default() }
    }

    pub(in crate::scan) fn layout(&self) -> Layout {
        let columns = self.columns.iter().enumerate().map(|(index, column)| {
            let (ty, nullable, encoding) = match column {
                Column::Numeric { limbs, nullable, .. } => {
                    (ColumnType::Int, *nullable, Encoding::Numeric { limbs: *limbs })
                }
                Column::Codes { encoding, nullable, .. } => (ColumnType::Category, *nullable, *encoding),
                Column::Opaque { .. } => (ColumnType::Text, true, Encoding::Opaque),
                Column::Hashed { .. } => (ColumnType::Text, true, Encoding::Hashed),
            };
            ColumnLayout::new(format!("c{index}"), ty, encoding).nullable(nullable)
        });
        Layout::new(self.rows as u64, columns.collect(), self.pairs.clone()).unwrap()
    }

    pub(in crate::scan) fn plan(&self, kappa: u32) -> TablePlan {
        let shape =
            |layout: &Layout| Shape::with_limb_bits(self.log_rows, self.limb_bits, add(&slots_of(layout), &self.spare));
        TablePlan::cut(self.layout(), kappa, self.segment_rows as u64, self.limb_bits, &shape).unwrap()
    }

    fn numbers(&self, column: u32) -> &[Option<u64>] {
        let Column::Numeric { values, .. } = &self.columns[column as usize] else { unreachable!() };
        values
    }

    fn codes(&self, column: u32) -> (&[u16], usize) {
        let Column::Codes { codes, encoding: Encoding::Category { capacity }, .. } = &self.columns[column as usize]
        else {
            unreachable!()
        };
        (codes, *capacity as usize)
    }

    /// The profile of some rows under the bounds and dictionaries of all.
    pub(in crate::scan) fn profile(&self, rows: Range<usize>) -> Profile {
        let columns = self.columns.iter().enumerate().map(|(index, column)| match column {
            Column::Numeric { .. } => {
                let all = self.numbers(index as u32);
                let max = MIN + all.iter().copied().flatten().max().unwrap_or(0) as i64;
                let values: Vec<u64> = all[rows.clone()].iter().copied().flatten().collect();
                let sum = values.iter().sum::<u64>().into();
                let sum_squares = values.iter().map(|value| value * value).sum::<u64>().into();
                let stats = ColumnStats::Numeric(NumericStats { min: MIN, max, sum, sum_squares });
                ColumnProfile { valid: values.len() as u64, stats }
            }
            Column::Codes { codes, encoding, .. } => {
                let top = codes.iter().copied().max().unwrap_or(0);
                let codes = &codes[rows.clone()];
                let count = |code: u16| codes.iter().filter(|&&other| other == code).count() as u64;
                let entries: Vec<_> =
                    (1..=top).map(|code| CategoryCount { value: format!("v{code}"), count: count(code) }).collect();
                let stats = match encoding {
                    Encoding::Grouped { .. } => ColumnStats::Grouped(GroupedStats { entries }),
                    _ => ColumnStats::Category(CategoryStats { entries }),
                };
                ColumnProfile { valid: rows.len() as u64 - count(0), stats }
            }
            Column::Opaque { valid } | Column::Hashed { valid, .. } => {
                let valid = valid[rows.clone()].iter().filter(|valid| **valid).count() as u64;
                ColumnProfile { valid, stats: ColumnStats::Opaque }
            }
        });
        let pairs = self.pairs.iter().map(|pair| match *pair {
            PairLayout::Joint { group, label } => {
                let ((groups, group_capacity), (labels, label_capacity)) = (self.codes(group), self.codes(label));
                let mut counts = vec![0; group_capacity * label_capacity];
                for (&group, &label) in groups[rows.clone()].iter().zip(&labels[rows.clone()]) {
                    counts[usize::from(group) * label_capacity + usize::from(label)] += 1;
                }
                PairProfile::Joint(JointCounts { counts })
            }
            PairLayout::Product { left, right } => {
                let pairs = self.numbers(left)[rows.clone()].iter().zip(&self.numbers(right)[rows.clone()]);
                let both: Vec<(u64, u64)> = pairs.filter_map(|(l, r)| Some(((*l)?, (*r)?))).collect();
                let total = |term: fn(&(u64, u64)) -> u64| both.iter().map(term).sum::<u64>().into();
                PairProfile::Product(ProductSums {
                    valid: both.len() as u64,
                    products: total(|(l, r)| l * r),
                    left_sum: total(|(l, _)| *l),
                    right_sum: total(|(_, r)| *r),
                    left_squares: total(|(l, _)| l * l),
                    right_squares: total(|(_, r)| r * r),
                })
            }
        });
        Profile { rows: rows.len() as u64, columns: columns.collect(), pairs: pairs.collect() }
    }

    /// The rows of a segment.
    pub(in crate::scan) fn range(&self, segment: &Segment<'_>) -> Range<usize> {
        let first = segment.first_row as usize;
        first..first + segment.rows() as usize
    }

    /// The columns of some rows.
    pub(in crate::scan) fn encode(&self, rows: Range<usize>) -> Rows {
        let columns: Vec<Column> = self
            .columns
            .iter()
            .map(|column| match column.clone() {
                Column::Numeric { limbs, nullable, values } => {
                    Column::Numeric { limbs, nullable, values: values[rows.clone()].to_vec() }
                }
                Column::Codes { encoding, nullable, codes } => {
                    Column::Codes { encoding, nullable, codes: codes[rows.clone()].to_vec() }
                }
                Column::Opaque { valid } => Column::Opaque { valid: valid[rows.clone()].to_vec() },
                Column::Hashed { valid, parts } => Column::Hashed {
                    valid: valid[rows.clone()].to_vec(),
                    parts: parts.map(|part| part[rows.clone()].to_vec()),
                },
            })
            .collect();
        let limbs = columns.iter().map(|column| match column {
            Column::Numeric { values, .. } => values.iter().map(|value| value.unwrap_or(0) as u16).collect(),
            _ => Vec::new(),
        });
        let bits = columns.iter().map(|column| match column {
            Column::Numeric { values, .. } => values.iter().map(Option::is_some).collect(),
            Column::Opaque { valid } | Column::Hashed { valid, .. } => valid.clone(),
            Column::Codes { .. } => Vec::new(),
        });
        let (limbs, bits) = (limbs.collect(), bits.collect());
        Rows { columns, limbs, bits }
    }
}

impl Rows {
    /// All columns, in order.
    pub(in crate::scan) fn data(&self) -> Vec<ColumnData<'_>> {
        let columns = self.columns.iter().zip(&self.limbs).zip(&self.bits);
        let data = columns.map(|((column, limbs), bits)| match column {
            Column::Numeric { nullable, .. } => {
                ColumnData::Numeric { limbs: vec![limbs.as_slice()], valid: nullable.then_some(bits.as_slice()) }
            }
            Column::Codes { codes, .. } => ColumnData::Codes16(codes),
            Column::Opaque { .. } => ColumnData::Opaque { valid: Some(bits) },
            Column::Hashed { parts, .. } => {
                ColumnData::Hashed { parts: parts.each_ref().map(Vec::as_slice), valid: Some(bits) }
            }
        });
        data.collect()
    }

    pub(in crate::scan) fn witness(&self, plan: &ScanPlan, profile: &Profile) -> ScanWitness<'_> {
        let sealed = SealedProfile::from_profile(plan, profile).unwrap();
        ScanWitness::new(plan, &self.data(), &sealed).unwrap()
    }
}
