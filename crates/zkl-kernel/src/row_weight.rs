//! The extension of `[i < n]` while coordinates are bound.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

/// Ones, then one value, then zeros: what `[i < n]` is after any number of coordinates are bound, lowest first.
#[derive(Clone, Copy, Debug)]
pub struct RowWeight {
    full: usize,
    boundary: Fr,
}

impl RowWeight {
    /// `[i < n]`.
    pub fn new(n: usize) -> Self {
        Self { full: n, boundary: Fr::ZERO }
    }

    /// The value at `index`.
    #[inline]
    pub fn value(self, index: usize) -> Fr {
        match index.cmp(&self.full) {
            std::cmp::Ordering::Less => Fr::ONE,
            std::cmp::Ordering::Equal => self.boundary,
            std::cmp::Ordering::Greater => Fr::ZERO,
        }
    }

    /// Entries that are 1, from the first on.
    pub fn ones(self) -> usize {
        self.full
    }

    /// Whether every value from `index` on is zero.
    pub fn is_zero_from(self, index: usize) -> bool {
        index > self.full || (index == self.full && self.boundary == Fr::ZERO)
    }

    /// Binds coordinate 0 to `r`.
    #[must_use]
    pub fn fold(self, r: Fr) -> Self {
        let index = self.full / 2;
        let (low, high) = (self.value(2 * index), self.value(2 * index + 1));
        Self { full: index, boundary: low + r * (high - low) }
    }
}
