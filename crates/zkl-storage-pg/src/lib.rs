#![doc = include_str!("../README.md")]

mod append;
mod backend;
mod config;
mod error;
mod find;
mod open;
mod place;
mod put;
mod read;
mod session;
mod settle;

pub use backend::PgBackend;
pub use config::PgConfig;
pub use error::{PgError, UrlFault};
