//! Encryption of openings at rest: a layer over any vault.
//!
//! ```text
//! put:  opening ──► age file to the recipient ──► the vault below
//! get:  opening ◄── the identity, unlocked once ◄── the vault below      plain openings pass
//! ```
//!
//! The envelope hides an opening from whoever reads the vault below. Who wrote it shows nowhere: that an opening is the right one
//! is checked against the log, as of every opening.

use async_trait::async_trait;
use tokio::{sync::OnceCell, task::spawn_blocking};
use zeroize::Zeroizing;
use zkl_core::digest::DatasetId;

use super::{
    OpeningIdentity, OpeningKeyError, OpeningRecipient, OpeningVault, Passphrase, VaultError, key::is_encrypted,
};

/// Encrypts what goes into a vault, and decrypts what comes out. Plain openings in the vault below stay readable.
pub struct EncryptedVault<V> {
    inner: V,
    recipient: Option<OpeningRecipient>,
    lock: Lock,
    identity: OnceCell<OpeningIdentity>,
}

/// What it takes to read.
enum Lock {
    Nothing,
    Identity(OpeningIdentity),
    Passphrase { wrapped: Option<Vec<u8>>, passphrase: Passphrase },
}

impl<V: OpeningVault> EncryptedVault<V> {
    /// A layer that decrypts nothing and encrypts nothing yet.
    pub const fn new(inner: V) -> Self {
        Self { inner, recipient: None, lock: Lock::Nothing, identity: OnceCell::const_new() }
    }

    /// Encrypts what is put from now on. That needs no secret.
    #[must_use]
    pub fn encrypting_to(self, recipient: OpeningRecipient) -> Self {
        Self { recipient: Some(recipient), ..self }
    }

    /// Reads with this identity.
    #[must_use]
    pub fn opened_by(self, identity: OpeningIdentity) -> Self {
        Self { lock: Lock::Identity(identity), ..self }
    }

    /// Reads with the identity in an age file under a passphrase, which is opened when it is first needed.
    #[must_use]
    pub fn opened_by_passphrase(self, wrapped: Option<Vec<u8>>, passphrase: Passphrase) -> Self {
        Self { lock: Lock::Passphrase { wrapped, passphrase }, ..self }
    }

    async fn identity(&self) -> Result<OpeningIdentity, VaultError> {
        let unlock = async || match &self.lock {
            Lock::Nothing => Err(VaultError::from(OpeningKeyError::Locked)),
            Lock::Identity(identity) => Ok(identity.clone()),
            Lock::Passphrase { wrapped: None, .. } => Err(OpeningKeyError::NothingWrapped.into()),
            Lock::Passphrase { wrapped: Some(wrapped), passphrase } => {
                let (wrapped, passphrase) = (wrapped.clone(), passphrase.clone());
                Ok(spawn_blocking(move || OpeningIdentity::unwrap(&wrapped, &passphrase)).await??)
            }
        };
        self.identity.get_or_try_init(unlock).await.cloned()
    }
}

#[async_trait]
impl<V: OpeningVault> OpeningVault for EncryptedVault<V> {
    async fn put(&self, id: DatasetId, opening: &[u8]) -> Result<(), VaultError> {
        let Some(recipient) = self.recipient.clone() else { return self.inner.put(id, opening).await };
        let opening = Zeroizing::new(opening.to_vec());
        let envelope = spawn_blocking(move || recipient.encrypt(&opening)).await??;
        self.inner.put(id, &envelope).await
    }

    async fn get(&self, id: DatasetId) -> Result<Option<Zeroizing<Vec<u8>>>, VaultError> {
        match self.inner.get(id).await? {
            Some(envelope) if is_encrypted(&envelope) => {
                let identity = self.identity().await?;
                Ok(Some(spawn_blocking(move || identity.decrypt(&envelope)).await??))
            }
            plain => Ok(plain),
        }
    }

    fn place(&self, id: DatasetId) -> String {
        self.inner.place(id)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::vault::MemoryVault;

    const OPENING: &[u8] = br#"{"format":"zkl-opening/1","secret":"the profile"}"#;

    fn id() -> DatasetId {
        "11".repeat(32).parse().unwrap()
    }

    fn told(error: &VaultError) -> &OpeningKeyError {
        error.downcast_ref().unwrap()
    }

    fn contains(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|window| window == part)
    }

    #[tokio::test]
    async fn the_vault_below_sees_nothing_but_envelopes() {
        let (below, identity) = (Arc::new(MemoryVault::default()), OpeningIdentity::generate());
        let vault = EncryptedVault::new(Arc::clone(&below)).encrypting_to(identity.recipient());
        vault.put(id(), OPENING).await.unwrap();
        let stored = below.get(id()).await.unwrap().unwrap();
        assert!(is_encrypted(&stored) && !contains(&stored, b"profile"));
        assert!(matches!(told(&vault.get(id()).await.unwrap_err()), OpeningKeyError::Locked));
        let vault = vault.opened_by(identity);
        assert_eq!(**vault.get(id()).await.unwrap().unwrap(), *OPENING);
    }

    #[tokio::test]
    async fn plain_openings_stay_readable_without_a_key() {
        let below = Arc::new(MemoryVault::default());
        below.put(id(), OPENING).await.unwrap();
        let vault = EncryptedVault::new(below).encrypting_to(OpeningIdentity::generate().recipient());
        assert_eq!(**vault.get(id()).await.unwrap().unwrap(), *OPENING);
    }

    #[tokio::test]
    async fn another_key_a_wrong_passphrase_and_a_damaged_envelope_are_told_apart() {
        let (below, identity) = (Arc::new(MemoryVault::default()), OpeningIdentity::generate());
        let layer = || EncryptedVault::new(Arc::clone(&below)).encrypting_to(identity.recipient());
        layer().put(id(), OPENING).await.unwrap();

        let other = layer().opened_by(OpeningIdentity::generate()).get(id()).await.unwrap_err();
        assert!(matches!(told(&other), OpeningKeyError::OtherKey));

        let right = Passphrase::new("correct horse\n").unwrap();
        let wrapped = identity.wrap(&right).unwrap();
        assert!(!contains(&wrapped, b"AGE-SECRET-KEY"));
        let wrong = Passphrase::new("correct horsf").unwrap();
        let wrong = layer().opened_by_passphrase(Some(wrapped.clone()), wrong).get(id()).await.unwrap_err();
        assert!(matches!(told(&wrong), OpeningKeyError::WrongPassphrase));
        let none = layer().opened_by_passphrase(None, right.clone()).get(id()).await.unwrap_err();
        assert!(matches!(told(&none), OpeningKeyError::NothingWrapped));
        let opened = layer().opened_by_passphrase(Some(wrapped), right).get(id()).await.unwrap().unwrap();
        assert_eq!(**opened, *OPENING);

        let mut envelope = below.get(id()).await.unwrap().unwrap().to_vec();
        *envelope.last_mut().unwrap() ^= 1;
        below.put(id(), &envelope).await.unwrap();
        let damaged = layer().opened_by(identity.clone()).get(id()).await.unwrap_err();
        assert!(matches!(told(&damaged), OpeningKeyError::Damaged(_)));
    }

    #[test]
    fn key_files_are_those_of_age() {
        let identity = OpeningIdentity::generate();
        let text = identity.to_key_text();
        assert!(OpeningIdentity::from_key_text(&text).unwrap().recipient() == identity.recipient());
        let twice = format!("{}{}", *text, *text);
        for bad in ["", "# public key: age1x\n", "age1x", &twice] {
            assert!(matches!(OpeningIdentity::from_key_text(bad), Err(OpeningKeyError::NotAKey)), "{bad}");
        }
        for bad in ["", "\n", "two\nlines", "nul\0"] {
            assert!(matches!(Passphrase::new(bad), Err(OpeningKeyError::NotAPassphrase)), "{bad:?}");
        }
    }
}
