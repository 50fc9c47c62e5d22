//! Ed25519 keys (RFC 8032) and the names they sign under.

use std::{fmt, str::FromStr};

use ed25519_dalek::{
    Signer as _,
    ed25519::{
        Signature,
        pkcs8::{
            DecodePrivateKey as _, DecodePublicKey as _, EncodePrivateKey as _, EncodePublicKey as _, KeypairBytes,
            spki::der::pem::LineEnding,
        },
    },
};
use zeroize::Zeroizing;
use zkl_core::digest::Sha256Digest;

use crate::{encoding::from_hex_array, error::KeyError, note::NoteVerifier};

/// Bytes of a signature.
pub const SIGNATURE_LEN: usize = 64;

/// Bytes of a public key.
pub const PUBLIC_KEY_LEN: usize = 32;

/// A secret signing key. Wiped from memory when dropped; neither `Debug` nor `Clone`.
pub struct SigningKey(ed25519_dalek::SigningKey);

impl SigningKey {
    /// A new key from the operating system's randomness.
    ///
    /// # Errors
    /// [`KeyError::Randomness`].
    pub fn generate() -> Result<Self, KeyError> {
        let mut seed = Zeroizing::new([0; 32]);
        zkl_core::random::fill(seed.as_mut()).map_err(|_| KeyError::Randomness)?;
        Ok(Self::from_seed(&seed))
    }

    /// The key of a 32-byte RFC 8032 seed. Whoever knows the seed can sign.
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads a PKCS#8 PEM text, as this crate and `openssl genpkey -algorithm ed25519` write it.
    ///
    /// # Errors
    /// [`KeyError::PrivatePem`], also when the text holds a public key that is not the private key's.
    pub fn from_pkcs8_pem(pem: &str) -> Result<Self, KeyError> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem).map(Self).map_err(|_| KeyError::PrivatePem)
    }

    /// The PKCS#8 PEM text of the key.
    ///
    /// # Errors
    /// [`KeyError::PrivatePem`]; not expected of any key.
    pub fn to_pkcs8_pem(&self) -> Result<Zeroizing<String>, KeyError> {
        // Without the public key this is version 1 of the format, the one that every OpenSSL reads.
        let pair = KeypairBytes { secret_key: self.0.to_bytes(), public_key: None };
        pair.to_pkcs8_pem(LineEnding::LF).map_err(|_| KeyError::PrivatePem)
    }

    /// The public key.
    pub fn verifying_key(&self) -> VerifyingKey {
        VerifyingKey(self.0.verifying_key())
    }

    /// Signs `message`. Which messages may be signed with one key is for the caller to keep apart; within this crate
    /// notes, cosignatures and envelopes begin differently (an origin, `cosignature/v1`, `DSSEv1`).
    pub fn sign(&self, message: &[u8]) -> [u8; SIGNATURE_LEN] {
        self.0.sign(message).to_bytes()
    }

    /// The 32-byte seed, for putting the key elsewhere. Whoever knows it can sign.
    pub fn seed(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.to_bytes())
    }
}

/// A public key that is on the curve and not of small order.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct VerifyingKey(ed25519_dalek::VerifyingKey);

impl VerifyingKey {
    /// Reads the 32-byte encoding of RFC 8032.
    ///
    /// # Errors
    /// [`KeyError::PublicKey`].
    pub fn from_bytes(bytes: &[u8; PUBLIC_KEY_LEN]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::PublicKey)?;
        Self::checked(key)
    }

    /// Reads a SubjectPublicKeyInfo PEM text, as `openssl pkey -pubout` writes it.
    ///
    /// # Errors
    /// [`KeyError::PublicPem`], [`KeyError::PublicKey`].
    pub fn from_public_key_pem(pem: &str) -> Result<Self, KeyError> {
        let key = ed25519_dalek::VerifyingKey::from_public_key_pem(pem).map_err(|_| KeyError::PublicPem)?;
        Self::checked(key)
    }

    fn checked(key: ed25519_dalek::VerifyingKey) -> Result<Self, KeyError> {
        // Under a key of small order one signature fits many messages; a y above the field's modulus would be a second
        // spelling of a key, with another fingerprint.
        let canonical = key.to_edwards().compress().as_bytes() == key.as_bytes();
        if key.is_weak() || !canonical { Err(KeyError::PublicKey) } else { Ok(Self(key)) }
    }

    /// The 32-byte encoding of RFC 8032.
    pub fn as_bytes(&self) -> &[u8; PUBLIC_KEY_LEN] {
        self.0.as_bytes()
    }

    /// The SubjectPublicKeyInfo PEM text.
    ///
    /// # Errors
    /// [`KeyError::PublicPem`]; not expected of any key.
    pub fn to_public_key_pem(&self) -> Result<String, KeyError> {
        self.0.to_public_key_pem(LineEnding::LF).map_err(|_| KeyError::PublicPem)
    }

    /// SHA-256 of the DER SubjectPublicKeyInfo: what `openssl pkey -pubin -outform DER | sha256sum` prints.
    pub fn fingerprint(&self) -> Sha256Digest {
        // RFC 8410: SEQUENCE { SEQUENCE { OID 1.3.101.112 }, BIT STRING of 32 bytes }.
        const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        Sha256Digest::of(&[SPKI_PREFIX.as_slice(), self.as_bytes()].concat())
    }

    /// The verifier key for notes that this key signs under `origin`.
    pub fn note_verifier(&self, origin: Origin) -> NoteVerifier {
        NoteVerifier::new(origin, *self)
    }

    /// Whether `signature` is this key's over `message`, with the strict rules: canonical scalar, no point of small order,
    /// no cofactor. Under them nobody but the signer can make a second signature of a message.
    #[must_use]
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8; SIGNATURE_LEN]) -> bool {
        self.0.verify_strict(message, &Signature::from_bytes(signature)).is_ok()
    }
}

impl fmt::Display for VerifyingKey {
    /// 64 lower-case hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.as_bytes()))
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({self})")
    }
}

impl FromStr for VerifyingKey {
    type Err = KeyError;

    /// Reads 64 lower-case hexadecimal digits.
    fn from_str(s: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&from_hex_array(s).ok_or(KeyError::PublicHex)?)
    }
}

/// The name of a log, a witness or another signer of notes: a schema-less URL such as `example.com/datasets`, best one
/// that its owner controls.
///
/// 1 to 255 bytes without white space, control characters and `+`. The specification of checkpoints only recommends
/// this; it is required here, because an origin is also the name of the key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Origin(String);

impl Origin {
    /// Longest origin in bytes.
    pub const MAX_LEN: usize = 255;

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Origin {
    type Err = KeyError;

    fn from_str(s: &str) -> Result<Self, KeyError> {
        let valid = is_key_name(s) && s.len() <= Self::MAX_LEN && !s.contains(char::is_control);
        if valid { Ok(Self(s.to_owned())) } else { Err(KeyError::Origin { max: Self::MAX_LEN }) }
    }
}

/// Whether c2sp.org/signed-note allows `name` as the name of a key.
pub(crate) fn is_key_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c < ' ' || c == '+')
}
