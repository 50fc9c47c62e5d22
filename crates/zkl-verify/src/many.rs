//! Several receipts verified in one run: a line for each, and one answer for all.

use std::{
    io::{self, Write},
    path::PathBuf,
};

use serde::Serialize;
use zkl_receipt::{ReceiptSummary, Requirement, StatementSummary, Trust};

use crate::{
    error::VerifierError,
    failure::ErrorReport,
    format::Format,
    kind::Kind,
    one,
    output::{self, Report},
};

#[derive(Serialize)]
struct VerifyList {
    /// Whether every receipt is valid, and none rests on dev material.
    valid: bool,
    receipts: Vec<VerifyLine>,
}

#[derive(Serialize)]
struct VerifyLine {
    file: String,
    valid: bool,
    #[serde(flatten)]
    outcome: Outcome,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Outcome {
    Verified(Box<ReceiptSummary>),
    Failed {
        /// `not-valid`, `not-as-required` or `unreadable`.
        verdict: &'static str,
        error: ErrorReport,
    },
}

impl Report for VerifyList {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows = self.receipts.iter().flat_map(VerifyLine::rows);
        writeln!(out, "{}", output::table(["receipt", "verdict", "log", "dataset", "what"], rows))?;
        let valid = self.receipts.iter().filter(|line| line.valid).count();
        writeln!(out, "{valid} of {} receipts are valid", self.receipts.len())
    }
}

impl VerifyLine {
    /// One row for each statement.
    fn rows(&self) -> Vec<[String; 5]> {
        match &self.outcome {
            Outcome::Failed { verdict, error } => {
                let verdict = verdict.replace('-', " ").to_uppercase();
                vec![[self.file.clone(), verdict, String::new(), String::new(), error.in_a_line()]]
            }
            Outcome::Verified(summary) => {
                let pinned = if summary.log.pinned { "" } else { ", NOT pinned" };
                let log = format!("{}{pinned}", summary.log.origin);
                let row = |statement: &StatementSummary| {
                    let dataset = statement.dataset.clone().unwrap_or_default();
                    [self.file.clone(), summary.verdict.to_string(), log.clone(), dataset, what(statement)]
                };
                summary.statement.iter().chain(&summary.statements).map(row).collect()
            }
        }
    }
}

/// The columns of `--format csv`, the names being those of JSON.
const CSV_HEADER: [&str; 14] = [
    "file",
    "verdict",
    "origin",
    "pinned",
    "index",
    "kind",
    "dataset",
    "dataset_id",
    "rows",
    "columns",
    "assurance",
    "what",
    "recorded_at",
    "error",
];

impl VerifyLine {
    /// A line for each statement.
    fn csv(&self) -> Vec<[String; CSV_HEADER.len()]> {
        let number = |number: Option<u64>| number.map(|number| number.to_string()).unwrap_or_default();
        match &self.outcome {
            Outcome::Failed { verdict, error } => {
                let mut row = <[String; CSV_HEADER.len()]>::default();
                let last = row.len() - 1;
                (row[0], row[1]) = (self.file.clone(), (*verdict).to_owned());
                row[last] = error.in_a_line();
                vec![row]
            }
            Outcome::Verified(summary) => {
                let log = &summary.log;
                let row = |statement: &StatementSummary| {
                    [
                        self.file.clone(),
                        summary.verdict.to_string().to_lowercase(),
                        log.origin.clone(),
                        log.pinned.to_string(),
                        number(statement.index.or(log.index)),
                        statement.kind.to_owned(),
                        statement.dataset.clone().unwrap_or_default(),
                        statement.dataset_id.clone().unwrap_or_default(),
                        number(statement.rows),
                        number(statement.columns.map(|columns| columns as u64)),
                        statement.assurance.unwrap_or_default().to_owned(),
                        said(statement).unwrap_or_default(),
                        statement.recorded_at.clone(),
                        String::new(),
                    ]
                };
                summary.statement.iter().chain(&summary.statements).map(row).collect()
            }
        }
    }
}

/// The claim, the relation, or the notary's words.
fn said(statement: &StatementSummary) -> Option<String> {
    let relation = || statement.relation.as_ref().map(ToString::to_string);
    let withdrawn =
        || statement.withdraws.as_ref().map(|withdrawn| format!("withdraws {}: {}", withdrawn.entry, withdrawn.reason));
    let policy = || {
        let policy = statement.policy.as_ref()?;
        let gone = policy.removed.iter().map(|line| format!("no longer: {line}"));
        Some(policy.added.iter().cloned().chain(gone).collect::<Vec<_>>().join("; "))
    };
    let words = statement.claim.clone().or_else(relation).or_else(|| statement.description.clone());
    words.or_else(withdrawn).or_else(policy)
}

fn what(statement: &StatementSummary) -> String {
    let table = || Some(format!("{} rows, {} columns", statement.rows?, statement.columns?));
    let said = said(statement).or_else(table).unwrap_or_else(|| statement.kind.to_owned());
    let assurance = statement.assurance.map(|assurance| format!("; the table is {assurance}"));
    said + &assurance.unwrap_or_default()
}

/// Verifies all of `files`, whatever becomes of the first ones, and prints a line for each statement.
///
/// # Errors
/// [`VerifierError::NotAllValid`], [`VerifierError::Unreadable`], [`VerifierError::Stdout`].
pub fn run(files: &[PathBuf], trust: &Trust, required: &[Requirement], format: Format) -> Result<(), VerifierError> {
    let mut receipts = Vec::with_capacity(files.len());
    for path in files {
        let (valid, outcome) = match one::check(path, trust, required) {
            Ok(verified) => (verified.verdict().is_valid(), Outcome::Verified(Box::new(verified.summary()))),
            Err(error) => {
                let verdict = match error {
                    VerifierError::NotValid { .. } => "not-valid",
                    VerifierError::NotAsRequired { .. } => "not-as-required",
                    _ => "unreadable",
                };
                (false, Outcome::Failed { verdict, error: error.report() })
            }
        };
        receipts.push(VerifyLine { file: path.display().to_string(), valid, outcome });
    }
    let failed = |kind_is: fn(Kind) -> bool| {
        let failed = |line: &&VerifyLine| matches!(&line.outcome, Outcome::Failed { error, .. } if kind_is(error.kind));
        receipts.iter().filter(failed).count()
    };
    let not_valid = failed(|kind| kind == Kind::NotValid);
    let unreadable = failed(|kind| kind != Kind::NotValid);
    let valid = receipts.iter().all(|line| line.valid);
    let of = receipts.len();
    if format == Format::Csv {
        output::print_csv(CSV_HEADER, receipts.iter().flat_map(VerifyLine::csv))?;
    } else {
        output::print(&VerifyList { valid, receipts }, format)?;
    }
    match (not_valid, unreadable) {
        (0, 0) => Ok(()),
        (0, unreadable) => Err(VerifierError::Unreadable { unreadable, of }),
        (not_valid, _) => Err(VerifierError::NotAllValid { not_valid, of }),
    }
}
