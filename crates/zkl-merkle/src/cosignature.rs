//! Cosignatures of witnesses (c2sp.org/tlog-cosignature, type 0x04: timestamped Ed25519).
//!
//! ```text
//! signed message = "cosignature/v1\n" || "time " || seconds || "\n" || text of the checkpoint
//! signature line = key id || seconds as big-endian u64 || Ed25519 signature
//! ```

use std::{fmt, str::FromStr, sync::Arc};

use crate::{
    checkpoint::{Checkpoint, SignedCheckpoint},
    error::NoteError,
    keys::{Origin, SIGNATURE_LEN, VerifyingKey},
    note::{NoteSignature, bad_signature, key_id, parse_verifier_key, verifier_key_text},
    signer::{Signer, signed},
    verified::Verified,
};

const COSIGNATURE_V1: u8 = 0x04;

/// First time that no cosignature may have, in seconds since the epoch.
const TIME_END: u64 = 1 << 63;

/// The statement "at `time`, the largest tree that `witness` had seen of the log was that of `checkpoint`, and it was
/// consistent with all earlier ones".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// The witness.
    pub witness: Origin,
    /// By the witness's clock, in seconds since the epoch.
    pub time: u64,
    /// The checkpoint. Its extension lines are signed, but the witness says nothing about them.
    pub checkpoint: Checkpoint,
}

/// A witness's public key and name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessVerifier {
    name: Origin,
    key: VerifyingKey,
}

impl WitnessVerifier {
    /// The verifier of `key` under `name`.
    pub const fn new(name: Origin, key: VerifyingKey) -> Self {
        Self { name, key }
    }

    /// Name of the witness.
    pub const fn name(&self) -> &Origin {
        &self.name
    }

    /// The public key.
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Id of the key in signature lines.
    pub fn key_id(&self) -> u32 {
        key_id(&self.name, COSIGNATURE_V1, &self.key)
    }

    /// Whether a signature line says that it is this witness's.
    pub fn names(&self, line: &NoteSignature) -> bool {
        line.name() == self.name.as_str() && line.key_id() == self.key_id()
    }

    /// Verifies this witness's cosignature of `signed`.
    ///
    /// # Soundness
    /// That the log signed the checkpoint is not checked here: see [`SignedCheckpoint::open`].
    ///
    /// # Errors
    /// [`NoteError::NotSigned`], [`NoteError::DuplicateSignature`], [`NoteError::CosignatureTime`],
    /// [`NoteError::BadSignature`].
    pub fn verify(&self, signed: &SignedCheckpoint) -> Result<Verified<Cosignature>, NoteError> {
        let bytes = signed.note().signature_of(&self.name, self.key_id())?;
        self.verify_bytes(signed.unverified(), bytes)
    }

    /// Verifies one signature line, as a witness answers with, as this witness's cosignature of `checkpoint`.
    ///
    /// # Soundness
    /// As [`WitnessVerifier::verify`].
    ///
    /// # Errors
    /// [`NoteError::NotSigned`] for a line of another key, otherwise as [`WitnessVerifier::verify`].
    pub fn verify_line(
        &self,
        checkpoint: &Checkpoint,
        line: &NoteSignature,
    ) -> Result<Verified<Cosignature>, NoteError> {
        if !self.names(line) {
            return Err(NoteError::NotSigned { name: self.name.to_string(), key_id: self.key_id() });
        }
        self.verify_bytes(checkpoint, line.bytes())
    }

    fn verify_bytes(&self, checkpoint: &Checkpoint, bytes: &[u8]) -> Result<Verified<Cosignature>, NoteError> {
        let bad = || bad_signature(&self.name, self.key_id());
        let (time, signature) = bytes.split_first_chunk().ok_or_else(bad)?;
        let signature: &[u8; SIGNATURE_LEN] = signature.try_into().map_err(|_| bad())?;
        let time = check_time(u64::from_be_bytes(*time))?;
        if !self.key.verifies(message(checkpoint, time).as_bytes(), signature) {
            return Err(bad());
        }
        Ok(Verified::new(Cosignature { witness: self.name.clone(), time, checkpoint: checkpoint.clone() }))
    }
}

impl fmt::Display for WitnessVerifier {
    /// `<name>+<key id in hexadecimal>+base64(0x04 || public key)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&verifier_key_text(&self.name, COSIGNATURE_V1, &self.key))
    }
}

impl FromStr for WitnessVerifier {
    type Err = NoteError;

    fn from_str(s: &str) -> Result<Self, NoteError> {
        let (name, key) = parse_verifier_key(s, COSIGNATURE_V1)?;
        Ok(Self { name, key })
    }
}

/// A witness's secret key and name. The key must be used for nothing else: the signed message does not name the witness.
pub struct WitnessSigner {
    name: Origin,
    signer: Arc<dyn Signer>,
    key: VerifyingKey,
}

impl WitnessSigner {
    /// Signs under `name`.
    pub fn new(name: Origin, signer: impl Signer + 'static) -> Self {
        let key = signer.verifying_key();
        Self { name, signer: Arc::new(signer), key }
    }

    /// The verifier of this witness's cosignatures.
    pub fn verifier(&self) -> WitnessVerifier {
        WitnessVerifier::new(self.name.clone(), self.key)
    }

    /// Cosigns a checkpoint that the log signed.
    ///
    /// # Soundness
    /// The caller has verified a consistency proof from the largest checkpoint that it cosigned before, and made this one
    /// durable.
    ///
    /// # Errors
    /// [`NoteError::CosignatureTime`] for a time of 2^63 seconds or more; [`NoteError::Signer`].
    pub fn cosign(&self, checkpoint: &Verified<Checkpoint>, time: u64) -> Result<NoteSignature, NoteError> {
        let signature = signed(&*self.signer, &self.key, message(checkpoint, check_time(time)?).as_bytes())?;
        let bytes = [time.to_be_bytes().as_slice(), &signature].concat();
        Ok(NoteSignature::new(&self.name, self.verifier().key_id(), bytes))
    }
}

fn message(checkpoint: &Checkpoint, time: u64) -> String {
    format!("cosignature/v1\ntime {time}\n{checkpoint}")
}

fn check_time(time: u64) -> Result<u64, NoteError> {
    if time < TIME_END { Ok(time) } else { Err(NoteError::CosignatureTime { got: time }) }
}
