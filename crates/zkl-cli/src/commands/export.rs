use std::io::{self, Write};

use serde::Serialize;

use crate::{
    args::ExportArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ExportReport {
    directory: String,
    entries: u64,
    files_written: u64,
}

impl Report for ExportReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Exported {} entries to {}, {} files written", self.entries, self.directory, self.files_written)
    }
}

pub(super) async fn run(args: &ExportArgs, config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let exported = ledger.export(&args.directory).await?;
    let report = ExportReport {
        directory: args.directory.display().to_string(),
        entries: exported.entries.0,
        files_written: exported.files,
    };
    output::print(&report, config.format)
}
