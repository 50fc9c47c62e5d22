//! `unique(all on id)`: no two rows of a table are equal in its key.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "unique",
    tables: 1..=1,
    roles: &["table"],
    columns: Columns::Key,
    detail: Detail::None,
    kind: |_| Some(RelationKind::Unique),
    flow: Flow::None,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: unique(all on id)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: unique(all on id)" },
        part_of: None,
    },
    breach: Breach { by: &[BreakingRows::Repeated], named: "an earlier row has the key of", more: "and of" },
    sentence: |said| format!("no two rows of {} are equal in {}", said.first(), said.columns()),
};
