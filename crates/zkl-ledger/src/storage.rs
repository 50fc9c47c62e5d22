//! Stores: the contract, those that come with the ledger by their URLs, and copying a log between them.

pub mod memory;
pub(crate) mod shared;

pub use zkl_core::storage::*;
#[cfg(feature = "rocks")]
pub use zkl_storage_rocks::RocksBackend;

pub use crate::{
    store_url::{AnyStore, StoreUrl, StoreUrlError},
    transfer::{Copied, copy_log},
};
