use std::{
    io::{self, Write},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    LedgerError, StageReporter as _,
    dataset::{InferenceReport, Pins},
};

use crate::{
    args::SchemaArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
    progress::TerminalProgress,
};

#[derive(Serialize)]
#[serde(transparent)]
struct SchemaReport(InferenceReport);

impl Report for SchemaReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{}", self.0)
    }
}

pub(super) async fn run(args: SchemaArgs, config: &Config) -> Result<(), CliError> {
    if let Some(path) = &args.output {
        super::check_writable(path)?;
    }
    let scan = super::read::options(args.read)?.scan(args.file);
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    let task = tokio::task::spawn_blocking(move || {
        scan.infer(&mut |update| reporter.stage(zkl_ledger::Stage::from(update)))
    });
    let (schema, report) = task.await.map_err(LedgerError::from)?.map_err(LedgerError::from)?;
    if let Some(path) = &args.output {
        super::write_file(path, Pins::from_schema(&schema).to_toml().as_bytes())?;
    }
    output::print(&SchemaReport(report), config.format)
}
