//! The shape of an argument: how many slots of each kind it has, and nothing about a particular table. One transcript
//! circuit serves one shape; a layout takes slots of it in canonical order and leaves the rest inactive, at no cost.
//!
//! # Block order
//! The leaves of the lookup tree are stacked blocks of `N = 2^mu` rows, in this order, filled up with trivial blocks to
//! `2^block_bits`:
//!
//! | blocks | looks up | table |
//! |---|---|---|
//! | one per limb slot | `V` | limb table |
//! | one per numeric slot | `T - V_top` | limb table |
//! | one per category slot | code | its own, small |
//! | one per joint slot | `D2 V_g + V_l` | its own, small |
//! | one per grouped slot | code | its own, with multiplicities |
//! | one per grouped slot, then again | `lo`, `hi` of `m - k_min`, in all N rows | limb table |
//! | the limb table | - | multiplicities |
//! | one per grouped slot | - | multiplicities |
//!
//! Tables are told apart by a small integer tau: 0 for limbs, then category, joint and grouped slots.

use crate::{error::PlanError, kinds::Sizes};

/// Capacities of small dictionary tables, ascending, as in `zkl_core::layout::Encoding::CATEGORY_CAPACITIES`.
pub const CATEGORY_SIZES: [usize; 4] = [4, 16, 64, 256];
/// Sizes of joint tables, ascending: products of two category capacities.
pub const JOINT_SIZES: [usize; 3] = [16, 64, 256];
/// Bits of a limb in every shape that is not a test's.
pub const LIMB_BITS: usize = 16;
/// Binary logarithm of the arity of the lookup tree.
pub const LOG_ARITY: usize = 2;

/// How many slots of each kind a shape has.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Slots {
    /// Limb columns of numeric columns.
    pub limbs: usize,
    /// Numeric columns.
    pub numeric: usize,
    /// Columns of which only the valid count is proved.
    pub opaque: usize,
    /// Small dictionary columns by capacity, in the order of [`CATEGORY_SIZES`].
    pub categories: [usize; CATEGORY_SIZES.len()],
    /// Joint tables by size, in the order of [`JOINT_SIZES`].
    pub joints: [usize; JOINT_SIZES.len()],
    /// Large dictionary columns.
    pub grouped: usize,
    /// Declared numeric pairs.
    pub products: usize,
}

impl Slots {
    /// Category slots of all capacities.
    pub fn category_count(&self) -> usize {
        self.categories.iter().sum()
    }

    /// Joint slots of all sizes.
    pub fn joint_count(&self) -> usize {
        self.joints.iter().sum()
    }

    /// Sizes of all small tables: category slots by ascending capacity, then joint slots by ascending size.
    pub fn small_tables(&self) -> Vec<usize> {
        let sizes = CATEGORY_SIZES.into_iter().chain(JOINT_SIZES);
        let counts = self.categories.iter().chain(&self.joints);
        sizes.zip(counts).flat_map(|(size, &count)| std::iter::repeat_n(size, count)).collect()
    }

    /// Blocks of leaves, without the trivial ones.
    pub fn blocks(&self) -> usize {
        block_order(self).len()
    }

    /// Whether anything is looked up in the limb table.
    pub fn uses_limb_table(&self) -> bool {
        self.limbs + self.numeric + self.grouped > 0
    }
}

/// One block of leaves; the index is the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Block {
    /// A limb column in the limb table.
    Limb(usize),
    /// `T - V` of the top limb of a numeric slot in the limb table.
    Top(usize),
    /// A category code in its small table.
    Category(usize),
    /// A joint code in its small table.
    Joint(usize),
    /// A grouped code in its table.
    GroupCode(usize),
    /// The low limb of `m - k_min` in the limb table.
    GroupLow(usize),
    /// The high limb of `m - k_min` in the limb table.
    GroupHigh(usize),
    /// The limb table.
    LimbTable,
    /// The table of a grouped slot.
    GroupTable(usize),
}

/// The shape of an argument.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shape {
    log_rows: usize,
    limb_bits: usize,
    slots: Slots,
    blocks: Vec<Block>,
    block_bits: usize,
}

impl Shape {
    /// Most rows of a shape, as a binary logarithm.
    pub const MAX_LOG_ROWS: usize = 24;
    /// Most blocks of a shape.
    pub const MAX_BLOCKS: usize = 1_024;
    /// Most opaque or product slots of a shape.
    pub const MAX_SLOTS: usize = 1_023;

    /// A shape for up to `2^log_rows` rows with 16-bit limbs.
    ///
    /// # Errors
    /// [`PlanError::Size`] when `log_rows` is below 16 or above [`Self::MAX_LOG_ROWS`], or there are too many slots.
    pub fn new(log_rows: usize, slots: Slots) -> Result<Self, PlanError> {
        Self::with_limb_bits(log_rows, LIMB_BITS, slots)
    }

    /// A shape whose limbs have `limb_bits` bits, so that tests can use fewer than 2^16 rows. What it proves is a statement
    /// about limbs of that width: real tables use [`Shape::new`].
    ///
    /// # Errors
    /// As [`Shape::new`], with `limb_bits` in place of 16.
    pub fn with_limb_bits(log_rows: usize, limb_bits: usize, slots: Slots) -> Result<Self, PlanError> {
        let within = |what, got, min, max| {
            if (min..=max).contains(&got) { Ok(()) } else { Err(PlanError::Size { what, got, min, max }) }
        };
        within("limb bits", limb_bits, 2, LIMB_BITS)?;
        within("binary logarithm of the rows", log_rows, limb_bits, Self::MAX_LOG_ROWS)?;
        let counts = [slots.limbs, slots.numeric, slots.opaque, slots.grouped, slots.products];
        for count in counts.iter().chain(&slots.categories).chain(&slots.joints) {
            within("slots of one kind", *count, 0, Self::MAX_SLOTS)?;
        }
        let blocks = block_order(&slots);
        within("blocks", blocks.len(), 0, Self::MAX_BLOCKS)?;
        let block_bits = blocks.len().next_power_of_two().trailing_zeros() as usize;
        // The leaf layer joins four blocks, so there are at least four, trivial ones included.
        Ok(Self { log_rows, limb_bits, slots, blocks, block_bits: block_bits.max(LOG_ARITY) })
    }

    /// `mu`, the binary logarithm of the rows of a block.
    pub fn log_rows(&self) -> usize {
        self.log_rows
    }

    /// Rows of a block.
    pub fn rows(&self) -> usize {
        1 << self.log_rows
    }

    /// Bits of a limb: 16 except in tests.
    pub fn limb_bits(&self) -> usize {
        self.limb_bits
    }

    /// The slots.
    pub fn slots(&self) -> &Slots {
        &self.slots
    }

    /// The blocks in canonical order, without the trivial ones.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// Binary logarithm of the number of blocks, trivial ones included; at least 2.
    pub fn block_bits(&self) -> usize {
        self.block_bits
    }

    /// The table that `block` belongs to, as its tau.
    pub fn table(&self, block: Block) -> u64 {
        let categories = self.slots.category_count();
        let small = categories + self.slots.joint_count();
        (match block {
            Block::Limb(_) | Block::Top(_) | Block::GroupLow(_) | Block::GroupHigh(_) | Block::LimbTable => 0,
            Block::Category(slot) => 1 + slot,
            Block::Joint(slot) => 1 + categories + slot,
            Block::GroupCode(slot) | Block::GroupTable(slot) => 1 + small + slot,
        }) as u64
    }

    /// Binary logarithms of the arities of the lookup tree, from the root: 4-ary layers, below one binary layer when
    /// `mu + block_bits` is odd.
    pub fn layers(&self) -> Vec<usize> {
        let num_vars = self.log_rows + self.block_bits;
        let mut layers = vec![1; num_vars % LOG_ARITY];
        layers.resize(num_vars % LOG_ARITY + num_vars / LOG_ARITY, LOG_ARITY);
        layers
    }

    /// Number of values `val_i` that the moments leave, slot by slot as the kinds declare them: `u`, `b` per numeric, `b` per
    /// opaque, `m` and the remainder per grouped slot, `u_l`, `u_r`, `b_l`, `b_r` per product.
    pub fn value_count(&self) -> usize {
        Sizes::of(&self.slots).values
    }

    /// Field elements that the prover sends.
    pub fn message_count(&self) -> usize {
        let mut bound = 0;
        let mut messages = 2;
        for log_arity in self.layers() {
            messages += bound * (1 << log_arity) + (2 << log_arity);
            bound += log_arity;
        }
        let moments = self.log_rows * crate::moments::DEGREE + self.value_count() + 1;
        let mask = 1;
        messages + moments + mask
    }
}

fn block_order(slots: &Slots) -> Vec<Block> {
    let mut blocks: Vec<Block> = (0..slots.limbs).map(Block::Limb).collect();
    blocks.extend((0..slots.numeric).map(Block::Top));
    blocks.extend((0..slots.category_count()).map(Block::Category));
    blocks.extend((0..slots.joint_count()).map(Block::Joint));
    blocks.extend((0..slots.grouped).map(Block::GroupCode));
    blocks.extend((0..slots.grouped).map(Block::GroupLow));
    blocks.extend((0..slots.grouped).map(Block::GroupHigh));
    if slots.uses_limb_table() {
        blocks.push(Block::LimbTable);
    }
    blocks.extend((0..slots.grouped).map(Block::GroupTable));
    blocks
}
