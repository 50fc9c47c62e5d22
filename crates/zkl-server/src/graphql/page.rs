//! Pages as connections, forwards only: a cursor is where to go on after.

use async_graphql::{Enum, OutputType, Result, SimpleObject, connection::PageInfo};
use zkl_ledger::storage;

use super::{
    failure::invalid,
    objects::{Dataset, Entry, Operation},
};
use crate::service::{EntryQuery, EntryView, MAX_PAGE, PAGE, Page, page_length};

/// A part of a list.
#[derive(SimpleObject)]
#[graphql(concrete(name = "DatasetConnection", params(Dataset)))]
#[graphql(concrete(name = "EntryConnection", params(Entry)))]
#[graphql(concrete(name = "OperationConnection", params(Operation)))]
pub(super) struct Connection<T: OutputType> {
    /// The items.
    nodes: Vec<T>,
    /// Where the next part begins. A part may be empty and yet have a next one.
    page_info: PageInfo,
}

impl<T: OutputType> Connection<T> {
    pub(super) const fn new(nodes: Vec<T>, end: Option<String>, has_next_page: bool) -> Self {
        let page_info = PageInfo { has_previous_page: false, has_next_page, start_cursor: None, end_cursor: end };
        Self { nodes, page_info }
    }
}

/// The most that anything costs: more than a question may, and so little that no sum of it overflows.
const MAX_COST: usize = 1_000_000;

/// What so many items cost that cost so much each.
pub(super) fn several(items: usize, item: usize) -> usize {
    items.saturating_mul(item).saturating_add(1).min(MAX_COST)
}

/// What a page of so many costs, whose items cost so much each.
pub(super) fn cost(first: Option<u32>, item: usize) -> usize {
    several(first.map_or(PAGE, |first| (first as usize).clamp(1, MAX_PAGE)), item)
}

pub(super) fn length(first: Option<u32>) -> Result<usize> {
    Ok(page_length(first.map(|first| first as usize))?)
}

/// In which order entries are listed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Enum)]
pub(super) enum Order {
    /// The newest first.
    #[default]
    Descending,
    /// The oldest first.
    Ascending,
}

/// Which entries are asked for; `None`, if there can be none after the cursor.
pub(super) fn entries(
    first: Option<u32>,
    after: Option<&str>,
    kind: Option<&str>,
    order: Option<Order>,
) -> Result<Option<EntryQuery>> {
    let order = match order.unwrap_or_default() {
        Order::Descending => storage::Order::Descending,
        Order::Ascending => storage::Order::Ascending,
    };
    let kind = kind.map(|kind| kind.parse().map_err(|_| invalid("there is no such kind"))).transpose()?;
    let limit = length(first)?;
    let Some(after) = after else { return Ok(Some(EntryQuery { kind, order, from: None, limit })) };
    let after: u64 = after.parse().map_err(|_| invalid("after is no cursor"))?;
    let from = match order {
        storage::Order::Ascending => after.checked_add(1),
        storage::Order::Descending => after.checked_sub(1),
    };
    Ok(from.map(|from| EntryQuery { kind, order, from: Some(from), limit }))
}

impl Connection<Entry> {
    pub(super) fn of_entries(page: Page<EntryView, u64>, order: storage::Order) -> Self {
        let last = page.items.last().map(|entry| entry.index);
        // One is gone on after what stands before the next.
        let before = |next: u64| match order {
            storage::Order::Ascending => next.saturating_sub(1),
            storage::Order::Descending => next.saturating_add(1),
        };
        let end = page.next.map(before).or(last).map(|end| end.to_string());
        Self::new(page.items.into_iter().map(Entry::from).collect(), end, page.next.is_some())
    }

    pub(super) const fn none() -> Self {
        Self::new(Vec::new(), None, false)
    }
}
