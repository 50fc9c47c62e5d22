//! DSSE v1 envelopes (secure-systems-lab/dsse) with one Ed25519 signature: the entries of the log.
//!
//! The id of an entry is a hash of the envelope's bytes, so an envelope has exactly one spelling here. This is narrower
//! than DSSE allows: compact JSON with the fields in the order `payload`, `payloadType`, `signatures`, standard base64
//! with padding, one signature, and a `keyid` that is the fingerprint of the key. Together with strict Ed25519 nobody
//! but the signer can change a byte of an envelope that verifies.

use serde::{Deserialize, Serialize};
use zkl_core::{digest::Sha256Digest, transaction::StoredTransaction};

use crate::{
    encoding::{base64, from_base64, from_base64_array},
    error::DsseError,
    keys::{SIGNATURE_LEN, VerifyingKey},
    signer::{Signer, signed},
    verified::Verified,
};

/// Payload type of in-toto Statements.
pub const IN_TOTO_PAYLOAD_TYPE: &str = "application/vnd.in-toto+json";

/// A payload and its signature, well-formed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    payload_type: String,
    payload: Vec<u8>,
    key_id: Sha256Digest,
    signature: [u8; SIGNATURE_LEN],
}

/// The statement "the key with this fingerprint signed `bytes` as a payload of type `payload_type`".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payload {
    /// How to read the bytes.
    pub payload_type: String,
    /// The payload.
    pub bytes: Vec<u8>,
    /// Fingerprint of the key that signed.
    pub key: Sha256Digest,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct EnvelopeJson {
    payload: String,
    #[serde(rename = "payloadType")]
    payload_type: String,
    signatures: Vec<SignatureJson>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SignatureJson {
    keyid: String,
    sig: String,
}

impl Envelope {
    /// Longest encoded envelope in bytes: that of a log entry.
    pub const MAX_LEN: usize = StoredTransaction::MAX_ENTRY_LEN;

    /// Signs `payload`.
    ///
    /// # Errors
    /// [`DsseError::Signer`].
    pub fn sign(payload_type: &str, payload: Vec<u8>, signer: &dyn Signer) -> Result<Self, DsseError> {
        let key = signer.verifying_key();
        let signature = signed(signer, &key, &pae(payload_type, &payload))?;
        Ok(Self { payload_type: payload_type.to_owned(), payload, key_id: key.fingerprint(), signature })
    }

    /// The canonical JSON.
    ///
    /// # Errors
    /// [`DsseError::TooLong`] above [`Envelope::MAX_LEN`] bytes.
    pub fn encode(&self) -> Result<Vec<u8>, DsseError> {
        let json = EnvelopeJson {
            payload: base64(&self.payload),
            payload_type: self.payload_type.clone(),
            signatures: vec![SignatureJson { keyid: self.key_id.to_string(), sig: base64(&self.signature) }],
        };
        let bytes = serde_json::to_vec(&json).map_err(|error| json_error(&error))?;
        check_len(bytes.len())?;
        Ok(bytes)
    }

    /// Reads canonical JSON. [`Envelope::encode`] gives the same bytes again.
    ///
    /// # Errors
    /// All of [`DsseError`] but those of [`Envelope::open`].
    pub fn decode(bytes: &[u8]) -> Result<Self, DsseError> {
        check_len(bytes.len())?;
        let json: EnvelopeJson = serde_json::from_slice(bytes).map_err(|error| json_error(&error))?;
        let [signature] = json.signatures.as_slice() else {
            return Err(DsseError::Signatures { got: json.signatures.len() });
        };
        let envelope = Self {
            payload: from_base64(&json.payload).ok_or(DsseError::Payload)?,
            payload_type: json.payload_type,
            key_id: signature.keyid.parse().map_err(|_| DsseError::KeyId)?,
            signature: from_base64_array(&signature.sig).ok_or(DsseError::Signature)?,
        };
        // White space, escapes and the order of the fields: all that JSON leaves open.
        if envelope.encode()? == bytes { Ok(envelope) } else { Err(DsseError::NotCanonical) }
    }

    /// The payload, if it is of type `payload_type` and signed by `key`.
    ///
    /// # Soundness
    /// The payload must be taken from the result and not be decoded again from the envelope's bytes.
    ///
    /// # Errors
    /// [`DsseError::PayloadType`], [`DsseError::OtherKey`], [`DsseError::BadSignature`].
    pub fn open(&self, payload_type: &str, key: &VerifyingKey) -> Result<Verified<Payload>, DsseError> {
        if self.payload_type != payload_type {
            let (expected, got) = (payload_type.to_owned(), self.payload_type.clone());
            return Err(DsseError::PayloadType { expected, got });
        }
        // The signature does not cover the key id. Were it not compared, it could be changed, and with it the entry's id.
        let expected = key.fingerprint();
        if self.key_id != expected {
            return Err(DsseError::OtherKey { expected, got: self.key_id });
        }
        if !key.verifies(&pae(&self.payload_type, &self.payload), &self.signature) {
            return Err(DsseError::BadSignature);
        }
        let payload =
            Payload { payload_type: self.payload_type.clone(), bytes: self.payload.clone(), key: self.key_id };
        Ok(Verified::new(payload))
    }

    /// The payload as it stands in the envelope. Nothing says yet that anybody signed it: see [`Envelope::open`].
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Fingerprint of the key that is said to have signed; tells which key to open the envelope with.
    pub const fn key_id(&self) -> Sha256Digest {
        self.key_id
    }
}

/// The pre-authentication encoding: what is signed.
pub fn pae(payload_type: &str, payload: &[u8]) -> Vec<u8> {
    let mut bytes = format!("DSSEv1 {} {payload_type} {} ", payload_type.len(), payload.len()).into_bytes();
    bytes.extend_from_slice(payload);
    bytes
}

fn check_len(got: usize) -> Result<(), DsseError> {
    if got <= Envelope::MAX_LEN { Ok(()) } else { Err(DsseError::TooLong { max: Envelope::MAX_LEN, got }) }
}

fn json_error(error: &serde_json::Error) -> DsseError {
    DsseError::Json { line: error.line(), column: error.column() }
}
