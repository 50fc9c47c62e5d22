//! Flags of the commands for whoever has receipts and nothing else.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_verify::TrustArgs;

/// What `zkl verify` can do besides.
const WITH_DATA: &str = "penguins.receipt --data penguins.csv --opening penguins.opening";

/// Verify receipts offline.
///
/// Nothing is read but the receipts: no ledger, no network. Without --trust the log's key is taken from the receipt and
/// reported as not pinned. The verdict is VALID, or FORGEABLE when a proof rests on dev material; below it stands
/// what it rests on. Programs say with --require what they accept. Of several receipts a table is printed, a line per statement;
/// so it is with --format csv, for a spreadsheet.
#[derive(Debug, Args)]
#[command(after_help = zkl_verify::examples("zkl verify", &[WITH_DATA]))]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) verify: zkl_verify::VerifierArgs,
    /// Also check that this is the notarized table, commitments to every column included (needs --opening)
    #[arg(long, value_name = "FILE", requires = "opening", value_hint = ValueHint::AnyPath)]
    pub(crate) data: Option<PathBuf>,
    /// The opening of the notarization
    #[arg(long, value_name = "FILE", requires = "data", value_hint = ValueHint::FilePath)]
    pub(crate) opening: Option<PathBuf>,
}

/// Verify receipts and write a page about them for readers who know no cryptography.
///
/// One HTML file that loads nothing, runs nothing and prints well: what was proved about which table, by whom, when, on what trust,
/// what it contributes to the EU AI Act's requirements on data, and what it does not show. Receipts that are not valid stand in it as
/// that. Nothing is read but the receipts.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl report mean.receipt -o report.html
  zkl report receipts/ --trust keys.txt -o report.html

Exit codes: 0 written, and every receipt is valid; 1 written, and one is not; 2 nothing was written.")]
pub(crate) struct ReportArgs {
    /// Receipts, and folders with receipts (all files below that end in .receipt)
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) receipts: Vec<PathBuf>,
    /// Write the page to this file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}

/// Show what is in receipts, without verifying anything.
///
/// Entries, datasets and which notarization of them, names and types of columns, claims, proofs and sizes, as the receipt has
/// them. Needs no ledger and no keys, and says nothing about whether any of it is true: that is for `zkl verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl inspect mean.receipt
  zkl inspect receipts/ --format json

Exit codes: 0 all are shown, 2 some files are no receipts; the others are shown all the same.")]
pub(crate) struct InspectArgs {
    /// Receipts, and folders with receipts (all files below that end in .receipt)
    #[arg(value_name = "RECEIPT", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) receipts: Vec<PathBuf>,
}
