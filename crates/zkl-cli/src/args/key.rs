//! Flags of `zkl key`.

use clap::{Args, Subcommand, ValueEnum};
use zkl_ledger::transparency::note::NoteVerifier;

use super::{WriteArgs, custody::log_key};

/// Show, make, move, rotate and revoke the keys of this ledger.
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
  zkl key rotate 'pkcs11:token=zkl;object=log'
  zkl key rotate --end-overlap")]
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
    Rotate(KeyRotateArgs),
    Revoke(KeyRevokeArgs),
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

/// Replace the log's key, or the notary's, by another one.
///
/// The old key signs an entry that names the new one. From then on both sign checkpoints, so that whoever knows only the old one goes
/// on, and receipts lead from the old key to the new one. Publish .zkl/log-public.txt all the same. When everybody has it, end the
/// overlap. A notary's old key signs nothing more after that entry. An interrupted rotation goes on when the command is repeated.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl key rotate                                 # to a new key in the ledger's directory
  zkl key generate 'pkcs11:token=zkl;object=log-2'
  zkl key rotate 'pkcs11:token=zkl;object=log-2'
  zkl key rotate --end-overlap                   # the old key signs no more, and its file is removed
  zkl key rotate --role notary")]
pub(crate) struct KeyRotateArgs {
    /// Where the new key is [default: a new one, in a file of the ledger's directory]
    #[arg(value_name = "PLACE")]
    pub(crate) place: Option<String>,
    /// Let the old key sign no more, instead of replacing a key
    #[arg(long, conflicts_with_all = ["place", "role"])]
    pub(crate) end_overlap: bool,
    /// Whose key
    #[arg(long, value_enum, default_value_t = Role::Log)]
    pub(crate) role: Role,
    /// Leave the file of the old key where it is
    #[arg(long, requires = "end_overlap")]
    pub(crate) keep: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Record that an earlier key of the log does not count from some size on, as after a theft.
///
/// The entry tells auditors. Whoever shows a forged log leaves it out, so verifiers must change their trust stores: the command prints
/// the lines. If the key still signs here, it signs no more. A stolen key that is still the log's is replaced first (`zkl key rotate`).
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
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// The log's, which signs checkpoints
    Log,
    /// The notary's, which signs entries, where it is another one
    Notary,
}
