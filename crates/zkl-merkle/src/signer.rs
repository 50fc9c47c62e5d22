//! Signers: what holds a secret key and signs with it. A key from a PEM file is one; a hardware module or a service can be another.

use std::{error::Error as StdError, fmt, sync::Arc};

use thiserror::Error;
use zkl_core::digest::Sha256Digest;

use crate::keys::{SIGNATURE_LEN, SigningKey, VerifyingKey};

/// Signs with one Ed25519 key.
///
/// A call may take long and may block: it is made from threads that may wait. Calls of several threads may overlap. Nothing is
/// tried again: a signer that wants that does it itself. Every signature is verified under the signer's public key
/// before it is used, so a faulty signer can refuse service but not spoil what is signed.
pub trait Signer: Send + Sync {
    /// The public key: always the same one, without asking far for it.
    fn verifying_key(&self) -> VerifyingKey;

    /// The Ed25519 signature of exactly these bytes.
    ///
    /// # Errors
    /// [`SignerError::failed`] with the reason.
    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError>;
}

/// Why there is no signature.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SignerError {
    /// The signer did not sign.
    #[error("the signer did not sign")]
    Failed(#[source] SignerFailure),
    /// What the signer gave is not a signature by its key. It was not used.
    #[error("the signer gave a signature that is not by its key {key}")]
    WrongSignature {
        /// Fingerprint of the key.
        key: Sha256Digest,
    },
}

impl SignerError {
    /// A signer that did not sign, and its reason.
    pub fn failed(reason: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Failed(SignerFailure(Arc::from(reason.into())))
    }
}

/// A signer's own reason. Two are equal when they say the same.
#[derive(Clone)]
pub struct SignerFailure(Arc<dyn StdError + Send + Sync>);

impl fmt::Debug for SignerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for SignerFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for SignerFailure {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()
    }
}

impl PartialEq for SignerFailure {
    fn eq(&self, other: &Self) -> bool {
        self.0.to_string() == other.0.to_string()
    }
}

impl Eq for SignerFailure {}

impl Signer for SigningKey {
    fn verifying_key(&self) -> VerifyingKey {
        Self::verifying_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        Ok(Self::sign(self, message))
    }
}

impl<T: Signer + ?Sized> Signer for Arc<T> {
    fn verifying_key(&self) -> VerifyingKey {
        T::verifying_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        T::sign(self, message)
    }
}

impl<T: Signer + ?Sized> Signer for Box<T> {
    fn verifying_key(&self) -> VerifyingKey {
        T::verifying_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; SIGNATURE_LEN], SignerError> {
        T::sign(self, message)
    }
}

/// Has a signer sign a text that nothing else can be, and verifies the signature: is the key there, and is it the one?
///
/// # Errors
/// [`SignerError`].
pub fn probe(signer: &dyn Signer) -> Result<(), SignerError> {
    const TEXT: &[u8] = b"zkl probe of a signer\n";
    // Not a text that was signed before: an old signature tells nothing. Notes begin with an origin, which has no spaces.
    let mut nonce = [0; 32];
    zkl_core::random::fill(&mut nonce).map_err(SignerError::failed)?;
    signed(signer, &signer.verifying_key(), &[TEXT, &nonce].concat()).map(drop)
}

/// The signature of `message` by `signer`, verified under the key that it is expected to have.
pub(crate) fn signed(
    signer: &dyn Signer,
    key: &VerifyingKey,
    message: &[u8],
) -> Result<[u8; SIGNATURE_LEN], SignerError> {
    let signature = signer.sign(message)?;
    if key.verifies(message, &signature) {
        Ok(signature)
    } else {
        Err(SignerError::WrongSignature { key: key.fingerprint() })
    }
}
