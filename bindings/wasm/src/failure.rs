//! Errors of JavaScript: a message with its causes, `kind` to decide by, and `hint` where there is something to do.

use std::error::Error;

use js_sys::Reflect;
use zkl_receipt::{RequirementError, VerifyError};
use zkl_report::with_causes;

pub(crate) struct Failure {
    kind: &'static str,
    message: String,
    hint: Option<String>,
}

impl Failure {
    /// What was handed in beside the receipt cannot be used.
    pub(crate) fn invalid(error: &dyn Error) -> Self {
        Self { kind: "invalid-input", message: with_causes(error), hint: None }
    }

    /// A check failed.
    pub(crate) fn not_valid(error: &VerifyError) -> Self {
        // Flags are those of the command line.
        let hint = error.hint().map(|hint| hint.replace("pass --trust ", "trust "));
        Self { kind: "not-valid", message: with_causes(error), hint }
    }

    /// A demand is not met.
    pub(crate) fn not_as_required(error: &RequirementError) -> Self {
        let hint = match error {
            RequirementError::NotPinned => Some("trust the key of the log, as its operator published it"),
            RequirementError::NoPolicy => Some("pass the text of a policy of witnesses"),
            _ => None,
        };
        Self { kind: "not-as-required", message: with_causes(error), hint: hint.map(Into::into) }
    }
}

impl From<Failure> for js_sys::Error {
    fn from(failure: Failure) -> Self {
        let error = js_sys::Error::new(&failure.message);
        let properties = [("kind", Some(failure.kind)), ("hint", failure.hint.as_deref())];
        for (name, value) in properties {
            if let Some(value) = value {
                // A new object takes any property.
                let _taken = Reflect::set(&error, &name.into(), &value.into());
            }
        }
        error
    }
}
