//! Every true statement is accepted.

use zkl_argument::{ScanError, Slots};
use zkl_core::layout::PairLayout;

use super::table::{Case, Column, Table, category, nullable, numeric};

fn accepts(table: Table) -> Case {
    let case = table.case();
    let proof = case.prove();
    assert_eq!(proof.messages.len(), case.plan.shape().message_count());
    let opening = case.verify(&case.witness(), &proof.messages).unwrap();
    assert_eq!(opening, proof.opening);
    case
}

#[test]
fn accepts_random_tables_of_every_kind_of_column() {
    for (seed, rows) in [(1, 32), (2, 31), (3, 17), (4, 16), (5, 1)] {
        accepts(Table::random(seed, 5, rows));
    }
    accepts(Table::random(6, 4, 9));
}

#[test]
fn accepts_row_counts_around_powers_of_two() {
    for rows in [1, 2, 3, 7, 8, 9, 15, 16] {
        accepts(Table::new(4, 4, rows, vec![numeric(1, &[5; 16]), category(4, &[1; 16])], Vec::new()));
    }
}

#[test]
fn accepts_a_single_cell() {
    accepts(Table::new(3, 3, 1, vec![numeric(1, &[0])], Vec::new()));
    accepts(Table::new(3, 3, 1, vec![category(4, &[2])], Vec::new()));
    accepts(Table::new(3, 3, 1, vec![Column::Opaque { nullable: true, valid: vec![false] }], Vec::new()));
    accepts(Table::new(3, 3, 1, vec![Column::Opaque { nullable: false, valid: vec![true] }], Vec::new()));
}

#[test]
fn accepts_columns_that_are_all_null_or_constant() {
    let pairs = vec![PairLayout::Product { left: 0, right: 1 }];
    accepts(Table::new(4, 4, 11, vec![nullable(2, &[None; 11]), numeric(3, &[4000; 11])], pairs));
    accepts(Table::new(4, 4, 11, vec![category(16, &[0; 11]), category(4, &[3; 11])], Vec::new()));
}

#[test]
fn accepts_values_at_limb_borders() {
    let top = (1u64 << 16) - 1;
    let values = [0, 15, 16, 17, 255, 256, 257, 4095, 4096, 4097, top - 1, top];
    accepts(Table::new(4, 4, values.len(), vec![numeric(4, &values)], Vec::new()));
    accepts(Table::new(4, 4, 2, vec![numeric(4, &[top, top])], Vec::new()));
}

#[test]
fn accepts_four_full_limbs_of_sixteen_bits() {
    // The span of a column from i64::MIN to i64::MAX.
    let table = Table::new(16, 16, 3, vec![nullable(4, &[Some(u64::MAX), None, Some(0)])], Vec::new());
    accepts(table);
}

#[test]
fn accepts_dictionaries_at_capacity_and_joint_pairs() {
    let codes: Vec<u16> = (0..16).collect();
    let pairs = vec![PairLayout::Joint { group: 0, label: 1 }, PairLayout::Joint { group: 1, label: 0 }];
    let labels: Vec<u16> = (0..16).map(|i| i % 4).collect();
    accepts(Table::new(4, 4, 16, vec![category(16, &codes), category(4, &labels)], pairs));
    let codes: Vec<u16> = (0..256).collect();
    accepts(Table::new(8, 4, 256, vec![category(256, &codes)], Vec::new()));
}

#[test]
fn accepts_product_pairs_with_nulls_on_either_side() {
    let full = numeric(1, &[1, 2, 3, 4, 5]);
    let some = nullable(1, &[Some(7), None, Some(1), None, Some(0)]);
    let other = nullable(1, &[None, None, Some(6), Some(2), Some(9)]);
    let pairs = [(0, 1), (1, 0), (1, 2), (2, 1), (0, 2)];
    let pairs = pairs.into_iter().map(|(left, right)| PairLayout::Product { left, right }).collect();
    accepts(Table::new(4, 4, 5, vec![full, some, other], pairs));
}

#[test]
fn accepts_columns_of_many_groups() {
    for rows in [512, 511, 300, 1] {
        accepts(Table::random_grouped(7, rows));
    }
    // No value at all, one group, and as many groups as the dictionary holds.
    let grouped = |codes: Vec<u16>, nullable| vec![Column::Grouped { capacity: 512, nullable, codes }];
    accepts(Table::new(9, 9, 20, grouped(vec![0; 20], true), Vec::new()));
    accepts(Table::new(9, 9, 20, grouped(vec![1; 20], false), Vec::new()));
    accepts(Table::new(9, 9, 512, grouped((0..512).collect(), true), Vec::new()));
    accepts(Table::new(9, 9, 511, grouped((1..512).collect(), false), Vec::new()));
}

#[test]
fn accepts_a_table_in_a_larger_shape() {
    let mut table = Table::random(8, 5, 20);
    table.spare = Some(Slots {
        limbs: 12,
        numeric: 6,
        opaque: 4,
        categories: [2, 2, 1, 0],
        joints: [1, 1, 0],
        grouped: 1,
        products: 4,
    });
    let case = accepts(table.clone());
    table.columns.truncate(2);
    table.pairs.truncate(0);
    let smaller = accepts(table);
    assert_eq!(case.prove().messages.len(), smaller.prove().messages.len());
}

#[test]
fn equal_shapes_send_equally_many_messages() {
    let (one, two) = (Table::random(1, 5, 32).case(), Table::random(2, 5, 3).case());
    assert_eq!(one.prove().messages.len(), two.prove().messages.len());
}

#[test]
fn fresh_seeds_have_salts_of_their_own() {
    let t0 = zkl_core::ark::Fr::from(3);
    let [one, two] = [(); 2].map(|()| zkl_argument::TranscriptSeed::fresh(t0).unwrap());
    assert_eq!((one.t0, two.t0), (t0, t0));
    assert_ne!(one.salt, two.salt);
    assert!([one.salt, two.salt].iter().all(|salt| *salt != zkl_core::ark::Fr::from(0)));
}

#[test]
fn nothing_repeats_between_two_proofs_of_one_table() {
    let mut case = Table::random(9, 5, 30).case();
    let first = case.prove().messages.clone();
    case.seed.salt += zkl_core::ark::Fr::from(1);
    let second = case.prove().messages.clone();
    let zero = zkl_core::ark::Fr::from(0);
    let repeats = first.iter().filter(|&value| *value != zero && second.contains(value)).count();
    assert_eq!(repeats, 0);
    assert_eq!(case.verify(&case.witness(), &first).unwrap_err(), ScanError::RootSum);
}
