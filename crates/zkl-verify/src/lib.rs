#![doc = include_str!("../README.md")]

mod args;
mod build;
mod error;
mod failure;
mod format;
mod kind;
pub mod many;
pub mod one;
pub mod output;
mod program;
pub mod receipts;
pub mod trust;

pub use args::{TrustArgs, TrustStoreArgs, VerifierArgs, examples};
pub use build::commit;
pub use error::VerifierError;
pub use failure::{ErrorReport, causes, eprint_line, print_usage};
pub use format::Format;
pub use kind::Kind;
pub use program::Program;
