use std::{
    io::{self, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde::Serialize;
use zkl_ledger::{
    dataset::{InferenceReport, Pins, ProgressUpdate},
    progress::StageReporter as _,
};

use crate::{
    args::SchemaArgs,
    config::Config,
    error::CliError,
    files::{self, Content},
    output::{self, Report},
    progress::TerminalProgress,
    table,
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
        let precious: Vec<&Path> = args.files.iter().chain([&config.ledger]).map(PathBuf::as_path).collect();
        files::check_writable(path, Content::Schema, &precious)?;
    }
    let redacts = super::read::redacts(&args.read);
    let table = table::at(&args.files, args.read.sql.as_deref())?.options(super::read::options(args.read)?);
    let reporter = Arc::new(TerminalProgress::new(config.quiet));
    // The whole scan, so that a table that passes here can be notarized.
    let task =
        tokio::task::spawn_blocking(move || table.inspect(&mut |update: ProgressUpdate| reporter.stage(update.into())));
    let scanned = task.await.map_err(CliError::Task)?.map_err(|error| super::read::shown(error.into(), redacts))?;
    if let Some(path) = &args.output {
        let text = Pins::from_layout(&scanned.layout)
            .to_toml()
            .map_err(|error| CliError::WriteFile { path: path.clone(), source: io::Error::other(error) })?;
        files::write(path, Content::Schema, text.as_bytes())?;
    }
    let report = if redacts { scanned.report.without_values() } else { scanned.report };
    output::print(&SchemaReport(report), config.format)
}
