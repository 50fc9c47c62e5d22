//! Keys of two tables that have none in common.
//!
//! # Statement
//! No row below n of one table has the key of a row below n of the other, as values; null equals null.
//!
//! # Relation
//! The key of a row is an integer, linear in its cells and the sealed minima: a column has 64 bits of its own, `v + 2^63`; if it is nullable in either table
//! 65, and null is 0, a value `v + 2^63 + 1`. Hashed text has the 128 bits of its digest, and null is 0. Each table commits to a list K, and to how often its rows have each entry, m. In a space for each table
//! ```text
//! sum_rows ind [key, 0] - m [K, 1 - ind] = 0
//! ```
//! and in one space for both lists the chain of `relation/chain.rs`, over K in place of the keys of rows:
//! ```text
//! sum_rows ind [K] - ind [K + d + 1] = [START] - [END]
//! ```
//!
//! # Soundness
//! By the first sums every key of a row is an entry below n of its table's list: with another one its pole would have as weight a number of rows, which is not 0.
//! Weights m beyond n meet tuples that no key is. By the chain no two entries of both lists are equal, whatever they are; there are at most 2^27 of them, of arcs of at
//! most `2^144`. So no key is in both. A list may have entries that no row has, which is what fills it, and what an honest prover puts there is hidden as the keys are.

use zkl_core::ark::{Fr, ff::BigInteger as _};

use super::{Features, Given, Kind, Reads};
use crate::{
    error::PlanError,
    relation::{
        SealedColumn, SealedTable, UnitCells,
        chain::{self, DIGEST_BITS, KEY_BITS, Key, MAX_KEY_BITS, digest, gap_columns, truncated},
        column::{Place, signed},
        condition::Tests,
        extra::ExtraCells,
        limbs::limb_terms,
        posting::{Column, ExtraColumn, Posting, Postings, Term, Weight, cells_of, two},
        row_hash::Rows,
        shape::{ColumnShape, RelationShape, TableShape},
    },
    shape::LIMB_BITS,
    witness::CellData,
};

/// Bits of a number.
const VALUE_BITS: usize = 64;

pub(super) struct Disjoint;

impl Kind for Disjoint {
    const FEATURES: Features = Features { tables: 2..=2, reads: Reads::Numbers, tests: Tests::None, has_limbs: true };

    fn post(&self, given: &Given<'_>, postings: &mut Postings) -> Result<(), PlanError> {
        let &Given { tables, limb_bits, space, .. } = given;
        let shared = SharedKey::new(tables)?;
        let limbs = shared.bits.div_ceil(limb_bits);
        let chain = space + tables.len() as u64;
        for (index, table) in tables.iter().enumerate() {
            let list = cells_of(&table.columns);
            let (matches, first) = (list + 1, list + 2);
            let own = space + index as u64;
            let entry = || vec![(1, Fr::from(1u64), Column::Cell(list))];
            for unit in given.units(index) {
                let posting =
                    |space, negative, weight, terms, shift| Posting { unit, space, negative, weight, terms, shift };
                postings.push(posting(own, false, Weight::Below, shared.terms(index, &table.columns), 0));
                let mut terms = entry();
                terms.push((2, Fr::from(1u64), Column::Beyond));
                let weight = Weight::Form(0, vec![(Fr::from(1u64), matches)]);
                postings.push(posting(own, true, weight, terms, 0));
                postings.push_extra(unit, ExtraColumn::Key);
                postings.push_extra(unit, ExtraColumn::Match);
                postings.push(posting(chain, false, Weight::Below, entry(), 0));
                let mut next = entry();
                next.extend(limb_terms(first, limbs, limb_bits, 1));
                postings.push(posting(chain, true, Weight::Below, next, 1));
                postings.look_up(unit, first, limbs, ExtraColumn::Gap);
            }
        }
        let own = tables.first().map_or(0, |table| cells_of(&table.columns));
        postings.limb_table(own + 2 + limbs);
        postings.chain_ends(chain);
        Ok(())
    }

    fn fill(&self, shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
        list_columns(shape, tables)
    }
}

/// A column of keys that several tables have.
#[derive(Clone, Copy)]
enum KeyColumn {
    Number { is_nullable: bool },
    Digest,
}

/// Where the columns of keys that several tables have are in them.
struct SharedKey {
    /// Per column, the binary logarithm of its factor, and what it is.
    columns: Vec<(usize, KeyColumn)>,
    bits: usize,
}

impl SharedKey {
    fn new(tables: &[TableShape]) -> Result<Self, PlanError> {
        let count = tables.first().map_or(0, |table| table.columns.len());
        let (mut columns, mut bits) = (Vec::with_capacity(count), 0);
        for index in 0..count {
            let kind = |table: &TableShape| match table.columns.get(index) {
                Some(&ColumnShape::Numeric { nullable, .. }) => Ok(KeyColumn::Number { is_nullable: nullable }),
                Some(ColumnShape::Hashed) => Ok(KeyColumn::Digest),
                _ => Err(PlanError::Column { index }),
            };
            let mut own = None;
            for table in tables {
                own = Some(match (own, kind(table)?) {
                    (None, kind) => kind,
                    (Some(KeyColumn::Number { is_nullable: one }), KeyColumn::Number { is_nullable: other }) => {
                        KeyColumn::Number { is_nullable: one || other }
                    }
                    (Some(KeyColumn::Digest), KeyColumn::Digest) => KeyColumn::Digest,
                    _ => return Err(PlanError::Column { index }),
                });
            }
            let Some(own) = own else { continue };
            columns.push((bits, own));
            bits += match own {
                KeyColumn::Number { is_nullable } => VALUE_BITS + usize::from(is_nullable),
                KeyColumn::Digest => DIGEST_BITS,
            };
        }
        if bits == 0 || bits > MAX_KEY_BITS {
            return Err(PlanError::Size { what: KEY_BITS, got: bits, min: 1, max: MAX_KEY_BITS });
        }
        Ok(Self { columns, bits })
    }

    /// What a value is more than itself.
    fn bias(is_nullable: bool) -> u64 {
        (1 << (VALUE_BITS - 1)) + u64::from(is_nullable)
    }

    fn terms(&self, table: usize, columns: &[ColumnShape]) -> Vec<Term> {
        let mut terms = Vec::new();
        for (index, &(shift, kind)) in self.columns.iter().enumerate() {
            let Some(place) = Place::new(table, columns, index) else { continue };
            terms.extend(place.value(1, two(shift)));
            if let KeyColumn::Number { is_nullable } = kind {
                terms.push(place.constant(1, two(shift) * Fr::from(Self::bias(is_nullable))));
            }
        }
        terms
    }

    /// The key of a row.
    fn key(&self, table: &TableShape, sealed: &SealedTable<Fr>, unit: &UnitCells<'_>, row: usize) -> Key {
        let mut key = Key::zero();
        let mut first = 0;
        for ((&(shift, kind), column), sealed) in self.columns.iter().zip(&table.columns).zip(&sealed.columns) {
            let cells = unit.cells.get(first..).unwrap_or_default();
            first += column.cells();
            let mut part = match (*column, kind, sealed) {
                (
                    ColumnShape::Numeric { limbs, nullable, .. },
                    KeyColumn::Number { is_nullable },
                    SealedColumn::Numeric { min },
                ) => {
                    let mut cells = cells.iter().map(|cell| cell.value(row));
                    let mut value = *min;
                    for limb in 0..usize::from(limbs) {
                        value += cells.next().unwrap_or_default() * two(LIMB_BITS * limb);
                    }
                    if nullable && cells.next().unwrap_or_default() == Fr::default() {
                        continue;
                    }
                    let value = signed(value * column.unit()) + i128::from(Self::bias(is_nullable));
                    let mut part = Key::from(value as u64);
                    if value >> VALUE_BITS == 1 {
                        let mut top = Key::one();
                        top <<= VALUE_BITS as u32;
                        part.add_with_carry(&top);
                    }
                    part
                }
                (ColumnShape::Hashed, KeyColumn::Digest, _) => truncated(digest(cells, row)),
                _ => continue,
            };
            part <<= shift as u32;
            key.add_with_carry(&part);
        }
        key
    }
}

/// The lists of keys, each once and filled up with larger ones, how often rows have them, and the chain through both.
fn list_columns(shape: &RelationShape, tables: &[Rows<'_>]) -> Result<ExtraCells, PlanError> {
    let shared = SharedKey::new(shape.tables())?;
    let mut lists: Vec<(usize, Vec<(Key, u32)>)> = Vec::with_capacity(tables.len());
    let mut largest = Key::zero();
    for &(table, sealed, units) in tables {
        let rows = units.iter().flat_map(|unit| (0..unit.rows).map(move |row| (unit, row)));
        let mut keys: Vec<Key> = rows.map(|(unit, row)| shared.key(table, sealed, unit, row)).collect();
        keys.sort_unstable();
        largest = largest.max(keys.last().copied().unwrap_or_else(Key::zero));
        let entries: Vec<(Key, u32)> = keys
            .chunk_by(|one, other| one == other)
            .filter_map(|class| Some((*class.first()?, class.len() as u32)))
            .collect();
        lists.push((keys.len(), entries));
    }
    let mut entries: Vec<(Key, u32)> = Vec::new();
    for (slots, mut own) in lists {
        while own.len() < slots {
            largest.add_with_carry(&Key::one());
            own.push((largest, 0));
        }
        entries.extend(own);
    }
    let mut next = entries.iter();
    let mut columns: Vec<Vec<CellData<'static>>> = Vec::new();
    let mut keys: Vec<Vec<Key>> = Vec::new();
    for unit in tables.iter().flat_map(|(_, _, units)| *units) {
        let own: Vec<(Key, u32)> = next.by_ref().take(unit.rows).copied().collect();
        keys.push(own.iter().map(|entry| entry.0).collect());
        let list: Vec<Fr> = own.iter().map(|entry| chain::element(&entry.0)).collect();
        let matches: Vec<u32> = own.iter().map(|entry| entry.1).collect();
        columns.push(vec![CellData::Field(list.into()), CellData::U32(matches.into())]);
    }
    let chain = gap_columns(shape.limb_bits(), shared.bits.div_ceil(shape.limb_bits()), &keys)?;
    for (own, gaps) in columns.iter_mut().zip(&chain.columns) {
        own.extend(gaps.iter().cloned());
    }
    Ok(ExtraCells { columns, firsts: chain.firsts.clone() })
}
