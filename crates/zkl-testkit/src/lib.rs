#![doc = include_str!("../README.md")]

pub mod conformance;
pub mod faults;
pub mod log;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod tamper;
