//! The limb table: what shows that committed columns hold small numbers.
//!
//! | posting | weight | tuple | says |
//! |---|---|---|---|
//! | look-up of a column V | `ind` | `[V]` of space 0 | V is in the limb table, in rows below n |
//! | limb table | `-m` | `[x mod 2^b]` of space 0 | the look-ups are multiplicities of its entries |
//!
//! One table serves all units; m is the last extra column of the first one.

use zkl_core::ark::{Fr, ff::Field as _};

use super::posting::{Column, ExtraColumn, Posting, Postings, Term, Weight, two};
use crate::witness::CellData;

impl Postings {
    /// Looks up consecutive columns of a unit.
    pub(super) fn look_up(&mut self, unit: usize, first: usize, count: usize, column: ExtraColumn) {
        for cell in first..first + count {
            self.push(Posting {
                unit,
                space: 0,
                negative: false,
                weight: Weight::Below,
                terms: vec![(1, Fr::ONE, Column::Cell(cell))],
                shift: 0,
            });
            self.push_extra(unit, column);
        }
    }

    /// The limb table, with the column of its multiplicities in the first unit.
    pub(super) fn limb_table(&mut self, multiplicities: usize) {
        self.push(Posting {
            unit: 0,
            space: 0,
            negative: true,
            weight: Weight::Form(0, vec![(Fr::ONE, multiplicities)]),
            terms: vec![(1, Fr::ONE, Column::Index)],
            shift: 0,
        });
        self.push_extra(0, ExtraColumn::Multiplicity);
    }
}

/// A number whose limbs are consecutive columns, lowest first.
pub(super) fn limb_terms(first: usize, limbs: usize, limb_bits: usize, power: usize) -> impl Iterator<Item = Term> {
    (0..limbs).map(move |limb| (power, two(limb_bits * limb), Column::Cell(first + limb)))
}

/// Cuts numbers into limbs, and counts these.
pub(super) struct Limbs {
    bits: usize,
    counts: Vec<u32>,
}

impl Limbs {
    pub(super) fn new(bits: usize) -> Self {
        Self { bits, counts: vec![0; 1 << bits] }
    }

    /// `count` columns of limbs, lowest first.
    pub(super) fn columns(&mut self, values: &[u128], count: usize) -> Vec<CellData<'static>> {
        let mut column = |limb: usize| {
            let limb = |value: &u128| {
                let entry =
                    (value.checked_shr((self.bits * limb) as u32).unwrap_or(0) as usize) & ((1 << self.bits) - 1);
                if let Some(count) = self.counts.get_mut(entry) {
                    *count += 1;
                }
                entry as u16
            };
            CellData::U16(values.iter().map(limb).collect::<Vec<_>>().into())
        };
        (0..count).map(&mut column).collect()
    }

    /// How often each limb was seen.
    pub(super) fn multiplicities(self) -> CellData<'static> {
        CellData::U32(self.counts.into())
    }
}
