#![doc = include_str!("../README.md")]

mod causes;
pub mod legal;
pub mod page;
mod receipt;
mod report;
mod statement;

pub use causes::with_causes;
pub use receipt::{Reported, receipt_section};
pub use report::report;
