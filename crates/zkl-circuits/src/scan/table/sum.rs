//! Profiles of row ranges, added up.

use zkl_core::profile::{CategoryCount, ColumnProfile, ColumnStats, PairProfile, Profile};

/// Adds the profile of the rows that follow. `Err` is the position, columns before pairs, of a record with other bounds,
/// another dictionary or another form; `total` is then of no use.
pub(super) fn add(total: &mut Profile, next: &Profile) -> Result<(), usize> {
    let (columns, pairs) = (total.columns.len(), total.pairs.len());
    if next.columns.len() != columns || next.pairs.len() != pairs {
        return Err(next.columns.len().min(columns) + next.pairs.len().min(pairs));
    }
    total.rows = total.rows.saturating_add(next.rows);
    for (index, (total, next)) in total.columns.iter_mut().zip(&next.columns).enumerate() {
        add_column(total, next).ok_or(index)?;
    }
    for (index, (total, next)) in total.pairs.iter_mut().zip(&next.pairs).enumerate() {
        add_pair(total, next).ok_or(columns + index)?;
    }
    Ok(())
}

fn add_column(total: &mut ColumnProfile, next: &ColumnProfile) -> Option<()> {
    match (&mut total.stats, &next.stats) {
        (ColumnStats::Numeric(total), ColumnStats::Numeric(next)) => {
            if (total.min, total.max) != (next.min, next.max) {
                return None;
            }
            total.sum += &next.sum;
            total.sum_squares += &next.sum_squares;
        }
        (ColumnStats::Category(total), ColumnStats::Category(next)) => add_counts(&mut total.entries, &next.entries)?,
        (ColumnStats::Grouped(total), ColumnStats::Grouped(next)) => add_counts(&mut total.entries, &next.entries)?,
        (ColumnStats::Opaque, ColumnStats::Opaque) => {}
        _ => return None,
    }
    total.valid = total.valid.checked_add(next.valid)?;
    Some(())
}

fn add_counts(total: &mut [CategoryCount], next: &[CategoryCount]) -> Option<()> {
    if total.len() != next.len() {
        return None;
    }
    for (total, next) in total.iter_mut().zip(next) {
        if total.value != next.value {
            return None;
        }
        total.count = total.count.checked_add(next.count)?;
    }
    Some(())
}

fn add_pair(total: &mut PairProfile, next: &PairProfile) -> Option<()> {
    match (total, next) {
        (PairProfile::Joint(total), PairProfile::Joint(next)) if total.counts.len() == next.counts.len() => {
            for (total, next) in total.counts.iter_mut().zip(&next.counts) {
                *total = total.checked_add(*next)?;
            }
        }
        (PairProfile::Product(total), PairProfile::Product(next)) => {
            total.valid = total.valid.checked_add(next.valid)?;
            total.products += &next.products;
            total.left_sum += &next.left_sum;
            total.right_sum += &next.right_sum;
            total.left_squares += &next.left_squares;
            total.right_squares += &next.right_squares;
        }
        _ => return None,
    }
    Some(())
}
