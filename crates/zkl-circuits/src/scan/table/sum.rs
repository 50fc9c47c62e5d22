//! Profiles of row ranges, added up.

use zkl_core::profile::{CategoryCount, ColumnProfile, ColumnStats, PairProfile, Profile};

/// Whether two profiles have the same bounds, dictionaries and form. `Err` is the position, columns before pairs, of the first
/// record that differs.
pub(super) fn same_frame(one: &Profile, other: &Profile) -> Result<(), usize> {
    let (columns, pairs) = (one.columns.len(), one.pairs.len());
    if other.columns.len() != columns || other.pairs.len() != pairs {
        return Err(other.columns.len().min(columns) + other.pairs.len().min(pairs));
    }
    let column = one.columns.iter().zip(&other.columns).position(|(one, other)| !same_column(one, other));
    let pair = || one.pairs.iter().zip(&other.pairs).position(|(one, other)| !same_pair(one, other));
    column.or_else(|| pair().map(|pair| columns + pair)).map_or(Ok(()), Err)
}

fn same_column(one: &ColumnProfile, other: &ColumnProfile) -> bool {
    match (&one.stats, &other.stats) {
        (ColumnStats::Numeric(one), ColumnStats::Numeric(other)) => (one.min, one.max) == (other.min, other.max),
        (ColumnStats::Category(one), ColumnStats::Category(other)) => same_values(&one.entries, &other.entries),
        (ColumnStats::Grouped(one), ColumnStats::Grouped(other)) => same_values(&one.entries, &other.entries),
        (ColumnStats::Opaque, ColumnStats::Opaque) => true,
        _ => false,
    }
}

fn same_values(one: &[CategoryCount], other: &[CategoryCount]) -> bool {
    one.iter().map(|entry| &entry.value).eq(other.iter().map(|entry| &entry.value))
}

fn same_pair(one: &PairProfile, other: &PairProfile) -> bool {
    match (one, other) {
        (PairProfile::Joint(one), PairProfile::Joint(other)) => one.counts.len() == other.counts.len(),
        (PairProfile::Product(_), PairProfile::Product(_)) => true,
        _ => false,
    }
}

/// Adds the profile of other rows, which has the [frame](same_frame) of `total`. Counts of fewer than 2^32 rows do not overflow.
pub(super) fn add(total: &mut Profile, next: &Profile) {
    total.rows = total.rows.saturating_add(next.rows);
    for (total, next) in total.columns.iter_mut().zip(&next.columns) {
        add_column(total, next);
    }
    for (total, next) in total.pairs.iter_mut().zip(&next.pairs) {
        add_pair(total, next);
    }
}

fn add_column(total: &mut ColumnProfile, next: &ColumnProfile) {
    match (&mut total.stats, &next.stats) {
        (ColumnStats::Numeric(total), ColumnStats::Numeric(next)) => {
            total.sum += &next.sum;
            total.sum_squares += &next.sum_squares;
        }
        (ColumnStats::Category(total), ColumnStats::Category(next)) => add_counts(&mut total.entries, &next.entries),
        (ColumnStats::Grouped(total), ColumnStats::Grouped(next)) => add_counts(&mut total.entries, &next.entries),
        _ => {}
    }
    total.valid = total.valid.saturating_add(next.valid);
}

fn add_counts(total: &mut [CategoryCount], next: &[CategoryCount]) {
    for (total, next) in total.iter_mut().zip(next) {
        total.count = total.count.saturating_add(next.count);
    }
}

fn add_pair(total: &mut PairProfile, next: &PairProfile) {
    match (total, next) {
        (PairProfile::Joint(total), PairProfile::Joint(next)) => {
            for (total, next) in total.counts.iter_mut().zip(&next.counts) {
                *total = total.saturating_add(*next);
            }
        }
        (PairProfile::Product(total), PairProfile::Product(next)) => {
            total.valid = total.valid.saturating_add(next.valid);
            total.products += &next.products;
            total.left_sum += &next.left_sum;
            total.right_sum += &next.right_sum;
            total.left_squares += &next.left_squares;
            total.right_squares += &next.right_squares;
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(columns: usize, pairs: usize) -> Profile {
        let column = ColumnProfile { valid: 3, stats: ColumnStats::Opaque };
        let pair = PairProfile::Joint(zkl_core::profile::JointCounts { counts: vec![1, 2] });
        Profile { rows: 3, columns: vec![column; columns], pairs: vec![pair; pairs] }
    }

    #[test]
    fn profiles_of_other_columns_or_pairs_have_another_frame() {
        let one = profile(2, 1);
        assert_eq!(same_frame(&one, &one), Ok(()));
        assert_eq!(same_frame(&one, &profile(3, 1)), Err(3));
        assert_eq!(same_frame(&one, &profile(1, 1)), Err(2));
        assert_eq!(same_frame(&one, &profile(2, 0)), Err(2));
        assert_eq!(same_frame(&one, &profile(2, 2)), Err(3));
    }
}
