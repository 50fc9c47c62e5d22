//! Places of private keys.

use std::{
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use zkl_merkle::{
    keys::{SigningKey, VerifyingKey},
    signer::{Signer, probe},
};

#[cfg(feature = "pkcs11")]
use crate::pkcs11::{Pkcs11Signer, TokenAccess};
use crate::{
    error::KeyPlaceError,
    pem::{read_pem, write_new_pem},
    uri::{Pkcs11Uri, UriError},
};

/// Where a private key is: a text in settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A PKCS#8 PEM file.
    File(PathBuf),
    /// A key on a PKCS#11 token.
    Token(Box<Pkcs11Uri>),
}

impl KeyPlace {
    /// This place, with a relative path taken from `dir`.
    #[must_use]
    pub fn relative_to(self, dir: &Path) -> Self {
        match self {
            Self::File(path) => Self::File(dir.join(path)),
            token @ Self::Token(_) => token,
        }
    }

    /// The signer with the key at this place, which has signed once. Blocks while a token works.
    ///
    /// With `expected` it is the signer of that key, whatever else has the same name. Tokens are reached as the environment says.
    ///
    /// # Errors
    /// [`KeyPlaceError`]; [`KeyPlaceError::OtherKey`] and [`KeyPlaceError::NoKey`] when there is another key than expected.
    pub fn signer(&self, expected: Option<&VerifyingKey>) -> Result<Box<dyn Signer>, KeyPlaceError> {
        let signer = match self {
            Self::File(path) => Box::new(read_pem(path)?) as Box<dyn Signer>,
            #[cfg(feature = "pkcs11")]
            Self::Token(uri) => Box::new(Pkcs11Signer::open(uri, &TokenAccess::from_environment()?, expected)?),
            #[cfg(not(feature = "pkcs11"))]
            Self::Token(_) => return Err(KeyPlaceError::NotCompiledIn),
        };
        self.checked(signer, expected)
    }

    /// Puts a key here, where none may be, and returns its signer.
    ///
    /// # Errors
    /// [`KeyPlaceError::Occupied`]; otherwise as [`KeyPlace::signer`].
    pub fn import(&self, key: &SigningKey) -> Result<Box<dyn Signer>, KeyPlaceError> {
        match self {
            Self::File(path) => write_new_pem(path, key)?,
            #[cfg(feature = "pkcs11")]
            Self::Token(uri) => crate::pkcs11::import(uri, &TokenAccess::from_environment()?, key)?,
            #[cfg(not(feature = "pkcs11"))]
            Self::Token(_) => return Err(KeyPlaceError::NotCompiledIn),
        }
        self.signer(Some(&key.verifying_key()))
    }

    /// Makes a key here, where none may be. One that is made on a token never leaves it.
    ///
    /// # Errors
    /// As [`KeyPlace::import`], and [`KeyPlaceError::Generate`].
    pub fn generate(&self) -> Result<Box<dyn Signer>, KeyPlaceError> {
        match self {
            Self::File(_) => self.import(&SigningKey::generate().map_err(KeyPlaceError::Generate)?),
            #[cfg(feature = "pkcs11")]
            Self::Token(uri) => {
                crate::pkcs11::generate(uri, &TokenAccess::from_environment()?)?;
                self.signer(None)
            }
            #[cfg(not(feature = "pkcs11"))]
            Self::Token(_) => Err(KeyPlaceError::NotCompiledIn),
        }
    }

    fn checked(
        &self,
        signer: Box<dyn Signer>,
        expected: Option<&VerifyingKey>,
    ) -> Result<Box<dyn Signer>, KeyPlaceError> {
        let (place, got) = (|| self.to_string(), signer.verifying_key());
        match expected {
            Some(expected) if *expected != got => {
                let (expected, got) = (expected.fingerprint(), got.fingerprint());
                Err(KeyPlaceError::OtherKey { place: place(), expected, got })
            }
            _ => {
                probe(&*signer).map_err(|source| KeyPlaceError::Signature { place: place(), source })?;
                Ok(signer)
            }
        }
    }
}

impl fmt::Display for KeyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            Self::Token(uri) => uri.fmt(f),
        }
    }
}

impl FromStr for KeyPlace {
    type Err = UriError;

    fn from_str(s: &str) -> Result<Self, UriError> {
        if Pkcs11Uri::is_meant(s) { s.parse().map(|uri| Self::Token(Box::new(uri))) } else { Ok(Self::File(s.into())) }
    }
}
