//! Each claim at its boundary and one unit beyond it, on both sides.

use crate::claims::language::{ClaimError, Coarse};
use zkl_core::layout::PairLayout;

use super::fixture::{Table, mixed, numbers, satisfied, words};

fn check(table: &Table, accepted: &[&str], refused: &[&str]) {
    for text in accepted {
        table.accepts(text);
    }
    for text in refused {
        table.refuses(text);
    }
}

#[test]
fn counts_hold_to_the_row() {
    check(
        &mixed(),
        &["rows = 10", "rows between 10 and 10", "rows > 9", "rows < 11", "count(age) = 8", "count(void) <= 0"],
        &["rows >= 11", "rows <= 9", "rows > 10", "rows < 10", "count(age) >= 9", "count(age) <= 7", "count(void) > 0"],
    );
    check(
        &mixed(),
        &["nulls(age) = 2", "nulls(age) = 20%", "nulls(age) < 20.00001%", "nulls(zip3) = 1", "nulls(price) = 0%"],
        &["nulls(age) < 2", "nulls(age) >= 3", "nulls(age) <= 19.99999%", "nulls(age) > 20%", "nulls(price) > 0"],
    );
}

#[test]
fn means_and_sums_hold_to_the_last_digit() {
    // age: 314 / 8 = 39.25; price: 1332.54 / 10 = 133.254
    check(
        &mixed(),
        &[
            "mean(age) = 39.25",
            "mean(age) < 39.2500000001",
            "mean(price) = 133.254",
            "sum(price) = 1332.54",
            "sum(age) = 314",
        ],
        &[
            "mean(age) < 39.25",
            "mean(age) > 39.25",
            "mean(price) >= 133.2540000001",
            "sum(price) <= 1332.539",
            "sum(age) > 314",
        ],
    );
    let negative = Table::of_numbers(&[-5, -4, -4]);
    check(
        &negative,
        &["sum(x) = -13", "mean(x) <= -4.3333333333", "mean(x) > -4.3333333334", "mean(x) between -5 and 0"],
        &["sum(x) >= -12", "mean(x) <= -4.3333333334", "mean(x) >= 0", "mean(x) > -4.3333333333"],
    );
}

#[test]
fn variances_hold_to_the_last_digit() {
    let table = Table::of_numbers(&[-2, 0, 3, 3]);
    // population 4.5, sample 6
    check(
        &table,
        &["var(x) = 4.5", "var_sample(x) = 6", "var(x) < 4.500000001", "var(x) >= -1"],
        &["var(x) < 4.5", "var(x) >= 4.500000001", "var_sample(x) > 6", "var_sample(x) <= 4.5"],
    );
    check(&Table::of_numbers(&[9, 9]), &["var(x) = 0", "var_sample(x) <= 0"], &["var(x) > 0"]);
    check(&mixed(), &["var(price) <= 1300000"], &[]);
}

#[test]
fn standard_deviations_hold_to_the_last_digit() {
    let table = Table::of_numbers(&[-2, 0, 3, 3]);
    // population: the root of 4.5, sample: the root of 6
    check(
        &table,
        &["std(x) between 2.1213203 and 2.1213204", "std_sample(x) > 2.4494897", "std(x) >= 0", "std_sample(x) < 2.45"],
        &["std(x) <= 2.1213203", "std(x) >= 2.1213204", "std_sample(x) <= 2.4494897", "std(x) between 0 and 2.12"],
    );
    // the deviations are 0.5: the population's root is exact
    check(
        &Table::of_numbers(&[3, 4]),
        &["std(x) = 0.5", "std(x) between 0.5 and 0.5", "std(x) > 0.4999999"],
        &["std(x) > 0.5", "std(x) < 0.5", "std_sample(x) <= 0.7071067", "std(x) >= 0.5000001"],
    );
    check(&Table::of_numbers(&[9, 9]), &["std(x) = 0", "std_sample(x) <= 0"], &["std(x) > 0"]);
    check(&mixed(), &["std(price) <= 1141", "std(age) > 0"], &["std(price) <= 300"]);
    assert_eq!(table.evaluate("std(x) >= 0").unwrap().observed().to_string(), "2.121320343559642573");
}

#[test]
fn bounds_hold_for_every_value() {
    check(
        &mixed(),
        &[
            "min(age) >= 22",
            "max(age) <= 60",
            "values(age) between 22 and 60",
            "min(price) >= -2.75",
            "min(age) > 21.5",
        ],
        &[
            "min(age) > 22",
            "min(age) >= 22.1",
            "max(age) < 60",
            "values(age) between 23 and 100",
            "min(price) >= -2.74",
        ],
    );
    check(&Table::new(&[numbers("x", 1, vec![Some(5), None])], &[]), &["values(x) = 5"], &["values(x) = 6"]);
}

#[test]
fn an_upper_bound_below_the_sealed_one_is_true_but_not_provable() {
    // Two limbs: price spans 120,275 = 1 * 2^16 + 54,739 hundredths, so the seal allows up to -275 + 2^17 - 1.
    let table = mixed();
    table.accepts("max(price) <= 1307.96");
    let error = table.prove("max(price) <= 1307.95").map(|_| ());
    let reason = Coarse::UpperBound { provable: "1307.96".to_owned() };
    assert_eq!(error, Err(ClaimError::NotProvable { reason }));
    let evaluation = table.evaluate("max(price) <= 1200").unwrap();
    assert!(evaluation.holds && !evaluation.provable);
    assert!(!satisfied(table.careless("max(price) <= 1307.95").as_ref()));
    table.refuses("max(price) < 1200");
}

#[test]
fn a_range_is_bounded_by_the_distance_of_the_sealed_limits() {
    // age: 22 to 60 in one limb, so that the limits are reached.
    check(
        &mixed(),
        &["range(age) <= 38", "range(age) < 38.01", "range(age) <= 38.5"],
        &["range(age) < 38", "range(age) <= 37.99", "range(age) <= -1"],
    );
    check(&Table::of_numbers(&[7, 7]), &["range(x) < 281474976710656"], &["range(x) < 0"]);
    // price: 1202.75 apart, the limits 2^17 - 1 hundredths.
    let table = mixed();
    table.accepts("range(price) <= 1310.71");
    table.refuses("range(price) <= 1202.74");
    for text in ["range(price) < 1310.71", "range(price) <= 1202.75"] {
        let reason = Coarse::UpperBound { provable: "1310.71".to_owned() };
        assert_eq!(table.prove(text).map(|_| ()), Err(ClaimError::NotProvable { reason }), "{text}");
        assert!(!satisfied(table.careless(text).as_ref()), "{text}");
    }
    assert_eq!(table.evaluate("range(price) <= 1202.75").unwrap().observed().to_string(), "1202.75");
}

#[test]
fn shares_are_of_valid_rows_unless_all_rows_are_meant() {
    check(
        &mixed(),
        &[
            "share(hired = 'yes') >= 66.66666666%",
            "share(hired = 'yes') = 60% over all rows",
            "share(hired = 'never') <= 0%",
            "share(dept = 'a') = 30%",
            "share(void = 'x') = 0% over all rows",
        ],
        &[
            "share(hired = 'yes') >= 66.66666667%",
            "share(hired = 'yes') > 60% over all rows",
            "share(hired = 'yes') <= 60%",
            "share(hired = 'never') > 0%",
        ],
    );
    assert_eq!(mixed().evaluate("share(hired = 'yse') = 0%").unwrap().absent_values, ["yse"]);
}

#[test]
fn gaps_hold_in_both_directions_and_both_orders_of_the_pair() {
    // f: yes 4 of 5; m: yes 1 of 4 with a label, the row without one does not count.
    let table = Table::new(
        &[words("sex", 4, "f f f f f m m m m m -"), words("hired", 4, "yes yes yes yes no yes no no no - yes")],
        &[PairLayout::Joint { group: 0, label: 1 }],
    );
    for groups in ["'f', 'm'", "'m', 'f'"] {
        let claim = |range: &str| format!("gap(hired = 'yes' by sex: {groups}) {range}");
        for range in ["= 55%", "<= 55%", "between 54% and 56%", "< 55.000001%"] {
            table.accepts(&claim(range));
        }
        for range in ["< 55%", "> 55%", "<= 54.9999%", ">= 56%"] {
            table.refuses(&claim(range));
        }
    }
    // yes: f 4 of 5, no: f 1 of 4, the row without a sex does not count.
    check(
        &table,
        &["gap(sex = 'f' by hired: 'yes', 'no') = 55%", "gap(sex = 'x' by hired: 'yes', 'no') = 0%"],
        &["gap(sex = 'f' by hired: 'yes', 'no') < 55%"],
    );
}

#[test]
fn the_smallest_group_is_counted_with_or_without_nulls() {
    check(
        &mixed(),
        &[
            "min_group(hired) >= 3",
            "min_group(hired) >= 1 with nulls",
            "min_group(dept) >= 2 with nulls",
            "min_group(zip3) > 2",
            "min_group(zip3) >= 1 with nulls",
            "min_group(sex, hired) >= 1",
            "min_group(hired, sex) >= 1",
            "min_group(void) >= 10 with nulls",
        ],
        &[
            "min_group(hired) >= 4",
            "min_group(hired) >= 2 with nulls",
            "min_group(dept) > 2",
            "min_group(zip3) > 3",
            "min_group(zip3) >= 2 with nulls",
            "min_group(sex, hired) >= 2",
        ],
    );
    let pair = Table::new(
        &[words("a", 4, "x x x y y -"), words("b", 4, "p p p q q q")],
        &[PairLayout::Joint { group: 0, label: 1 }],
    );
    check(&pair, &["min_group(a, b) >= 2", "min_group(a, b) >= 1 with nulls"], &["min_group(a, b) >= 2 with nulls"]);
}

#[test]
fn balance_is_the_smallest_class_over_the_largest() {
    check(
        &mixed(),
        &["balance(hired) >= 0.5", "balance(dept) >= 66.666%", "balance(sex) >= 80%", "balance(sex) > 0.79"],
        &["balance(hired) > 0.5", "balance(dept) >= 66.667%", "balance(sex) >= 80.1%"],
    );
}

#[test]
fn correlations_hold_on_both_sides_of_zero() {
    let column = |name, values: &[i64]| numbers(name, 4, values.iter().copied().map(Some).collect());
    let scale = 1_000_000;
    let x = [1, 2, 3, 4, 5].map(|v| v * scale);
    let y = [2, 1, 4, 3, 5].map(|v| v * scale);
    // r = 0.8
    let up = Table::new(&[column("x", &x), column("y", &y)], &[PairLayout::Product { left: 0, right: 1 }]);
    let down =
        Table::new(&[column("x", &x), column("y", &y.map(|v| -v))], &[PairLayout::Product { left: 0, right: 1 }]);
    check(
        &up,
        &["corr(x, y) >= 0.799999", "corr(x, y) <= 0.800001", "corr(y, x) between 0 and 0.9", "corr(x, y) > -0.5"],
        &["corr(x, y) >= 0.800001", "corr(x, y) <= 0.799999", "corr(x, y) <= 0", "corr(x, y) < -0.5"],
    );
    check(
        &down,
        &["corr(x, y) <= -0.799999", "corr(x, y) >= -0.800001", "corr(x, y) between -0.9 and 0", "corr(x, y) < 0.5"],
        &["corr(x, y) <= -0.800001", "corr(x, y) >= -0.799999", "corr(x, y) >= 0", "corr(x, y) > 0.5"],
    );
    let error = up.prove("corr(x, y) >= 0.8").map(|_| ());
    assert!(matches!(error, Err(ClaimError::NotProvable { reason: Coarse::Root { .. } })), "{error:?}");
    assert!(!satisfied(up.careless("corr(x, y) >= 0.8").as_ref()));
}

#[test]
fn claims_without_a_subject_are_refused_in_the_circuit() {
    let table = mixed();
    for text in ["share(void = 'x') <= 100%", "min_group(void) >= 0", "balance(void) >= 0", "balance(solo) >= 0"] {
        table.vacuous(text);
    }
    table.vacuous("gap(hired = 'yes' by sex: 'f', 'x') <= 100%");
    let empty = Table::new(
        &[numbers("x", 1, vec![None, None]), numbers("y", 1, vec![Some(1), Some(2)])],
        &[PairLayout::Product { left: 0, right: 1 }],
    );
    for text in
        ["mean(x) <= 9", "sum(x) <= 9", "var(x) >= 0", "std(x) >= 0", "range(x) <= 9", "max(x) <= 9", "corr(x, y) <= 1"]
    {
        empty.vacuous(text);
    }
    let one = Table::new(
        &[numbers("x", 1, vec![Some(4), None]), numbers("y", 1, vec![Some(1), Some(2)])],
        &[PairLayout::Product { left: 0, right: 1 }],
    );
    one.vacuous("var_sample(x) <= 9");
    one.vacuous("std_sample(x) <= 9");
    one.accepts("std(x) <= 0");
    one.accepts("var(x) <= 0");
    one.vacuous("corr(x, y) <= 1");
}

#[test]
fn extreme_values_do_not_wrap() {
    let table = Table::of_numbers(&[i64::MIN, i64::MAX]);
    check(
        &table,
        &[
            "mean(x) = -0.5",
            "sum(x) = -1",
            "values(x) between -9223372036854775808 and 9223372036854775807",
            "var(x) <= 85070591730234615856620279821087277057",
            "std(x) < 9223372036854775808",
            "range(x) <= 18446744073709551615",
            "var(x) > 85070591730234615856620279821087277056",
        ],
        &[
            "mean(x) >= 0",
            "sum(x) >= 0",
            "sum(x) > 85070591730234615856620279821087277056",
            "min(x) > -9223372036854775808",
            "var(x) <= 85070591730234615856620279821087277056",
            "std(x) <= 9223372036854775807",
            "range(x) < 18446744073709551615",
        ],
    );
    table.accepts("max(x) <= 36893488147419103232");
    table.refuses("max(x) <= -36893488147419103232");
    table.accepts("min(x) >= -36893488147419103232");
    table.refuses("min(x) >= 36893488147419103232");
    check(&Table::of_numbers(&[i64::MIN; 3]), &["mean(x) = -9223372036854775808"], &["mean(x) > -9223372036854775808"]);
}
