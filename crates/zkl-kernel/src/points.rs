//! Sums of points, set by set: what multi-scalar multiplication spends its time on.
//!
//! [`sums`] takes a table of points and sets of signed references to them, and gives the sum of every set. Buckets of a
//! window, rows and columns of buckets, blocks of bases, digits of a fixed base: all are such sets.
//!
//! # Algorithm
//! The points of a set are added pairwise in affine form, pass by pass, and a pass goes over many sets at once: an addition
//! needs an inversion, and a batch of inversions costs one, and three products each. Sets are worked on in chunks
//! that stay in the second-level cache; what is left of sets that span chunks is put together in a next round.
//!
//! Equal points, opposite points and the neutral element are added like others: points need not be distinct.

mod portable;
mod sums;
mod table;

use std::fmt::Debug;

use zkl_core::ark::{
    Fr,
    bn254::{g1, g2},
    ec::short_weierstrass::{Affine, SWCurveConfig},
};

pub use sums::{Run, sums};
pub use table::{PointTable, PointTask};

/// A curve whose points the kernel adds: those of G1 and G2 of BN254. Both have `a = 0` and no points of order 2.
pub trait Curve: SWCurveConfig<ScalarField = Fr> {
    /// Eight coordinates of points.
    #[cfg(target_arch = "x86_64")]
    type Eight: crate::avx512::Coordinate<Element = Self::BaseField>;
}

impl Curve for g1::Config {
    #[cfg(target_arch = "x86_64")]
    type Eight = crate::avx512::Lanes<zkl_core::ark::Fq>;
}

impl Curve for g2::Config {
    #[cfg(target_arch = "x86_64")]
    type Eight = crate::avx512::Quadratic<2>;
}

/// Two points to be added, and where their sum goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    /// One point.
    pub left: u32,
    /// The other.
    pub right: u32,
    /// Index of the sum.
    pub to: u32,
}

/// An implementation of additions of points. Sums are exact: implementations differ in speed and in nothing else.
///
/// Indices must be within their slices: an implementation may panic when they are not.
pub trait PointKernel<C: Curve>: Copy + Debug + Send + Sync {
    /// A point in the kernel's form. Its default is the neutral element.
    type Point: Copy + Default + Debug + Send + Sync;
    /// Memory that calls reuse.
    type Scratch: Default;

    /// `points` in the kernel's form.
    fn prepare(self, points: &[Affine<C>]) -> Vec<Self::Point>;

    /// Points from the kernel's form.
    fn restore(self, points: &[Self::Point]) -> Vec<Affine<C>>;

    /// `-point`.
    fn negated(self, point: &Self::Point) -> Self::Point;

    /// Writes sums of points of `table` to `out`. `left` and `right` are `2 index + sign`, 1 for minus.
    fn add_apart(self, table: &[Self::Point], pairs: &[Pair], out: &mut [Self::Point], scratch: &mut Self::Scratch);

    /// Replaces points by sums. `left` and `right` are indices. No sum may go where another pair reads.
    fn add_within(self, points: &mut [Self::Point], pairs: &[Pair], scratch: &mut Self::Scratch);
}
