use std::io::{self, Write};

use serde::Serialize;
use zkl_ledger::{
    DatasetName, Entry, Withdrawn,
    storage::{Order, Query},
    types::Timestamp,
};

use crate::{
    args::FilterArgs,
    config::Config,
    error::CliError,
    output::{self, Report},
    progress,
};

/// Longer names are cut in the table; `--format json` shows them whole.
const NAME_WIDTH: usize = 24;

#[derive(Serialize)]
struct EntryList {
    entries: Vec<EntryLine>,
    /// Whether there are more entries than were asked for.
    more: bool,
}

#[derive(Serialize)]
struct EntryLine {
    index: u64,
    transaction: String,
    kind: String,
    recorded_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    dataset: Option<String>,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn: Option<WithdrawnLine>,
}

/// What was recorded about an entry that is not to be relied on any more.
#[derive(Serialize)]
struct WithdrawnLine {
    /// Index of the withdrawal.
    index: u64,
    /// Id of the entry that has taken the place.
    #[serde(skip_serializing_if = "Option::is_none")]
    replacement: Option<String>,
    reason: String,
}

impl Report for EntryList {
    fn write_human(&self, out: &mut dyn Write) -> io::Result<()> {
        if self.entries.is_empty() {
            return writeln!(out, "No entries.");
        }
        let rows = self.entries.iter().map(|line| {
            [
                line.index.to_string(),
                line.recorded_at.split_once('.').map_or(line.recorded_at.as_str(), |(seconds, _)| seconds).to_owned(),
                line.dataset.as_deref().map(|name| output::cut(name, NAME_WIDTH)).unwrap_or_default(),
                what(line),
            ]
        });
        writeln!(out, "{}", output::table(["index", "recorded (UTC)", "dataset", "what"], rows))
    }
}

fn what(line: &EntryLine) -> String {
    let said = format!("{}: {}", line.kind, line.summary);
    match &line.withdrawn {
        None => said,
        Some(WithdrawnLine { index, replacement: None, reason }) => {
            format!("WITHDRAWN in entry {index} ({reason}): {said}")
        }
        Some(WithdrawnLine { index, reason, .. }) => format!("SUPERSEDED in entry {index} ({reason}): {said}"),
    }
}

pub(super) async fn run(dataset: Option<DatasetName>, filter: &FilterArgs, config: &Config) -> Result<(), CliError> {
    let ledger = super::open_for_reading(config, super::Openings::Unread).await?;
    if let Some(name) = &dataset {
        ledger.require_dataset(name).await?;
    }
    let withdrawn = ledger.withdrawals().await?;
    let time = (filter.since.is_some() || filter.until.is_some())
        .then(|| filter.since.unwrap_or(Timestamp(0))..filter.until.unwrap_or(Timestamp(u64::MAX)));
    let mut query = Query { dataset, kind: filter.kind.clone(), time, order: Order::Descending, ..Query::default() };
    let mut entries: Vec<EntryLine> = Vec::new();
    // One entry beyond the limit tells that there are more.
    let wanted = filter.limit.saturating_add(1);
    while entries.len() < wanted {
        query.limit = (wanted - entries.len()).min(Query::MAX_LIMIT);
        let page = ledger.entries(&query).await?;
        let Some(last) = page.last() else { break };
        query.index = Some(0..last.index.0);
        entries.extend(page.iter().map(|entry| line(entry, withdrawn.get(&entry.id))));
    }
    let more = entries.len() > filter.limit;
    entries.truncate(filter.limit);
    output::print(&EntryList { entries, more }, config.format)?;
    if more {
        let text =
            format!("there are older entries: --limit {} shows twice as many", filter.limit.saturating_mul(2).max(1));
        progress::note(config.quiet, &text);
    }
    Ok(())
}

fn line(entry: &Entry, withdrawn: Option<&Withdrawn>) -> EntryLine {
    let predicate = entry.predicate();
    EntryLine {
        index: entry.index.0,
        transaction: entry.id.to_string(),
        kind: predicate.kind().to_string(),
        recorded_at: predicate.recorded_at().to_string(),
        dataset: predicate.dataset().map(ToString::to_string),
        summary: predicate.in_words(),
        withdrawn: withdrawn.map(|withdrawn| WithdrawnLine {
            index: withdrawn.index.0,
            replacement: withdrawn.replacement.map(|id| id.to_string()),
            reason: withdrawn.reason.clone(),
        }),
    }
}
