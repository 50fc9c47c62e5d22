//! The border: shapes, layout vectors, sealed profiles, and challenges that no honest transcript draws.

use zkl_argument::{
    ColumnData, LayoutVector, PlanError, ScanError, ScanPlan, ScanWitness, SealedProfile, Shape, Slots,
    plan::log_rows_for, verify, verify_plain,
};
use zkl_core::{
    layout::PairLayout,
    profile::{
        CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile,
        ProductSums, Profile,
    },
};

use super::{
    scripted::Scripted,
    table::{Column, Table, category, nullable, numeric, small},
};

#[test]
fn rejects_challenges_that_meet_a_table_or_unmask_the_value() {
    let case = Table::new(4, 4, 2, vec![category(4, &[0, 1])], Vec::new()).case();
    let run = |challenge| {
        verify(&mut Scripted { challenge }, case.plan.shape(), case.plan.vector(), &case.sealed).unwrap_err()
    };
    // X = Y = 0: X - Y tau - 0 = 0.
    assert_eq!(run(small(0)), ScanError::TableDenominator { table: 0, entry: 0 });
    let case = Table::new(4, 4, 2, vec![numeric(1, &[0, 1])], Vec::new()).case();
    let run = verify(&mut Scripted { challenge: small(0) }, case.plan.shape(), case.plan.vector(), &case.sealed);
    assert_eq!(run.unwrap_err(), ScanError::MaskChallenge);
}

#[test]
fn rejects_row_counts_outside_the_shape() {
    let case = Table::new(4, 4, 16, vec![numeric(1, &[1; 16])], Vec::new()).case();
    for rows in [small(0), small(17), small(31), small(32), -small(1)] {
        let mut vector = case.plan.vector().clone();
        vector.rows = rows;
        let messages = case.prove().messages.clone();
        let mut ctx = zkl_argument::PlainVerifier::new(&case.seed, &messages, messages.len()).unwrap();
        let error = verify(&mut ctx, case.plan.shape(), &vector, &case.sealed).unwrap_err();
        assert_eq!(error, ScanError::RowCount { log_rows: 4 }, "{rows}");
    }
}

#[test]
fn vectors_round_trip_and_refuse_other_lengths() {
    let case = Table::random(31, 4, 9).case();
    let shape = case.plan.shape();
    let vector = case.plan.vector().elements();
    assert_eq!(LayoutVector::from_elements(shape, vector.clone()).unwrap(), *case.plan.vector());
    let sealed = case.sealed.elements();
    assert!(SealedProfile::from_elements(shape, sealed.clone()).unwrap() == case.sealed);
    for wrong in [vector.len() - 1, vector.len() + 1] {
        let mut elements = vector.clone();
        elements.resize(wrong, small(0));
        let error = LayoutVector::from_elements(shape, elements).unwrap_err();
        assert_eq!(error, ScanError::StatementLength { what: "the layout vector", expected: vector.len(), got: wrong });
    }
    for wrong in [0, sealed.len() - 1, sealed.len() + 1] {
        let mut elements = sealed.clone();
        elements.resize(wrong, small(0));
        let error = SealedProfile::from_elements(shape, elements).err();
        let expected = ScanError::StatementLength { what: "the sealed profile", expected: sealed.len(), got: wrong };
        assert_eq!(error, Some(expected));
    }
}

#[test]
fn rejects_a_sealed_profile_of_another_shape() {
    let case = Table::random(32, 4, 9).case();
    let messages = case.prove().messages.clone();
    let expected = case.sealed.elements().len();
    let mut sealed = case.sealed.clone();
    sealed.opaque.pop();
    let error = verify_plain(&case.plan, &sealed, &case.seed, &messages).unwrap_err();
    let length = |what, got| ScanError::StatementLength { what, expected, got };
    assert_eq!(error, length("the sealed profile", expected - 1));
    // As many elements, cut into other records.
    let mut sealed = case.sealed.clone();
    let moved = sealed.category[1].pop().unwrap();
    sealed.category[0].push(moved);
    let error = verify_plain(&case.plan, &sealed, &case.seed, &messages).unwrap_err();
    assert_eq!(error, length("a record of the sealed profile", expected));
}

#[test]
fn shapes_have_room_for_the_limb_table_and_at_least_four_blocks() {
    assert_eq!([1, 65_536, 65_537, 1 << 20, (1 << 20) + 1].map(log_rows_for), [16, 16, 17, 20, 21]);
    let size = |shape: Result<Shape, PlanError>| match shape {
        Err(PlanError::Size { what, .. }) => what,
        other => panic!("{other:?}"),
    };
    assert_eq!(size(Shape::new(15, Slots::default())), "binary logarithm of the rows");
    assert_eq!(size(Shape::new(25, Slots::default())), "binary logarithm of the rows");
    assert_eq!(size(Shape::new(16, Slots { opaque: 1_024, ..Slots::default() })), "slots of one kind");
    assert_eq!(size(Shape::new(16, Slots { limbs: 1_023, numeric: 1_023, ..Slots::default() })), "blocks");
    assert_eq!(size(Shape::with_limb_bits(3, 4, Slots::default())), "binary logarithm of the rows");
    assert_eq!(size(Shape::with_limb_bits(20, 17, Slots::default())), "limb bits");
    let shape = Shape::new(16, Slots { opaque: 1, ..Slots::default() }).unwrap();
    assert_eq!((shape.blocks().len(), shape.block_bits()), (0, 2));
    // 10 columns of two limbs: 20 + 10 + 1 blocks, 20 + 5 coordinates.
    let shape = Shape::new(20, Slots { limbs: 20, numeric: 10, ..Slots::default() }).unwrap();
    assert_eq!(shape.block_bits(), 5);
    assert_eq!(shape.layers(), [vec![1], vec![2; 12]].concat());
}

#[test]
fn plans_refuse_layouts_that_do_not_fit_their_shape() {
    let table = Table::random(33, 5, 20);
    let layout = table.layout();
    let full = zkl_argument::plan::slots_of(&layout);
    let plan = |log_rows, slots| ScanPlan::new(Shape::with_limb_bits(log_rows, 4, slots).unwrap(), layout.clone());
    assert_eq!(plan(4, full.clone()).unwrap_err(), PlanError::Rows { got: 20, log_rows: 4 });
    let fewer = [
        ("limb", Slots { limbs: full.limbs - 1, ..full.clone() }),
        ("numeric", Slots { numeric: full.numeric - 1, ..full.clone() }),
        ("opaque", Slots { opaque: 0, ..full.clone() }),
        ("category", Slots { categories: [0, 1, 0, 0], ..full.clone() }),
        ("joint", Slots { joints: [1, 0, 0], ..full.clone() }),
        ("product", Slots { products: 0, ..full.clone() }),
    ];
    for (kind, slots) in fewer {
        assert!(matches!(plan(5, slots), Err(PlanError::Slots { kind: got, .. }) if got == kind), "{kind}");
    }
    let grouped = Table::random_grouped(1, 5).layout();
    let none = Slots { grouped: 0, ..zkl_argument::plan::slots_of(&grouped) };
    let refused = ScanPlan::new(Shape::with_limb_bits(9, 9, none).unwrap(), grouped.clone());
    assert!(matches!(refused, Err(PlanError::Slots { kind: "grouped", got: 1, have: 0 })));
    let shape = Shape::with_limb_bits(9, 8, zkl_argument::plan::slots_of(&grouped)).unwrap();
    assert!(matches!(ScanPlan::new(shape, grouped), Err(PlanError::Size { .. })));
}

#[test]
fn witnesses_refuse_columns_that_cannot_be_proved() {
    let case =
        Table::new(4, 4, 3, vec![nullable(1, &[Some(1), None, Some(2)]), category(4, &[1, 2, 3])], Vec::new()).case();
    let witness = |columns: &[ColumnData<'_>]| ScanWitness::new(&case.plan, columns, &case.sealed).map(|_| ());
    let limb: &[u16] = &[1, 0, 2];
    let valid: &[bool] = &[true, false, true];
    let codes: &[u16] = &[1, 2, 3];
    let numeric = |limb, valid| ColumnData::Numeric { limbs: vec![limb], valid };
    witness(&[numeric(limb, Some(valid)), ColumnData::Codes16(codes)]).unwrap();
    witness(&[numeric(limb, Some(valid)), ColumnData::Codes32(&[1, 2, 3])]).unwrap();
    let misfit = |index| Err(PlanError::Column { index });
    let range = |cell| Err(PlanError::Range { cell });
    assert_eq!(witness(&[numeric(limb, Some(valid))]), misfit(1));
    assert_eq!(witness(&[numeric(limb, None), ColumnData::Codes16(codes)]), misfit(0));
    assert_eq!(witness(&[numeric(&limb[..2], Some(valid)), ColumnData::Codes16(codes)]), misfit(0));
    assert_eq!(witness(&[numeric(limb, Some(&valid[..2])), ColumnData::Codes16(codes)]), misfit(0));
    assert_eq!(witness(&[numeric(&[0; 17], Some(&[true; 17])), ColumnData::Codes16(codes)]), misfit(0));
    assert_eq!(witness(&[ColumnData::Codes16(codes), ColumnData::Codes16(codes)]), misfit(0));
    assert_eq!(witness(&[numeric(limb, Some(valid)), ColumnData::Codes16(&[1, 2, 4])]), range(2));
    // Above the limb, and above the sealed bound.
    assert_eq!(witness(&[numeric(&[1, 0, 16], Some(valid)), ColumnData::Codes16(codes)]), range(0));
    assert_eq!(witness(&[numeric(&[1, 0, 3], Some(valid)), ColumnData::Codes16(codes)]), range(0));
}

#[test]
fn a_profile_fills_its_slots() {
    let columns = vec![
        nullable(2, &[Some(0), None, Some(600), Some(512)]),
        category(4, &[0, 1, 2, 1]),
        Column::Grouped { capacity: 512, nullable: true, codes: vec![0, 1, 2, 1] },
        Column::Opaque { nullable: true, valid: vec![true, false, true, true] },
        numeric(1, &[1, 2, 0, 4]),
        category(4, &[1, 1, 1, 2]),
    ];
    let pairs = vec![PairLayout::Product { left: 0, right: 4 }, PairLayout::Joint { group: 1, label: 5 }];
    let case = Table::new(9, 9, 4, columns, pairs).case();
    let count = |value: &str, count| CategoryCount { value: value.to_owned(), count };
    let entries = || vec![count("a", 2), count("b", 1)];
    let numeric = |valid, min, max, sum: u64, sum_squares: u64| ColumnProfile {
        valid,
        stats: ColumnStats::Numeric(NumericStats { min, max, sum: sum.into(), sum_squares: sum_squares.into() }),
    };
    let categories = |entries| ColumnStats::Category(CategoryStats { entries });
    let mut joint = vec![0; 16];
    for code in [1, 4 + 1, 8 + 1, 4 + 2] {
        joint[code] += 1;
    }
    let profile = Profile {
        rows: 4,
        columns: vec![
            numeric(3, -100, 500, 1_112, 622_144),
            ColumnProfile { valid: 3, stats: categories(entries()) },
            ColumnProfile { valid: 3, stats: ColumnStats::Grouped(GroupedStats { entries: entries() }) },
            ColumnProfile { valid: 3, stats: ColumnStats::Opaque },
            numeric(4, 10, 14, 7, 21),
            ColumnProfile { valid: 4, stats: categories(vec![count("x", 3), count("y", 1)]) },
        ],
        pairs: vec![
            PairProfile::Product(ProductSums {
                valid: 3,
                products: 2_048u64.into(),
                left_sum: 1_112u64.into(),
                right_sum: 5u64.into(),
                left_squares: 622_144u64.into(),
                right_squares: 17u64.into(),
            }),
            PairProfile::Joint(JointCounts { counts: joint }),
        ],
    };
    assert!(SealedProfile::from_profile(&case.plan, &profile).unwrap() == case.sealed);
    case.outcome_of(&case.sealed).unwrap();

    let refused = |change: &dyn Fn(&mut Profile)| {
        let mut profile = profile.clone();
        change(&mut profile);
        SealedProfile::from_profile(&case.plan, &profile).err()
    };
    let at = |index| Some(PlanError::Profile { index });
    assert_eq!(refused(&|p| p.columns[0].stats = ColumnStats::Opaque), at(0));
    assert_eq!(refused(&|p| p.columns[1].stats = ColumnStats::Opaque), at(1));
    assert_eq!(refused(&|p| p.columns[2].stats = ColumnStats::Opaque), at(2));
    assert_eq!(refused(&|p| p.pairs.swap(0, 1)), at(7));
    assert_eq!(refused(&|p| p.columns.truncate(5)), at(5));
    let columns = profile.columns.len();
    assert_eq!(refused(&|p| p.columns.push(p.columns[0].clone())), at(columns));
    assert_eq!(refused(&|p| p.pairs.push(p.pairs[0].clone())), at(columns));
}
