//! What `zkl check` found, on stdout and in `report.json`.

use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{DatasetName, types::Timestamp};

use crate::{
    commands::cosign::WitnessLine,
    error::{CliError, ErrorReport, Kind},
    output::{self, Report},
};

/// The `format` of reports that are written.
const REPORT_FORMAT: &str = "zkl-check/1";

#[derive(Serialize)]
pub(super) struct CheckReport {
    format: &'static str,
    pub(super) dataset: String,
    /// By the clock of this machine.
    checked_at: String,
    /// Whether the table is notarized and every claim proved of it.
    pub(super) holds: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) notarization: Option<NotarizationLine>,
    pub(super) claims: Vec<ClaimLine>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) witnesses: Vec<WitnessLine>,
    /// Why nothing could be said about claims, or receipts not be written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ErrorReport>,
}

#[derive(Serialize)]
pub(super) struct NotarizationLine {
    /// Whether the table changed, and was notarized now.
    pub(super) new: bool,
    pub(super) index: u64,
    pub(super) transaction: String,
    pub(super) dataset_id: String,
    pub(super) assurance: String,
    pub(super) rows: u64,
    pub(super) columns: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<String>,
}

#[derive(Serialize)]
pub(super) struct ClaimLine {
    pub(super) name: String,
    pub(super) claim: String,
    pub(super) outcome: Outcome,
    /// The entry that proves it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) index: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) transaction: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<String>,
    /// Of a claim that is false: the newest entry that proves it of an earlier version.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_proved: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<ErrorReport>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Outcome {
    /// Proved now.
    Proved,
    /// Proved of this version before.
    Unchanged,
    /// Not true of the table.
    False,
    /// Not proved for another reason.
    Failed,
}

impl CheckReport {
    pub(super) fn new(dataset: &DatasetName) -> Self {
        Self {
            format: REPORT_FORMAT,
            dataset: dataset.to_string(),
            checked_at: Timestamp::now().to_string(),
            holds: false,
            notarization: None,
            claims: Vec::new(),
            witnesses: Vec::new(),
            error: None,
        }
    }

    /// The bytes of `report.json`.
    pub(super) fn encode(&self) -> Result<Vec<u8>, serde_json::Error> {
        let mut bytes = serde_json::to_vec_pretty(self)?;
        bytes.push(b'\n');
        Ok(bytes)
    }

    /// The claims with this outcome, by name.
    fn named(&self, outcome: Outcome) -> Option<String> {
        let names: Vec<_> =
            self.claims.iter().filter(|line| line.outcome == outcome).map(|line| line.name.as_str()).collect();
        (!names.is_empty()).then(|| names.join(", "))
    }

    /// What the exit code says: a false claim before anything else.
    pub(super) fn verdict(&self) -> Result<(), CliError> {
        if let Some(claims) = self.named(Outcome::False) {
            return Err(CliError::FalseClaims { claims });
        }
        let Some(claims) = self.named(Outcome::Failed) else { return Ok(()) };
        let busy = |line: &ClaimLine| line.error.as_ref().is_some_and(|error| error.kind == Kind::Busy);
        Err(CliError::Unproved { claims, busy: self.claims.iter().any(busy) })
    }
}

impl ClaimLine {
    fn outcome(&self) -> String {
        match (self.outcome, self.last_proved) {
            (Outcome::Proved, _) => "proved".to_owned(),
            (Outcome::Unchanged, _) => "proved before".to_owned(),
            (Outcome::False, Some(index)) => format!("BECAME FALSE, was proved in entry {index}"),
            (Outcome::False, None) => "FALSE".to_owned(),
            (Outcome::Failed, _) => {
                let why = self.error.as_ref().map(|error| format!(": {}", error.message));
                format!("NOT PROVED{}", why.unwrap_or_default())
            }
        }
    }
}

impl Report for CheckReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let Some(notarization) = &self.notarization else { return writeln!(out, "{}: not notarized", self.dataset) };
        let NotarizationLine { new, index, rows, columns, assurance, .. } = notarization;
        let what = if *new { "notarized in" } else { "unchanged since" };
        writeln!(out, "{}: {what} entry {index}, {rows} rows, {columns} columns, {assurance}", self.dataset)?;
        if self.claims.is_empty() {
            return Ok(());
        }
        let rows = self.claims.iter().map(|line| {
            let index = line.index.map(|index| index.to_string()).unwrap_or_default();
            [line.name.clone(), index, line.outcome(), line.claim.clone()]
        });
        writeln!(out, "{}", output::table(["name", "entry", "outcome", "claim"], rows))
    }
}
