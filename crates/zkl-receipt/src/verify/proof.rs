//! Checking the proof of a statement, whatever its kind.
//!
//! The blob of a proof: under a proof system that needs a reference string the string's verifier's part, then the proof. The length
//! of the one follows from its kind, which comes first, that of the other from the key.

use std::sync::Arc;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_argument::srs::SrsVerifierKey;
use zkl_core::{ark::Fr, circuit::Circuit, digest::BlobDigest};
use zkl_snark::proof_system::{DecodeError, VerifyingKey};

use super::{NamedKey, ProofReport, TrustAt, VerifyError, trusted_srs};
use crate::{proof_record::ProofRecord, receipt::ProofPart};

/// A proof that an entry names.
pub(crate) struct NamedProof<'a> {
    /// What the entry says of it. The circuit is the one that the statement calls for.
    pub(crate) record: &'a ProofRecord,
    /// The circuit itself, when the verifier has it.
    pub(crate) instance: Option<&'a dyn Circuit>,
    pub(crate) public_inputs: &'a [Fr],
}

/// A proof whose key and string have the logged digests and are trusted. It is not verified yet.
pub(crate) struct OpenedProof {
    pub(crate) key: Arc<dyn VerifyingKey>,
    pub(crate) srs: Option<SrsVerifierKey>,
    /// What follows the string.
    pub(crate) proof: Vec<u8>,
    /// What is reported once it verified.
    pub(crate) report: ProofReport,
}

impl NamedProof<'_> {
    /// Checks a proof without a link, its key and its string: all have the logged digests, key and string are trusted, the proof verifies.
    pub(crate) fn check(&self, part: &ProofPart, trust: TrustAt<'_>) -> Result<ProofReport, VerifyError> {
        let OpenedProof { key, srs, proof, report } = self.open(part, trust, 0, None)?;
        key.verify(self.public_inputs, srs.as_ref(), None, &proof).map_err(VerifyError::Proof)?;
        Ok(report)
    }

    /// Checks digests and trust, and the length of what follows the string: `before` bytes, and a proof with a link of so many variables or
    /// without one.
    pub(crate) fn open(
        &self,
        part: &ProofPart,
        trust: TrustAt<'_>,
        before: usize,
        link: Option<usize>,
    ) -> Result<OpenedProof, VerifyError> {
        let record = self.record;
        let system = record.scheme.system();
        let named = NamedKey {
            system,
            circuit: &record.circuit,
            digest: record.key,
            text: &part.key,
            instance: self.instance,
            derivable: system.tag().is_some(),
        };
        named.bytes()?;
        let bytes = decode_base64("proof", &part.bytes)?;
        let got = BlobDigest::of(&bytes);
        if got != record.digest {
            return Err(VerifyError::ProofDigest { expected: record.digest, got });
        }
        let (srs, proof) = match (system.needs_srs(), record.srs) {
            (false, None) => (None, bytes.as_slice()),
            (true, Some(expected)) => {
                let len = SrsVerifierKey::encoded_bytes_at(&bytes).map_err(VerifyError::Srs)?;
                let (srs, proof) = bytes.split_at(len.min(bytes.len()));
                let srs = SrsVerifierKey::from_bytes(srs).map_err(VerifyError::Srs)?;
                let setup = trusted_srs(&srs, expected, trust)?;
                (Some((srs, setup)), proof)
            }
            (needed, _) => return Err(VerifyError::SrsNamed { needed }),
        };
        let key = named.admitted(trust)?;
        // A key may have to be made, which is work that no proof of a wrong length is worth.
        if let Some(stated) = key.stated() {
            let expected = before.saturating_add(stated.proof_len(link).map_err(VerifyError::Proof)?);
            if proof.len() != expected {
                let length = DecodeError::Length { expected, got: proof.len() };
                return Err(VerifyError::Proof(length.into()));
            }
        }
        let (key, setup) = key.trusted(trust)?;
        let (proof, of_srs) = (proof.to_vec(), srs.as_ref().map(|(_, of_srs)| *of_srs));
        let report = ProofReport {
            scheme: system.name(),
            circuit: record.circuit.clone(),
            setup: of_srs.map_or(setup, |of_srs| setup.min(of_srs)),
            verifying_key: record.key,
            srs: record.srs,
        };
        Ok(OpenedProof { key, srs: srs.map(|(srs, _)| srs), proof, report })
    }
}

pub(crate) fn decode_base64(part: &'static str, text: &str) -> Result<Vec<u8>, VerifyError> {
    BASE64_STANDARD.decode(text).map_err(|_| VerifyError::Base64 { part })
}
