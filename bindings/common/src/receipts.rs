//! Receipts: bytes in, verdict out.

use std::{fs, io, path::Path};

use serde::de::DeserializeOwned;
use zkl_ledger::{
    Trust,
    receipt::{Receipt, Requirement, TrustStore, policy::Policy},
    types::Timestamp,
};
use zkl_report::{Reported, with_causes};

use crate::failure::{Failure, Hint, invalid};

/// Longest file of what is trusted that is read, in bytes.
const MAX_TRUST_FILE: u64 = 1 << 20;

/// What is demanded of a receipt besides that it verifies.
///
/// # Errors
/// [`Failure::Invalid`]: a text that is no demand.
pub fn requirements(texts: &[String]) -> Result<Vec<Requirement>, Failure> {
    texts.iter().map(|text| text.parse().map_err(Failure::invalid)).collect()
}

/// The verdict on a receipt, as `zkl verify --format json` prints it.
///
/// # Errors
/// [`Failure::NotValid`], [`Failure::NotAsRequired`]; [`Failure::Forgeable`] unless that is allowed.
pub fn verify(
    receipt: &[u8],
    trust: &Trust,
    require: &[Requirement],
    allow_forgeable: bool,
) -> Result<String, Failure> {
    let verified = zkl_ledger::verify(receipt, trust)?;
    verified.require(require).map_err(Failure::NotAsRequired)?;
    if !verified.verdict().is_valid() && !allow_forgeable {
        return Err(Failure::Forgeable);
    }
    Ok(serde_json::to_string(&verified.summary())?)
}

/// What a receipt says of itself. Nothing of it is verified.
///
/// # Errors
/// [`Failure::NotValid`]: it cannot be read.
pub fn inspect(receipt: &[u8]) -> Result<String, Failure> {
    crate::write(&Receipt::decode(receipt)?.outline()?)
}

/// The page about named receipts for readers who know no cryptography, and whether each of them is valid.
pub fn report<B: AsRef<[u8]>>(receipts: &[(String, B)], trust: &Trust) -> (String, Vec<bool>) {
    let reported = |(name, receipt): &(String, B)| {
        let outcome = zkl_ledger::verify(receipt.as_ref(), trust).map_err(|error| with_causes(&error));
        Reported::new(name.as_str(), receipt.as_ref(), outcome)
    };
    let reported: Vec<Reported> = receipts.iter().map(reported).collect();
    let page = zkl_report::report(&reported, Timestamp::now());
    (page, reported.iter().map(Reported::is_valid).collect())
}

/// What the caller trusts: keys and digests as texts, and files of a policy and of a trust store.
///
/// # Errors
/// [`Failure::Invalid`]: a text is none of these, or a file cannot be read.
pub fn trusting(trust: &[String], policy: Option<&Path>, trust_store: Option<&Path>) -> Result<Trust, Failure> {
    let mut trusted = Trust::default();
    for text in trust {
        trusted = trusted.with_text(text).map_err(|error| invalid(error.to_string()).with_hint(Hint::FileOfKeys))?;
    }
    if let Some(path) = policy {
        let text = read_small(path)?;
        trusted = trusted.with_policy(Policy::parse(text.as_bytes()).map_err(|error| unreadable(path, &error))?);
    }
    if let Some(path) = trust_store {
        trusted = trusted.with_trust_store(toml::<TrustStore>(path)?);
    }
    Ok(trusted)
}

fn toml<T: DeserializeOwned>(path: &Path) -> Result<T, Failure> {
    toml::from_str(&read_small(path)?).map_err(|error| unreadable(path, &error))
}

fn read_small(path: &Path) -> Result<String, Failure> {
    let text = fs::metadata(path).and_then(|file| match file.len() {
        ..=MAX_TRUST_FILE => fs::read_to_string(path),
        _ => Err(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be what it should be")),
    });
    text.map_err(|error| unreadable(path, &error))
}

fn unreadable(path: &Path, error: &dyn std::error::Error) -> Failure {
    invalid(format!("cannot read {}: {}", path.display(), with_causes(error)))
}
