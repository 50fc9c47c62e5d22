//! The circuits and the exact evaluation say the same about random tables and random claims.

use crate::claims::language::ClaimError;
use proptest::prelude::*;
use zkl_core::layout::PairLayout;

use super::fixture::{Table, numbers, satisfied, words};

/// A circuit is satisfied by honest records exactly when the claim is provable.
fn agree(table: &Table, text: &str) {
    let provable = match table.evaluate(text) {
        Ok(evaluation) => evaluation.provable,
        Err(ClaimError::Vacuous { .. }) => false,
        Err(error) => panic!("{text}: {error}"),
    };
    assert_eq!(satisfied(table.careless(text).as_ref()), provable, "{text}");
}

fn cells(extreme: bool) -> impl Strategy<Value = Option<i64>> {
    let value = if extreme {
        prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), -3i64..3].boxed()
    } else {
        (-6i64..7).boxed()
    };
    proptest::option::weighted(0.8, value)
}

fn comparison() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("<="), Just("<"), Just(">="), Just(">"), Just("=")]
}

const WORDS: [&str; 4] = ["-", "a", "b", "c"];

fn text(indices: &[usize]) -> &'static str {
    let text: Vec<&str> = indices.iter().map(|&i| WORDS[i]).collect();
    Box::leak(text.join(" ").into_boxed_str())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn about_numbers(
        (x, y) in any::<bool>().prop_flat_map(|extreme| {
            (1usize..9).prop_flat_map(move |rows| {
                (proptest::collection::vec(cells(extreme), rows), proptest::collection::vec(cells(extreme), rows))
            })
        }),
        op in comparison(),
        threshold in prop_oneof![(-16i64..17).prop_map(|v| format!("{}", v as f64 / 4.0)), any::<i64>().prop_map(|v| v.to_string())],
        part in 0u8..11,
    ) {
        let table = Table::new(&[numbers("x", 4, x), numbers("y", 4, y)], &[PairLayout::Product { left: 0, right: 1 }]);
        for function in ["mean(x)", "sum(x)", "var(x)", "var_sample(y)", "values(x)"] {
            agree(&table, &format!("{function} {op} {threshold}"));
        }
        for op in ["<=", "<"] {
            agree(&table, &format!("range(x) {op} {threshold}"));
        }
        for function in ["std(x)", "std_sample(y)"] {
            agree(&table, &format!("{function} {op} {}", threshold.trim_start_matches('-')));
        }
        agree(&table, &format!("nulls(x) {op} {}%", part * 10));
        agree(&table, &format!("count(y) {op} {part}"));
        agree(&table, &format!("corr(x, y) {op} {}", f64::from(part) / 5.0 - 1.0));
    }

    #[test]
    fn about_categories(
        (a, b) in (1usize..9).prop_flat_map(|rows| {
            (proptest::collection::vec(0usize..4, rows), proptest::collection::vec(0usize..4, rows))
        }),
        op in comparison(),
        k in 0u8..5,
        part in 0u8..11,
    ) {
        let columns = [words("a", 4, text(&a)), words("b", 4, text(&b)), words("g", 512, text(&a))];
        let table = Table::new(&columns, &[PairLayout::Joint { group: 0, label: 1 }]);
        agree(&table, &format!("share(a = 'b') {op} {}%", part * 10));
        agree(&table, &format!("share(a = 'b') {op} {}% over all rows", part * 10));
        agree(&table, &format!("gap(b = 'a' by a: 'b', 'c') {op} {}%", part * 10));
        agree(&table, &format!("gap(a = 'a' by b: 'a', 'b') {op} {}%", part * 10));
        for columns in ["a", "g", "a, b"] {
            agree(&table, &format!("min_group({columns}) >= {k}"));
            agree(&table, &format!("min_group({columns}) >= {k} with nulls"));
        }
        agree(&table, &format!("balance(a) >= 0.{}", part.min(9)));
    }
}
