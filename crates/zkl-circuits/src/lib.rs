#![doc = include_str!("../README.md")]

pub mod claims;
pub mod keys;
pub mod relation;
pub mod scan;
pub mod seal;
