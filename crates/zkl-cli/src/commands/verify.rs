use std::{
    fs,
    io::{self, Read as _, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    MAX_RECEIPT_LEN, Notarization, Opening, ProfileEvidence, Table, Trust, VerifiedEntry, VerifiedLog, VerifiedReceipt,
    VerifiedStatement, check_data,
};

use crate::{
    args::VerifyArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
    progress::TerminalProgress,
};

/// Longest file of keys that is read, in bytes.
const MAX_TRUST_FILE: u64 = 1 << 20;

#[derive(Serialize)]
struct VerifyReport {
    valid: bool,
    /// Of a receipt for one entry.
    #[serde(flatten)]
    statement: Option<StatementReport>,
    /// Of a receipt for several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    statements: Vec<StatementReport>,
    log: LogReport,
}

/// The log, and where in it the entry of a receipt for one entry is.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LogReport {
    origin: String,
    key: String,
    pinned: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    size: u64,
    root: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    policy: bool,
}

#[derive(Serialize)]
struct StatementReport {
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u64>,
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    claim: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_inputs: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rows: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    columns: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    assurance: Option<&'static str>,
    #[serde(skip)]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    scan: Option<ScanSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<ProofSummary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<String>,
    transaction: String,
    notary: String,
    recorded_at: String,
}

#[derive(Serialize)]
struct ProofSummary {
    scheme: String,
    circuit: String,
    setup: String,
    verifying_key: String,
}

/// The proof over every row.
#[derive(Serialize)]
struct ScanSummary {
    setup: String,
    circuits: Vec<ProofSummary>,
    reference_string: String,
    commitments: String,
    segments: usize,
}

impl Report for VerifyReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let log = &self.log;
        let place = log.index.map(|index| format!("entry {index} of ")).unwrap_or_default();
        let mut last = vec![("log", format!("{}, {place}{}", log.origin, log.size)), ("log key", log.key.clone())];
        if !log.witnesses.is_empty() {
            let meaning = if log.policy { "a quorum of the policy" } else { "named in the receipt, NOT vouched for" };
            last.push(("witnesses", format!("{} ({meaning})", log.witnesses.join(", "))));
        }
        let pinned = match log.pinned {
            true => "this log key is pinned",
            false => "log key NOT pinned: anybody can make a log; pin it with --trust",
        };
        last.push(("trust", pinned.to_owned()));
        if let Some(statement) = &self.statement {
            writeln!(out, "VALID")?;
            let mut fields = statement.fields();
            fields.extend(last);
            return output::write_fields(out, &fields);
        }
        writeln!(out, "VALID: {} statements", self.statements.len())?;
        for statement in &self.statements {
            output::write_fields(out, &statement.fields())?;
            writeln!(out)?;
        }
        output::write_fields(out, &last)
    }
}

impl StatementReport {
    fn fields(&self) -> Vec<(&'static str, String)> {
        let mut fields: Vec<(&str, String)> = Vec::new();
        if let Some(index) = self.index {
            fields.push(("entry", index.to_string()));
        }
        if let Some(claim) = &self.claim {
            fields.push(("claim", claim.clone()));
        }
        if let Some(description) = &self.description {
            fields.push(("statement", format!("{description} (the notary's words)")));
        }
        if let Some(inputs) = &self.public_inputs {
            fields.push(("public inputs", inputs.join(" ")));
        }
        if let (Some(dataset), Some(rows), Some(columns)) = (&self.dataset, self.rows, self.columns) {
            fields.push(("dataset", format!("{dataset}, {rows} rows, {columns} columns")));
        }
        if let Some(profile) = &self.profile {
            fields.push(("profile", profile.clone()));
        }
        if let Some(proof) = &self.proof {
            fields.push(("proof", format!("{}, {}, {}", proof.circuit, proof.scheme, proof.setup)));
        }
        if let Some(data) = &self.data {
            fields.push(("data", data.clone()));
        }
        fields.push(("recorded", format!("{} by the notary's clock", self.recorded_at)));
        fields.push(("notary", self.notary.clone()));
        fields
    }
}

pub(super) async fn run(args: VerifyArgs, config: &Config) -> Result<(), CliError> {
    // A settings file that just lies in the current directory may have been sent along with the receipt.
    if let (Some(path), false, false) = (&config.file, config.file_named, config.trust.is_empty()) {
        return Err(CliError::FoundTrust { path: path.clone() });
    }
    let mut trust = Trust::default();
    for text in config.trust.iter().chain(&args.trust) {
        trust = add_trust(trust, text)?;
    }
    if let Some(path) = &args.policy {
        trust = trust.with_policy(super::read_policy(path)?);
    }
    let bytes = read_receipt(&args.receipt)?;
    let verified = zkl_ledger::verify(&bytes, &trust)
        .map_err(|source| CliError::NotValid { path: args.receipt.clone(), source: Box::new(source) })?;
    let data = match (args.data, args.opening) {
        (Some(data), Some(opening)) => Some(compare_data(data, opening, &verified, config).await?),
        _ => None,
    };
    output::print(&report(&verified, data), config.format)
}

fn report(verified: &VerifiedReceipt, data: Option<String>) -> VerifyReport {
    let mut statements: Vec<StatementReport> = verified.subjects().map(statement_report).collect();
    let VerifiedLog { origin, key, pinned, size, root, witnesses, policy, .. } = verified.log.clone();
    let index = verified.subject().map(|subject| subject.index.0);
    let log = LogReport { origin, key, pinned, index, size: size.0, root: root.to_string(), witnesses, policy };
    let statement = if statements.len() == 1 { statements.pop() } else { None };
    let statement = statement.map(|statement| StatementReport { index: None, data, ..statement });
    VerifyReport { valid: true, statement, statements, log }
}

fn statement_report(verified: &VerifiedEntry) -> StatementReport {
    let mut report = StatementReport {
        index: Some(verified.index.0),
        kind: "custom",
        dataset: None,
        dataset_id: None,
        claim: None,
        description: None,
        public_inputs: None,
        rows: None,
        columns: None,
        assurance: None,
        profile: None,
        scan: None,
        proof: None,
        data: None,
        transaction: verified.id.to_string(),
        notary: verified.notary.to_string(),
        recorded_at: verified.recorded_at.to_string(),
    };
    let proof_summary = |proof: &zkl_ledger::ProofReport| ProofSummary {
        scheme: proof.scheme.to_owned(),
        circuit: proof.circuit.to_string(),
        setup: proof.setup.to_string(),
        verifying_key: proof.verifying_key.to_string(),
    };
    let mut table = |notarization: &Notarization, layout: &zkl_ledger::Layout, profile: &ProfileEvidence| {
        report.dataset = Some(notarization.dataset.to_string());
        report.dataset_id = Some(notarization.dataset_id.to_string());
        report.rows = Some(layout.rows());
        report.columns = Some(layout.columns().len());
        let (assurance, profile, scan) = profile_report(profile);
        (report.assurance, report.profile, report.scan) = (Some(assurance), Some(profile), scan);
    };
    match &verified.statement {
        VerifiedStatement::Notarization { notarization, layout, profile } => {
            table(notarization, layout, profile);
            report.kind = "notarization";
        }
        VerifiedStatement::Claim { claim, notarization, layout, profile, proof, .. } => {
            table(notarization, layout, profile);
            report.kind = "claim";
            report.claim = Some(claim.to_string());
            report.proof = Some(proof_summary(proof));
        }
        VerifiedStatement::Custom { record, proof } => {
            report.dataset = record.dataset.as_ref().map(ToString::to_string);
            report.description = Some(record.description.clone());
            report.public_inputs = Some(record.public_inputs.iter().map(ToString::to_string).collect());
            report.proof = Some(proof_summary(proof));
        }
        // A kind of statement that this program does not print is still verified.
        _ => report.kind = "unknown",
    }
    report
}

/// In one word, in a line for people, and in parts.
fn profile_report(evidence: &ProfileEvidence) -> (&'static str, String, Option<ScanSummary>) {
    match evidence {
        ProfileEvidence::Proved(report) => {
            let circuits = report.keys.iter().map(|key| ProofSummary {
                scheme: report.scheme.to_owned(),
                circuit: key.circuit.to_string(),
                setup: report.setup.to_string(),
                verifying_key: key.verifying_key.to_string(),
            });
            let summary = ScanSummary {
                setup: report.setup.to_string(),
                circuits: circuits.collect(),
                reference_string: report.srs.to_string(),
                commitments: report.commitments.to_string(),
                segments: report.segments,
            };
            ("proved", format!("proved over every row, {}", report.setup), Some(summary))
        }
        ProfileEvidence::ProofLeftOut => {
            ("attested", "attested; the log names a proof, which this receipt leaves out".to_owned(), None)
        }
        // A kind of evidence that this program does not know is not counted.
        _ => ("attested", "attested by the notary, not proved".to_owned(), None),
    }
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
    let opening = Arc::new(Opening::read(&opening)?);
    match check_data(Table::path(&data), opening, notarization, keys, reporter).await? {
        Ok(check) => Ok(format!("{} is the notarized table ({} rows read)", data.display(), check.rows)),
        Err(mismatch) => Err(CliError::OtherData { data, what: mismatch.to_string() }),
    }
}

fn read_receipt(path: &Path) -> Result<Vec<u8>, CliError> {
    let error = |source| CliError::ReadFile { path: path.to_owned(), source };
    let mut bytes = Vec::new();
    // One byte more than a receipt may have: enough to be refused, whatever the file's length.
    let limit = MAX_RECEIPT_LEN as u64 + 1;
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(error)?;
    Ok(bytes)
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
