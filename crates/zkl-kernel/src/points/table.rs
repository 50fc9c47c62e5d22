//! Points that are kept ready for whichever implementation adds them.

use std::marker::PhantomData;

use zkl_core::ark::ec::short_weierstrass::Affine;

use super::{Curve, PointKernel};
use crate::{choice::Choice, portable::Portable};

/// Points with their form of one implementation: 64 bytes more for a point of G1 and 128 for one of G2 where that form is not
/// the one of arkworks.
#[derive(Clone, Debug)]
pub struct PointTable<C: Curve> {
    points: Vec<Affine<C>>,
    prepared: Prepared<C>,
}

#[derive(Clone, Debug)]
enum Prepared<C: Curve> {
    /// The points as they are.
    Portable(Portable, PhantomData<C>),
    #[cfg(target_arch = "x86_64")]
    Avx512(crate::avx512::Avx512, Vec<<crate::avx512::Avx512 as PointKernel<C>>::Point>),
}

/// Something to be done with a table by whichever implementation it was prepared for.
pub trait PointTask<C: Curve> {
    /// What it gives.
    type Output;

    /// Does it.
    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output;
}

impl<C: Curve> PointTable<C> {
    /// Prepares `points` for `choice`.
    pub fn new(choice: Choice, points: Vec<Affine<C>>) -> Self {
        let prepared = match choice {
            Choice::Portable(kernel) => Prepared::Portable(kernel, PhantomData),
            #[cfg(target_arch = "x86_64")]
            Choice::Avx512(kernel) => Prepared::Avx512(kernel, kernel.prepare(&points)),
        };
        Self { points, prepared }
    }

    /// The points.
    pub fn points(&self) -> &[Affine<C>] {
        &self.points
    }

    /// Number of points.
    pub const fn len(&self) -> usize {
        self.points.len()
    }

    /// Whether there are no points.
    pub const fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    /// Runs `task`.
    pub fn run<T: PointTask<C>>(&self, task: T) -> T::Output {
        match &self.prepared {
            Prepared::Portable(kernel, _) => task.run(*kernel, &self.points),
            #[cfg(target_arch = "x86_64")]
            Prepared::Avx512(kernel, points) => task.run(*kernel, points),
        }
    }
}
