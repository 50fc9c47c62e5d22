//! Why a private key cannot be used where it is.

use std::{error::Error as StdError, io, path::PathBuf};

use thiserror::Error;
use zkl_core::digest::Sha256Digest;
use zkl_merkle::{error::KeyError, signer::SignerError};

use crate::uri::{Pkcs11Uri, UriError};

/// Why a private key cannot be used where it is. No message repeats a PIN.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum KeyPlaceError {
    /// A file could not be read or written.
    #[error("cannot {action} {path}", path = path.display())]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: io::Error,
    },
    /// A file without a key that can be used.
    #[error("{path} holds no Ed25519 key in PKCS#8 PEM", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        #[source]
        source: KeyError,
    },
    /// A text that is no place of a key.
    #[error(transparent)]
    Uri(#[from] UriError),
    /// The key is not the one that it should be.
    #[error("the key at {place} has the fingerprint {got}, not {expected}")]
    OtherKey {
        /// The place.
        place: String,
        /// Fingerprint of the key that the owner is known by.
        expected: Sha256Digest,
        /// Fingerprint of the key that is there.
        got: Sha256Digest,
    },
    /// Tokens are not built in.
    #[error("this program was built without PKCS#11 tokens")]
    NotCompiledIn,
    /// Nobody said which library speaks to the token.
    #[error("{uri} names no module, and the environment does not either")]
    NoModule {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// The library cannot be used.
    #[error("the PKCS#11 module {module} cannot be used", module = module.display())]
    Module {
        /// The library.
        module: PathBuf,
        /// What it says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// No such token is in a slot.
    #[error("no token fits {uri}")]
    NoToken {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// Several tokens are called the same.
    #[error("{count} tokens fit {uri}")]
    AmbiguousToken {
        /// The place.
        uri: Box<Pkcs11Uri>,
        /// How many.
        count: usize,
    },
    /// The token wants a PIN.
    #[error("the token of {uri} wants a PIN, and none was given")]
    NoPin {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// The token refused the PIN.
    #[error("the token of {uri} refused the PIN")]
    WrongPin {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// The PIN is not tried when a wrong one would lock the token.
    #[error("the token of {uri} takes one more PIN before it locks, or is locked")]
    PinNotTried {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// A PIN that cannot be read or be one.
    #[error("the PIN cannot be read from {place}")]
    Pin {
        /// Where it should be.
        place: String,
        /// The system's answer.
        #[source]
        source: Option<io::Error>,
    },
    /// No key fits.
    #[error("the token holds no Ed25519 key that fits {uri} and signs as expected")]
    NoKey {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// Several keys are called the same.
    #[error("{count} Ed25519 keys fit {uri}")]
    AmbiguousKey {
        /// The place.
        uri: Box<Pkcs11Uri>,
        /// How many.
        count: usize,
    },
    /// A key is to be put where one is.
    #[error("there is a key at {place} already")]
    Occupied {
        /// The place.
        place: String,
    },
    /// A place that does not say what a new key is to be called.
    #[error("{uri} gives a new key no name: object=... is missing")]
    Unnamed {
        /// The place.
        uri: Box<Pkcs11Uri>,
    },
    /// The token does not do what is asked.
    #[error("the token of {uri} failed")]
    Token {
        /// The place.
        uri: Box<Pkcs11Uri>,
        /// What it says.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The key does not sign, or not with itself.
    #[error("the key at {place} does not sign")]
    Signature {
        /// The place.
        place: String,
        /// What came instead.
        #[source]
        source: SignerError,
    },
    /// A new key could not be made.
    #[error("no key could be made")]
    Generate(#[source] KeyError),
}

impl KeyPlaceError {
    /// What can be done about it, if there is something.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::NoModule { .. } => {
                "add ?module-path=/usr/lib/.../lib...so to the URI, or set ZKL_PKCS11_MODULE to the token's library"
            }
            Self::NoPin { .. } => {
                "set ZKL_PKCS11_PIN_FILE to a file with the PIN, or add &pin-source=file:/... to the URI"
            }
            Self::WrongPin { .. } => "tokens lock after a few wrong PINs: be sure before you try again",
            Self::PinNotTried { .. } => "log in once with the token's own tool",
            Self::AmbiguousKey { .. } | Self::AmbiguousToken { .. } => "say which one: id=%.. or serial=..",
            Self::NotCompiledIn => "build it with the feature pkcs11",
            Self::OtherKey { .. } => "another key would begin another identity: bring the old one back, or rotate it",
            _ => return None,
        })
    }
}
