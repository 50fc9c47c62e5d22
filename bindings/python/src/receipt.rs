//! Receipts: bytes in, verdict out.

#![expect(clippy::needless_pass_by_value, reason = "arguments come from Python by value")]

use std::path::PathBuf;

use pyo3::{Bound, Python, pybacked::PyBackedBytes, pyfunction};
use zkl_bindings::receipts;

use crate::{
    failure::Failure,
    process::{Caller, Cancel, compute, threads},
};

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
    let trusted = receipts::trusting(&trust, policy.as_deref(), trust_store.as_deref())?;
    let require = receipts::requirements(&require)?;
    let caller = Caller::new(None, cancel.as_ref().map(Bound::get));
    compute(py, &threads(py)?, &caller, move || Ok(receipts::verify(&receipt, &trusted, &require, allow_forgeable)?))
}

/// What a receipt says of itself. Nothing of it is verified.
#[pyfunction]
pub(crate) fn inspect(receipt: PyBackedBytes) -> Result<String, Failure> {
    Ok(receipts::inspect(&receipt)?)
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
    let trusted = receipts::trusting(&trust, policy.as_deref(), trust_store.as_deref())?;
    let caller = Caller::new(None, cancel.as_ref().map(Bound::get));
    compute(py, &threads(py)?, &caller, move || Ok(receipts::report(&receipts, &trusted)))
}
