//! Flags of `zkl openings`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueHint};

use super::VersionArgs;

/// Encrypt openings at rest, decrypt them, show one.
///
/// An opening holds the secrets of one notarization. Encrypted, it is an age file (age-encryption.org) to one key. The key is in
/// a file of yours (--openings-key), or in openings-key.age in the ledger's directory under a passphrase (--passphrase-file).
/// Without key and passphrase openings are lost: docs/keys.md says what to back up.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl openings encrypt --passphrase-file <(pass show zkl)
  zkl openings encrypt --openings-key /media/safe/openings.txt
  zkl profile penguins --passphrase-file <(pass show zkl)")]
pub(crate) struct OpeningsArgs {
    #[command(subcommand)]
    pub(crate) command: OpeningsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OpeningsCommand {
    /// Encrypt the openings that there are, and all that will be.
    ///
    /// A key file that is absent is made. Interrupted, the command can be repeated. What a disk, a snapshot or a backup held
    /// before stays there.
    #[command(after_help = "\
Examples:
  zkl openings encrypt --passphrase-file <(pass show zkl)
  zkl openings encrypt --openings-key /media/safe/openings.txt")]
    Encrypt,
    /// Keep openings in the clear again.
    #[command(after_help = "\
Examples:
  zkl openings decrypt --passphrase-file <(pass show zkl)")]
    Decrypt,
    Passphrase(OpeningsPassphraseArgs),
    Show(OpeningsShowArgs),
}

/// Change the passphrase. Copies of openings-key.age still open with the old one.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl openings passphrase --passphrase-file <(pass show old) --new-passphrase-file <(pass show zkl)")]
pub(crate) struct OpeningsPassphraseArgs {
    /// File or pipe with the new passphrase
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) new_passphrase_file: PathBuf,
}

/// Write one opening, decrypted, to stdout: for an auditor who may see the table.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl openings show penguins | age -r age1... > for-auditor.age")]
pub(crate) struct OpeningsShowArgs {
    #[command(flatten)]
    pub(crate) version: VersionArgs,
}
