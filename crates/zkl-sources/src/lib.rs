#![doc = include_str!("../README.md")]

#[cfg(feature = "cloud")]
pub mod cloud;
mod error;
pub mod http;
mod place;

pub use error::SourceError;
pub use place::{at, is_url};
