//! `bounds(all on age, 0, 120)`: every value of a column lies in a range, and with `, nulls` rows may have none.

use zkl_argument::relation::RelationKind;

use crate::relation::{
    condition::Range,
    operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Selection, Spec},
};

pub(super) const SPEC: Spec = Spec {
    name: "bounds",
    tables: 1..=1,
    roles: &["table"],
    columns: Columns::OfConditions,
    detail: Detail::Range { expected: "on, a column, and both ends of its range, as in: bounds(all on age, 0, 120)" },
    kind: |resolved| {
        let Range { lower, upper, nulls } = resolved.range?;
        Some(RelationKind::Bounds { lower, upper, nulls })
    },
    flow: Flow::None,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: bounds(all on age, 0, 120)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: bounds(all on age, 0, 120)" },
        part_of: None,
    },
    breach: Breach {
        by: &[BreakingRows::Selected(Selection::NotMeeting)],
        named: "the range does not hold",
        more: "nor",
    },
    sentence: |said| {
        let nulls = if said.nulls { " no value or" } else { "" };
        format!("every row of {} has{nulls} {}", said.first(), said.conditions())
    },
};
