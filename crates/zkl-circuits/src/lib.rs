#![doc = include_str!("../README.md")]

pub mod claims;
pub mod gadgets;
pub mod groth16;
pub mod keys;
pub mod proof_system;
pub mod scan;
pub mod seal;

#[cfg(test)]
pub(crate) mod testing;
