#![doc = include_str!("../README.md")]

mod ack;
mod append;
mod backend;
mod compression;
mod config;
mod error;
mod key;
mod open;
mod read;
mod times;

pub use backend::RocksBackend;
pub use compression::{Codec, CompressionInUse};
pub use config::{Compression, RocksConfig, TailRecovery};
pub use error::RocksError;
