#![doc = include_str!("../README.md")]

mod error;
pub mod http;
mod place;

pub use error::SourceError;
pub use place::{at, is_url};
