//! The committed columns as the prover holds them, and those that it derives: multiplicities and group remainders.

mod dictionaries;

use std::borrow::Cow;

use zkl_core::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, PrimeField as _},
    },
    hashed::DIGEST_CELLS,
    layout::Encoding,
};
use zkl_kernel::threads::prelude::*;
use zkl_kernel::{Cells, Entry, Form};

use crate::{
    error::PlanError,
    msm::Scalars,
    plan::{Cell, ScanPlan},
    statement::SealedProfile,
};

/// A committed column. Rows beyond its length are 0.
#[derive(Clone)]
pub enum CellData<'a> {
    /// Limbs and codes.
    U16(Cow<'a, [u16]>),
    /// Codes and multiplicities.
    U32(Cow<'a, [u32]>),
    /// Validity, `true` for a value.
    Bits(Cow<'a, [bool]>),
    /// Anything at all. An honest prover has no use for it.
    Field(Cow<'a, [Fr]>),
}

impl CellData<'_> {
    /// Rows that are stored.
    pub fn len(&self) -> usize {
        match self {
            Self::U16(values) => values.len(),
            Self::U32(values) => values.len(),
            Self::Bits(values) => values.len(),
            Self::Field(values) => values.len(),
        }
    }

    /// Whether no row is stored.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub(crate) fn entry(&self, row: usize) -> Entry {
        self.cells().entry(row)
    }

    /// The stored rows as the kernel reads them.
    pub(crate) fn cells(&self) -> Cells<'_> {
        match self {
            Self::U16(values) => Cells::U16(values),
            Self::U32(values) => Cells::U32(values),
            Self::Bits(values) => Cells::Bits(values),
            Self::Field(values) => Cells::Field(values),
        }
    }

    /// The stored rows as the multi-scalar multiplication takes them.
    pub fn scalars(&self) -> Scalars<'_> {
        match self {
            Self::U16(values) => Scalars::U16(values),
            Self::U32(values) => Scalars::U32(values),
            Self::Bits(values) => Scalars::Bits(values),
            Self::Field(values) => Scalars::Full(values),
        }
    }

    /// The value of `row`.
    pub fn value(&self, row: usize) -> Fr {
        self.entry(row).to_field()
    }
}

/// One column of the table, encoded. Slices hold at least n rows; rows from n on are committed but never count.
#[derive(Clone)]
pub enum ColumnData<'a> {
    /// Limbs, lowest first, and validity when the column is nullable. Limbs of null cells are 0.
    Numeric {
        /// One slice per limb.
        limbs: Vec<&'a [u16]>,
        /// `true` where there is a value.
        valid: Option<&'a [bool]>,
    },
    /// Dictionary codes, 0 for null.
    Codes16(&'a [u16]),
    /// Dictionary codes, 0 for null.
    Codes32(&'a [u32]),
    /// Validity of a column whose values are not committed, when it is nullable.
    Opaque {
        /// `true` where there is a value.
        valid: Option<&'a [bool]>,
    },
    /// Text by the digests of its values.
    Hashed {
        /// One slice per part of the digests, which are 0 where there is no value.
        parts: [&'a [u16]; DIGEST_CELLS],
        /// `true` where there is a value, when the column is nullable.
        valid: Option<&'a [bool]>,
    },
}

/// Every committed column, in the order of [`ScanPlan::cells`].
pub struct ScanWitness<'a> {
    cells: Vec<CellData<'a>>,
}

impl<'a> ScanWitness<'a> {
    /// The committed columns of a table, multiplicities included.
    ///
    /// # Errors
    /// [`PlanError::Column`] when a column does not have the form that the layout says; [`PlanError::Range`] when a limb is
    /// out of range or above the sealed bound, or a code is outside its dictionary, in a row below n.
    pub fn new(plan: &ScanPlan, columns: &[ColumnData<'a>], sealed: &SealedProfile<Fr>) -> Result<Self, PlanError> {
        let rows = plan.layout().rows() as usize;
        let mut cells = Vec::with_capacity(plan.cells().len());
        for (index, spec) in plan.layout().columns().iter().enumerate() {
            let misfit = PlanError::Column { index };
            let column = columns.get(index).ok_or_else(|| misfit.clone())?;
            let first = cells.len();
            match (column, spec.encoding) {
                (ColumnData::Numeric { limbs, valid }, Encoding::Numeric { limbs: count })
                    if limbs.len() == usize::from(count) && valid.is_some() == spec.nullable =>
                {
                    cells.extend(limbs.iter().map(|limb| CellData::U16(Cow::Borrowed(*limb))));
                    cells.extend(valid.map(|valid| CellData::Bits(Cow::Borrowed(valid))));
                }
                (ColumnData::Codes16(codes), Encoding::Category { .. } | Encoding::Grouped { .. }) => {
                    cells.push(CellData::U16(Cow::Borrowed(*codes)));
                }
                (ColumnData::Codes32(codes), Encoding::Category { .. } | Encoding::Grouped { .. }) => {
                    cells.push(CellData::U32(Cow::Borrowed(*codes)));
                }
                (ColumnData::Opaque { valid }, Encoding::Opaque) if valid.is_some() == spec.nullable => {
                    cells.extend(valid.map(|valid| CellData::Bits(Cow::Borrowed(valid))));
                }
                (ColumnData::Hashed { parts, valid }, Encoding::Hashed) if valid.is_some() == spec.nullable => {
                    cells.extend(valid.map(|valid| CellData::Bits(Cow::Borrowed(valid))));
                    cells.extend(parts.iter().map(|part| CellData::U16(Cow::Borrowed(*part))));
                }
                _ => return Err(misfit),
            }
            let fits = |cell: &CellData<'_>| (rows..=plan.shape().rows()).contains(&cell.len());
            if !cells[first..].iter().all(fits) {
                return Err(misfit);
            }
            match spec.encoding {
                Encoding::Category { capacity } => {
                    count_codes(&cells[first], rows, capacity, first)?;
                }
                Encoding::Grouped { capacity } => {
                    let counts = count_codes(&cells[first], rows, capacity, first)?;
                    let slot = plan.slots().grouped.iter().position(|&column| column == Some(index));
                    let record = slot.and_then(|slot| sealed.grouped.get(slot)).ok_or(misfit)?;
                    cells.extend(groups(counts, &record.distinct, &record.smallest, plan.shape().limb_bits(), first)?);
                }
                Encoding::Numeric { .. } | Encoding::Opaque | Encoding::Hashed => {}
            }
        }
        if plan.position(Cell::LimbMultiplicity).is_some() {
            let multiplicities = limb_multiplicities(plan, &cells, sealed)?;
            cells.push(CellData::U32(Cow::Owned(multiplicities)));
        }
        Ok(Self { cells })
    }

    /// A witness out of arbitrary columns, which no proof needs to exist for.
    ///
    /// # Errors
    /// [`PlanError::Column`] unless there is one column per cell of the plan, none longer than the shape.
    pub fn from_cells_unchecked(plan: &ScanPlan, cells: Vec<CellData<'a>>) -> Result<Self, PlanError> {
        let too_long = cells.iter().position(|cell| cell.len() > plan.shape().rows());
        match too_long {
            Some(index) => Err(PlanError::Column { index }),
            None if cells.len() != plan.cells().len() => Err(PlanError::Column { index: cells.len() }),
            None => Ok(Self { cells }),
        }
    }

    /// The columns, in the order of [`ScanPlan::cells`].
    pub fn cells(&self) -> &[CellData<'a>] {
        &self.cells
    }

    /// The columns, to be changed by a test that plays a dishonest prover.
    pub fn into_cells(self) -> Vec<CellData<'a>> {
        self.cells
    }
}

/// Rows per code; codes at and above `capacity` are refused.
fn count_codes(cell: &CellData<'_>, rows: usize, capacity: u32, index: usize) -> Result<Vec<u32>, PlanError> {
    let mut counts = vec![0u32; capacity as usize];
    for row in 0..rows {
        match cell.entry(row) {
            Entry::Small(code) if code < capacity => counts[code as usize] += 1,
            _ => return Err(PlanError::Range { cell: index }),
        }
    }
    Ok(counts)
}

/// The multiplicity column of a grouped column, and the two limbs of `m - k_min` for the codes `1..=D`.
fn groups<'a>(
    counts: Vec<u32>,
    distinct: &Fr,
    smallest: &Fr,
    limb_bits: usize,
    cell: usize,
) -> Result<[CellData<'a>; 3], PlanError> {
    let range = || PlanError::Range { cell };
    let (distinct, smallest) = (small(distinct).ok_or_else(range)?, small(smallest).ok_or_else(range)?);
    let used = counts.get(1..=distinct as usize).ok_or_else(range)?;
    let mask = (1u32 << limb_bits) - 1;
    let (mut low, mut high) = (vec![0u16], vec![0u16]);
    for count in used {
        let rest = count.checked_sub(smallest).ok_or_else(range)?;
        low.push((rest & mask) as u16);
        high.push(u16::try_from(rest >> limb_bits).map_err(|_| range())?);
    }
    Ok([CellData::U32(Cow::Owned(counts)), CellData::U16(Cow::Owned(low)), CellData::U16(Cow::Owned(high))])
}

/// A field element that is an integer below 2^32.
pub(crate) fn small(value: &Fr) -> Option<u32> {
    let limbs = value.into_bigint().0;
    if limbs[1..].iter().any(|&limb| limb != 0) { None } else { u32::try_from(limbs[0]).ok() }
}

/// How often each limb value is looked up: by limbs and by `T - V` of top limbs in rows below n, by remainders in all rows.
fn limb_multiplicities(
    plan: &ScanPlan,
    cells: &[CellData<'_>],
    sealed: &SealedProfile<Fr>,
) -> Result<Vec<u32>, PlanError> {
    let size = 1usize << plan.shape().limb_bits();
    let rows = plan.layout().rows() as usize;
    let all = plan.shape().rows();
    let bound = |column: usize, limb: usize| {
        let spec = plan.layout().columns().get(column)?;
        let slot = plan.slots().numeric.iter().position(|&c| c == Some(column))?;
        let is_top = matches!(spec.encoding, Encoding::Numeric { limbs } if usize::from(limbs) == limb + 1);
        is_top.then(|| sealed.numeric.get(slot).map(|record| record.top))?
    };
    let counted = plan.cells().iter().zip(cells).enumerate().collect::<Vec<_>>();
    let count = |&(index, (&cell, data)): &(usize, (&Cell, &CellData<'_>))| -> Result<Vec<u32>, PlanError> {
        let range = || PlanError::Range { cell: index };
        let mut counts = vec![0u32; size];
        let (rows, top) = match cell {
            Cell::Limb { column, limb } => (rows, bound(column, limb)),
            Cell::RestLow { .. } | Cell::RestHigh { .. } => (data.len(), None),
            _ => return Ok(counts),
        };
        let top = top.map(|top| small(&top).ok_or_else(range)).transpose()?;
        for row in 0..rows {
            let Entry::Small(value) = data.entry(row) else { return Err(range()) };
            *counts.get_mut(value as usize).ok_or_else(range)? += 1;
            if let Some(top) = top {
                let rest = top.checked_sub(value).ok_or_else(range)?;
                *counts.get_mut(rest as usize).ok_or_else(range)? += 1;
            }
        }
        if matches!(cell, Cell::RestLow { .. } | Cell::RestHigh { .. }) {
            counts[0] += (all - rows) as u32;
        }
        Ok(counts)
    };
    counted.par_iter().map(count).try_reduce(
        || vec![0u32; size],
        |mut a, b| {
            a.iter_mut().zip(b).for_each(|(a, b)| *a += b);
            Ok(a)
        },
    )
}

/// A linear form of committed columns as the kernel reads it.
pub(crate) fn kernel_form<'a>(cells: &'a [CellData<'_>], form: &[(usize, Fr)]) -> Form<'a> {
    let terms = form.iter().filter_map(|&(cell, coefficient)| Some((coefficient, cells.get(cell)?.cells())));
    Form { constant: Fr::ZERO, terms: terms.collect() }
}
