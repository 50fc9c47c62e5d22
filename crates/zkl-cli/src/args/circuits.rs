//! Flags of `zkl circuits`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

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
  zkl circuits --receipt mean.receipt --matrices matrices
  zkl circuits claim/mean@1 --r1cs ceremony
  zkl circuits import claim/mean@1 mean.zkey")]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct CircuitsArgs {
    #[command(subcommand)]
    pub(crate) command: Option<CircuitsCommand>,
    /// Circuits, or how their ids begin [default: all of the project]
    #[arg(value_name = "CIRCUIT")]
    pub(crate) circuits: Vec<String>,
    /// The circuits that this receipt calls for, instead of the project's. The receipt is not verified
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: Option<PathBuf>,
    /// Write the matrices of each into this directory, as its id with `.` for `/`, and `.r1cs`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) matrices: Option<PathBuf>,
    /// Write the constraints of each into this directory for a ceremony with snarkjs, as its id with `.` for `/`, and `.snarkjs.r1cs`
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) r1cs: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CircuitsCommand {
    Import(CircuitsImportArgs),
}

/// Import the Groth16 key of a circuit from a snarkjs `.zkey` file, for `--proof compact`.
///
/// The points are checked, and that there are as many as the circuit calls for. That the key is for this circuit, and that its ceremony
/// was honest, is for `snarkjs zkey verify` to show. The program knows no such key: whoever verifies trusts its digest, or refuses
/// the proofs. docs/ceremony.md has the procedure.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl circuits import claim/mean@1 mean.zkey
  zkl circuits import scan/16-l6-n3-o2-c2-1-0-0-j1-1-0-g0-p1@1 scan.zkey --receipt table.receipt")]
pub(crate) struct CircuitsImportArgs {
    /// The circuit, as `zkl circuits` lists it
    #[arg(value_name = "CIRCUIT")]
    pub(crate) circuit: String,
    /// Its key
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) zkey: PathBuf,
    /// Look for the circuit among those that this receipt calls for, instead of the project's
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) receipt: Option<PathBuf>,
}
