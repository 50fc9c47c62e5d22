//! Tests of sealing and of opening records in circuits.

use num_bigint::{BigInt, BigUint};
use zkl_core::{
    ark::Fr,
    column::{ColumnType, TimeUnit},
    layout::{ColumnLayout, Encoding, Layout, PairLayout},
    profile::{
        CategoryCount, CategoryStats, ColumnProfile, ColumnStats, GroupedStats, JointCounts, NumericStats, PairProfile,
        ProductSums, Profile,
    },
};
use zkl_snark::{
    gadgets::{BoolVar, Cs, FieldVar, GadgetError, IntVar},
    testing::{Instance, TestCircuit, assert_tight, satisfied},
};

use super::*;

fn column(name: &str, ty: ColumnType, nullable: bool, encoding: Encoding) -> ColumnLayout {
    ColumnLayout::new(name, ty, encoding).nullable(nullable)
}

fn entries(values: &[(&str, u64)]) -> Vec<CategoryCount> {
    values.iter().map(|&(value, count)| CategoryCount { value: value.to_owned(), count }).collect()
}

/// Six rows: age (one null), income, sex, label (one null), city, note. This is the example of docs/seal.md.
fn layout() -> Layout {
    let columns = vec![
        column("age", ColumnType::Int, true, Encoding::Numeric { limbs: 1 }),
        column("income", ColumnType::Decimal { scale: 2 }, false, Encoding::Numeric { limbs: 2 }),
        column("sex", ColumnType::Category, false, Encoding::Category { capacity: 4 }),
        column("label", ColumnType::Bool, true, Encoding::Category { capacity: 4 }),
        column("city", ColumnType::Category, false, Encoding::Grouped { capacity: 512 }),
        column("note", ColumnType::Text, true, Encoding::Opaque),
    ];
    let pairs = vec![PairLayout::Joint { group: 2, label: 3 }, PairLayout::Product { left: 0, right: 1 }];
    Layout::new(6, columns, pairs).unwrap()
}

fn numeric(valid: u64, min: i64, max: i64, sum: u64, sum_squares: u64) -> ColumnProfile {
    let stats = NumericStats { min, max, sum: sum.into(), sum_squares: sum_squares.into() };
    ColumnProfile { valid, stats: ColumnStats::Numeric(stats) }
}

fn profile() -> Profile {
    let category = |valid, values: &[(&str, u64)]| ColumnProfile {
        valid,
        stats: ColumnStats::Category(CategoryStats { entries: entries(values) }),
    };
    let grouped = GroupedStats { entries: entries(&[("Bern", 1), ("Oslo", 3), ("Rome", 2)]) };
    Profile {
        rows: 6,
        columns: vec![
            // 20, 30, 40, null, 20, 25
            numeric(5, 20, 40, 35, 525),
            // 1000.00, 2000.00, 1500.00, 1000.00, 9000.00, 1000.01
            numeric(6, 100_000, 900_000, 950_001, 652_500_000_001),
            category(6, &[("f", 2), ("m", 4)]),
            category(5, &[("true", 3), ("false", 2)]),
            ColumnProfile { valid: 6, stats: ColumnStats::Grouped(grouped) },
            ColumnProfile { valid: 2, stats: ColumnStats::Opaque },
        ],
        pairs: vec![
            PairProfile::Joint(JointCounts { counts: vec![0, 0, 0, 0, 0, 2, 0, 0, 1, 1, 2, 0, 0, 0, 0, 0] }),
            PairProfile::Product(ProductSums {
                valid: 5,
                products: 2_000_005u64.into(),
                left_sum: 35u64.into(),
                right_sum: 950_001u64.into(),
                left_squares: 525u64.into(),
                right_squares: 652_500_000_001u64.into(),
            }),
        ],
    }
}

fn seed() -> SealSeed {
    SealSeed::from_bytes(std::array::from_fn(|i| i as u8))
}

fn seal() -> Seal {
    Seal::new(&layout(), &profile(), &seed()).unwrap()
}

fn stats(profile: &mut Profile, index: usize) -> &mut NumericStats {
    match &mut profile.columns[index].stats {
        ColumnStats::Numeric(stats) => stats,
        _ => panic!("no numeric column"),
    }
}

fn dictionary(profile: &mut Profile, index: usize) -> &mut Vec<CategoryCount> {
    match &mut profile.columns[index].stats {
        ColumnStats::Category(CategoryStats { entries }) | ColumnStats::Grouped(GroupedStats { entries }) => entries,
        _ => panic!("no dictionary column"),
    }
}

fn joint(profile: &mut Profile) -> &mut Vec<u64> {
    match &mut profile.pairs[0] {
        PairProfile::Joint(joint) => &mut joint.counts,
        PairProfile::Product(_) => panic!("no joint pair"),
    }
}

fn product(profile: &mut Profile) -> &mut ProductSums {
    match &mut profile.pairs[1] {
        PairProfile::Product(sums) => sums,
        PairProfile::Joint(_) => panic!("no product pair"),
    }
}

#[test]
fn the_documented_example_has_the_documented_commitment() {
    let seal = seal();
    let leaf = seal.numeric(0).unwrap().record.leaf();
    let elements = [seal.commitment().field(), layout_digest(&layout()), leaf, empty_leaf()];
    let expected = [
        "f9a8be2e8a706de935a843b7930ebbc755318561fe46a82a604d8801581a6725",
        "1c8daeb21816813f82948ea62ef134ebc0fe3fbe6000d97673cbd228b613910f",
        "1828c3aee307941da7b5b6fd60473263de037788ce3b062082cb3cf676b75003",
        "1964adc1cc810491d4801362cd83303c3fe7ff4866691da78a09b841d8842623",
    ];
    assert_eq!(elements.map(|element| SealCommitment::new(element).to_string()), expected);
}

#[test]
fn the_documented_range_has_the_documented_commitment() {
    let range = SegmentRange { first: 1, count: 2 };
    let part = Seal::of_range(&layout(), &profile(), &seed(), range).unwrap();
    let expected = "fe463a8047af668d17295207fd631c38c0c7101df4cddd51121b8d1a3f347823";
    assert_eq!(part.commitment().to_string(), expected);
    // The records are those of the table's seal, salts included: only the header differs.
    let heads = |seal: &Seal| seal.columns().iter().map(|record| record.head().leaf()).collect::<Vec<_>>();
    assert_eq!(heads(&part), heads(&seal()));
    assert_ne!(part.header().record.nonce, seal().header().record.nonce);
}

#[test]
fn ranges_have_nonces_of_their_own() {
    let commitment = |first, count| {
        let range = SegmentRange { first, count };
        Seal::of_range(&layout(), &profile(), &seed(), range).unwrap().commitment()
    };
    let mut seen = std::collections::HashSet::from([seal().commitment()]);
    for first in 0..4 {
        for count in 1..4 {
            assert!(seen.insert(commitment(first, count)));
        }
    }
    assert_eq!(commitment(3, 2), commitment(3, 2));
}

#[test]
fn ranges_may_lack_values_and_bounds_and_tables_may_not() {
    let range = SegmentRange { first: 0, count: 1 };
    let sealed = |change: &dyn Fn(&mut Profile)| {
        let mut profile = profile();
        change(&mut profile);
        let table = Seal::new(&layout(), &profile, &seed()).err();
        (table, Seal::of_range(&layout(), &profile, &seed(), range).err())
    };
    // A value that does not occur in these rows; one group more.
    let never = |profile: &mut Profile| {
        dictionary(profile, 4).push(CategoryCount { value: "Wien".to_owned(), count: 0 });
    };
    let (table, part) = sealed(&never);
    assert_eq!(table, Some(SealError::Column { index: 4, fault: ColumnFault::ZeroCount { index: 3 } }));
    assert_eq!(part, None);
    // No value at all, under the bounds of the table.
    let columns = vec![column("age", ColumnType::Int, true, Encoding::Numeric { limbs: 1 })];
    let nothing = Profile { rows: 6, columns: vec![numeric(0, 20, 40, 0, 0)], pairs: Vec::new() };
    let layout = Layout::new(6, columns, Vec::new()).unwrap();
    let fault = ColumnFault::Bounds { min: 20, max: 40 };
    assert_eq!(Seal::new(&layout, &nothing, &seed()).err(), Some(SealError::Column { index: 0, fault }));
    assert!(Seal::of_range(&layout, &nothing, &seed(), range).is_ok());
    // Everything else is refused as in a table.
    let (table, part) = sealed(&|profile| profile.columns[0].valid = 7);
    assert!(table.is_some());
    assert_eq!(table, part);
}

#[test]
fn every_record_opens_the_same_root() {
    let seal = seal();
    let root = seal.commitment().field();
    assert_eq!(seal.header().root(), root);
    for column in 0..6 {
        assert_eq!(seal.head(column).unwrap().root(), root, "{column}");
    }
    assert_eq!(seal.numeric(0).unwrap().root(), root);
    assert_eq!(seal.category(2).unwrap().root(), root);
    assert_eq!(seal.grouped(4).unwrap().root(), root);
    assert_eq!(seal.joint(0).unwrap().root(), root);
    assert_eq!(seal.product(1).unwrap().root(), root);
    assert_eq!(seal.pairs().len() + seal.columns().len(), 8);
}

#[test]
fn records_of_another_kind_or_place_are_refused() {
    let seal = seal();
    let kind = |expected, got| SealError::Kind { expected, got };
    assert_eq!(seal.numeric(2).err(), Some(kind(RecordKind::Numeric, RecordKind::Category)));
    assert_eq!(seal.category(0).err(), Some(kind(RecordKind::Category, RecordKind::Numeric)));
    assert_eq!(seal.grouped(5).err(), Some(kind(RecordKind::Grouped, RecordKind::Opaque)));
    assert_eq!(seal.joint(1).err(), Some(kind(RecordKind::Joint, RecordKind::Product)));
    assert_eq!(seal.product(0).err(), Some(kind(RecordKind::Product, RecordKind::Joint)));
    assert_eq!(seal.head(6).err(), Some(SealError::Absent { what: "column", index: 6 }));
    assert_eq!(seal.joint(2).err(), Some(SealError::Absent { what: "pair", index: 2 }));
    assert_eq!(RecordIndex::column(&layout(), 5).unwrap().get(), 6);
    assert_eq!(RecordIndex::pair(&layout(), 0).unwrap().get(), 7);
    assert_eq!(RecordIndex::column(&layout(), 6), None);
    assert_eq!(RecordIndex::pair(&layout(), 2), None);
}

#[test]
fn every_field_of_every_record_changes_its_leaf() {
    let seal = seal();
    let numeric = seal.numeric(0).unwrap().record;
    let one = Fr::from(1);
    let changed = [
        NumericRecord { salt: numeric.salt + one, ..numeric.clone() },
        NumericRecord { valid: numeric.valid + 1, ..numeric.clone() },
        NumericRecord { sum: &numeric.sum + 1u8, ..numeric.clone() },
        NumericRecord { sum_squares: &numeric.sum_squares + 1u8, ..numeric.clone() },
        NumericRecord { min: numeric.min + 1, ..numeric.clone() },
        NumericRecord { min: -numeric.min, ..numeric.clone() },
        NumericRecord { top_limb: numeric.top_limb + 1, ..numeric.clone() },
        NumericRecord { limbs: 4, ..numeric.clone() },
    ];
    assert!(changed.iter().all(|record| record.leaf() != numeric.leaf()));

    let category = seal.category(2).unwrap().record;
    let mut changed = vec![
        CategoryRecord { salt: category.salt + one, ..category.clone() },
        CategoryRecord { valid: category.valid + 1, ..category.clone() },
    ];
    for slot in 0..4 {
        let mut other = category.clone();
        other.counts[slot] += 1;
        changed.push(other);
        let mut other = category.clone();
        other.values[slot] += one;
        changed.push(other);
    }
    assert!(changed.iter().all(|record| record.leaf() != category.leaf()));

    let grouped = seal.grouped(4).unwrap().record;
    let changed = [
        GroupedRecord { salt: grouped.salt + one, ..grouped.clone() },
        GroupedRecord { valid: 5, ..grouped.clone() },
        GroupedRecord { distinct: 4, ..grouped.clone() },
        GroupedRecord { smallest_group: 2, ..grouped.clone() },
    ];
    assert!(changed.iter().all(|record| record.leaf() != grouped.leaf()));

    let joint = seal.joint(0).unwrap().record;
    let mut changed = vec![
        JointRecord { salt: joint.salt + one, ..joint.clone() },
        JointRecord { valid: 0, ..joint.clone() },
        JointRecord { label_capacity: 16, ..joint.clone() },
    ];
    for cell in 0..16 {
        let mut other = joint.clone();
        other.counts[cell] += 1;
        changed.push(other);
    }
    assert!(changed.iter().all(|record| record.leaf() != joint.leaf()));

    let product = seal.product(1).unwrap().record;
    let mut changed = vec![ProductRecord { salt: product.salt + one, ..product.clone() }];
    let edits: [fn(&mut ProductSums); 6] = [
        |sums| sums.valid += 1,
        |sums| sums.products += 1u8,
        |sums| sums.left_sum += 1u8,
        |sums| sums.right_sum += 1u8,
        |sums| sums.left_squares += 1u8,
        |sums| sums.right_squares += 1u8,
    ];
    for edit in edits {
        let mut other = product.clone();
        edit(&mut other.sums);
        changed.push(other);
    }
    assert!(changed.iter().all(|record| record.leaf() != product.leaf()));

    let header = seal.header().record;
    let changed = [
        HeaderRecord { layout: header.layout + one, ..header.clone() },
        HeaderRecord { rows: 7, ..header.clone() },
        HeaderRecord { nonce: header.nonce + one, ..header.clone() },
    ];
    assert!(changed.iter().all(|record| record.leaf() != header.leaf()));

    let head = seal.head(5).unwrap().record;
    let mut kinds = std::collections::HashSet::new();
    for kind in [RecordKind::Numeric, RecordKind::Category, RecordKind::Grouped, RecordKind::Opaque] {
        kinds.insert(RecordHead { kind, ..head.clone() }.leaf());
    }
    assert_eq!(kinds.len(), 4, "the kind is part of the leaf");
}

#[test]
fn a_leaf_opens_at_its_own_index_only() {
    let opening = seal().numeric(0).unwrap();
    for other in [0, 2, 1_023] {
        assert_ne!(opening.path.root(opening.record.leaf(), RecordIndex::new_unchecked(other)), opening.root());
    }
}

#[test]
fn two_seeds_hide_one_profile_behind_two_commitments() {
    let other = Seal::new(&layout(), &profile(), &SealSeed::from_bytes([7; 32])).unwrap();
    assert_ne!(other.commitment(), seal().commitment());
    let salts = |seal: &Seal| -> Vec<Fr> { seal.columns().iter().map(|record| record.head().salt).collect() };
    let all: std::collections::HashSet<Fr> = salts(&other).into_iter().chain(salts(&seal())).collect();
    assert_eq!(all.len(), 12, "no salt repeats between records or seeds");
    assert_ne!(SealSeed::generate().unwrap().as_bytes(), SealSeed::generate().unwrap().as_bytes());
    assert!(!all.contains(&Fr::from(0)));
}

/// Changes columns, pairs or the row count.
type LayoutEdit<'a> = dyn Fn(&mut Vec<ColumnLayout>, &mut Vec<PairLayout>, &mut u64) + 'a;

#[test]
fn near_collisions_of_layouts_have_different_digests() {
    let base = layout();
    let rebuild = |edit: &LayoutEdit<'_>| {
        let (mut columns, mut pairs, mut rows) = (base.columns().to_vec(), base.pairs().to_vec(), base.rows());
        edit(&mut columns, &mut pairs, &mut rows);
        layout_digest(&Layout::new(rows, columns, pairs).unwrap())
    };
    let mut digests = vec![
        layout_digest(&base),
        rebuild(&|_, _, rows| *rows += 1),
        rebuild(&|columns, _, _| columns[0].name = "Age".to_owned()),
        rebuild(&|columns, _, _| columns[0].name = "age ".to_owned()),
        rebuild(&|columns, _, _| columns[0].nullable = false),
        rebuild(&|columns, _, _| columns[0].encoding = Encoding::Numeric { limbs: 2 }),
        rebuild(&|columns, _, _| columns[0].ty = ColumnType::Decimal { scale: 1 }),
        rebuild(&|columns, _, _| columns[1].ty = ColumnType::Decimal { scale: 3 }),
        rebuild(&|columns, pairs, _| {
            pairs.clear();
            columns[1].ty = ColumnType::Date;
        }),
        rebuild(&|columns, _, _| columns[4].encoding = Encoding::Grouped { capacity: 1_024 }),
        rebuild(&|columns, _, _| columns[4].encoding = Encoding::Category { capacity: 256 }),
        rebuild(&|columns, _, _| columns[2].encoding = Encoding::Category { capacity: 16 }),
        rebuild(&|columns, _, _| columns[3].ty = ColumnType::Category),
        rebuild(&|columns, _, _| columns.swap(4, 5)),
        rebuild(&|columns, _, _| columns.truncate(5)),
        rebuild(&|_, pairs, _| pairs.clear()),
        rebuild(&|_, pairs, _| pairs.swap(0, 1)),
        rebuild(&|_, pairs, _| pairs[0] = PairLayout::Joint { group: 3, label: 2 }),
        rebuild(&|_, pairs, _| pairs[1] = PairLayout::Product { left: 1, right: 0 }),
    ];
    for unit in [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond] {
        digests.push(rebuild(&|columns, pairs, _| {
            pairs.clear();
            columns[0].ty = ColumnType::Timestamp { unit };
        }));
    }
    let distinct: std::collections::HashSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), digests.len());
}

#[test]
fn profiles_that_do_not_fit_their_layout_are_refused() {
    let fault = |edit: &dyn Fn(&mut Profile)| {
        let mut profile = profile();
        edit(&mut profile);
        Seal::new(&layout(), &profile, &seed()).err()
    };
    let column = |index, fault| Some(SealError::Column { index, fault });
    let pair = |index, fault| Some(SealError::Pair { index, fault });
    assert_eq!(fault(&|_| {}), None);
    assert_eq!(fault(&|p| p.rows = 7), Some(SealError::Rows { expected: 6, got: 7 }));
    assert_eq!(fault(&|p| p.columns.truncate(5)), Some(SealError::Columns { expected: 6, got: 5 }));
    assert_eq!(fault(&|p| p.pairs.clear()), Some(SealError::Pairs { expected: 2, got: 0 }));
    assert_eq!(
        fault(&|p| p.columns.swap(0, 2)),
        column(0, ColumnFault::Kind { expected: RecordKind::Numeric, got: RecordKind::Category })
    );
    assert_eq!(fault(&|p| p.columns[0].valid = 7), column(0, ColumnFault::Valid { rows: 6, got: 7 }));
    assert_eq!(fault(&|p| p.columns[1].valid = 5), column(1, ColumnFault::Nulls { nulls: 1 }));
    assert_eq!(fault(&|p| stats(p, 0).max = 19), column(0, ColumnFault::Bounds { min: 20, max: 19 }));
    assert_eq!(fault(&|p| p.columns[0].valid = 0), column(0, ColumnFault::Bounds { min: 20, max: 40 }));
    assert_eq!(fault(&|p| stats(p, 0).max = 20 + 65_536), column(0, ColumnFault::Span { span: 65_536, limbs: 1 }));
    assert_eq!(fault(&|p| stats(p, 0).sum = 101u8.into()), column(0, ColumnFault::Sum { moment: "values" }));
    assert_eq!(fault(&|p| stats(p, 0).sum_squares = 701u16.into()), column(0, ColumnFault::Sum { moment: "squares" }));
    assert_eq!(fault(&|p| stats(p, 0).sum_squares = 244u16.into()), column(0, ColumnFault::Sum { moment: "squares" }));
    assert_eq!(
        fault(&|p| dictionary(p, 2).extend(entries(&[("x", 1), ("y", 1)]))),
        column(2, ColumnFault::Values { got: 4, max: 3 })
    );
    assert_eq!(fault(&|p| dictionary(p, 2)[1].value = "f".to_owned()), column(2, ColumnFault::Duplicate { index: 1 }));
    assert_eq!(fault(&|p| dictionary(p, 4)[0].count = 0), column(4, ColumnFault::ZeroCount { index: 0 }));
    assert_eq!(fault(&|p| dictionary(p, 3)[1].value = "no".to_owned()), column(3, ColumnFault::NotBool { index: 1 }));
    assert_eq!(fault(&|p| dictionary(p, 2)[0].count = 3), column(2, ColumnFault::Counts { expected: 6, got: 7 }));
    assert_eq!(
        fault(&|p| dictionary(p, 2)[0].count = u64::MAX),
        column(2, ColumnFault::Counts { expected: 6, got: u128::from(u64::MAX) + 4 })
    );
    assert_eq!(
        fault(&|p| p.pairs.swap(0, 1)),
        pair(0, PairFault::Kind { expected: RecordKind::Joint, got: RecordKind::Product })
    );
    assert_eq!(fault(&|p| joint(p).truncate(15)), pair(0, PairFault::Cells { expected: 16, got: 15 }));
    assert_eq!(
        fault(&|p| joint(p)[5] = 1),
        pair(0, PairFault::Marginal { side: "group", code: 1, expected: 2, got: 1 })
    );
    assert_eq!(
        fault(&|p| joint(p).swap(5, 6)),
        pair(0, PairFault::Marginal { side: "label", code: 1, expected: 3, got: 1 })
    );
    assert_eq!(fault(&|p| product(p).valid = 4), pair(1, PairFault::Valid { got: 4, min: 5, max: 5 }));
    assert_eq!(fault(&|p| product(p).left_sum = 34u8.into()), pair(1, PairFault::Sum { moment: "left" }));
    assert_eq!(fault(&|p| product(p).left_squares += 1u8), pair(1, PairFault::Sum { moment: "left squares" }));
    assert_eq!(fault(&|p| product(p).right_sum += 1u8), pair(1, PairFault::Sum { moment: "right" }));
    assert_eq!(fault(&|p| product(p).right_squares += 1u8), pair(1, PairFault::Sum { moment: "right squares" }));
    assert_eq!(fault(&|p| product(p).products = 18_508_445u64.into()), pair(1, PairFault::Sum { moment: "products" }));
}

#[test]
fn a_commitment_has_one_spelling() {
    let text = seal().commitment().to_string();
    assert_eq!(text.parse::<SealCommitment>().unwrap(), seal().commitment());
    let json = serde_json::to_string(&seal().commitment()).unwrap();
    assert_eq!(serde_json::from_str::<SealCommitment>(&json).unwrap(), seal().commitment());
    let modulus = "010000f093f5e1439170b97948e833285d588181b64550b829a031e1724e6430";
    for bad in [modulus, &"f".repeat(64), &text.to_uppercase(), &text[1..], &format!("{text}0"), ""] {
        assert_eq!(bad.parse::<SealCommitment>(), Err(SealError::Commitment), "{bad}");
    }
}

/// A circuit with public inputs h and the index, whose body opens one record.
fn opening<F>(h: Fr, index: RecordIndex, body: F) -> TestCircuit<impl Fn(&Cs) -> Result<(), GadgetError> + Send + Sync>
where
    F: Fn(&Cs, &RecordIndexVar, &FieldVar) -> Result<(), GadgetError> + Send + Sync,
{
    TestCircuit {
        inputs: vec![h, index.public_input()],
        body: move |cs: &Cs| {
            let root = FieldVar::input(cs, Some(h))?;
            let position = RecordIndexVar::input(cs, Some(index))?;
            body(cs, &position, &root)
        },
    }
}

/// Index bits, Merkle path, the record's own permutation with a constant kind, and its valid count.
const FRAME: usize = 11 + 10 * 241 + 1 + 318 + 32;

#[test]
fn every_record_opens_in_a_circuit_with_its_exact_values() {
    let seal = seal();
    let h = seal.commitment().field();
    let int = |value: i64| Some(BigInt::from(value));

    let record = seal.numeric(0).unwrap();
    let circuit = opening(h, record.index, move |cs, index, root| {
        let column = NumericRecordVar::open(cs, index, Some(&record), root)?;
        let values = [&column.valid, &column.sum, &column.sum_squares, &column.min, &column.top_limb];
        assert_eq!(values.map(IntVar::value), [int(5), int(35), int(525), int(20), int(20)]);
        assert_eq!(values.map(IntVar::bits), [32, 96, 160, 64, 16]);
        assert_eq!(column.sealed_max(cs)?.value(), int(40));
        Ok(())
    });
    assert_eq!(satisfied(&circuit), FRAME + 96 + 160 + 64 + 16 + 2 + 2);
    assert_tight(&circuit);

    let record = seal.category(3).unwrap();
    let circuit = opening(h, record.index, move |cs, index, root| {
        let column = CategoryRecordVar::open(cs, 4, index, Some(&record), root)?;
        assert_eq!(column.valid.value(), int(5));
        let counts: Vec<_> = column.counts.iter().map(IntVar::value).collect();
        assert_eq!(counts, [int(1), int(3), int(2), int(0)]);
        let wanted = FieldVar::constant(value_digest(ColumnType::Bool, "false"));
        let hits: Vec<_> = column.matches(cs, &wanted)?.iter().map(BoolVar::value).collect();
        assert_eq!(hits, [Some(false), Some(false), Some(true), Some(false)]);
        Ok(())
    });
    // Not tight: where a slot matches, the inverse of zero is free. The parts are tight in their own test.
    assert_eq!(satisfied(&circuit), FRAME + 4 * 32 + 309 + 321 + 4 * 2);

    let record = seal.grouped(4).unwrap();
    let circuit = opening(h, record.index, move |cs, index, root| {
        let column = GroupedRecordVar::open(cs, index, Some(&record), root)?;
        let values = [&column.valid, &column.distinct, &column.smallest_group];
        assert_eq!(values.map(IntVar::value), [int(6), int(3), int(1)]);
        Ok(())
    });
    assert_eq!(satisfied(&circuit), FRAME + 64 - 3);
    assert_tight(&circuit);

    let record = seal.joint(0).unwrap();
    let circuit = opening(h, record.index, move |cs, index, root| {
        let pair = JointRecordVar::open(cs, 4, 4, index, Some(&record), root)?;
        assert_eq!(pair.valid.value(), int(5));
        assert_eq!(pair.counts[4 * 2 + 2].value(), int(2));
        Ok(())
    });
    assert_eq!(satisfied(&circuit), FRAME + 16 * 32 + 315 - 3);
    assert_tight(&circuit);

    let record = seal.product(1).unwrap();
    let circuit = opening(h, record.index, move |cs, index, root| {
        let pair = ProductRecordVar::open(cs, index, Some(&record), root)?;
        let values = [&pair.products, &pair.left_sum, &pair.right_sum, &pair.left_squares, &pair.right_squares];
        let expected = [int(2_000_005), int(35), int(950_001), int(525), int(652_500_000_001)];
        assert_eq!(values.map(IntVar::value), expected);
        Ok(())
    });
    assert_eq!(satisfied(&circuit), FRAME + 2 * 96 + 3 * 160 + 318 - 3);
    assert_tight(&circuit);
}

#[test]
fn heads_and_the_header_open_in_a_circuit() {
    let seal = seal();
    let h = seal.commitment().field();
    for column in 0..6 {
        let record = seal.head(column).unwrap();
        let valid = record.record.valid;
        let circuit = opening(h, record.index, move |cs, index, root| {
            let head = RecordHeadVar::open(cs, index, Some(&record), root)?;
            assert_eq!(head.valid.value(), Some(BigInt::from(valid)));
            Ok(())
        });
        assert_eq!(satisfied(&circuit), FRAME + 3, "{column}");
        assert_tight(&circuit);
    }
    let header = seal.header();
    let circuit = TestCircuit {
        inputs: vec![h],
        body: move |cs: &Cs| {
            let root = FieldVar::input(cs, Some(h))?;
            let header = HeaderVar::open(cs, Some(&header), &root)?;
            assert_eq!(header.rows.value(), Some(BigInt::from(6)));
            assert_eq!(header.layout.value(), Some(layout_digest(&layout())));
            Ok(())
        },
    };
    assert_eq!(satisfied(&circuit), 10 * 240 + 1 + 315 + 32);
    assert_tight(&circuit);
}

#[test]
fn parts_of_a_dictionary_open_alone() {
    let seal = seal();
    let record = seal.category(2).unwrap();
    let (counts_of, values_of) = (record.clone(), record.clone());
    let h = seal.commitment().field();
    let counts = opening(h, record.index, move |cs, index, root| {
        let column = CategoryRecordVar::open_counts(cs, 4, index, Some(&counts_of), root)?;
        assert_eq!((column.counts.len(), column.values.len()), (4, 0));
        Ok(())
    });
    assert_eq!(satisfied(&counts), FRAME + 4 * 32 + 309);
    assert_tight(&counts);
    let values = opening(h, record.index, move |cs, index, root| {
        let column = CategoryRecordVar::open_values(cs, 4, index, Some(&values_of), root)?;
        assert_eq!((column.counts.len(), column.values.len()), (0, 4));
        Ok(())
    });
    assert_eq!(satisfied(&values), FRAME + 321);
    assert_tight(&values);
}

#[test]
fn a_forged_record_another_index_and_another_commitment_are_noticed() {
    let seal = seal();
    let h = seal.commitment().field();
    let violated = |h: Fr, index: RecordIndex, record: Opening<NumericRecord>| {
        let circuit = opening(h, index, move |cs, index, root| {
            NumericRecordVar::open(cs, index, Some(&record), root).map(|_| ())
        });
        Instance::new(&circuit).unwrap().first_violated().is_some()
    };
    let honest = seal.numeric(0).unwrap();
    assert!(!violated(h, honest.index, honest.clone()));
    let edits: [fn(&mut NumericRecord); 6] = [
        |record| record.sum += 1u8,
        |record| record.sum_squares += 1u8,
        |record| record.min -= 1,
        |record| record.top_limb += 1,
        |record| record.limbs = 2,
        |record| record.valid = 6,
    ];
    for edit in edits {
        let mut forged = honest.clone();
        edit(&mut forged.record);
        assert!(violated(h, honest.index, forged));
    }
    assert!(violated(h, RecordIndex::new_unchecked(2), honest.clone()));
    assert!(violated(h + Fr::from(1), honest.index, honest.clone()));
    // The other column of the same kind, opened where the first one is asked for.
    assert!(violated(h, honest.index, seal.numeric(1).unwrap()));
    // Excess bits of a sum are lost in the circuit; they do not reach into the next packed field.
    let mut wide = honest.clone();
    wide.record.sum += BigUint::from(1u8) << 96u32;
    wide.record.min -= 1;
    assert!(violated(h, honest.index, wide));
}

#[test]
fn a_dictionary_of_another_capacity_is_refused() {
    let record = seal().category(2).unwrap();
    let circuit = opening(seal().commitment().field(), record.index, move |cs, index, root| {
        let refused = CategoryRecordVar::open(cs, 16, index, Some(&record), root);
        assert!(matches!(refused, Err(GadgetError::Length { expected: 16, got: 4 })));
        Ok(())
    });
    assert!(Instance::new(&circuit).is_ok());
}

#[test]
fn the_largest_layout_fits_the_tree() {
    let columns =
        (0..Layout::MAX_RECORDS).map(|i| column(&i.to_string(), ColumnType::Text, true, Encoding::Opaque)).collect();
    let layout = Layout::new(1, columns, vec![]).unwrap();
    let opaque = || ColumnProfile { valid: 1, stats: ColumnStats::Opaque };
    let profile = Profile { rows: 1, columns: (0..Layout::MAX_RECORDS).map(|_| opaque()).collect(), pairs: vec![] };
    let seal = Seal::new(&layout, &profile, &seed()).unwrap();
    let last = seal.head(Layout::MAX_RECORDS - 1).unwrap();
    assert_eq!(last.index.get(), 1_023);
    assert_eq!(last.root(), seal.commitment().field());
}
