//! Flags of the command that shows where a dataset comes from.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use zkl_ledger::DatasetName;
use zkl_verify::TrustArgs;

/// Show where a dataset comes from, and what became of it.
///
/// Versions are joined by the relations that were recorded of their rows (`zkl relate`, `split`, `filter`, `erase`), and by a name alone
/// where nothing else joins them, which proves nothing. With --receipts nothing but receipts is read: no ledger is needed, and every relation
/// that is shown was verified.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl lineage train
  zkl lineage train --verify
  zkl lineage train --format mermaid > lineage.mmd
  zkl lineage train --format dot | dot -Tsvg > lineage.svg
  zkl lineage train --receipts receipts/ --trust log-public.txt

Exit codes: 0 shown, 1 with --verify or --receipts: a proof does not verify, 2 any other error.")]
pub(crate) struct LineageArgs {
    /// Name of the dataset
    #[arg(value_name = "DATASET")]
    pub(crate) dataset: DatasetName,
    /// Verify the proof of every relation that is shown
    #[arg(long, conflicts_with = "receipts")]
    pub(crate) verify: bool,
    /// Read the lineage off these receipts, and folders with receipts, instead of a ledger (may be repeated)
    #[arg(long, value_name = "RECEIPT", num_args = 1.., value_hint = ValueHint::AnyPath)]
    pub(crate) receipts: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) trust: TrustArgs,
}
