//! The key of encrypted openings: an age identity, in a file of its own or under a passphrase.

use std::{fmt, fs, io, io::Read as _, path::Path, str::FromStr};

use age::{
    DecryptError, Decryptor, EncryptError,
    secrecy::{ExposeSecret as _, SecretString},
};
use thiserror::Error;
use zeroize::Zeroizing;

/// How every age file begins.
const AGE_MAGIC: &[u8] = b"age-encryption.org/v1\n";
/// Longest key or passphrase file that is read, in bytes.
const MAX_SECRET_LEN: u64 = 64 * 1024;
/// log2 of scrypt's cost: about a second and 256 MiB, as other implementations of age take it.
const WORK_FACTOR: u8 = 18;
/// Highest cost that is accepted from a file: 16 times as much.
const MAX_WORK_FACTOR: u8 = 22;

/// Why openings cannot be encrypted or decrypted.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum OpeningKeyError {
    /// An encrypted opening, and nothing to open it with.
    #[error("the opening is encrypted, and neither a key nor a passphrase was given")]
    Locked,
    /// A passphrase, and no key that it could open.
    #[error("there is no key of the openings that a passphrase would open")]
    NothingWrapped,
    /// A key file that is itself encrypted, without its passphrase.
    #[error("the key of the openings is encrypted, and no passphrase was given")]
    PassphraseMissing,
    /// The passphrase is not the one that the key was encrypted with.
    #[error("the passphrase does not open the key of the openings")]
    WrongPassphrase,
    /// The key is not the one that the opening was encrypted to.
    #[error("the opening was encrypted to another key")]
    OtherKey,
    /// The key is not the one that the ledger encrypts its openings to.
    #[error("the ledger encrypts its openings to {expected}, not to the given key {got}")]
    NotTheLedgers {
        /// The ledger's recipient.
        expected: OpeningRecipient,
        /// The recipient of the key that was given.
        got: OpeningRecipient,
    },
    /// A file that holds no age identity, or several.
    #[error("not an age key file: one line that begins with AGE-SECRET-KEY-1 is expected")]
    NotAKey,
    /// A text that is no age recipient.
    #[error("not an age recipient: age1... is expected")]
    NotARecipient,
    /// A passphrase that cannot be one.
    #[error("a passphrase is one line of text, and not empty")]
    NotAPassphrase,
    /// A file of secrets could not be read.
    #[error("the file of secrets cannot be read")]
    Io(#[from] io::Error),
    /// The envelope is damaged, or of another version.
    #[error("the envelope cannot be opened")]
    Damaged(#[source] Box<DecryptError>),
    /// The envelope could not be made.
    #[error("the envelope could not be made")]
    Encrypt(#[source] Box<EncryptError>),
}

impl OpeningKeyError {
    /// What can be done about it, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Locked | Self::NothingWrapped | Self::PassphraseMissing => {
                Some("give the key file of the openings, or their passphrase")
            }
            Self::WrongPassphrase | Self::OtherKey | Self::NotTheLedgers { .. } => {
                Some("openings without their key are lost: look for it in backups before anything else")
            }
            _ => None,
        }
    }
}

/// The public half: what openings are encrypted to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpeningRecipient(age::x25519::Recipient);

impl OpeningRecipient {
    /// The age file of `opening`.
    pub(crate) fn encrypt(&self, opening: &[u8]) -> Result<Vec<u8>, OpeningKeyError> {
        age::encrypt(&self.0, opening).map_err(|error| OpeningKeyError::Encrypt(Box::new(error)))
    }
}

impl fmt::Display for OpeningRecipient {
    /// `age1..`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for OpeningRecipient {
    type Err = OpeningKeyError;

    fn from_str(s: &str) -> Result<Self, OpeningKeyError> {
        s.parse().map(Self).map_err(|_| OpeningKeyError::NotARecipient)
    }
}

/// The secret half: what opens openings. Wiped from memory when dropped, and not `Debug`.
#[derive(Clone)]
pub struct OpeningIdentity(age::x25519::Identity);

impl OpeningIdentity {
    /// A new identity from the operating system's randomness.
    pub fn generate() -> Self {
        Self(age::x25519::Identity::generate())
    }

    /// Reads the text of an age key file: comment lines, and one `AGE-SECRET-KEY-1..`.
    ///
    /// # Errors
    /// [`OpeningKeyError::NotAKey`].
    pub fn from_key_text(text: &str) -> Result<Self, OpeningKeyError> {
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let (Some(line), None) = (lines.next(), lines.next()) else { return Err(OpeningKeyError::NotAKey) };
        line.parse().map(Self).map_err(|_| OpeningKeyError::NotAKey)
    }

    /// The text of an age key file, as `age-keygen` writes it: a secret.
    pub fn to_key_text(&self) -> Zeroizing<String> {
        let secret = self.0.to_string();
        Zeroizing::new(format!("# public key: {}\n{}\n", self.recipient(), secret.expose_secret()))
    }

    /// What this identity opens.
    pub fn recipient(&self) -> OpeningRecipient {
        OpeningRecipient(self.0.to_public())
    }

    /// This identity as an age file under a passphrase. Takes about a second.
    ///
    /// # Errors
    /// [`OpeningKeyError::Encrypt`].
    pub fn wrap(&self, passphrase: &Passphrase) -> Result<Vec<u8>, OpeningKeyError> {
        let mut recipient = age::scrypt::Recipient::new(passphrase.0.clone());
        recipient.set_work_factor(WORK_FACTOR);
        let text = self.to_key_text();
        age::encrypt(&recipient, text.as_bytes()).map_err(|error| OpeningKeyError::Encrypt(Box::new(error)))
    }

    /// The identity in an age file under a passphrase. Takes about a second.
    ///
    /// # Errors
    /// [`OpeningKeyError::WrongPassphrase`], [`OpeningKeyError::NotAKey`], [`OpeningKeyError::Damaged`].
    pub fn unwrap(wrapped: &[u8], passphrase: &Passphrase) -> Result<Self, OpeningKeyError> {
        let mut identity = age::scrypt::Identity::new(passphrase.0.clone());
        identity.set_max_work_factor(MAX_WORK_FACTOR);
        let text = open(wrapped, &identity, || OpeningKeyError::WrongPassphrase)?;
        Self::from_key_text(str::from_utf8(&text).map_err(|_| OpeningKeyError::NotAKey)?)
    }

    /// What is in an age file to this identity.
    pub(crate) fn decrypt(&self, envelope: &[u8]) -> Result<Zeroizing<Vec<u8>>, OpeningKeyError> {
        open(envelope, &self.0, || OpeningKeyError::OtherKey)
    }
}

/// A passphrase: wiped from memory when dropped, and not printed.
#[derive(Clone)]
pub struct Passphrase(SecretString);

impl Passphrase {
    /// A passphrase that is one line of text.
    ///
    /// # Errors
    /// [`OpeningKeyError::NotAPassphrase`].
    pub fn new(text: &str) -> Result<Self, OpeningKeyError> {
        // What an editor or `echo` adds is no part of it.
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.is_empty() || text.contains(['\n', '\r', '\0']) {
            return Err(OpeningKeyError::NotAPassphrase);
        }
        Ok(Self(SecretString::from(text.to_owned())))
    }

    /// Reads a passphrase from a file or a pipe.
    ///
    /// # Errors
    /// [`OpeningKeyError::Io`], [`OpeningKeyError::NotAPassphrase`].
    pub fn read(path: &Path) -> Result<Self, OpeningKeyError> {
        let bytes = read_secret(path)?;
        Self::new(str::from_utf8(&bytes).map_err(|_| OpeningKeyError::NotAPassphrase)?)
    }
}

/// What the owner opens openings with.
#[derive(Clone)]
pub enum OpeningKey {
    /// The identity itself, from a key file.
    Identity(OpeningIdentity),
    /// The passphrase of the identity that is kept with the ledger.
    Passphrase(Passphrase),
}

impl OpeningKey {
    /// Reads a key file. One that is encrypted itself needs its `passphrase`; another one does without.
    ///
    /// # Errors
    /// [`OpeningKeyError::Io`], [`OpeningKeyError::NotAKey`], [`OpeningKeyError::PassphraseMissing`], and as
    /// [`OpeningIdentity::unwrap`].
    pub fn read_file(path: &Path, passphrase: Option<&Passphrase>) -> Result<Self, OpeningKeyError> {
        let bytes = read_secret(path)?;
        let identity = match (is_encrypted(&bytes), passphrase) {
            (true, Some(passphrase)) => OpeningIdentity::unwrap(&bytes, passphrase)?,
            (true, None) => return Err(OpeningKeyError::PassphraseMissing),
            (false, _) => {
                OpeningIdentity::from_key_text(str::from_utf8(&bytes).map_err(|_| OpeningKeyError::NotAKey)?)?
            }
        };
        Ok(Self::Identity(identity))
    }
}

impl OpeningIdentity {
    /// Writes a key file that must not be there yet, for its owner alone; encrypted if there is a passphrase.
    ///
    /// # Errors
    /// [`OpeningKeyError::Io`], also when there is a file.
    pub fn write_file(&self, path: &Path, passphrase: Option<&Passphrase>) -> Result<(), OpeningKeyError> {
        let bytes = match passphrase {
            Some(passphrase) => Zeroizing::new(self.wrap(passphrase)?),
            None => Zeroizing::new(self.to_key_text().as_bytes().to_vec()),
        };
        Ok(crate::files::write_new_private_file(path, &bytes)?)
    }
}

/// Whether these are the bytes of an age file.
pub(crate) fn is_encrypted(bytes: &[u8]) -> bool {
    bytes.starts_with(AGE_MAGIC)
}

fn open(
    envelope: &[u8],
    identity: &dyn age::Identity,
    other_key: impl Fn() -> OpeningKeyError,
) -> Result<Zeroizing<Vec<u8>>, OpeningKeyError> {
    let damaged = |error| match error {
        DecryptError::NoMatchingKeys | DecryptError::DecryptionFailed | DecryptError::KeyDecryptionFailed => {
            other_key()
        }
        error => OpeningKeyError::Damaged(Box::new(error)),
    };
    let decryptor = Decryptor::new_buffered(envelope).map_err(damaged)?;
    let mut reader = decryptor.decrypt(std::iter::once(identity)).map_err(damaged)?;
    // Room for all of it, so that nothing is left behind where a vector has grown out of.
    let mut bytes = Zeroizing::new(Vec::with_capacity(envelope.len()));
    reader.read_to_end(&mut bytes).map_err(|error| OpeningKeyError::Damaged(Box::new(error.into())))?;
    Ok(bytes)
}

/// Reads a small file or a pipe, whose length is not known before it ends.
fn read_secret(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_SECRET_LEN as usize + 1));
    fs::File::open(path)?.take(MAX_SECRET_LEN + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_SECRET_LEN {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}
