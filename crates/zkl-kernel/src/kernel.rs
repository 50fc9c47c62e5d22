//! The interface that both implementations have.

use std::fmt::Debug;

use zkl_core::ark::Fr;

use crate::{
    cells::Form,
    fraction::{LayerRounds, LeafGroup},
    moments::{MomentsInput, MomentsRounds},
    sparse::SparseRows,
    weighted::{WeightedForm, WeightedRounds},
};

/// Two vectors of different lengths where equal ones are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a vector of {left} elements meets one of {right}")]
pub struct LengthMismatch {
    /// Elements of the left one.
    pub left: usize,
    /// Elements of the right one.
    pub right: usize,
}

/// Field arithmetic over whole vectors. Implementations differ in speed and in nothing else: every result is exact, so the
/// messages of a prover do not tell which one made them.
///
/// With the feature `parallel`, loops use the threads of the current rayon pool. Running times of operations on vectors do not depend on the
/// elements, but for [`Kernel::invert`].
pub trait Kernel: Copy + Debug + Send + Sync + 'static {
    /// Elements in the kernel's own form.
    type Vector: Clone + Debug + Send + Sync;
    /// The fractions of one layer of the fractional sum.
    type Level: Debug + Send;
    /// The sumcheck of one layer.
    type Layer<'a>: LayerRounds;
    /// The moments sumcheck.
    type Moments<'a>: MomentsRounds;
    /// The sumcheck of weighted forms.
    type Weighted<'a>: WeightedRounds;

    /// What it is called in `ZKL_KERNEL`.
    const NAME: &'static str;

    /// `values` in the kernel's form.
    fn vector(self, values: &[Fr]) -> Self::Vector;

    /// The elements of a vector.
    fn elements(self, vector: &Self::Vector) -> Vec<Fr>;

    /// Number of elements.
    fn len(self, vector: &Self::Vector) -> usize;

    /// `a_i += b_i`.
    ///
    /// # Errors
    /// [`LengthMismatch`].
    fn add(self, a: &mut Self::Vector, b: &Self::Vector) -> Result<(), LengthMismatch>;

    /// `a_i -= b_i`.
    ///
    /// # Errors
    /// [`LengthMismatch`].
    fn subtract(self, a: &mut Self::Vector, b: &Self::Vector) -> Result<(), LengthMismatch>;

    /// `a_i *= b_i`.
    ///
    /// # Errors
    /// [`LengthMismatch`].
    fn multiply(self, a: &mut Self::Vector, b: &Self::Vector) -> Result<(), LengthMismatch>;

    /// `a_i += r b_i`.
    ///
    /// # Errors
    /// [`LengthMismatch`].
    fn add_scaled(self, a: &mut Self::Vector, r: Fr, b: &Self::Vector) -> Result<(), LengthMismatch>;

    /// Entry i becomes `a_2i + r (a_2i+1 - a_2i)`: binds the lowest coordinate. A last entry without a partner is paired with 0.
    fn fold(self, a: &mut Self::Vector, r: Fr);

    /// `a_i = 1 / a_i`; zeros stay zeros.
    fn invert(self, a: &mut Self::Vector);

    /// `sum_i a_i b_i`.
    ///
    /// # Errors
    /// [`LengthMismatch`].
    fn inner_product(self, a: &Self::Vector, b: &Self::Vector) -> Result<Fr, LengthMismatch>;

    /// `eq(i, z)` for every `i < 2^z.len()`, coordinate 0 belonging to the lowest bit of i.
    fn eq_table(self, z: &[Fr]) -> Self::Vector;

    /// `sum_i eq(i, z) a_i`, over at most `2^z.len()` entries; entries beyond the end of `a` are 0.
    ///
    /// # Errors
    /// [`LengthMismatch`] when there are more.
    fn eq_sum(self, z: &[Fr], a: &Self::Vector) -> Result<Fr, LengthMismatch>;

    /// The product of each row with the column `values`, which has an entry for every column of the rows.
    fn sparse_products(self, rows: &SparseRows<'_>, values: &[Fr]) -> Vec<Fr>;

    /// The values of a form on the first `rows` rows.
    fn tabulate(self, form: &Form<'_>, rows: usize) -> Self::Vector;

    /// The layer above the leaves: node `g 2^log_rows + i` is row i of group g. There is at least one group, a power of two of
    /// them.
    fn above_leaves(self, groups: &[LeafGroup<'_>], log_rows: usize) -> Self::Level;

    /// The layer above `level`, which has at least four nodes.
    fn above(self, level: &Self::Level) -> Self::Level;

    /// Nodes of a layer.
    fn nodes(self, level: &Self::Level) -> usize;

    /// Numerators and denominators of a layer.
    fn fractions(self, level: &Self::Level) -> (Vec<Fr>, Vec<Fr>);

    /// The sumcheck that reduces the nodes above `level`, which has at least four, to the nodes of `level`.
    fn layer(self, level: Self::Level, lambda: Fr) -> Self::Layer<'static>;

    /// The sumcheck that reduces the nodes above the leaves to the leaves.
    fn leaf_layer<'a>(self, groups: &[LeafGroup<'a>], log_rows: usize, lambda: Fr) -> Self::Layer<'a>;

    /// The moments sumcheck.
    fn moments<'a>(self, input: &MomentsInput<'a>) -> Self::Moments<'a>;

    /// The sumcheck over `sum_x sum_k eq(z_k, x) f_k(x)` on `2^log_rows` rows.
    fn weighted<'a>(self, forms: &[WeightedForm<'a>], log_rows: usize) -> Self::Weighted<'a>;
}

/// Something to be done with whichever implementation runs.
pub trait KernelTask {
    /// What it gives.
    type Output;

    /// Does it.
    fn run<K: Kernel>(self, kernel: K) -> Self::Output;
}
