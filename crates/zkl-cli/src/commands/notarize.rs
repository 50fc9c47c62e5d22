use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    receipt::Assurance,
    requests::{EvidenceRequest, Notarized},
    types::reading,
};

use super::cosign::WitnessLine;
use crate::{
    args::NotarizeArgs,
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
    progress::{self, TerminalProgress},
    table,
};

#[derive(Serialize)]
struct NotarizeReport {
    transaction: String,
    index: u64,
    dataset: String,
    dataset_id: String,
    rows: u64,
    columns: usize,
    assurance: String,
    #[serde(skip)]
    meaning: &'static str,
    seal: String,
    opening: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// What reading did to the table, as the entry says.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    reading: Vec<String>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
    inference: zkl_ledger::dataset::InferenceReport,
}

impl Report for NotarizeReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(
            out,
            "Notarized {}: {} rows, {} columns, entry {}",
            self.dataset, self.rows, self.columns, self.index
        )?;
        let mut fields = vec![
            ("transaction", self.transaction.clone()),
            ("dataset id", self.dataset_id.clone()),
            ("profile", format!("{}: {}", self.assurance, self.meaning)),
            ("opening", format!("{} (secret: needed to prove claims)", self.opening)),
        ];
        if let Some(receipt) = &self.receipt {
            fields.push(("receipt", receipt.clone()));
        }
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(args: NotarizeArgs, config: &Config) -> Result<(), CliError> {
    let mut table = table::at(&args.files, args.read.sql.as_deref())?;
    if let Some(name) = args.name {
        table = table.named(name);
    }
    if table.name().is_none() {
        return Err(CliError::NoName { path: table.source().name().to_owned() });
    }
    if let Some(path) = &args.output {
        let precious: Vec<&Path> = args.files.iter().chain([&config.ledger]).map(PathBuf::as_path).collect();
        files::check_writable(path, Content::Receipt, &precious)?;
    }
    let redacts = super::read::redacts(&args.read);
    let mut read = super::read::options(args.read)?;
    read.joint = args.joint;
    read.product = args.product;
    let ledger = super::open_for_writing(config, &args.write, super::Openings::Unread).await?;
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let evidence = match (args.attest_only, args.srs) {
        (true, _) => EvidenceRequest::Attestation,
        (false, Some(digest)) => EvidenceRequest::ProofUnder(digest),
        (false, None) => EvidenceRequest::Proof,
    };
    let request = ledger.notarize(table.options(read)).privacy(args.privacy).evidence(evidence);
    let notarized = request.progress(Arc::clone(&reporter)).await;
    let mut notarized = notarized.map_err(|error| super::read::shown(error, redacts))?;
    if redacts {
        notarized.report = notarized.report.without_values();
    }
    drop(reporter);
    let witnesses = match args.write.no_cosign {
        true => Vec::new(),
        false => super::cosign::after_append(&ledger, config).await,
    };
    for line in reading(&notarized.layout, &notarized.notes) {
        progress::note(config.quiet, &line);
    }
    for column in &notarized.report.columns {
        if column.is_remarkable() {
            progress::note(config.quiet, &column.to_string());
        }
    }
    let receipt = match &args.output {
        Some(path) => Some(super::receipt::write_new(&ledger, &notarized.entry, path, args.content).await?),
        None => None,
    };
    output::print(&report(notarized, receipt, witnesses), config.format)
}

fn report(notarized: Notarized, receipt: Option<String>, witnesses: Vec<WitnessLine>) -> NotarizeReport {
    let Notarized { entry, notarization, layout, notes, report, opening, .. } = notarized;
    NotarizeReport {
        transaction: entry.id.to_string(),
        index: entry.index.0,
        dataset: notarization.dataset.to_string(),
        dataset_id: notarization.dataset_id.to_string(),
        rows: layout.rows(),
        columns: layout.columns().len(),
        assurance: notarization.assurance.to_string(),
        meaning: match notarization.assurance {
            Assurance::Proved => "it is that of every row, in zero knowledge",
            Assurance::Attested => "the notary's key vouches for it",
        },
        seal: notarization.seal.to_string(),
        opening,
        receipt,
        reading: reading(&layout, &notes),
        witnesses,
        inference: report,
    }
}
