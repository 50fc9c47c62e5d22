use std::{
    fs,
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    LedgerError, Trust,
    data::check_data,
    home::LedgerHome,
    openings::{Opening, OpeningKey, OpeningKeyError},
    receipt::{Notarization, ReceiptSummary, Requirement, StatementSummary, VerifiedReceipt, VerifiedStatement},
};

use super::{receipt_files, verify_many};
use crate::{
    args::{Format, TrustArgs, VerifyArgs},
    config::Config,
    error::CliError,
    output::{self, Report},
    progress::TerminalProgress,
    table,
};

/// Longest file of keys that is read, in bytes.
const MAX_TRUST_FILE: u64 = 1 << 20;

/// What stands behind the verdict on a receipt that rests on dev material.
const FORGEABLE: &str = ": the checks passed, and prove nothing, because a proof rests on test material";

#[derive(Serialize)]
struct VerifyReport {
    /// Whether every check passed and nothing rests on dev material.
    valid: bool,
    #[serde(flatten)]
    receipt: ReceiptSummary,
    /// What `--data` found.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
}

impl Report for VerifyReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let log = &self.receipt.log;
        let place = log.index.map(|index| format!("entry {index} of ")).unwrap_or_default();
        let pinned = match (&log.label, log.pinned) {
            (Some(label), _) => format!(" (your trust store says: {label})"),
            (None, true) => String::new(),
            (None, false) => ", NOT pinned: pin it with --trust".to_owned(),
        };
        let key = format!("{}{pinned}", log.key);
        let mut last = vec![("log", format!("{}, {place}{}", log.origin, log.size)), ("log key", key)];
        if let Some(pinned) = &log.followed_from {
            last.push(("named by", format!("{pinned}, which you trust, in entries of the log")));
        }
        if !log.witnesses.is_empty() {
            let meaning = if log.policy { "a quorum of the policy" } else { "named in the receipt, NOT vouched for" };
            last.push(("witnesses", format!("{} ({meaning})", log.witnesses.join(", "))));
        }
        last.extend(self.receipt.trust.iter().map(|sentence| ("trust", (*sentence).to_owned())));
        let verdict = self.receipt.verdict;
        let meaning = if verdict.is_valid() { "" } else { FORGEABLE };
        if let Some(statement) = &self.receipt.statement {
            writeln!(out, "{verdict}{meaning}")?;
            let mut fields = fields(statement, self.data.as_deref());
            fields.extend(last);
            return output::write_fields(out, &fields);
        }
        writeln!(out, "{verdict}: {} statements{meaning}", self.receipt.statements.len())?;
        for statement in &self.receipt.statements {
            output::write_fields(out, &fields(statement, None))?;
            writeln!(out)?;
        }
        output::write_fields(out, &last)
    }
}

fn fields(statement: &StatementSummary, data: Option<&str>) -> Vec<(&'static str, String)> {
    let mut fields: Vec<(&str, String)> = Vec::new();
    if let Some(index) = statement.index {
        fields.push(("entry", index.to_string()));
    }
    if let Some(claim) = &statement.claim {
        fields.push(("claim", claim.clone()));
    }
    if let Some(relation) = &statement.relation {
        fields.push(("relation", relation.to_string()));
        for table in &relation.tables {
            fields.push(("table", format!("{}, {} rows", table.dataset, table.rows)));
        }
        fields.extend(relation.uncompared().map(|columns| ("not compared", columns)));
    }
    if let Some(description) = &statement.description {
        fields.push(("statement", format!("{description} (the notary's words)")));
    }
    if let Some(key) = &statement.key {
        let what = match key.from {
            Some(from) => format!("{} does not count from {from} entries on, says {}", key.old, key.new),
            None => format!("{} is replaced by {}", key.old, key.new),
        };
        fields.push(("log key", what));
    }
    if let Some(withdrawn) = &statement.withdraws {
        let instead = withdrawn.replacement.as_ref().map(|id| format!(", superseded by {id}"));
        fields.push(("withdraws", format!("{}{}", withdrawn.entry, instead.unwrap_or_default())));
        fields.push(("reason", format!("{} (the notary's words)", withdrawn.reason)));
    }
    if let Some(inputs) = &statement.public_inputs {
        fields.push(("public inputs", inputs.join(" ")));
    }
    if let (Some(dataset), Some(rows), Some(columns)) = (&statement.dataset, statement.rows, statement.columns) {
        fields.push(("dataset", format!("{dataset}, {rows} rows, {columns} columns")));
    }
    fields.extend(statement.reading.iter().map(|line| ("read", line.clone())));
    if let Some(profile) = &statement.profile {
        fields.push(("profile", profile.clone()));
    }
    if let Some(proof) = &statement.proof {
        fields.push(("proof", format!("{}, {}, {}", proof.circuit, proof.scheme, proof.setup)));
    }
    if let Some(basis) = &statement.basis {
        fields.push(("rests on", basis.to_string()));
    }
    if let Some(data) = data {
        fields.push(("data", data.to_owned()));
    }
    fields.push(("recorded", format!("{} by the notary's clock", statement.recorded_at)));
    fields.push(("notary", statement.notary.clone()));
    fields
}

pub(super) async fn run(args: VerifyArgs, config: &Config) -> Result<(), CliError> {
    let trust = trusted(&args.trust, config)?;
    let required: Vec<Requirement> = config.require.iter().chain(&args.require).copied().collect();
    let path = match args.receipts.as_slice() {
        [path] if !path.is_dir() && config.format != Format::Csv => path,
        _ if args.data.is_some() => return Err(CliError::DataOfOne),
        paths => return verify_many::run(&receipt_files::expand(paths)?, &trust, &required, config),
    };
    let verified = check(path, &trust, &required)?;
    let data = match (args.data, args.opening) {
        (Some(data), Some(opening)) => Some(compare_data(data, opening, &verified, config).await?),
        _ => None,
    };
    let valid = verified.verdict().is_valid();
    output::print(&VerifyReport { valid, receipt: verified.summary(), data }, config.format)
}

/// Whom the command line and the settings trust.
pub(super) fn trusted(args: &TrustArgs, config: &Config) -> Result<Trust, CliError> {
    // A settings file that just lies in the current directory may have been sent along with the receipt.
    if let (Some(path), false, false) = (&config.file, config.file_named, config.trust.is_empty()) {
        return Err(CliError::FoundTrust { path: path.clone() });
    }
    let mut trust = Trust::default();
    for text in config.trust.iter().chain(&args.pinned) {
        trust = add_trust(trust, text)?;
    }
    if let Some(store) = super::read_trust_store(&args.store, config)? {
        trust = trust.with_trust_store(store);
    }
    if let Some(path) = &args.policy {
        trust = trust.with_policy(super::read_policy(path)?);
    }
    Ok(trust)
}

/// Reads and verifies one receipt, and demands of it what is required.
pub(super) fn check(path: &Path, trust: &Trust, required: &[Requirement]) -> Result<VerifiedReceipt, CliError> {
    let bytes = receipt_files::read(path)?;
    let verified = zkl_ledger::verify(&bytes, trust)
        .map_err(|source| CliError::NotValid { path: path.to_owned(), source: Box::new(source) })?;
    verified.require(required).map_err(|source| CliError::NotAsRequired { path: path.to_owned(), source })?;
    Ok(verified)
}

/// Checks that a file is the table whose notarization the receipt holds.
async fn compare_data(
    data: PathBuf,
    opening: PathBuf,
    verified: &VerifiedReceipt,
    config: &Config,
) -> Result<String, CliError> {
    let mut tables: Vec<Notarization> = Vec::new();
    for entry in &verified.entries {
        if let VerifiedStatement::Notarization { notarization, .. } = &entry.statement {
            tables.push(notarization.as_ref().clone());
        }
    }
    let (Some(notarization), None) = (tables.pop(), tables.pop()) else {
        let what = "the receipt is not about one notarized table".to_owned();
        return Err(CliError::OtherData { data, what });
    };
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let keys = Arc::new(super::key_store(config)?);
    let opening = Arc::new(read_opening(&opening, config)?);
    match check_data(table::at(std::slice::from_ref(&data))?, opening, notarization, keys, reporter).await? {
        Ok(check) => Ok(format!("{} is the notarized table ({} rows read)", data.display(), check.rows)),
        Err(mismatch) => Err(CliError::OtherData { data, what: mismatch.to_string() }),
    }
}

/// Keys are read only for an opening that is encrypted: an auditor may have neither key nor ledger.
fn read_opening(path: &Path, config: &Config) -> Result<Opening, CliError> {
    match Opening::read(path) {
        Err(LedgerError::OpeningKey(OpeningKeyError::Locked)) => {}
        other => return Ok(other?),
    }
    let identity = match config.opening_key()? {
        Some(OpeningKey::Identity(identity)) => Some(identity),
        Some(key) => Some(LedgerHome::open(&config.ledger)?.opening_identity(&key)?),
        None => None,
    };
    Ok(Opening::read_with(path, identity.as_ref())?)
}

fn add_trust(trust: Trust, text: &str) -> Result<Trust, CliError> {
    let unreadable = || CliError::Trust { got: text.to_owned() };
    if let Ok(trust) = trust.clone().with_text(text) {
        return Ok(trust);
    }
    let length = fs::metadata(text).map_err(|_| unreadable())?.len();
    if length > MAX_TRUST_FILE {
        return Err(unreadable());
    }
    let lines = fs::read_to_string(text).map_err(|_| unreadable())?;
    let lines = lines.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut keys = lines.peekable();
    if keys.peek().is_none() {
        return Err(unreadable());
    }
    keys.try_fold(trust, |trust, line| {
        trust.with_text(line).map_err(|_| CliError::Trust { got: format!("{text}: {line}") })
    })
}
