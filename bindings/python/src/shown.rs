//! What Python is shown, as JSON.

use serde::Serialize;
use zkl_ledger::{
    Entry,
    claim::Evaluation,
    receipt::{Predicate, Receipt, SignedEntry},
    requests::Notarized,
    types::reading,
};

use crate::failure::Failure;

/// An entry, whatever its kind.
#[derive(Serialize)]
pub(crate) struct ShownEntry {
    index: u64,
    id: String,
    kind: String,
    dataset: Option<String>,
    datasets: Vec<String>,
    notary: String,
    recorded_at: String,
    /// What it says beside kind and dataset, in one line for people.
    text: String,
    statement: serde_json::Value,
}

impl ShownEntry {
    pub(crate) fn of(entry: &Entry) -> Result<Self, Failure> {
        Self::new(entry.index.0, entry.id.to_string(), entry.predicate())
    }

    fn new(index: u64, id: String, predicate: &Predicate) -> Result<Self, Failure> {
        Ok(Self {
            index,
            id,
            kind: predicate.kind().to_string(),
            dataset: predicate.dataset().map(ToString::to_string),
            datasets: predicate.datasets().into_iter().map(ToString::to_string).collect(),
            notary: predicate.notary().to_string(),
            recorded_at: predicate.recorded_at().to_string(),
            text: predicate.in_words(),
            statement: serde_json::to_value(predicate)?,
        })
    }
}

/// A list of entries.
pub(crate) fn entries(entries: &[Entry]) -> Result<String, Failure> {
    let shown = entries.iter().map(ShownEntry::of).collect::<Result<Vec<_>, _>>()?;
    Ok(serde_json::to_string(&shown)?)
}

/// What was notarized.
#[derive(Serialize)]
struct ShownNotarized {
    entry: ShownEntry,
    rows: u64,
    columns: Vec<(String, String)>,
    opening: String,
    /// What reading did to the table, as the entry says.
    reading: Vec<String>,
    /// What was inferred that the owner may want to look at. It may hold values of the table.
    remarks: Vec<String>,
}

pub(crate) fn notarized(notarized: &Notarized) -> Result<String, Failure> {
    let Notarized { entry, layout, notes, report, opening, .. } = notarized;
    let remarkable = report.columns.iter().filter(|column| column.is_remarkable());
    Ok(serde_json::to_string(&ShownNotarized {
        entry: ShownEntry::of(entry)?,
        rows: layout.rows(),
        columns: layout.columns().iter().map(|column| (column.name.clone(), column.ty.to_string())).collect(),
        opening: opening.clone(),
        reading: reading(layout, notes),
        remarks: remarkable.map(ToString::to_string).collect(),
    })?)
}

/// What a receipt says of itself, nothing of it verified.
#[derive(Serialize)]
struct ShownReceipt {
    log: String,
    entries: Vec<ShownEntry>,
}

pub(crate) fn receipt(receipt: &Receipt) -> Result<String, Failure> {
    let entry = |entry: &zkl_ledger::receipt::ReceiptEntry| {
        let signed: SignedEntry = entry.open()?;
        ShownEntry::new(entry.index.0, signed.id().to_string(), signed.predicate())
    };
    let entries = receipt.entries.iter().map(entry).collect::<Result<Vec<_>, Failure>>()?;
    Ok(serde_json::to_string(&ShownReceipt { log: receipt.log.clone(), entries })?)
}

/// Whether a claim holds, for the owner.
#[derive(Serialize)]
struct ShownEvaluation<'a> {
    holds: bool,
    provable: bool,
    observed: String,
    absent_values: &'a [String],
}

pub(crate) fn evaluation(evaluation: &Evaluation) -> Result<String, Failure> {
    let Evaluation { holds, provable, absent_values, .. } = evaluation;
    let observed = evaluation.observed().to_string();
    Ok(serde_json::to_string(&ShownEvaluation { holds: *holds, provable: *provable, observed, absent_values })?)
}
