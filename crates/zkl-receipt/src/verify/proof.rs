//! Checking the proof of a statement, whatever its kind.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_core::{
    ark::Fr,
    circuit::CircuitId,
    digest::{BlobDigest, KeyDigest},
};
use zkl_snark::proof_system;

use super::{ProofReport, Trust, VerifyError};
use crate::receipt::ProofPart;

/// Checks a proof and its key: both have the logged digests, the key is trusted for the circuit, the proof verifies.
pub(crate) fn check_proof(
    part: &ProofPart,
    circuit: &CircuitId,
    public_inputs: &[Fr],
    key_digest: KeyDigest,
    proof_digest: BlobDigest,
    trust: &Trust,
) -> Result<ProofReport, VerifyError> {
    let key_bytes = decode_base64("verifying key", &part.key)?;
    let got = KeyDigest::of(&key_bytes);
    if got != key_digest {
        return Err(VerifyError::KeyDigest { expected: key_digest, got });
    }
    let setup = trust.setup(circuit, key_digest);
    let setup = setup.ok_or_else(|| VerifyError::KeyNotTrusted { circuit: circuit.clone(), digest: key_digest })?;
    let proof_bytes = decode_base64("proof", &part.bytes)?;
    let got = BlobDigest::of(&proof_bytes);
    if got != proof_digest {
        return Err(VerifyError::ProofDigest { expected: proof_digest, got });
    }
    let system = proof_system::COMPACT;
    let key = system.read_key(&key_bytes).map_err(VerifyError::Key)?;
    key.verify(public_inputs, None, None, &proof_bytes).map_err(VerifyError::Proof)?;
    Ok(ProofReport { scheme: system.name(), circuit: circuit.clone(), setup, verifying_key: key_digest })
}

pub(crate) fn decode_base64(part: &'static str, text: &str) -> Result<Vec<u8>, VerifyError> {
    BASE64_STANDARD.decode(text).map_err(|_| VerifyError::Base64 { part })
}
