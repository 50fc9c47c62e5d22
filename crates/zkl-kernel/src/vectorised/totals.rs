//! From running sums in eight lanes to elements.

use zkl_core::ark::{Fr, ff::AdditiveGroup as _};

use crate::avx512::{Accumulator, Avx512, LaneSum, Task};

/// A running sum.
pub(super) trait Running: Copy {
    /// The sum over all lanes.
    fn element(self) -> Fr;
}

impl Running for Accumulator<Fr> {
    #[inline(always)]
    fn element(self) -> Fr {
        self.total().sum()
    }
}

impl Running for LaneSum<Fr> {
    #[inline(always)]
    fn element(self) -> Fr {
        self.total().sum()
    }
}

/// The elements that running sums have come to.
pub(super) fn elements<R: Running, const N: usize>(cpu: Avx512, sums: &[R; N]) -> [Fr; N] {
    cpu.run(Elements { sums })
}

struct Elements<'s, R, const N: usize> {
    sums: &'s [R; N],
}

impl<R: Running, const N: usize> Task for Elements<'_, R, N> {
    type Output = [Fr; N];

    #[inline(always)]
    fn run(self, _: Avx512) -> [Fr; N] {
        let mut elements = [Fr::ZERO; N];
        for k in 0..N {
            elements[k] = self.sums[k].element();
        }
        elements
    }
}

/// Adds arrays element by element.
pub(super) fn add<const N: usize>(mut a: [Fr; N], b: [Fr; N]) -> [Fr; N] {
    for (a, b) in a.iter_mut().zip(b) {
        *a += b;
    }
    a
}
