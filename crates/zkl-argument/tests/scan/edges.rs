//! Edge tables in shapes of real size: limbs of 16 bits, blocks of 2^16 rows and more.

use zkl_argument::{ScanPlan, ScanWitness, SealedProfile};
use zkl_core::{
    layout::Encoding,
    profile::{CategoryCount, ColumnProfile, ColumnStats, GroupedStats, NumericStats, Profile},
};

use super::table::{Case, Column, Table, category, nullable, numeric, small};

/// Proves and verifies, and says how many rows the block has.
fn accepts(rows: usize, columns: Vec<Column>) -> (Case, usize) {
    let log_rows = zkl_argument::plan::log_rows_for(rows as u64);
    let case = Table::new(log_rows, 16, rows, columns, Vec::new()).case();
    let proof = case.prove();
    case.verify(&case.witness(), &proof.messages).unwrap();
    (case, log_rows)
}

#[test]
fn accepts_one_row_and_one_column_of_every_kind() {
    for column in [
        numeric(1, &[65_535]),
        nullable(4, &[None]),
        category(4, &[3]),
        category(256, &[0]),
        Column::Grouped { capacity: 65_536, nullable: true, codes: vec![0] },
        Column::Grouped { capacity: 65_536, nullable: false, codes: vec![1] },
        Column::Opaque { nullable: true, valid: vec![false] },
    ] {
        accepts(1, vec![column]);
    }
}

#[test]
fn accepts_row_counts_around_the_size_of_a_block() {
    for (rows, expected) in [(65_535, 16), (65_536, 16), (65_537, 17)] {
        let values: Vec<u64> = (0..rows as u64).map(|row| row % 65_536).collect();
        let (_, log_rows) = accepts(rows, vec![numeric(1, &values)]);
        assert_eq!(log_rows, expected);
    }
}

#[test]
fn accepts_values_at_the_borders_of_limbs() {
    let border = |limb: u32| [(1u64 << (16 * limb)) - 1, 1 << (16 * limb), (1 << (16 * limb)) + 1];
    let mut values: Vec<u64> = (1..4).flat_map(border).collect();
    values.extend([0, 1, 65_534, u64::MAX - 1, u64::MAX]);
    let rows = values.len();
    let (case, _) = accepts(rows, vec![numeric(4, &values), category(4, &vec![1; rows])]);
    assert_eq!(case.sealed.numeric[0].top, small(65_535));
    // A bound of the top limb that every value reaches.
    accepts(2, vec![numeric(2, &[65_536, 131_071])]);
}

#[test]
fn accepts_65_536_codes_with_and_without_a_null() {
    let codes: Vec<u16> = (0..=u16::MAX).collect();
    let grouped = |nullable, codes: &[u16]| Column::Grouped { capacity: 65_536, nullable, codes: codes.to_vec() };
    let (case, _) = accepts(65_536, vec![grouped(true, &codes)]);
    assert_eq!((case.sealed.grouped[0].distinct, case.sealed.grouped[0].smallest), (small(65_535), small(1)));
    let (case, _) = accepts(65_535, vec![grouped(false, &codes[1..])]);
    assert_eq!(case.sealed.grouped[0].nulls, small(0));
}

/// The bounds of a column come from its profile: from the smallest to the largest 64-bit integer, and at either end.
#[test]
fn profiles_at_the_ends_of_64_bits_fill_their_slots() {
    let span = |min: i64, max: i64, limbs: usize| {
        let offset = max.abs_diff(min);
        let table = Table::new(16, 16, 2, vec![numeric(limbs, &[0, offset])], Vec::new());
        let plan = table.plan();
        let stats = NumericStats {
            min,
            max,
            sum: offset.into(),
            sum_squares: (u128::from(offset) * u128::from(offset)).into(),
        };
        let profile = Profile {
            rows: 2,
            columns: vec![ColumnProfile { valid: 2, stats: ColumnStats::Numeric(stats) }],
            pairs: Vec::new(),
        };
        assert!(SealedProfile::from_profile(&plan, &profile).unwrap() == table.seal(&plan), "{min} {max}");
    };
    span(i64::MIN, i64::MAX, 4);
    span(i64::MIN, i64::MIN, 1);
    span(i64::MIN, i64::MIN + 65_535, 1);
    span(i64::MIN, i64::MIN + 65_536, 2);
    span(i64::MAX - 1, i64::MAX, 1);
    span(-1, i64::MAX, 4);
}

/// Codes beyond 16 bits come in 32: the last one of the largest dictionary.
#[test]
fn witnesses_take_codes_of_either_width() {
    let narrow = Table::new(
        16,
        16,
        3,
        vec![Column::Grouped { capacity: 65_536, nullable: true, codes: vec![0, 1, 2] }],
        Vec::new(),
    );
    let plan: ScanPlan = narrow.plan();
    assert!(matches!(plan.layout().columns()[0].encoding, Encoding::Grouped { capacity: 65_536 }));
    let entries = ["a", "b"].map(|value| CategoryCount { value: value.to_owned(), count: 1 }).to_vec();
    let profile = Profile {
        rows: 3,
        columns: vec![ColumnProfile { valid: 2, stats: ColumnStats::Grouped(GroupedStats { entries }) }],
        pairs: Vec::new(),
    };
    let sealed = SealedProfile::from_profile(&plan, &profile).unwrap();
    let wide = [zkl_argument::ColumnData::Codes32(&[0, 1, 2])];
    let short = [zkl_argument::ColumnData::Codes16(&[0, 1, 2])];
    let [wide, short] = [&wide, &short].map(|columns| ScanWitness::new(&plan, columns, &sealed).unwrap());
    for (wide, short) in wide.cells().iter().zip(short.cells()) {
        assert!((0..5).all(|row| wide.value(row) == short.value(row)));
    }
}
