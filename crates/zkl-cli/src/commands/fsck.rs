use std::{
    error::Error,
    io::{self, Write},
};

use serde::Serialize;
use zkl_ledger::{
    export::ExportDir,
    fsck::{Finding, FsckReport},
};

use crate::{
    args::FsckArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
    progress::{self, TerminalProgress},
};

#[derive(Serialize)]
struct CheckReport {
    sound: bool,
    log_key: String,
    #[serde(flatten)]
    checked: FsckReport,
    findings: Vec<FindingLine>,
}

#[derive(Serialize)]
struct FindingLine {
    finding: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
}

impl Report for CheckReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        for FindingLine { finding, cause } in &self.findings {
            let cause = cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
            writeln!(out, "{}", output::printable(&format!("{finding}{cause}")))?;
        }
        let FsckReport { entries, tiles, blobs, cosigned, unknown, indexes, more, .. } = &self.checked;
        if *more > 0 {
            writeln!(out, "... and {more} more")?;
        }
        let verdict = if self.sound { "SOUND" } else { "NOT SOUND" };
        let indexes = if *indexes { ", every index" } else { "" };
        writeln!(
            out,
            "{verdict}: {entries} entries, {tiles} tiles, {blobs} blobs, {cosigned} cosigned checkpoints{indexes}"
        )?;
        if *unknown > 0 {
            writeln!(
                out,
                "{unknown} of the entries are of kinds unknown to this version: what they name was not checked"
            )?;
        }
        Ok(())
    }
}

pub(super) async fn run(args: &FsckArgs, config: &Config) -> Result<(), CliError> {
    let reporter = TerminalProgress::new(config.quiet);
    let (mut checked, log_key) = match &args.export {
        None => {
            let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
            (ledger.fsck(&reporter).await?, ledger.log_key())
        }
        Some(dir) => {
            let export = ExportDir::open(dir)?;
            let key = super::export_key(&export, args.trust.as_ref(), config)?;
            (export.fsck(&key, &[], &reporter).await?, key)
        }
    };
    drop(reporter);
    let findings: Vec<_> = std::mem::take(&mut checked.findings).iter().map(line).collect();
    let count = findings.len() as u64 + checked.more;
    let report = CheckReport { sound: count == 0, log_key: log_key.to_string(), checked, findings };
    output::print(&report, config.format)?;
    if count > 0 { Err(CliError::NotSound { findings: count }) } else { Ok(()) }
}

fn line(finding: &Finding) -> FindingLine {
    let mut causes = Vec::new();
    let mut cause = finding.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    // Transparent errors repeat their source word for word.
    causes.dedup();
    FindingLine { finding: finding.to_string(), cause: (!causes.is_empty()).then(|| causes.join(": ")) }
}

/// Says that a key was taken from where anybody could have put it.
pub(super) fn note_unpinned(config: &Config) {
    progress::note(
        config.quiet,
        "the log's key was taken from the export: anybody can make a log; pin it with --trust",
    );
}
