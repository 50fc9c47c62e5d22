//! The indexes of a store, through its contract: everything that matches is found, and nothing else.
//!
//! While the log is walked, each entry must be found by its id and, at its index, by its time; and each bundle, within its
//! indices, by every name and kind that occurs in it. Afterwards each kind and each listed name is walked and must hold
//! as many entries as the log has of it. So an entry that is missing from an index is found in the first part, and one
//! that does not belong there in the second, with nothing kept but counts.

use std::{
    collections::{BTreeMap, BTreeSet},
    ops::Range,
};

use futures::{StreamExt as _, stream};
use zkl_core::{
    name::DatasetName,
    storage::{Query, StorageBackend, StorageBackendExt as _},
    time::Timestamp,
    transaction::{OperationKind, StoredTransaction},
    tree::TreeSize,
};

use super::{Finding, FsckReport, sound};
use crate::error::LedgerError;

/// Point queries under way at once.
const CONCURRENCY: usize = 16;

pub(super) struct IndexCheck<'a> {
    store: &'a dyn StorageBackend,
    kinds: BTreeMap<OperationKind, u64>,
    named: u64,
}

impl<'a> IndexCheck<'a> {
    pub(super) fn new(store: &'a dyn StorageBackend) -> Self {
        Self { store, kinds: BTreeMap::new(), named: 0 }
    }

    /// Checks what can be asked about the entries of one bundle, which come by index.
    pub(super) async fn bundle(
        &mut self,
        entries: &[StoredTransaction],
        report: &mut FsckReport,
    ) -> Result<(), LedgerError> {
        let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
            return Ok(());
        };
        for entry in entries {
            *self.kinds.entry(entry.kind.clone()).or_default() += 1;
            self.named += u64::from(entry.dataset.is_some());
        }
        let store = self.store;
        let mut answers = stream::iter(entries).map(|entry| point_queries(store, entry)).buffered(CONCURRENCY);
        while let Some(findings) = answers.next().await {
            findings?.into_iter().for_each(|finding| report.add(finding));
        }
        let range = first.index.0..last.index.0.saturating_add(1);
        let names: BTreeSet<_> = entries.iter().filter_map(|entry| entry.dataset.as_ref()).collect();
        let pairs: BTreeSet<_> =
            entries.iter().filter_map(|entry| entry.dataset.as_ref().map(|name| (name, &entry.kind))).collect();
        let kinds: BTreeSet<_> = entries.iter().map(|entry| &entry.kind).collect();
        let by_name = names.into_iter().map(|name| (Some(name), None));
        let by_kind = kinds.into_iter().map(|kind| (None, Some(kind)));
        let by_both = pairs.into_iter().map(|(name, kind)| (Some(name), Some(kind)));
        for (name, kind) in by_name.chain(by_kind).chain(by_both) {
            self.group(entries, &range, name, kind, report).await?;
        }
        Ok(())
    }

    /// A query by name, kind or both must answer exactly the matching entries of the bundle.
    async fn group(
        &self,
        entries: &[StoredTransaction],
        range: &Range<u64>,
        name: Option<&DatasetName>,
        kind: Option<&OperationKind>,
        report: &mut FsckReport,
    ) -> Result<(), LedgerError> {
        let query =
            Query { dataset: name.cloned(), kind: kind.cloned(), index: Some(range.clone()), ..Query::default() };
        let expected = entries.iter().filter(|entry| query.matches(entry));
        let found = sound(self.store.find(&query).await)?;
        if !found.is_some_and(|found| found.iter().eq(expected)) {
            report.add(Finding::Answer { by: label(name, kind), of: value(name, kind) });
        }
        Ok(())
    }

    /// Walks each kind and each listed name, within a log of `size` entries.
    pub(super) async fn finish(&self, size: TreeSize, report: &mut FsckReport) -> Result<(), LedgerError> {
        let size = size.0;
        // A kind of which the log holds nothing may still have an entry in an index.
        let kinds: BTreeSet<_> = self.kinds.keys().cloned().chain(OperationKind::RESERVED).collect();
        for kind in &kinds {
            let expected = self.kinds.get(kind).copied().unwrap_or(0);
            let (got, _) = self.count(size, None, Some(kind), report).await?;
            if got != expected {
                report.add(Finding::Count { by: "kind", of: kind.to_string(), expected, got });
            }
        }
        let (mut after, mut named): (Option<DatasetName>, u64) = (None, 0);
        loop {
            let page = match sound(self.store.datasets(after.as_ref(), 0).await)? {
                Some(page) => page,
                None => {
                    report.add(Finding::Answer { by: "dataset names", of: String::new() });
                    return Ok(());
                }
            };
            let Some(last) = page.last().map(|summary| summary.name.clone()) else { break };
            // Names that do not ascend would let this walk in a circle.
            if after.as_ref().is_some_and(|after| last <= *after) {
                report.add(Finding::Answer { by: "dataset names", of: last.to_string() });
                return Ok(());
            }
            for summary in &page {
                let (count, latest) = self.count(size, Some(&summary.name), None, report).await?;
                let says = (summary.transactions, Some(summary.latest.0));
                // Summaries are of now, and another writer may have appended since the head was read.
                if (count, latest) != says && self.store.size().await?.0 == size {
                    report.add(Finding::Summary { name: summary.name.to_string() });
                }
                let mut by_kind = 0;
                for kind in &kinds {
                    by_kind += self.count(size, Some(&summary.name), Some(kind), report).await?.0;
                }
                if by_kind != count {
                    let (by, of) = ("dataset and kind", summary.name.to_string());
                    report.add(Finding::Count { by, of, expected: count, got: by_kind });
                }
                named += count;
            }
            after = Some(last);
        }
        if named != self.named {
            report.add(Finding::Count { by: "dataset", of: String::new(), expected: self.named, got: named });
        }
        Ok(())
    }

    /// Number of entries that a query answers, and the index of the last one. Entries that do not match are a finding.
    async fn count(
        &self,
        size: u64,
        name: Option<&DatasetName>,
        kind: Option<&OperationKind>,
        report: &mut FsckReport,
    ) -> Result<(u64, Option<u64>), LedgerError> {
        let query = Query { dataset: name.cloned(), kind: kind.cloned(), index: Some(0..size), ..Query::default() };
        let (mut count, mut last, mut sane) = (0, None, true);
        let mut pages = self.store.pages(query.clone());
        loop {
            match sound(pages.next().await)? {
                Some(Some(page)) => {
                    for entry in page {
                        sane &= query.matches(&entry) && last.is_none_or(|last| last < entry.index.0);
                        last = Some(entry.index.0);
                        count += 1;
                    }
                    if !sane {
                        break;
                    }
                }
                Some(None) => break,
                None => {
                    sane = false;
                    break;
                }
            }
        }
        if !sane {
            report.add(Finding::Answer { by: label(name, kind), of: value(name, kind) });
        }
        Ok((count, last))
    }
}

/// By id, and by time at its index.
async fn point_queries(store: &dyn StorageBackend, entry: &StoredTransaction) -> Result<Vec<Finding>, LedgerError> {
    let index = entry.index.0;
    let mut findings = Vec::new();
    if sound(store.transaction(entry.id).await)?.flatten().as_ref() != Some(entry) {
        findings.push(Finding::NotFound { index, by: "id" });
    }
    let time = entry.recorded_at;
    // No range ends behind the last time there is.
    if let Some(end) = time.0.checked_add(1) {
        let (time, at) = (Some(time..Timestamp(end)), Some(index..index.saturating_add(1)));
        let query = Query { time, index: at, limit: 1, ..Query::default() };
        if sound(store.find(&query).await)?.is_none_or(|found| found.as_slice() != std::slice::from_ref(entry)) {
            findings.push(Finding::NotFound { index, by: "time" });
        }
    }
    Ok(findings)
}

fn label(name: Option<&DatasetName>, kind: Option<&OperationKind>) -> &'static str {
    match (name, kind) {
        (Some(_), Some(_)) => "dataset and kind",
        (Some(_), None) => "dataset",
        (None, Some(_)) => "kind",
        (None, None) => "index",
    }
}

fn value(name: Option<&DatasetName>, kind: Option<&OperationKind>) -> String {
    let parts = [name.map(ToString::to_string), kind.map(ToString::to_string)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
