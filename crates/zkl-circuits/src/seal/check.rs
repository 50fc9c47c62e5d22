//! Whether a profile can be that of a table with the given layout.
//!
//! An honest scan always passes; a bug, or a profile of another table, does not get sealed by accident. It is no proof of
//! truth: that is what the scan proof is for.

use zkl_core::{
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{ColumnProfile, ColumnStats, PairProfile, Profile},
};

use super::{
    ColumnFault, JointRecord, NumericRecord, PairFault, ProductRecord, RecordKind, SealError, record::check_entries,
};

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
                JointRecord::check(layout, profile, pair, columns, joint).map_err(fault)?;
            }
            (PairLayout::Product { left, right }, PairProfile::Product(sums)) => {
                ProductRecord::check(profile, *left as usize, *right as usize, sums).map_err(fault)?;
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

fn check_column(scope: Scope, rows: u64, column: &ColumnLayout, profile: &ColumnProfile) -> Result<(), ColumnFault> {
    if profile.valid > rows {
        return Err(ColumnFault::Valid { rows, got: profile.valid });
    }
    if !column.nullable && profile.valid != rows {
        return Err(ColumnFault::Nulls { nulls: rows - profile.valid });
    }
    match (column.encoding, &profile.stats) {
        (Encoding::Numeric { limbs }, ColumnStats::Numeric(stats)) => {
            NumericRecord::check(scope, (limbs, column.fraction_bits), profile.valid, stats)
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
