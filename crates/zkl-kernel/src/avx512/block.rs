//! Eight elements in memory.

use std::marker::PhantomData;

use super::word::Avx512;
use crate::modulus::{LIMBS, Modulus};

/// Eight elements of `F`, each below `K p`, as `[limb][lane]`: 320 bytes on a cache-line boundary.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
pub struct Block<F, const K: u32 = 2> {
    pub(super) limbs: [[u64; 8]; LIMBS],
    field: PhantomData<F>,
}

impl<F: Modulus, const K: u32> Block<F, K> {
    /// Eight zeros.
    pub const ZERO: Self = Self { limbs: [[0; 8]; LIMBS], field: PhantomData };

    /// Asks for the block ahead of its use.
    #[inline(always)]
    pub fn prefetch(&self, cpu: Avx512) {
        for i in 0..LIMBS {
            cpu.prefetch(&self.limbs[i]);
        }
    }
}

impl<F: Modulus, const K: u32> Default for Block<F, K> {
    #[inline(always)]
    fn default() -> Self {
        Self::ZERO
    }
}
