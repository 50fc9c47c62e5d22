//! Edge tables through the seal and the circuit, in a shape of real size.

use zkl_argument::{ColumnData, ScanPlan, ScanWitness, TranscriptSeed, prove_plain};
use zkl_core::{
    ark::Fr,
    column::ColumnType,
    layout::{ColumnLayout, Encoding, Layout},
    profile::{CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, NumericStats, Profile},
};
use zkl_snark::testing::satisfied;

use crate::{
    scan::TranscriptCircuit,
    seal::{Records, Seal, SealSeed},
};

/// Whether the profile is sealed and proved to be that of the columns.
fn accepts(rows: u64, columns: Vec<(ColumnLayout, ColumnProfile, ColumnData<'_>)>) {
    let mut parts = (Vec::new(), Vec::new(), Vec::new());
    for (layout, profile, data) in columns {
        parts.0.push(layout);
        parts.1.push(profile);
        parts.2.push(data);
    }
    let layout = Layout::new(rows, parts.0, Vec::new()).unwrap();
    let profile = Profile { rows, columns: parts.1, pairs: Vec::new() };
    let plan = ScanPlan::exact(&layout).unwrap();
    let seal = Seal::new(plan.layout(), &profile, &SealSeed::from_bytes([8; 32])).unwrap();
    let sealed = Records::new(&plan, &seal).unwrap().sealed(&plan);
    let witness = ScanWitness::new(&plan, &parts.2, &sealed).unwrap();
    let seed = TranscriptSeed { t0: Fr::from(1u64), salt: Fr::from(2u64) };
    let proof = prove_plain(&plan, &witness, &sealed, &[3u64, 4].map(Fr::from), &seed).unwrap();
    satisfied(&TranscriptCircuit::new(&plan, &seal, seed.t0, seed.salt, &proof).unwrap());
}

fn column(name: &str, ty: ColumnType, nullable: bool, encoding: Encoding) -> ColumnLayout {
    ColumnLayout::new(name, ty, encoding).nullable(nullable)
}

#[test]
fn the_whole_range_of_64_bits_is_one_column() {
    // i64::MIN, null, i64::MAX.
    let limbs: [[u16; 3]; 4] = [[0, 0, u16::MAX]; 4];
    let span = u128::from(u64::MAX);
    let stats = NumericStats { min: i64::MIN, max: i64::MAX, sum: span.into(), sum_squares: (span * span).into() };
    let data = ColumnData::Numeric {
        limbs: limbs.iter().map(<[u16; 3]>::as_slice).collect(),
        valid: Some(&[true, false, true]),
    };
    let layout = column("n", ColumnType::Int, true, Encoding::Numeric { limbs: 4 });
    accepts(3, vec![(layout, ColumnProfile { valid: 2, stats: ColumnStats::Numeric(stats) }, data)]);
}

#[test]
fn one_row_may_hold_the_smallest_integer_and_one_category() {
    let number = NumericStats { min: i64::MIN, max: i64::MIN, sum: 0u64.into(), sum_squares: 0u64.into() };
    let category = CategoryStats { entries: vec![CategoryCount { value: "only".to_owned(), count: 1 }] };
    let groups = GroupedStats { entries: vec![CategoryCount { value: "only".to_owned(), count: 1 }] };
    accepts(
        1,
        vec![
            (
                column("n", ColumnType::Int, false, Encoding::Numeric { limbs: 1 }),
                ColumnProfile { valid: 1, stats: ColumnStats::Numeric(number) },
                ColumnData::Numeric { limbs: vec![&[0]], valid: None },
            ),
            (
                column("c", ColumnType::Category, false, Encoding::Category { capacity: 4 }),
                ColumnProfile { valid: 1, stats: ColumnStats::Category(category) },
                ColumnData::Codes16(&[1]),
            ),
            (
                column("g", ColumnType::Category, false, Encoding::Grouped { capacity: 65_536 }),
                ColumnProfile { valid: 1, stats: ColumnStats::Grouped(groups) },
                ColumnData::Codes16(&[1]),
            ),
        ],
    );
}

#[test]
fn columns_without_a_value_have_bounds_of_zero_and_no_groups() {
    let number = NumericStats { min: 0, max: 0, sum: 0u64.into(), sum_squares: 0u64.into() };
    accepts(
        2,
        vec![
            (
                column("n", ColumnType::Int, true, Encoding::Numeric { limbs: 1 }),
                ColumnProfile { valid: 0, stats: ColumnStats::Numeric(number) },
                ColumnData::Numeric { limbs: vec![&[0, 0]], valid: Some(&[false, false]) },
            ),
            (
                column("g", ColumnType::Category, true, Encoding::Grouped { capacity: 512 }),
                ColumnProfile { valid: 0, stats: ColumnStats::Grouped(GroupedStats { entries: Vec::new() }) },
                ColumnData::Codes16(&[0, 0]),
            ),
            (
                column("t", ColumnType::Text, true, Encoding::Opaque),
                ColumnProfile { valid: 0, stats: ColumnStats::Opaque },
                ColumnData::Opaque { valid: Some(&[false, false]) },
            ),
        ],
    );
}
