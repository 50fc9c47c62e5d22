//! Whether a profile can be that of a table with the given layout.
//!
//! An honest scan always passes; a bug, or a profile of another table, does not get sealed by accident. It is no proof of
//! truth: that is what the scan proof is for.

use std::collections::HashSet;

use num_bigint::BigUint;
use zkl_core::{
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{
        CategoryCount, ColumnProfile, ColumnStats, JointCounts, NumericStats, PairProfile, ProductSums, Profile,
    },
};

use super::{ColumnFault, PairFault, RecordKind, SealError};

/// What a profile is of.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Scope {
    /// A whole table.
    Table,
    /// Some rows of a table, under the bounds and dictionaries of the table: they need not occur.
    Range,
}

pub(super) fn check_profile(layout: &Layout, profile: &Profile, scope: Scope) -> Result<(), SealError> {
    if profile.rows != layout.rows() {
        return Err(SealError::Rows { expected: layout.rows(), got: profile.rows });
    }
    if profile.columns.len() != layout.columns().len() {
        return Err(SealError::Columns { expected: layout.columns().len(), got: profile.columns.len() });
    }
    if profile.pairs.len() != layout.pairs().len() {
        return Err(SealError::Pairs { expected: layout.pairs().len(), got: profile.pairs.len() });
    }
    for (index, (column, stats)) in layout.columns().iter().zip(&profile.columns).enumerate() {
        check_column(scope, layout.rows(), column, stats).map_err(|fault| SealError::Column { index, fault })?;
    }
    for (index, (pair, stats)) in layout.pairs().iter().zip(&profile.pairs).enumerate() {
        let fault = |fault| SealError::Pair { index, fault };
        match (pair, stats) {
            (PairLayout::Joint { group, label }, PairProfile::Joint(joint)) => {
                let columns = (*group as usize, *label as usize);
                check_joint(layout, profile, pair, columns, joint).map_err(fault)?;
            }
            (PairLayout::Product { left, right }, PairProfile::Product(sums)) => {
                check_product(profile, *left as usize, *right as usize, sums).map_err(fault)?;
            }
            (PairLayout::Joint { .. }, PairProfile::Product(_)) => {
                return Err(fault(PairFault::Kind { expected: RecordKind::Joint, got: RecordKind::Product }));
            }
            (PairLayout::Product { .. }, PairProfile::Joint(_)) => {
                return Err(fault(PairFault::Kind { expected: RecordKind::Product, got: RecordKind::Joint }));
            }
        }
    }
    Ok(())
}

/// Slots of the group's and of the label's dictionary; 0 for a pair that is no joint pair of the layout.
pub(super) fn joint_capacities(layout: &Layout, pair: &PairLayout) -> (usize, usize) {
    let capacity = |index: u32| match layout.columns().get(index as usize).map(|column| column.encoding) {
        Some(Encoding::Category { capacity }) => capacity as usize,
        _ => 0,
    };
    match *pair {
        PairLayout::Joint { group, label } => (capacity(group), capacity(label)),
        PairLayout::Product { .. } => (0, 0),
    }
}

/// [`ColumnLayout::fraction_bits`] of both columns of a pair; 0 for columns that the layout does not have.
pub(super) fn product_fraction_bits(layout: &Layout, pair: &PairLayout) -> [u8; 2] {
    let bits = |index: u32| layout.columns().get(index as usize).map_or(0, |column| column.fraction_bits);
    match *pair {
        PairLayout::Product { left, right } => [left, right].map(bits),
        PairLayout::Joint { .. } => [0, 0],
    }
}

fn check_column(scope: Scope, rows: u64, column: &ColumnLayout, profile: &ColumnProfile) -> Result<(), ColumnFault> {
    if profile.valid > rows {
        return Err(ColumnFault::Valid { rows, got: profile.valid });
    }
    if !column.nullable && profile.valid != rows {
        return Err(ColumnFault::Nulls { nulls: rows - profile.valid });
    }
    match (column.encoding, &profile.stats) {
        (Encoding::Numeric { limbs }, ColumnStats::Numeric(stats)) => {
            check_numeric(scope, (limbs, column.fraction_bits), profile.valid, stats)
        }
        (Encoding::Category { capacity }, ColumnStats::Category(stats)) => {
            check_entries(scope, column.ty, capacity, profile.valid, &stats.entries)
        }
        (Encoding::Grouped { capacity }, ColumnStats::Grouped(stats)) => {
            check_entries(scope, column.ty, capacity, profile.valid, &stats.entries)
        }
        (Encoding::Opaque | Encoding::Hashed, ColumnStats::Opaque) => Ok(()),
        (encoding, stats) => {
            let expected = match encoding {
                Encoding::Numeric { .. } => RecordKind::Numeric,
                Encoding::Category { .. } => RecordKind::Category,
                Encoding::Grouped { .. } => RecordKind::Grouped,
                Encoding::Opaque | Encoding::Hashed => RecordKind::Opaque,
            };
            let got = match stats {
                ColumnStats::Numeric(_) => RecordKind::Numeric,
                ColumnStats::Category(_) => RecordKind::Category,
                ColumnStats::Grouped(_) => RecordKind::Grouped,
                ColumnStats::Opaque => RecordKind::Opaque,
            };
            Err(ColumnFault::Kind { expected, got })
        }
    }
}

fn check_numeric(
    scope: Scope,
    (limbs, fraction_bits): (u8, u8),
    valid: u64,
    stats: &NumericStats,
) -> Result<(), ColumnFault> {
    let (min, max) = (stats.min, stats.max);
    let is_committed = |value: i64| (value << fraction_bits) >> fraction_bits == value;
    if max < min || (scope == Scope::Table && valid == 0 && (min, max) != (0, 0)) {
        return Err(ColumnFault::Bounds { min, max });
    }
    let span = max.abs_diff(min);
    let fits = u128::from(span) << fraction_bits >> (16 * u32::from(limbs)) == 0;
    if !fits || !is_committed(min) || !is_committed(max) {
        return Err(ColumnFault::Span { span, limbs });
    }
    let (rows, span) = (BigUint::from(valid), BigUint::from(span));
    if stats.sum > &rows * &span {
        return Err(ColumnFault::Sum { moment: "values" });
    }
    // u^2 <= span u for 0 <= u <= span, and Cauchy-Schwarz.
    if stats.sum_squares > &span * &stats.sum || &stats.sum * &stats.sum > rows * &stats.sum_squares {
        return Err(ColumnFault::Sum { moment: "squares" });
    }
    Ok(())
}

fn check_entries(
    scope: Scope,
    ty: ColumnType,
    capacity: u32,
    valid: u64,
    entries: &[CategoryCount],
) -> Result<(), ColumnFault> {
    let max = capacity as usize - 1;
    if entries.len() > max {
        return Err(ColumnFault::Values { got: entries.len(), max });
    }
    let mut seen = HashSet::with_capacity(entries.len());
    for (index, entry) in entries.iter().enumerate() {
        if !seen.insert(entry.value.as_str()) {
            return Err(ColumnFault::Duplicate { index });
        }
        if entry.count == 0 && scope == Scope::Table {
            return Err(ColumnFault::ZeroCount { index });
        }
        if ty == ColumnType::Bool && !matches!(entry.value.as_str(), "true" | "false") {
            return Err(ColumnFault::NotBool { index });
        }
    }
    let got = entries.iter().map(|entry| u128::from(entry.count)).sum();
    if got != u128::from(valid) {
        return Err(ColumnFault::Counts { expected: valid, got });
    }
    Ok(())
}

fn check_joint(
    layout: &Layout,
    profile: &Profile,
    pair: &PairLayout,
    (group, label): (usize, usize),
    joint: &JointCounts,
) -> Result<(), PairFault> {
    let (groups, labels) = joint_capacities(layout, pair);
    if joint.counts.len() != groups * labels {
        return Err(PairFault::Cells { expected: groups * labels, got: joint.counts.len() });
    }
    let sum = |cells: &mut dyn Iterator<Item = &u64>| cells.map(|&count| u128::from(count)).sum::<u128>();
    for code in 0..groups {
        let got = sum(&mut joint.counts.iter().skip(code * labels).take(labels));
        check_marginal("group", code, code_count(layout, profile, group, code), got)?;
    }
    for code in 0..labels {
        let got = sum(&mut joint.counts.iter().skip(code).step_by(labels));
        check_marginal("label", code, code_count(layout, profile, label, code), got)?;
    }
    Ok(())
}

fn check_marginal(side: &'static str, code: usize, expected: u64, got: u128) -> Result<(), PairFault> {
    if got == u128::from(expected) { Ok(()) } else { Err(PairFault::Marginal { side, code, expected, got }) }
}

/// Rows of `code` of a dictionary column; 0 for an unused code.
fn code_count(layout: &Layout, profile: &Profile, column: usize, code: usize) -> u64 {
    let Some(column) = profile.columns.get(column) else { return 0 };
    match (&column.stats, code.checked_sub(1)) {
        (_, None) => layout.rows() - column.valid,
        (ColumnStats::Category(stats), Some(entry)) => stats.entries.get(entry).map_or(0, |entry| entry.count),
        _ => 0,
    }
}

fn check_product(profile: &Profile, left: usize, right: usize, sums: &ProductSums) -> Result<(), PairFault> {
    let numeric = |index: usize| match profile.columns.get(index) {
        Some(ColumnProfile { valid, stats: ColumnStats::Numeric(stats) }) => Some((*valid, stats)),
        _ => None,
    };
    // The columns were checked against the layout, which declares numeric ones.
    let (Some((left_valid, left)), Some((right_valid, right))) = (numeric(left), numeric(right)) else {
        return Err(PairFault::Kind { expected: RecordKind::Numeric, got: RecordKind::Opaque });
    };
    let min = (left_valid + right_valid).saturating_sub(profile.rows);
    let max = left_valid.min(right_valid);
    if !(min..=max).contains(&sums.valid) {
        return Err(PairFault::Valid { got: sums.valid, min, max });
    }
    let sides = [
        ("left", "left squares", left, left_valid, &sums.left_sum, &sums.left_squares),
        ("right", "right squares", right, right_valid, &sums.right_sum, &sums.right_squares),
    ];
    for (values, squares, column, valid, sum, sum_squares) in sides {
        // Over all of a column's valid rows the pair's sums are the column's own.
        let same = valid == sums.valid;
        if *sum > column.sum || (same && *sum != column.sum) {
            return Err(PairFault::Sum { moment: values });
        }
        if *sum_squares > column.sum_squares || (same && *sum_squares != column.sum_squares) {
            return Err(PairFault::Sum { moment: squares });
        }
    }
    if &sums.products * &sums.products > &sums.left_squares * &sums.right_squares {
        return Err(PairFault::Sum { moment: "products" });
    }
    Ok(())
}
