#![doc = include_str!("../README.md")]

pub mod conformance;
pub mod faults;
pub mod log;
pub mod tamper;
pub mod trials;
