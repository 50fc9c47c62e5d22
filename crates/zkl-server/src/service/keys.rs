//! Keys, for administrators.

use std::sync::Arc;

use zkl_ledger::types::{Timestamp, TreeSize};

use super::{PolicyView, Service};
use crate::{
    access::{Administer, ApiKey, Grant, KeyUpdate, Permit, ReadPolicy, Token},
    error::ServiceError,
};

/// Longest life of a key, in days.
const MAX_DAYS: u32 = 3_650;
const DAY_MILLIS: u64 = 24 * 60 * 60 * 1_000;

/// When a key that is made now and is good for so many days expires.
pub(crate) fn key_expiry(days: u32) -> Result<Timestamp, ServiceError> {
    if !(1..=MAX_DAYS).contains(&days) {
        return Err(ServiceError::KeyLife { max: MAX_DAYS });
    }
    Ok(Timestamp(Timestamp::now().0 + u64::from(days) * DAY_MILLIS))
}

impl Service {
    /// The keys, the oldest first.
    ///
    /// # Errors
    /// [`ServiceError::Keys`].
    pub async fn keys(&self, _permit: &Permit<Administer>) -> Result<Arc<[Arc<ApiKey>]>, ServiceError> {
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.list()).await??)
    }

    /// Makes a key. The token is shown this once, when the log says what the key is good for.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`] where the keys are another server's; [`ServiceError::Keys`], [`ServiceError::Ledger`]: then there is none.
    pub async fn create_key(
        &self,
        permit: &Permit<Administer>,
        name: String,
        grants: Vec<Grant>,
        expires_at: Option<Timestamp>,
    ) -> Result<(ApiKey, Token), ServiceError> {
        self.check_owns_keys()?;
        if let Some(policy) = &self.policy {
            return policy.create_key(permit.subject(), name, grants, expires_at).await;
        }
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.create(&name, grants, expires_at)).await??)
    }

    /// Changes what a key is good for. What it is given holds when the log says so, what it loses at once. Its holder goes on with the same
    /// token. Returned is the key before and after.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`] where the keys are another server's; [`ServiceError::Keys`]. [`ServiceError::Ledger`] when the log cannot be
    /// written to: then the key is given nothing, and what it was to lose is lost.
    pub async fn update_key(
        &self,
        permit: &Permit<Administer>,
        id: String,
        update: KeyUpdate,
    ) -> Result<(ApiKey, ApiKey), ServiceError> {
        self.check_owns_keys()?;
        if let Some(policy) = &self.policy {
            return policy.update_key(permit.subject(), id, update).await;
        }
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.update(&id, &update)).await??)
    }

    /// What [`Service::update_key`] would do: the key as it is, and as it would be.
    ///
    /// # Errors
    /// As there.
    pub async fn propose_key(
        &self,
        _permit: &Permit<Administer>,
        id: String,
        update: KeyUpdate,
    ) -> Result<(ApiKey, ApiKey), ServiceError> {
        self.check_owns_keys()?;
        let keys = Arc::clone(&self.keys);
        Ok(tokio::task::spawn_blocking(move || keys.propose(&id, &update)).await??)
    }

    /// Who may do what on each server that recorded it, when the log had `size` entries; now, if nothing is said.
    ///
    /// # Errors
    /// [`ServiceError::Ledger`].
    pub async fn policies(
        &self,
        _permit: &Permit<ReadPolicy>,
        size: Option<u64>,
    ) -> Result<Vec<PolicyView>, ServiceError> {
        // Every entry about a policy is read and checked: as dear as verifying a receipt. Never closed.
        let _verifier = self.verifiers.acquire().await;
        let here = self.policy.as_ref().map(|policy| policy.server());
        let found = self.ledger.server_policies(size.map(TreeSize)).await?;
        Ok(found.iter().map(|policy| PolicyView::new(policy, here.as_ref())).collect())
    }

    /// Revokes a key: from now on it is good for nothing.
    ///
    /// # Errors
    /// [`ServiceError::ReadOnly`] where the keys are another server's; [`ServiceError::Keys`]. [`ServiceError::Ledger`] when the log does not
    /// say so yet: its entry follows.
    pub async fn revoke_key(&self, permit: &Permit<Administer>, id: String) -> Result<(), ServiceError> {
        self.check_owns_keys()?;
        if let Some(policy) = &self.policy {
            return policy.revoke_key(permit.subject(), id).await;
        }
        let keys = Arc::clone(&self.keys);
        tokio::task::spawn_blocking(move || keys.revoke(&id)).await??;
        Ok(())
    }
}
