//! A compared column: its values as terms of tuples, and as its owner reads them.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, BigInteger as _, Field as _, PrimeField as _},
};

use super::{
    SealedColumn, SealedTable, UnitCells,
    chain::digest,
    posting::{Column, Term, cells_of, two},
    shape::{ColumnShape, TableShape},
};
use crate::shape::LIMB_BITS;

/// A column of a table, as terms of tuples.
#[derive(Clone, Copy)]
pub(super) struct Place {
    table: usize,
    column: usize,
    /// Its first committed column.
    cell: usize,
    shape: ColumnShape,
}

impl Place {
    pub(super) fn new(table: usize, columns: &[ColumnShape], column: usize) -> Option<Self> {
        let cell = cells_of(columns.get(..column)?);
        Some(Self { table, column, cell, shape: *columns.get(column)? })
    }

    /// The value, times a factor: 0 for null.
    pub(super) fn value(&self, power: usize, factor: Fr) -> Vec<Term> {
        match self.shape {
            ColumnShape::Numeric { limbs, .. } => {
                let factor = factor * self.shape.unit();
                let limb = |limb: usize| (power, factor * two(LIMB_BITS * limb), Column::Cell(self.cell + limb));
                let mut terms: Vec<Term> = (0..usize::from(limbs)).map(limb).collect();
                terms.push((power, factor, Column::Min { table: self.table, column: self.column }));
                terms
            }
            ColumnShape::Category { .. } => vec![(power, factor, Column::Cell(self.cell + 1))],
            ColumnShape::Code { .. } => vec![(power, factor, Column::Cell(self.cell))],
            ColumnShape::Hashed => vec![(power, factor, Column::Digest(self.cell))],
        }
    }

    /// A constant in the rows that have a value. Digests need no difference: null is the digest 0, which no value has.
    pub(super) fn constant(&self, power: usize, factor: Fr) -> Term {
        match self.shape {
            ColumnShape::Numeric { limbs, nullable: true, .. } => {
                (power, factor, Column::Cell(self.cell + usize::from(limbs)))
            }
            _ => (power, factor, Column::One),
        }
    }

    /// `1 - b`, if the column may be null.
    pub(super) fn null(&self, power: usize) -> Vec<Term> {
        match self.shape {
            ColumnShape::Numeric { nullable: true, .. } => {
                vec![(power, Fr::ONE, Column::One), self.constant(power, -Fr::ONE)]
            }
            _ => Vec::new(),
        }
    }

    /// `v - c b`, then `1 - b` if the column may be null: 0 in rows that hold the constant. With the next power of Y.
    pub(super) fn difference(&self, power: usize, constant: Fr) -> (Vec<Term>, usize) {
        let mut terms = self.value(power, Fr::ONE);
        terms.push(self.constant(power, -constant));
        let null = self.null(power + 1);
        let next = power + 1 + usize::from(!null.is_empty());
        terms.extend(null);
        (terms, next)
    }
}

/// The values of a column, as its owner reads them.
pub(super) struct Values<'a> {
    place: Place,
    sealed: &'a SealedColumn<Fr>,
}

impl<'a> Values<'a> {
    pub(super) fn new(table: &TableShape, sealed: &'a SealedTable<Fr>, column: usize) -> Option<Self> {
        Some(Self { place: Place::new(0, &table.columns, column)?, sealed: sealed.columns.get(column)? })
    }

    /// The number of a row, or the digest of its value; `None` for null.
    pub(super) fn at(&self, unit: &UnitCells<'_>, row: usize) -> Option<Fr> {
        let cell = |index: usize| unit.cells.get(self.place.cell + index).map_or(Fr::ZERO, |cell| cell.value(row));
        match (self.place.shape, self.sealed) {
            (ColumnShape::Numeric { limbs, nullable, .. }, SealedColumn::Numeric { min }) => {
                let limbs = usize::from(limbs);
                if nullable && cell(limbs) == Fr::ZERO {
                    return None;
                }
                let committed = (0..limbs).map(|limb| cell(limb) * two(LIMB_BITS * limb)).sum::<Fr>() + min;
                Some(committed * self.place.shape.unit())
            }
            (ColumnShape::Hashed, _) => {
                let parts = unit.cells.get(self.place.cell..).unwrap_or_default();
                Some(digest(parts, row)).filter(|digest| *digest != Fr::ZERO)
            }
            _ => Some(cell(1)).filter(|digest| *digest != Fr::ZERO),
        }
    }
}

/// The integer that an element stands for; 0 if it has 127 bits or more.
pub(super) fn signed(value: Fr) -> i128 {
    let size = |value: Fr| {
        let [low, high, ..] = value.into_bigint().0;
        (value.into_bigint().num_bits() < 127).then_some((u128::from(high) << 64 | u128::from(low)) as i128)
    };
    size(value).or_else(|| size(-value).map(|size| -size)).unwrap_or(0)
}
