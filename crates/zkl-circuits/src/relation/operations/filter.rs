//! `adults = filter(all, age >= 18 and kind = oak)` and `rest = erase(all, patient = 17)`: the rows that meet all conditions, and those that do not.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Selection, Spec};

const CONDITIONS: Detail =
    Detail::Conditions { expected: ", and a condition, as in: adults = filter(all, age >= 18 and kind = oak)" };

pub(super) const FILTER: Spec = Spec {
    name: "filter",
    tables: 2..=2,
    roles: &["whole", "filtered"],
    columns: Columns::Compared,
    detail: CONDITIONS,
    kind: |_| Some(RelationKind::Filter),
    flow: Flow::FromFirst,
    grammar: Grammar {
        results: Names { count: 1..=1, expected: "one result: adults = filter(all, age >= 18)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: filter(all, age >= 18)" },
        part_of: None,
    },
    breach: Breach::no_counterpart(&[BreakingRows::Unmatched(Selection::Meeting)]),
    sentence: |said| {
        let (whole, part, which, columns) = (said.first(), said.others(), said.conditions(), said.columns());
        format!(
            "{part} has the rows of {whole} with {which}, all of them and no others, each as often, compared in {columns}"
        )
    },
};

pub(super) const ERASE: Spec = Spec {
    name: "erase",
    tables: 2..=2,
    roles: &["whole", "rest"],
    columns: Columns::Compared,
    detail: CONDITIONS,
    kind: |_| Some(RelationKind::Erase),
    flow: Flow::FromFirst,
    grammar: Grammar {
        results: Names { count: 1..=1, expected: "one result: rest = erase(all, patient = 17)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: erase(all, patient = 17)" },
        part_of: None,
    },
    breach: Breach::no_counterpart(&[BreakingRows::Unmatched(Selection::NotMeeting)]),
    sentence: |said| {
        let (whole, part, which, columns) = (said.first(), said.others(), said.conditions(), said.columns());
        if let [(_, before), (_, after)] = said.tables[..]
            && before == after
        {
            // True, and no erasure.
            return format!("no row of {whole} has {which}: {part} has all of them, compared in {columns}");
        }
        format!(
            "{part} has the rows of {whole} but those with {which}: these are gone, all others are there, each as often, compared in {columns}"
        )
    },
};
