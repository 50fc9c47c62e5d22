//! A second verifier, from the text alone: it adds up the weights of every tuple, without challenges, and so decides whether the sum of
//! fractions can vanish. It agrees with the argument on honest and on changed columns.

use std::collections::HashMap;

use zkl_argument::{
    ScanError,
    relation::{ColumnSet, RelationKind, Side},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _, PrimeField as _},
    std::rand::{Rng as _, seq::SliceRandom as _},
};

use super::fixture::{Case, LIMB_BITS, LOG_ROWS, Row, Table, digest, rng, trials};

/// Weight of every tuple of every space.
#[derive(Default)]
pub(super) struct Sum(HashMap<(&'static str, Vec<[u64; 4]>), Fr>);

impl Sum {
    pub(super) fn add(&mut self, space: &'static str, tuple: &[Fr], weight: Fr) {
        let tuple = tuple.iter().map(|value| value.into_bigint().0).collect();
        *self.0.entry((space, tuple)).or_default() += weight;
    }

    pub(super) fn vanishes(&self) -> bool {
        self.0.values().all(|weight| *weight == Fr::ZERO)
    }
}

/// The tuple of a row by value: what the text calls `v_j`.
pub(super) fn tuple(row: &Row) -> [Fr; 5] {
    let (number, word, last) = *row;
    let number = number.map_or([Fr::ZERO; 2], |value| [Fr::from(value), Fr::ONE]);
    [number[0], number[1], word.map_or(Fr::ZERO, digest), Fr::from(last), Fr::ONE]
}

/// What the selectors of the whole add up to: as many ones as the part has rows.
pub(super) fn selected(sum: &mut Sum, whole: &Table, part: &Table) {
    let count = |table: &Table| Fr::from(table.units.iter().flatten().count() as u64);
    let (rows, parts, all) = (count(whole), count(part), Fr::from((whole.units.len() << LOG_ROWS) as u64));
    sum.add("selector", &[Fr::ONE, Fr::ZERO], -parts);
    sum.add("selector", &[Fr::ZERO, Fr::ZERO], parts - rows);
    sum.add("selector", &[Fr::ZERO, Fr::ONE], rows - all);
}

fn subset(tables: &[Table], case: &mut Case) -> bool {
    let mut sum = Sum::default();
    let (whole, part) = (&tables[0], &tables[1]);
    for row in part.units.iter().flatten() {
        sum.add("rows", &tuple(row), -Fr::ONE);
    }
    for (unit, own) in whole.units.iter().enumerate() {
        // Rows that do not count hold anything, so a selector there is refused by its own posting.
        let selector = case.extra(unit, 0).clone();
        for (x, s) in selector.iter().enumerate() {
            let beyond = Fr::from(x >= own.len());
            sum.add("selector", &[*s, beyond], Fr::ONE);
            if let Some(row) = own.get(x) {
                sum.add("rows", &tuple(row), *s);
            }
        }
    }
    selected(&mut sum, whole, part);
    sum.vanishes()
}

fn unique(tables: &[Table], case: &mut Case) -> bool {
    let mut sum = Sum::default();
    let table = &tables[0];
    let two = Fr::from(2u64);
    for (unit, own) in table.units.iter().enumerate() {
        let limbs = case.shape.extra(unit).len() - usize::from(unit == 0);
        let gaps: Vec<Vec<Fr>> = (0..limbs).map(|limb| case.extra(unit, limb).clone()).collect();
        for (x, row) in own.iter().enumerate() {
            let number = row.0.map_or(Fr::ZERO, |value| {
                Fr::from(value - table.min[0]) + if table.nullable { Fr::ONE } else { Fr::ZERO }
            });
            let code = row.1.map_or(0, |value| u64::from(table.codes[usize::from(value)]));
            let bits = 32 + u64::from(table.nullable);
            let kappa =
                number + two.pow([bits]) * Fr::from(code) + two.pow([bits + 2]) * Fr::from(row.2 - table.min[1]);
            let mut gap = Fr::ZERO;
            for (limb, values) in gaps.iter().enumerate() {
                gap += values[x] * two.pow([(limb * LIMB_BITS) as u64]);
                sum.add("limbs", &[values[x]], Fr::ONE);
            }
            sum.add("chain", &[kappa], Fr::ONE);
            sum.add("chain", &[kappa + gap + Fr::ONE], -Fr::ONE);
        }
        if unit == 0 {
            for (x, m) in case.extra(0, limbs).clone().into_iter().enumerate() {
                sum.add("limbs", &[Fr::from((x % (1 << LIMB_BITS)) as u64)], -m);
            }
        }
    }
    sum.add("chain", &[case.firsts[0]], -Fr::ONE);
    sum.add("chain", &[case.firsts[1]], Fr::ONE);
    sum.vanishes()
}

/// The key is number and word, as values among those of the first table, and as cells in the chain.
fn dedup(tables: &[Table], case: &mut Case) -> bool {
    let (whole, kept) = (&tables[0], &tables[1]);
    let mut sum = Sum::default();
    let two = Fr::from(2u64);
    let key = |row: &Row| -> Vec<Fr> { tuple(row)[..3].to_vec() };
    for row in kept.units.iter().flatten() {
        sum.add("rows", &tuple(row), -Fr::ONE);
    }
    for (unit, own) in whole.units.iter().enumerate() {
        let selector = case.extra(unit, 0).clone();
        for (x, s) in selector.iter().enumerate() {
            sum.add("selector", &[*s, Fr::from(x >= own.len())], Fr::ONE);
            if let Some(row) = own.get(x) {
                sum.add("rows", &tuple(row), *s);
                sum.add("keys", &key(row), Fr::ONE);
            }
        }
    }
    for (x, m) in case.extra(0, 1).clone().into_iter().enumerate() {
        sum.add("limbs", &[Fr::from((x % (1 << LIMB_BITS)) as u64)], -m);
    }
    for (index, own) in kept.units.iter().enumerate() {
        let unit = whole.units.len() + index;
        let limbs = case.shape.extra(unit).len() - 1;
        let matches = case.extra(unit, 0).clone();
        let gaps: Vec<Vec<Fr>> = (0..limbs).map(|limb| case.extra(unit, 1 + limb).clone()).collect();
        for (x, m) in matches.iter().enumerate() {
            let Some(row) = own.get(x) else {
                sum.add("beyond", &[Fr::from((unit << LOG_ROWS | x) as u64)], *m);
                continue;
            };
            sum.add("keys", &key(row), -*m);
            let number = row.0.map_or(Fr::ZERO, |value| {
                Fr::from((value - kept.min[0]) << kept.fraction_bits) + if kept.nullable { Fr::ONE } else { Fr::ZERO }
            });
            let code = row.1.map_or(0, |value| u64::from(kept.codes[usize::from(value)]));
            let kappa = number + two.pow([32 + u64::from(kept.nullable)]) * Fr::from(code);
            let mut gap = Fr::ZERO;
            for (limb, values) in gaps.iter().enumerate() {
                gap += values[x] * two.pow([(limb * LIMB_BITS) as u64]);
                sum.add("limbs", &[values[x]], Fr::ONE);
            }
            sum.add("chain", &[kappa], Fr::ONE);
            sum.add("chain", &[kappa + gap + Fr::ONE], -Fr::ONE);
        }
    }
    sum.add("chain", &[case.firsts[0]], -Fr::ONE);
    sum.add("chain", &[case.firsts[1]], Fr::ONE);
    selected(&mut sum, whole, kept);
    sum.vanishes()
}

fn classes(tables: &[Table], case: &mut Case, k: u32) -> bool {
    let mut sum = Sum::default();
    let table = &tables[0];
    let two = Fr::from(2u64);
    let count = case.firsts[0];
    let mut rows = 0u64;
    for (unit, own) in table.units.iter().enumerate() {
        let limbs = case.shape.extra(unit).len() - 1 - usize::from(unit == 0);
        let selector = case.extra(unit, 0).clone();
        let remainders: Vec<Vec<Fr>> = (0..limbs).map(|limb| case.extra(unit, 1 + limb).clone()).collect();
        for (x, &s) in selector.iter().enumerate() {
            let limb = |(limb, values): (usize, &Vec<Fr>)| values[x] * two.pow([(limb * LIMB_BITS) as u64]);
            let rest: Fr = remainders.iter().enumerate().map(limb).sum();
            sum.add("selector", &[s, Fr::from(x >= own.len())], Fr::ONE);
            sum.add("remainder", &[rest], Fr::ONE - s);
            match own.get(x) {
                Some(row) => {
                    sum.add("classes", &tuple(row), Fr::ONE - Fr::from(k) * s - rest);
                    remainders.iter().for_each(|values| sum.add("limbs", &[values[x]], Fr::ONE));
                }
                // What stands in rows that do not count is another tuple than any.
                None => sum.add("beyond", &[Fr::from(((unit << LOG_ROWS) | x) as u64)], Fr::from(k) * s + rest),
            }
        }
        if unit == 0 {
            for (x, m) in case.extra(0, 1 + limbs).clone().into_iter().enumerate() {
                sum.add("limbs", &[Fr::from((x % (1 << LIMB_BITS)) as u64)], -m);
            }
        }
        rows += own.len() as u64;
    }
    let all = Fr::from((table.units.len() << LOG_ROWS) as u64);
    sum.add("selector", &[Fr::ONE, Fr::ZERO], -count);
    sum.add("selector", &[Fr::ZERO, Fr::ZERO], count - Fr::from(rows));
    sum.add("selector", &[Fr::ZERO, Fr::ONE], Fr::from(rows) - all);
    sum.add("remainder", &[Fr::ZERO], count - all);
    sum.vanishes()
}

#[test]
fn agrees_with_the_weights_of_all_tuples_on_honest_and_changed_columns() {
    let mut rng = rng(11);
    let mut found = [[0; 2]; 4];
    let number_and_word = ColumnSet::new([0, 1]).unwrap();
    for round in 0..trials(2_800) {
        let mut row = || -> Row {
            let number = (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(-2..3));
            (number, (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(0..3)), rng.gen_range(0..3))
        };
        let rows: Vec<Row> = (0..9).map(|_| row()).collect();
        let k = rng.gen_range(1..4);
        let kinds = [
            RelationKind::Subset,
            RelationKind::Unique,
            RelationKind::KAnonymous { k },
            RelationKind::Dedup { key: number_and_word },
        ];
        let kind = kinds[round as usize % 4];
        let mut tables = match kind {
            RelationKind::Subset => {
                let mut part = rows[..8].to_vec();
                part.shuffle(&mut rng);
                part.truncate(rng.gen_range(1..6));
                if rng.gen_ratio(1, 4) {
                    part[0] = if rng.gen_ratio(1, 2) { rows[8] } else { part[part.len() - 1] };
                }
                vec![
                    Table::new(Side::Left, &[&rows[..5], &rows[5..8]], 2 * round),
                    Table::new(Side::Right, &[&part], 2 * round + 1),
                ]
            }
            RelationKind::Dedup { .. } => {
                // Few keys, of which the second table has one row each, or nearly so.
                let mut all = rows[..8].to_vec();
                all.iter_mut().for_each(|row| row.0 = row.0.map(i64::signum));
                let mut kept = all.clone();
                kept.shuffle(&mut rng);
                kept.sort_by_key(key_of);
                kept.dedup_by_key(|row| key_of(row));
                match rng.gen_range(0..6) {
                    0 => kept.push(rows[rng.gen_range(0..8)]),
                    1 => kept.truncate(kept.len().saturating_sub(1).max(1)),
                    _ => {}
                }
                let half = kept.len().div_ceil(2);
                let parts: &[&[Row]] = &[&kept[..half], &kept[half..]];
                let parts = if kept.len() > 1 { parts } else { &parts[..1] };
                vec![
                    Table::new(Side::Left, &[&all[..5], &all[5..]], 2 * round),
                    Table::new(Side::Right, parts, 2 * round + 1),
                ]
            }
            RelationKind::KAnonymous { .. } => {
                // A few classes of several rows.
                let of_class = |rng: &mut rand_chacha::ChaCha20Rng| rows[rng.gen_range(0..3)];
                let rows: Vec<Row> = (0..rng.gen_range(7..12)).map(|_| of_class(&mut rng)).collect();
                vec![Table::new(Side::Left, &[&rows[..5], &rows[5..]], round)]
            }
            _ => vec![Table::new(Side::Left, &[&rows[..4], &rows[4..rng.gen_range(5..7)]], round)],
        };
        // A digest is a value in every table; beside other columns it is too long for a key.
        let is_key = matches!(kind, RelationKind::Unique | RelationKind::Dedup { .. });
        tables.iter_mut().for_each(|table| table.hashed = !is_key && round % 8 > 3);
        let mut case = Case::of(kind, &tables, round);
        if rng.gen_ratio(1, 3) {
            case.change_a_column(&mut rng);
        }
        case.change_a_first_message(&mut rng);
        let (index, expected) = match kind {
            RelationKind::Subset => (0, subset(&tables, &mut case)),
            RelationKind::KAnonymous { k } => (2, classes(&tables, &mut case, k)),
            RelationKind::Dedup { .. } => (3, dedup(&tables, &mut case)),
            _ => (1, unique(&tables, &mut case)),
        };
        let outcome = case.check();
        assert_eq!(outcome.is_ok(), expected, "round {round}");
        assert!(matches!(outcome, Ok(()) | Err(ScanError::PostingSum)), "round {round}: {outcome:?}");
        // What the weights say is what the rows say: whatever a prover did, no false relation passes.
        let is_true = match kind {
            RelationKind::Subset => is_subset(&tables),
            RelationKind::KAnonymous { k } => are_large(&tables, k as usize),
            RelationKind::Dedup { .. } => is_subset(&tables) && has_each_key_once(&tables),
            _ => all_differ(&tables),
        };
        assert!(is_true || outcome.is_err(), "round {round}");
        found[index][usize::from(expected)] += 1;
    }
    assert!(found.as_flattened().iter().all(|&count| count > 100), "{found:?}");
}

pub(super) fn sorted(table: &Table) -> Vec<Row> {
    let mut rows: Vec<Row> = table.units.iter().flatten().copied().collect();
    rows.sort_unstable();
    rows
}

fn is_subset(tables: &[Table]) -> bool {
    let mut whole = sorted(&tables[0]).into_iter();
    sorted(&tables[1]).iter().all(|row| whole.by_ref().any(|other| other == *row))
}

/// What rows are told apart by, in tests of duplicates.
fn key_of(row: &Row) -> (Option<i64>, Option<u8>) {
    (row.0, row.1)
}

fn has_each_key_once(tables: &[Table]) -> bool {
    let keys = |table: &Table| sorted(table).iter().map(key_of).collect::<Vec<_>>();
    let (mut all, kept) = (keys(&tables[0]), keys(&tables[1]));
    all.dedup();
    all == kept
}

fn all_differ(tables: &[Table]) -> bool {
    sorted(&tables[0]).windows(2).all(|pair| pair[0] != pair[1])
}

fn are_large(tables: &[Table], k: usize) -> bool {
    sorted(&tables[0]).chunk_by(|one, other| one == other).all(|class| class.len() >= k)
}
