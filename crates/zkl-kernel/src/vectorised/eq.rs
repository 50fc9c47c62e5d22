//! Eq weights of pairs, split into two tables: inside a chunk, and one weight per chunk.

use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
};

use super::{columns::CHUNK, vector};
use crate::avx512::{Avx512, Block};

/// `eq(i, z)` of pair `i = 8 b + lane`.
pub(super) struct PairWeights {
    inner: Vec<Fr>,
    inner_blocks: Vec<Block<Fr>>,
    outer: Vec<Fr>,
}

impl PairWeights {
    /// Weights for chunks of `chunk_blocks` blocks, a power of two of at most [`CHUNK`]. `z` has at least as many coordinates as
    /// a chunk has bits.
    pub(super) fn new(cpu: Avx512, z: &[Fr], chunk_blocks: usize) -> Self {
        debug_assert!(chunk_blocks <= CHUNK, "chunks fit the scratch tables");
        let bits = (8 * chunk_blocks).trailing_zeros() as usize;
        let (low, high) = z.split_at(bits.min(z.len()));
        let inner = vector::scalar_eq_table(low);
        let inner_blocks = inner.as_chunks::<8>().0.iter().map(|values| vector::block(cpu, values)).collect();
        Self { inner, inner_blocks, outer: vector::scalar_eq_table(high) }
    }

    /// Weights inside a chunk.
    pub(super) fn blocks(&self) -> &[Block<Fr>] {
        &self.inner_blocks
    }

    /// The weight of the chunk whose first block of pairs is number `first`.
    pub(super) fn chunk(&self, first: usize) -> Fr {
        self.outer.get(first / self.inner_blocks.len()).copied().unwrap_or(Fr::ZERO)
    }

    /// The weight of one pair.
    pub(super) fn pair(&self, pair: usize) -> Fr {
        self.inner[pair % self.inner.len()] * self.chunk(pair / 8)
    }
}

/// The factor of eq that belongs to a coordinate: `(1 - z) (1 - r) + z r`.
pub(super) fn factor(z: Fr, r: Fr) -> Fr {
    let both = z * r;
    Fr::ONE - z - r + both + both
}
