//! `kept = dedup(all on id)`: one table has a row for every key of the other.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "dedup",
    tables: 2..=2,
    roles: &["whole", "kept"],
    columns: Columns::Compared,
    detail: Detail::Key,
    kind: |resolved| Some(RelationKind::Dedup { key: resolved.key }),
    flow: Flow::FromFirst,
    grammar: Grammar {
        results: Names { count: 1..=1, expected: "one result: kept = dedup(all on id)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: kept = dedup(all on id)" },
        part_of: None,
    },
    breach: Breach {
        by: &[BreakingRows::Surplus, BreakingRows::RepeatedKey, BreakingRows::LostKey],
        named: "its key twice, no row with its key, or no counterpart has",
        more: "and so have",
    },
    sentence: |said| {
        let (whole, kept, key, columns) = (said.first(), said.others(), said.key(), said.columns());
        format!(
            "{kept} has one row for every {key} that {whole} has: its rows are rows of {whole}, compared in {columns}"
        )
    },
};
