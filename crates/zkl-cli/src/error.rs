//! What goes wrong, and what can be done about it.

mod kind;

use std::{io, path::PathBuf, process::ExitCode};

pub(crate) use zkl_verify::{ErrorReport, Kind};

use thiserror::Error;
use zkl_ledger::{
    DatasetName, LedgerError, ReferenceError,
    audit::AuditError,
    circuit::KeyError,
    claim::{ClaimError, ClaimSyntaxError, PairKind},
    openings::OpeningKeyError,
    receipt::VerifyError,
    relation::{DerivationError, RelationSyntaxError},
    storage::StorageErrorKind,
};
use zkl_sources::SourceError;
use zkl_verify::VerifierError;
use zkl_witness::WitnessError;

use crate::args::Format;

/// Why a command fails. Its [`Kind`] says with which exit code.
#[derive(Debug, Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Verifier(#[from] VerifierError),
    #[error("{path} is not a receipt", path = path.display())]
    NotAReceipt { path: PathBuf, source: Box<VerifyError> },
    #[error("--data compares one receipt with its table: not several, and not with --format csv")]
    DataOfOne,
    #[error("--trust {got:?} is neither a log key nor a file with log keys")]
    LogKeys { got: String },
    #[error("{others} of {of} files are no receipts")]
    NotAllReceipts { others: usize, of: usize },
    #[error(transparent)]
    Reference(#[from] ReferenceError),
    #[error("{data} is not the notarized table: {what}", data = data.display())]
    OtherData { data: PathBuf, what: String },
    #[error(transparent)]
    Source(SourceError),
    #[error("cannot read {path}", path = path.display())]
    ReadFile { path: PathBuf, source: io::Error },
    #[error("cannot write {path}", path = path.display())]
    WriteFile { path: PathBuf, source: io::Error },
    #[error("{path} is not a settings file", path = path.display())]
    Config { path: PathBuf, source: Box<toml::de::Error> },
    #[error("the secrets in {path} cannot be used", path = path.display())]
    Secrets { path: PathBuf, source: OpeningKeyError },
    #[error("that key is of another log, {origin}")]
    OtherLog { origin: String },
    #[error("nothing was given to encrypt openings to")]
    NoOpeningKey,
    #[error("{path} names keys to trust, and was only found in the current directory", path = path.display())]
    FoundTrust { path: PathBuf },
    #[error("{path} is not replaced: it is the input, or belongs to the ledger", path = path.display())]
    Precious { path: PathBuf },
    #[error("{path} is not replaced: it is there, and is not {expected}", path = path.display())]
    NotReplaced { path: PathBuf, expected: &'static str },
    #[error("{0}")]
    ClaimSyntax(#[from] ClaimSyntaxError),
    #[error(transparent)]
    RelationSyntax(#[from] RelationSyntaxError),
    #[error("{dataset} {problem}")]
    RelationFile { dataset: DatasetName, problem: &'static str },
    #[error("entry {entry} was recorded for the relation, and is none")]
    NoRelation { entry: String },
    #[error("{files} file(s) are made, and {names} name(s) are given with --output-name")]
    OutputNames { names: usize, files: usize },
    #[error("{failed} of {of} relations are not proved")]
    LineageNotProved { failed: usize, of: usize },
    #[error("the receipts are of several logs: each has lineages of its own")]
    ReceiptsOfLogs,
    #[error("no receipt notarizes a version of {dataset}")]
    NotInReceipts { dataset: DatasetName },
    #[error("{path} does not hold a claim", path = path.display())]
    ClaimFile { path: PathBuf, source: serde_json::Error },
    #[error("{path} is not a dataset file", path = path.display())]
    DatasetFile { path: PathBuf, source: Box<serde_saphyr::Error> },
    #[error("{path}: the field {field} is {got:?}: {why}", path = path.display())]
    DatasetField { path: PathBuf, field: &'static str, got: String, why: String },
    #[error("{path}: the claim {name} cannot be read", path = path.display())]
    DatasetClaim { path: PathBuf, name: String, source: ClaimSyntaxError },
    #[error("{claims}: FALSE")]
    FalseClaims { claims: String },
    #[error("{claims}: NOT PROVED")]
    Unproved { claims: String, busy: bool },
    #[error("{path} gives no dataset name", path = path.display())]
    NoName { path: PathBuf },
    #[error("the environment has {problems} problem(s)")]
    Doctor { problems: usize },
    #[error("{findings} finding(s): the log is not sound")]
    NotSound { findings: u64 },
    #[error("NOT ONLY GROWN")]
    Audit(#[source] Box<AuditError>),
    #[error("the published log is not what its checkpoint says")]
    Published(#[source] Box<AuditError>),
    #[error("what server {server} recorded does not follow from what it recorded before")]
    PolicyBroken { server: String },
    #[error("no circuit begins with {got:?}")]
    NoCircuit { got: String },
    #[error("there are no matrices of {circuit}")]
    NoMatrices { circuit: String },
    #[error(transparent)]
    Witness(#[from] WitnessError),
    #[cfg(feature = "serve")]
    #[error(transparent)]
    Server(#[from] zkl_server::ServerError),
    #[error("{missing} witness(es) have not cosigned")]
    NotCosigned { missing: usize },
    #[error("the ledger has no witnesses, and none was given")]
    NoWitnesses,
    #[error("the ledger has no entries: there is nothing to cosign")]
    NothingToCosign,
    #[error("a store in memory is gone when this command ends")]
    VolatileStore,
    #[error("this process may use {limit} MiB of address space, and a ledger needs {needed}")]
    AddressSpace { limit: u64, needed: u64 },
    #[error("the entry was logged, but its receipt was not written")]
    ReceiptNotWritten { index: u64, path: PathBuf, source: Box<CliError> },
    #[error("cannot start the runtime")]
    Runtime(#[source] io::Error),
    #[error("an internal task ended abnormally")]
    Task(#[source] tokio::task::JoinError),
}

impl CliError {
    /// Prints the error, its causes and its hint to stderr, and returns the exit code.
    pub(crate) fn print(&self, format: Format) -> ExitCode {
        self.report().print(format)
    }

    /// The error in texts.
    pub(crate) fn report(&self) -> ErrorReport {
        ErrorReport::new(self, self.kind(), self.hint())
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::Ledger(error) | Self::Reference(ReferenceError::Ledger(error)) => ledger_hint(error),
            Self::Verifier(error) => error.hint().map(Into::into),
            Self::NotAReceipt { source, .. } => source.hint().map(Into::into),
            Self::Witness(error) => error.hint().map(Into::into),
            Self::Source(SourceError::NotCompiledIn { feature, .. }) => {
                Some(build_with(if *feature == "sql" { "pg" } else { feature }))
            }
            Self::Source(error) => error.hint(),
            #[cfg(feature = "serve")]
            Self::Server(error) => error.hint(),
            Self::Audit(error) => match error.as_ref() {
                AuditError::Fork { .. } => {
                    Some("keep both checkpoints: with them anybody can see that the log signed two histories".into())
                }
                AuditError::Ledger(error) => ledger_hint(error),
                _ => None,
            },
            Self::PolicyBroken { .. } => {
                Some("two servers run on copies of one directory, or somebody else has the notary's key".into())
            }
            Self::NotSound { .. } => Some("restore the log from a copy: `zkl restore` verifies it on the way".into()),
            Self::NoWitnesses => {
                Some("add [[witness]] with key and url to ledger.toml, or pass --witness KEY=URL".into())
            }
            Self::VolatileStore => Some("name a store that lasts: rocks:DIR, postgres://... or s3://...".into()),
            Self::ClaimSyntax(_) | Self::DatasetClaim { .. } => {
                Some("`zkl prove --help` shows every kind of claim".into())
            }
            Self::RelationSyntax(_) | Self::RelationFile { .. } => {
                Some("`zkl relate --help` shows every kind of relation".into())
            }
            Self::FoundTrust { path } => {
                let path = path.display();
                Some(format!("it may have come with the receipt; if it is yours, pass --config {path}"))
            }
            Self::AddressSpace { .. } => Some("raise the limit, for instance: ulimit -v unlimited".into()),
            Self::ReceiptNotWritten { index, path, .. } => {
                Some(format!("write it where there is room: zkl receipt {index} -o {}", path.display()))
            }
            Self::NoOpeningKey => Some(NAME_A_KEY.into()),
            Self::Secrets { source, .. } => opening_key_hint(source),
            Self::DatasetFile { .. } => {
                Some("docs/formats.md has every field; a claim with `: ` in it stands in double quotes".into())
            }
            Self::NotReplaced { .. } => Some("name another file, or remove that one first".into()),
            Self::NoName { .. } => Some("name the dataset with --name".into()),
            _ => None,
        }
    }
}

const NAME_A_KEY: &str = "name the passphrase with --passphrase-file FILE or ZKL_PASSPHRASE_FILE, or the key file with \
                          --openings-key FILE or ZKL_OPENINGS_KEY";

fn opening_key_hint(error: &OpeningKeyError) -> Option<String> {
    match error {
        OpeningKeyError::Locked | OpeningKeyError::PassphraseMissing => Some(NAME_A_KEY.into()),
        OpeningKeyError::NothingWrapped => {
            Some("bring openings-key.age back from a backup, or name the key file with --openings-key".into())
        }
        error => error.hint().map(Into::into),
    }
}

/// What this program's commands and flags can do about an error of the ledger; otherwise what the ledger suggests.
fn ledger_hint(error: &LedgerError) -> Option<String> {
    let hint = match error {
        LedgerError::NoCeremonyKey { .. } => {
            "leave --proof compact away: universal proofs need no key. For compact ones a ceremony makes the key, and `zkl circuits \
             import` takes it: docs/ceremony.md"
                .to_owned()
        }
        LedgerError::Storage(storage) => match storage.kind {
            StorageErrorKind::Locked => {
                "another zkl process is writing; try again when it is done, or pass --wait SECONDS".to_owned()
            }
            StorageErrorKind::Corrupt(_) => "run `zkl doctor` and restore the ledger from a copy".to_owned(),
            _ => return error.hint(),
        },
        LedgerError::Batch(error) => return ledger_hint(error),
        LedgerError::OpeningKey(error) => return opening_key_hint(error),
        LedgerError::Vault { source, .. } => return source.downcast_ref().and_then(opening_key_hint),
        LedgerError::Claim(ClaimError::False) => {
            "the value stays hidden; --reveal shows it to you, --dry-run tries a claim without recording".to_owned()
        }
        LedgerError::Claim(ClaimError::MissingPair { kind: PairKind::Joint, first, second, .. }) => {
            format!("notarize the table again with --joint {first},{second}")
        }
        LedgerError::Claim(ClaimError::MissingPair { kind: PairKind::Product, first, second, .. }) => {
            format!("notarize the table again with --product {first},{second}")
        }
        LedgerError::NoLedger { .. } => "run `zkl init` here, or name the ledger with --ledger DIR".to_owned(),
        LedgerError::Derivation(DerivationError::Exists { .. }) => "--force replaces it".to_owned(),
        LedgerError::Derivation(DerivationError::Unnamed { .. }) => {
            "name the dataset that is made with --output-name".to_owned()
        }
        LedgerError::Derivation(DerivationError::Unfinished { source, .. }) => return ledger_hint(source),
        LedgerError::UnknownDataset { similar: None, .. } => "`zkl datasets` lists the names".to_owned(),
        LedgerError::UnknownEntry { .. } => {
            "`zkl log` lists the entries; give an index, an id or how it begins, a dataset, or `last`".to_owned()
        }
        LedgerError::Keys(KeyError::NoDirectory) => "name a directory with --keys DIR or ZKL_KEYS".to_owned(),
        LedgerError::Keys(KeyError::SrsAbsent { .. }) => {
            "import the ceremony's file with `zkl srs import FILE.ptau`, or leave --srs out".to_owned()
        }
        LedgerError::SetBack { .. } => {
            "restore the newest copy of the log (`zkl restore`). If what is missing is lost for good, and nobody has a receipt or a \
             checkpoint of it, repeat the command with --accept-older-store"
                .to_owned()
        }
        LedgerError::NotCompiledIn { feature, .. } => build_with(feature),
        LedgerError::Unfinished => "repeat the backup or restore: it goes on where it stopped".to_owned(),
        LedgerError::Damaged { .. } => "`zkl fsck` lists every finding; restore the ledger from a copy".to_owned(),
        _ => return error.hint(),
    };
    Some(hint)
}

/// How to build this program with a feature.
fn build_with(feature: &str) -> String {
    format!(
        "build it with `cargo build --release -p zkl-cli --features {feature}`, or with all of them: `--features full`"
    )
}
