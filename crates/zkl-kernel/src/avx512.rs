//! Eight lanes with AVX-512 IFMA: limbs of 52 bits, lazy reduction, structure of arrays.
//!
//! [`Avx512::detect`] gives the proof that the processor has the instructions; everything else follows from it and is
//! safe code. A loop is a [`Task`] that [`Avx512::run`] compiles for the instructions:
//!
//! ```
//! use zkl_core::ark::Fr;
//! use zkl_kernel::avx512::{Avx512, Block, Lanes, Task};
//!
//! struct Squares<'a> {
//!     values: &'a [Block<Fr>],
//!     squares: &'a mut [Block<Fr>],
//! }
//!
//! impl Task for Squares<'_> {
//!     type Output = ();
//!
//!     #[inline(always)]
//!     fn run(self, cpu: Avx512) {
//!         for (value, square) in self.values.iter().zip(self.squares) {
//!             Lanes::load(cpu, value).square().store(square);
//!         }
//!     }
//! }
//!
//! if let Some(cpu) = Avx512::detect() {
//!     let values = [Lanes::from_ark(cpu, &[Fr::from(3u64); 8]).reduce().to_block()];
//!     let mut squares = [Block::ZERO];
//!     cpu.run(Squares { values: &values, squares: &mut squares });
//!     assert_eq!(Lanes::load(cpu, &squares[0]).to_ark(), [Fr::from(9u64); 8]);
//! }
//! ```
//!
//! # Inlining
//! An instruction is a function that carries its feature of the processor, and melts into a caller that has the feature. Only
//! `Avx512::run` has it. So everything between a task and the instructions is `#[inline(always)]`, and a task holds no
//! closures, iterator adapters with closures included, that touch words: the compiler may leave them as functions of their own,
//! without the feature. Such code is right but a hundred times slower.

#![expect(clippy::needless_range_loop, reason = "several arrays of limbs are walked at once, without closures")]

mod block;
mod convert;
mod coordinate;
mod lanes;
mod packed;
mod pairs;
mod points;
mod product;
mod small;
mod word;

#[cfg(test)]
mod tests;

pub use block::Block;
pub use coordinate::{Coordinate, Quadratic};
pub use lanes::Lanes;
pub use packed::PackedPoint;
pub use points::Products;
pub use product::{Accumulator, LaneSum, Product};
pub use small::{Coefficient, SmallSum};
pub use word::{Avx512, Packed, Task, Word};
