#![doc = include_str!("../README.md")]

pub mod legal;
pub mod page;
mod receipt;
mod report;
mod statement;

pub use receipt::{Reported, receipt_section};
pub use report::report;
