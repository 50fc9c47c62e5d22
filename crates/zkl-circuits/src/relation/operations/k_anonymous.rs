//! `k_anonymous(all on zip, age, k = 10)`: every row of a table shares its values in the columns with at least k - 1 others.

use zkl_argument::relation::RelationKind;

use crate::relation::operation::{Breach, BreakingRows, Columns, Detail, Flow, Grammar, Names, Spec};

pub(super) const SPEC: Spec = Spec {
    name: "k_anonymous",
    tables: 1..=1,
    roles: &["table"],
    columns: Columns::Key,
    detail: Detail::K { expected: ", k = and a number, as in: k_anonymous(all on zip, age, k = 10)" },
    kind: |resolved| Some(RelationKind::KAnonymous { k: resolved.k? }),
    flow: Flow::None,
    grammar: Grammar {
        results: Names { count: 0..=0, expected: "no result: k_anonymous(all on zip, age, k = 10)" },
        tables: Names { count: 1..=1, expected: "one table in the brackets: k_anonymous(all on zip, age, k = 10)" },
        part_of: None,
    },
    breach: Breach { by: &[BreakingRows::Rare], named: "too few rows are equal to", more: "and to" },
    sentence: |said| {
        let others = said.k.map_or(0, |k| k.saturating_sub(1));
        format!("every row of {} is equal to {others} others at least in {}", said.first(), said.columns())
    },
};
