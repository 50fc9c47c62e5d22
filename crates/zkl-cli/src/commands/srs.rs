use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::import_reference_string;

use crate::{
    args::{SrsArgs, SrsCommand},
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct ImportReport {
    digest: String,
    powers: usize,
    path: String,
}

impl Report for ImportReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "Imported {} powers", self.powers)?;
        let fields = [
            ("digest", self.digest.clone()),
            ("file", self.path.clone()),
            ("use", format!("zkl notarize --srs {}", self.digest)),
            ("trust", format!("zkl verify --trust srs:{}", self.digest)),
        ];
        output::write_fields(out, &fields)
    }
}

pub(super) async fn run(args: SrsArgs, config: &Config) -> Result<(), CliError> {
    let SrsCommand::Import(args) = args.command;
    let keys = super::key_store(config)?;
    let task = tokio::task::spawn_blocking(move || import_reference_string(&keys, &args.file));
    let imported = task.await.map_err(CliError::Task)??;
    let report = ImportReport {
        digest: imported.digest.to_string(),
        powers: imported.powers,
        path: imported.path.display().to_string(),
    };
    output::print(&report, config.format)
}
