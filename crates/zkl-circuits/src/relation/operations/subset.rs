//! `subset(sample of all)`: the rows of one table are some of those of another.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "subset",
    tables: 2..=2,
    roles: &["whole", "subset"],
    columns: Columns::Compared,
    detail: Detail::None,
    kind: |_| Some(RelationKind::Subset),
    flow: Flow::FromFirst,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: subset(sample of all)" },
        tables: Names { count: 2..=2, expected: "one table after of: subset(sample of all)" },
        part_of: Some("of, as in: subset(sample of all)"),
    },
    breach: Breach::no_counterpart(&[BreakingRows::Surplus]),
    sentence: |said| {
        let (whole, part, columns) = (said.first(), said.others(), said.columns());
        format!(
            "{part} is a subset of {whole}: its rows are rows of {whole}, none more often than there, compared in {columns}"
        )
    },
};
