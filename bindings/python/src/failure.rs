//! Failures on their way to Python: each is an exception of `zkp_dataset_ledger.errors`, made there from a kind, a message and a hint.

use std::{error::Error as StdError, io};

use pyo3::{PyErr, Python, types::PyAnyMethods as _};
use zkl_bindings::Language;
use zkl_ledger::LedgerError;
use zkl_sources::SourceError;

/// Why a call of Python ends without a result.
pub(crate) enum Failure {
    /// The ledger answered so, or the call was wrong.
    Of(zkl_bindings::Failure),
    /// An exception of Python, a signal's among them.
    Python(PyErr),
}

impl Failure {
    fn raise(self, py: Python<'_>) -> PyErr {
        let failure = match self {
            Self::Python(error) => return error,
            Self::Of(failure) => failure,
        };
        let (kind, message, hint) = (failure.kind(), failure.message(), failure.hint(Language::Python));
        let cause = raised_on_the_way(&failure, py);
        let made = py
            .import("zkp_dataset_ledger.errors")
            .and_then(|errors| errors.getattr("_of_kind"))
            .and_then(|make| make.call1((kind, message, hint)));
        match made {
            Ok(exception) => {
                let error = PyErr::from_value(exception);
                error.set_cause(py, cause);
                error
            }
            Err(error) => error,
        }
    }
}

/// The exception that a file object or a function of the caller's raised, if one did.
fn raised_on_the_way(failure: &zkl_bindings::Failure, py: Python<'_>) -> Option<PyErr> {
    let mut next: Option<&(dyn StdError + 'static)> = failure.source();
    while let Some(error) = next {
        // What an I/O error was made of is not its source, but the source of that.
        let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
        if let Some(raised) = inner.and_then(|inner| inner.downcast_ref::<PyErr>()) {
            return Some(raised.clone_ref(py));
        }
        next = error.source();
    }
    None
}

impl From<Failure> for PyErr {
    fn from(failure: Failure) -> Self {
        Python::attach(|py| failure.raise(py))
    }
}

impl From<PyErr> for Failure {
    fn from(error: PyErr) -> Self {
        Self::Python(error)
    }
}

impl From<zkl_bindings::Failure> for Failure {
    fn from(failure: zkl_bindings::Failure) -> Self {
        Self::Of(failure)
    }
}

impl From<LedgerError> for Failure {
    fn from(error: LedgerError) -> Self {
        Self::Of(error.into())
    }
}

impl From<SourceError> for Failure {
    fn from(error: SourceError) -> Self {
        Self::Of(error.into())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Of(error.into())
    }
}
