//! Large zeroed memory for blocks.

#![expect(
    unsafe_code,
    reason = "zeroed pages from the allocator are seen as blocks, which keeps them untouched until they are used"
)]

use std::marker::PhantomData;

use zeroize::Zeroize as _;

use crate::{avx512::Block, modulus::LIMBS};

const WORDS: usize = 8 * LIMBS;
const ALIGNMENT: usize = align_of::<Block<()>>() / size_of::<u64>();

/// Blocks that are zero until they are written. Memory that is never written is never touched.
#[derive(Debug)]
pub(super) struct Storage<F> {
    words: Vec<u64>,
    blocks: usize,
    field: PhantomData<F>,
}

impl<F> Storage<F> {
    pub(super) fn zeroed(blocks: usize) -> Self {
        // Zeroed integers come from the allocator as untouched pages; aligned ones would be cleared by hand.
        Self { words: vec![0; blocks * WORDS + ALIGNMENT - 1], blocks, field: PhantomData }
    }

    pub(super) fn blocks(&self) -> &[Block<F>] {
        // SAFETY: a block is 40 integers of 64 bits, any of which are valid.
        let (_, blocks, _) = unsafe { self.words.align_to() };
        &blocks[..self.blocks]
    }

    pub(super) fn blocks_mut(&mut self) -> &mut [Block<F>] {
        // SAFETY: a block is 40 integers of 64 bits, any of which are valid, on both sides.
        let (_, blocks, _) = unsafe { self.words.align_to_mut() };
        &mut blocks[..self.blocks]
    }

    /// Writes zeros that the compiler does not leave out.
    pub(super) fn erase(&mut self) {
        self.words.as_mut_slice().zeroize();
    }
}

impl<F: Copy> Clone for Storage<F> {
    fn clone(&self) -> Self {
        let mut copy = Self::zeroed(self.blocks);
        copy.blocks_mut().copy_from_slice(self.blocks());
        copy
    }
}
