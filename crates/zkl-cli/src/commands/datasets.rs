use std::io::{self, Write};

use serde::Serialize;

use crate::{
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
struct DatasetList {
    datasets: Vec<DatasetLine>,
}

#[derive(Serialize)]
struct DatasetLine {
    name: String,
    entries: u64,
    latest: u64,
}

impl Report for DatasetList {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.datasets.is_empty() {
            return writeln!(out, "No datasets.");
        }
        let rows =
            self.datasets.iter().map(|line| [line.name.clone(), line.entries.to_string(), line.latest.to_string()]);
        writeln!(out, "{}", output::table(["dataset", "entries", "newest"], rows))
    }
}

pub(super) async fn run(config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    let datasets = ledger.datasets().await?.into_iter().map(|summary| DatasetLine {
        name: summary.name.to_string(),
        entries: summary.transactions,
        latest: summary.latest.0,
    });
    output::print(&DatasetList { datasets: datasets.collect() }, config.format)
}
