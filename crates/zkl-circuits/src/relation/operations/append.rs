//! `all = append(train, test)`: a table was joined from two or three.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Selection, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "append",
    tables: 3..=4,
    roles: &["whole", "part_1", "part_2", "part_3"],
    columns: Columns::Compared,
    detail: Detail::None,
    kind: |_| Some(RelationKind::SameRows),
    flow: Flow::IntoFirst,
    grammar: Grammar {
        results: Names { count: 1..=1, expected: "one result: all = append(train, test)" },
        tables: Names { count: 2..=3, expected: "two or three tables in the brackets" },
        part_of: None,
    },
    breach: Breach::no_counterpart(&[BreakingRows::Unmatched(Selection::All)]),
    sentence: |said| {
        let (whole, parts, columns) = (said.first(), said.others(), said.columns());
        format!("{whole} was joined from {parts}: its rows are theirs together, each as often, compared in {columns}")
    },
};
