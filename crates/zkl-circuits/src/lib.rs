#![doc = include_str!("../README.md")]

pub mod gadgets;
pub mod groth16;
pub mod keys;
pub mod proof_system;
pub mod seal;
