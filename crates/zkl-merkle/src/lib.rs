#![doc = include_str!("../README.md")]

pub mod checkpoint;
pub mod cosignature;
pub mod dsse;
pub mod error;
pub mod keys;
pub mod note;
pub mod proof_file;
pub mod statement;
pub mod tile;
pub mod tree;

mod encoding;
mod verified;

pub use verified::Verified;
