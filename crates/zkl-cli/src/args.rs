//! The command line: every flag, with examples in every help page.

mod check;
mod circuits;
mod custody;
mod derive;
mod key;
mod lineage;
mod notarize;
mod openings;
mod read;
mod relate;
mod verify;
mod withdraw;

use std::{path::PathBuf, sync::LazyLock};

pub(crate) use check::CheckArgs;
pub(crate) use circuits::{CircuitsArgs, CircuitsCommand, CircuitsImportArgs};
use clap::{Args, Parser, Subcommand, ValueHint, builder::BoolishValueParser};
pub(crate) use custody::{
    AccessArgs, AuditArgs, BackupArgs, CosignArgs, FsckArgs, MoveArgs, RestoreArgs, WitnessArgs, WitnessCommand,
};
pub(crate) use derive::{DedupArgs, DeriveArgs, EraseArgs, FilterRowsArgs, SplitArgs};
pub(crate) use key::{KeyArgs, KeyCommand, KeyMoveArgs, KeyRevokeArgs, KeyRotateArgs, Role};
pub(crate) use lineage::LineageArgs;
pub(crate) use notarize::NotarizeArgs;
pub(crate) use openings::{OpeningsArgs, OpeningsCommand, OpeningsPassphraseArgs, OpeningsShowArgs};
pub(crate) use read::{INPUT_FORMATS, ReadArgs, ascii_char, column_type, digits};
pub(crate) use relate::RelateArgs;
pub(crate) use verify::{InspectArgs, ReportArgs, VerifyArgs};
pub(crate) use withdraw::WithdrawArgs;
use zkl_ledger::{DatasetName, circuit::KeyDigest, claim, requests::ProofSetting, types::OperationKind};
pub(crate) use zkl_verify::{Format, TrustStoreArgs};

/// Show what a training dataset is, and is not, without handing over a row.
///
/// `zkl` notarizes tables on an append-only log, proves claims about their profiles in zero knowledge, and
/// verifies such proofs offline.
#[derive(Debug, Parser)]
#[command(name = "zkl", version, long_version = long_version(), propagate_version = true, arg_required_else_help = true)]
#[command(after_help = "\
Examples:
  zkl init
  zkl notarize penguins.csv --name penguins --joint species,sex
  zkl prove penguins 'mean(body_mass_g) between 4000 and 4500' -o mean.receipt
  zkl verify mean.receipt

Exit codes: 0 done, 1 not valid, 2 any other error, 3 the claim is false, 4 busy: somebody else is writing.
With --format json an error is one line of JSON on stderr.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What `--version` says, `-V` being shorter: the stores and places of keys that this program was built with.
fn long_version() -> &'static str {
    static TEXT: LazyLock<String> = LazyLock::new(|| {
        let features = [
            ("rocks", cfg!(feature = "rocks")),
            ("pg", cfg!(feature = "pg")),
            ("s3", cfg!(feature = "s3")),
            ("pkcs11", cfg!(feature = "pkcs11")),
            ("cloud", cfg!(feature = "cloud")),
            ("adbc", cfg!(feature = "adbc")),
            ("serve", cfg!(feature = "serve")),
        ];
        let compiled: Vec<&str> = features.iter().filter(|(_, there)| *there).map(|(name, _)| *name).collect();
        let absent: Vec<&str> = features.iter().filter(|(_, there)| !there).map(|(name, _)| *name).collect();
        let list = |names: Vec<&str>| if names.is_empty() { "none".to_owned() } else { names.join(", ") };
        let (version, commit) = (env!("CARGO_PKG_VERSION"), zkl_verify::commit());
        format!("{version}\ncommit: {commit}\nfeatures: {}\nleft out: {}", list(compiled), list(absent))
    });
    &TEXT
}

/// Flags of every command. Flags win over environment variables, those over `zkl.toml`.
#[derive(Debug, Args)]
pub(crate) struct GlobalArgs {
    /// Directory of the ledger [default: .zkl, or `ledger` in zkl.toml]
    #[arg(long, global = true, value_name = "DIR", env = "ZKL_LEDGER", value_hint = ValueHint::DirPath)]
    pub(crate) ledger: Option<PathBuf>,
    /// Settings file [default: zkl.toml in the current directory, if it is there]
    #[arg(long, global = true, value_name = "FILE", env = "ZKL_CONFIG", value_hint = ValueHint::FilePath)]
    pub(crate) config: Option<PathBuf>,
    /// Directory for generated proving keys [default: the user's cache directory]
    #[arg(long, global = true, value_name = "DIR", env = "ZKL_KEYS", value_hint = ValueHint::DirPath)]
    pub(crate) keys: Option<PathBuf>,
    /// How proofs are made: universal, compact (only with keys from a ceremony), dev (forgeable) [default: universal]
    #[arg(long, global = true, value_name = "HOW", env = "ZKL_PROOF")]
    pub(crate) proof: Option<ProofSetting>,
    /// Key file of encrypted openings (age); encrypted itself, it needs --passphrase-file too
    #[arg(long, global = true, value_name = "FILE", env = "ZKL_OPENINGS_KEY", value_hint = ValueHint::FilePath)]
    pub(crate) openings_key: Option<PathBuf>,
    /// File or pipe with the passphrase of encrypted openings
    #[arg(long, global = true, value_name = "FILE", env = "ZKL_PASSPHRASE_FILE", value_hint = ValueHint::FilePath)]
    pub(crate) passphrase_file: Option<PathBuf>,
    /// Form of the output on stdout [default: table]
    #[arg(long, global = true, value_name = "FORM", env = "ZKL_FORMAT")]
    pub(crate) format: Option<Format>,
    /// No progress and no notes on stderr
    #[arg(long, short, global = true, env = "ZKL_QUIET", value_parser = BoolishValueParser::new())]
    pub(crate) quiet: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Init(InitArgs),
    Notarize(NotarizeArgs),
    Prove(ProveArgs),
    Relate(RelateArgs),
    Split(Box<SplitArgs>),
    Filter(Box<FilterRowsArgs>),
    Erase(Box<EraseArgs>),
    Dedup(Box<DedupArgs>),
    Check(CheckArgs),
    Verify(VerifyArgs),
    Inspect(InspectArgs),
    Report(ReportArgs),
    Profile(ProfileArgs),
    Schema(SchemaArgs),
    Log(LogArgs),
    Show(ShowArgs),
    Receipt(ReceiptArgs),
    History(HistoryArgs),
    Lineage(LineageArgs),
    Withdraw(WithdrawArgs),
    /// List the datasets and how many entries are about each.
    #[command(after_help = "\
Examples:
  zkl datasets
  zkl datasets --format json")]
    Datasets,
    Export(ExportArgs),
    Fsck(FsckArgs),
    Audit(AuditArgs),
    Access(AccessArgs),
    Cosign(CosignArgs),
    Witness(WitnessArgs),
    /// Serve the ledger over HTTP; `zkl-server key create` makes keys for it.
    #[cfg(feature = "serve")]
    #[command(after_help = "\
Examples:
  zkl serve
  zkl serve --listen 127.0.0.1:8080 --public-verify")]
    Serve(Box<zkl_server::commands::ServeOptions>),
    Backup(BackupArgs),
    Restore(RestoreArgs),
    Move(MoveArgs),
    Srs(SrsArgs),
    Circuits(CircuitsArgs),
    /// Check settings, key directory, ledger, log and openings.
    #[command(after_help = "\
Examples:
  zkl doctor

Exit codes: 0 no problem, 2 at least one.")]
    Doctor,
    Key(KeyArgs),
    Openings(OpeningsArgs),
    Completions(CompletionsArgs),
    Man(ManArgs),
}

/// Make a ledger and its signing key.
///
/// The directory holds the log, the signing key (mode 0600) and, after each notarization, the dataset's opening (mode
/// 0600): back it up, and never publish the key or an opening.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl init
  zkl init --origin ledger.example.com/ml
  zkl init --store rocks:/var/lib/zkl/ml
  zkl init --store 'postgres://zkl@db.example.com/ledgers?schema=ml'
  zkl init --encrypt-openings --passphrase-file <(pass show zkl)
  zkl init --log-key 'pkcs11:token=zkl;object=log?module-path=/usr/lib/softhsm/libsofthsm2.so'
  zkl --ledger /srv/zkl init")]
pub(crate) struct InitArgs {
    /// Name of the log in every checkpoint, forever: a host and path that you control [default: a random name]
    #[arg(long, value_name = "NAME")]
    pub(crate) origin: Option<String>,
    /// Where the log is kept: rocks:DIR, postgres://..., s3://BUCKET/PREFIX [default: in the ledger's directory]
    #[arg(long, value_name = "URL", env = "ZKL_STORE", hide_env_values = true, value_parser = custody::store_url)]
    pub(crate) store: Option<zkl_ledger::storage::StoreUrl>,
    /// Sign checkpoints with this key: a PKCS#8 PEM file, or pkcs11:... [default: a new one, in the ledger's directory]
    #[arg(long, value_name = "PLACE")]
    pub(crate) log_key: Option<String>,
    /// Sign entries with this key [default: the log's]
    #[arg(long, value_name = "PLACE")]
    pub(crate) notary_key: Option<String>,
    /// Encrypt openings: under the passphrase of --passphrase-file, or to the key of --openings-key, which is made if it is absent
    #[arg(long)]
    pub(crate) encrypt_openings: bool,
}

/// What goes into a receipt.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ReceiptContentArgs {
    /// Leave the proof over every row out of the receipt: it is smaller, and verifies as attested
    #[arg(long)]
    pub(crate) no_scan: bool,
}

/// Flags of commands that append to the ledger.
#[derive(Debug, Args)]
pub(crate) struct WriteArgs {
    /// Wait this long for another writer to finish, in seconds; five are waited in any case
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) wait: u64,
    /// Do not ask the ledger's witnesses to cosign afterwards
    #[arg(long)]
    pub(crate) no_cosign: bool,
    /// Go on from a store that is older than what this ledger has had: what is missing is lost, and nobody has a receipt of it
    #[arg(long)]
    pub(crate) accept_older_store: bool,
}

/// A claim of every kind, as its file has it.
fn prove_help() -> String {
    let examples = claim::kinds::pages().flat_map(|page| page.examples).map(|text| format!("  {text}\n"));
    let claims: String = examples.collect();
    format!(
        "\
Claims:
{claims}
  gap and min_group over two columns need a table notarized with --joint, corr one with --product.

Examples:
  zkl prove penguins 'mean(body_mass_g) between 4000 and 4500' -o mean.receipt
  zkl prove penguins 'nulls(sex) <= 5%' --dry-run --reveal
  zkl prove penguins --claim-file claim.json -o claim.receipt

Exit codes: 0 proved, 2 it cannot be proved, 3 the claim is false, 4 busy. With --dry-run 0 either way: the answer is on stdout."
    )
}

/// Prove a claim about a notarized table and record the proof.
///
/// The claim is proved about the committed profile alone: the table is not needed, only the opening that `zkl notarize`
/// wrote. A claim that is false is refused.
#[derive(Debug, Args)]
#[command(after_help = prove_help())]
pub(crate) struct ProveArgs {
    /// Name of the dataset; its newest notarization is meant unless --entry says otherwise
    #[arg(value_name = "DATASET")]
    pub(crate) dataset: DatasetName,
    /// The claim
    #[arg(value_name = "CLAIM", required_unless_present = "claim_file")]
    pub(crate) claim: Option<String>,
    /// Read the claim from a JSON file instead
    #[arg(long, value_name = "FILE", conflicts_with = "claim", value_hint = ValueHint::FilePath)]
    pub(crate) claim_file: Option<PathBuf>,
    /// Index of the notarization, or its id or the first digits of that to prove the claim about
    #[arg(long, value_name = "ENTRY")]
    pub(crate) entry: Option<String>,
    /// Write the receipt to this file
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) content: ReceiptContentArgs,
    /// Only say whether the claim holds; prove and record nothing
    #[arg(long, conflicts_with = "output")]
    pub(crate) dry_run: bool,
    /// Print the hidden value that the claim is about (for the owner's eyes)
    #[arg(long)]
    pub(crate) reveal: bool,
    #[command(flatten)]
    pub(crate) write: WriteArgs,
}

/// Show the profile of a dataset to its owner.
///
/// Reads the opening, checks that it opens the profile commitment on the ledger, and prints exact statistics: decimals as text,
/// `variance` over the population.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl profile penguins
  zkl profile penguins --format json")]
pub(crate) struct ProfileArgs {
    #[command(flatten)]
    pub(crate) version: VersionArgs,
}

/// A dataset, and which of its notarizations.
#[derive(Debug, Args)]
pub(crate) struct VersionArgs {
    /// Name of the dataset
    #[arg(value_name = "DATASET")]
    pub(crate) dataset: DatasetName,
    /// Index of the notarization, or its id or the first digits of that [default: the newest]
    #[arg(long, value_name = "ENTRY")]
    pub(crate) entry: Option<String>,
}

/// Show how a table would be read, and write a schema file to pin it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl schema penguins.csv
  zkl schema penguins.csv -o penguins.schema.toml")]
pub(crate) struct SchemaArgs {
    /// The table, as for `zkl notarize`
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath, required = true)]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Write a schema file (TOML)
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: Option<PathBuf>,
}

/// List the log's entries, newest first.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl log
  zkl log --kind claim --limit 100
  zkl log --since 2024-06-01T00:00:00Z --format json")]
pub(crate) struct LogArgs {
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// Which entries to list.
#[derive(Debug, Args)]
pub(crate) struct FilterArgs {
    /// Only entries of this kind: notarization, claim, custom, or any other word
    #[arg(long, value_name = "KIND", value_parser = kind)]
    pub(crate) kind: Option<OperationKind>,
    /// Only entries recorded at or after this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub(crate) since: Option<zkl_ledger::types::Timestamp>,
    /// Only entries recorded before this time (RFC 3339)
    #[arg(long, value_name = "TIME", value_parser = timestamp)]
    pub(crate) until: Option<zkl_ledger::types::Timestamp>,
    /// Maximum number of entries
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
}

/// Show one entry in full.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl show 0
  zkl show 6f1e --format json     # the entry whose id begins like this
  zkl show penguins               # the newest notarization
  zkl show last")]
pub(crate) struct ShowArgs {
    /// Index of the entry, its id or the first digits of that, a dataset for its newest notarization, or `last`
    #[arg(value_name = "ENTRY")]
    pub(crate) entry: String,
}

/// Write the receipt of entries, against the newest checkpoint.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl receipt penguins -o penguins.receipt
  zkl receipt last -o newest.receipt
  zkl receipt 1 2 3 -o claims.receipt")]
pub(crate) struct ReceiptArgs {
    /// The entries, each as for `zkl show`; what they name comes along
    #[arg(value_name = "ENTRY", required = true)]
    pub(crate) entries: Vec<String>,
    /// Where to write it
    #[arg(long, short, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) output: PathBuf,
    #[command(flatten)]
    pub(crate) content: ReceiptContentArgs,
}

/// List the entries about one dataset, newest first, and which of them were withdrawn.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl history penguins
  zkl history penguins --kind notarization")]
pub(crate) struct HistoryArgs {
    /// Name of the dataset
    #[arg(value_name = "DATASET")]
    pub(crate) dataset: DatasetName,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// Write the log as plain files that any static web server can publish (c2sp.org/tlog-tiles).
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl export public/")]
pub(crate) struct ExportArgs {
    /// Directory to write; it must be absent, empty, or an earlier export of the same log
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: PathBuf,
}

/// Manage reference strings: what commitments to columns rest on.
///
/// Tables are committed to under the powers of a public ceremony that come with the program. Its secret is lost unless all who
/// took part kept theirs.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl srs list
  zkl srs check hez-derived
  zkl srs import powersOfTau28_hez_final_17.ptau")]
pub(crate) struct SrsArgs {
    #[command(subcommand)]
    pub(crate) command: SrsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SrsCommand {
    /// List the reference strings that this program knows or has.
    #[command(after_help = "\
Examples:
  zkl srs list
  zkl srs list --format json")]
    List,
    Check(SrsCheckArgs),
    Import(SrsImportArgs),
    Derive(SrsDeriveArgs),
}

/// Check that a reference string on this machine consists of consecutive powers of its ceremony's secret.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl srs check hez-derived")]
pub(crate) struct SrsCheckArgs {
    /// A name or digest of `zkl srs list`
    #[arg(value_name = "STRING", value_parser = reference_string)]
    pub(crate) digest: KeyDigest,
}

/// Import the powers of a ceremony from a snarkjs `.ptau` file of 2^16 powers or more.
///
/// Every point is checked, and that they are powers of one secret. That the ceremony was honest is for its transcript to
/// show: compare the file's checksum with the published one. Ceremonies that `zkl srs list` names are recognised, and need no
/// `--trust`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl srs import powersOfTau28_hez_final_17.ptau")]
pub(crate) struct SrsImportArgs {
    /// The ceremony's file
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) file: PathBuf,
}

/// Derive a reference string from a Groth16 key of snarkjs that was made after a ceremony.
///
/// The key needs a domain of 2^16 points or more; of the ceremony any `.ptau` file will do. Nothing is believed of the key: the
/// points are checked against the ceremony's. Takes half a minute.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl srs derive userStateTransition.zkey --ceremony 8.ptau")]
pub(crate) struct SrsDeriveArgs {
    /// The key
    #[arg(value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) zkey: PathBuf,
    /// A file of the ceremony
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) ceremony: PathBuf,
}

fn reference_string(text: &str) -> Result<KeyDigest, &'static str> {
    zkl_ledger::srs::digest(text)
        .ok_or("expected a name that `zkl srs list` shows, or a digest of 64 hexadecimal digits")
}

/// Print a completion script for a shell.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  zkl completions bash > ~/.local/share/bash-completion/completions/zkl
  zkl completions zsh > ~/.zfunc/_zkl")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

/// Write a manual page of every command.
#[derive(Debug, Args)]
#[command(hide = true)]
#[command(after_help = "\
Examples:
  zkl man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// Directory to write to
    #[arg(value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(crate) directory: PathBuf,
}

fn kind(text: &str) -> Result<OperationKind, zkl_ledger::types::ParseError> {
    text.parse()
}

fn timestamp(text: &str) -> Result<zkl_ledger::types::Timestamp, String> {
    let time: jiff::Timestamp =
        text.parse().map_err(|error: jiff::Error| format!("expected a time such as 2024-06-01T00:00:00Z: {error}"))?;
    u64::try_from(time.as_millisecond())
        .map(zkl_ledger::types::Timestamp)
        .map_err(|_| "the time is before 1970".to_owned())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_command_has_an_example_in_its_help() {
        for command in Cli::command().get_subcommands() {
            let takes_arguments = command.get_arguments().any(|argument| !argument.is_global_set());
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            assert!(!takes_arguments || help.contains("zkl "), "{} has no example", command.get_name());
        }
    }
}
