//! Forms of small integers, with up to three coordinates bound.
//!
//! While few coordinates are bound, an entry is `constant + sum_k sum_j c_k w_j V_k(2^R i + j)`, where `w` is the eq table of the R
//! challenges: a handful of products with small integers. So the largest tables of a sumcheck are never stored.

use zkl_core::ark::{Fr, ff::Field as _};

use super::words;
use crate::{
    avx512::{Avx512, Block, Coefficient, SmallSum, Task},
    cells::{Cells, Form},
};

/// Challenges after which a form is stored as a table.
pub(super) const MOST_BOUND: usize = 3;
/// Terms above which a form is stored from the beginning: with 8 entries each, 2^10 small integers make a sum.
pub(super) const MOST_TERMS: usize = 64;

/// A form whose lowest coordinates are bound.
#[derive(Debug)]
pub(super) struct BoundForm<'a> {
    form: Form<'a>,
    /// Eq table of the challenges so far, `2^R` entries.
    weights: Vec<Fr>,
    constant: Coefficient<Fr>,
    /// `c_k w_j`, `2^R` entries for each term.
    coefficients: Vec<Coefficient<Fr>>,
}

impl<'a> BoundForm<'a> {
    /// The form, if it can be read as words.
    pub(super) fn new(form: &Form<'a>) -> Option<Self> {
        let has_field = form.terms.iter().any(|(_, cells)| matches!(cells, Cells::Field(_)));
        (!has_field && form.terms.len() <= MOST_TERMS).then(|| Self::with_weights(form.clone(), vec![Fr::ONE]))
    }

    fn with_weights(form: Form<'a>, weights: Vec<Fr>) -> Self {
        let products = form.terms.iter().flat_map(|(c, _)| weights.iter().map(move |w| Coefficient::new(*c * w)));
        let coefficients = products.collect();
        Self { constant: Coefficient::new(form.constant), coefficients, form, weights }
    }

    /// Number of bound coordinates.
    pub(super) fn bound(&self) -> usize {
        self.weights.len().trailing_zeros() as usize
    }

    /// The entry from which all are 0, if there is one.
    pub(super) fn zero_from(&self) -> Option<usize> {
        self.form.zero_from().map(|row| row.div_ceil(self.weights.len()))
    }

    pub(super) fn bind(&mut self, r: Fr) {
        let mut weights: Vec<Fr> = self.weights.iter().map(|w| *w * (Fr::ONE - r)).collect();
        weights.extend(self.weights.iter().map(|w| *w * r));
        *self = Self::with_weights(std::mem::take(&mut self.form), weights);
    }

    /// Entry `index`, one element at a time.
    pub(super) fn value(&self, index: usize) -> Fr {
        let first = index * self.weights.len();
        self.weights.iter().enumerate().map(|(j, weight)| *weight * self.form.value(first + j)).sum()
    }
}

/// Writes the entries from `8 * start` on into `out`.
pub(super) struct Values<'s, 'a> {
    pub(super) form: &'s BoundForm<'a>,
    pub(super) start: usize,
    pub(super) out: &'s mut [Block<Fr>],
}

impl Task for Values<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        match self.form.bound() {
            0 => self.with::<0>(cpu),
            1 => self.with::<1>(cpu),
            2 => self.with::<2>(cpu),
            _ => self.with::<3>(cpu),
        }
    }
}

impl Values<'_, '_> {
    #[inline(always)]
    fn with<const R: usize>(self, cpu: Avx512) {
        let form = self.form;
        let mut row = (8 * self.start) << R;
        for block in self.out {
            let mut sum = SmallSum::starting_from(cpu, &form.constant);
            for (k, (_, cells)) in form.form.terms.iter().enumerate() {
                let words = words::read::<R>(cpu, cells, row);
                for j in 0..1 << R {
                    sum = sum.plus(&form.coefficients[(k << R) + j], words[j]);
                }
            }
            sum.reduce().store(block);
            row += 8 << R;
        }
    }
}

/// Writes entries `16 b + 2 i` into lane i of block b of `low`, and the next ones into `high`, for b from `start` on.
pub(super) struct PairValues<'s, 'a> {
    pub(super) form: &'s BoundForm<'a>,
    pub(super) start: usize,
    pub(super) low: &'s mut [Block<Fr>],
    pub(super) high: &'s mut [Block<Fr>],
}

impl Task for PairValues<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run(self, cpu: Avx512) {
        match self.form.bound() {
            0 => self.with::<0, 1>(cpu),
            1 => self.with::<1, 2>(cpu),
            _ => self.with::<2, 3>(cpu),
        }
    }
}

impl PairValues<'_, '_> {
    /// `NEXT` is `R + 1`.
    #[inline(always)]
    fn with<const R: usize, const NEXT: usize>(self, cpu: Avx512) {
        let form = self.form;
        let mut row = (16 * self.start) << R;
        for (low, high) in self.low.iter_mut().zip(self.high) {
            let mut sums = [SmallSum::starting_from(cpu, &form.constant); 2];
            for (k, (_, cells)) in form.form.terms.iter().enumerate() {
                let words = words::read::<NEXT>(cpu, cells, row);
                for j in 0..1 << R {
                    let coefficient = &form.coefficients[(k << R) + j];
                    sums[0] = sums[0].plus(coefficient, words[j]);
                    sums[1] = sums[1].plus(coefficient, words[(1 << R) + j]);
                }
            }
            sums[0].reduce().store(low);
            sums[1].reduce().store(high);
            row += 16 << R;
        }
    }
}
