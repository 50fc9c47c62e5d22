//! Flags of the command that takes something back.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::WriteArgs;

/// Record that an entry is not to be relied on any more, or that another one has taken its place.
///
/// A log only grows: the entry stays, and receipts of it stay valid. `zkl history`, `zkl log` and `zkl audit` show the withdrawal, and
/// its receipt tells those who have one of the entry.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl withdraw 3 --reason 'the export lacked a clinic' --replacement patients
  zkl withdraw 6f1e --reason 'measured with a broken scale' -o withdrawn.receipt")]
pub(crate) struct WithdrawArgs {
    /// The entry, as for `zkl show`: a notarization, a claim or a custom statement of this ledger's notary
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
    /// Why: published with the entry
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// The entry that has taken its place, as for `zkl show`
    #[arg(long, value_name = "ENTRY")]
    pub(crate) replacement: Option<String>,
    /// Write the receipt of the withdrawal to this file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}
