use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    DatasetName, Ledger, LedgerError, NotarizedEntry, RocksBackend,
    dataset::view::{ProfileView, view},
};

use crate::{
    args::ProfileArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
};

#[derive(Serialize)]
#[serde(transparent)]
struct ProfileReport(ProfileView);

impl Report for ProfileReport {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{} rows", self.0.rows)?;
        let rows = self.0.columns.iter().map(|column| {
            let text = |value: &Option<String>| value.as_deref().map(shorten).unwrap_or_default();
            let categories = column.categories.as_ref().map(|categories| {
                const SHOWN: usize = 4;
                let mut largest: Vec<_> = categories.iter().collect();
                largest.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
                let mut cell: Vec<String> =
                    largest.iter().take(SHOWN).map(|(value, count)| format!("{value}: {count}")).collect();
                if largest.len() > SHOWN {
                    cell.push(format!("and {} more", largest.len() - SHOWN));
                }
                cell.join(", ")
            });
            [
                column.name.clone(),
                column.ty.to_string(),
                column.count.to_string(),
                column.nulls.to_string(),
                text(&column.min),
                text(&column.max),
                text(&column.mean),
                text(&column.variance),
                categories.unwrap_or_default(),
            ]
        });
        let header = ["column", "type", "count", "nulls", "min", "max", "mean", "variance", "categories"];
        writeln!(out, "{}", output::table(header, rows))
    }
}

pub(super) async fn run(args: &ProfileArgs, config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config)?;
    let notarized = notarization(&ledger, &args.dataset, args.entry.as_deref()).await?;
    let opening = ledger.opening(&notarized)?;
    output::print(&ProfileReport(view(&opening.layout, &opening.profile)), config.format)
}

/// The notarization of `dataset` at `entry`, or the newest.
pub(super) async fn notarization(
    ledger: &Ledger<RocksBackend>,
    dataset: &DatasetName,
    entry: Option<&str>,
) -> Result<NotarizedEntry, CliError> {
    let Some(reference) = entry else {
        return Ok(ledger.latest(dataset).await?);
    };
    let notarized = ledger.notarization(reference.parse()?).await?;
    if notarized.notarization.dataset != *dataset {
        return Err(LedgerError::UnknownEntry { reference: format!("{reference} about {dataset}") }.into());
    }
    Ok(notarized)
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
