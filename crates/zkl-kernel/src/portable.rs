//! Plain loops over arkworks' elements: what runs everywhere, and what the vectorised passes are compared with.

mod layer;
mod moments;
mod parallel;
mod source;
mod sparse;
mod transform;
mod weighted;

use zkl_core::ark::{Fr, ff};

pub(crate) use layer::ResumedNumerators;
pub use layer::{Layer, Level};
pub use moments::Moments;
pub(crate) use moments::{At, Weights, add_pair, at_points, full_pairs};
pub use weighted::Weighted;

use crate::threads::prelude::*;
use crate::{
    cells::Form,
    fraction::LeafGroup,
    kernel::{Kernel, LengthMismatch},
    moments::MomentsInput,
    sparse::SparseRows,
    weighted::WeightedForm,
};

/// Arkworks, one element at a time.
#[derive(Clone, Copy, Debug, Default)]
pub struct Portable;

impl Portable {
    fn zip(self, a: &mut [Fr], b: &[Fr], f: impl Fn(&mut Fr, &Fr) + Sync + Send) -> Result<(), LengthMismatch> {
        if a.len() != b.len() {
            return Err(LengthMismatch { left: a.len(), right: b.len() });
        }
        a.par_iter_mut().zip(b).with_min_len(parallel::PARALLEL_FROM / 2).for_each(|(a, b)| f(a, b));
        Ok(())
    }
}

impl Kernel for Portable {
    type Vector = Vec<Fr>;
    type Level = Level;
    type Layer<'a> = Layer<'a>;
    type Moments<'a> = Moments<'a>;
    type Weighted<'a> = Weighted<'a>;

    const NAME: &'static str = "portable";

    fn vector(self, values: &[Fr]) -> Vec<Fr> {
        values.to_vec()
    }

    fn elements(self, vector: &Vec<Fr>) -> Vec<Fr> {
        vector.clone()
    }

    fn len(self, vector: &Vec<Fr>) -> usize {
        vector.len()
    }

    fn add(self, a: &mut Vec<Fr>, b: &Vec<Fr>) -> Result<(), LengthMismatch> {
        self.zip(a, b, |a, b| *a += b)
    }

    fn subtract(self, a: &mut Vec<Fr>, b: &Vec<Fr>) -> Result<(), LengthMismatch> {
        self.zip(a, b, |a, b| *a -= b)
    }

    fn multiply(self, a: &mut Vec<Fr>, b: &Vec<Fr>) -> Result<(), LengthMismatch> {
        self.zip(a, b, |a, b| *a *= b)
    }

    fn add_scaled(self, a: &mut Vec<Fr>, r: Fr, b: &Vec<Fr>) -> Result<(), LengthMismatch> {
        self.zip(a, b, |a, b| *a += r * b)
    }

    fn fold(self, a: &mut Vec<Fr>, r: Fr) {
        *a = parallel::tabulate(a.len().div_ceil(2), |i| {
            let (low, high) = (a[2 * i], a.get(2 * i + 1).copied().unwrap_or_default());
            low + r * (high - low)
        });
    }

    fn invert(self, a: &mut Vec<Fr>) {
        ff::batch_inversion(a);
    }

    fn inner_product(self, a: &Vec<Fr>, b: &Vec<Fr>) -> Result<Fr, LengthMismatch> {
        if a.len() != b.len() {
            return Err(LengthMismatch { left: a.len(), right: b.len() });
        }
        Ok(weighted::inner_product(a, b))
    }

    fn eq_table(self, z: &[Fr]) -> Vec<Fr> {
        parallel::eq_table(z)
    }

    fn eq_sum(self, z: &[Fr], a: &Vec<Fr>) -> Result<Fr, LengthMismatch> {
        if a.len() > 1 << z.len() {
            return Err(LengthMismatch { left: 1 << z.len(), right: a.len() });
        }
        Ok(weighted::eq_sum(z, a))
    }

    fn sparse_products(self, rows: &SparseRows<'_>, values: &[Fr]) -> Vec<Fr> {
        sparse::products(rows, values)
    }

    fn tabulate(self, form: &Form<'_>, rows: usize) -> Vec<Fr> {
        weighted::tabulate(form, rows)
    }

    fn above_leaves(self, groups: &[LeafGroup<'_>], log_rows: usize) -> Level {
        Level::above_leaves(groups, log_rows)
    }

    fn above(self, level: &Level) -> Level {
        level.above()
    }

    fn nodes(self, level: &Level) -> usize {
        level.nodes()
    }

    fn fractions(self, level: &Level) -> (Vec<Fr>, Vec<Fr>) {
        level.values()
    }

    fn layer(self, level: Level, lambda: Fr) -> Layer<'static> {
        Layer::of_level(level, lambda)
    }

    fn leaf_layer<'a>(self, groups: &[LeafGroup<'a>], log_rows: usize, lambda: Fr) -> Layer<'a> {
        Layer::of_leaves(groups, log_rows, lambda)
    }

    fn moments<'a>(self, input: &MomentsInput<'a>) -> Moments<'a> {
        Moments::new(input)
    }

    fn weighted<'a>(self, forms: &[WeightedForm<'a>], log_rows: usize) -> Weighted<'a> {
        Weighted::new(forms, log_rows)
    }
}
