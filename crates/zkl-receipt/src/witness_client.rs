//! The contract between a ledger, which asks witnesses to cosign, and whatever carries its requests.

use async_trait::async_trait;
use thiserror::Error;
use zkl_merkle::cosignature::WitnessVerifier;

/// Carries requests to one witness, by whatever transport.
#[async_trait]
pub trait WitnessClient: Send + Sync {
    /// The witness's key. Answers that it did not sign count for nothing.
    fn key(&self) -> &WitnessVerifier;

    /// Sends the body of an `add-checkpoint` request ([`zkl_merkle::witness`]) and returns the answer, whatever its
    /// status. Not repeated by the implementation.
    ///
    /// # Errors
    /// [`TransportError`] when there is no answer.
    async fn add_checkpoint(&self, body: String) -> Result<WitnessAnswer, TransportError>;
}

/// A witness's answer as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessAnswer {
    /// HTTP status.
    pub status: u16,
    /// The body, cut behind [`zkl_merkle::witness::MAX_ANSWER_LEN`] + 1 bytes.
    pub body: Vec<u8>,
}

/// A witness did not answer.
#[derive(Debug, Error)]
#[error("no answer from {url}")]
pub struct TransportError {
    /// Where it was asked.
    pub url: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
