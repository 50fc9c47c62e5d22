//! Which rows break a relation, found before anything is proved: for the owner of the tables alone.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use zkl_argument::ColumnData;
use zkl_circuits::{relation::RelationPlan, seal::ColumnRecord};

use super::{
    error::{BrokenRow, RelateError},
    rows::{CommittedRows, RelatedRows},
};
use crate::error::LedgerError;

/// Rows that are named.
const NAMED: usize = 5;

/// Compares the rows of both sides by hashes of their values. Different rows may share a hash, so that a false relation may pass here;
/// then it has no proof.
///
/// # Errors
/// [`RelateError::False`].
pub(super) fn check(
    plan: &RelationPlan<'_>,
    tables: &[CommittedRows],
    rows: &[RelatedRows],
) -> Result<(), LedgerError> {
    let mut balance: HashMap<u64, i64> = HashMap::new();
    let mut hashes: Vec<Vec<u64>> = Vec::with_capacity(tables.len());
    for (index, (table, rows)) in tables.iter().zip(rows).enumerate() {
        let own = hashes_of(plan.positions(index), table, rows);
        let weight = if index == 0 { 1 } else { -1 };
        for &hash in &own {
            *balance.entry(hash).or_default() += weight;
        }
        hashes.push(own);
    }
    let (mut named, mut more) = (Vec::new(), 0);
    for (index, (table, hashes)) in tables.iter().zip(&hashes).enumerate() {
        for (row, hash) in hashes.iter().enumerate() {
            let Some(left) = balance.get_mut(hash) else { continue };
            let surplus = if index == 0 { *left > 0 } else { *left < 0 };
            if !surplus {
                continue;
            }
            *left -= left.signum();
            if named.len() < NAMED {
                named.push(BrokenRow { dataset: table.name.clone(), row: row as u64 + 1 });
            } else {
                more += 1;
            }
        }
    }
    if named.is_empty() { Ok(()) } else { Err(RelateError::False { rows: named, more }.into()) }
}

/// A hash of every row's values in the compared columns.
fn hashes_of(positions: &[usize], table: &CommittedRows, rows: &RelatedRows) -> Vec<u64> {
    let records = table.secrets.seal.columns();
    let mut all = Vec::new();
    for segment in &rows.segments {
        let count = usize::try_from(segment.profile.rows).unwrap_or(usize::MAX);
        let mut hashers = vec![DefaultHasher::new(); count];
        let columns = segment.columns.data();
        for &position in positions {
            let (Some(column), Some(record)) = (columns.get(position), records.get(position)) else { continue };
            for (row, hasher) in hashers.iter_mut().enumerate() {
                hash_value(column, record, row, hasher);
            }
        }
        all.extend(hashers.into_iter().map(|hasher| hasher.finish()));
    }
    all
}

fn hash_value(column: &ColumnData<'_>, record: &ColumnRecord, row: usize, hasher: &mut DefaultHasher) {
    match (column, record) {
        (ColumnData::Numeric { limbs, valid }, ColumnRecord::Numeric(record)) => {
            let is_valid = valid.is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
            let limb =
                |(index, limb): (usize, &&[u16])| i128::from(limb.get(row).copied().unwrap_or(0)) << (16 * index);
            let offset: i128 = limbs.iter().enumerate().map(limb).sum();
            is_valid.then(|| i128::from(record.min) + offset).hash(hasher);
        }
        (ColumnData::Codes16(codes), ColumnRecord::Category(record)) => {
            let code = codes.get(row).copied().unwrap_or(0);
            record.values.get(usize::from(code)).hash(hasher);
        }
        (ColumnData::Codes32(codes), ColumnRecord::Category(record)) => {
            let code = codes.get(row).copied().unwrap_or(0);
            record.values.get(code as usize).hash(hasher);
        }
        _ => {}
    }
}
