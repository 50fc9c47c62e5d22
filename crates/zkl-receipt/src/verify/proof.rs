//! Checking the proof of a statement, whatever its kind.
//!
//! The blob of a proof: under a proof system that needs a reference string the string's verifier's part, then the proof. The length
//! of the one follows from its kind, which comes first, that of the other from the key.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use zkl_argument::srs::SrsVerifierKey;
use zkl_core::{ark::Fr, circuit::Circuit, digest::BlobDigest};

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

impl NamedProof<'_> {
    /// Checks a proof, its key and its string: all have the logged digests, key and string are trusted, the proof verifies.
    pub(crate) fn check(&self, part: &ProofPart, trust: TrustAt<'_>) -> Result<ProofReport, VerifyError> {
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
        let (key, setup) = named.trusted(trust)?;
        key.verify(self.public_inputs, srs.as_ref().map(|(srs, _)| srs), None, proof).map_err(VerifyError::Proof)?;
        Ok(ProofReport {
            scheme: system.name(),
            circuit: record.circuit.clone(),
            setup: srs.map_or(setup, |(_, of_srs)| setup.min(of_srs)),
            verifying_key: record.key,
            srs: record.srs,
        })
    }
}

pub(crate) fn decode_base64(part: &'static str, text: &str) -> Result<Vec<u8>, VerifyError> {
    BASE64_STANDARD.decode(text).map_err(|_| VerifyError::Base64 { part })
}
