//! Where the prover of the lookup tree reads its fractions from: small integers at the leaves, so that the largest layer
//! is recomputed instead of stored, and field elements above.

use std::borrow::Cow;

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use crate::{
    kernel,
    witness::{CellData, Entry},
};

/// The extension of `[i < n]` after some coordinates are bound: ones, then one value, then zeros.
#[derive(Clone, Copy)]
pub(crate) struct RowWeight {
    full: usize,
    boundary: Fr,
}

impl RowWeight {
    pub(crate) fn new(n: usize) -> Self {
        Self { full: n, boundary: Fr::ZERO }
    }

    pub(crate) fn value(self, index: usize) -> Fr {
        match index.cmp(&self.full) {
            std::cmp::Ordering::Less => Fr::ONE,
            std::cmp::Ordering::Equal => self.boundary,
            std::cmp::Ordering::Greater => Fr::ZERO,
        }
    }

    /// Entries that are 1, from the first on.
    pub(crate) fn ones(self) -> usize {
        self.full
    }

    /// Whether every value from `index` on is zero.
    pub(crate) fn is_zero_from(self, index: usize) -> bool {
        index > self.full
    }

    pub(crate) fn pair(self, index: usize) -> Line {
        if 2 * index + 1 < self.full {
            Line::One
        } else if 2 * index > self.full {
            Line::Zero
        } else {
            Line::Values(self.value(2 * index), self.value(2 * index + 1))
        }
    }

    pub(crate) fn fold(self, r: Fr) -> Self {
        let index = self.full / 2;
        let boundary = kernel::fold_pair(self.value(2 * index), self.value(2 * index + 1), r);
        Self { full: index, boundary }
    }
}

/// A numerator on one pair of neighbours, `lo + X (hi - lo)`. Zeros and ones cost no multiplication.
#[derive(Clone, Copy)]
pub(crate) enum Line {
    Zero,
    One,
    Values(Fr, Fr),
}

/// Numerators of one block.
pub(crate) enum Numerator<'a> {
    /// Trivial block.
    Zero,
    /// Counted in every row.
    One,
    /// Counted in rows below n.
    Rows(RowWeight),
    /// A table: minus the multiplicities.
    Table(&'a CellData<'a>),
    Dense(Cow<'a, [Fr]>),
}

impl Numerator<'_> {
    #[inline]
    pub(crate) fn pair(&self, index: usize) -> Line {
        match self {
            Self::Zero => Line::Zero,
            Self::One => Line::One,
            Self::Rows(weight) => weight.pair(index),
            Self::Table(counts) => match (counts.entry(2 * index), counts.entry(2 * index + 1)) {
                (Entry::Small(0), Entry::Small(0)) => Line::Zero,
                (lo, hi) => Line::Values(-lo.to_field(), -hi.to_field()),
            },
            Self::Dense(values) => Line::Values(values[2 * index], values[2 * index + 1]),
        }
    }

    /// The value at `index`, as a line whose two ends are equal.
    #[inline]
    pub(crate) fn single(&self, index: usize) -> Line {
        let value = match self {
            Self::Zero => return Line::Zero,
            Self::One => return Line::One,
            Self::Rows(weight) if index < weight.full => return Line::One,
            Self::Rows(weight) => weight.value(index),
            Self::Table(counts) => -counts.value(index),
            Self::Dense(values) => values[index],
        };
        if value == Fr::ZERO { Line::Zero } else { Line::Values(value, value) }
    }

    pub(crate) fn value(&self, index: usize) -> Fr {
        match self.single(index) {
            Line::Zero => Fr::ZERO,
            Line::One => Fr::ONE,
            Line::Values(value, _) => value,
        }
    }

    /// Binds one coordinate of a block of `len` rows.
    pub(crate) fn fold(self, len: usize, r: Fr) -> Self {
        match self {
            Self::Zero => Self::Zero,
            Self::One => Self::One,
            Self::Rows(weight) => Self::Rows(weight.fold(r)),
            Self::Table(counts) => Self::Dense(Cow::Owned(kernel::tabulate(len / 2, |i| {
                match (counts.entry(2 * i), counts.entry(2 * i + 1)) {
                    (Entry::Small(0), Entry::Small(0)) => Fr::ZERO,
                    (lo, hi) => -kernel::fold_pair(lo.to_field(), hi.to_field(), r),
                }
            }))),
            Self::Dense(values) => Self::Dense(Cow::Owned(kernel::fold(&values, r))),
        }
    }
}

/// Denominators of one block. `lut[v]` is `X - Y tau - v`.
pub(crate) enum Denominator<'a> {
    /// Trivial block.
    One,
    /// `lut[V]`.
    Codes {
        lut: &'a [Fr],
        cell: &'a CellData<'a>,
    },
    /// `offset - lut[V]`, that is `X - Y tau - (T - V)` for `offset = 2 (X - Y tau) - T`.
    Top {
        lut: &'a [Fr],
        offset: Fr,
        cell: &'a CellData<'a>,
    },
    /// `lut[D2 V_g + V_l]`.
    Joint {
        lut: &'a [Fr],
        labels: u32,
        group: &'a CellData<'a>,
        label: &'a CellData<'a>,
    },
    /// `values[i mod len]`, for a power of two `len`.
    Periodic(Cow<'a, [Fr]>),
    Dense(Cow<'a, [Fr]>),
}

/// `lut[value]`, or what it would be beyond its end.
#[inline]
fn look_up(lut: &[Fr], value: Entry) -> Fr {
    match value {
        Entry::Small(value) => match lut.get(value as usize) {
            Some(&denominator) => denominator,
            None => lut[0] - Fr::from(value),
        },
        Entry::Field(value) => lut[0] - value,
    }
}

impl Denominator<'_> {
    #[inline]
    pub(crate) fn value(&self, index: usize) -> Fr {
        match self {
            Self::One => Fr::ONE,
            Self::Codes { lut, cell } => look_up(lut, cell.entry(index)),
            Self::Top { lut, offset, cell } => *offset - look_up(lut, cell.entry(index)),
            Self::Joint { lut, labels, group, label } => match (group.entry(index), label.entry(index)) {
                (Entry::Small(group), Entry::Small(label)) => {
                    match group.checked_mul(*labels).and_then(|code| code.checked_add(label)) {
                        Some(code) => look_up(lut, Entry::Small(code)),
                        None => lut[0] - Fr::from(group) * Fr::from(*labels) - Fr::from(label),
                    }
                }
                (group, label) => lut[0] - group.to_field() * Fr::from(*labels) - label.to_field(),
            },
            Self::Periodic(values) => values[index & (values.len() - 1)],
            Self::Dense(values) => values[index],
        }
    }

    /// Binds one coordinate of a block of `len` rows.
    pub(crate) fn fold(self, len: usize, r: Fr) -> Self {
        match self {
            Self::One => Self::One,
            Self::Periodic(values) if values.len() == 1 => Self::Periodic(values),
            Self::Periodic(values) => Self::Periodic(Cow::Owned(kernel::fold(&values, r))),
            Self::Dense(values) => Self::Dense(Cow::Owned(kernel::fold(&values, r))),
            source => Self::Dense(Cow::Owned(kernel::tabulate(len / 2, |i| {
                kernel::fold_pair(source.value(2 * i), source.value(2 * i + 1), r)
            }))),
        }
    }
}
