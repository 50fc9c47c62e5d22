//! Whom a command line trusts.

use std::{fs, io, path::Path};

use zkl_receipt::{Trust, TrustStore, policy::Policy};

use crate::{args::TrustArgs, error::VerifierError};

/// Longest file of keys that is read, in bytes.
const MAX_TRUST_FILE: u64 = 1 << 20;
/// Longest trust store that is read, in bytes.
const MAX_TRUST_STORE: u64 = 1 << 20;

/// What the flags name.
///
/// # Errors
/// [`VerifierError::Trust`], [`VerifierError::TrustStore`], [`VerifierError::Policy`], [`VerifierError::ReadFile`].
pub fn of_args(args: &TrustArgs) -> Result<Trust, VerifierError> {
    let mut trust = args.pinned.iter().try_fold(Trust::default(), |trust, text| add(trust, text))?;
    if let Some(path) = &args.store.file {
        trust = trust.with_trust_store(read_store(path)?);
    }
    if let Some(path) = &args.policy {
        trust = trust.with_policy(read_policy(path)?);
    }
    Ok(trust)
}

/// Adds what `text` is, or what stands in the file of that name, one a line.
///
/// # Errors
/// [`VerifierError::Trust`].
pub fn add(trust: Trust, text: &str) -> Result<Trust, VerifierError> {
    let unreadable = || VerifierError::Trust { got: text.to_owned() };
    if let Ok(trust) = trust.clone().with_text(text) {
        return Ok(trust);
    }
    let length = fs::metadata(text).map_err(|_| unreadable())?.len();
    if length > MAX_TRUST_FILE {
        return Err(unreadable());
    }
    let lines = fs::read_to_string(text).map_err(|_| unreadable())?;
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut keys = lines.peekable();
    if keys.peek().is_none() {
        return Err(unreadable());
    }
    keys.try_fold(trust, |trust, line| {
        trust.with_text(line).map_err(|_| VerifierError::Trust { got: format!("{text}: {line}") })
    })
}

/// Reads a trust store.
///
/// # Errors
/// [`VerifierError::ReadFile`], [`VerifierError::TrustStore`].
pub fn read_store(path: &Path) -> Result<TrustStore, VerifierError> {
    let text = read(path, MAX_TRUST_STORE, "the file is too long to be a trust store")?;
    let text = String::from_utf8(text)
        .map_err(|_| io::Error::new(io::ErrorKind::InvalidData, "stream did not contain valid UTF-8"))
        .map_err(|source| VerifierError::ReadFile { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| VerifierError::TrustStore { path: path.to_owned(), source: Box::new(source) })
}

/// Reads a trust policy.
///
/// # Errors
/// [`VerifierError::ReadFile`], [`VerifierError::Policy`].
pub fn read_policy(path: &Path) -> Result<Policy, VerifierError> {
    let bytes = read(path, Policy::MAX_LEN as u64, "the file is too long to be a policy")?;
    Policy::parse(&bytes).map_err(|source| VerifierError::Policy { path: path.to_owned(), source })
}

fn read(path: &Path, max: u64, too_long: &'static str) -> Result<Vec<u8>, VerifierError> {
    let error = |source| VerifierError::ReadFile { path: path.to_owned(), source };
    if fs::metadata(path).map_err(error)?.len() > max {
        return Err(error(io::Error::new(io::ErrorKind::InvalidData, too_long)));
    }
    fs::read(path).map_err(error)
}
