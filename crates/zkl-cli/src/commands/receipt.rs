use std::{
    io::{self, Write},
    path::Path,
};

use serde::Serialize;
use zkl_ledger::{Entry, Ledger, LedgerError};

use crate::{
    args::{ReceiptArgs, ReceiptContentArgs},
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ReceiptReport {
    transaction: String,
    receipt: String,
}

impl Report for ReceiptReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Wrote {}", self.receipt)
    }
}

pub(super) async fn run(args: &ReceiptArgs, config: &Config) -> Result<(), CliError> {
    super::check_writable(&args.output, &[&config.ledger])?;
    let ledger = super::open_for_reading(config).await?;
    let entry = ledger.entry(args.entry.parse()?).await?;
    let receipt = write(&ledger, &entry, &args.output, args.content).await?;
    output::print(&ReceiptReport { transaction: entry.id.to_string(), receipt }, config.format)
}

/// Writes the receipt of an entry and returns its path as text.
pub(super) async fn write(
    ledger: &Ledger,
    entry: &Entry,
    path: &Path,
    content: ReceiptContentArgs,
) -> Result<String, CliError> {
    let receipt =
        if content.no_scan { ledger.receipt_without_scan(entry).await? } else { ledger.receipt(entry).await? };
    super::write_file(path, &receipt.encode().map_err(LedgerError::from)?)?;
    Ok(path.display().to_string())
}
