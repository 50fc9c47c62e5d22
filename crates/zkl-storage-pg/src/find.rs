//! The statements of `find`: which index is walked, and in which direction.

use zkl_core::storage::{Order, Query};

/// Entries of one key in index order. `$1` is the first index, `$2` the one behind the last, `$3` the limit.
macro_rules! walk {
    ($key:literal, $place:literal, $direction:literal) => {
        concat!(
            "select index, id, operation, dataset, recorded_at::text as recorded_at, entry from transactions where ",
            $key,
            $place,
            " >= $1 and ",
            $place,
            " < $2 order by ",
            $place,
            $direction,
            " limit $3"
        )
    };
}

/// The same between two times, by a function that jumps over blocks of other times. `$4` and `$5` are the time range, `$6` the
/// dataset and `$7` the kind, or null.
macro_rules! walk_times {
    ($function:literal, $order:literal) => {
        concat!(
            "select index, id, operation, dataset, recorded_at::text as recorded_at, entry from ",
            $function,
            "($4::text::numeric, $5::text::numeric, $1, $2, $6, $7, $3) order by ",
            $order
        )
    };
}

/// What a query is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Form {
    /// Has a dataset.
    pub(crate) dataset: bool,
    /// Has a kind.
    pub(crate) kind: bool,
    /// Has a time range.
    pub(crate) time: bool,
    pub(crate) order: Order,
}

impl Form {
    pub(crate) fn of(query: &Query) -> Self {
        Self {
            dataset: query.dataset.is_some(),
            kind: query.kind.is_some(),
            time: query.time.is_some(),
            order: query.order,
        }
    }

    /// The statement. Without a time range its parameters behind the limit are the dataset and the kind, as far as there are any.
    pub(crate) const fn sql(self) -> &'static str {
        match (self.time, self.dataset, self.kind, self.order) {
            (false, false, false, Order::Ascending) => walk!("", "index", ""),
            (false, false, false, Order::Descending) => walk!("", "index", " desc"),
            (false, true, false, Order::Ascending) => walk!("dataset = $4 and ", "(index + 0)", ""),
            (false, true, false, Order::Descending) => walk!("dataset = $4 and ", "(index + 0)", " desc"),
            (false, false, true, Order::Ascending) => walk!("operation = $4 and ", "(index - 0)", ""),
            (false, false, true, Order::Descending) => walk!("operation = $4 and ", "(index - 0)", " desc"),
            (false, true, true, Order::Ascending) => {
                walk!("dataset = $4 and operation = $5 and ", "(index * 1)", "")
            }
            (false, true, true, Order::Descending) => {
                walk!("dataset = $4 and operation = $5 and ", "(index * 1)", " desc")
            }
            (true, false, false, Order::Ascending) => walk_times!("find_all_ascending", "index"),
            (true, false, false, Order::Descending) => walk_times!("find_all_descending", "index desc"),
            (true, true, false, Order::Ascending) => walk_times!("find_by_dataset_ascending", "index"),
            (true, true, false, Order::Descending) => walk_times!("find_by_dataset_descending", "index desc"),
            (true, false, true, Order::Ascending) => walk_times!("find_by_operation_ascending", "index"),
            (true, false, true, Order::Descending) => walk_times!("find_by_operation_descending", "index desc"),
            (true, true, true, Order::Ascending) => walk_times!("find_by_dataset_and_operation_ascending", "index"),
            (true, true, true, Order::Descending) => {
                walk_times!("find_by_dataset_and_operation_descending", "index desc")
            }
        }
    }
}

#[cfg(test)]
mod plans;
