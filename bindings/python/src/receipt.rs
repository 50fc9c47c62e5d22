//! Receipts: bytes in, verdict out.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from Python by value")]

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use pyo3::{Bound, Python, pybacked::PyBackedBytes, pyfunction};
use serde::de::DeserializeOwned;
use zkl_ledger::{
    Trust,
    receipt::{Receipt, Requirement, TrustStore, policy::Policy},
    types::Timestamp,
};
use zkl_report::Reported;

use crate::{
    failure::{Failure, with_causes},
    process::{Caller, Cancel, compute, threads},
    shown,
};

/// Longest file of what is trusted that is read, in bytes.
const MAX_TRUST_FILE: u64 = 1 << 20;

/// The verdict on a receipt, as `zkl verify --format json` prints it.
#[pyfunction]
#[pyo3(signature = (receipt, trust, require, policy=None, trust_store=None, allow_forgeable=false, cancel=None))]
#[expect(clippy::too_many_arguments, reason = "Python names them")]
pub(crate) fn verify(
    py: Python<'_>,
    receipt: PyBackedBytes,
    trust: Vec<String>,
    require: Vec<String>,
    policy: Option<PathBuf>,
    trust_store: Option<PathBuf>,
    allow_forgeable: bool,
    cancel: Option<Bound<'_, Cancel>>,
) -> Result<String, Failure> {
    let trusted = trusting(&trust, policy.as_deref(), trust_store.as_deref())?;
    let require: Vec<Requirement> =
        require.iter().map(|text| text.parse().map_err(Failure::invalid)).collect::<Result<_, _>>()?;
    let caller = Caller::new(None, cancel.as_ref().map(Bound::get));
    compute(py, &threads(py)?, &caller, move || {
        let verified = zkl_ledger::verify(&receipt, &trusted)?;
        verified.require(&require).map_err(Failure::NotAsRequired)?;
        if !verified.verdict().is_valid() && !allow_forgeable {
            return Err(Failure::Forgeable);
        }
        Ok(serde_json::to_string(&verified.summary())?)
    })
}

/// What a receipt says of itself. Nothing of it is verified.
#[pyfunction]
pub(crate) fn inspect(receipt: PyBackedBytes) -> Result<String, Failure> {
    shown::receipt(&Receipt::decode(&receipt)?)
}

/// The page about named receipts for readers who know no cryptography, and whether each of them is valid.
#[pyfunction]
#[pyo3(signature = (receipts, trust, policy=None, trust_store=None, cancel=None))]
pub(crate) fn report(
    py: Python<'_>,
    receipts: Vec<(String, PyBackedBytes)>,
    trust: Vec<String>,
    policy: Option<PathBuf>,
    trust_store: Option<PathBuf>,
    cancel: Option<Bound<'_, Cancel>>,
) -> Result<(String, Vec<bool>), Failure> {
    let trusted = trusting(&trust, policy.as_deref(), trust_store.as_deref())?;
    let caller = Caller::new(None, cancel.as_ref().map(Bound::get));
    compute(py, &threads(py)?, &caller, move || {
        let reported = |(name, receipt): &(String, PyBackedBytes)| {
            let outcome = zkl_ledger::verify(receipt, &trusted).map_err(|error| with_causes(&error));
            Reported::new(name.as_str(), receipt, outcome)
        };
        let reported: Vec<Reported> = receipts.iter().map(reported).collect();
        let page = zkl_report::report(&reported, Timestamp::now());
        Ok((page, reported.iter().map(Reported::is_valid).collect()))
    })
}

/// What the caller trusts: keys and digests as texts, and files of a policy and of a trust store.
fn trusting(trust: &[String], policy: Option<&Path>, trust_store: Option<&Path>) -> Result<Trust, Failure> {
    let mut trusted = Trust::default();
    for text in trust {
        trusted = trusted.with_text(text).map_err(|error| Failure::Invalid {
            message: error.to_string(),
            hint: Some("a file of keys is named by a pathlib.Path".into()),
        })?;
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
    let message = format!("cannot read {}: {}", path.display(), with_causes(error));
    Failure::Invalid { message, hint: None }
}
