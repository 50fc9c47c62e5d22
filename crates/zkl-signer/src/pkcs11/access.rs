//! How a token is reached: its module, and its PIN.

use std::{
    env, fs,
    io::Read as _,
    path::{Path, PathBuf},
};

use cryptoki::types::AuthPin;
use zeroize::Zeroizing;

use crate::{error::KeyPlaceError, uri::Pkcs11Uri};

/// Longest file of a PIN that is read, in bytes.
const MAX_PIN_LEN: u64 = 1024;

/// A PIN: wiped from memory when dropped, and not printed.
#[derive(Clone)]
pub struct Pin(AuthPin);

impl Pin {
    /// A PIN that is one line of text, which came from `place`.
    ///
    /// # Errors
    /// [`KeyPlaceError::Pin`].
    pub fn new(text: &str, place: &str) -> Result<Self, KeyPlaceError> {
        // What an editor or `echo` adds is no part of it.
        let text = text.strip_suffix('\n').map_or(text, |line| line.strip_suffix('\r').unwrap_or(line));
        if text.is_empty() || text.contains(['\n', '\r', '\0']) {
            return Err(KeyPlaceError::Pin { place: place.to_owned(), source: None });
        }
        Ok(Self(AuthPin::from(text.to_owned())))
    }

    /// Reads a PIN from a file or a pipe.
    ///
    /// # Errors
    /// [`KeyPlaceError::Pin`].
    pub fn read(path: &Path) -> Result<Self, KeyPlaceError> {
        let place = path.display().to_string();
        let mut text = Zeroizing::new(String::with_capacity(MAX_PIN_LEN as usize + 1));
        let read = fs::File::open(path).and_then(|file| file.take(MAX_PIN_LEN + 1).read_to_string(&mut text));
        match read {
            Err(source) => Err(KeyPlaceError::Pin { place, source: Some(source) }),
            Ok(length) if length as u64 > MAX_PIN_LEN => Err(KeyPlaceError::Pin { place, source: None }),
            Ok(_) => Self::new(&text, &place),
        }
    }

    pub(super) const fn secret(&self) -> &AuthPin {
        &self.0
    }
}

/// What a URI may leave open: the library that speaks to the token, and the PIN.
#[derive(Clone, Default)]
pub struct TokenAccess {
    /// The module, where the URI has no `module-path`.
    pub module: Option<PathBuf>,
    /// The PIN, where the URI has no `pin-source`.
    pub pin: Option<Pin>,
}

impl TokenAccess {
    /// What `ZKL_PKCS11_MODULE`, `ZKL_PKCS11_PIN_FILE` and `ZKL_PKCS11_PIN` say. The file wins over the PIN itself, which other
    /// processes of the same user can read.
    ///
    /// # Errors
    /// [`KeyPlaceError::Pin`].
    pub fn from_environment() -> Result<Self, KeyPlaceError> {
        let pin = match (env::var_os("ZKL_PKCS11_PIN_FILE"), env::var("ZKL_PKCS11_PIN")) {
            (Some(path), _) => Some(Pin::read(Path::new(&path))?),
            (None, Ok(text)) => Some(Pin::new(&Zeroizing::new(text), "ZKL_PKCS11_PIN")?),
            (None, Err(_)) => None,
        };
        Ok(Self { module: env::var_os("ZKL_PKCS11_MODULE").map(PathBuf::from), pin })
    }

    pub(super) fn module(&self, uri: &Pkcs11Uri) -> Result<PathBuf, KeyPlaceError> {
        let module = uri.module_path.clone().or_else(|| self.module.clone().filter(|path| path.is_absolute()));
        module.ok_or_else(|| KeyPlaceError::NoModule { uri: Box::new(uri.clone()) })
    }

    pub(super) fn pin(&self, uri: &Pkcs11Uri) -> Result<Option<Pin>, KeyPlaceError> {
        match &uri.pin_source {
            Some(path) => Pin::read(path).map(Some),
            None => Ok(self.pin.clone()),
        }
    }
}
