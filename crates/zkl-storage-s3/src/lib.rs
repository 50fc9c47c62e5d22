#![doc = include_str!("../README.md")]

mod append;
mod backend;
mod blobs;
mod cache;
mod config;
mod cosigned;
mod draft;
mod error;
mod filter;
mod find;
mod frame;
mod frames;
mod head;
mod location;
mod lookup;
mod objects;
mod open;
mod publish;
mod record;
mod segment;
mod store;
mod table;

pub use backend::S3Backend;
pub use config::{S3Config, S3Credentials};
pub use error::S3Error;
