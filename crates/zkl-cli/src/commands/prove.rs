use std::{
    fs,
    io::{self, Write},
    path::Path,
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    Dataset, Ledger,
    claim::{Claim, Evaluation},
    receipt::Predicate,
};

use super::cosign::WitnessLine;
use crate::{
    args::ProveArgs,
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
    progress::{self, TerminalProgress},
};

/// Longest claim file that is read, in bytes.
const MAX_CLAIM_FILE: u64 = 64 * 1024;

#[derive(Serialize)]
struct ProveReport {
    transaction: String,
    index: u64,
    dataset: String,
    claim: String,
    circuit: String,
    notarization: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    revealed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
}

impl Report for ProveReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Proved {} about {}, entry {}", output::printable(&self.claim), self.dataset, self.index)?;
        let mut fields = vec![("transaction", self.transaction.clone()), ("circuit", self.circuit.clone())];
        if let Some(value) = &self.revealed {
            fields.push(("hidden value", value.clone()));
        }
        if let Some(receipt) = &self.receipt {
            fields.push(("receipt", receipt.clone()));
        }
        output::write_fields(out, &fields)
    }
}

#[derive(Serialize)]
struct EvaluationReport {
    dataset: String,
    claim: String,
    holds: bool,
    provable: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    revealed: Option<String>,
}

impl Report for EvaluationReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let verdict = match (self.holds, self.provable) {
            (true, true) => "holds and can be proved",
            (true, false) => "holds, but cannot be proved from the committed profile",
            (false, _) => "does not hold",
        };
        writeln!(out, "{} {verdict}; nothing was recorded", output::printable(&self.claim))?;
        self.revealed.as_ref().map_or(Ok(()), |value| output::write_fields(out, &[("hidden value", value.clone())]))
    }
}

pub(super) async fn run(args: ProveArgs, config: &Config) -> Result<(), CliError> {
    let claim: Claim = match (&args.claim, &args.claim_file) {
        (_, Some(path)) => read_claim(path)?,
        (text, None) => text.as_deref().unwrap_or_default().parse()?,
    };
    if let Some(path) = &args.output {
        files::check_writable(path, Content::Receipt, &[&config.ledger])?;
    }
    if args.dry_run {
        let ledger = super::open_for_reading(config, super::Openings::Read).await?;
        let evaluation = find(&ledger, &args).await?.evaluate(&claim).await?;
        let report = EvaluationReport {
            dataset: args.dataset.to_string(),
            claim: claim.to_string(),
            holds: evaluation.holds,
            provable: evaluation.provable,
            revealed: args.reveal.then(|| evaluation.observed().to_string()),
        };
        note_absent_values(&evaluation, config);
        return output::print(&report, config.format);
    }
    let ledger = super::open_for_writing(config, &args.write, super::Openings::Read).await?;
    let version = find(&ledger, &args).await?;
    let evaluation = version.evaluate(&claim).await?;
    note_absent_values(&evaluation, config);
    if args.reveal && !evaluation.holds {
        progress::note(false, &format!("the hidden value is {}", evaluation.observed()));
    }
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let entry = version.prove(&claim).progress(Arc::clone(&reporter)).await?;
    drop(reporter);
    let witnesses = match args.write.no_cosign {
        true => Vec::new(),
        false => super::cosign::after_append(&ledger, config).await,
    };
    let receipt = match &args.output {
        Some(path) => Some(super::receipt::write(&ledger, std::slice::from_ref(&entry), path, args.content).await?),
        None => None,
    };
    let Predicate::Claim(record) = entry.predicate() else {
        // `Dataset::prove` appends claims only.
        return Ok(());
    };
    let report = ProveReport {
        transaction: entry.id.to_string(),
        index: entry.index.0,
        dataset: record.dataset.name.to_string(),
        claim: claim.to_string(),
        circuit: record.proof.circuit.to_string(),
        notarization: record.dataset.entry.to_string(),
        revealed: args.reveal.then(|| evaluation.observed().to_string()),
        receipt,
        witnesses,
    };
    output::print(&report, config.format)
}

async fn find(ledger: &Ledger, args: &ProveArgs) -> Result<Dataset, CliError> {
    super::profile::version(ledger, &args.dataset, args.entry.as_deref()).await
}

fn read_claim(path: &Path) -> Result<Claim, CliError> {
    let error = |source| CliError::ReadFile { path: path.to_owned(), source };
    if fs::metadata(path).map_err(error)?.len() > MAX_CLAIM_FILE {
        return Err(error(io::Error::new(io::ErrorKind::InvalidData, "the file is too long to be a claim")));
    }
    let text = fs::read_to_string(path).map_err(error)?;
    serde_json::from_str(&text).map_err(|source| CliError::ClaimFile { path: path.to_owned(), source })
}

/// A value that does not occur may be misspelt; only the owner can know, so only the owner is told.
fn note_absent_values(evaluation: &Evaluation, config: &Config) {
    for value in &evaluation.absent_values {
        progress::note(config.quiet, &format!("no row holds the value {value:?}"));
    }
}
