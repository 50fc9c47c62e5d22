use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    lineage::{Lineage, ProofState},
    receipt::VerifiedReceipt,
};
use zkl_verify::{one, receipts};

use crate::{
    args::{Format, LineageArgs},
    config::Config,
    error::CliError,
    output::{self, Report},
    progress,
};

#[derive(Serialize)]
#[serde(transparent)]
struct LineageReport(Lineage);

impl Report for LineageReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.0.to_text())
    }
}

pub(super) async fn run(args: LineageArgs, config: &Config) -> Result<(), CliError> {
    let lineage = if args.receipts.is_empty() { of_ledger(&args, config).await? } else { of_receipts(&args, config)? };
    let not_verified = |lineage: &Lineage| {
        let statements = lineage.statements.iter();
        statements.filter(|statement| statement.proof == ProofState::NotVerified).count()
    };
    let (failed, of) = (not_verified(&lineage), lineage.statements.len());
    match config.format {
        Format::Dot => output::print_text(&lineage.to_dot())?,
        Format::Mermaid => output::print_text(&lineage.to_mermaid())?,
        format => output::print(&LineageReport(lineage), format)?,
    }
    if failed > 0 { Err(CliError::LineageNotProved { failed, of }) } else { Ok(()) }
}

async fn of_ledger(args: &LineageArgs, config: &Config) -> Result<Lineage, CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let mut lineage = ledger.lineage(&args.dataset).await?;
    if args.verify {
        ledger.verify_lineage(&mut lineage).await?;
    }
    Ok(lineage)
}

fn of_receipts(args: &LineageArgs, config: &Config) -> Result<Lineage, CliError> {
    let trust = super::verify::trusted(&args.trust, config)?;
    let mut verified: Vec<VerifiedReceipt> = Vec::new();
    for path in receipts::expand(&args.receipts)? {
        verified.push(one::check(&path, &trust, &config.require)?);
    }
    let mut origins = verified.iter().map(|receipt| &receipt.log.origin);
    let first = origins.next();
    if origins.any(|origin| Some(origin) != first) {
        return Err(CliError::ReceiptsOfLogs);
    }
    if !verified.iter().all(|receipt| receipt.log.pinned) {
        progress::warn("the log is NOT pinned: anybody can make a log that says this; pin its key with --trust");
    }
    let unknown = || CliError::NotInReceipts { dataset: args.dataset.clone() };
    Lineage::of_receipts(&args.dataset, &verified).ok_or_else(unknown)
}
