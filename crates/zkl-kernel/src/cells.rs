//! What the passes read before anything is a field element: columns of small integers, and affine forms of them.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

/// A column of small integers, one per row. Rows beyond the slice are 0.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Cells<'a> {
    /// Limbs and codes.
    U16(&'a [u16]),
    /// Codes and multiplicities.
    U32(&'a [u32]),
    /// Bits.
    Bits(&'a [bool]),
    /// Field elements: what only a dishonest prover has.
    Field(&'a [Fr]),
    /// Row i holds `i mod 2^bits`, for every row.
    Periodic {
        /// Binary logarithm of the period, at most 32.
        bits: u32,
    },
}

/// One entry of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entry {
    /// An integer.
    Small(u32),
    /// Anything.
    Field(Fr),
}

impl Entry {
    /// The entry as a field element.
    pub fn to_field(self) -> Fr {
        match self {
            Self::Small(value) => Fr::from(value),
            Self::Field(value) => value,
        }
    }
}

impl Cells<'_> {
    /// The entry of `row`.
    #[inline]
    pub fn entry(&self, row: usize) -> Entry {
        Entry::Small(match self {
            Self::U16(values) => values.get(row).copied().unwrap_or(0).into(),
            Self::U32(values) => values.get(row).copied().unwrap_or(0),
            Self::Bits(values) => values.get(row).copied().unwrap_or(false).into(),
            Self::Field(values) => return values.get(row).map_or(Entry::Small(0), |&value| Entry::Field(value)),
            Self::Periodic { bits } => (row as u64 & ((1 << bits) - 1)) as u32,
        })
    }

    /// The row from which every entry is 0, if there is one.
    pub fn zero_from(&self) -> Option<usize> {
        match self {
            Self::U16(values) => Some(values.len()),
            Self::U32(values) => Some(values.len()),
            Self::Bits(values) => Some(values.len()),
            Self::Field(values) => Some(values.len()),
            Self::Periodic { .. } => None,
        }
    }
}

/// `constant + sum_k coefficient_k V_k` on every row.
#[derive(Clone, Debug, Default)]
pub struct Form<'a> {
    /// The part that is the same on every row.
    pub constant: Fr,
    /// Coefficients and columns, at most 64 of them.
    pub terms: Vec<(Fr, Cells<'a>)>,
}

impl Form<'_> {
    /// The value on `row`, without a table.
    pub fn value(&self, row: usize) -> Fr {
        self.terms.iter().fold(self.constant, |sum, (coefficient, cells)| match cells.entry(row) {
            Entry::Small(0) => sum,
            Entry::Small(1) => sum + coefficient,
            Entry::Small(value) => sum + *coefficient * Fr::from(value),
            Entry::Field(value) => sum + *coefficient * value,
        })
    }

    /// The row from which the form is 0, if there is one.
    pub fn zero_from(&self) -> Option<usize> {
        if self.constant != Fr::ZERO {
            return None;
        }
        self.terms.iter().try_fold(0, |longest: usize, (_, cells)| Some(longest.max(cells.zero_from()?)))
    }
}
