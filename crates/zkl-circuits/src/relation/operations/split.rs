//! `train, test = split(all)`: a table was split into two or three.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Selection, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "split",
    tables: 3..=4,
    roles: &["whole", "part_1", "part_2", "part_3"],
    columns: Columns::Compared,
    detail: Detail::None,
    kind: |_| Some(RelationKind::SameRows),
    flow: Flow::FromFirst,
    grammar: Grammar {
        // What is wrong with more is said by the number of tables.
        results: Names { count: 2..=usize::MAX, expected: "two or three parts: train, test = split(all)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: split(all)" },
        part_of: None,
    },
    breach: Breach::no_counterpart(&[BreakingRows::Unmatched(Selection::All)]),
    sentence: |said| {
        let (whole, parts, columns) = (said.first(), said.others(), said.columns());
        format!("{whole} was split into {parts}: its rows are theirs together, each as often, compared in {columns}")
    },
};
