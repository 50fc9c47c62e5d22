#![doc = include_str!("../README.md")]

#[cfg(feature = "circuit")]
pub mod ark;
#[cfg(feature = "circuit")]
pub mod circuit;
pub mod circuit_id;
pub mod column;
pub mod digest;
pub mod error;
pub mod layout;
pub mod name;
pub mod privacy;
pub mod profile;
pub mod storage;
pub mod time;
pub mod transaction;
pub mod tree;
