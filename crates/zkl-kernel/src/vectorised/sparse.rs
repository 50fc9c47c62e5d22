//! Products of sparse rows, eight rows at a time.
//!
//! The rows of a chunk are ordered by their length, so that the eight of a group end together: circuits repeat the same
//! rows over and over. A lane whose row has ended goes on with zeros.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use crate::{
    avx512::{Accumulator, Avx512, Lanes, Task},
    sparse::{SparseRows, SparseTerm},
    threads::prelude::*,
};

/// Rows that one thread takes at a time.
const CHUNK: usize = 1 << 12;
/// Rows from this length on count as equally long.
const LONG: usize = 255;

pub(super) fn products(cpu: Avx512, rows: &SparseRows<'_>, values: &[Fr]) -> Vec<Fr> {
    // For `Lanes::sixteenths`.
    let mut scaled = rows.coefficients.to_vec();
    scaled.par_iter_mut().with_min_len(CHUNK).for_each(|value| {
        for _ in 0..4 {
            value.double_in_place();
        }
    });
    let mut products = vec![Fr::ZERO; rows.ends.len()];
    products.par_chunks_mut(CHUNK).enumerate().for_each(|(chunk, out)| {
        let first = chunk * CHUNK;
        let order = by_length(rows, first, out.len());
        cpu.run(Products { rows, scaled: &scaled, values, first, order: &order, out });
    });
    products
}

/// The rows from `first` on, counted from there, ordered by their length.
fn by_length(rows: &SparseRows<'_>, first: usize, count: usize) -> Vec<u32> {
    let length = |row: usize| {
        let (start, end) = rows.range(first + row);
        (end - start).min(LONG)
    };
    let mut starts = [0u32; LONG + 2];
    for row in 0..count {
        starts[length(row) + 1] += 1;
    }
    for k in 1..starts.len() {
        starts[k] += starts[k - 1];
    }
    let mut order = vec![0; count];
    for row in 0..count {
        let next = &mut starts[length(row)];
        order[*next as usize] = row as u32;
        *next += 1;
    }
    order
}

struct Products<'s> {
    rows: &'s SparseRows<'s>,
    /// Sixteen times the coefficients.
    scaled: &'s [Fr],
    values: &'s [Fr],
    first: usize,
    order: &'s [u32],
    out: &'s mut [Fr],
}

impl Task for Products<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        let Self { rows, scaled, values, first, order, out } = self;
        for group in order.chunks(8) {
            let mut spans: [&[SparseTerm]; 8] = [&[]; 8];
            let (mut shortest, mut longest) = (usize::MAX, 0);
            for lane in 0..group.len() {
                let (start, end) = rows.range(first + group[lane] as usize);
                spans[lane] = &rows.terms[start..end];
                shortest = shortest.min(end - start);
                longest = longest.max(end - start);
            }
            if group.len() < 8 {
                shortest = 0;
            }
            let mut sum = Accumulator::new(cpu);
            for j in 0..shortest {
                let (mut factors, mut terms) = ([&Fr::ZERO; 8], [&Fr::ZERO; 8]);
                for lane in 0..8 {
                    let term = spans[lane][j];
                    factors[lane] = &scaled[term.coefficient as usize];
                    terms[lane] = &values[term.column as usize];
                }
                sum.add(Lanes::sixteenths(cpu, factors), Lanes::from_ark_refs(cpu, terms));
            }
            for j in shortest..longest {
                let (mut factors, mut terms) = ([&Fr::ZERO; 8], [&Fr::ZERO; 8]);
                for lane in 0..8 {
                    if let Some(term) = spans[lane].get(j) {
                        factors[lane] = &scaled[term.coefficient as usize];
                        terms[lane] = &values[term.column as usize];
                    }
                }
                sum.add(Lanes::sixteenths(cpu, factors), Lanes::from_ark_refs(cpu, terms));
            }
            let sums = sum.total().to_ark();
            for lane in 0..group.len() {
                out[group[lane] as usize] = sums[lane];
            }
        }
    }
}
