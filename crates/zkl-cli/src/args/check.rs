//! Flags of the command that is run every night.

use std::path::PathBuf;

use clap::{Args, ValueHint, builder::BoolishValueParser};

use super::{ReceiptContentArgs, WriteArgs};

/// Notarize a table if it changed, prove all claims about it, write receipts and a report.
///
/// The dataset file says which table, how it is read, what is claimed and where receipts go; docs/nightly.md shows one. A
/// table with the bytes, layout and profile of its newest notarization is not notarized again, and a claim that was proved of that one
/// already is not proved again. A claim that is false, or cannot be proved, keeps no other one from being proved. Receipts
/// and report.json are written into one directory; receipts of claims that are false now stay as they are there, about the
/// version that they name.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl check
  zkl check penguins.yaml --wait 600 -q --format json

Exit codes: 0 every claim is proved, 2 any other error, 3 a claim is false, 4 busy: somebody else is writing.")]
pub(crate) struct CheckArgs {
    /// The dataset file
    #[arg(value_name = "FILE", default_value = "zkl.yaml", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
    /// Show no values of the table in errors and notes [default: where the variable CI is set]
    #[arg(long, env = "ZKL_REDACT", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_name = "BOOL", value_parser = BoolishValueParser::new())]
    pub(crate) redact: Option<bool>,
    #[command(flatten)]
    pub(crate) content: ReceiptContentArgs,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
