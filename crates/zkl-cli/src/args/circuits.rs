//! Flags of `zkl circuits`.

use std::path::PathBuf;

use clap::{Args, ValueHint};

/// List circuits with their sizes and digests, and write their matrices.
///
/// For verifiers that are not this program: docs/verifying.md says what the digests are of, and how matrices are written. A circuit's
/// proofs are verified with its matrices, which follow from its code and from nothing else; the list of the project's circuits is in
/// docs/verifying/circuits.json.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl circuits claim/
  zkl circuits claim/mean@1 scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1 --matrices matrices
  zkl circuits --receipt mean.receipt --matrices matrices")]
pub(crate) struct CircuitsArgs {
    /// Circuits, or how their ids begin [default: all of the project]
    #[arg(value_name = "CIRCUIT")]
    pub(crate) circuits: Vec<String>,
    /// The circuits that this receipt calls for, instead of the project's. The receipt is not verified
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: Option<PathBuf>,
    /// Write the matrices of each into this directory, as its id with `.` for `/`, and `.r1cs`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) matrices: Option<PathBuf>,
}
