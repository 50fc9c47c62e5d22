#![doc = include_str!("../README.md")]

pub mod ark;
pub mod gadgets;
pub mod groth16;
pub mod keys;
pub mod proof_system;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
