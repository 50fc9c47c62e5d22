//! True relations are accepted, false ones are not, whatever the encodings are.

use zkl_argument::{ScanError, relation::Side};
use zkl_core::ark::std::rand::{Rng as _, seq::SliceRandom as _};

use super::fixture::{Case, Row, Table, holds, rng, split, trials};

#[test]
fn accepts_a_split_of_rows_with_nulls_repetitions_other_minima_and_other_codes() {
    let tables = split();
    assert!(holds(&tables));
    Case::new(&tables, 1).check().unwrap();
}

#[test]
fn accepts_tables_of_one_row_and_full_units() {
    let row: Row = (None, None, -3);
    let one = [Table::new(Side::Left, &[&[row]], 1), Table::new(Side::Right, &[&[row]], 2)];
    Case::new(&one, 1).check().unwrap();
    let full = [(Some(1), Some(1), 1); 8];
    let tables = [Table::new(Side::Left, &[&full, &[full[0]]], 3), Table::new(Side::Right, &[&[full[0]], &full], 4)];
    Case::new(&tables, 2).check().unwrap();
}

/// The oracle sorts rows, which no part of the argument does.
#[test]
fn agrees_with_sorted_rows_on_random_tables_true_and_false() {
    let mut rng = rng(7);
    let mut found = [0, 0];
    for round in 0..trials(600) {
        let mut row = || -> Row {
            let number = (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(-2..2));
            (number, (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(0..3)), rng.gen_range(0..2))
        };
        let rows: Vec<Row> = (0..8).map(|_| row()).collect();
        let count = rng.gen_range(2..=8);
        let mut whole = rows[..count].to_vec();
        let mut parts = whole.clone();
        parts.shuffle(&mut rng);
        if round % 2 == 1 {
            // Changed somewhere; by chance this may be the same row again.
            let at = rng.gen_range(0..count);
            parts[at] = rows[rng.gen_range(0..8)];
            whole.swap(0, count - 1);
        }
        let cut = rng.gen_range(1..count);
        let tables = [
            Table::new(Side::Left, &[&whole], 3 * round),
            Table::new(Side::Right, &[&parts[..cut]], 3 * round + 1),
            Table::new(Side::Right, &[&parts[cut..]], 3 * round + 2),
        ];
        let outcome = Case::new(&tables, round).check();
        let expected = if holds(&tables) { Ok(()) } else { Err(ScanError::PostingSum) };
        assert_eq!(outcome, expected, "round {round}");
        found[usize::from(outcome.is_ok())] += 1;
    }
    assert!(found.iter().all(|&count| count > 100), "{found:?}");
}

#[test]
fn nothing_repeats_between_two_proofs_and_the_mask_moves_the_value() {
    let tables = split();
    let (mut case, other) = (Case::new(&tables, 1), Case::new(&tables, 2));
    let (one, two) = (case.prove(), other.prove());
    // The numerators of the root are 0 when no dictionary is compared; here every message differs.
    let equal = one.messages.iter().zip(&two.messages).filter(|(one, two)| one == two).count();
    assert_eq!(equal, 0);
    // The same transcript up to the mask, and another value.
    let other = case.mask[1];
    case.mask[0] += other;
    let masked = case.prove();
    assert_eq!(masked.opening.r_star, one.opening.r_star);
    assert_ne!(masked.opening.value, one.opening.value);
    case.outcome(&masked.messages).unwrap();
}
