//! The nightly job: notarize what changed, prove what is claimed, and say what became false.

mod report;

use std::{collections::BTreeMap, fs, path::PathBuf, sync::Arc};

use zkl_ledger::{
    Dataset, DatasetName, Entry, Ledger, LedgerError, ReadOptions, Table, Withdrawn,
    claim::{Claim, ClaimError},
    receipt::{Assurance, Predicate},
    requests::EvidenceRequest,
    storage::{Order, Query},
    types::{Layout, OperationKind, PrivacyLevel, TransactionId, reading},
};

use self::report::{CheckReport, ClaimLine, NotarizationLine, Outcome};
use super::receipt;
use crate::{
    args::CheckArgs,
    config::Config,
    dataset_file::{DatasetFile, NOTARIZATION},
    error::CliError,
    files::{self, Content},
    output,
    progress::{self, TerminalProgress},
    table,
};

pub(super) async fn run(args: CheckArgs, config: &Config) -> Result<(), CliError> {
    let file = DatasetFile::read(&args.file, args.redact)?;
    let job = Job::new(file, args, config)?;
    let mut report = CheckReport::new(&job.name);
    let answer = job.carry_out(&mut report).await;
    report.error = answer.as_ref().err().map(CliError::report);
    report.holds = answer.is_ok() && report.verdict().is_ok();
    let bytes = report.encode().map_err(LedgerError::from)?;
    // What went wrong before counts more than a report that cannot be written.
    let written = files::write(&job.report_path(), Content::Report, &bytes);
    output::print(&report, config.format)?;
    answer.and(written).and(report.verdict())
}

/// A dataset file and what is needed to do what it says.
struct Job<'c> {
    table: Table,
    name: DatasetName,
    /// Whether values of the table are kept out of what is printed.
    redacts: bool,
    privacy: PrivacyLevel,
    assurance: Assurance,
    claims: Vec<(String, Claim)>,
    /// Directory of receipts and report.
    receipts: PathBuf,
    args: CheckArgs,
    config: &'c Config,
}

impl<'c> Job<'c> {
    /// Checks before long work that everything can be written.
    fn new(file: DatasetFile, args: CheckArgs, config: &'c Config) -> Result<Self, CliError> {
        let DatasetFile { source, name, read, joint, product, privacy, attest_only, receipts, claims } = file;
        let redacts = super::read::redacts(&read);
        let query = read.sql.clone();
        let options = ReadOptions { joint, product, ..super::read::options(read)? };
        let mut table = table::at(std::slice::from_ref(&source), query.as_deref())?.options(options);
        if let Some(name) = name {
            table = table.named(name);
        }
        let name = table.name().cloned().ok_or_else(|| CliError::NoName { path: source.clone() })?;
        let assurance = if attest_only { Assurance::Attested } else { Assurance::Proved };
        let job = Self { table, name, redacts, privacy, assurance, claims, receipts, args, config };
        let dir = &job.receipts;
        fs::create_dir_all(dir).map_err(|source| CliError::WriteFile { path: dir.clone(), source })?;
        let precious = [source.as_path(), job.args.file.as_path(), config.ledger.as_path()];
        files::check_writable(&job.report_path(), Content::Report, &precious)?;
        let names = job.claims.iter().map(|(name, _)| name.as_str());
        for name in names.chain([NOTARIZATION]) {
            files::check_writable(&job.receipt_path(name), Content::Receipt, &precious)?;
        }
        Ok(job)
    }

    fn receipt_path(&self, name: &str) -> PathBuf {
        self.receipts.join(format!("{name}.receipt"))
    }

    fn report_path(&self) -> PathBuf {
        self.receipts.join("report.json")
    }

    /// Fills the report as far as it gets. A claim that is false or not proved is a line of it, and no error.
    async fn carry_out(&self, report: &mut CheckReport) -> Result<(), CliError> {
        let ledger = super::open_for_writing(self.config, &self.args.write, super::Openings::Read).await?;
        let withdrawn = ledger.withdrawals().await?;
        let (version, new) = match self.current(&ledger, &withdrawn).await? {
            Some(version) => (version, false),
            None => (self.notarize(&ledger).await?, true),
        };
        let manifest = ledger.manifest(version.entry()).await?;
        let layout = manifest.as_ref().map(|manifest| &manifest.layout);
        report.notarization = Some(NotarizationLine {
            new,
            index: version.entry().index.0,
            transaction: version.entry().id.to_string(),
            dataset_id: version.notarization().dataset_id.to_string(),
            assurance: version.notarization().assurance.to_string(),
            rows: layout.map_or(0, Layout::rows),
            columns: layout.map_or(0, |layout| layout.columns().len()),
            receipt: None,
        });
        let proved = self.proved(&ledger, &withdrawn).await?;
        let mut entries = Vec::with_capacity(self.claims.len());
        for (name, claim) in &self.claims {
            let (line, entry) = self.claim(&version, name, claim, &proved).await;
            report.claims.push(line);
            entries.push(entry);
        }
        let appended = new || report.claims.iter().any(|line| line.outcome == Outcome::Proved);
        if appended && !self.args.write.no_cosign {
            report.witnesses = super::cosign::after_append(&ledger, self.config).await;
        }
        // Receipts come last: they carry the cosignatures, and stand under one state of the log.
        let written = self.write(&ledger, version.entry(), NOTARIZATION).await?;
        report.notarization.iter_mut().for_each(|line| line.receipt = Some(written.clone()));
        for (line, entry) in report.claims.iter_mut().zip(&entries) {
            if let Some(entry) = entry {
                line.receipt = Some(self.write(&ledger, entry, &line.name).await?);
            }
        }
        Ok(())
    }

    /// The newest version, if it is the table as it is now and as the file wants it notarized, and was not withdrawn. What was tried
    /// with dev proofs is proved anew when it is done in earnest.
    async fn current(
        &self,
        ledger: &Ledger,
        withdrawn: &BTreeMap<TransactionId, Withdrawn>,
    ) -> Result<Option<Dataset>, CliError> {
        let version = match ledger.dataset(self.name.as_str()).await {
            Ok(version) => version,
            Err(LedgerError::UnknownDataset { .. } | LedgerError::NotNotarized { .. }) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let notarization = version.notarization();
        let scheme = self.config.proof.scheme();
        let other_proof = notarization.scan.as_ref().is_some_and(|scan| scan.scheme != scheme);
        let other_kind = (notarization.assurance, notarization.privacy) != (self.assurance, self.privacy);
        if other_kind || other_proof || withdrawn.contains_key(&version.entry().id) {
            return Ok(None);
        }
        let reporter = TerminalProgress::new(self.config.quiet);
        match version.is_unchanged(self.table.clone(), reporter).await {
            Ok(unchanged) => Ok(unchanged.then_some(version)),
            // Without its opening nothing can be proved of that version.
            Err(LedgerError::OpeningAbsent { .. }) => Ok(None),
            Err(error) => Err(super::read::shown(error, self.redacts)),
        }
    }

    async fn notarize(&self, ledger: &Ledger) -> Result<Dataset, CliError> {
        let evidence = match self.assurance {
            Assurance::Attested => EvidenceRequest::Attestation,
            Assurance::Proved => EvidenceRequest::Proof,
        };
        let reporter = Arc::new(TerminalProgress::new(self.config.quiet));
        let request = ledger.notarize(self.table.clone()).privacy(self.privacy).evidence(evidence);
        let notarized = request.progress(reporter).await;
        let notarized = notarized.map_err(|error| super::read::shown(error, self.redacts))?;
        for line in reading(&notarized.layout, &notarized.notes) {
            progress::note(self.config.quiet, &line);
        }
        Ok(notarized.dataset)
    }

    /// The claims that were proved of any version of the dataset and not withdrawn, the newest first.
    async fn proved(
        &self,
        ledger: &Ledger,
        withdrawn: &BTreeMap<TransactionId, Withdrawn>,
    ) -> Result<Vec<Entry>, CliError> {
        let mut query = Query {
            dataset: Some(self.name.clone()),
            kind: Some(OperationKind::CLAIM),
            order: Order::Descending,
            ..Query::default()
        };
        let mut proved = Vec::new();
        loop {
            let page = ledger.entries(&query).await?;
            let Some(last) = page.last() else { return Ok(proved) };
            query.index = Some(0..last.index.0);
            proved.extend(page.into_iter().filter(|entry| !withdrawn.contains_key(&entry.id)));
        }
    }

    /// What becomes of one claim, and the entry that proves it.
    async fn claim(
        &self,
        version: &Dataset,
        name: &str,
        claim: &Claim,
        proved: &[Entry],
    ) -> (ClaimLine, Option<Entry>) {
        let about = |entry: &&Entry| matches!(entry.predicate(), Predicate::Claim(record) if &record.claim == claim);
        let earlier = proved.iter().find(about);
        let (this_version, scheme) = (version.entry().id, self.config.proof.scheme());
        let counts = |entry: &&Entry| match entry.predicate() {
            Predicate::Claim(record) => record.dataset.entry == this_version && record.proof.scheme == scheme,
            _ => false,
        };
        let (outcome, entry, error) = match proved.iter().filter(about).find(counts) {
            Some(entry) => (Outcome::Unchanged, Some(entry.clone()), None),
            None => {
                let reporter = Arc::new(TerminalProgress::new(self.config.quiet));
                match version.prove(claim).progress(reporter).await {
                    Ok(entry) => (Outcome::Proved, Some(entry), None),
                    Err(LedgerError::Claim(ClaimError::False)) => (Outcome::False, None, None),
                    Err(error) => (Outcome::Failed, None, Some(CliError::from(error).report())),
                }
            }
        };
        let line = ClaimLine {
            name: name.to_owned(),
            claim: claim.to_string(),
            outcome,
            index: entry.as_ref().map(|entry| entry.index.0),
            transaction: entry.as_ref().map(|entry| entry.id.to_string()),
            receipt: None,
            last_proved: earlier.filter(|_| outcome == Outcome::False).map(|entry| entry.index.0),
            error,
        };
        (line, entry)
    }

    async fn write(&self, ledger: &Ledger, entry: &Entry, name: &str) -> Result<String, CliError> {
        receipt::write(ledger, std::slice::from_ref(entry), &self.receipt_path(name), self.args.content).await
    }
}
