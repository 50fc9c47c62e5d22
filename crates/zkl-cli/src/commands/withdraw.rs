use std::io::{self, Write};

use serde::Serialize;

use super::cosign::WitnessLine;
use crate::{
    args::{ReceiptContentArgs, WithdrawArgs},
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
};

#[derive(Serialize)]
struct WithdrawReport {
    transaction: String,
    index: u64,
    /// Index of the entry that was withdrawn.
    withdrawn: u64,
    /// Index of the entry that has taken its place.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    receipt: Option<String>,
    /// The ledger's witnesses, if they were asked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    witnesses: Vec<WitnessLine>,
}

impl Report for WithdrawReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        let instead = self.replacement.map(|index| format!(" in favour of entry {index}"));
        writeln!(out, "Withdrew entry {}{}, in entry {}", self.withdrawn, instead.unwrap_or_default(), self.index)?;
        let mut fields = vec![("transaction", self.transaction.clone())];
        fields.extend(self.receipt.iter().map(|receipt| ("receipt", receipt.clone())));
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(args: WithdrawArgs, config: &Config) -> Result<(), CliError> {
    if let Some(path) = &args.output {
        files::check_writable(path, Content::Receipt, &[&config.ledger])?;
    }
    let ledger = super::open_for_writing(config, &args.write, super::Openings::Unread).await?;
    let named = ledger.find_entry(&args.entry).await?;
    let replacement = match &args.replacement {
        Some(reference) => Some(ledger.find_entry(reference).await?),
        None => None,
    };
    let entry = ledger.withdraw(&named, replacement.as_ref(), args.reason).await?;
    let witnesses = match args.write.no_cosign {
        true => Vec::new(),
        false => super::cosign::after_append(&ledger, config).await,
    };
    let receipt = match &args.output {
        Some(path) => {
            let content = ReceiptContentArgs { no_scan: false };
            Some(super::receipt::write(&ledger, std::slice::from_ref(&entry), path, content).await?)
        }
        None => None,
    };
    let report = WithdrawReport {
        transaction: entry.id.to_string(),
        index: entry.index.0,
        withdrawn: named.index.0,
        replacement: replacement.map(|entry| entry.index.0),
        receipt,
        witnesses,
    };
    output::print(&report, config.format)
}
