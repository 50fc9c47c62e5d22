use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_ledger::{Entry, Ledger, LedgerError, receipt::Receipt, requests::ClosedRelation};

use crate::{
    args::{ReceiptArgs, ReceiptContentArgs},
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
};

#[derive(Serialize)]
struct ReceiptReport {
    /// Of a receipt for one entry.
    #[serde(skip_serializing_if = "Option::is_none")]
    transaction: Option<String>,
    /// Of a receipt for several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    transactions: Vec<String>,
    receipt: String,
}

impl Report for ReceiptReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Wrote {}", self.receipt)
    }
}

pub(super) async fn run(args: &ReceiptArgs, config: &Config) -> Result<(), CliError> {
    files::check_writable(&args.output, Content::Receipt, &[&config.ledger])?;
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let mut entries = Vec::with_capacity(args.entries.len());
    for reference in &args.entries {
        entries.push(ledger.find_entry(reference).await?);
    }
    let receipt = write(&ledger, &entries, &args.output, args.content).await?;
    let mut transactions: Vec<String> = entries.iter().map(|entry| entry.id.to_string()).collect();
    let transaction = if transactions.len() == 1 { transactions.pop() } else { None };
    output::print(&ReceiptReport { transaction, transactions, receipt }, config.format)
}

/// Writes the receipt of an entry that was logged a moment ago: whatever happens to the file, the entry stays.
pub(super) async fn write_new(
    ledger: &Ledger,
    entry: &Entry,
    path: &Path,
    content: ReceiptContentArgs,
) -> Result<String, CliError> {
    write(ledger, std::slice::from_ref(entry), path, content).await.map_err(|error| not_written(entry, path, error))
}

/// Writes the receipt of a relation that was just recorded. It has the tables' scan proofs: without them there is nothing to verify a
/// relation with.
pub(super) async fn write_relation(
    ledger: &Ledger,
    entry: &Entry,
    closed: Option<&ClosedRelation>,
    path: &Path,
) -> Result<String, CliError> {
    let receipt = match closed {
        Some(relation) => ledger.receipt_of_closed(relation).await,
        None => ledger.receipt(entry).await,
    };
    let written = receipt.map_err(CliError::from).and_then(|receipt| write_to(&receipt, path));
    written.map_err(|error| not_written(entry, path, error))
}

/// The entry is there, and its receipt is not.
fn not_written(entry: &Entry, path: &Path, error: CliError) -> CliError {
    CliError::ReceiptNotWritten { index: entry.index.0, path: path.to_owned(), source: Box::new(error) }
}

/// Writes one receipt of some entries and returns its path as text.
pub(super) async fn write(
    ledger: &Ledger,
    entries: &[Entry],
    path: &Path,
    content: ReceiptContentArgs,
) -> Result<String, CliError> {
    write_to(&ledger.receipt_of(entries, !content.no_scan).await?, path)
}

/// Writes a receipt and returns its path as text.
pub(super) fn write_to(receipt: &Receipt, path: &Path) -> Result<String, CliError> {
    files::write(path, Content::Receipt, &receipt.encode().map_err(LedgerError::from)?)?;
    Ok(path.display().to_string())
}
