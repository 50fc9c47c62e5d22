//! The columns that a relation has beside those of its tables, as an honest prover fills them.

use foldhash::HashMap;
use zeroize::Zeroize as _;
use zkl_core::ark::{Fr, ff::BigInteger as _};
use zkl_kernel::threads::prelude::*;

use super::{
    SealedTable, UnitCells,
    chain::{self, Key, KeyLayout},
    condition, dedup, keys,
    posting::{REMAINDER_BITS, RelationKind},
    row_hash::{RowHash, RowHasher, Rows},
    shape::RelationShape,
};
use crate::{error::PlanError, witness::CellData};

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

/// How often each row is there.
pub(super) fn count_rows(hashes: &[Vec<RowHash>]) -> HashMap<RowHash, u64> {
    let mut counts = HashMap::default();
    for hash in hashes.iter().flatten() {
        *counts.entry(*hash).or_default() += 1;
    }
    counts
}

/// Selects as many rows of the whole as the part has of the same values, where there are that many.
pub(super) fn selectors(whole: Rows<'_>, part: Rows<'_>) -> Vec<Vec<CellData<'static>>> {
    let hasher = RowHasher::new();
    let mut wanted = count_rows(&hasher.values(part, &|_| true));
    let select = |hashes: &Vec<RowHash>| {
        let is_wanted = |hash| match wanted.get_mut(hash) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        let selected: Vec<bool> = hashes.iter().map(is_wanted).collect();
        vec![CellData::Bits(selected.into())]
    };
    hasher.values(whole, &|_| true).iter().map(select).collect()
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
    let hashes = RowHasher::new().cells(units);
    let mut sizes: HashMap<RowHash, u32> = HashMap::default();
    for hash in hashes.iter().flatten() {
        *sizes.entry(*hash).or_default() += 1;
    }
    let (limb_bits, limbs) = (shape.limb_bits(), REMAINDER_BITS.div_ceil(shape.limb_bits()));
    let mut counts = vec![0u32; 1 << limb_bits];
    let mut selected = 0u64;
    let mut columns: Vec<Vec<CellData<'static>>> = Vec::with_capacity(units.len());
    for (unit, hashes) in units.iter().zip(&hashes) {
        let mut selector = vec![false; unit.rows];
        let mut remainders = vec![vec![0u16; unit.rows]; limbs];
        for (row, (is_selected, hash)) in selector.iter_mut().zip(hashes).enumerate() {
            let rest = sizes.get_mut(hash).and_then(|size| std::mem::take(size).checked_sub(k));
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
