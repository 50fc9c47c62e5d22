//! Tests of the language and of the match to a layout.

use proptest::prelude::*;

use super::*;
use crate::claims::{
    ResolvedClaim,
    bounds::{Bound, Bounds},
    kinds::{
        Balance, Correlation, Count, Estimator, Gap, Limit, Mean, MinGroup, NullGroups, NullUnit, Nulls, Range, Rows,
        Share, ShareBase, Std, Sum, Values, Variance,
    },
    ratio::{ColumnRatio, Ratio},
    resolve,
    resolve::{Order, Table as Matched},
};
use zkl_core::{
    column::{ColumnType, TimeUnit},
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
};

fn read(text: &str) -> Claim {
    text.parse().unwrap_or_else(|error| panic!("{error}"))
}

fn fault(text: &str) -> (String, Expected) {
    let error = text.parse::<Claim>().unwrap_err();
    (error.text[error.span].to_owned(), error.expected)
}

#[test]
fn claims_are_printed_in_one_canonical_spelling() {
    for (text, canonical) in [
        ("ROWS >= 1000", "rows >= 1000"),
        ("count( email )>=900", "count(email) >= 900"),
        ("nulls(email) <= 1%", "nulls(email) <= 1%"),
        ("null_rate(email) <= 0.01", "nulls(email) <= 1%"),
        ("nulls(email) = 0", "nulls(email) = 0"),
        ("nulls(email) between 0% and 1.50%", "nulls(email) between 0% and 1.5%"),
        ("mean(age) in [30, 60]", "mean(age) between 30 and 60"),
        ("mean(age) Between -3 And 60.0", "mean(age) between -3 and 60"),
        ("sum(amount) < 1000000", "sum(amount) < 1000000"),
        ("std(x) <= 2.50", "std(x) <= 2.5"),
        ("STD_sample(x) between 1 and 2", "std_sample(x) between 1 and 2"),
        ("range(age) < 60.0", "range(age) < 60"),
        ("min(age) >= 0", "min(age) >= 0"),
        ("values(age) >= 0", "min(age) >= 0"),
        ("max(age) < 120", "max(age) < 120"),
        ("values(d) between 2020-01-01 and 2024-02-29", "values(d) between 2020-01-01 and 2024-02-29"),
        ("max(t) <= 2020-01-01T01:00+01:00", "max(t) <= 2020-01-01T00:00:00"),
        ("share(species = 'Adelie') >= 0.2", "share(species = 'Adelie') >= 20%"),
        ("share(readmitted = 1) >= 20%", "share(readmitted = '1') >= 20%"),
        ("share(delta = -1) >= 20%", "share(delta = '-1') >= 20%"),
        ("gap(readmitted = 0 by sex: 'f', 'm') <= 5%", "gap(readmitted = '0' by sex: 'f', 'm') <= 5%"),
        ("gap(hired = 'yes' by site: 1, 20) <= 5%", "gap(hired = 'yes' by site: '1', '20') <= 5%"),
        ("share(ok = true) > 20% over all rows", "share(ok = 'true') > 20% over all rows"),
        ("share(ok = true) > 20% over valid rows", "share(ok = 'true') > 20%"),
        ("gap(hired = 'yes' by sex: 'f','m') \u{2264} 5%", "gap(hired = 'yes' by sex: 'f', 'm') <= 5%"),
        ("min_group(zip3) >= 20", "min_group(zip3) >= 20"),
        ("min_group(sex,`a b`) > 4 with nulls", "min_group(sex, \"a b\") > 4 with nulls"),
        ("balance(\"species\") >= 40%", "balance(species) >= 0.4"),
        ("corr(a, b) between -0.2 and 0.2", "corr(a, b) between -0.2 and 0.2"),
        ("mean(between) <= 3", "mean(\"between\") <= 3"),
        ("gap(by = 'x' by over: 'a', 'b') <= 1%", "gap(\"by\" = 'x' by \"over\": 'a', 'b') <= 1%"),
        ("mean(größe) <= 3", "mean(\"größe\") <= 3"),
        ("mean(mean) <= 3", "mean(mean) <= 3"),
    ] {
        let claim = read(text);
        assert_eq!(claim.to_string(), canonical);
        assert_eq!(read(canonical), claim);
    }
}

#[test]
fn the_first_version_of_the_text_spells_as_it_always_did() {
    for (text, canonical) in [
        ("mean(between) <= 3", "mean(between) <= 3"),
        ("gap(by = 'x' by over: 'a', 'b') <= 1%", "gap(by = 'x' by over: 'a', 'b') <= 1%"),
        ("mean(größe) <= 3", "mean(größe) <= 3"),
        ("mean(`x\u{3164}`) <= 3", "mean(x\u{3164}) <= 3"),
        ("mean(`a b`) <= 3", "mean(\"a b\") <= 3"),
        ("share(x = 'yes\u{fe00}') <= 3%", "share(x = 'yes\u{fe00}') <= 3%"),
        ("share(x = 'a\u{a0}\u{ffa0}\u{200b}\u{1}') <= 3%", "share(x = 'a\u{a0}\u{ffa0}\\u{200b}\\u{1}') <= 3%"),
        ("std(x) <= 3", "std(x) <= 3"),
    ] {
        let claim = read(text);
        assert_eq!(claim.canonical(TextForm::V1), canonical);
    }
}

#[test]
fn names_and_values_that_differ_look_different() {
    for (text, shown) in [
        ("share(x = 'yes\u{fe00}') <= 3%", "share(x = 'yes\\u{fe00}') <= 3%"),
        ("share(x = 'a\u{a0}b') <= 3%", "share(x = 'a\\u{a0}b') <= 3%"),
        ("share(x = 'a b') <= 3%", "share(x = 'a b') <= 3%"),
        ("share(x = '\u{ffa0}\u{115f}') <= 3%", "share(x = '\\u{ffa0}\\u{115f}') <= 3%"),
        ("mean(`x\u{3164}`) <= 3", "mean(\"x\\u{3164}\") <= 3"),
        ("mean(x\u{3164}) <= 3", "mean(\"x\\u{3164}\") <= 3"),
        ("mean(`rows`) <= 3", "mean(\"rows\") <= 3"),
        ("mean(`Rows`) <= 3", "mean(\"Rows\") <= 3"),
    ] {
        let claim = read(text);
        assert_eq!(claim.to_string(), shown);
        assert_eq!(read(shown), claim);
    }
    let error = "mean(x) <= \u{202e}".parse::<Claim>().unwrap_err().to_string();
    assert!(error.ends_with("\n  mean(x) <= \\u{202e}\n             ^^^^^^^^"), "{error}");
}

#[test]
fn syntax_errors_point_at_the_place() {
    let lower = |function, reason| Expected::LowerBound { function, reason };
    for (text, place, expected) in [
        ("", "", Expected::Function),
        ("average(x) <= 3", "average", Expected::Function),
        ("mean x <= 3", "x", Expected::Symbol("(")),
        ("mean('x') <= 3", "'x'", Expected::Column),
        ("mean(x <= 3", "<=", Expected::Symbol(")")),
        ("mean(x) 3", "3", Expected::Comparison),
        ("mean(x) <= ", "", Expected::Number),
        ("mean(x) <= 3%", "3%", Expected::Number),
        ("mean(x) <= 2020-01-01", "2020-01-01", Expected::Number),
        ("mean(x) <= 1,000", ",", Expected::End),
        ("mean(x) <= 1e3", "1e3", Expected::Decimal(DecimalError::NotANumber)),
        ("mean(x) between 5 and 3", "3", Expected::OrderedRange),
        ("mean(x) between 5 or 3", "or", Expected::Symbol("and")),
        ("nulls(x) between 1% and 5", "5", Expected::RowsOrRate),
        ("nulls(x) <= 0.01", "0.01", Expected::RowsOrRate),
        ("std(x) <= -1", "-1", Expected::NonNegative),
        ("min(x) <= 5", "<=", lower("min", OneSided::BoundsOnly)),
        ("max(x) >= 5", ">=", Expected::UpperBound { function: "max", reason: OneSided::BoundsOnly }),
        ("range(x) >= 5", ">=", Expected::UpperBound { function: "range", reason: OneSided::BoundsOnly }),
        (
            "range(x) between 0 and 5",
            "between",
            Expected::UpperBound { function: "range", reason: OneSided::BoundsOnly },
        ),
        ("range(x) <= 5%", "5%", Expected::Number),
        ("min_group(x) = 5", "=", lower("min_group", OneSided::LowerOnly)),
        ("balance(x) between 0.1 and 1", "between", lower("balance", OneSided::LowerOnly)),
        ("share(x = 3.5) <= 5%", "3.5", Expected::Value),
        ("share(x = 1.0) <= 5%", "1.0", Expected::Value),
        ("share(x = 01) <= 5%", "01", Expected::Value),
        ("share(x = 2024-01-01) <= 5%", "2024-01-01", Expected::Value),
        ("gap(a = 'x' by a: 'f', 'm') <= 1%", "a", Expected::Different),
        ("gap(a = 'x' by b: 'f', 'f') <= 1%", "'f'", Expected::Different),
        ("corr(a, a) <= 1", "a", Expected::Different),
        ("min_group(a, a) >= 5", "a", Expected::Different),
        ("min_group(a, b, c) >= 5", ",", Expected::Symbol(")")),
        ("values(d) between 2020-01-01 and 5", "5", Expected::OrderedRange),
        ("mean(x) <= 3 <= 4", "<=", Expected::End),
        ("rows >= 3 over all rows", "over", Expected::End),
    ] {
        assert_eq!(fault(text), (place.to_owned(), expected), "{text}");
    }
    let long = format!("mean({}) <= 3", "x".repeat(5_000));
    assert_eq!(fault(&long).1, Expected::Shorter { max: Claim::MAX_LEN });
}

#[test]
fn a_syntax_error_shows_the_text_with_a_caret_under_the_place() {
    let shown = "mean(\u{e9}t\u{e9}) <= 1e3".parse::<Claim>().unwrap_err().to_string();
    let expected = "expected a decimal number such as 12.5\n  mean(\u{e9}t\u{e9}) <= 1e3\n               ^^^";
    assert_eq!(shown, expected);
    let shown = "mean(x) <=".parse::<Claim>().unwrap_err().to_string();
    assert!(shown.ends_with("\n  mean(x) <=\n            ^"), "{shown}");
}

#[test]
fn the_json_form_is_tagged_and_refuses_unknown_fields() {
    let json = r#"{"claim":"mean","column":"age","is":{"between":["30","60.5"]}}"#;
    let claim: Claim = serde_json::from_str(json).unwrap();
    assert_eq!(claim, read("mean(age) between 30 and 60.5"));
    assert_eq!(serde_json::to_string(&claim).unwrap(), json);
    let share = r#"{"claim":"share","column":"s","value":"x","over":"valid_rows","is":{"at_least":"0.2"}}"#;
    assert_eq!(serde_json::to_string(&read("share(s = 'x') >= 20%")).unwrap(), share);
    for bad in [
        json.replace("}}", "},\"extra\":1}"),
        json.replace("\"30\"", "30"),
        json.replace("mean", "median"),
        json.replace("between", "at_most"),
        json.replace("\"30\"", "\"1e2\""),
    ] {
        assert!(serde_json::from_str::<Claim>(&bad).is_err(), "{bad}");
    }
}

fn column(name: &str, ty: ColumnType, encoding: Encoding) -> ColumnLayout {
    ColumnLayout::new(name, ty, encoding).nullable(true)
}

fn table() -> Layout {
    let numeric = Encoding::Numeric { limbs: 2 };
    let four = Encoding::Category { capacity: 4 };
    let columns = vec![
        column("age", ColumnType::Int, numeric),
        column("price", ColumnType::Decimal { scale: 2 }, numeric),
        column("day", ColumnType::Date, numeric),
        column("at", ColumnType::Timestamp { unit: TimeUnit::Millisecond }, numeric),
        column("sex", ColumnType::Category, four),
        column("ok", ColumnType::Bool, four),
        column("zip3", ColumnType::Category, Encoding::Grouped { capacity: 1024 }),
        column("note", ColumnType::Text, Encoding::Opaque),
    ];
    let pairs = vec![PairLayout::Joint { group: 4, label: 5 }, PairLayout::Product { left: 0, right: 1 }];
    Layout::new(100, columns, pairs).unwrap()
}

fn resolved(text: &str) -> Result<ResolvedClaim, ClaimError> {
    resolve(&read(text), &table())
}

/// The relation of a claim of one kind.
macro_rules! relation {
    ($kind:ident, $text:expr) => {{
        let Claim::$kind(claim) = read($text) else { panic!("{}", $text) };
        claim.relation(&Matched { layout: &table(), function: stringify!($kind) }).unwrap()
    }};
}

fn ratio<K: ColumnRatio>(claim: K) -> Ratio<K> {
    Ratio::new(claim, &Matched { layout: &table(), function: "" }).unwrap()
}

const fn bound(numerator: i128, denominator: u64, strict: bool) -> Option<Bound> {
    Some(Bound { numerator, denominator, strict })
}

#[test]
fn thresholds_are_scaled_to_integer_units_exactly() {
    let upper = |upper| Bounds { lower: None, upper };
    let mean = |text: &str| {
        let Claim::Mean(claim) = read(text) else { panic!("{text}") };
        let Ratio { column, is, .. } = ratio(claim);
        (column.position, is)
    };
    assert_eq!(mean("mean(price) <= 0.125"), (1, upper(bound(25, 2, false))));
    assert_eq!(mean("mean(age) < -0.125"), (0, upper(bound(-1, 8, true))));
    let Claim::Variance(claim) = read("var(price) < 0.5") else { panic!() };
    let Ratio { claim, column, is } = ratio(claim);
    assert_eq!((column.position, claim.estimator), (1, Estimator::Population));
    assert_eq!(is, upper(bound(5_000, 1, true)));
    let Claim::Std(claim) = read("std(price) between 0.125 and 3") else { panic!() };
    assert_eq!(ratio(claim).is, Bounds { lower: bound(625, 4, false), upper: bound(90_000, 1, false) });
    let share = relation!(Share, "share(sex = 'f') between 12.5% and 1");
    assert_eq!(share.capacity, 4);
    assert_eq!(share.is, Bounds { lower: bound(1, 8, false), upper: bound(1, 1, false) });
}

#[test]
fn bounds_of_values_are_rounded_inwards_to_integers() {
    let ends = |text: &str| {
        let range = relation!(Values, text);
        (range.lower, range.upper)
    };
    assert_eq!(ends("values(age) between -2.5 and 2.5"), (Some(-2), Some(2)));
    assert_eq!(ends("min(age) > -2.5"), (Some(-2), None));
    assert_eq!(ends("min(age) > -2"), (Some(-1), None));
    assert_eq!(ends("max(age) < -2"), (None, Some(-3)));
    assert_eq!(ends("max(age) < -2.5"), (None, Some(-3)));
    assert_eq!(ends("max(price) <= 1.239"), (None, Some(123)));
    assert_eq!(ends("min(price) >= 1.231"), (Some(124), None));
    assert_eq!(ends("values(day) = 1970-01-03"), (Some(2), Some(2)));
    assert_eq!(ends("max(at) < 1970-01-01T00:00:01"), (None, Some(999)));
    assert_eq!(ends("max(at) <= 1969-12-31T23:59:59.9999"), (None, Some(-1)));
}

#[test]
fn claims_that_do_not_fit_the_table_say_why() {
    let text = |claim: &str| resolved(claim).unwrap_err().to_string();
    assert_eq!(text("mean(aeg) <= 3"), "no column \"aeg\", did you mean \"age\"?");
    assert_eq!(text("mean(AGE) <= 3"), "no column \"AGE\", did you mean \"age\"?");
    assert_eq!(text("mean(qqqq) <= 3"), "no column \"qqqq\"");
    assert_eq!(
        text("mean(sex) <= 3"),
        "mean is not provable about column \"sex\" of type category: it needs numbers; provable there: count, nulls, \
         share, gap, min_group, balance"
    );
    let unsupported = |claim: &str| match resolved(claim) {
        Err(ClaimError::Unsupported { reason, .. }) => reason,
        other => panic!("{other:?}"),
    };
    assert_eq!(unsupported("mean(day) <= 3"), Unsupported::NeedsQuantity);
    assert_eq!(unsupported("range(day) <= 3"), Unsupported::NeedsQuantity);
    assert_eq!(unsupported("max(sex) <= 3"), Unsupported::NeedsNumeric);
    assert_eq!(unsupported("share(zip3 = 'x') <= 3%"), Unsupported::NeedsCategory);
    assert_eq!(unsupported("min_group(age) >= 3"), Unsupported::NeedsGroups);
    assert_eq!(unsupported("min_group(zip3, sex) >= 3"), Unsupported::NeedsCategory);
    let missing = Err(ClaimError::MissingPair {
        function: "gap",
        kind: PairKind::Joint,
        first: "ok".to_owned(),
        second: "sex".to_owned(),
    });
    let no_pairs = Layout::new(100, table().columns().to_vec(), Vec::new()).unwrap();
    assert_eq!(resolve(&read("gap(sex = 'f' by ok: true, false) <= 1%"), &no_pairs), missing);
    assert!(matches!(resolved("max(day) <= 5"), Err(ClaimError::ThresholdType { .. })));
    assert!(matches!(resolved("max(at) <= 2020-01-01"), Err(ClaimError::ThresholdType { .. })));
    assert!(matches!(resolved("share(ok = 'yes') <= 5%"), Err(ClaimError::NotABoolean { .. })));
}

#[test]
fn pairs_are_found_in_either_order() {
    let gap = |claim: &str| {
        let gap = relation!(Gap, claim);
        (gap.shape.order, gap.group.position, gap.label.position)
    };
    assert_eq!(gap("gap(ok = true by sex: 'f', 'm') <= 1%"), (Order::Straight, 4, 5));
    assert_eq!(gap("gap(sex = 'f' by ok: true, false) <= 1%"), (Order::Reversed, 5, 4));
    assert_eq!(resolved("corr(age, price) <= 0.5"), resolved("corr(price, age) <= 0.5"));
    assert_eq!(resolved("min_group(ok, sex) >= 5"), resolved("min_group(sex, ok) >= 5"));
}

#[test]
fn thresholds_outside_the_statistic_or_the_circuit_are_refused() {
    for claim in ["share(sex = 'f') <= 150%", "share(sex = 'f') >= 20", "nulls(age) <= 101%", "balance(sex) >= 1.1"] {
        assert!(
            matches!(resolved(claim), Err(ClaimError::OutsideRange { lowest: 0, highest: Some(1), .. })),
            "{claim}"
        );
    }
    for claim in ["corr(age, price) <= 1.01", "corr(age, price) >= -2"] {
        assert!(matches!(resolved(claim), Err(ClaimError::OutsideRange { lowest: -1, .. })), "{claim}");
    }
    for claim in ["rows >= 0.5", "count(age) >= 1.5", "min_group(sex) >= 2.5"] {
        assert!(matches!(resolved(claim), Err(ClaimError::NotWhole { .. })), "{claim}");
    }
    for claim in [
        "mean(age) <= 0.12345678901234567".to_owned(),
        format!("mean(price) <= {}", "9".repeat(38)),
        format!("share(sex = 'f') <= 0.{}", "1".repeat(17)),
        format!("max(age) <= {}", "9".repeat(21)),
        "min_group(sex) >= 4294967296".to_owned(),
        format!("std(age) <= {}", "9".repeat(20)),
        "std(age) >= 0.000000001".to_owned(),
    ] {
        assert!(matches!(resolved(&claim), Err(ClaimError::ThresholdTooWide { .. })), "{claim}");
    }
    assert!(resolved("min_group(sex) > 4294967294").is_ok());
    assert!(resolved("mean(age) <= -9223372036854775808").is_ok());
}

#[test]
fn json_cannot_express_what_the_language_refuses() {
    let json = |json: &str| resolve(&serde_json::from_str(json).unwrap(), &table());
    let refused = [
        r#"{"claim":"correlation","left":"age","right":"age","is":{"at_most":"0.5"}}"#,
        r#"{"claim":"min_group","columns":["sex","sex"],"nulls":"excluded","is":{"at_least":"5"}}"#,
        r#"{"claim":"gap","column":"ok","value":"true","by":"sex","groups":["f","f"],"is":{"at_most":"0.1"}}"#,
    ];
    for claim in refused {
        assert!(matches!(json(claim), Err(ClaimError::Repeated { .. })), "{claim}");
    }
    let negative = r#"{"claim":"std","column":"age","estimator":"population","is":{"at_most":"-3"}}"#;
    assert!(matches!(json(negative), Err(ClaimError::OutsideRange { lowest: 0, highest: None, .. })));
    let empty = r#"{"claim":"mean","column":"age","is":{"between":["5","3"]}}"#;
    assert!(matches!(json(empty), Err(ClaimError::EmptyRange { .. })));
    let empty = r#"{"claim":"values","column":"age","is":{"between":["5","3"]}}"#;
    assert!(matches!(json(empty), Err(ClaimError::EmptyRange { .. })));
    let none = r#"{"claim":"min_group","columns":[],"nulls":"excluded","is":{"at_least":"5"}}"#;
    assert!(matches!(json(none), Err(ClaimError::GroupColumns { got: 0 })));
    let upper = r#"{"claim":"min_group","columns":["sex"],"nulls":"excluded","is":{"at_most":"5"}}"#;
    assert!(matches!(json(upper), Err(ClaimError::LowerBoundOnly { .. })));
    let equal = r#"{"claim":"balance","column":"sex","is":{"equal":"0.5"}}"#;
    assert!(matches!(json(equal), Err(ClaimError::LowerBoundOnly { .. })));
    let fraction = r#"{"claim":"nulls","column":"age","unit":"rows","is":{"at_most":"0.01"}}"#;
    assert!(matches!(json(fraction), Err(ClaimError::NotWhole { .. })));
    for end in ["at_least", "above", "equal"] {
        let range = format!(r#"{{"claim":"range","column":"age","is":{{"{end}":"5"}}}}"#);
        assert!(serde_json::from_str::<Claim>(&range).is_err(), "{end}");
    }
    let range = r#"{"claim":"range","column":"age","is":{"at_most":"5"}}"#;
    assert_eq!(serde_json::to_string(&read("range(age) <= 5")).unwrap(), range);
    let mixed = r#"{"claim":"values","column":"age","is":{"between":["1","2020-01-01"]}}"#;
    assert!(matches!(json(mixed), Err(ClaimError::ThresholdType { .. })));
}

prop_compose! {
    fn decimals()(mantissa in -10i128.pow(20)..10i128.pow(20), scale in 0u8..20) -> Decimal {
        Decimal::new(mantissa, scale).unwrap()
    }
}

fn literals() -> impl Strategy<Value = Literal> {
    prop_oneof![
        decimals().prop_map(Literal::Number),
        (-700_000i128..2_900_000).prop_map(|days| Literal::from_days(days).unwrap()),
        (-60_000_000_000_000_000_000i128..250_000_000_000_000_000_000)
            .prop_map(|nanoseconds| Literal::from_nanoseconds(nanoseconds).unwrap()),
    ]
}

fn comparisons<T: Clone + std::fmt::Debug + 'static>(
    values: impl Strategy<Value = T> + 'static,
    ordered: fn(&T, &T) -> bool,
) -> BoxedStrategy<Comparison<T>> {
    let values = values.boxed();
    let one = (values.clone(), 0..5).prop_map(|(value, kind)| match kind {
        0 => Comparison::AtMost(value),
        1 => Comparison::Below(value),
        2 => Comparison::AtLeast(value),
        3 => Comparison::Above(value),
        _ => Comparison::Equal(value),
    });
    let two = (values.clone(), values)
        .prop_map(move |(a, b)| if ordered(&a, &b) { Comparison::Between(a, b) } else { Comparison::Equal(a) });
    prop_oneof![one, two].boxed()
}

fn ranges() -> BoxedStrategy<Comparison<Decimal>> {
    comparisons(decimals(), |a, b| a <= b)
}

fn lower_ends() -> impl Strategy<Value = Comparison<Decimal>> {
    (decimals(), any::<bool>())
        .prop_map(|(value, strict)| if strict { Comparison::Above(value) } else { Comparison::AtLeast(value) })
}

fn whole_ranges() -> BoxedStrategy<Comparison<Decimal>> {
    comparisons((0u64..1 << 40).prop_map(Decimal::from), |a, b| a <= b)
}

fn claims() -> impl Strategy<Value = Claim> {
    let name = || prop_oneof!["[a-z_][a-z0-9_]{0,8}", any::<String>()];
    let values = comparisons(literals(), |a, b| a.ordered(b) == Some(true));
    prop_oneof![
        ranges().prop_map(|is| Claim::from(Rows { is })),
        (name(), ranges()).prop_map(|(column, is)| Claim::from(Count { column, is })),
        (name(), whole_ranges()).prop_map(|(column, is)| Claim::from(Nulls { column, unit: NullUnit::Rows, is })),
        (name(), ranges()).prop_map(|(column, is)| Claim::from(Nulls { column, unit: NullUnit::Rate, is })),
        (name(), ranges()).prop_map(|(column, is)| Claim::from(Mean { column, is })),
        (name(), ranges()).prop_map(|(column, is)| Claim::from(Sum { column, is })),
        (name(), ranges()).prop_map(|(column, is)| Claim::from(Variance { column, estimator: Estimator::Sample, is })),
        (name(), ranges()).prop_map(|(column, is)| {
            let is = is.try_map(|t| if t.is_negative() { Decimal::new(-t.mantissa(), t.scale()) } else { Ok(t) });
            let is = match is.unwrap() {
                Comparison::Between(a, b) if a > b => Comparison::Between(b, a),
                is => is,
            };
            Claim::from(Std { column, estimator: Estimator::Population, is })
        }),
        (name(), decimals(), any::<bool>()).prop_map(|(column, t, strict)| Claim::from(Range {
            column,
            is: if strict { Limit::Below(t) } else { Limit::AtMost(t) }
        })),
        (name(), values).prop_map(|(column, is)| Claim::from(Values { column, is })),
        (name(), any::<String>(), ranges()).prop_map(|(column, value, is)| Claim::from(Share {
            column,
            value,
            over: ShareBase::AllRows,
            is
        })),
        (name(), any::<String>(), any::<String>(), ranges()).prop_map(|(column, value, group, is)| Claim::from(Gap {
            by: format!("{column}2"),
            groups: [format!("{group}3"), group],
            column,
            value,
            is
        })),
        (name(), lower_ends()).prop_map(|(column, is)| Claim::from(MinGroup {
            columns: vec![format!("{column}2"), column],
            nulls: NullGroups::Included,
            is
        })),
        (name(), lower_ends()).prop_map(|(column, is)| Claim::from(Balance { column, is })),
        (name(), ranges()).prop_map(|(left, is)| Claim::from(Correlation { right: format!("{left}2"), left, is })),
    ]
}

proptest! {
    #[test]
    fn printed_claims_read_back_as_themselves(claim in claims()) {
        let text = claim.to_string();
        prop_assume!(text.len() <= Claim::MAX_LEN);
        prop_assert_eq!(text.parse::<Claim>().map_err(|error| error.to_string()), Ok(claim.clone()));
        let json = serde_json::to_string(&claim).unwrap();
        prop_assert_eq!(serde_json::from_str::<Claim>(&json).unwrap(), claim);
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in any::<String>(), cut in 0usize..40) {
        let _ = text.parse::<Claim>().map_err(|error| error.to_string());
        let claim = "gap(hired = 'yes' by sex: 'f\\u{e9}', 'm') between 5% and 2020-01-01T00:00:00Z";
        let at = (0..=cut.min(claim.len())).rev().find(|&i| claim.is_char_boundary(i)).unwrap_or(0);
        let _ = format!("{}{text}{}", &claim[..at], &claim[at..]).parse::<Claim>().map_err(|error| error.to_string());
    }
}
