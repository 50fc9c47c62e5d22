//! Keys, for administrators.

use std::sync::Arc;

use zkl_ledger::types::Timestamp;

use super::Service;
use crate::{
    access::{Administer, ApiKey, Grant, Permit, Token},
    error::ServiceError,
};

impl Service {
    /// The keys, the oldest first.
    ///
    /// # Errors
    /// [`ServiceError::Keys`].
    pub async fn keys(&self, _permit: &Permit<Administer>) -> Result<Arc<[Arc<ApiKey>]>, ServiceError> {
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.list()).await??)
    }

    /// Makes a key. The token is shown this once.
    ///
    /// # Errors
    /// [`ServiceError::Keys`].
    pub async fn create_key(
        &self,
        _permit: &Permit<Administer>,
        name: String,
        grants: Vec<Grant>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, Token), ServiceError> {
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.create(&name, grants, expires_at)).await??)
    }

    /// Revokes a key: from now on it is good for nothing.
    ///
    /// # Errors
    /// [`ServiceError::Keys`].
    pub async fn revoke_key(&self, _permit: &Permit<Administer>, id: String) -> Result<(), ServiceError> {
        let keys = Arc::clone(&self.keys);
        tokio::task::spawn_blocking(move || keys.revoke(&id)).await??;
        Ok(())
    }
}
