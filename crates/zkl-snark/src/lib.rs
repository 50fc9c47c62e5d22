#![doc = include_str!("../README.md")]

pub mod ark;
mod assignment;
pub mod gadgets;
pub mod groth16;
pub mod keys;
mod matrices;
pub mod proof_system;
mod random;
pub use matrices::Matrices;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod universal;
