#![doc = include_str!("../README.md")]

pub mod checkpoint;
pub mod cosignature;
pub mod dsse;
pub mod error;
pub mod keys;
pub mod note;
pub mod policy;
pub mod proof_file;
pub mod signer;
pub mod statement;
pub mod tile;
pub mod tree;
pub mod witness;

mod encoding;
mod verified;

pub use verified::Verified;
