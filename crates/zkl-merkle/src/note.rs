//! Signed notes (c2sp.org/signed-note): text with Ed25519 signatures, one per line.
//!
//! ```text
//! <text, ending in a newline>
//! <empty line>
//! — <key name> base64(key id || signature)
//! ```
//!
//! Signatures by unknown keys are ignored, as the specification demands: a third party can add, remove and reorder such
//! lines, and a note that verifies says nothing about them.

use std::{fmt, str::FromStr, sync::Arc};

use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

pub use crate::error::NoteError;
use crate::{
    encoding::{base64, from_base64, from_base64_array, from_hex_array},
    keys::{Origin, PUBLIC_KEY_LEN, SIGNATURE_LEN, SigningKey, VerifyingKey, is_key_name},
    signer::{Signer, signed},
    verified::Verified,
};

/// Type byte of plain Ed25519 signatures.
pub(crate) const ED25519: u8 = 0x01;

const SIGNER_KEY_PREFIX: &str = "PRIVATE+KEY+";
const SIGNATURE_PREFIX: &str = "— ";

/// A note: a text and its signatures, well-formed but not verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    text: String,
    signatures: Vec<NoteSignature>,
}

/// One signature line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteSignature {
    name: String,
    key_id: u32,
    signature: Vec<u8>,
}

impl Note {
    /// Longest note that is read, in bytes.
    pub const MAX_LEN: usize = 1_000_000;

    /// Most signatures that are read.
    pub const MAX_SIGNATURES: usize = 100;

    /// A note of `text` and one signature, or several by a signer of several keys.
    ///
    /// # Errors
    /// [`NoteError::TextEnd`], [`NoteError::ControlCharacter`], [`NoteError::Signer`].
    pub fn sign(text: String, signer: &NoteSigner) -> Result<Self, NoteError> {
        check_text(&text)?;
        if !text.ends_with('\n') {
            return Err(NoteError::TextEnd);
        }
        let signatures = signer.lines(&text)?;
        Ok(Self { text, signatures })
    }

    /// Reads a note. Writing it again gives the same bytes.
    ///
    /// # Errors
    /// [`NoteError`] for whatever the specification does not allow, and above [`Note::MAX_LEN`] bytes or
    /// [`Note::MAX_SIGNATURES`] signatures.
    pub fn parse(bytes: &[u8]) -> Result<Self, NoteError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(NoteError::TooLong { max: Self::MAX_LEN, got: bytes.len() });
        }
        let note = str::from_utf8(bytes).map_err(|_| NoteError::NotUtf8)?;
        check_text(note)?;
        // The text may hold empty lines: the last one separates.
        let separator = note.rfind("\n\n").ok_or(NoteError::NoSignatures)?;
        let (text, signatures) = (&note[..=separator], &note[separator + 2..]);
        if signatures.is_empty() {
            return Err(NoteError::NoSignatures);
        }
        let signatures = signatures
            .split_inclusive('\n')
            .enumerate()
            .map(|(line, text)| {
                if line == Self::MAX_SIGNATURES {
                    return Err(NoteError::TooManySignatures { max: Self::MAX_SIGNATURES });
                }
                NoteSignature::parse_line(text).ok_or(NoteError::SignatureLine { line })
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_owned(), signatures })
    }

    /// The text, with its final newline. Nothing says yet that anybody signed it: see [`Note::open`].
    pub fn unverified_text(&self) -> &str {
        &self.text
    }

    /// The signatures, in order.
    pub fn signatures(&self) -> &[NoteSignature] {
        &self.signatures
    }

    /// Adds a signature, such as a witness's. Whether it is one of this text shows when it is verified.
    ///
    /// # Errors
    /// [`NoteError::TooManySignatures`].
    pub fn add_signature(&mut self, signature: NoteSignature) -> Result<(), NoteError> {
        if self.signatures.len() >= Self::MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures { max: Self::MAX_SIGNATURES });
        }
        self.signatures.push(signature);
        Ok(())
    }

    /// The text, if exactly one signature is `verifier`'s and it is valid. All others are ignored.
    ///
    /// # Errors
    /// [`NoteError::NotSigned`], [`NoteError::DuplicateSignature`], [`NoteError::BadSignature`].
    pub fn open(&self, verifier: &NoteVerifier) -> Result<Verified<&str>, NoteError> {
        let (name, key_id) = (verifier.name(), verifier.key_id());
        let signature = self.signature_of(name, key_id)?;
        let valid = signature
            .try_into()
            .is_ok_and(|signature: &[u8; SIGNATURE_LEN]| verifier.key.verifies(self.text.as_bytes(), signature));
        if valid { Ok(Verified::new(&self.text)) } else { Err(bad_signature(name, key_id)) }
    }

    /// The same text with the first signature of a key and no other.
    pub(crate) fn only_by(&self, name: &Origin, key_id: u32) -> Result<Self, NoteError> {
        let found = self.signatures.iter().find(|line| line.name == name.as_str() && line.key_id == key_id);
        let missing = || NoteError::NotSigned { name: name.as_str().to_owned(), key_id };
        Ok(Self { text: self.text.clone(), signatures: vec![found.ok_or_else(missing)?.clone()] })
    }

    /// The bytes of the only signature of a key.
    pub(crate) fn signature_of(&self, name: &Origin, key_id: u32) -> Result<&[u8], NoteError> {
        let mut of_key = self.signatures.iter().filter(|line| line.name == name.as_str() && line.key_id == key_id);
        let name = || name.as_str().to_owned();
        let signature = of_key.next().ok_or_else(|| NoteError::NotSigned { name: name(), key_id })?;
        if of_key.next().is_some() {
            return Err(NoteError::DuplicateSignature { name: name(), key_id });
        }
        Ok(&signature.signature)
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.text)?;
        self.signatures.iter().try_for_each(|signature| signature.fmt(f))
    }
}

impl NoteSignature {
    pub(crate) fn new(name: &Origin, key_id: u32, signature: Vec<u8>) -> Self {
        Self { name: name.as_str().to_owned(), key_id, signature }
    }

    /// Reads one signature line with its newline, as a witness answers with.
    ///
    /// # Errors
    /// [`NoteError::TooLong`], [`NoteError::SignatureLine`].
    pub fn parse(line: &str) -> Result<Self, NoteError> {
        if line.len() > Note::MAX_LEN {
            return Err(NoteError::TooLong { max: Note::MAX_LEN, got: line.len() });
        }
        Self::parse_line(line).ok_or(NoteError::SignatureLine { line: 0 })
    }

    fn parse_line(line: &str) -> Option<Self> {
        let line = line.strip_prefix(SIGNATURE_PREFIX)?.strip_suffix('\n')?;
        let (name, signature) = line.split_once(' ')?;
        if !is_key_name(name) {
            return None;
        }
        let bytes = from_base64(signature)?;
        let (key_id, signature) = bytes.split_first_chunk()?;
        if signature.is_empty() {
            return None;
        }
        Some(Self { name: name.to_owned(), key_id: u32::from_be_bytes(*key_id), signature: signature.to_vec() })
    }

    /// Name of the key that is said to have signed.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Id of the key that is said to have signed.
    pub const fn key_id(&self) -> u32 {
        self.key_id
    }

    /// The bytes behind the key id.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.signature
    }
}

impl fmt::Display for NoteSignature {
    /// The line with its newline.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = [self.key_id.to_be_bytes().as_slice(), &self.signature].concat();
        writeln!(f, "{SIGNATURE_PREFIX}{} {}", self.name, base64(&bytes))
    }
}

/// The public key that a note is verified with, and the name it signs under.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoteVerifier {
    name: Origin,
    key: VerifyingKey,
}

impl NoteVerifier {
    /// The verifier of `key` under `name`.
    pub const fn new(name: Origin, key: VerifyingKey) -> Self {
        Self { name, key }
    }

    /// Name of the key: for a log, its origin.
    pub const fn name(&self) -> &Origin {
        &self.name
    }

    /// The public key.
    pub const fn key(&self) -> &VerifyingKey {
        &self.key
    }

    /// Id of the key in signature lines.
    pub fn key_id(&self) -> u32 {
        key_id(&self.name, ED25519, &self.key)
    }
}

impl fmt::Display for NoteVerifier {
    /// `<name>+<key id in hexadecimal>+base64(0x01 || public key)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&verifier_key_text(&self.name, ED25519, &self.key))
    }
}

impl FromStr for NoteVerifier {
    type Err = NoteError;

    fn from_str(s: &str) -> Result<Self, NoteError> {
        let (name, key) = parse_verifier_key(s, ED25519)?;
        Ok(Self { name, key })
    }
}

/// What signs notes, and the name it signs under.
pub struct NoteSigner {
    name: Origin,
    signer: Arc<dyn Signer>,
    key: VerifyingKey,
    /// Further keys of the same name.
    also: Vec<(Arc<dyn Signer>, VerifyingKey)>,
}

impl NoteSigner {
    /// Signs under `name`.
    pub fn new(name: Origin, signer: impl Signer + 'static) -> Self {
        let key = signer.verifying_key();
        Self { name, signer: Arc::new(signer), key, also: Vec::new() }
    }

    /// Signs with another key as well, under the same name: while a log's key is being replaced, both sign. The verifier stays that of
    /// the first key. A key that signs already is not added.
    #[must_use]
    pub fn with_also(mut self, signer: impl Signer + 'static) -> Self {
        let key = signer.verifying_key();
        if key != self.key && self.also.iter().all(|(_, known)| *known != key) {
            self.also.push((Arc::new(signer), key));
        }
        self
    }

    /// Reads `PRIVATE+KEY+<name>+<key id in hexadecimal>+base64(0x01 || seed)`, the form of other implementations.
    ///
    /// # Errors
    /// [`NoteError::SignerKey`], [`NoteError::Key`], [`NoteError::SignatureType`], [`NoteError::KeyId`].
    pub fn from_key_text(text: &str) -> Result<Self, NoteError> {
        let (name, key) = read_key_text(text)?;
        Ok(Self::new(name, key))
    }

    /// The verifier of this signer's notes.
    pub fn verifier(&self) -> NoteVerifier {
        NoteVerifier::new(self.name.clone(), self.key)
    }

    /// The keys that sign as well.
    pub fn also(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.also.iter().map(|(_, key)| key)
    }

    /// Name of the key: for a log, its origin.
    pub const fn name(&self) -> &Origin {
        &self.name
    }

    /// The signer, for what is signed besides notes.
    pub const fn key(&self) -> &Arc<dyn Signer> {
        &self.signer
    }

    /// Signs a text of any content; [`Note::sign`] also checks that it can be a note's.
    fn lines(&self, text: &str) -> Result<Vec<NoteSignature>, NoteError> {
        let own = std::iter::once((&self.signer, &self.key));
        let keys = own.chain(self.also.iter().map(|(signer, key)| (signer, key)));
        keys.map(|(signer, key)| {
            let signature = signed(&**signer, key, text.as_bytes())?;
            Ok(NoteSignature::new(&self.name, key_id(&self.name, ED25519, key), signature.to_vec()))
        })
        .collect()
    }
}

/// The name and the key in a text of the form that [`NoteSigner::from_key_text`] reads.
///
/// # Errors
/// As [`NoteSigner::from_key_text`].
pub fn read_key_text(text: &str) -> Result<(Origin, SigningKey), NoteError> {
    let mut parts = text.strip_prefix(SIGNER_KEY_PREFIX).ok_or(NoteError::SignerKey)?.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::SignerKey);
    };
    let name: Origin = name.parse()?;
    let id = u32::from_be_bytes(from_hex_array(id).ok_or(NoteError::SignerKey)?);
    let bytes = Zeroizing::new(from_base64_array::<33>(key).ok_or(NoteError::SignerKey)?);
    let [algorithm, seed @ ..] = &*bytes;
    check_type(ED25519, *algorithm)?;
    let key = SigningKey::from_seed(seed);
    check_key_id(key_id(&name, ED25519, &key.verifying_key()), id)?;
    Ok((name, key))
}

/// The text that [`read_key_text`] reads: a secret.
pub fn key_text(name: &Origin, key: &SigningKey) -> Zeroizing<String> {
    let bytes = Zeroizing::new([[ED25519].as_slice(), key.seed().as_slice()].concat());
    let id = key_id(name, ED25519, &key.verifying_key());
    Zeroizing::new(format!("{SIGNER_KEY_PREFIX}{name}+{id:08x}+{}", *Zeroizing::new(base64(&bytes))))
}

/// `SHA-256(name || 0x0A || type || public key)[:4]`, big-endian.
pub(crate) fn key_id(name: &Origin, algorithm: u8, key: &VerifyingKey) -> u32 {
    let hash = Sha256::new()
        .chain_update(name.as_str())
        .chain_update([b'\n', algorithm])
        .chain_update(key.as_bytes())
        .finalize();
    let [a, b, c, d, ..] = <[u8; 32]>::from(hash);
    u32::from_be_bytes([a, b, c, d])
}

pub(crate) fn verifier_key_text(name: &Origin, algorithm: u8, key: &VerifyingKey) -> String {
    let bytes = [[algorithm].as_slice(), key.as_bytes()].concat();
    format!("{name}+{:08x}+{}", key_id(name, algorithm, key), base64(&bytes))
}

pub(crate) fn parse_verifier_key(text: &str, algorithm: u8) -> Result<(Origin, VerifyingKey), NoteError> {
    // Names have no '+', base64 may.
    let mut parts = text.splitn(3, '+');
    let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(NoteError::VerifierKey);
    };
    let name: Origin = name.parse()?;
    let id = u32::from_be_bytes(from_hex_array(id).ok_or(NoteError::VerifierKey)?);
    let bytes = from_base64_array::<{ 1 + PUBLIC_KEY_LEN }>(key).ok_or(NoteError::VerifierKey)?;
    let [got, key @ ..] = &bytes;
    check_type(algorithm, *got)?;
    let key = VerifyingKey::from_bytes(key)?;
    check_key_id(key_id(&name, algorithm, &key), id)?;
    Ok((name, key))
}

pub(crate) fn bad_signature(name: &Origin, key_id: u32) -> NoteError {
    NoteError::BadSignature { name: name.as_str().to_owned(), key_id }
}

fn check_type(expected: u8, got: u8) -> Result<(), NoteError> {
    if expected == got { Ok(()) } else { Err(NoteError::SignatureType { expected, got }) }
}

fn check_key_id(expected: u32, got: u32) -> Result<(), NoteError> {
    if expected == got { Ok(()) } else { Err(NoteError::KeyId { expected, got }) }
}

/// Refuses ASCII control characters but newline.
fn check_text(text: &str) -> Result<(), NoteError> {
    match text.bytes().position(|b| b < 0x20 && b != b'\n') {
        Some(offset) => Err(NoteError::ControlCharacter { offset }),
        None => Ok(()),
    }
}
