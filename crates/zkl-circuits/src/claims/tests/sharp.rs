//! Upper bounds of columns with fraction bits: every bound a little above the largest value is provable, and nothing else changes.

use std::ops::RangeInclusive;

use num_bigint::BigInt;
use proptest::prelude::*;
use zkl_core::{
    circuit::CircuitType,
    column::{ColumnType, TimeUnit},
    layout::{ColumnLayout, Encoding, Layout, PairLayout, Rounding},
};

use super::{
    super::{evaluate, observed::in_type, resolve},
    fixture::{Column, Table, numbers, satisfied},
};
use crate::{
    claims::language::{ClaimError, Coarse},
    seal::{ColumnFault, Seal, SealError, SealSeed, layout_digest},
};

/// Column `name` as a table with these values has it.
fn sharp(name: &'static str, ty: ColumnType, values: &[i64]) -> Column {
    let (min, max) = (values.iter().copied().min().unwrap(), values.iter().copied().max().unwrap());
    let encoding = Encoding::for_span(max.abs_diff(min));
    let cells = values.iter().copied().map(Some).collect();
    Column { ty, encoding, fraction_bits: encoding.fraction_bits(min, max), ..numbers(name, 1, cells) }
}

fn table(ty: ColumnType, values: &[i64]) -> Table {
    Table::new(&[sharp("x", ty, values)], &[])
}

/// The lowest bound that is provable, from the message that names it.
fn lowest(table: &Table, text: &str) -> Option<String> {
    match table.prove(text) {
        Err(ClaimError::NotProvable { reason: Coarse::UpperBound { provable } }) => Some(provable),
        Ok(_) => None,
        Err(error) => panic!("{text}: {error}"),
    }
}

#[test]
fn round_bounds_of_salaries_and_of_money_are_provable() {
    let salaries = table(ColumnType::Int, &[20_000, 99_999, 35_000]);
    assert_eq!(salaries.layout.columns()[0].fraction_bits, 15);
    for text in ["max(x) <= 100000", "max(x) < 100000", "values(x) between 20000 and 100000", "range(x) <= 80000"] {
        salaries.accepts(text);
    }
    for text in ["max(x) < 99999", "max(x) <= 99998.5", "min(x) >= 20001", "range(x) < 79999"] {
        salaries.refuses(text);
    }
    assert_eq!(lowest(&salaries, "max(x) <= 99999").as_deref(), Some("100000"));
    assert_eq!(lowest(&salaries, "range(x) <= 79999").as_deref(), Some("80000"));
    let evaluation = salaries.evaluate("max(x) <= 100000").unwrap();
    assert_eq!(evaluation.observed().to_string(), "20000 to 99999");

    let money = table(ColumnType::Decimal { scale: 2 }, &[1_050, 99_999]);
    for text in ["max(x) <= 1000", "range(x) <= 989.50", "min(x) >= 10.5"] {
        money.accepts(text);
    }
    assert_eq!(lowest(&money, "max(x) <= 999.99").as_deref(), Some("1000"));

    // Below zero as well, and where values are at the ends of 64 bits.
    let debts = table(ColumnType::Int, &[-99_999, -20_000]);
    debts.accepts("max(x) <= -19999");
    debts.refuses("max(x) <= -20001");
    let largest = table(ColumnType::Int, &[i64::MAX - 100_000, i64::MAX]);
    assert_eq!(largest.layout.columns()[0].fraction_bits, 0);
    largest.accepts("max(x) <= 9223372036854806878");
}

/// A type, the smallest value, how far the largest is from it, and a number to choose others with. Fraction bits fill the top limb.
fn columns() -> impl Strategy<Value = (ColumnType, i64, u64, u64)> {
    let spans = |bits: RangeInclusive<u32>| bits.prop_flat_map(|bits| (1u64 << (bits - 1))..=(u64::MAX >> (64 - bits)));
    let ranges = move |bits, least: i64, most: i64| {
        (spans(bits), any::<u64>()).prop_map(move |(span, at)| {
            let room = most.abs_diff(least) - span;
            (least.wrapping_add_unsigned(at % (room + 1)), span)
        })
    };
    let number = prop_oneof![
        ranges(17..=48, -(1 << 47), 1 << 47),
        spans(49..=63).prop_map(|span| (-(span.div_ceil(2) as i64), span)),
    ];
    let times = move |unit, most: i64, bits| {
        ranges(bits, -most, most).prop_map(move |values| (ColumnType::Timestamp { unit }, values))
    };
    let seconds = 60_000_000_000_i64;
    prop_oneof![
        3 => (number, 0u8..=18).prop_map(|(values, scale)| match scale {
            0 => (ColumnType::Int, values),
            scale => (ColumnType::Decimal { scale }, values),
        }),
        1 => ranges(17..=21, -700_000, 2_800_000).prop_map(|values| (ColumnType::Date, values)),
        1 => times(TimeUnit::Second, seconds, 17..=36),
        1 => times(TimeUnit::Millisecond, seconds * 1_000, 17..=45),
        1 => times(TimeUnit::Microsecond, 1 << 47, 17..=48),
        1 => times(TimeUnit::Nanosecond, 1 << 47, 17..=48),
    ]
    .prop_flat_map(|(ty, (min, span))| (Just(ty), Just(min), Just(span), any::<u64>()))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, ..ProptestConfig::default() })]

    #[test]
    fn every_bound_beyond_a_16384th_of_the_range_is_provable((ty, min, span, at) in columns()) {
        let max = min.checked_add_unsigned(span).unwrap();
        let values = [min.checked_add_unsigned(at % span).unwrap(), max, min];
        let table = table(ty, &values);
        // The first whole unit that is so far above.
        let margin = i128::from(span.div_ceil(16_384));
        let bound = |above: i128| in_type(i128::from(max) + above, ty);
        for above in [margin, margin + 1, margin + 7, 0] {
            let text = format!("max(x) <= {}", bound(above));
            let lowest = if above == 0 { lowest(&table, &text) } else { None };
            match &lowest {
                None => table.accepts(&text),
                Some(lowest) => {
                    prop_assert!(!satisfied(table.careless(&text).as_ref()), "{}", text);
                    table.accepts(&format!("max(x) <= {lowest}"));
                }
            }
        }
        table.accepts(&format!("min(x) >= {}", in_type(min.into(), ty)));
        table.refuses(&format!("min(x) > {}", in_type(min.into(), ty)));
        table.refuses(&format!("max(x) < {}", bound(0)));
        if ty.is_quantity() {
            table.accepts(&format!("range(x) <= {}", in_type(i128::from(span) + margin, ty)));
            table.refuses(&format!("range(x) < {}", in_type(span.into(), ty)));
        }
    }

    #[test]
    fn claims_say_the_same_with_fraction_bits_as_without(
        xs in proptest::collection::vec(-70_000i64..70_000, 2..6),
        ys in proptest::collection::vec(0i64..3_000_000, 6),
        threshold in -300_000i64..300_000,
        op in prop_oneof![Just("<="), Just("<"), Just(">="), Just(">"), Just("=")],
    ) {
        let ys = &ys[..xs.len()];
        let product = [PairLayout::Product { left: 0, right: 1 }];
        let of = |fractions: bool| {
            let mut columns = [sharp("x", ColumnType::Decimal { scale: 2 }, &xs), sharp("y", ColumnType::Int, ys)];
            if !fractions {
                columns.iter_mut().for_each(|column| column.fraction_bits = 0);
            }
            Table::new(&columns, &product)
        };
        let (with, without) = (of(true), of(false));
        let (small, rate) = (threshold as f64 / 400.0, threshold as f64 / 400_000.0);
        let mut texts = vec![format!("corr(x, y) {op} {rate}"), format!("std(y) {op} {}", threshold.abs())];
        for function in ["mean(x)", "sum(x)", "var(x)", "var_sample(y)", "mean(y)", "sum(y)"] {
            texts.push(format!("{function} {op} {small}"));
        }
        for text in texts {
            match (with.evaluate(&text), without.evaluate(&text)) {
                (Ok(with_bits), Ok(plain)) => {
                    prop_assert_eq!(with_bits.holds, plain.holds, "{}", &text);
                    prop_assert_eq!(with_bits.observed().to_string(), plain.observed().to_string());
                    prop_assert_eq!(satisfied(with.careless(&text).as_ref()), with_bits.provable, "{}", &text);
                }
                (one, other) => prop_assert_eq!(one.err(), other.err()),
            }
        }
    }
}

#[test]
fn limits_beyond_what_is_sealed_say_what_they_said() {
    let salaries = table(ColumnType::Int, &[20_000, 99_999]);
    for text in ["max(x) <= 36893488147419103232", "min(x) >= -36893488147419103232", "max(x) <= 9999999999999999999"] {
        salaries.accepts(text);
    }
    for text in ["min(x) >= 36893488147419103232", "max(x) <= -36893488147419103232"] {
        salaries.refuses(text);
    }
    let wide = salaries.layout.clone();
    let refused = resolve(&"max(x) <= 36893488147419103233".parse().unwrap(), &wide).unwrap_err();
    assert!(matches!(refused, ClaimError::ThresholdTooWide { .. }), "{refused}");
}

/// The table's layout with other fraction bits of its one column.
fn other_layout(table: &Table, fraction_bits: u8) -> Layout {
    let column = ColumnLayout { fraction_bits, ..table.layout.columns()[0].clone() };
    Layout::new(table.layout.rows(), vec![column], Vec::new()).unwrap()
}

#[test]
fn other_fraction_bits_are_another_layout_for_the_header() {
    // With one bit less all values are twice as large, and a bound of half of them would be provable.
    let honest = table(ColumnType::Int, &[20_000, 99_999]);
    for fraction_bits in [0, 14] {
        let layout = other_layout(&honest, fraction_bits);
        assert_ne!(layout_digest(&layout), layout_digest(&honest.layout));
        let claim = resolve(&"max(x) <= 200000".parse().unwrap(), &layout).unwrap();
        assert_eq!(evaluate(&claim, &honest.layout, &honest.profile).err(), Some(ClaimError::ProfileMismatch));
        let lying = Table { layout, profile: honest.profile.clone(), seal: honest.seal.clone() };
        assert!(!satisfied(lying.careless("max(x) <= 200000").as_ref()), "{fraction_bits}");
    }
}

#[test]
fn values_that_leave_their_limbs_or_64_bits_are_not_sealed() {
    let fault = |values: &[i64], fraction_bits| {
        let layout = other_layout(&table(ColumnType::Int, values), fraction_bits);
        Seal::new(&layout, &table(ColumnType::Int, values).profile, &SealSeed::from_bytes([7; 32])).map(|_| ())
    };
    assert!(fault(&[20_000, 99_999], 15).is_ok());
    let span =
        |fault: Result<(), SealError>| matches!(fault, Err(SealError::Column { fault: ColumnFault::Span { .. }, .. }));
    assert!(span(fault(&[0, 1 << 20], 12)), "another limb");
    assert!(span(fault(&[i64::MAX - (1 << 20), i64::MAX], 1)), "beyond 64 bits");
    assert!(span(fault(&[i64::MIN, i64::MIN + (1 << 20)], 1)), "beyond 64 bits");
}

#[test]
fn the_bound_that_a_message_names_is_provable_of_a_rounded_column() {
    for ty in [ColumnType::Int, ColumnType::Decimal { scale: 2 }] {
        let sharp = table(ty, &[1_050, 99_999]);
        for fraction_bits in [0, 3, 15] {
            let rounding = Some(Rounding::to_nearest(ty.scale()));
            let column = ColumnLayout { rounding, ..other_layout(&sharp, fraction_bits).columns()[0].clone() };
            let layout = Layout::new(2, vec![column], Vec::new()).unwrap();
            let rounded = Table::of_profile(layout, sharp.profile.clone());
            // As close as the rounding leaves it.
            let (largest, range) = if ty == ColumnType::Int { ("99999.5", "98950") } else { ("999.995", "989.5") };
            for (claim, closest) in [("max(x) <=", largest), ("range(x) <=", range)] {
                let named = lowest(&rounded, &format!("{claim} {closest}")).unwrap();
                rounded.accepts(&format!("{claim} {named}"));
            }
        }
    }
    let plain = other_layout(&table(ColumnType::Decimal { scale: 2 }, &[1_050, 99_999]), 0).columns()[0].clone();
    let column = ColumnLayout { rounding: Some(Rounding::to_nearest(2)), ..plain };
    let layout = Layout::new(2, vec![column], Vec::new()).unwrap();
    let rounded = Table::of_profile(layout, table(ColumnType::Decimal { scale: 2 }, &[1_050, 99_999]).profile);
    assert_eq!(lowest(&rounded, "max(x) <= 1000").as_deref(), Some("1321.215"), "1050 + 2^17 - 1, and half a unit");
    assert_eq!(lowest(&rounded, "range(x) <= 1000").as_deref(), Some("1310.72"), "2^17 - 1, and one unit");
}

#[test]
fn a_bound_of_a_sharp_column_is_proved_for_its_own_layout() {
    let salaries = table(ColumnType::Int, &[20_000, 99_999]);
    let plain = Table::of_profile(other_layout(&salaries, 0), salaries.profile.clone());
    let inputs = |proved: CircuitType| proved.circuit().public_inputs();
    let [with, without] = [&salaries, &plain].map(|table| inputs(table.prove("max(x) <= 151071").unwrap()));
    // The same circuit, and other inputs: the seal, the layout, and the bound.
    let changed: Vec<usize> = (0..with.len()).filter(|&at| with[at] != without[at]).collect();
    assert_eq!(changed, [0, 2, with.len() - 1]);
    let scaled = BigInt::from(151_071u64 << 15);
    assert_eq!(with.last(), Some(&zkl_snark::gadgets::IntVar::public_value(&scaled)));
}
