//! The columns that a relation has beside those of its tables, as an honest prover fills them.

use std::{
    collections::HashMap,
    hash::{BuildHasher as _, Hash as _, Hasher as _, RandomState},
};

use zeroize::Zeroize as _;
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, BigInteger as _, PrimeField as _},
};

use super::{
    SealedColumn, SealedTable, UnitCells,
    chain::{self, Key, KeyLayout},
    condition, dedup, keys,
    posting::{REMAINDER_BITS, RelationKind},
    shape::{ColumnShape, RelationShape, TableShape},
};
use zkl_kernel::Entry;

use crate::{error::PlanError, shape::LIMB_BITS, witness::CellData};

/// Columns beside those of the tables, and the messages that precede the first challenge. Secret.
#[derive(Clone, Default)]
pub struct ExtraCells {
    /// `[unit][column]`, in the order of [`RelationShape::extra`].
    pub columns: Vec<Vec<CellData<'static>>>,
    /// [`RelationShape::first_count`] elements.
    pub firsts: Vec<Fr>,
}

impl Drop for ExtraCells {
    fn drop(&mut self) {
        self.firsts.zeroize();
    }
}

/// The extra columns of a true relation between `units`, whose cells are those of the tables alone. Of a false one there are columns as well:
/// they prove nothing.
///
/// # Errors
/// [`PlanError::Column`] for units that do not fit the shape.
pub fn extra_columns(
    shape: &RelationShape,
    sealed: &[SealedTable<Fr>],
    units: &[UnitCells<'_>],
) -> Result<ExtraCells, PlanError> {
    let columns = vec![Vec::new(); units.len()];
    match (shape.kind(), shape.tables()) {
        (RelationKind::Subset, _) => {
            let [whole, part] = pair(shape, sealed, units)?;
            let mut columns = selectors(whole, part);
            columns.resize_with(units.len(), Vec::new);
            Ok(ExtraCells { columns, firsts: Vec::new() })
        }
        (RelationKind::Unique, [table, ..]) => {
            gaps(shape.limb_bits(), &KeyLayout::new(&table.columns, |_| true)?, units)
        }
        (RelationKind::Dedup { key }, _) => dedup::columns(shape, key, sealed, units),
        (RelationKind::KAnonymous { k }, _) => Ok(classes(shape, k, units)),
        (RelationKind::Disjoint, _) => keys::list_columns(shape, sealed, units),
        (kind, [table, ..]) if kind.has_tests() => {
            let own = units.get(..table.units).ok_or(PlanError::Column { index: units.len() })?;
            let first = (table, sealed.first().ok_or(PlanError::Profile { index: 0 })?);
            let mut extra = match kind {
                RelationKind::Bounds { lower, upper, .. } => {
                    condition::bounds_columns(shape, (lower, upper), first, own)?
                }
                RelationKind::Present => condition::match_columns(shape, first, own),
                RelationKind::Absent => ExtraCells::default(),
                _ => condition::test_columns(shape, first, own),
            };
            extra.columns.resize_with(units.len(), Vec::new);
            Ok(extra)
        }
        _ => Ok(ExtraCells { columns, firsts: Vec::new() }),
    }
}

/// A table with its seal and its units.
pub(super) type Rows<'a> = (&'a TableShape, &'a SealedTable<Fr>, &'a [UnitCells<'a>]);

/// Both tables of a relation of two.
pub(super) fn pair<'a>(
    shape: &'a RelationShape,
    sealed: &'a [SealedTable<Fr>],
    units: &'a [UnitCells<'a>],
) -> Result<[Rows<'a>; 2], PlanError> {
    let [left, right] = shape.tables() else { return Err(PlanError::Column { index: units.len() }) };
    let [left_seal, right_seal] = sealed else { return Err(PlanError::Profile { index: sealed.len() }) };
    let (left_units, right_units) =
        units.split_at_checked(left.units).ok_or(PlanError::Column { index: units.len() })?;
    Ok([(left, left_seal, left_units), (right, right_seal, right_units)])
}

/// How often each row is there, by the columns that count.
pub(super) fn count_rows(
    hashers: &[RandomState; 2],
    (table, sealed, units): Rows<'_>,
    is_in: &dyn Fn(usize) -> bool,
) -> HashMap<[u64; 2], u64> {
    let mut counts = HashMap::new();
    for unit in units {
        for row in 0..unit.rows {
            *counts.entry(hash_row(hashers, (table, sealed, unit), row, is_in)).or_default() += 1;
        }
    }
    counts
}

/// Selects as many rows of the whole as the part has of the same values, where there are that many.
pub(super) fn selectors(whole: Rows<'_>, part: Rows<'_>) -> Vec<Vec<CellData<'static>>> {
    // Two hashes of 64 bits: rows that share both are not to be expected.
    let hashers = [RandomState::new(), RandomState::new()];
    let mut wanted = count_rows(&hashers, part, &|_| true);
    let select = |unit: &UnitCells<'_>| {
        let mut is_wanted = |row| match wanted.get_mut(&hash_row(&hashers, (whole.0, whole.1, unit), row, &|_| true)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        let selected: Vec<bool> = (0..unit.rows).map(&mut is_wanted).collect();
        vec![CellData::Bits(selected.into())]
    };
    whole.2.iter().map(select).collect()
}

/// Hashes of the values of a row in the columns that count, null included.
pub(super) fn hash_row(
    hashers: &[RandomState; 2],
    (table, sealed, unit): (&TableShape, &SealedTable<Fr>, &UnitCells<'_>),
    row: usize,
    is_in: &dyn Fn(usize) -> bool,
) -> [u64; 2] {
    let mut states = hashers.each_ref().map(RandomState::build_hasher);
    let mut first = 0;
    for (index, (column, sealed)) in table.columns.iter().zip(&sealed.columns).enumerate() {
        let cell = |index: usize| unit.cells.get(first + index).map_or(Fr::ZERO, |cell| cell.value(row));
        let (value, valid) = match (*column, sealed) {
            (ColumnShape::Numeric { limbs, nullable, .. }, SealedColumn::Numeric { min }) => {
                let base = Fr::from(1u64 << LIMB_BITS);
                let mut factor = Fr::from(1u64);
                let mut value = Fr::ZERO;
                for limb in 0..usize::from(limbs) {
                    value += factor * cell(limb);
                    factor *= base;
                }
                let valid = if nullable { cell(limbs.into()) } else { Fr::from(1u64) };
                ((value + *min * valid) * column.unit(), valid)
            }
            (ColumnShape::Hashed, _) => {
                let parts = unit.cells.get(first..).unwrap_or_default();
                (chain::digest(parts, row), Fr::ZERO)
            }
            // Of a dictionary the digests count, and not the codes.
            _ => (cell(1), Fr::ZERO),
        };
        first += column.cells();
        for state in states.iter_mut().filter(|_| is_in(index)) {
            value.into_bigint().0.hash(state);
            valid.into_bigint().0.hash(state);
        }
    }
    states.map(|state| state.finish())
}

/// The gaps between the keys of a table.
pub(super) fn gaps(limb_bits: usize, layout: &KeyLayout, units: &[UnitCells<'_>]) -> Result<ExtraCells, PlanError> {
    let of_unit = |unit: &UnitCells<'_>| (0..unit.rows).map(|row| layout.key(&unit.cells, row)).collect();
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
        (Some((first, ..)), Some((last, ..))) => vec![chain::element(first), chain::after(last)],
        _ => return Err(PlanError::Column { index: 0 }),
    };
    let mut columns: Vec<Vec<CellData<'static>>> =
        columns.into_iter().map(|limbs| limbs.into_iter().map(|limb| CellData::U16(limb.into())).collect()).collect();
    if let Some(first) = columns.first_mut() {
        first.push(CellData::U32(counts.into()));
    }
    Ok(ExtraCells { columns, firsts })
}

/// The first row of every class of at least k rows, and how many more it has.
fn classes(shape: &RelationShape, k: u32, units: &[UnitCells<'_>]) -> ExtraCells {
    let hashers = [RandomState::new(), RandomState::new()];
    let hash = |unit: &UnitCells<'_>, row: usize| {
        let mut states = hashers.each_ref().map(RandomState::build_hasher);
        for cell in &unit.cells {
            for state in &mut states {
                match cell.entry(row) {
                    Entry::Small(value) => value.hash(state),
                    Entry::Field(value) => value.into_bigint().0.hash(state),
                }
            }
        }
        states.map(|state| state.finish())
    };
    let mut sizes: HashMap<[u64; 2], u32> = HashMap::new();
    for unit in units {
        for row in 0..unit.rows {
            *sizes.entry(hash(unit, row)).or_default() += 1;
        }
    }
    let (limb_bits, limbs) = (shape.limb_bits(), REMAINDER_BITS.div_ceil(shape.limb_bits()));
    let mut counts = vec![0u32; 1 << limb_bits];
    let mut selected = 0u64;
    let mut columns: Vec<Vec<CellData<'static>>> = Vec::with_capacity(units.len());
    for unit in units {
        let mut selector = vec![false; unit.rows];
        let mut remainders = vec![vec![0u16; unit.rows]; limbs];
        for (row, is_selected) in selector.iter_mut().enumerate() {
            let rest = sizes.get_mut(&hash(unit, row)).and_then(|size| std::mem::take(size).checked_sub(k));
            *is_selected = rest.is_some();
            selected += u64::from(rest.is_some());
            let rest = Key::from(rest.unwrap_or(0));
            for (limb, own) in remainders.iter_mut().enumerate() {
                let value = bits_at(&rest, limb_bits * limb, limb_bits);
                if let (Some(cell), Some(count)) = (own.get_mut(row), counts.get_mut(usize::from(value))) {
                    *cell = value;
                    *count += 1;
                }
            }
        }
        let remainders = remainders.into_iter().map(|limb| CellData::U16(limb.into()));
        columns.push(std::iter::once(CellData::Bits(selector.into())).chain(remainders).collect());
    }
    if let Some(first) = columns.first_mut() {
        first.push(CellData::U32(counts.into()));
    }
    ExtraCells { columns, firsts: vec![Fr::from(selected)] }
}

/// `width` bits, at most 16, from bit `start` on.
fn bits_at(value: &Key, start: usize, width: usize) -> u16 {
    let (word, shift) = (start / 64, start % 64);
    let low = value.0.get(word).map_or(0, |word| word >> shift);
    let high = if shift + width > 64 { value.0.get(word + 1).map_or(0, |word| word << (64 - shift)) } else { 0 };
    ((low | high) & ((1 << width) - 1)) as u16
}
