//! Which rows break a relation, found before anything is proved: for the owner of the tables alone.

use std::hash::{BuildHasher as _, Hash as _, Hasher};

use foldhash::{HashMap, HashSet, quality};
use rayon::prelude::*;
use zkl_argument::{
    ColumnData,
    relation::{RelationKind, Test},
};
use zkl_circuits::{
    relation::{Operation, RelationPlan, hashed_element},
    seal::SealedRecord,
};
use zkl_core::{ark::Fr, hashed::DIGEST_CELLS};

use super::{
    error::{BrokenRow, RelateError},
    rows::{CommittedRows, RelatedRows},
};
use crate::error::LedgerError;

/// Rows that are named.
const NAMED: usize = 5;

/// Compares rows by hashes of their values in 64 bits. Different rows may share a hash, with a chance of 2^-25 in a million: then a false relation
/// may pass here, which has no proof, or rows count as repeated that are not.
///
/// # Errors
/// [`RelateError::False`].
pub(super) fn check(
    plan: &RelationPlan<'_>,
    committed: &[CommittedRows],
    related: &[RelatedRows],
) -> Result<(), LedgerError> {
    let tables = committed.iter().zip(related).enumerate();
    let hashes: Vec<(&str, Vec<u64>)> = tables
        .map(|(index, (table, rows))| (table.name.as_str(), hashes_of(plan.positions(index), table, rows)))
        .collect();
    let operation = plan.operation();
    let mut broken = match operation {
        Operation::Dedup => {
            let in_key = |index: usize| -> Vec<usize> {
                let RelationKind::Dedup { key } = plan.shape().kind() else { return Vec::new() };
                key.iter().filter_map(|place| plan.positions(index).get(place).copied()).collect()
            };
            let tables = committed.iter().zip(related).enumerate();
            let keys: Vec<(&str, Vec<u64>)> = tables
                .map(|(index, (table, rows))| (table.name.as_str(), hashes_of(&in_key(index), table, rows)))
                .collect();
            let mut broken = Broken::missing(&hashes);
            broken.extend(Broken::repeated(keys.get(1..).unwrap_or_default()));
            broken.extend(Broken::without_key(&keys));
            broken
        }
        Operation::Filter | Operation::Erase => {
            let meets = meeting(plan, tables_and_rows(committed, related));
            let wanted = meets.iter().map(|meets| *meets == (operation == Operation::Filter)).collect::<Vec<_>>();
            Broken::unmatched(&hashes, |row| wanted.get(row).copied().unwrap_or(false))
        }
        Operation::Bounds | Operation::Absent => {
            let meets = meeting(plan, tables_and_rows(committed, related));
            Broken::where_rows(&hashes, &meets, operation == Operation::Absent)
        }
        Operation::Present => {
            let meets = meeting(plan, tables_and_rows(committed, related));
            if !meets.contains(&true) {
                return Err(RelateError::False { operation, rows: Vec::new(), more: 0 }.into());
            }
            Broken::default()
        }
        Operation::Unique => Broken::repeated(&hashes),
        Operation::KAnonymous => Broken::rare(&hashes, plan.details().k.unwrap_or(0)),
        Operation::Disjoint => Broken::shared(&hashes),
        Operation::Subset => Broken::missing(&hashes),
        _ => Broken::unmatched(&hashes, |_| true),
    };
    match broken.rows.is_empty() {
        true => Ok(()),
        false => {
            Err(RelateError::False { operation, rows: std::mem::take(&mut broken.rows), more: broken.more }.into())
        }
    }
}

/// The rows that break a relation.
#[derive(Default)]
struct Broken {
    rows: Vec<BrokenRow>,
    more: u64,
}

impl Broken {
    fn push(&mut self, dataset: &str, row: usize) {
        if self.rows.len() < NAMED {
            self.rows.push(BrokenRow { dataset: dataset.to_owned(), row: row as u64 + 1 });
        } else {
            self.more += 1;
        }
    }

    /// Rows that an earlier one is equal to.
    fn repeated(tables: &[(&str, Vec<u64>)]) -> Self {
        let (mut broken, mut seen) = (Self::default(), HashSet::default());
        for (name, hashes) in tables {
            for (row, hash) in hashes.iter().enumerate() {
                if !seen.insert(hash) {
                    broken.push(name, row);
                }
            }
        }
        broken
    }

    /// Rows whose values fewer than k rows have.
    fn rare(tables: &[(&str, Vec<u64>)], k: u32) -> Self {
        let mut broken = Self::default();
        for (name, hashes) in tables {
            let mut sizes: HashMap<u64, u64> = HashMap::default();
            for &hash in hashes {
                *sizes.entry(hash).or_default() += 1;
            }
            for (row, hash) in hashes.iter().enumerate() {
                if sizes.get(hash).is_some_and(|&size| size < u64::from(k)) {
                    broken.push(name, row);
                }
            }
        }
        broken
    }

    /// Rows of the only table that meet the conditions, or those that do not.
    fn where_rows(tables: &[(&str, Vec<u64>)], meets: &[bool], which: bool) -> Self {
        let mut broken = Self::default();
        let rows = meets.iter().enumerate().filter(|(_, meets)| **meets == which);
        rows.for_each(|(row, _)| broken.push(tables.first().map_or("", |table| table.0), row));
        broken
    }

    /// Rows of the other tables that are equal to one of the first.
    fn shared(tables: &[(&str, Vec<u64>)]) -> Self {
        let mut broken = Self::default();
        let Some((first, others)) = tables.split_first() else { return broken };
        let seen: HashSet<u64> = first.1.iter().copied().collect();
        for (name, hashes) in others {
            let rows = hashes.iter().enumerate().filter(|(_, hash)| seen.contains(hash));
            rows.for_each(|(row, _)| broken.push(name, row));
        }
        broken
    }

    /// Rows of the first table whose key no other table has.
    fn without_key(keys: &[(&str, Vec<u64>)]) -> Self {
        let mut broken = Self::default();
        let Some((first, others)) = keys.split_first() else { return broken };
        let kept: HashSet<u64> = others.iter().flat_map(|(_, keys)| keys.iter().copied()).collect();
        let rows = first.1.iter().enumerate().filter(|(_, key)| !kept.contains(key));
        rows.for_each(|(row, _)| broken.push(first.0, row));
        broken
    }

    fn extend(&mut self, others: Self) {
        self.more += others.more;
        for BrokenRow { dataset, row } in others.rows {
            if !self.rows.iter().any(|other| other.row == row && other.dataset == dataset) {
                self.push(&dataset, row as usize - 1);
            }
        }
    }

    /// Rows of the other tables that the first one lacks.
    fn missing(tables: &[(&str, Vec<u64>)]) -> Self {
        Self::compared(tables, |_| true, true)
    }

    /// Rows of the first table that are wanted and that the others lack, and rows of the others that are not wanted of it.
    fn unmatched(tables: &[(&str, Vec<u64>)], is_wanted: impl Fn(usize) -> bool) -> Self {
        Self::compared(tables, is_wanted, false)
    }

    fn compared(tables: &[(&str, Vec<u64>)], is_wanted: impl Fn(usize) -> bool, may_lack: bool) -> Self {
        let mut balance: HashMap<u64, i64> = HashMap::default();
        for (index, (_, hashes)) in tables.iter().enumerate() {
            let weight = if index == 0 { 1 } else { -1 };
            for (row, &hash) in hashes.iter().enumerate() {
                if index > 0 || is_wanted(row) {
                    *balance.entry(hash).or_default() += weight;
                }
            }
        }
        let mut broken = Self::default();
        for (index, (name, hashes)) in tables.iter().enumerate() {
            for (row, hash) in hashes.iter().enumerate() {
                let Some(left) = balance.get_mut(hash) else { continue };
                let is_surplus = if index == 0 { !may_lack && *left > 0 && is_wanted(row) } else { *left < 0 };
                if is_surplus {
                    *left -= left.signum();
                    broken.push(name, row);
                }
            }
        }
        broken
    }
}

/// The first table with its rows.
fn tables_and_rows<'a>(
    committed: &'a [CommittedRows],
    related: &'a [RelatedRows],
) -> Option<(&'a CommittedRows, &'a RelatedRows)> {
    committed.first().zip(related.first())
}

/// Which rows of the first table meet the conditions, or are within the bounds.
pub(super) fn meeting(plan: &RelationPlan<'_>, first: Option<(&CommittedRows, &RelatedRows)>) -> Vec<bool> {
    let Some((table, rows)) = first else { return Vec::new() };
    let place = |column: usize| {
        let position = *plan.positions(0).get(column)?;
        Some((position, Committed::new(table, position)?))
    };
    let mut tests: Vec<(usize, Test)> = plan.shape().tests().iter().map(|test| (test.column, test.test)).collect();
    let mut allows_null = false;
    if let RelationKind::Bounds { lower, upper, nulls } = plan.shape().kind() {
        tests = vec![(0, Test::AtLeast(lower.into())), (0, Test::AtMost(upper.into()))];
        allows_null = nulls;
    }
    let mut all = Vec::new();
    for segment in &rows.segments {
        let columns = segment.columns.data();
        let meets = |row: usize| {
            tests.iter().all(|(column, test)| {
                let value = place(*column).and_then(|(at, committed)| value_of(columns.get(at)?, &committed, row));
                (allows_null && value.is_none()) || test.holds(value)
            })
        };
        all.par_extend((0..usize::try_from(segment.profile.rows).unwrap_or(usize::MAX)).into_par_iter().map(meets));
    }
    all
}

/// A column as it was committed to.
struct Committed<'a> {
    record: &'a SealedRecord,
    fraction_bits: u8,
}

impl<'a> Committed<'a> {
    fn new(table: &'a CommittedRows, position: usize) -> Option<Self> {
        let fraction_bits = table.plan.layout().columns().get(position)?.fraction_bits;
        Some(Self { record: table.secrets.seal.columns().get(position)?, fraction_bits })
    }

    /// The number of a row that has one.
    fn number(&self, min: i64, limbs: &[&[u16]], row: usize) -> i128 {
        let limb = |(index, limb): (usize, &&[u16])| i128::from(limb.get(row).copied().unwrap_or(0)) << (16 * index);
        (i128::from(min) + limbs.iter().enumerate().map(limb).sum::<i128>()) >> self.fraction_bits
    }
}

/// The number of a row, or the digest of its value; `None` for null.
fn value_of(column: &ColumnData<'_>, committed: &Committed<'_>, row: usize) -> Option<Fr> {
    let digest = |code: usize| match committed.record {
        SealedRecord::Category(record) => record.values.get(code).copied().filter(|digest| *digest != Fr::default()),
        _ => None,
    };
    match (column, committed.record) {
        (ColumnData::Numeric { limbs, valid }, SealedRecord::Numeric(record)) => {
            let is_valid = valid.is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
            is_valid.then(|| Fr::from(committed.number(record.min, limbs, row)))
        }
        (ColumnData::Hashed { parts, .. }, _) => Some(hashed(parts, row)).filter(|digest| *digest != Fr::default()),
        (ColumnData::Codes16(codes), _) => digest(codes.get(row).copied().unwrap_or(0).into()),
        (ColumnData::Codes32(codes), _) => digest(codes.get(row).copied().unwrap_or(0) as usize),
        _ => None,
    }
}

/// The digest of a row of hashed text: 0 for null.
fn hashed(parts: &[&[u16]; DIGEST_CELLS], row: usize) -> Fr {
    hashed_element(&parts.map(|part| part.get(row).copied().unwrap_or(0)))
}

/// A hash of every row's values in the compared columns.
pub(super) fn hashes_of(positions: &[usize], table: &CommittedRows, rows: &RelatedRows) -> Vec<u64> {
    // The same in every table.
    let state = quality::FixedState::default();
    let mut all = Vec::new();
    for segment in &rows.segments {
        let columns = segment.columns.data();
        let compared: Vec<_> = positions
            .iter()
            .filter_map(|&position| Some((columns.get(position)?, Committed::new(table, position)?)))
            .collect();
        let hash = |row| {
            let mut hasher = state.build_hasher();
            for (column, own) in &compared {
                hash_value(column, own, row, &mut hasher);
            }
            hasher.finish()
        };
        let count = usize::try_from(segment.profile.rows).unwrap_or(usize::MAX);
        all.par_extend((0..count).into_par_iter().map(hash));
    }
    all
}

fn hash_value(column: &ColumnData<'_>, committed: &Committed<'_>, row: usize, hasher: &mut impl Hasher) {
    match (column, committed.record) {
        (ColumnData::Numeric { limbs, valid }, SealedRecord::Numeric(record)) => {
            let is_valid = valid.is_none_or(|valid| valid.get(row).copied().unwrap_or(false));
            is_valid.then(|| committed.number(record.min, limbs, row)).hash(hasher);
        }
        (ColumnData::Hashed { parts, .. }, _) => hashed(parts, row).hash(hasher),
        (ColumnData::Codes16(codes), SealedRecord::Category(record)) => {
            let code = codes.get(row).copied().unwrap_or(0);
            record.values.get(usize::from(code)).hash(hasher);
        }
        (ColumnData::Codes32(codes), SealedRecord::Category(record)) => {
            let code = codes.get(row).copied().unwrap_or(0);
            record.values.get(code as usize).hash(hasher);
        }
        _ => {}
    }
}
