//! Flags of the commands that check a log, have it witnessed, and carry it from store to store.

use std::{net::SocketAddr, path::PathBuf};

use super::TrustStoreArgs;
use clap::{Args, Subcommand, ValueHint};
use zkl_ledger::{
    home::WitnessSetting,
    storage::StoreUrl,
    transparency::{keys::Origin, note::NoteVerifier},
};

/// Check everything that the store holds, from its bytes.
///
/// The signed checkpoint, every entry's signature, the tree and its tiles, every blob that an entry names, every index, and
/// cosigned checkpoints. Every finding is reported, not only the first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl fsck
  zkl fsck --export public/ --trust 'ledger.example.com/ml+5d3c1a2b+AbCd...'
  zkl fsck --format json

Exit codes: 0 nothing was found, 1 something was, 2 the log could not be read.")]
pub(crate) struct FsckArgs {
    /// Check an exported directory instead of the ledger
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) export: Option<PathBuf>,
    /// Key of the exported log [default: the one in the export, which proves nothing about whose log it is]
    #[arg(long, value_name = "KEY", requires = "export", value_parser = log_key)]
    pub(crate) trust: Option<NoteVerifier>,
}

/// Show that the log has only grown since a checkpoint that you kept, and what was added.
///
/// A consistency proof leads from the kept checkpoint to the newest one, and the added entries give the new root.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  cp public/checkpoint kept.checkpoint
  zkl audit --since kept.checkpoint
  zkl audit --since mean.receipt --export https://ledger.example.com/ml --trust keys.txt
  zkl audit --since kept.checkpoint --export public/ --trust 'ledger.example.com/ml+5d3c1a2b+AbCd...'
  zkl audit --since kept.checkpoint --export public/ --trust-store trust.toml
  zkl audit --since kept.checkpoint --policy trust.policy

Exit codes: 0 the log has only grown, 1 it has not, 2 it could not be read.")]
pub(crate) struct AuditArgs {
    /// The checkpoint that you kept, signed by the log, cosigned or not, or a receipt, which has one
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) since: PathBuf,
    /// Audit an exported directory, or the https:// URL where it is published, instead of the ledger
    #[arg(long, value_name = "PLACE", value_hint = ValueHint::AnyPath)]
    pub(crate) export: Option<String>,
    /// Key of the exported log, or a file with keys, one per line [default: the one in the export, which proves nothing about whose
    /// log it is]
    #[arg(long, value_name = "KEY", requires = "export")]
    pub(crate) trust: Option<String>,
    #[command(flatten)]
    pub(crate) store: TrustStoreArgs,
    /// Trust policy that the newest checkpoint must satisfy (c2sp.org/tlog-policy)
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: Option<PathBuf>,
    /// Maximum number of added entries to list; all are checked
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) list: usize,
}

/// Show who may do what on the ledger's servers, or could when the log was shorter.
///
/// A server records on the log what it lets others do, each time that it changes: what is open to everybody, keys by their ids, issuers
/// of tokens. Here that is followed from the first entry on. Names of people are pseudonyms.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl access
  zkl access --at 1200
  zkl access --export https://ledger.example.com/ml --trust keys.txt

Exit codes: 0 done, 1 what a server recorded does not follow from what it recorded before, or the published log is not what its
checkpoint says, 2 it could not be read.")]
pub(crate) struct AccessArgs {
    /// When the log had this many entries [default: now]
    #[arg(long, value_name = "SIZE")]
    pub(crate) at: Option<u64>,
    /// Read an exported directory, or the https:// URL where it is published, instead of the ledger; all its entries are checked
    #[arg(long, value_name = "PLACE", value_hint = ValueHint::AnyPath)]
    pub(crate) export: Option<String>,
    /// Key of the exported log, or a file with keys, one per line [default: the one in the export, which proves nothing about whose
    /// log it is]
    #[arg(long, value_name = "KEY", requires = "export")]
    pub(crate) trust: Option<String>,
}

/// Ask witnesses to cosign the newest checkpoint.
///
/// The witnesses are those of ledger.toml (`[[witness]]` with `key` and `url`), which are also asked after each append, and
/// those given here. Receipts that are made afterwards carry the cosignatures of the witnesses in ledger.toml.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl cosign
  zkl cosign --witness 'w.example/1+01234567+BEfg...=https://w.example/'
  zkl cosign --policy trust.policy

Exit codes: 0 every witness has cosigned, 2 at least one has not.")]
pub(crate) struct CosignArgs {
    /// A witness: its key, `=`, and its submission prefix (may be repeated)
    #[arg(long = "witness", value_name = "KEY=URL", value_parser = witness)]
    pub(crate) witnesses: Vec<WitnessSetting>,
    /// Also ask the witnesses of this trust policy that have a URL
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) policy: Option<PathBuf>,
    /// Time limit of one request, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    pub(crate) timeout: u64,
    /// Wait this long for another writer to finish, in seconds; five are waited in any case
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
}

/// Run a witness: cosign checkpoints of other people's logs that have only grown.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl witness init --name w.example/1 --log 'ledger.example.com/ml+5d3c1a2b+AbCd...'
  zkl witness serve
  zkl witness key")]
pub(crate) struct WitnessArgs {
    /// Directory of the witness
    #[arg(long, global = true, value_name = "DIR", default_value = ".zkl-witness", value_hint = ValueHint::DirPath)]
    pub(crate) dir: PathBuf,
    #[command(subcommand)]
    pub(crate) command: WitnessCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum WitnessCommand {
    Init(WitnessInitArgs),
    Serve(WitnessServeArgs),
    /// Print the witness's key, as a policy names it.
    #[command(after_help = "\
Examples:
  zkl witness key")]
    Key,
}

/// Make a witness and its key. Logs can be added to witness.toml later.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl witness init --name w.example/1 --log 'ledger.example.com/ml+5d3c1a2b+AbCd...'")]
pub(crate) struct WitnessInitArgs {
    /// Name of the witness in its cosignatures, forever: a host and path that you control
    #[arg(long, value_name = "NAME", value_parser = origin)]
    pub(crate) name: Origin,
    /// Cosign with this key, which must sign nothing else: a PKCS#8 PEM file, or pkcs11:... [default: a new one]
    #[arg(long, value_name = "PLACE")]
    pub(crate) key: Option<String>,
    /// Key of a log to cosign for (may be repeated)
    #[arg(long = "log", value_name = "KEY", value_parser = log_key)]
    pub(crate) logs: Vec<NoteVerifier>,
}

/// Serve the witness over HTTP until it is interrupted.
///
/// Plain HTTP: to be reached from elsewhere it needs a reverse proxy in front.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl witness serve
  zkl witness serve --listen 127.0.0.1:8080
  zkl witness serve --trust-store trust.toml      # cosigns for its logs as well, at the sizes at which they count")]
pub(crate) struct WitnessServeArgs {
    /// Address and port to listen on; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:7380")]
    pub(crate) listen: SocketAddr,
    #[command(flatten)]
    pub(crate) store: TrustStoreArgs,
}

/// Copy the log to another store of any kind.
///
/// Every entry, tile and blob is verified on the way. Repeated, it brings an earlier backup up to date, or goes on with one
/// that was interrupted. The key and the openings are not in the backup: back up the ledger's directory too.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl backup rocks:/mnt/backup/ledger
  zkl backup 's3://bucket/ledgers/ml?endpoint=https://s3.example.com'
  zkl backup memory:                  # a rehearsal: everything is read and verified, nothing is kept")]
pub(crate) struct BackupArgs {
    /// Store to copy to: empty, or an earlier backup of this log
    #[arg(value_name = "TO", value_parser = store_url)]
    pub(crate) to: StoreUrl,
}

/// Bring a backup back into the ledger's store.
///
/// The store must be absent, empty, or an earlier state of the backup: nothing else is ever overwritten. The ledger's
/// directory, with its key, must be there. Restore the newest backup: appending to an older one signs a second history.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl restore rocks:/mnt/backup/ledger")]
pub(crate) struct RestoreArgs {
    /// Store to copy from
    #[arg(value_name = "FROM", value_parser = store_url)]
    pub(crate) from: StoreUrl,
    /// Wait this long for another writer to finish, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
}

/// Move the log to another store of any kind.
///
/// Everything is copied and verified, and the copy is checked from its bytes, before the ledger's settings name the new store. The old
/// one stays where it is: remove it when you need it no more. While it is copied nobody can write to an embedded store; stop other
/// programs that write to a log in PostgreSQL or S3. Interrupted, the command can be repeated.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl move 'postgres://zkl@db.example.com/ledgers?schema=ml'
  zkl move rocks:/var/lib/zkl/ml")]
pub(crate) struct MoveArgs {
    /// Store to move to: absent, empty, or an earlier backup of this log
    #[arg(value_name = "TO", value_parser = store_url)]
    pub(crate) to: StoreUrl,
    /// Wait this long for another writer to finish, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
}

pub(crate) fn store_url(text: &str) -> Result<StoreUrl, String> {
    text.parse().map_err(|error: zkl_ledger::storage::StoreUrlError| match std::path::Path::new(text).exists() {
        true => format!("{error}; for the embedded store in that directory, write rocks:{text}"),
        false => error.to_string(),
    })
}

pub(super) fn log_key(text: &str) -> Result<NoteVerifier, &'static str> {
    text.parse().map_err(|_| "expected a log key (origin+hash+base64)")
}

fn origin(text: &str) -> Result<Origin, String> {
    text.parse::<Origin>().map_err(|error| error.to_string())
}

fn witness(text: &str) -> Result<WitnessSetting, &'static str> {
    const EXPECTED: &str = "expected the witness's key, `=`, and a URL that begins with http:// or https://";
    // Neither part is free of `=`, but only a URL begins like this.
    let at = text.find("=http://").or_else(|| text.find("=https://")).ok_or(EXPECTED)?;
    let (key, url) = (&text[..at], &text[at + 1..]);
    Ok(WitnessSetting { key: key.parse().map_err(|_| EXPECTED)?, url: url.to_owned() })
}
