//! Sums of points by code: what full scalars of which few are different come down to.

use zeroize::Zeroizing;
use zkl_core::ark::ec::short_weierstrass::Affine;
use zkl_kernel::points::{Curve, PointKernel, PointTask, Run, sums};

/// `sum_{i: codes[i] = c} points[i]` for every code c below `sets`. Higher codes count nowhere.
pub(super) struct CodeSums<'a> {
    pub(super) codes: &'a [u16],
    pub(super) sets: usize,
}

impl<C: Curve> PointTask<C> for CodeSums<'_> {
    type Output = Vec<Affine<C>>;

    fn run<K: PointKernel<C>>(self, kernel: K, table: &[K::Point]) -> Self::Output {
        let Self { codes, sets } = self;
        let mut places = vec![0u32; sets];
        for &code in codes {
            if let Some(count) = places.get_mut(usize::from(code)) {
                *count += 1;
            }
        }
        let mut runs = Vec::with_capacity(sets);
        let mut start = 0;
        for (set, place) in (0..).zip(&mut places) {
            let len = std::mem::replace(place, start);
            runs.push(Run { set, start, len });
            start += len;
        }
        let mut entries = Zeroizing::new(vec![0; start as usize]);
        for (index, &code) in (0u32..).zip(codes) {
            if let Some(place) = places.get_mut(usize::from(code)) {
                entries[*place as usize] = index << 1;
                *place += 1;
            }
        }
        kernel.restore(&sums(kernel, table, &entries, &runs, sets))
    }
}
