//! What a caller is shown, as JSON.

use serde::Serialize;
use zkl_ledger::{Entry, claim::Evaluation, receipt::EntryOutline, requests::Notarized, types::reading};

use crate::failure::Failure;

fn outline(entry: &Entry) -> EntryOutline {
    EntryOutline::new(entry.index, entry.id, entry.predicate())
}

/// One entry.
pub(crate) fn entry(entry: &Entry) -> Result<String, Failure> {
    Ok(serde_json::to_string(&outline(entry))?)
}

/// A list of entries.
pub(crate) fn entries(entries: &[Entry]) -> Result<String, Failure> {
    let shown = entries.iter().map(outline).collect::<Vec<_>>();
    Ok(serde_json::to_string(&shown)?)
}

/// What was notarized.
#[derive(Serialize)]
struct ShownNotarized {
    entry: EntryOutline,
    rows: u64,
    columns: Vec<(String, String)>,
    opening: String,
    /// What reading did to the table, as the entry says.
    reading: Vec<String>,
    /// What was inferred that the owner may want to look at. It may hold values of the table.
    remarks: Vec<String>,
}

/// What was notarized, and what was found on the way.
///
/// # Errors
/// [`Failure::Ledger`]: it cannot be written as JSON.
pub fn notarized(notarized: &Notarized) -> Result<String, Failure> {
    let Notarized { entry, layout, notes, report, opening, .. } = notarized;
    let remarkable = report.columns.iter().filter(|column| column.is_remarkable());
    Ok(serde_json::to_string(&ShownNotarized {
        entry: outline(entry),
        rows: layout.rows(),
        columns: layout.columns().iter().map(|column| (column.name.clone(), column.ty.to_string())).collect(),
        opening: opening.clone(),
        reading: reading(layout, notes),
        remarks: remarkable.map(ToString::to_string).collect(),
    })?)
}

/// Whether a claim holds, for the owner.
#[derive(Serialize)]
struct ShownEvaluation<'a> {
    holds: bool,
    provable: bool,
    observed: String,
    absent_values: &'a [String],
}

/// Whether a claim holds.
pub(crate) fn evaluation(evaluation: &Evaluation) -> Result<String, Failure> {
    let Evaluation { holds, provable, absent_values, .. } = evaluation;
    let observed = evaluation.observed().to_string();
    Ok(serde_json::to_string(&ShownEvaluation { holds: *holds, provable: *provable, observed, absent_values })?)
}
