//! `present(all, patient = 17)` and `absent(all, patient = 17)`: a row of a table has the values, and none has.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Selection, Spec};

const VALUES: Detail = Detail::Values {
    expected: ", and the value of a column, as in: absent(all, patient = 17)",
    equals: "=, as in: absent(all, patient = 17)",
};
const ONE_TABLE: Names = Names { count: 1..=1, expected: "one table in the brackets: absent(all, patient = 17)" };

pub(super) const PRESENT: Spec = Spec {
    name: "present",
    tables: 1..=1,
    roles: &["table"],
    columns: Columns::OfConditions,
    detail: VALUES,
    kind: |_| Some(RelationKind::Present),
    flow: Flow::None,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: present(all, patient = 17)" },
        tables: ONE_TABLE,
        part_of: None,
    },
    // No row is named, as what is wrong is that there is none.
    breach: Breach { by: &[BreakingRows::NoneMeets], named: "no row has these values", more: "" },
    sentence: |said| format!("a row of {} has {}", said.first(), said.conditions()),
};

pub(super) const ABSENT: Spec = Spec {
    name: "absent",
    tables: 1..=1,
    roles: &["table"],
    columns: Columns::OfConditions,
    detail: VALUES,
    kind: |_| Some(RelationKind::Absent),
    flow: Flow::None,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: absent(all, patient = 17)" },
        tables: ONE_TABLE,
        part_of: None,
    },
    breach: Breach {
        by: &[BreakingRows::Selected(Selection::Meeting)],
        named: "these values has",
        more: "and so have",
    },
    sentence: |said| format!("no row of {} has {}", said.first(), said.conditions()),
};
