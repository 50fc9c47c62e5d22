//! The hidden chain: keys that all differ.
//!
//! # Statement
//! No two rows below n of the units have the same `kappa`, a linear form of committed columns.
//!
//! # Relation
//! Every row has a gap d, whose limbs are looked up, so that `0 <= d < 2^144`. In a space of its own
//! ```text
//! sum_rows ind [kappa] - ind [kappa + d + 1] = [START] - [END]
//! ```
//! START and END are messages that precede X. An honest prover sorts the keys, and lets every gap reach the next one.
//!
//! # Soundness
//! On the cycle of residues mod r each row covers the arc of d + 1 residues from its kappa on. Starts and ends cancel but for START and END:
//! the number of arcs over a residue is a constant, plus 1 on the arc from START to END. All arcs together are shorter than `2^27 2^144 < r`,
//! so some residue is uncovered; hence the constant is 0, and no residue is covered twice. (With START = END nothing would be covered, and
//! there is a row.) So no two rows have one kappa, whatever the keys are.
//!
//! # Keys
//! A table has one minimum and one dictionary per column, so that within it equal values have equal cells: the cells are the key, whatever the
//! sealed minimum is. Columns have bits of kappa of their own:
//!
//! | column | part | bits |
//! |---|---|---|
//! | numeric of L limbs | `u` | 16 L |
//! | the same, nullable | `u + b`: 0 for null, whose limbs are 0 | 16 L + 1 |
//! | dictionary | code | those of its capacity |
//! | hashed text | the digest: 0 for null | 128 |
//!
//! Limbs and codes are in range in proved tables. If they were not, equal keys would still have equal kappa: a linear form has one value.
//! That a value has one code only is for the verifier of the dictionary to check: [`super::verify_relation`] does, of [`Postings::keys`].

use zkl_core::{
    ark::{
        Fr,
        ff::{BigInt, BigInteger as _, PrimeField as _},
    },
    hashed::DIGEST_CELLS,
};
use zkl_kernel::{Entry, threads::prelude::*};

use super::{
    UnitCells,
    extra::ExtraCells,
    kinds::Given,
    limbs::limb_terms,
    posting::{Amount, Column, ExtraColumn, Posting, Postings, Target, Weight, two},
    shape::ColumnShape,
};
use crate::{error::PlanError, shape::LIMB_BITS, witness::CellData};

/// Bits of a digest.
pub(crate) const DIGEST_BITS: usize = LIMB_BITS * DIGEST_CELLS;

/// What [`PlanError::Size`] calls the bits of a key.
pub const KEY_BITS: &str = "number of bits of a key";
/// Bits of the largest key.
pub(crate) const MAX_KEY_BITS: usize = 144;

/// A key as an integer.
pub(crate) type Key = BigInt<3>;

/// Where the columns of a key are in kappa.
pub(crate) struct KeyLayout {
    /// Committed columns, and binary logarithms of their factors.
    terms: Vec<(Column, usize)>,
    /// The dictionaries, whose codes are in it.
    codes: Vec<usize>,
    bits: usize,
}

impl KeyLayout {
    /// The layout of a key of those of `columns` that are in it.
    pub(crate) fn new(columns: &[ColumnShape], is_in: impl Fn(usize) -> bool) -> Result<Self, PlanError> {
        let (mut terms, mut codes, mut bits, mut cell) = (Vec::new(), Vec::new(), 0, 0);
        for (index, column) in columns.iter().enumerate() {
            match *column {
                _ if !is_in(index) => {}
                ColumnShape::Numeric { limbs, nullable, .. } => {
                    let limbs = usize::from(limbs);
                    terms.extend((0..limbs).map(|limb| (Column::Cell(cell + limb), bits + LIMB_BITS * limb)));
                    if nullable {
                        terms.push((Column::Cell(cell + limbs), bits));
                    }
                    bits += LIMB_BITS * limbs + usize::from(nullable);
                }
                ColumnShape::Code { capacity } | ColumnShape::Category { capacity } => {
                    terms.push((Column::Cell(cell), bits));
                    codes.push(index);
                    bits += capacity.next_power_of_two().trailing_zeros().max(1) as usize;
                }
                ColumnShape::Hashed => {
                    terms.push((Column::Digest(cell), bits));
                    bits += DIGEST_BITS;
                }
            }
            cell += column.cells();
        }
        if bits == 0 || bits > MAX_KEY_BITS {
            return Err(PlanError::Size { what: KEY_BITS, got: bits, min: 1, max: MAX_KEY_BITS });
        }
        Ok(Self { terms, codes, bits })
    }

    pub(crate) fn terms(&self) -> impl Iterator<Item = (Column, usize)> {
        self.terms.iter().copied()
    }

    /// Limbs of a gap.
    pub(crate) const fn gap_limbs(&self, limb_bits: usize) -> usize {
        self.bits.div_ceil(limb_bits)
    }

    /// The key of a row.
    pub(crate) fn key(&self, cells: &[CellData<'_>], row: usize) -> Key {
        let mut key = Key::zero();
        for &(column, shift) in &self.terms {
            let value = match column {
                Column::Cell(cell) => cells.get(cell).map(|cell| cell.value(row)),
                Column::Digest(first) => cells.get(first..).map(|cells| digest(cells, row)),
                _ => None,
            };
            let mut part = value.map_or_else(Key::zero, truncated);
            part <<= shift as u32;
            key.add_with_carry(&part);
        }
        key
    }
}

impl Postings {
    /// The chain through the keys of a table, whose gaps start at a committed column.
    pub(super) fn chain(&mut self, given: &Given<'_>, table: usize, layout: &KeyLayout, first: usize, space: u64) {
        let limbs = layout.gap_limbs(given.limb_bits);
        let key = || layout.terms().map(|(column, exponent)| (1, two(exponent), column));
        let gap = || limb_terms(first, limbs, given.limb_bits, 1);
        for unit in given.units(table) {
            let posting =
                |negative, terms, shift| Posting { unit, space, negative, weight: Weight::Below, terms, shift };
            self.push(posting(false, key().collect(), 0));
            self.push(posting(true, key().chain(gap()).collect(), 1));
            self.look_up(unit, first, limbs, ExtraColumn::Gap);
        }
        self.chain_ends(space);
        self.keys.extend(layout.codes.iter().map(|&column| (table, column)));
    }

    /// The chain starts at the first message and ends at the second. A caller that posts keys itself answers for it that no value has two codes.
    pub(super) fn chain_ends(&mut self, space: u64) {
        for (message, negative) in [(0, false), (1, true)] {
            let tuple = vec![Amount::First(message)];
            self.targets.push(Target { space, negative, weight: Amount::Constant(1), tuple });
        }
        self.firsts = 2;
    }
}

/// The gaps between the keys of a table.
pub(super) fn gaps(limb_bits: usize, layout: &KeyLayout, units: &[UnitCells<'_>]) -> Result<ExtraCells, PlanError> {
    let of_unit =
        |unit: &UnitCells<'_>| (0..unit.rows).into_par_iter().map(|row| layout.key(&unit.cells, row)).collect();
    let keys: Vec<Vec<Key>> = units.iter().map(of_unit).collect();
    gap_columns(limb_bits, layout.gap_limbs(limb_bits), &keys)
}

/// The gaps between keys in their order, `[unit][row]`, how often each limb is looked up, and the ends of the chain.
pub(super) fn gap_columns(limb_bits: usize, limbs: usize, of_units: &[Vec<Key>]) -> Result<ExtraCells, PlanError> {
    let mut keys: Vec<(Key, u32, u32)> = Vec::with_capacity(of_units.iter().map(Vec::len).sum());
    for (unit, own) in of_units.iter().enumerate() {
        keys.extend(own.iter().enumerate().map(|(row, key)| (*key, unit as u32, row as u32)));
    }
    keys.sort_unstable();
    let mut columns: Vec<Vec<Vec<u16>>> = of_units.iter().map(|unit| vec![vec![0; unit.len()]; limbs]).collect();
    let mut counts = vec![0u32; 1 << limb_bits];
    for (index, (key, unit, row)) in keys.iter().enumerate() {
        let mut gap = match keys.get(index + 1) {
            Some((next, ..)) => *next,
            None => *key,
        };
        // Equal keys leave 0 here, and so a chain that does not close.
        if gap.sub_with_borrow(key) || gap.is_zero() || gap.sub_with_borrow(&Key::one()) {
            gap = Key::zero();
        }
        for limb in 0..limbs {
            let value = bits_at(&gap, limb_bits * limb, limb_bits);
            if let Some(cell) =
                columns.get_mut(*unit as usize).and_then(|own| own.get_mut(limb)?.get_mut(*row as usize))
            {
                *cell = value;
            }
            if let Some(count) = counts.get_mut(usize::from(value)) {
                *count += 1;
            }
        }
    }
    let firsts = match (keys.first(), keys.last()) {
        (Some((first, ..)), Some((last, ..))) => vec![element(first), after(last)],
        _ => return Err(PlanError::Column { index: 0 }),
    };
    let mut columns: Vec<Vec<CellData<'static>>> =
        columns.into_iter().map(|limbs| limbs.into_iter().map(|limb| CellData::U16(limb.into())).collect()).collect();
    if let Some(first) = columns.first_mut() {
        first.push(CellData::U32(counts.into()));
    }
    Ok(ExtraCells { columns, firsts })
}

/// `width` bits, at most 16, from bit `start` on.
fn bits_at(value: &Key, start: usize, width: usize) -> u16 {
    let (word, shift) = (start / 64, start % 64);
    let low = value.0.get(word).map_or(0, |word| word >> shift);
    let high = if shift + width > 64 { value.0.get(word + 1).map_or(0, |word| word << (64 - shift)) } else { 0 };
    ((low | high) & ((1 << width) - 1)) as u16
}

/// The low 192 bits.
pub(crate) fn truncated(value: Fr) -> Key {
    let [a, b, c, _] = value.into_bigint().0;
    BigInt([a, b, c])
}

/// The digest of a row, whose parts are the first of `cells`: 0 for null.
pub(crate) fn digest(cells: &[CellData<'_>], row: usize) -> Fr {
    let cells = cells.get(..DIGEST_CELLS).unwrap_or(cells);
    let shifted = |(part, cell): (usize, &CellData<'_>)| match cell.entry(row) {
        Entry::Small(value) if value < 1 << LIMB_BITS => Some(u128::from(value) << (LIMB_BITS * part)),
        _ => None,
    };
    if let Some(digest) = cells.iter().enumerate().map(shifted).sum::<Option<u128>>() {
        return Fr::from(digest);
    }
    // What no honest column holds.
    let base = Fr::from(1u64 << LIMB_BITS);
    cells.iter().rev().fold(Fr::default(), |sum, cell| sum * base + cell.value(row))
}

/// `key + 1` as a field element.
fn after(key: &Key) -> Fr {
    element(key) + Fr::from(1u64)
}

/// The key as a field element: it has at most 192 bits.
pub(crate) fn element(key: &Key) -> Fr {
    let [a, b, c] = key.0;
    Fr::from_bigint(BigInt([a, b, c, 0])).unwrap_or_default()
}
