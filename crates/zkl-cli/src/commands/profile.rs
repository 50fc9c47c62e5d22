use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    Dataset, DatasetName, EntryRef, Ledger, LedgerError,
    dataset::view::{ColumnView, ProfileView},
};

use crate::{
    args::{ProfileArgs, VersionArgs},
    config::Config,
    error::CliError,
    output::{self, Report},
};

/// Longer names and values are cut in the table; `--format json` shows them whole.
const NAME_WIDTH: usize = 24;
/// Categories shown of a column, the largest first.
const SHOWN: usize = 4;

#[derive(Serialize)]
#[serde(transparent)]
struct ProfileReport(ProfileView);

impl Report for ProfileReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} rows", self.0.rows)?;
        let rows = self.0.columns.iter().map(|column| {
            [output::cut(&column.name, NAME_WIDTH), column.ty.to_string(), column.nulls.to_string(), values(column)]
        });
        writeln!(out, "{}", output::table(["column", "type", "nulls", "values"], rows))
    }
}

/// What fits a line: the largest categories, or range, mean and variance.
fn values(column: &ColumnView) -> String {
    if let Some(categories) = &column.categories {
        let mut largest: Vec<_> = categories.iter().collect();
        largest.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
        let shown =
            largest.iter().take(SHOWN).map(|(value, count)| format!("{}: {count}", output::cut(value, NAME_WIDTH)));
        let more = (largest.len() > SHOWN).then(|| format!("and {} more", largest.len() - SHOWN));
        return shown.chain(more).collect::<Vec<_>>().join(", ");
    }
    let (Some(min), Some(max)) = (&column.min, &column.max) else { return String::new() };
    let mut text = format!("{min} to {max}");
    for (label, value) in [("mean", &column.mean), ("variance", &column.variance)] {
        if let Some(value) = value {
            text.push_str(&format!(", {label} {}", shorten(value)));
        }
    }
    text
}

pub(super) async fn run(args: &ProfileArgs, config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Read).await?;
    let VersionArgs { dataset, entry } = &args.version;
    let version = version(&ledger, dataset, entry.as_deref()).await?;
    output::print(&ProfileReport(version.profile().await?), config.format)
}

/// The version of `dataset` that was notarized at `entry`, or the newest.
pub(super) async fn version(ledger: &Ledger, dataset: &DatasetName, entry: Option<&str>) -> Result<Dataset, CliError> {
    let Some(reference) = entry else {
        return Ok(ledger.dataset(dataset.as_str()).await?);
    };
    let found = ledger.find_entry(reference).await?;
    let version = ledger.dataset_at(EntryRef::Id(found.id)).await?;
    if version.name() != dataset {
        return Err(LedgerError::UnknownEntry { reference: format!("{reference} about {dataset}") }.into());
    }
    Ok(version)
}

/// Long decimals are cut for the table; `--format json` shows them whole.
fn shorten(text: &str) -> String {
    const DIGITS: usize = 6;
    match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() > DIGITS && fraction.is_ascii() => {
            format!("{whole}.{}…", &fraction[..DIGITS])
        }
        _ => text.to_owned(),
    }
}
