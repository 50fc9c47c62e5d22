//! The sumcheck of weighted forms.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use super::{
    parallel,
    source::{Multiples, Source, TabledForm},
};
use crate::weighted::{WeightedForm, WeightedRounds};

/// The state of the sumcheck: a form and its weight as tables.
pub struct Weighted<'a> {
    tables: Vec<[Source<'a>; 2]>,
    free: usize,
}

impl<'a> Weighted<'a> {
    pub(crate) fn new(forms: &[WeightedForm<'a>], log_rows: usize) -> Self {
        let tables = |weighted: &WeightedForm<'a>| {
            let form = tabulate(&weighted.form, 1 << log_rows);
            [Source::Dense(form), Source::Dense(parallel::eq_table(&weighted.z))]
        };
        Self { tables: forms.iter().map(tables).collect(), free: log_rows }
    }

    /// A state in the middle of the sumcheck: forms and weights.
    pub(crate) fn resume(tables: Vec<[Vec<Fr>; 2]>, free: usize) -> Self {
        Self { tables: tables.into_iter().map(|pair| pair.map(Source::Dense)).collect(), free }
    }
}

impl WeightedRounds for Weighted<'_> {
    fn sums(&mut self) -> [Fr; 2] {
        parallel::sum(1 << (self.free - 1), |i, sums: &mut [Fr; 2]| {
            for [form, eq] in &self.tables {
                let (low, high) = (form.value(2 * i), form.value(2 * i + 1));
                let (eq_low, eq_high) = (eq.value(2 * i), eq.value(2 * i + 1));
                sums[0] += low * eq_low;
                sums[1] += (high - low) * (eq_high - eq_low);
            }
        })
    }

    fn bind(&mut self, r: Fr) {
        let len = 1 << self.free;
        for source in self.tables.iter_mut().flatten() {
            source.bind(len, r);
        }
        self.free -= 1;
    }

    fn ends(self) -> Vec<Fr> {
        self.tables.iter().map(|[_, eq]| eq.value(0)).collect()
    }
}

/// `sum_k coefficient_k V_k` on the first `rows` rows.
pub(super) fn tabulate(form: &crate::cells::Form<'_>, rows: usize) -> Vec<Fr> {
    let multiples = Multiples::new(std::iter::once(form), rows);
    let source = Source::Form(TabledForm::new(form, &multiples));
    source.into_dense(rows)
}

/// `sum_i a_i b_i`.
pub(super) fn inner_product(a: &[Fr], b: &[Fr]) -> Fr {
    let [sum] = parallel::sum(a.len(), |i, sums: &mut [Fr; 1]| sums[0] += a[i] * b[i]);
    sum
}

/// `sum_i eq(i, z) values_i`.
pub(super) fn eq_sum(z: &[Fr], values: &[Fr]) -> Fr {
    let [sum] = parallel::eq_sum(z, |i, eq, sums: &mut [Fr; 1]| {
        sums[0] += values.get(i).map_or(Fr::ZERO, |value| *value * eq);
    });
    sum
}
