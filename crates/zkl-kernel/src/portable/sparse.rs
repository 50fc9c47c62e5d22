//! Products of sparse rows, one entry at a time.

use zkl_core::ark::{Fr, ff::Field as _};

use crate::{
    sparse::{SparseRows, SparseTerm},
    threads::prelude::*,
};

/// Rows that one thread takes at a time.
const CHUNK: usize = 1 << 10;

pub(super) fn products(rows: &SparseRows<'_>, values: &[Fr]) -> Vec<Fr> {
    let product = |term: &SparseTerm| {
        let (coefficient, value) = (rows.coefficients[term.coefficient as usize], values[term.column as usize]);
        if coefficient == Fr::ONE { value } else { coefficient * value }
    };
    let row = |index: usize| -> Fr {
        let (start, end) = rows.range(index);
        rows.terms[start..end].iter().map(product).sum()
    };
    (0..rows.ends.len()).into_par_iter().with_min_len(CHUNK).map(row).collect()
}
