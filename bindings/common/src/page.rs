//! Which entries are asked for.

use serde::Deserialize;
use zkl_ledger::storage::{Order, Query};

use crate::failure::{Failure, parsed};

/// A page of the log, as a package writes it in JSON.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Page {
    dataset: Option<String>,
    kind: Option<String>,
    start: u64,
    end: Option<u64>,
    newest_first: bool,
    limit: usize,
}

impl Page {
    /// The query of the store.
    pub(crate) fn query(self) -> Result<Query, Failure> {
        Ok(Query {
            dataset: self.dataset.map(|name| name.parse().map_err(parsed)).transpose()?,
            kind: self.kind.map(|kind| kind.parse().map_err(parsed)).transpose()?,
            index: Some(self.start..self.end.unwrap_or(u64::MAX)),
            order: if self.newest_first { Order::Descending } else { Order::Ascending },
            limit: self.limit,
            ..Query::default()
        })
    }
}
