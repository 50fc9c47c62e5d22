//! Flags of the commands that keep openings and keys.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum, ValueHint};
use zkl_ledger::DatasetName;

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
    /// Name of the dataset
    #[arg(value_name = "DATASET")]
    pub(crate) dataset: DatasetName,
    /// Index of the notarization, or its id or the first digits of that [default: the newest]
    #[arg(long, value_name = "ENTRY")]
    pub(crate) entry: Option<String>,
}

/// Show, make and move the private keys of this ledger.
///
/// A place is the path of a PKCS#8 PEM file, or the URI of a key on a PKCS#11 token (RFC 7512):
/// 'pkcs11:token=zkl;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so&pin-source=file:/run/secrets/pin'. Without module-path
/// the module is that of ZKL_PKCS11_MODULE, without pin-source the PIN is in the file that ZKL_PKCS11_PIN_FILE names, or in
/// ZKL_PKCS11_PIN. docs/keys.md has the procedures.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key show
  zkl key generate 'pkcs11:token=zkl;object=log'
  zkl key move 'pkcs11:token=zkl;object=log'")]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// Show the public keys, and where the private ones are. Reads no private key.
    #[command(after_help = "\
Examples:
  zkl key show
  zkl key show --format json")]
    Show,
    Generate(KeyGenerateArgs),
    Move(KeyMoveArgs),
}

/// Make a key: for `zkl init --log-key`, --notary-key, or a witness. On a token, one that never leaves it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key generate /srv/keys/log.pem
  zkl key generate 'pkcs11:token=zkl;object=log'")]
pub(crate) struct KeyGenerateArgs {
    /// Where it is to be; nothing may be there
    #[arg(value_name = "PLACE")]
    pub(crate) place: String,
}

/// Move a key from its file to another file, or onto a token that takes it.
///
/// The key signs once at its new place before the settings change, and the old file is removed last. A key that was in a file may
/// have been copied there: only a new one undoes that. Keys on tokens do not move.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key move /srv/keys/log.pem
  zkl key move 'pkcs11:token=zkl;object=log'
  zkl key move --role notary --keep /mnt/safe/notary.pem")]
pub(crate) struct KeyMoveArgs {
    /// Where it is to be; nothing may be there
    #[arg(value_name = "PLACE")]
    pub(crate) to: String,
    /// Whose key
    #[arg(long, value_enum, default_value_t = Role::Log)]
    pub(crate) role: Role,
    /// Leave the old file where it is
    #[arg(long)]
    pub(crate) keep: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The log's, which signs checkpoints
    Log,
    /// The notary's, which signs entries, where it is another one
    Notary,
}
