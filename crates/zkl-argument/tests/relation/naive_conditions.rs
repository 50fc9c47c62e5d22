//! The second verifier for relations with constants: weights of all tuples, and forms that must not be 0, from the text alone.

use zkl_argument::{
    ScanError,
    relation::{ColumnTest, RelationKind, Side, Test},
};
use zkl_core::ark::{
    Fr,
    ff::{AdditiveGroup as _, Field as _},
    std::rand::{Rng as _, seq::SliceRandom as _},
};

use super::{
    fixture::{Case, LIMB_BITS, LOG_ROWS, Row, Table, digest, rng, trials},
    naive::{Sum, sorted, tuple},
};

/// What the argument must answer.
fn expected(sum: &Sum, has_zero: bool) -> Result<(), ScanError> {
    match (has_zero, sum.vanishes()) {
        (true, _) => Err(ScanError::RootDenominator),
        (false, true) => Ok(()),
        (false, false) => Err(ScanError::PostingSum),
    }
}

/// Value and validity, as the text has them: null is 0 and 0.
fn value(row: &Row, column: usize) -> [Fr; 2] {
    let of = |value: Option<i64>| value.map_or([Fr::ZERO; 2], |value| [Fr::from(value), Fr::ONE]);
    match column {
        0 => of(row.0),
        // A dictionary's null is a digest, so that nothing tells its validity.
        1 => [row.1.map_or(Fr::ZERO, digest), Fr::ONE],
        _ => of(Some(row.2)),
    }
}

fn element(value: i128) -> Fr {
    Fr::from(value)
}

struct Columns<'a> {
    case: &'a mut Case,
    sum: Sum,
    has_zero: bool,
}

impl Columns<'_> {
    fn at(&mut self, unit: usize, column: usize, x: usize) -> Fr {
        self.case.extra(unit, column)[x]
    }

    /// The distance in consecutive columns, which rows that count look up.
    fn distance(&mut self, unit: usize, first: usize, limbs: usize, x: usize, counts: bool) -> Fr {
        let mut distance = Fr::ZERO;
        for limb in 0..limbs {
            let value = self.at(unit, first + limb, x);
            distance += value * Fr::from(2u64).pow([(limb * LIMB_BITS) as u64]);
            if counts {
                self.sum.add("limbs", &[value], Fr::ONE);
            }
        }
        distance
    }

    fn limb_table(&mut self, column: usize) {
        for x in 0..1 << LOG_ROWS {
            let weight = -self.at(0, column, x);
            self.sum.add("limbs", &[Fr::from((x % (1 << LIMB_BITS)) as u64)], weight);
        }
    }
}

const LIMBS: usize = 64usize.div_ceil(LIMB_BITS);
const MET: [&str; 3] = ["met 0", "met 1", "met 2"];
const UNMET: [&str; 3] = ["unmet 0", "unmet 1", "unmet 2"];
const BITS: [&str; 3] = ["bit 0", "bit 1", "bit 2"];

fn conditions(kind: RelationKind, tables: &[Table], tests: &[ColumnTest], case: &mut Case) -> Result<(), ScanError> {
    let (whole, part) = (&tables[0], &tables[1]);
    let count = |table: &Table| Fr::from(table.units.iter().flatten().count() as u64);
    let (n, parts) = (count(whole), count(part));
    let all = Fr::from((whole.units.len() << LOG_ROWS) as u64);
    let selected = if kind == RelationKind::Filter { parts } else { n - parts };
    let firsts = case.firsts.clone();
    let m = tests.len();
    let mut columns = Columns { case, sum: Sum::default(), has_zero: false };
    for row in part.units.iter().flatten() {
        columns.sum.add("rows", &tuple(row), -Fr::ONE);
    }
    let mut last = 0;
    for (unit, own) in whole.units.iter().enumerate() {
        for x in 0..1 << LOG_ROWS {
            let row = own.get(x);
            let (counts, place) = (row.is_some(), Fr::from((unit << LOG_ROWS | x) as u64));
            let beyond = Fr::from(!counts);
            let s = columns.at(unit, 0, x);
            columns.sum.add("selector", &[s, beyond], Fr::ONE);
            let weight = if kind == RelationKind::Filter { s } else { Fr::from(counts) - s };
            match row {
                Some(row) => columns.sum.add("rows", &tuple(row), weight),
                None => columns.sum.add("beyond", &[place], weight),
            }
            let (mut next, mut met) = (1, Fr::ZERO);
            for (index, test) in tests.iter().enumerate() {
                let mut bit = s;
                if m > 1 {
                    bit = columns.at(unit, next, x);
                    next += 1;
                    columns.sum.add(BITS[index], &[bit, beyond], Fr::ONE);
                }
                met += bit;
                let (sign, with, without) = match test.test {
                    Test::AtLeast(c) => (Fr::ONE, element(c), element(c - 1)),
                    Test::AtMost(c) => (-Fr::ONE, element(c), element(c + 1)),
                    Test::Equal(c) => {
                        match row {
                            Some(row) => {
                                let [value, valid] = value(row, test.column);
                                let difference = value - c * valid;
                                columns.sum.add(MET[index], &[difference, Fr::ONE - valid], bit);
                                columns.has_zero |= bit + difference == Fr::ZERO && valid == Fr::ONE;
                            }
                            None => columns.sum.add("beyond met", &[place, Fr::from(index as u64)], bit),
                        }
                        continue;
                    }
                };
                let distance = columns.distance(unit, next, LIMBS, x, counts);
                next += LIMBS;
                match row {
                    Some(row) => {
                        let [value, valid] = value(row, test.column);
                        let met = distance - sign * (value - with * valid);
                        columns.sum.add(MET[index], &[met, Fr::ONE - valid], bit);
                        let unmet = distance + sign * (value - without * valid);
                        columns.sum.add(UNMET[index], &[unmet], Fr::ONE - bit);
                    }
                    None => {
                        columns.sum.add("beyond met", &[place, Fr::from(index as u64)], bit);
                        columns.sum.add("beyond unmet", &[place, Fr::from(index as u64)], -bit);
                    }
                }
            }
            if m > 1 && counts {
                columns.sum.add("product", &[met - Fr::from(m as u64) * s], Fr::ONE);
            }
            last = next;
        }
    }
    let bit = |sum: &mut Sum, space, ones: Fr| {
        sum.add(space, &[Fr::ONE, Fr::ZERO], -ones);
        sum.add(space, &[Fr::ZERO, Fr::ZERO], ones - n);
        sum.add(space, &[Fr::ZERO, Fr::ONE], n - all);
    };
    bit(&mut columns.sum, "selector", selected);
    for (index, test) in tests.iter().enumerate() {
        let ones = if m > 1 { firsts[index] } else { selected };
        if m > 1 {
            bit(&mut columns.sum, BITS[index], ones);
            columns.sum.add("product", &[Fr::from(index as u64)], -firsts[m + index]);
        }
        columns.sum.add(MET[index], &[Fr::ZERO, Fr::ZERO], -ones);
        if test.test.is_ordered() {
            columns.sum.add(UNMET[index], &[Fr::ZERO], ones - n);
        }
    }
    if tests.iter().any(|test| test.test.is_ordered()) {
        columns.limb_table(last);
    }
    expected(&columns.sum, columns.has_zero)
}

fn bounds(table: &Table, (lower, upper, nulls): (i64, i64, bool), case: &mut Case) -> Result<(), ScanError> {
    let limbs = (case.shape.extra(0).len() - 1) / 2;
    let mut columns = Columns { case, sum: Sum::default(), has_zero: false };
    for (unit, own) in table.units.iter().enumerate() {
        for (x, row) in own.iter().enumerate() {
            let [value, valid] = value(row, 0);
            let below = columns.distance(unit, 0, limbs, x, true) - (value - Fr::from(lower) * valid);
            let above = columns.distance(unit, limbs, limbs, x, true) - (Fr::from(upper) * valid - value);
            let null = if nulls { Fr::ZERO } else { Fr::ONE - valid };
            columns.sum.add("bounds", &[below, above, null], Fr::ONE);
            columns.sum.add("bounds", &[Fr::ZERO; 3], -Fr::ONE);
        }
    }
    columns.limb_table(2 * limbs);
    expected(&columns.sum, false)
}

fn presence(kind: RelationKind, table: &Table, tests: &[ColumnTest], case: &mut Case) -> Result<(), ScanError> {
    let mut columns = Columns { case, sum: Sum::default(), has_zero: false };
    for (unit, own) in table.units.iter().enumerate() {
        for x in 0..1 << LOG_ROWS {
            let place = Fr::from((unit << LOG_ROWS | x) as u64);
            let weight = if kind == RelationKind::Present { columns.at(unit, 0, x) } else { Fr::ZERO };
            let Some(row) = own.get(x) else {
                columns.sum.add("beyond", &[place], weight);
                continue;
            };
            let mut tuple = Vec::new();
            for test in tests {
                let Test::Equal(constant) = test.test else { unreachable!() };
                let [value, valid] = value(row, test.column);
                tuple.extend([value - constant * valid, Fr::ONE - valid]);
            }
            let is_zero = tuple.iter().all(|value| *value == Fr::ZERO);
            columns.sum.add("constants", &tuple, weight);
            columns.has_zero |= is_zero && kind == RelationKind::Absent;
        }
    }
    if kind == RelationKind::Present {
        columns.sum.add("constants", &vec![Fr::ZERO; 2 * tests.len()], -Fr::ONE);
    }
    expected(&columns.sum, columns.has_zero)
}

/// Keys are compared by value: null is 0 or nothing that a value is.
fn disjoint(tables: &[Table], case: &mut Case) -> Result<(), ScanError> {
    const SPACES: [&str; 2] = ["left", "right"];
    let is_nullable = tables.iter().any(|table| table.nullable);
    let bias = Fr::from((1u64 << 63) + u64::from(is_nullable));
    let firsts = case.firsts.clone();
    let mut columns = Columns { case, sum: Sum::default(), has_zero: false };
    let limbs = columns.case.shape.extra(0).len() - 3;
    let units = tables.iter().zip(SPACES).flat_map(|(table, space)| table.units.iter().map(move |own| (own, space)));
    for (unit, (own, space)) in units.enumerate() {
        for x in 0..1 << LOG_ROWS {
            let (key, weight) = (columns.at(unit, 0, x), columns.at(unit, 1, x));
            columns.sum.add(space, &[key, Fr::from(x >= own.len())], -weight);
            let Some(row) = own.get(x) else { continue };
            let [value, valid] = value(row, 0);
            columns.sum.add(space, &[value + bias * valid, Fr::ZERO], Fr::ONE);
            let gap = columns.distance(unit, 2, limbs, x, true);
            columns.sum.add("chain", &[key], Fr::ONE);
            columns.sum.add("chain", &[key + gap + Fr::ONE], -Fr::ONE);
        }
    }
    columns.limb_table(2 + limbs);
    columns.sum.add("chain", &[firsts[0]], -Fr::ONE);
    columns.sum.add("chain", &[firsts[1]], Fr::ONE);
    expected(&columns.sum, false)
}

fn meets(row: &Row, tests: &[ColumnTest]) -> bool {
    tests.iter().all(|test| {
        let number = |value: i64, test: Test| match test {
            Test::AtLeast(c) => i128::from(value) >= c,
            Test::AtMost(c) => i128::from(value) <= c,
            Test::Equal(c) => Fr::from(value) == c,
        };
        match test.column {
            0 => row.0.is_some_and(|value| number(value, test.test)),
            1 => row.1.is_some_and(|value| Test::Equal(digest(value)) == test.test),
            _ => number(row.2, test.test),
        }
    })
}

#[test]
fn agrees_with_the_weights_of_all_tuples_for_relations_with_constants() {
    let mut rng = rng(13);
    let mut found = [[0; 2]; 6];
    for round in 0..trials(1_800) {
        let mut row = || -> Row {
            let number = (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(-2..3));
            (number, (!rng.gen_ratio(1, 4)).then(|| rng.gen_range(0..3)), rng.gen_range(0..3))
        };
        let rows: Vec<Row> = (0..8).map(|_| row()).collect();
        let any = |rng: &mut rand_chacha::ChaCha20Rng, only_equal: bool| {
            let column = rng.gen_range(0..3);
            let number = rng.gen_range(-2..3i64);
            let test = match (column, rng.gen_range(0..3)) {
                (1, _) => Test::Equal(digest(rng.gen_range(0..3))),
                (_, 0) if !only_equal => Test::AtLeast(number.into()),
                (_, 1) if !only_equal => Test::AtMost(number.into()),
                _ => Test::Equal(Fr::from(number)),
            };
            ColumnTest { column, test }
        };
        let whole = Table::new(Side::Left, &[&rows[..5], &rows[5..]], 2 * round);
        let index = round as usize % 6;
        let kinds = [
            RelationKind::Filter,
            RelationKind::Erase,
            RelationKind::Present,
            RelationKind::Absent,
            RelationKind::Disjoint,
        ];
        let range = (rng.gen_range(-2..0), rng.gen_range(0..3), rng.gen_ratio(1, 2));
        let kind = kinds.get(index).copied().unwrap_or(RelationKind::Bounds {
            lower: range.0,
            upper: range.1,
            nulls: range.2,
        });
        let tests: Vec<ColumnTest> = match index {
            // Two with distances at most: that is what a unit holds of such short limbs.
            0 | 1 => (0..rng.gen_range(1..4)).map(|at| any(&mut rng, at == 2)).collect(),
            2 | 3 => (0..rng.gen_range(1..3)).map(|_| any(&mut rng, true)).collect(),
            _ => Vec::new(),
        };
        let mut tables = vec![whole];
        if index < 2 {
            let mut part: Vec<Row> =
                rows.iter().copied().filter(|row| meets(row, &tests) == (kind == RelationKind::Filter)).collect();
            part.shuffle(&mut rng);
            if part.is_empty() || rng.gen_ratio(1, 5) {
                part.push(rows[rng.gen_range(0..8)]);
            }
            part.truncate(8);
            tables.push(Table::new(Side::Right, &[&part], 2 * round + 1));
        }
        if index == 4 {
            // Often of numbers that the first one does not have.
            let shift = if rng.gen_ratio(2, 3) { 100 } else { 0 };
            let other: Vec<Row> = rows.iter().map(|row| (row.0.map(|n| n + shift), row.1, row.2)).collect();
            let other: Vec<Row> = other.into_iter().filter(|row| shift == 0 || row.0.is_some()).collect();
            let other = if other.is_empty() { vec![(Some(100), None, 0)] } else { other };
            let half = &other[..other.len().div_ceil(2)];
            tables.push(Table::new(Side::Right, &[half], 2 * round + 1));
        }
        tables.iter_mut().for_each(|table| table.hashed = round % 12 > 5);
        let mut case = match index {
            4 => Case::of_numbers(kind, &tables, false, round),
            5 => Case::of_number(kind, &tables[0], false, round),
            _ => Case::with_tests(kind, &tables, &tests, round),
        };
        if rng.gen_ratio(1, 3) && kind != RelationKind::Absent {
            case.change_a_column(&mut rng);
        }
        case.change_a_first_message(&mut rng);
        let expected = match index {
            0 | 1 => conditions(kind, &tables, &tests, &mut case),
            2 | 3 => presence(kind, &tables[0], &tests, &mut case),
            4 => disjoint(&tables, &mut case),
            _ => bounds(&tables[0], range, &mut case),
        };
        let outcome = case.check();
        assert_eq!(outcome, expected, "round {round}, {kind:?} {tests:?}");
        // What the weights say is what the rows say: whatever a prover did, no false relation passes.
        let is_true = match index {
            0 | 1 => {
                let mut met: Vec<Row> =
                    rows.iter().copied().filter(|row| meets(row, &tests) == (kind == RelationKind::Filter)).collect();
                met.sort_unstable();
                met == sorted(&tables[1])
            }
            2 => rows.iter().any(|row| meets(row, &tests)),
            3 => !rows.iter().any(|row| meets(row, &tests)),
            4 => !rows.iter().any(|row| tables[1].units[0].iter().any(|other| other.0 == row.0)),
            _ => rows.iter().all(|row| row.0.map_or(range.2, |value| (range.0..=range.1).contains(&value))),
        };
        assert!(is_true || outcome.is_err(), "round {round}");
        found[index][usize::from(outcome.is_ok())] += 1;
    }
    assert!(found.as_flattened().iter().all(|&count| count > 20), "{found:?}");
}
