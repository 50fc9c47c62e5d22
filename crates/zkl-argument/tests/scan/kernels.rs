//! The field kernel that proves is invisible in a proof.

use std::borrow::Cow;

use rand_chacha::rand_core::RngCore as _;
use zkl_argument::{CellData, PlainProof, ScanWitness, prove_plain_with};
use zkl_core::ark::Fr;
use zkl_kernel::{Choice, Portable};

use super::table::{Case, Column, Table, category, nullable, numeric, rng};

fn prove(kernel: Choice, case: &Case, witness: &ScanWitness<'_>) -> PlainProof {
    prove_plain_with(kernel, &case.plan, witness, &case.sealed, &case.mask, &case.seed).unwrap()
}

/// Proves with every kernel that this processor has, and gives the messages.
#[track_caller]
fn same_messages(case: &Case, witness: &ScanWitness<'_>) -> Vec<Fr> {
    let expected = prove(Choice::Portable(Portable), case, witness);
    match Choice::named("avx512") {
        Ok(kernel) => {
            let proof = prove(kernel, case, witness);
            assert!(proof.messages == expected.messages, "the messages tell the kernel");
            assert_eq!(proof.opening, expected.opening);
        }
        Err(error) => println!("not compared: {error}"),
    }
    expected.messages.clone()
}

#[test]
fn the_messages_do_not_tell_which_kernel_proved() {
    for (seed, log_rows, rows) in [(1, 9, 512), (2, 10, 1000), (3, 11, 1024), (4, 11, 1025), (5, 12, 1)] {
        let case = Table::random(seed, log_rows, rows).case();
        let messages = same_messages(&case, &case.witness());
        case.verify(&case.witness(), &messages).unwrap();
    }
    for rows in [1, 300, 512] {
        let case = Table::random_grouped(rows as u64, rows).case();
        let messages = same_messages(&case, &case.witness());
        case.verify(&case.witness(), &messages).unwrap();
    }
}

#[test]
fn large_tables_are_proved_alike() {
    let mut rng = rng(77);
    let mut number = |bits: u32| (0..1 << 16).map(|_| rng.next_u64() >> (64 - bits)).collect::<Vec<_>>();
    let (long, short) = (number(60), number(16));
    let some: Vec<Option<u64>> = number(31).into_iter().map(|value| (value % 5 != 0).then_some(value)).collect();
    let codes: Vec<u16> = number(8).into_iter().map(|code| code as u16).collect();
    let grouped: Vec<u16> = number(20).into_iter().map(|code| (code % 700) as u16).collect();
    let columns = vec![
        numeric(4, &long),
        numeric(1, &short),
        nullable(2, &some),
        category(256, &codes),
        Column::Grouped { capacity: 1024, nullable: true, codes: grouped },
    ];
    let pairs = vec![zkl_core::layout::PairLayout::Product { left: 1, right: 2 }];
    let case = Table::new(16, 16, 60_001, columns, pairs).case();
    let messages = same_messages(&case, &case.witness());
    case.verify(&case.witness(), &messages).unwrap();
}

#[test]
fn columns_of_a_dishonest_prover_are_proved_alike() {
    let case = Table::random(9, 10, 700).case();
    let mut cells = case.cells();
    for (index, cell) in cells.iter_mut().enumerate() {
        cell[index] = -Fr::from(index as u64 + 1);
    }
    let cells = cells.into_iter().map(|cell| CellData::Field(Cow::Owned(cell))).collect();
    let witness = ScanWitness::from_cells_unchecked(&case.plan, cells).unwrap();
    let messages = same_messages(&case, &witness);
    assert!(case.verify(&case.witness(), &messages).is_err());
}
