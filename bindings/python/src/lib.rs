#![doc = include_str!("../README.md")]

mod failure;
mod ledger;
mod parts;
mod process;
mod receipt;
mod table;

/// What the typed package is made of; nobody else imports it.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::{
        ledger::Ledger,
        parts::{TableInParts, join, observe, prove_segment},
        process::{Cancel, danger_panic, end},
        receipt::{inspect, report, verify},
    };

    /// The version of the wheel.
    #[pymodule_export]
    #[expect(non_upper_case_globals, reason = "the name that Python has for it")]
    const __version__: &str = env!("CARGO_PKG_VERSION");
}
