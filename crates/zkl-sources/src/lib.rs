#![doc = include_str!("../README.md")]

#[cfg(feature = "adbc")]
pub mod adbc;
pub mod allow;
#[cfg(feature = "cloud")]
pub mod cloud;
mod error;
pub mod http;
mod place;
#[cfg(feature = "sql")]
pub mod sql;

pub use error::SourceError;
pub use place::{answer, at, is_url};
