//! Private keys in PKCS#8 PEM files, as OpenSSL writes them.

use std::{
    fs,
    io::{self, Read as _, Write as _},
    path::Path,
};

use zeroize::Zeroizing;
use zkl_merkle::keys::SigningKey;

use crate::error::KeyPlaceError;

/// Longest key file that is read, in bytes.
const MAX_LEN: u64 = 64 * 1024;

/// Reads an unencrypted PKCS#8 PEM file.
///
/// # Errors
/// [`KeyPlaceError::Io`], [`KeyPlaceError::Pem`].
pub fn read_pem(path: &Path) -> Result<SigningKey, KeyPlaceError> {
    let read = || {
        let mut text = Zeroizing::new(String::with_capacity(MAX_LEN as usize + 1));
        fs::File::open(path)?.take(MAX_LEN + 1).read_to_string(&mut text)?;
        if text.len() as u64 > MAX_LEN { Err(io::ErrorKind::FileTooLarge.into()) } else { Ok(text) }
    };
    let text = read().map_err(|source| KeyPlaceError::Io { action: "read", path: path.to_owned(), source })?;
    SigningKey::from_pkcs8_pem(&text).map_err(|source| KeyPlaceError::Pem { path: path.to_owned(), source })
}

/// Writes a key to a file that must not be there, for its owner alone, whole or not at all, and durably.
///
/// # Errors
/// [`KeyPlaceError::Occupied`], [`KeyPlaceError::Io`].
pub fn write_new_pem(path: &Path, key: &SigningKey) -> Result<(), KeyPlaceError> {
    let pem = key.to_pkcs8_pem().map_err(|source| KeyPlaceError::Pem { path: path.to_owned(), source })?;
    let dir = path.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        // Temporary files are created with mode 0600, and the file is never there under its name with less than all of it.
        let mut file = tempfile::NamedTempFile::new_in(dir)?;
        file.write_all(pem.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist_noclobber(path).map_err(|error| error.error)?;
        // Elsewhere a directory cannot be opened as a file.
        #[cfg(unix)]
        fs::File::open(dir)?.sync_all()?;
        Ok(())
    };
    write().map_err(|source: io::Error| match source.kind() {
        io::ErrorKind::AlreadyExists => KeyPlaceError::Occupied { place: path.display().to_string() },
        _ => KeyPlaceError::Io { action: "write", path: path.to_owned(), source },
    })
}
