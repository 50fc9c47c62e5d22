//! `same_rows(a, b)`: two tables have the same rows.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Selection, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "same_rows",
    tables: 2..=2,
    roles: &["left", "right"],
    columns: Columns::Compared,
    detail: Detail::None,
    kind: |_| Some(RelationKind::SameRows),
    flow: Flow::Alike,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: same_rows(a, b)" },
        tables: Names { count: 2..=2, expected: "two tables in the brackets" },
        part_of: None,
    },
    breach: Breach::no_counterpart(&[BreakingRows::Unmatched(Selection::All)]),
    sentence: |said| {
        let (first, others, columns) = (said.first(), said.others(), said.columns());
        format!("{first} and {others} have the same rows, each as often, compared in {columns}")
    },
};
