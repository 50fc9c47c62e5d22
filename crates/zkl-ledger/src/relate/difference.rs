//! Which rows break a relation, found before anything is proved: for the owner of the tables alone.

use std::{
    cell::OnceCell,
    hash::{BuildHasher as _, Hash as _, Hasher},
};

use foldhash::{HashMap, HashSet, quality};
use rayon::prelude::*;
use zkl_argument::{
    ColumnData,
    relation::{RelationKind, Test},
};
use zkl_circuits::{
    relation::{BreakingRows, RelationPlan, Selection, hashed_element},
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
    let operation = plan.operation();
    let compared = Compared::new(plan, committed, related);
    let mut found = operation.breach().by.iter().map(|by| compared.breaking(*by));
    let mut broken = found.next().unwrap_or_default();
    found.for_each(|other| broken.extend(other));
    match broken.rows.is_empty() && !broken.lacks_row {
        true => Ok(()),
        false => Err(RelateError::False { operation, rows: broken.rows, more: broken.more }.into()),
    }
}

/// The tables of a relation, with the hashes of their rows.
struct Compared<'a> {
    plan: &'a RelationPlan<'a>,
    committed: &'a [CommittedRows],
    related: &'a [RelatedRows],
    /// In the compared columns.
    hashes: Vec<(&'a str, Vec<u64>)>,
    /// In the key.
    keys: OnceCell<Vec<(&'a str, Vec<u64>)>>,
}

impl<'a> Compared<'a> {
    fn new(plan: &'a RelationPlan<'_>, committed: &'a [CommittedRows], related: &'a [RelatedRows]) -> Self {
        let tables = committed.iter().zip(related).enumerate();
        let hashes = tables
            .map(|(index, (table, rows))| (table.name.as_str(), hashes_of(plan.positions(index), table, rows)))
            .collect();
        Self { plan, committed, related, hashes, keys: OnceCell::new() }
    }

    fn keys(&self) -> &[(&'a str, Vec<u64>)] {
        let of_table = |(table, rows): (&'a CommittedRows, &'a RelatedRows)| {
            let layout = table.plan.layout();
            let key: Vec<usize> = self.plan.details().key.iter().filter_map(|column| layout.index_of(column)).collect();
            (table.name.as_str(), hashes_of(&key, table, rows))
        };
        self.keys.get_or_init(|| self.committed.iter().zip(self.related).map(of_table).collect())
    }

    /// Which rows of the first table are of the selection.
    fn selected(&self, selection: Selection) -> Vec<bool> {
        let meets = || meeting(self.plan, self.committed.first().zip(self.related.first()));
        match selection {
            Selection::All => vec![true; self.hashes.first().map_or(0, |(_, hashes)| hashes.len())],
            Selection::Meeting => meets(),
            Selection::NotMeeting => meets().into_iter().map(|meets| !meets).collect(),
        }
    }

    fn breaking(&self, by: BreakingRows) -> Broken {
        let hashes = &self.hashes;
        match by {
            BreakingRows::Unmatched(selection) => Broken::unmatched(hashes, &self.selected(selection)),
            BreakingRows::Surplus => Broken::surplus(hashes),
            BreakingRows::Repeated => Broken::repeated(hashes),
            BreakingRows::RepeatedKey => Broken::repeated(self.keys().get(1..).unwrap_or_default()),
            BreakingRows::LostKey => Broken::without_key(self.keys()),
            BreakingRows::Shared => Broken::shared(hashes),
            BreakingRows::Rare => Broken::rare(hashes, self.plan.details().k.unwrap_or(0)),
            BreakingRows::Selected(selection) => Broken::of(hashes, &self.selected(selection)),
            BreakingRows::NoneMeets => {
                let lacks_row = !self.selected(Selection::Meeting).contains(&true);
                Broken { lacks_row, ..Broken::default() }
            }
        }
    }
}

/// The rows that break a relation.
#[derive(Default)]
struct Broken {
    rows: Vec<BrokenRow>,
    more: u64,
    /// Whether what breaks it is a row that is not there.
    lacks_row: bool,
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

    /// Rows of the first table that are selected.
    fn of(tables: &[(&str, Vec<u64>)], selected: &[bool]) -> Self {
        let mut broken = Self::default();
        let rows = selected.iter().enumerate().filter(|(_, selected)| **selected);
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
        self.lacks_row |= others.lacks_row;
        for BrokenRow { dataset, row } in others.rows {
            if !self.rows.iter().any(|other| other.row == row && other.dataset == dataset) {
                self.push(&dataset, row as usize - 1);
            }
        }
    }

    /// Rows of the other tables that the first one lacks.
    fn surplus(tables: &[(&str, Vec<u64>)]) -> Self {
        Self::compared(tables, |_| true, true)
    }

    /// Rows of the first table that are wanted and that the others lack, and rows of the others that are not wanted of it.
    fn unmatched(tables: &[(&str, Vec<u64>)], wanted: &[bool]) -> Self {
        Self::compared(tables, |row| wanted.get(row).copied().unwrap_or(false), false)
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
