//! Hashed text: equal digests are equal values in every table, null is 0, and what is no digest is no value of another row.

use std::collections::HashSet;

use zkl_argument::{
    CellData, ScanError,
    relation::{ColumnSet, ColumnTest, RelationKind, Side, Test},
};
use zkl_core::{
    ark::{
        Fr,
        ff::{AdditiveGroup as _, Field as _},
        std::rand::{Rng as _, seq::SliceRandom as _},
    },
    hashed::DIGEST_CELLS,
};

use super::{
    fixture::{Case, LIMB_BITS, LOG_ROWS, Row, Table, digest, rng, split, tables_of},
    naive::{Sum, selected, sorted, tuple},
};

fn hashed(tables: Vec<Table>) -> Vec<Table> {
    tables.into_iter().map(Table::hashed).collect()
}

/// The parts of the digests of a unit, which come after the first number.
fn part(case: &mut Case, unit: usize, index: usize) -> &mut CellData<'static> {
    // The last number comes after them.
    let after = 1 + DIGEST_CELLS;
    let cells = &mut case.units[unit].cells;
    let extra = case.shape.extra(unit).len();
    let first = cells.len() - extra - after;
    &mut cells[first + index]
}

fn word(words: &[Option<u8>]) -> Vec<Row> {
    words.iter().map(|&word| (Some(1), word, 1)).collect()
}

fn one(side: Side, words: &[Option<u8>], seed: u64) -> Table {
    Table { nullable: false, ..Table::new(side, &[&word(words)], seed) }.hashed()
}

#[test]
fn same_rows_are_accepted_whatever_else_differs_between_tables() {
    let case = Case::new(&hashed(split()), 5);
    case.check().unwrap();
    // Nothing of hashed columns is sealed, and no block is spent on them.
    let with_codes = Case::new(&split(), 5);
    assert!(case.shape.message_count() < with_codes.shape.message_count());
}

#[test]
fn rejects_a_part_of_another_digest_in_one_row() {
    for index in 0..DIGEST_CELLS {
        for other in [-1i32, 1] {
            let mut case = Case::new(&hashed(split()), 5);
            let CellData::U16(values) = part(&mut case, 2, index) else { unreachable!() };
            let cell = &mut values.to_mut()[0];
            *cell = cell.wrapping_add_signed(other as i16);
            assert_eq!(case.check(), Err(ScanError::PostingSum), "{index}");
        }
    }
    // Messages about the true digests are not about these columns.
    let mut case = Case::new(&hashed(split()), 5);
    let proof = case.prove();
    let CellData::U16(values) = part(&mut case, 2, 7) else { unreachable!() };
    values.to_mut()[0] ^= 1;
    assert_eq!(case.outcome(&proof.messages), Err(ScanError::OpeningEnd));
}

#[test]
fn rejects_null_for_a_value_a_value_for_null_and_exchanged_digests() {
    let rejected = |left: &[Option<u8>], right: &[Option<u8>]| {
        let case = Case::new(&[one(Side::Left, left, 1), one(Side::Right, right, 2)], 3);
        assert_eq!(case.check(), Err(ScanError::PostingSum), "{left:?} {right:?}");
    };
    rejected(&[Some(0)], &[None]);
    rejected(&[None], &[Some(2)]);
    rejected(&[Some(0), Some(1)], &[Some(0), Some(0)]);
    rejected(&[Some(0), None], &[None, None]);
    // The same digests, each in the row of another number.
    let rows = |words: [u8; 2]| [(Some(1), Some(words[0]), 1), (Some(2), Some(words[1]), 1)];
    let table = |side, words| Table::new(side, &[&rows(words)], 1).hashed();
    let case = Case::new(&[table(Side::Left, [0, 1]), table(Side::Right, [1, 0])], 3);
    assert_eq!(case.check(), Err(ScanError::PostingSum));
}

/// No part is looked up: what is compared is the number that all parts are together, whatever a notary put there.
#[test]
fn parts_out_of_range_are_the_number_that_they_add_up_to() {
    let tables = [one(Side::Left, &[Some(0), None], 1), one(Side::Right, &[Some(0), None], 2)];
    let moved = |by: Fr| {
        let mut case = Case::new(&tables, 3);
        let mut change = |index: usize, by: Fr| {
            let cell = part(&mut case, 1, index);
            let mut values: Vec<Fr> = (0..cell.len()).map(|row| cell.value(row)).collect();
            values[0] += by;
            *cell = CellData::Field(values.into());
        };
        change(0, Fr::from(1u64 << 16));
        change(1, by);
        case.check()
    };
    assert_eq!(moved(-Fr::ONE), Ok(()));
    assert_eq!(moved(Fr::ZERO), Err(ScanError::PostingSum));
}

#[test]
fn constants_are_found_by_their_digest() {
    let rows = word(&[Some(0), None, Some(1), Some(0)]);
    let table = |side, rows: &[Row], seed| Table::new(side, &[rows], seed).hashed();
    let test = |value| [ColumnTest { column: 1, test: Test::Equal(digest(value)) }];
    let check = |kind, part: &[Row], value| {
        let mut tables = vec![table(Side::Left, &rows, 1)];
        if tables_of(kind) > 1 {
            tables.push(table(Side::Right, part, 2));
        }
        Case::with_tests(kind, &tables, &test(value), 4).check()
    };
    let (sum, denominator) = (Err(ScanError::PostingSum), Err(ScanError::RootDenominator));
    let of = |keep: &[usize]| keep.iter().map(|&row| rows[row]).collect::<Vec<_>>();
    assert_eq!(check(RelationKind::Filter, &of(&[0, 3]), 0), Ok(()));
    assert_eq!(check(RelationKind::Filter, &of(&[0]), 0), sum);
    assert_eq!(check(RelationKind::Filter, &of(&[0, 1, 3]), 0), sum);
    assert_eq!(check(RelationKind::Erase, &of(&[1, 2]), 0), Ok(()));
    assert_eq!(check(RelationKind::Erase, &of(&[1, 2, 3]), 0), sum);
    assert_eq!(check(RelationKind::Erase, &of(&[2]), 0), sum, "null is no value that is erased");
    assert_eq!(check(RelationKind::Present, &[], 1), Ok(()));
    assert_eq!(check(RelationKind::Present, &[], 2), sum);
    assert_eq!(check(RelationKind::Absent, &[], 2), Ok(()));
    assert_eq!(check(RelationKind::Absent, &[], 1), denominator);
}

fn number(row: &Row) -> Fr {
    row.1.map_or(Fr::ZERO, digest)
}

fn gap(case: &mut Case, sum: &mut Sum, (unit, first): (usize, usize), limbs: usize, x: usize) -> Fr {
    let mut gap = Fr::ZERO;
    for limb in 0..limbs {
        let value = case.extra(unit, first + limb)[x];
        gap += value * Fr::from(2u64).pow([(limb * LIMB_BITS) as u64]);
        sum.add("limbs", &[value], Fr::ONE);
    }
    gap
}

fn limb_table(case: &mut Case, sum: &mut Sum, column: usize) {
    for (x, m) in case.extra(0, column).clone().into_iter().enumerate() {
        sum.add("limbs", &[Fr::from((x % (1 << LIMB_BITS)) as u64)], -m);
    }
}

fn ends(case: &Case, sum: &mut Sum) {
    sum.add("chain", &[case.firsts[0]], -Fr::ONE);
    sum.add("chain", &[case.firsts[1]], Fr::ONE);
}

/// The second verifier of keys that all differ: the word, and perhaps the last number after its 128 bits.
fn unique(table: &Table, with_last: bool, case: &mut Case) -> bool {
    let mut sum = Sum::default();
    let limbs = case.shape.extra(0).len() - 1;
    for (unit, own) in table.units.iter().enumerate() {
        for (x, row) in own.iter().enumerate() {
            let last = if with_last { Fr::from(row.2 - table.min[1]) } else { Fr::ZERO };
            let kappa = number(row) + Fr::from(2u64).pow([128]) * last;
            let gap = gap(case, &mut sum, (unit, 0), limbs, x);
            sum.add("chain", &[kappa], Fr::ONE);
            sum.add("chain", &[kappa + gap + Fr::ONE], -Fr::ONE);
        }
    }
    limb_table(case, &mut sum, limbs);
    ends(case, &mut sum);
    sum.vanishes()
}

fn disjoint(tables: &[Table], case: &mut Case) -> bool {
    const SPACES: [&str; 2] = ["left", "right"];
    let mut sum = Sum::default();
    let limbs = case.shape.extra(0).len() - 3;
    let units = tables.iter().zip(SPACES).flat_map(|(table, space)| table.units.iter().map(move |own| (own, space)));
    for (unit, (own, space)) in units.enumerate() {
        for x in 0..1 << LOG_ROWS {
            let (key, weight) = (case.extra(unit, 0)[x], case.extra(unit, 1)[x]);
            sum.add(space, &[key, Fr::from(x >= own.len())], -weight);
            let Some(row) = own.get(x) else { continue };
            sum.add(space, &[number(row), Fr::ZERO], Fr::ONE);
            let gap = gap(case, &mut sum, (unit, 2), limbs, x);
            sum.add("chain", &[key], Fr::ONE);
            sum.add("chain", &[key + gap + Fr::ONE], -Fr::ONE);
        }
    }
    limb_table(case, &mut sum, 2 + limbs);
    ends(case, &mut sum);
    sum.vanishes()
}

fn dedup(tables: &[Table], case: &mut Case) -> bool {
    let (whole, kept) = (&tables[0], &tables[1]);
    let mut sum = Sum::default();
    for row in kept.units.iter().flatten() {
        sum.add("rows", &tuple(row), -Fr::ONE);
    }
    for (unit, own) in whole.units.iter().enumerate() {
        for x in 0..1 << LOG_ROWS {
            let s = case.extra(unit, 0)[x];
            sum.add("selector", &[s, Fr::from(x >= own.len())], Fr::ONE);
            if let Some(row) = own.get(x) {
                sum.add("rows", &tuple(row), s);
                sum.add("keys", &[number(row)], Fr::ONE);
            }
        }
    }
    limb_table(case, &mut sum, 1);
    let limbs = case.shape.extra(whole.units.len()).len() - 1;
    for (index, own) in kept.units.iter().enumerate() {
        let unit = whole.units.len() + index;
        for x in 0..1 << LOG_ROWS {
            let m = case.extra(unit, 0)[x];
            let Some(row) = own.get(x) else {
                sum.add("beyond", &[Fr::from((unit << LOG_ROWS | x) as u64)], m);
                continue;
            };
            sum.add("keys", &[number(row)], -m);
            let gap = gap(case, &mut sum, (unit, 1), limbs, x);
            sum.add("chain", &[number(row)], Fr::ONE);
            sum.add("chain", &[number(row) + gap + Fr::ONE], -Fr::ONE);
        }
    }
    ends(case, &mut sum);
    selected(&mut sum, whole, kept);
    sum.vanishes()
}

/// Whether keys of one table all differ.
fn differ<K: std::hash::Hash + Eq>(mut keys: impl Iterator<Item = K>) -> bool {
    let mut seen = HashSet::new();
    keys.all(|key| seen.insert(key))
}

#[test]
fn keys_of_text_agree_with_the_weights_of_all_tuples() {
    let mut rng = rng(17);
    let mut found = [[0; 2]; 4];
    for round in 0..800u64 {
        let index = round as usize % 4;
        let mut row = |words: std::ops::Range<u8>| -> Row {
            (Some(1), (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(words)), rng.gen_range(0..4))
        };
        let (tables, kind, columns): (Vec<Table>, _, &[usize]) = match index {
            0 | 1 => {
                let count = [3, 6][index];
                let rows: Vec<Row> = (0..count).map(|_| row(0..3)).collect();
                let half = rows.len() / 2;
                let table = Table::new(Side::Left, &[&rows[..half], &rows[half..]], round).hashed();
                (vec![table], RelationKind::Unique, if index == 0 { &[1] } else { &[1, 2] })
            }
            2 => {
                let rows: Vec<Row> = (0..6).map(|_| row(0..2)).collect();
                let other: Vec<Row> = (0..rng.gen_range(1..3)).map(|_| (None, Some(rng.gen_range(1..3)), 1)).collect();
                let left = Table::new(Side::Left, &[&rows[..4], &rows[4..]], 2 * round).hashed();
                (vec![left, Table::new(Side::Right, &[&other], 2 * round + 1).hashed()], RelationKind::Disjoint, &[1])
            }
            _ => {
                let rows: Vec<Row> = (0..8).map(|_| row(0..3)).collect();
                let mut kept = rows.clone();
                kept.shuffle(&mut rng);
                kept.sort_by_key(|row| row.1);
                kept.dedup_by_key(|row| row.1);
                match rng.gen_range(0..6) {
                    0 => kept.push(rows[rng.gen_range(0..8)]),
                    1 => kept.truncate(kept.len().saturating_sub(1).max(1)),
                    _ => {}
                }
                let whole = Table::new(Side::Left, &[&rows[..5], &rows[5..]], 2 * round).hashed();
                let kind = RelationKind::Dedup { key: ColumnSet::new([1]).unwrap() };
                (vec![whole, Table::new(Side::Right, &[&kept], 2 * round + 1).hashed()], kind, &[0, 1, 2])
            }
        };
        let mut case = Case::of_columns(kind, &tables, columns, round);
        if rng.gen_ratio(1, 3) {
            case.change_a_column(&mut rng);
        }
        case.change_a_first_message(&mut rng);
        let expected = match index {
            0 | 1 => unique(&tables[0], index == 1, &mut case),
            2 => disjoint(&tables, &mut case),
            _ => dedup(&tables, &mut case),
        };
        let outcome = case.check();
        assert_eq!(outcome.is_ok(), expected, "round {round}");
        assert!(matches!(outcome, Ok(()) | Err(ScanError::PostingSum)), "round {round}: {outcome:?}");
        // What the weights say is what the rows say: whatever a prover did, no false relation passes.
        let rows = |table: usize| sorted(&tables[table]);
        let is_true = match index {
            0 => differ(rows(0).iter().map(|row| row.1)),
            1 => differ(rows(0).iter().map(|row| (row.1, row.2))),
            2 => !rows(0).iter().any(|row| rows(1).iter().any(|other| other.1 == row.1)),
            _ => {
                let mut rest = rows(0);
                let is_part = rows(1)
                    .iter()
                    .all(|row| rest.iter().position(|other| other == row).map(|at| rest.remove(at)).is_some());
                let keys = |table: usize| rows(table).iter().map(|row| row.1).collect::<HashSet<_>>();
                is_part && keys(0) == keys(1) && differ(rows(1).iter().map(|row| row.1))
            }
        };
        assert!(is_true || outcome.is_err(), "round {round}");
        found[index][usize::from(expected)] += 1;
    }
    assert!(found.as_flattened().iter().all(|&count| count > 20), "{found:?}");
}
