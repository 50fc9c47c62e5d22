//! Flags of `zkl key`.

use clap::{Args, Subcommand};
use zkl_ledger::transparency::note::NoteVerifier;

use super::custody::log_key;

/// Show, replace and revoke the key of the log.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key show
  zkl key rotate")]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Show the log's public key, and the keys that it had before.
    #[command(after_help = "\
Examples:
  zkl key show
  zkl key show --format json")]
    Show,
    Rotate(KeyRotateArgs),
    Revoke(KeyRevokeArgs),
}

/// Replace the log's key by a new one.
///
/// The old key signs an entry that names the new one, and both sign checkpoints from then on, so that whoever knows only the old one
/// goes on. Receipts lead from the old key to the new one. Publish the new key all the same. When everybody knows it, end the
/// overlap. An interrupted rotation goes on when the command is repeated.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key rotate
  zkl key rotate --end-overlap        # the old key signs no more")]
pub(crate) struct KeyRotateArgs {
    /// Let the old key sign no more, instead of replacing a key
    #[arg(long)]
    pub(crate) end_overlap: bool,
    /// Wait this long for another writer to finish, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
    /// Do not ask the ledger's witnesses to cosign afterwards
    #[arg(long)]
    pub(crate) no_cosign: bool,
}

/// Record that an earlier key of the log does not count from some size on, as after a theft.
///
/// The entry tells auditors. Whoever shows a forged log leaves it out, so verifiers must change their trust stores: the
/// command prints the lines. The key signs no more here, if it still did. A stolen key that is still the log's is replaced
/// first (`zkl key rotate`).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key revoke 'ledger.example.com/ml+5d3c1a2b+AbCd...' --from 1200")]
pub(crate) struct KeyRevokeArgs {
    /// The key
    #[arg(value_name = "KEY", value_parser = log_key)]
    pub(crate) key: NoteVerifier,
    /// First size of the log at which the key does not count
    #[arg(long, value_name = "SIZE")]
    pub(crate) from: u64,
    /// Wait this long for another writer to finish, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
    /// Do not ask the ledger's witnesses to cosign afterwards
    #[arg(long)]
    pub(crate) no_cosign: bool,
}
