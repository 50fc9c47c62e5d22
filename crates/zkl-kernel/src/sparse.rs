//! Sparse matrices whose entries repeat: what evaluates the constraints of a circuit.

use zkl_core::ark::Fr;

/// An entry of a sparse row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SparseTerm {
    /// Position among the distinct coefficients.
    pub coefficient: u32,
    /// Column.
    pub column: u32,
}

/// Rows of few entries each, one after another.
#[derive(Clone, Copy, Debug)]
pub struct SparseRows<'a> {
    /// Distinct coefficients.
    pub coefficients: &'a [Fr],
    /// Entries of all rows.
    pub terms: &'a [SparseTerm],
    /// Row k ends here among the entries, and row k + 1 begins. They ascend, up to the number of entries.
    pub ends: &'a [u32],
}

impl SparseRows<'_> {
    /// Positions of the entries of row `index`.
    pub(crate) fn range(&self, index: usize) -> (usize, usize) {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        (start as usize, self.ends[index] as usize)
    }
}
