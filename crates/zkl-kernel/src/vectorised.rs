//! The passes with eight lanes.

#![expect(clippy::needless_range_loop, reason = "several arrays are walked at once, without closures: see `avx512`")]

mod columns;
mod eq;
mod form;
mod layer;
mod memory;
mod moment_sums;
mod moments;
mod node;
mod sparse;
mod totals;
mod transform;
mod tree;
mod vector;
mod weighted;
mod words;

use zkl_core::ark::Fr;

pub use layer::Layer;
pub use moments::Moments;
pub use tree::Level;
pub use vector::Vector;
pub use weighted::Weighted;

use crate::{
    avx512::Avx512,
    cells::Form,
    fraction::LeafGroup,
    kernel::{Kernel, LengthMismatch},
    moments::MomentsInput,
    sparse::SparseRows,
    weighted::WeightedForm,
};
use vector::Combination;

impl Kernel for Avx512 {
    type Vector = Vector;
    type Level = Level;
    type Layer<'a> = Layer<'a>;
    type Moments<'a> = Moments<'a>;
    type Weighted<'a> = Weighted<'a>;

    const NAME: &'static str = "avx512";

    fn vector(self, values: &[Fr]) -> Vector {
        Vector::of_elements(self, values)
    }

    fn elements(self, vector: &Vector) -> Vec<Fr> {
        vector.elements(self)
    }

    fn len(self, vector: &Vector) -> usize {
        vector.len()
    }

    fn add(self, a: &mut Vector, b: &Vector) -> Result<(), LengthMismatch> {
        a.combine(self, b, Combination::Add)
    }

    fn subtract(self, a: &mut Vector, b: &Vector) -> Result<(), LengthMismatch> {
        a.combine(self, b, Combination::Subtract)
    }

    fn multiply(self, a: &mut Vector, b: &Vector) -> Result<(), LengthMismatch> {
        a.combine(self, b, Combination::Multiply)
    }

    fn add_scaled(self, a: &mut Vector, r: Fr, b: &Vector) -> Result<(), LengthMismatch> {
        a.combine(self, b, Combination::AddScaled(r))
    }

    fn fold(self, a: &mut Vector, r: Fr) {
        a.fold(self, r);
    }

    fn invert(self, a: &mut Vector) {
        a.invert(self);
    }

    fn inner_product(self, a: &Vector, b: &Vector) -> Result<Fr, LengthMismatch> {
        a.inner_product(self, b)
    }

    fn eq_table(self, z: &[Fr]) -> Vector {
        Vector::eq_table(self, z)
    }

    fn eq_sum(self, z: &[Fr], a: &Vector) -> Result<Fr, LengthMismatch> {
        a.eq_sum(self, z)
    }

    fn sparse_products(self, rows: &SparseRows<'_>, values: &[Fr]) -> Vec<Fr> {
        sparse::products(self, rows, values)
    }

    fn tabulate(self, form: &Form<'_>, rows: usize) -> Vector {
        Vector::tabulate(self, form, rows)
    }

    fn above_leaves(self, groups: &[LeafGroup<'_>], log_rows: usize) -> Level {
        Level::above_leaves(self, groups, log_rows)
    }

    fn above(self, level: &Level) -> Level {
        level.above(self)
    }

    fn nodes(self, level: &Level) -> usize {
        level.nodes()
    }

    fn fractions(self, level: &Level) -> (Vec<Fr>, Vec<Fr>) {
        level.fractions(self)
    }

    fn layer(self, level: Level, lambda: Fr) -> Layer<'static> {
        Layer::of_level(self, level, lambda)
    }

    fn leaf_layer<'a>(self, groups: &[LeafGroup<'a>], log_rows: usize, lambda: Fr) -> Layer<'a> {
        Layer::of_leaves(self, groups, log_rows, lambda)
    }

    fn moments<'a>(self, input: &MomentsInput<'a>) -> Moments<'a> {
        Moments::new(self, input)
    }

    fn weighted<'a>(self, forms: &[WeightedForm<'a>], log_rows: usize) -> Weighted<'a> {
        Weighted::new(self, forms, log_rows)
    }
}
