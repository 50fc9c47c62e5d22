//! The passes of the fractional sum: what goes into the tree, and the sumcheck of one layer.
//!
//! A node has four children and adds their fractions:
//! ```text
//! p = (p0 q1 + p1 q0) q2 q3 + (p2 q3 + p3 q2) q0 q1       q = q0 q1 q2 q3
//! ```
//! Child `j` of node `x` of a layer of `m` nodes is entry `x + j m` of the layer below. At the leaves, four blocks of rows
//! make a group, and every row of a group is a node.
//!
//! The sumcheck of a layer is over `eq(z, x) [p + lambda q](x)`, with the factor of eq that belongs to the coordinate of the round
//! taken out: a polynomial of degree 4.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use crate::cells::Form;

/// Numerators of a block of leaves.
#[derive(Clone, Debug)]
pub enum Numerator<'a> {
    /// 0 on every row.
    Zero,
    /// 1 on every row.
    One,
    /// 1 on the rows below this, then 0.
    Below(usize),
    /// A form of columns.
    Form(Form<'a>),
}

/// Denominators of a block of leaves.
#[derive(Clone, Debug)]
pub enum Denominator<'a> {
    /// 1 on every row.
    One,
    /// A form of columns.
    Form(Form<'a>),
}

/// A block of leaves.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    /// Numerators.
    pub p: Numerator<'a>,
    /// Denominators.
    pub q: Denominator<'a>,
}

impl Leaf<'_> {
    /// A block that adds nothing: 0 / 1 on every row.
    pub const TRIVIAL: Leaf<'static> = Leaf { p: Numerator::Zero, q: Denominator::One };

    /// Whether the block adds nothing.
    pub fn is_trivial(&self) -> bool {
        matches!((&self.p, &self.q), (Numerator::Zero, Denominator::One))
    }
}

/// Four blocks that are joined row by row.
pub type LeafGroup<'a> = [Leaf<'a>; 4];

/// The sumcheck of one layer, coordinate 0 first.
pub trait LayerRounds {
    /// Coordinates that are not bound yet.
    fn free(&self) -> usize;

    /// `sum_g w_g sum_i eq(i, z) t_gi(X)`, where `t_gi` is `p + lambda q` of group g on the line through entries 2i and 2i + 1: its
    /// values at 0, 2 and -1, and its coefficient of degree 4.
    ///
    /// There is a weight for each group, and `z` has `free() - 1` coordinates.
    fn sums(&mut self, weights: &[Fr], z: &[Fr]) -> [Fr; 4];

    /// Binds coordinate 0 to `r`.
    fn bind(&mut self, r: Fr);

    /// What is left when every coordinate is bound: numerators and denominators of the four children, for each group.
    fn ends(self) -> Vec<([Fr; 4], [Fr; 4])>;
}

/// The value at 2 of a quadratic, from its values at 0 and -1 and its leading coefficient.
pub(crate) fn quadratic_at_two(at_0: Fr, at_minus_1: Fr, leading: Fr) -> Fr {
    let linear = at_0 + leading - at_minus_1;
    at_0 + linear.double() + leading.double().double()
}
