//! `disjoint(train, test on patient)`: no row of one table has the key of a row of the other.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "disjoint",
    tables: 2..=2,
    roles: &["left", "right"],
    columns: Columns::CommonKey,
    detail: Detail::None,
    kind: |_| Some(RelationKind::Disjoint),
    flow: Flow::None,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: disjoint(train, test on patient)" },
        tables: Names { count: 2..=2, expected: "two tables in the brackets" },
        part_of: None,
    },
    breach: Breach { by: &[BreakingRows::Shared], named: "the other table has the key of", more: "and of" },
    sentence: |said| {
        let (first, other, columns) = (said.first(), said.others(), said.columns());
        format!("no row of {first} is equal to one of {other} in {columns}")
    },
};
