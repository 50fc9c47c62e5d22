//! Where openings are kept: the contract, a vault in memory, and a layer that encrypts.

mod encrypted;
mod key;

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

use async_trait::async_trait;
use zeroize::Zeroizing;
use zkl_core::digest::DatasetId;

pub use encrypted::EncryptedVault;
pub(crate) use key::is_encrypted;
pub use key::{OpeningIdentity, OpeningKey, OpeningKeyError, OpeningRecipient, Passphrase};

/// Why a vault cannot store or give out an opening.
pub type VaultError = Box<dyn std::error::Error + Send + Sync>;

/// Keeps the openings of a ledger, by dataset id: a directory, a secrets manager, a table with encrypted columns.
///
/// An opening is some bytes that nobody else may see: with them everything about a table's profile can be computed, and nothing
/// more can be proved without them. Implementations may block only where the runtime allows it.
#[async_trait]
pub trait OpeningVault: Send + Sync {
    /// Keeps an opening, durably: it is there after a crash once this has returned. One that is there is replaced. A
    /// ledger stores the opening before the entry, and does not append the entry when this fails.
    ///
    /// # Errors
    /// The opening may not be there after a crash.
    async fn put(&self, id: DatasetId, opening: &[u8]) -> Result<(), VaultError>;

    /// Gives an opening out; `None` when there is none.
    ///
    /// # Errors
    /// The vault does not answer.
    async fn get(&self, id: DatasetId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError>;

    /// Where the opening of `id` is or would be, in words for its owner: a path, a URL.
    fn place(&self, id: DatasetId) -> String;
}

#[async_trait]
impl<V: OpeningVault + ?Sized> OpeningVault for Arc<V> {
    async fn put(&self, id: DatasetId, opening: &[u8]) -> Result<(), VaultError> {
        self.as_ref().put(id, opening).await
    }

    async fn get(&self, id: DatasetId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        self.as_ref().get(id).await
    }

    fn place(&self, id: DatasetId) -> String {
        self.as_ref().place(id)
    }
}

/// Openings that are gone with the process: for tests and trials.
#[derive(Default)]
pub struct MemoryVault(RwLock<HashMap<DatasetId, Zeroizing<Vec<u8>>>>);

#[async_trait]
impl OpeningVault for MemoryVault {
    async fn put(&self, id: DatasetId, opening: &[u8]) -> Result<(), VaultError> {
        let mut openings = self.0.write().unwrap_or_else(PoisonError::into_inner);
        openings.insert(id, Zeroizing::new(opening.to_vec()));
        Ok(())
    }

    async fn get(&self, id: DatasetId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        Ok(self.0.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned())
    }

    fn place(&self, id: DatasetId) -> String {
        format!("memory:{id}")
    }
}
