#![doc = include_str!("../README.md")]

mod duplex;
mod encode;
mod params;
mod permutation;
mod sponge;

pub use duplex::{DUPLEX_RATE, Duplex, duplex_blocks};
pub use encode::{Domain, hash_to_field};
pub use params::{FULL_ROUNDS, MAX_WIDTH, MIN_WIDTH, Parameters, Poseidon, SparseRound, Width, partial_rounds};
pub use permutation::{hash2, permute, permute_with};
pub use sponge::{HASH_MANY_RATE, Sponge, hash_many, hash_many_capacity};
